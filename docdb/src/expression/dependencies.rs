//! What an expression reads of the document that it is evaluated on.

use std::collections::BTreeSet;

use crate::{
    expression::{Expression, MetaKind},
    value::Path,
};

/// What expressions read: fields, and what is known of a document beside its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dependencies {
    everything: bool,
    paths: BTreeSet<Path>,
    metadata: BTreeSet<MetaKind>,
}

impl Dependencies {
    /// The paths beneath which all fields are that are read; none if any field may be.
    pub(crate) fn paths(&self) -> Option<&BTreeSet<Path>> {
        (!self.everything).then_some(&self.paths)
    }

    /// The kinds of `$meta` that are read.
    pub(crate) fn metadata(&self) -> &BTreeSet<MetaKind> {
        &self.metadata
    }

    /// Adds a path.
    pub(crate) fn path(&mut self, path: &Path) {
        self.paths.insert(path.clone());
    }

    /// Adds a kind of metadata.
    pub(crate) fn meta(&mut self, kind: MetaKind) {
        self.metadata.insert(kind);
    }

    /// Adds all fields.
    pub(crate) fn everything(&mut self) {
        self.everything = true;
    }

    /// Adds what some expressions read.
    pub(crate) fn of_all<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expression>) {
        for expression in expressions {
            expression.dependencies(self);
        }
    }
}
