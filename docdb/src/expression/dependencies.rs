//! Which fields of a document an expression reads.

use std::collections::BTreeSet;

use crate::{expression::Expression, value::Path};

/// What an expression reads of the document that it is evaluated on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dependencies {
    /// Perhaps any field, or what is known of the document beside its fields.
    Everything,
    /// At most what these paths lead to.
    Paths(BTreeSet<Path>),
}

impl Dependencies {
    /// Of what reads nothing.
    pub(crate) fn nothing() -> Self {
        Dependencies::Paths(BTreeSet::new())
    }

    /// Adds a path.
    pub(crate) fn path(&mut self, path: &Path) {
        if let Dependencies::Paths(paths) = self {
            paths.insert(path.clone());
        }
    }

    /// Adds all fields.
    pub(crate) fn everything(&mut self) {
        *self = Dependencies::Everything;
    }

    /// Adds what some expressions read.
    pub(crate) fn of_all<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expression>) {
        for expression in expressions {
            expression.dependencies(self);
        }
    }
}
