//! `delete`.

use std::sync::Arc;

use bson::{RawDocument, RawDocumentBuf};

use crate::{
    error::{Code, Error, Result, refuse},
    execution::Reader,
    filter::{Filter, Node},
    model::{Delete, DeleteReply, DeleteStatement, Namespace, Retry, WriteError},
    ops::{
        self, Runner,
        batches::{ends_all, in_batches},
        retry::{self, Kept},
        update::{records, search},
    },
    plan::Query,
    store::Store,
    value::Doc,
};

/// How often a statement looks again for a document that changed between its being found and its being deleted.
const MOST_TRIES: usize = 100;

/// What one statement did.
#[derive(Debug, Default)]
pub(crate) struct Deleted {
    pub(crate) deleted: u64,
    /// What [`Once::value`] made of a single document.
    pub(crate) value: Option<RawDocumentBuf>,
    /// Whether it had been done before.
    pub(crate) retried: bool,
}

/// What is kept of a statement, so that it is done once, and what it answers with.
#[derive(Clone, Copy)]
pub(crate) struct Once<'r> {
    /// With the statement's number.
    pub(crate) retry: Option<(&'r Retry, i32)>,
    /// The document that it answers with, if it does with one. Where that fails nothing is deleted.
    pub(crate) value: &'r dyn Fn(&Doc) -> Result<Option<RawDocumentBuf>>,
}

/// Runs the statements of a `delete`. Each stands for itself.
pub(crate) fn delete(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    delete: &Delete,
) -> Result<DeleteReply> {
    let mut reply = DeleteReply::default();
    for (index, statement) in delete.statements.iter().enumerate() {
        let retry = delete.retry.as_ref().map(|retry| (retry, retry.statement(index)));
        match one(store, runner, namespace, statement, delete.variables.as_deref(), retry) {
            Ok(done) => {
                reply.deleted += done.deleted;
                reply.retried.extend(retry.filter(|_| done.retried).map(|(_, statement)| statement));
            }
            Err(error) if ends_all(&error) => return Err(error),
            Err(error) => {
                reply.errors.push(WriteError { index, error });
                if !delete.unordered {
                    break;
                }
            }
        }
    }
    Ok(reply)
}

/// Parses a statement for a collection as it is now.
pub(crate) fn parse(
    store: &Arc<Store>,
    collection: Option<&crate::catalog::Collection>,
    statement: &DeleteStatement,
    variables: Option<&RawDocument>,
) -> Result<Query> {
    if let Some(collection) = collection {
        ops::refuse_view(collection, "nothing can be deleted from it")?;
    }
    let context = ops::context(store, collection, statement.collation.as_deref(), variables)?;
    let filter = Filter::parse(&statement.filter, &context)?;
    let mut query = Query::new(filter, Arc::new(context));
    query.hint = statement.hint.clone();
    query.limit = (!statement.multi).then_some(1);
    Ok(query)
}

/// Runs one statement.
pub(crate) fn one(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    statement: &DeleteStatement,
    variables: Option<&RawDocument>,
    retry: Option<(&Retry, i32)>,
) -> Result<Deleted> {
    let collection = runner.read(|reader| store.collection(reader, namespace))?;
    let query = parse(store, collection.as_deref(), statement, variables)?;
    if statement.multi {
        if retry.is_some() {
            return refuse(Code::INVALID_OPTIONS, "Cannot use (or request) retryable writes with limit=0");
        }
        return many(store, runner, namespace, &query);
    }
    single(store, runner, namespace, &query, Once { retry, value: &|_| Ok(None) })
}

/// Deletes one document.
pub(crate) fn single(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    query: &Query,
    once: Once<'_>,
) -> Result<Deleted> {
    for _ in 0..MOST_TRIES {
        if let Some(done) = attempt(store, runner, namespace, query, once)? {
            return Ok(done);
        }
    }
    Err(Error::new(Code::WRITE_CONFLICT, "the document is changed by others again and again"))
}

fn attempt(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    query: &Query,
    once: Once<'_>,
) -> Result<Option<Deleted>> {
    let by_id = matches!(query.filter.root(), Node::Compare { path, .. } if path.as_str() == "_id");
    let found = if by_id { None } else { Some(runner.read(|reader| search(store, reader, namespace, query, 1))?) };
    runner.transact(|tx| {
        if let Some((retry, statement)) = once.retry
            && let Some(kept) = retry::before(store, tx, retry, statement)?
        {
            return Ok(Some(Deleted { deleted: kept.n.cast_unsigned(), value: kept.value, retried: true }));
        }
        let targets = match &found {
            Some(found) => found.clone(),
            None => search(store, &mut Reader::Transaction(tx), namespace, query, 1)?,
        };
        let mut done = Deleted::default();
        if let Some((record, _)) = targets.first() {
            let Some(collection) = store.collection(tx, namespace)? else { return Ok(None) };
            let Some(document) = store.document(tx, collection.id, record)? else { return Ok(None) };
            if !query.filter.matches(&document, &query.context)? {
                return Ok(None);
            }
            store.delete_record(tx, &collection, record, &document, &query.context)?;
            done = Deleted { deleted: 1, value: (once.value)(&document)?, retried: false };
        }
        if let Some((retry, statement)) = once.retry {
            let (n, value) = (done.deleted.cast_signed(), done.value.clone());
            retry::keep(store, tx, retry, statement, &Kept { statements: 1, n, value, ..Kept::default() })?;
        }
        Ok(Some(done))
    })
}

fn many(store: &Arc<Store>, runner: &mut Runner<'_>, namespace: &Namespace, query: &Query) -> Result<Deleted> {
    let found = runner.read(|reader| records(store, reader, namespace, query))?;
    let mut done = Deleted::default();
    in_batches(
        runner,
        &found,
        |deleted: u64| done.deleted += deleted,
        |tx, record, deleted| {
            let Some(collection) = store.collection(tx, namespace)? else { return Ok(0) };
            let Some(document) = store.document(tx, collection.id, record)? else { return Ok(0) };
            if query.filter.matches(&document, &query.context)? {
                store.delete_record(tx, &collection, record, &document, &query.context)?;
                *deleted += 1;
            }
            Ok(document.as_bytes().len())
        },
    )?;
    Ok(done)
}
