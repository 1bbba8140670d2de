//! `bulkWrite`: statements on several collections.

use std::sync::Arc;

use crate::{
    error::Result,
    model::{BulkWrite, BulkWriteReply, BulkWriteResult, BulkWriteStatement, Insert, Retry},
    ops::{Runner, batches::ends_all, delete, insert, update},
    store::Store,
};

/// Runs the statements in their order.
pub(crate) fn bulk_write(store: &Arc<Store>, runner: &mut Runner<'_>, bulk: &BulkWrite) -> Result<BulkWriteReply> {
    let mut reply = BulkWriteReply::default();
    for (index, statement) in bulk.statements.iter().enumerate() {
        let retry = bulk.retry.as_ref().map(|retry| (retry, retry.statement(index)));
        match one(store, runner, bulk, statement, retry) {
            Ok((result, retried)) => {
                reply.results.push(Ok(result));
                reply.retried.extend(retry.filter(|_| retried).map(|(_, number)| number));
            }
            Err(error) if ends_all(&error) => return Err(error),
            Err(error) => {
                reply.results.push(Err(error));
                if !bulk.unordered {
                    break;
                }
            }
        }
    }
    Ok(reply)
}

fn one(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    bulk: &BulkWrite,
    statement: &BulkWriteStatement,
    retry: Option<(&Retry, i32)>,
) -> Result<(BulkWriteResult, bool)> {
    let variables = bulk.variables.as_deref();
    match statement {
        BulkWriteStatement::Insert { namespace, document } => {
            let insert = Insert {
                documents: vec![document.clone()],
                unordered: false,
                bypass_document_validation: bulk.bypass_document_validation,
                retry: retry.map(|(retry, number)| Retry { statements: Some(vec![number]), ..retry.clone() }),
            };
            let mut done = insert::insert(store, runner, namespace, insert)?;
            match done.errors.pop() {
                Some(failed) => Err(failed.error),
                None => Ok((BulkWriteResult { n: done.inserted, ..Default::default() }, !done.retried.is_empty())),
            }
        }
        BulkWriteStatement::Update { namespace, update } => {
            let bypass = bulk.bypass_document_validation;
            let done = update::one(store, runner, namespace, update, variables, bypass, retry)?;
            let upserted = u64::from(done.upserted.is_some());
            let retried = done.retried;
            let result =
                BulkWriteResult { n: done.matched + upserted, modified: Some(done.modified), upserted: done.upserted };
            Ok((result, retried))
        }
        BulkWriteStatement::Delete { namespace, delete } => {
            let done = delete::one(store, runner, namespace, delete, variables, retry)?;
            Ok((BulkWriteResult { n: done.deleted, ..Default::default() }, done.retried))
        }
    }
}
