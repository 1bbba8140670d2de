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
        insert::is_of_engine,
        retry::{self, Kept},
        update::{BATCH, search},
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
    /// Of a single document.
    pub(crate) document: Option<Doc>,
    /// Whether it had been done before; then the document is what was kept of it.
    pub(crate) retried: bool,
}

/// A statement that is to be done once, and what is kept of it.
#[derive(Clone, Copy)]
pub(crate) struct Once<'r> {
    pub(crate) retry: &'r Retry,
    pub(crate) statement: i32,
    /// The document that a retry answers with, if it answers with one.
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
            Err(error) if is_of_engine(&error) => return Err(error),
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
    let once = retry.map(|(retry, statement)| Once { retry, statement, value: &|_| Ok(None) });
    single(store, runner, namespace, &query, once)
}

/// Deletes one document.
pub(crate) fn single(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    query: &Query,
    once: Option<Once<'_>>,
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
    once: Option<Once<'_>>,
) -> Result<Option<Deleted>> {
    let by_id = matches!(query.filter.root(), Node::Compare { path, .. } if path.as_str() == "_id");
    let found = if by_id { None } else { Some(runner.read(|reader| search(store, reader, namespace, query, 1))?) };
    runner.transact(|tx| {
        if let Some(once) = once
            && let Some(kept) = retry::before(store, tx, once.retry, once.statement)?
        {
            return Ok(Some(Deleted {
                deleted: kept.n.cast_unsigned(),
                document: kept.value.map(Doc::from),
                retried: true,
            }));
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
            done = Deleted { deleted: 1, document: Some(document), retried: false };
        }
        if let Some(once) = once {
            let value = done.document.as_ref().map(once.value).transpose()?.flatten();
            let kept = Kept { statements: 1, n: done.deleted.cast_signed(), value, ..Kept::default() };
            retry::keep(store, tx, once.retry, once.statement, &kept)?;
        }
        Ok(Some(done))
    })
}

fn many(store: &Arc<Store>, runner: &mut Runner<'_>, namespace: &Namespace, query: &Query) -> Result<Deleted> {
    let found = runner.read(|reader| search(store, reader, namespace, query, usize::MAX))?;
    let mut done = Deleted::default();
    for batch in found.chunks(BATCH) {
        done.deleted += runner.transact(|tx| {
            let Some(collection) = store.collection(tx, namespace)? else { return Ok(0) };
            let mut deleted = 0;
            for (record, _) in batch {
                let Some(document) = store.document(tx, collection.id, record)? else { continue };
                if query.filter.matches(&document, &query.context)? {
                    store.delete_record(tx, &collection, record, &document, &query.context)?;
                    deleted += 1;
                }
            }
            Ok(deleted)
        })?;
    }
    Ok(done)
}
