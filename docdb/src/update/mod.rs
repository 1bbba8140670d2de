//! Updates: operators, replacements, pipelines, applied to raw documents.

use bson::{RawDocument, RawDocumentBuf};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
};

/// An update as a caller writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum UpdateModifications {
    /// A document of operators, or a replacement.
    Document(RawDocumentBuf),
    /// A pipeline of `$set`, `$unset`, `$replaceWith` and their other names.
    Pipeline(Vec<RawDocumentBuf>),
}

/// A parsed update.
#[derive(Debug)]
pub(crate) struct Update;

impl Update {
    /// Parses an update. `array_filters` are those of the command.
    pub(crate) fn parse(
        _update: &UpdateModifications,
        _array_filters: &[RawDocumentBuf],
        _context: &Context,
    ) -> Result<Update> {
        refuse(Code::INTERNAL_ERROR, "not built")
    }

    /// Whether it is a replacement, which updates one document only.
    pub(crate) fn is_replacement(&self) -> bool {
        false
    }

    /// Whether it uses the positional `$`, so that [`Filter::position`](crate::filter::Filter::position) is needed.
    pub(crate) fn needs_position(&self) -> bool {
        false
    }

    /// The document after the update; `None` if it is the same.
    pub(crate) fn apply(
        &self,
        _document: &RawDocument,
        _position: Option<u32>,
        _context: &Context,
    ) -> Result<Option<RawDocumentBuf>> {
        refuse(Code::INTERNAL_ERROR, "not built")
    }

    /// The document that an upsert inserts where `filter` found none, `_id` included and first.
    pub(crate) fn upsert(&self, _filter: &RawDocument, _context: &Context) -> Result<RawDocumentBuf> {
        refuse(Code::INTERNAL_ERROR, "not built")
    }
}
