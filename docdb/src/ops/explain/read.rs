//! `find`, `count` and `distinct`, explained.

use std::sync::Arc;

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    error::Result,
    execution::Reader,
    model::{Aggregate, Count, Distinct, Find, Namespace, Verbosity},
    ops::{
        self,
        explain::{Question, command, scene},
        surroundings::Surroundings,
    },
    plan::{
        Plan, Query, choose,
        explain::{Stage, count as number, count_scan, projection_stage},
        is_exact,
    },
    store::Store,
};

/// Explains a `find`; on a view the pipeline that it is.
pub(crate) fn find(
    store: &Arc<Store>,
    reader: &mut Reader<'_>,
    namespace: &Namespace,
    find: &Find,
    verbosity: Verbosity,
) -> Result<RawDocumentBuf> {
    let named = store.collection(reader, namespace)?;
    if named.as_ref().is_some_and(|named| named.view.is_some()) {
        let aggregate = Aggregate {
            pipeline: ops::find::stages(find)?,
            collation: find.collation.clone(),
            variables: find.variables.clone(),
            hint: find.hint.clone(),
            allow_disk_use: find.allow_disk_use,
            max_time: find.max_time,
            ..Aggregate::default()
        };
        let (database, collection) = (namespace.database(), Some(namespace.collection()));
        return ops::explain::aggregate(store, reader, database, collection, &aggregate, verbosity);
    }
    let surroundings = Surroundings::new(store, namespace);
    let mut execution = ops::execution(reader, &surroundings, ops::deadline(store, find.max_time));
    let prepared = ops::find::prepare(store, named, find, &mut execution)?;
    let projection = find.projection.as_deref().filter(|projection| !projection.is_empty());
    let on_top = |stage, plan: &Plan| Ok(over_find(stage, plan, &prepared.query, projection, find.skip, find.limit));
    let question = Question {
        namespace,
        query: &prepared.query,
        chosen: &prepared.chosen,
        scene: &prepared.scene,
        enough: prepared.query.limit.unwrap_or(u64::MAX),
        on_top: &on_top,
    };
    let parts = [("filter", Some(&*find.filter)), ("projection", projection), ("sort", find.sort.as_deref())];
    question.answer(&command("find", namespace, &parts), verbosity, &mut execution, |_| Ok(()))
}

/// The stages of a `find` above its plan: the projection, the skip and the limit.
pub(super) fn over_find(
    stage: Stage,
    plan: &Plan,
    query: &Query,
    projection: Option<&RawDocument>,
    skip: u64,
    limit: u64,
) -> Stage {
    let mut stage = match projection {
        Some(projection) => project(stage, plan, query, projection, limit),
        None => stage,
    };
    if skip > 0 {
        let found = stage.done.found.saturating_sub(skip);
        stage = Stage::over("SKIP", stage, found).with("skipAmount", number(skip));
    }
    if limit > 0 && !sorts(plan) && !matches!(plan, Plan::IdLookup { .. }) {
        let found = stage.done.found.min(limit);
        stage = Stage::over("LIMIT", stage, found).with("limitAmount", number(limit));
    }
    stage
}

fn sorts(plan: &Plan) -> bool {
    matches!(plan, Plan::Sort { .. })
}

fn project(stage: Stage, plan: &Plan, query: &Query, projection: &RawDocument, limit: u64) -> Stage {
    let covered = match plan {
        Plan::Sort { input, .. } => matches!(**input, Plan::Covered { .. }),
        plan => matches!(plan, Plan::Covered { .. }),
    };
    if matches!(plan, Plan::IdLookup { .. }) {
        let shown = bson::Document::try_from(projection).map(|shown| crate::error::shell(&shown)).unwrap_or_default();
        return stage.with("projection", &*shown).with("projectionCovered", false);
    }
    let name = if covered { "PROJECTION_COVERED" } else { projection_stage(projection) };
    let over = |stage: Stage| {
        let found = stage.done.found;
        Stage::over(name, stage, found).with("transformBy", RawBsonRef::Document(projection))
    };
    // A sort without a limit comes after a projection that keeps what it sorts by: there is less to hold then.
    let kept = |query: &Query| {
        let pattern = query.sort.as_ref().and_then(|sort| sort.index_pattern())?;
        Some(pattern.iter().all(|(path, _)| crate::value::field(projection, path.as_str()).is_some()))
    };
    let beneath = limit == 0 && name != "PROJECTION_DEFAULT" && kept(query) == Some(true);
    if beneath && stage.name() == "SORT" { stage.map_input(over) } else { over(stage) }
}

/// Explains a `count`.
pub(crate) fn count(
    store: &Arc<Store>,
    reader: &mut Reader<'_>,
    namespace: &Namespace,
    count: &Count,
    verbosity: Verbosity,
) -> Result<RawDocumentBuf> {
    let collection = store.collection(reader, namespace)?;
    if collection.as_ref().is_some_and(|collection| collection.view.is_some()) {
        let on_view = Find {
            filter: count.filter.clone(),
            collation: count.collation.clone(),
            hint: count.hint.clone(),
            ..Find::default()
        };
        return find(store, reader, namespace, &on_view, verbosity);
    }
    let surroundings = Surroundings::new(store, namespace);
    let mut execution = ops::execution(reader, &surroundings, ops::deadline(store, count.max_time));
    let query = ops::count::query(store, collection.as_deref(), count)?;
    let chosen = choose(collection.as_ref(), &query, store, &mut execution)?;
    let scene = scene(store, collection.clone(), &query);
    let fast = collection.is_some() && count.filter.is_empty() && count.hint.is_none();
    let whole = match &collection {
        Some(collection) if fast => store.counts(&mut execution.reader, collection.id)?.0,
        _ => 0,
    };
    let limited = |all: u64| {
        let rest = all.saturating_sub(count.skip);
        if count.limit == 0 { rest } else { rest.min(count.limit) }
    };
    let on_top = |stage: Stage, plan: &Plan| {
        if fast {
            return Ok(Stage::new("RECORD_STORE_FAST_COUNT")
                .counting("nCounted", limited(whole))
                .counting("nSkipped", count.skip.min(whole)));
        }
        let all = stage.done.found;
        let stage = match plan {
            Plan::Covered { scan, filter, .. }
                if is_exact(filter.root(), scan, &query.context) && scan.is_one_range() =>
            {
                count_scan(scan, stage.done)
            }
            _ => stage,
        };
        Ok(Stage::over("COUNT", stage, 0).counting("nCounted", limited(all)).counting("nSkipped", count.skip.min(all)))
    };
    let enough = if count.limit == 0 { u64::MAX } else { count.limit.saturating_add(count.skip) };
    let enough = if fast { 0 } else { enough };
    let question = Question { namespace, query: &query, chosen: &chosen, scene: &scene, enough, on_top: &on_top };
    let parts = [("query", Some(&*count.filter))];
    question.answer(&command("count", namespace, &parts), verbosity, &mut execution, |_| Ok(()))
}

/// Explains a `distinct`.
pub(crate) fn distinct(
    store: &Arc<Store>,
    reader: &mut Reader<'_>,
    namespace: &Namespace,
    distinct: &Distinct,
    verbosity: Verbosity,
) -> Result<RawDocumentBuf> {
    let as_find = Find {
        filter: distinct.filter.clone(),
        collation: distinct.collation.clone(),
        hint: distinct.hint.clone(),
        allow_disk_use: true,
        max_time: distinct.max_time,
        ..Find::default()
    };
    find(store, reader, namespace, &as_find, verbosity)
}
