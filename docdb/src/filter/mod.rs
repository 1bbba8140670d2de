//! The query language: a filter is parsed once into a tree, and matched on raw documents.

use std::sync::Arc;

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

pub(crate) use tree::{BitMask, BitTest, Compare, Node};

use crate::{
    collation::Collation,
    context::Context,
    error::{Code, Result, refuse},
    value::{fields, items},
};

mod bits;
mod explain;
mod failure;
mod matches;
mod parse;
mod schema;
mod special;
mod tree;
mod walk;

/// A parsed filter.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    root: Arc<Node>,
    /// Strings compare by the collation that the filter was parsed with: lists of values are in its order.
    collation: Option<Arc<Collation>>,
    /// As it was given, for what explains it.
    source: Arc<RawDocumentBuf>,
}

impl Filter {
    /// Parses a filter. The collation and the variables are those of the context.
    ///
    /// # Errors
    /// [`Code::BAD_VALUE`] and its kin, as the server.
    pub(crate) fn parse(document: &RawDocument, context: &Context) -> Result<Filter> {
        let root = parse::Parser::new(context).document(document)?;
        special::check(&root)?;
        Ok(Filter { root: Arc::new(root), collation: context.collation.clone(), source: Arc::new(document.to_owned()) })
    }

    /// Parses a filter that no index ever answers, such as a validator.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); 5626500 for `$near`, [`Code::BAD_VALUE`] for `$text`.
    pub(crate) fn parse_unindexed(document: &RawDocument, context: &Context) -> Result<Filter> {
        let filter = Self::parse(document, context)?;
        if filter.has_near() {
            return refuse(Code(5_626_500), "$geoNear, $near, and $nearSphere are not allowed in this context");
        }
        if filter.has_text() {
            return refuse(Code::BAD_VALUE, "$text is not allowed in this context");
        }
        Ok(filter)
    }

    /// The tree, for the planner.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// Whether a document matches.
    pub(crate) fn matches(&self, document: &RawDocument, context: &Context) -> Result<bool> {
        self.matcher(document, context).document(&self.root, document, &mut None)
    }

    /// The index in the outermost array on the way at which a matching document matches: what `$` in a projection or an
    /// update stands for. Where several conditions have one, it is the last one's.
    pub(crate) fn position(&self, document: &RawDocument, context: &Context) -> Result<Option<u32>> {
        let mut position = None;
        let matches = self.matcher(document, context).document(&self.root, document, &mut position)?;
        Ok(if matches { position } else { None })
    }

    /// Whether a `$near` is anywhere in it, which some places refuse.
    pub(crate) fn has_near(&self) -> bool {
        self.root.count(&|node| matches!(node, Node::Near { .. })) > 0
    }

    /// Whether a `$text` is anywhere in it, which some places refuse.
    pub(crate) fn has_text(&self) -> bool {
        self.root.count(&|node| matches!(node, Node::Text(_))) > 0
    }

    /// The filter as `explain` prints it: every operator written out, conditions in the server's order.
    pub(crate) fn to_bson(&self) -> RawDocumentBuf {
        explain::print(&self.source)
    }

    /// The alternatives of an `$or` that is all of the filter, as filters of their own.
    pub(crate) fn alternatives(&self, context: &Context) -> Result<Vec<Filter>> {
        let mut all = fields(&self.source);
        let (Some(("$or", RawBsonRef::Array(any))), None) = (all.next(), all.next()) else { return Ok(Vec::new()) };
        items(any).filter_map(|item| item.as_document()).map(|item| Filter::parse(item, context)).collect()
    }

    /// Why a document does not match: `details` of the server's error 121.
    pub(crate) fn explain_failure(&self, document: &RawDocument, context: &Context) -> Result<RawDocumentBuf> {
        failure::Explainer::new(context, document).explain(&self.source)
    }

    fn matcher<'m>(&'m self, document: &'m RawDocument, context: &'m Context) -> matches::Matcher<'m> {
        matches::Matcher::new(context, self.collation.as_deref(), document)
    }
}

#[cfg(test)]
mod explain_tests;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
