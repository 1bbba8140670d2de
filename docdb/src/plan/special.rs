//! Plans by text and by distance.

use crate::{
    catalog::Collection,
    error::Result,
    exec::{Exec, Scene},
    plan::{Plan, Query},
};

/// What only an index of a special kind can answer.
#[derive(Debug, Clone)]
pub(crate) enum Special {}

impl Special {
    /// Opens it.
    pub(crate) fn open(&self, _: &Scene) -> Box<dyn Exec> {
        match *self {}
    }
}

/// The plan of a filter that has `$text` or `$near`.
pub(crate) fn plan(_: &Collection, _: &Query) -> Result<Option<Plan>> {
    Ok(None)
}
