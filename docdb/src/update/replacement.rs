//! An update by a whole document.

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    update::date::timestamp,
    value::{DocumentBuilder, field, fields},
};

#[derive(Debug)]
pub(crate) struct Replacement(RawDocumentBuf);

impl Replacement {
    pub(super) fn parse(document: RawDocumentBuf, context: &Context) -> Result<Replacement> {
        for (name, _) in fields(&document) {
            if name.starts_with('$') {
                let message = format!(
                    "The dollar ($) prefixed field '{name}' in '{name}' is not allowed in the context of an update's \
                     replacement document. Consider using an aggregation pipeline with $replaceWith."
                );
                return refuse(Code::DOLLAR_PREFIXED_FIELD_NAME, message);
            }
        }
        Ok(Replacement(with_times(document, context)))
    }

    /// The document, with the `_id` of the one that it replaces if it has none.
    pub(super) fn apply(&self, replaced: &RawDocument) -> RawDocumentBuf {
        id_first(&self.0, replaced)
    }
}

/// The document with the time of the operation for each empty timestamp at the top but the `_id`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/bson-types/#timestamps>.
pub(crate) fn with_times(document: RawDocumentBuf, context: &Context) -> RawDocumentBuf {
    let stands_for_time = |name: &str, value: RawBsonRef<'_>| name != "_id" && is_empty_timestamp(value);
    if !fields(&document).any(|(name, value)| stands_for_time(name, value)) {
        return document;
    }
    let mut filled = DocumentBuilder::new();
    for (name, value) in fields(&document) {
        if stands_for_time(name, value) {
            filled.append(name, RawBsonRef::Timestamp(timestamp(context)));
        } else {
            filled.append(name, value);
        }
    }
    filled.finish()
}

fn is_empty_timestamp(value: RawBsonRef<'_>) -> bool {
    matches!(value, RawBsonRef::Timestamp(timestamp) if timestamp.time == 0 && timestamp.increment == 0)
}

/// A document with its `_id` first, or else that of another one.
pub(super) fn id_first(document: &RawDocument, other: &RawDocument) -> RawDocumentBuf {
    if fields(document).next().is_some_and(|(name, _)| name == "_id") {
        return document.to_owned();
    }
    let mut result = DocumentBuilder::new();
    if let Some(id) = field(document, "_id").or_else(|| field(other, "_id")) {
        result.append("_id", id);
    }
    for (name, value) in fields(document).filter(|(name, _)| *name != "_id") {
        result.append(name, value);
    }
    result.finish()
}
