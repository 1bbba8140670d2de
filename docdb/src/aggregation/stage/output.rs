//! Stages that documents are written by.

/// Where a pipeline writes to.
#[derive(Debug)]
pub(crate) struct Output {}
