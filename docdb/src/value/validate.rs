//! What a document has to be before it is looked at.

use bson::{RawArray, RawBsonRef, RawDocument};

use crate::error::{Code, Result, refuse};

/// The largest document: 16 MiB.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/limits/#bson-documents>.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// The deepest nesting of a stored document.
pub(crate) const MAX_DEPTH: usize = 100;

/// The deepest nesting of a command: what is stored, and what a command wraps around it.
const MAX_COMMAND_DEPTH: usize = 200;

/// Whether bytes are a document in every element: lengths, types, UTF-8, nesting of at most 200 levels.
///
/// # Errors
/// [`Code::INVALID_BSON`]; [`Code::OVERFLOW`] for too deep a nesting.
pub(crate) fn validate(document: &RawDocument) -> Result<()> {
    if depth(document, MAX_COMMAND_DEPTH)? > MAX_COMMAND_DEPTH {
        return refuse(Code::OVERFLOW, "BSONObj exceeds maximum nested object depth: 200");
    }
    Ok(())
}

/// The nesting of a document, itself being 1. It stops counting, and descending, one above `most`.
///
/// # Errors
/// As [`validate`].
pub(crate) fn depth(document: &RawDocument, most: usize) -> Result<usize> {
    let mut deepest = 1;
    for element in document.iter_elements() {
        let value = element.and_then(|element| element.value());
        let Ok(value) = value else {
            return refuse(Code::INVALID_BSON, "the document is not valid BSON");
        };
        deepest = deepest.max(1 + below(value, most)?);
    }
    Ok(deepest)
}

fn below(value: RawBsonRef<'_>, most: usize) -> Result<usize> {
    if most == 0 {
        return Ok(0);
    }
    match value {
        RawBsonRef::Document(document) => depth(document, most - 1),
        RawBsonRef::Array(array) => depth(as_document(array), most - 1),
        RawBsonRef::JavaScriptCodeWithScope(code) => depth(code.scope, most - 1),
        _ => Ok(0),
    }
}

/// An array as the document that it is in BSON: its indexes are the names.
pub(crate) fn as_document(array: &RawArray) -> &RawDocument {
    RawDocument::from_bytes(array.as_bytes()).unwrap_or_else(|_| super::empty())
}
