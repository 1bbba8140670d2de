//! The documents that a statement changes: found at one moment, and looked at again in the transaction that changes them.

use std::sync::Arc;

use millpond_engine::Transaction;

use crate::{
    catalog::Collection,
    error::{Code, Error, Result},
    exec::{self, Scene},
    execution::Reader,
    filter::Node,
    index::RecordId,
    model::{Namespace, Retry},
    ops::{
        self, Runner,
        batches::in_batches,
        retry::{self, Kept},
        surroundings::Surroundings,
    },
    plan::{Query, choose},
    store::Store,
    value::Doc,
};

/// How often a statement looks again for a document that changed between its being found and its being changed.
const MOST_TRIES: usize = 100;

/// A document that is to be changed, as it is in the transaction.
pub(crate) struct Target {
    pub(crate) collection: Arc<Collection>,
    pub(crate) record: RecordId,
    pub(crate) document: Doc,
}

/// Changes one document that matches, or does without where there is none; once, if it is retryable: then what was done before is
/// answered again.
pub(crate) fn change_one<T>(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    query: &Query,
    retry: Option<(&Retry, i32)>,
    mut change: impl FnMut(&mut Transaction, Option<&Target>) -> Result<T>,
) -> Result<T>
where
    T: From<Kept>,
    Kept: for<'t> From<&'t T>,
{
    // A document by its `_id` is found as cheaply in the transaction itself.
    let by_id = matches!(query.filter.root(), Node::Compare { path, .. } if path.as_str() == "_id");
    for _ in 0..MOST_TRIES {
        let before = if by_id { None } else { Some(runner.read(|reader| first(store, reader, namespace, query))?) };
        let done = runner.transact(|tx| {
            if let Some((retry, statement)) = retry
                && let Some(kept) = retry::before(store, tx, retry, statement)?
            {
                return Ok(Some(T::from(kept)));
            }
            let target = match &before {
                None => first(store, &mut Reader::Transaction(tx), namespace, query)?,
                Some(None) => None,
                Some(Some(seen)) => match again(store, tx, namespace, query, &seen.record)? {
                    Some(target) => Some(target),
                    // Changed since it was found: another one may be the first now.
                    None => return Ok(None),
                },
            };
            let done = change(tx, target.as_ref())?;
            if let Some((retry, statement)) = retry {
                retry::keep(store, tx, retry, statement, &Kept::from(&done))?;
            }
            Ok(Some(done))
        })?;
        if let Some(done) = done {
            return Ok(done);
        }
    }
    Err(Error::new(Code::WRITE_CONFLICT, "the document is changed by others again and again"))
}

/// Changes all documents that match, in batches; those that have changed since they were found must still match. `change` says how
/// many bytes it has written, and what it adds up is committed batch by batch. Says how many had been found.
pub(crate) fn change_all<T: Default>(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    query: &Query,
    mut commit: impl FnMut(T),
    mut change: impl FnMut(&mut Transaction, &Target, &mut T) -> Result<usize>,
) -> Result<usize> {
    let mut found = Vec::new();
    runner.read(|reader| {
        each(store, reader, namespace, query, |target| {
            // Documents are not held: there may be more of them than memory. Nor is the page that a record was read from.
            found.push(RecordId(bytes::Bytes::copy_from_slice(&target.record.0)));
            true
        })
    })?;
    in_batches(runner, &found, &mut commit, |tx, record, batch| match again(store, tx, namespace, query, record)? {
        Some(target) => change(tx, &target, batch),
        None => Ok(0),
    })?;
    Ok(found.len())
}

/// A record that was found, if it is still there and still matches.
fn again(
    store: &Arc<Store>,
    tx: &mut Transaction,
    namespace: &Namespace,
    query: &Query,
    record: &RecordId,
) -> Result<Option<Target>> {
    let Some(collection) = store.collection(tx, namespace)? else { return Ok(None) };
    let Some(document) = store.document(tx, collection.id, record)? else { return Ok(None) };
    let matches = query.filter.matches(&document, &query.context)?;
    Ok(matches.then(|| Target { collection, record: record.clone(), document }))
}

/// The first document that matches.
fn first(store: &Arc<Store>, reader: &mut Reader<'_>, namespace: &Namespace, query: &Query) -> Result<Option<Target>> {
    let mut found = None;
    each(store, reader, namespace, query, |target| {
        found = Some(target);
        false
    })?;
    Ok(found)
}

/// Calls for each document that matches, while it is asked to go on.
fn each(
    store: &Arc<Store>,
    reader: &mut Reader<'_>,
    namespace: &Namespace,
    query: &Query,
    mut f: impl FnMut(Target) -> bool,
) -> Result<()> {
    let surroundings = Surroundings::new(store, namespace);
    let mut execution = ops::execution(reader, &surroundings, None);
    let Some(collection) = store.collection(&mut execution.reader, namespace)? else { return Ok(()) };
    let chosen = choose(Some(&collection), query, store, &mut execution)?;
    let scene = Scene {
        store: Arc::clone(store),
        collection: Some(Arc::clone(&collection)),
        context: Arc::clone(&query.context),
    };
    let mut exec = exec::open(&chosen.plan, &scene, true);
    while let Some(member) = exec::next(&mut *exec, &mut execution)? {
        if let (Some(record), Some(document)) = (member.record, member.doc)
            && !f(Target { collection: Arc::clone(&collection), record, document })
        {
            return Ok(());
        }
    }
    Ok(())
}
