//! Projections: what `find` and `$project` leave of a document, and what they add.

mod add_fields;
mod apply;
mod elem_match;
mod parse;
mod positional;
mod slice;
mod tree;

#[cfg(test)]
mod tests;

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    context::{Context, Metadata},
    error::Result,
    expression::Env,
    projection::tree::Branch,
    value::Path,
};

/// A parsed projection.
#[derive(Debug)]
pub(crate) struct Projection {
    mode: Mode,
    root: Branch,
    /// The path before the positional `$`.
    positional: Option<Path>,
    /// What `$meta` asks for.
    metadata: Vec<Box<str>>,
}

/// What becomes of fields that a projection does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// They are left out.
    Include,
    /// They stay.
    Exclude,
}

impl Projection {
    /// Parses the projection of a `find` or a `findAndModify`: with `$slice`, `$elemMatch` and positional `$`.
    pub(crate) fn parse_find(document: &RawDocument, context: &Context) -> Result<Projection> {
        parse::parse_find(document, context)
    }

    /// Parses a `$project`.
    pub(crate) fn parse_stage(document: &RawDocument, context: &Context) -> Result<Projection> {
        parse::parse_stage(document, context)
    }

    /// Parses an `$addFields` or `$set`.
    pub(crate) fn parse_add_fields(document: &RawDocument, context: &Context) -> Result<Projection> {
        add_fields::parse(document, context)
    }

    /// Parses an `$unset`: a path or an array of paths.
    pub(crate) fn parse_unset(paths: RawBsonRef<'_>, _context: &Context) -> Result<Projection> {
        add_fields::parse_unset(paths)
    }

    /// Whether it uses the positional `$`.
    pub(crate) fn needs_position(&self) -> bool {
        self.positional.is_some()
    }

    /// Whether it asks for something that is known of documents beside their fields: `textScore`, `sortKey` and others.
    pub(crate) fn needs_metadata(&self, name: &str) -> bool {
        self.metadata.iter().any(|asked| **asked == *name)
    }

    /// The paths that the result is made of and nothing else, if it can be made of an index's keys: inclusions only.
    pub(crate) fn covered_by(&self) -> Option<Vec<Path>> {
        if self.mode != Mode::Include || self.positional.is_some() {
            return None;
        }
        let mut paths = Vec::new();
        self.root.kept_paths(None, &mut paths)?;
        Some(paths)
    }

    /// Whether documents stay as they are.
    #[cfg(test)]
    pub(crate) fn is_identity(&self) -> bool {
        self.mode == Mode::Exclude && self.root.is_empty()
    }

    /// What it makes of a document.
    pub(crate) fn apply(
        &self,
        document: &RawDocument,
        metadata: &Metadata,
        position: Option<u32>,
        context: &Context,
    ) -> Result<RawDocumentBuf> {
        let env = Env::new(context, document, metadata);
        let projected = apply::document(&self.root, self.mode, document, &env)?;
        match &self.positional {
            None => Ok(projected),
            Some(path) => positional::reduce(&projected, path, position),
        }
    }
}
