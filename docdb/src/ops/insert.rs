//! `insert`.

use std::sync::Arc;

use bson::{RawDocument, RawDocumentBuf};
use millpond_engine::Transaction;

use crate::{
    catalog::Collection,
    context::Context,
    error::{Error, Result},
    index::RecordId,
    model::{Insert, InsertReply, Namespace, Retry, WriteError},
    ops::{
        self, Runner,
        batches::is_too_large,
        capped, create,
        retry::{self, Kept},
    },
    record,
    store::Store,
};

/// How many documents, and bytes of them, go into one transaction.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 4 << 20;

/// Inserts documents. Each stands for itself: those before one that is refused are inserted, and those after it too if the
/// order does not matter.
pub(crate) fn insert(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    insert: Insert,
) -> Result<InsertReply> {
    let context = ops::context(store, None, None, None)?;
    let mut reply = InsertReply::default();
    let mut unfit = Vec::new();
    let mut ready: Vec<(usize, RawDocumentBuf)> = Vec::with_capacity(insert.documents.len());
    for (index, document) in insert.documents.into_iter().enumerate() {
        match record::prepare(document, &context) {
            Ok(document) => ready.push((index, document)),
            Err(error) => {
                unfit.push(WriteError { index, error });
                if !insert.unordered {
                    break;
                }
            }
        }
    }
    let (mut rest, mut most) = (&ready[..], BATCH);
    while !rest.is_empty() {
        let mut bytes = 0;
        let size = rest
            .iter()
            .take(most)
            .take_while(|(_, document)| {
                bytes += document.as_bytes().len();
                bytes <= BATCH_BYTES
            })
            .count()
            .max(1);
        let (batch, later) = rest.split_at(size);
        let options = Options {
            unordered: insert.unordered,
            bypass: insert.bypass_document_validation,
            retry: insert.retry.as_ref(),
        };
        let done = match runner.transact(|tx| insert_batch(store, tx, namespace, batch, options, &context)) {
            // Documents may have more keys in indexes than their bytes tell.
            Err(error) if is_too_large(&error) && batch.len() > 1 => {
                most = batch.len() / 2;
                continue;
            }
            Err(error) if is_too_large(&error) => refused(batch, error),
            done => done?,
        };
        reply.inserted += done.inserted;
        reply.retried.extend(done.retried);
        reply.errors.extend(done.errors);
        if !reply.errors.is_empty() && !insert.unordered {
            // What could not be prepared comes after this one: it was not tried.
            return Ok(reply);
        }
        rest = later;
    }
    reply.errors.extend(unfit);
    reply.errors.sort_by_key(|error| error.index);
    Ok(reply)
}

/// One document that writes more than a transaction may.
fn refused(batch: &[(usize, RawDocumentBuf)], error: Error) -> InsertReply {
    let errors = batch.first().map(|(index, _)| WriteError { index: *index, error }).into_iter().collect();
    InsertReply { errors, ..InsertReply::default() }
}

#[derive(Clone, Copy)]
struct Options<'o> {
    unordered: bool,
    bypass: bool,
    retry: Option<&'o Retry>,
}

fn insert_batch(
    store: &Arc<Store>,
    tx: &mut Transaction,
    namespace: &Namespace,
    batch: &[(usize, RawDocumentBuf)],
    options: Options<'_>,
    context: &Context,
) -> Result<InsertReply> {
    let collection = create::ensure(store, tx, namespace)?;
    ops::refuse_view(&collection, "documents cannot be inserted into it")?;
    let mut reply = InsertReply::default();
    let mut run: Option<(i32, i32)> = None;
    for (index, document) in batch {
        let statement = options.retry.map(|retry| retry.statement(*index));
        if let (Some(retry), Some(statement)) = (options.retry, statement)
            && retry::before(store, tx, retry, statement)?.is_some()
        {
            reply.inserted += 1;
            reply.retried.push(statement);
            continue;
        }
        match one(store, tx, &collection, document, options.bypass, context) {
            Ok(_) => {
                reply.inserted += 1;
                if let (Some(retry), Some(statement)) = (options.retry, statement) {
                    run = match run {
                        Some((first, count)) if first + count == statement => Some((first, count + 1)),
                        other => {
                            keep(store, tx, retry, other)?;
                            Some((statement, 1))
                        }
                    };
                }
            }
            Err(error) if is_of_engine(&error) => return Err(error),
            Err(error) => {
                reply.errors.push(WriteError { index: *index, error });
                if !options.unordered {
                    break;
                }
            }
        }
    }
    if let Some(retry) = options.retry {
        keep(store, tx, retry, run)?;
    }
    Ok(reply)
}

fn keep(store: &Store, tx: &mut Transaction, retry: &Retry, run: Option<(i32, i32)>) -> Result<()> {
    let Some((first, statements)) = run else { return Ok(()) };
    retry::keep(store, tx, retry, first, &Kept { statements, n: statements.into(), ..Kept::default() })
}

/// Whether the transaction is over, not only a statement of it.
pub(crate) fn is_of_engine(error: &Error) -> bool {
    matches!(error, Error::Engine(_))
}

/// Inserts one document, which [`record::prepare`] has seen.
pub(crate) fn one(
    store: &Arc<Store>,
    tx: &mut Transaction,
    collection: &Arc<Collection>,
    document: &RawDocument,
    bypass: bool,
    context: &Context,
) -> Result<RecordId> {
    if !bypass {
        record::validate(collection, document, None, context)?;
    }
    let record = store.insert_record(tx, collection, document, context)?;
    if collection.capped.is_some() {
        capped::trim(store, tx, collection, context)?;
    }
    Ok(record)
}
