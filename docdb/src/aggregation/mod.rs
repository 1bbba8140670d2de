//! Aggregation: pipelines of stages that pull documents through each other.

use crate::{context::Metadata, error::Result, execution::Execution, value::Doc};

/// A document on its way through a pipeline, with what is known of it beside its fields.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) doc: Doc,
    pub(crate) metadata: Metadata,
}

/// What yields documents one by one: a scan of a collection, or a stage on top of others.
pub(crate) trait Rows: Send {
    /// The next document. `None` is the end, and stays it.
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>>;
}
