//! Writes on several collections.

use std::{collections::HashMap, marker::PhantomData};

use bson::Bson;

use crate::{
    action::{Pending, insert::identify, runs, setters},
    context::Context,
    docdb::Docdb,
    error::{BulkWriteError, Error, Result},
    model::{self, BulkWriteStatement},
    ops::{self, Runner},
    typed::{DeleteResult, InsertOneResult, SummaryBulkWriteResult, UpdateResult, VerboseBulkWriteResult, WriteModel},
};

/// Writes on several collections: [`Docdb::bulk_write_models`].
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct BulkWrite<'a, R = SummaryBulkWriteResult> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) models: Vec<WriteModel>,
    pub(crate) pending: Pending<model::BulkWrite>,
    pub(crate) of: PhantomData<fn() -> R>,
}

impl<'a, R> BulkWrite<'a, R> {
    setters! {
        /// Variables, to be used as `$$name`.
        let_vars: document => variables;
        /// Write what validators would refuse.
        bypass_document_validation: bool => bypass_document_validation;
    }

    /// Whether to stop at the first write that is refused: the default.
    pub fn ordered(mut self, value: bool) -> Self {
        self.pending.set(Ok::<_, Error>(!value), |command, value| command.unordered = value);
        self
    }

    /// Answer with the result of each write.
    pub fn verbose_results(self) -> BulkWrite<'a, VerboseBulkWriteResult> {
        let BulkWrite { docdb, models, pending, .. } = self;
        BulkWrite { docdb, models, pending, of: PhantomData }
    }
}

impl BulkWrite<'_> {
    runs!(SummaryBulkWriteResult);

    fn execute(self, runner: &mut Runner<'_>) -> Result<SummaryBulkWriteResult> {
        Ok(self.verbose_results().execute(runner)?.summary)
    }
}

/// What kind of write each was, with the `_id` of what is inserted.
enum Kind {
    Insert(Bson),
    Update,
    Delete,
}

impl BulkWrite<'_, VerboseBulkWriteResult> {
    runs!(VerboseBulkWriteResult);

    fn execute(self, runner: &mut Runner<'_>) -> Result<VerboseBulkWriteResult> {
        let mut bulk = self.pending.finish()?;
        let context = Context::new(self.docdb.store.engine.clock().now());
        let mut kinds = Vec::with_capacity(self.models.len());
        for model in self.models {
            let mut statement = model.statement()?;
            kinds.push(match &mut statement {
                BulkWriteStatement::Insert { document, .. } => Kind::Insert(identify(document, &context)?),
                BulkWriteStatement::Update { .. } => Kind::Update,
                BulkWriteStatement::Delete { .. } => Kind::Delete,
            });
            bulk.statements.push(statement);
        }
        let reply = ops::bulk_write::bulk_write(&self.docdb.store, runner, &bulk)?;
        let mut done = VerboseBulkWriteResult::default();
        let mut write_errors = HashMap::new();
        for (index, (kind, result)) in kinds.into_iter().zip(reply.results).enumerate() {
            match result {
                Ok(result) => note(&mut done, index, kind, result)?,
                Err(error) => {
                    write_errors.insert(index, error);
                }
            }
        }
        if write_errors.is_empty() {
            return Ok(done);
        }
        Err(Error::BulkWrite(Box::new(BulkWriteError { write_errors, partial_result: done })))
    }
}

fn note(done: &mut VerboseBulkWriteResult, index: usize, kind: Kind, result: model::BulkWriteResult) -> Result<()> {
    let summary = &mut done.summary;
    match kind {
        Kind::Insert(inserted_id) => {
            summary.inserted_count += result.n;
            done.insert_results.insert(index, InsertOneResult { inserted_id });
        }
        Kind::Update => {
            let upserted = u64::from(result.upserted.is_some());
            let (matched_count, modified_count) =
                (result.n.saturating_sub(upserted), result.modified.unwrap_or_default());
            summary.matched_count += matched_count;
            summary.modified_count += modified_count;
            summary.upserted_count += upserted;
            let upserted_id = result.upserted.map(Bson::try_from).transpose()?;
            done.update_results.insert(index, UpdateResult { matched_count, modified_count, upserted_id });
        }
        Kind::Delete => {
            summary.deleted_count += result.n;
            done.delete_results.insert(index, DeleteResult { deleted_count: result.n });
        }
    }
    Ok(())
}
