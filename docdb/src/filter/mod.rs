//! The query language: a filter is parsed once into a tree, and matched on raw documents.

use std::sync::Arc;

use bson::RawDocument;

pub(crate) use tree::{Compare, Node};

use crate::{context::Context, error::Result};

mod tree;

/// A parsed filter.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    root: Arc<Node>,
}

impl Filter {
    /// Parses a filter. The collation and the variables are those of the context.
    ///
    /// # Errors
    /// [`Code::BAD_VALUE`](crate::Code::BAD_VALUE) and its kin, as the server.
    pub(crate) fn parse(_document: &RawDocument, _context: &Context) -> Result<Filter> {
        Ok(Filter { root: Arc::new(Node::And(Vec::new())) })
    }

    /// The tree, for the planner.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// Whether a document matches.
    pub(crate) fn matches(&self, _document: &RawDocument, _context: &Context) -> Result<bool> {
        Ok(true)
    }

    /// The index in the outermost array on the way at which a matching document matches: what `$` in a projection or an
    /// update stands for.
    pub(crate) fn position(&self, _document: &RawDocument, _context: &Context) -> Result<Option<u32>> {
        Ok(None)
    }
}
