//! Projections: what `find` and `$project` leave of a document, and what they add.

use bson::{RawDocument, RawDocumentBuf};

use crate::{
    context::{Context, Metadata},
    error::Result,
    value::Path,
};

/// A parsed projection.
#[derive(Debug)]
pub(crate) struct Projection;

impl Projection {
    /// Parses the projection of a `find` or a `findAndModify`: with `$slice`, `$elemMatch` and positional `$`.
    pub(crate) fn parse_find(_document: &RawDocument, _context: &Context) -> Result<Projection> {
        Ok(Projection)
    }

    /// Parses a `$project`.
    pub(crate) fn parse_stage(_document: &RawDocument, _context: &Context) -> Result<Projection> {
        Ok(Projection)
    }

    /// Parses an `$addFields` or `$set`.
    pub(crate) fn parse_add_fields(_document: &RawDocument, _context: &Context) -> Result<Projection> {
        Ok(Projection)
    }

    /// Whether it uses the positional `$`.
    pub(crate) fn needs_position(&self) -> bool {
        false
    }

    /// The paths that the result is made of and nothing else, if it can be made of an index's keys: inclusions only.
    pub(crate) fn covered_by(&self) -> Option<Vec<Path>> {
        None
    }

    /// What it makes of a document.
    pub(crate) fn apply(
        &self,
        document: &RawDocument,
        _metadata: &Metadata,
        _position: Option<u32>,
        _context: &Context,
    ) -> Result<RawDocumentBuf> {
        Ok(document.to_owned())
    }
}
