//! What a document must be after an update.

use bson::{RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    update::modifier::show,
    value::{MAX_DEPTH, MAX_DOCUMENT_BYTES, depth, field, fields, type_name, values_equal},
};

/// That the `_id` is what it was, if there was one.
pub(super) fn same_id(before: &RawDocument, after: &RawDocument) -> Result<()> {
    let Some(id) = field(before, "_id") else { return Ok(()) };
    match field(after, "_id") {
        Some(new) if values_equal(id, new) => Ok(()),
        Some(new) => {
            let message = format!(
                "After applying the update, the (immutable) field '_id' was found to have been altered to _id: {}",
                show(new)
            );
            refuse(Code::IMMUTABLE_FIELD, message)
        }
        None => refuse(
            Code::IMMUTABLE_FIELD,
            "Performing an update on the path '_id' would modify the immutable field '_id'",
        ),
    }
}

/// That an `_id` can be one.
pub(super) fn valid_id(document: &RawDocument) -> Result<()> {
    match field(document, "_id") {
        Some(id @ (RawBsonRef::Array(_) | RawBsonRef::RegularExpression(_) | RawBsonRef::Undefined)) => {
            refuse(Code::INVALID_ID_FIELD, format!("The '_id' value cannot be of type {}", type_name(id)))
        }
        Some(RawBsonRef::Document(id)) => match fields(id).find(|(name, _)| name.starts_with('$')) {
            Some((name, _)) => {
                let message =
                    format!("The dollar ($) prefixed field '{name}' in '_id.{name}' is not valid for storage.");
                refuse(Code::DOLLAR_PREFIXED_FIELD_NAME, message)
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// That a document is neither too large nor nested too deep.
pub(super) fn size(document: &RawDocument, code: Code, message: &str) -> Result<()> {
    if document.as_bytes().len() > MAX_DOCUMENT_BYTES {
        return refuse(code, format!("{message} {MAX_DOCUMENT_BYTES}"));
    }
    if depth(document, MAX_DEPTH)? > MAX_DEPTH {
        return refuse(Code::OVERFLOW, format!("Document exceeds maximum nested object depth: {MAX_DEPTH}"));
    }
    Ok(())
}

/// That an operator did not put anything under a top-level name with a `$`.
pub(super) fn dollar_prefixed(name: &str, before: &RawDocument, after: &RawDocument) -> Result<()> {
    let (old, new) = (field(before, name), field(after, name));
    if new.is_some() && new != old {
        let message = format!("The dollar ($) prefixed field '{name}' in '{name}' is not valid for storage.");
        return refuse(Code::DOLLAR_PREFIXED_FIELD_NAME, message);
    }
    Ok(())
}
