//! `count`.

use std::sync::Arc;

use crate::{
    error::Result,
    exec::{self, Scene},
    execution::Execution,
    filter::Filter,
    model::{Count, Find, Namespace},
    ops,
    plan::{Query, choose},
    store::Store,
};

/// Counts what matches. Without a filter the collection's own count is asked.
pub(crate) fn count(
    store: &Arc<Store>,
    namespace: &Namespace,
    count: &Count,
    execution: &mut Execution<'_>,
) -> Result<u64> {
    let collection = store.collection(&mut execution.reader, namespace)?;
    let within = |all: u64| {
        let rest = all.saturating_sub(count.skip);
        if count.limit == 0 { rest } else { rest.min(count.limit) }
    };
    let Some(collection) = collection else { return Ok(0) };
    if collection.view.is_some() {
        let find = Find {
            filter: count.filter.clone(),
            collation: count.collation.clone(),
            hint: count.hint.clone(),
            ..Find::default()
        };
        let mut rows = ops::find::open(store, namespace, &find, execution)?;
        let mut all = 0;
        while rows.next(execution)?.is_some() {
            all += 1;
        }
        return Ok(within(all));
    }
    if count.filter.is_empty() && count.hint.is_none() {
        return Ok(within(store.counts(&mut execution.reader, collection.id)?.0));
    }
    let query = query(store, Some(&collection), count)?;
    let chosen = choose(Some(&collection), &query, store, execution)?;
    let scene = Scene { store: Arc::clone(store), collection: Some(collection), context: Arc::clone(&query.context) };
    let mut exec = exec::open(&chosen.plan, &scene, true);
    let enough = if count.limit == 0 { u64::MAX } else { count.limit.saturating_add(count.skip) };
    let mut all = 0;
    while all < enough && exec::next(&mut *exec, execution)?.is_some() {
        all += 1;
    }
    Ok(within(all))
}

/// What the planner is asked for a `count`.
pub(crate) fn query(store: &Store, collection: Option<&crate::catalog::Collection>, count: &Count) -> Result<Query> {
    let deadline = ops::deadline(store, count.max_time);
    let context = ops::context(store, collection, count.collation.as_deref(), None)?.until(deadline.as_ref());
    let filter = Filter::parse(&count.filter, &context)?;
    let mut query = Query::new(filter, Arc::new(context));
    query.hint = count.hint.clone();
    query.covered = Some(Vec::new());
    Ok(query)
}
