//! `delete`.

use std::sync::Arc;

use bson::{RawDocument, RawDocumentBuf};

use crate::{
    error::{Code, Result, refuse},
    filter::Filter,
    model::{Delete, DeleteReply, DeleteStatement, Namespace, Retry, WriteError},
    ops::{
        self, Runner,
        batches::ends_all,
        retry::Kept,
        targets::{Target, change_all, change_one},
    },
    plan::Query,
    store::Store,
    value::Doc,
};

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
    change_one(store, runner, namespace, query, once.retry, |tx, target| {
        let Some(Target { collection, record, document }) = target else { return Ok(Deleted::default()) };
        store.delete_record(tx, collection, record, document, &query.context)?;
        Ok(Deleted { deleted: 1, value: (once.value)(document)?, retried: false })
    })
}

impl From<&Deleted> for Kept {
    fn from(done: &Deleted) -> Kept {
        Kept { statements: 1, n: done.deleted.cast_signed(), value: done.value.clone(), ..Kept::default() }
    }
}

impl From<Kept> for Deleted {
    fn from(kept: Kept) -> Deleted {
        Deleted { deleted: kept.n.cast_unsigned(), value: kept.value, retried: true }
    }
}

fn many(store: &Arc<Store>, runner: &mut Runner<'_>, namespace: &Namespace, query: &Query) -> Result<Deleted> {
    let mut done = Deleted::default();
    let commit = |deleted: u64| done.deleted += deleted;
    change_all(store, runner, namespace, query, commit, |tx, target, deleted| {
        let Target { collection, record, document } = target;
        store.delete_record(tx, collection, record, document, &query.context)?;
        *deleted += 1;
        Ok(document.as_bytes().len())
    })?;
    Ok(done)
}
