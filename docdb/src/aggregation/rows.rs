//! What flows through a pipeline.

use std::sync::Arc;

use crate::{
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    execution::Execution,
    value::{Doc, MAX_DOCUMENT_BYTES},
};

/// A document on its way through a pipeline, with what is known of it beside its fields.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) doc: Doc,
    pub(crate) metadata: Metadata,
}

impl Row {
    pub(crate) fn new(doc: impl Into<Doc>) -> Row {
        Row { doc: doc.into(), metadata: Metadata::default() }
    }
}

/// What yields documents one by one: a scan of a collection, or a stage on top of others.
pub(crate) trait Rows: Send {
    /// The next document. `None` is the end, and stays it.
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>>;
}

impl Rows for Box<dyn Rows> {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        (**self).next(execution)
    }
}

/// Documents that are there already.
pub(crate) fn values(rows: impl IntoIterator<Item = Row, IntoIter: Send + 'static>) -> Box<dyn Rows> {
    Box::new(Values(rows.into_iter()))
}

struct Values<I>(I);

impl<I: Iterator<Item = Row> + Send> Rows for Values<I> {
    fn next(&mut self, _: &mut Execution<'_>) -> Result<Option<Row>> {
        Ok(self.0.next())
    }
}

/// Refuses documents that are too large to be stored or sent.
pub(super) fn bounded(rows: Box<dyn Rows>) -> Box<dyn Rows> {
    Box::new(Bounded(rows))
}

struct Bounded(Box<dyn Rows>);

impl Rows for Bounded {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        let row = self.0.next(execution)?;
        match row.as_ref().map(|row| row.doc.bytes().len()) {
            Some(bytes) if bytes > MAX_DOCUMENT_BYTES => refuse(
                Code::BSON_OBJECT_TOO_LARGE,
                format!("BSONObj size: {bytes} is invalid. Size must be between 0 and {MAX_DOCUMENT_BYTES}"),
            ),
            _ => Ok(row),
        }
    }
}

/// A stage that makes at most one document of each.
pub(super) trait EachRow: Send + Sync + 'static {
    fn each(&self, row: Row, context: &Context, execution: &mut Execution<'_>) -> Result<Option<Row>>;
}

/// Opens a stage that makes at most one document of each.
pub(super) fn each<S: EachRow>(stage: Arc<S>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
    Box::new(Each { stage, input, context: context.clone() })
}

struct Each<S> {
    stage: Arc<S>,
    input: Box<dyn Rows>,
    context: Context,
}

impl<S: EachRow> Rows for Each<S> {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        while let Some(row) = self.input.next(execution)? {
            if let Some(row) = self.stage.each(row, &self.context, execution)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

/// A stage that reads all documents before it yields the first.
pub(super) trait AllRows: Send + Sync + 'static {
    fn all(&self, input: &mut dyn Rows, context: &Context, execution: &mut Execution<'_>) -> Result<Box<dyn Rows>>;
}

/// Opens a stage that reads all documents before it yields the first.
pub(super) fn all<S: AllRows>(stage: Arc<S>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
    Box::new(All { stage, context: context.clone(), rows: input, read: false })
}

struct All<S> {
    stage: Arc<S>,
    context: Context,
    /// The input, until it was read; then what the stage made of it.
    rows: Box<dyn Rows>,
    read: bool,
}

impl<S: AllRows> Rows for All<S> {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        if !self.read {
            self.read = true;
            self.rows = self.stage.all(&mut self.rows, &self.context, execution)?;
        }
        self.rows.next(execution)
    }
}
