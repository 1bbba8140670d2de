//! `aggregate`.

use std::sync::Arc;

use bson::RawDocument;

use crate::{
    aggregation::{GeoNear, Pipeline, Rows, Source, values},
    catalog::Collection,
    context::Context,
    error::{Code, Result, refuse},
    exec::{self, PlanRows, Scene},
    execution::Execution,
    filter::Filter,
    model::{Aggregate, Hint, Namespace},
    ops::{self, view::resolve},
    plan::{Chosen, Query, choose, geo_near},
    store::Store,
    value::empty,
};

/// Opens the rows of a pipeline on a collection, a view, or, with `None`, a database.
pub(crate) fn open(
    store: &Arc<Store>,
    database: &str,
    collection: Option<&str>,
    aggregate: &Aggregate,
    execution: &mut Execution<'_>,
) -> Result<Box<dyn Rows>> {
    let namespace = collection.map(|collection| Namespace::new(database, collection)).transpose()?;
    let named = match &namespace {
        Some(namespace) => store.collection(&mut execution.reader, namespace)?,
        None => None,
    };
    let context =
        ops::context(store, named.as_deref(), aggregate.collation.as_deref(), aggregate.variables.as_deref())?
            .until(execution.deadline.as_ref());
    ops::find::check_collation(
        named.as_deref().filter(|collection| collection.view.is_some()),
        aggregate.collation.is_some(),
        &context,
    )?;
    let stages: Vec<&RawDocument> = aggregate.pipeline.iter().map(|stage| &**stage).collect();
    let pipeline = Pipeline::parse(&stages, &context)?;
    execution.allow_disk_use = aggregate.allow_disk_use;
    let Some(namespace) = namespace else {
        if pipeline.source().is_none() {
            return refuse(
                Code::INVALID_NAMESPACE,
                "{aggregate: 1} is not valid for a pipeline that does not start with a stage of its own source",
            );
        }
        return Ok(pipeline.open(values(Vec::new()), &context));
    };
    if matches!(pipeline.source(), Some(Source::Documents(_))) {
        return refuse(Code::INVALID_NAMESPACE, "'$documents' can only be run with {aggregate: 1}");
    }
    let context = Arc::new(context);
    let resolved = resolve(store, &mut execution.reader, &namespace, &context)?;
    let whole = match &resolved.pipeline {
        Some(view) => pipeline.after(view, &context)?,
        None => pipeline,
    };
    on_collection(store, resolved.collection.as_ref(), &whole, aggregate.hint.as_ref(), &context, execution)
}

/// Opens a pipeline on a collection: what its first stages ask is planned, the others run on what the plan finds.
pub(crate) fn on_collection(
    store: &Arc<Store>,
    collection: Option<&Arc<Collection>>,
    pipeline: &Pipeline,
    hint: Option<&Hint>,
    context: &Arc<Context>,
    execution: &mut Execution<'_>,
) -> Result<Box<dyn Rows>> {
    match pipeline.source() {
        Some(Source::GeoNear(near)) => return on_places(store, collection, pipeline, near, context, execution),
        Some(_) => return Ok(pipeline.open(values(Vec::new()), context)),
        None => {}
    }
    let (query, done) = query(pipeline, hint, context)?;
    let chosen = choose(collection, &query, store, execution)?;
    let scene = Scene { store: Arc::clone(store), collection: collection.cloned(), context: Arc::clone(context) };
    let exec = exec::open(&chosen.plan, &scene, execution.allow_disk_use);
    Ok(pipeline.open_after(done, Box::new(PlanRows { exec }), context))
}

/// Opens a pipeline that starts with `$geoNear`.
fn on_places(
    store: &Arc<Store>,
    collection: Option<&Arc<Collection>>,
    pipeline: &Pipeline,
    near: &GeoNear,
    context: &Arc<Context>,
    execution: &Execution<'_>,
) -> Result<Box<dyn Rows>> {
    let Some(collection) = collection else { return Ok(pipeline.open(values(Vec::new()), context)) };
    let query = Query::new(near.query.clone(), Arc::clone(context));
    let plan = geo_near(collection, &query, near.key.as_ref(), &near.near)?;
    let scene =
        Scene { store: Arc::clone(store), collection: Some(Arc::clone(collection)), context: Arc::clone(context) };
    let exec = exec::open(&plan, &scene, execution.allow_disk_use);
    Ok(pipeline.open(Box::new(PlanRows { exec }), context))
}

/// What the planner is asked for a pipeline, and how many stages that stands for.
pub(crate) fn query(pipeline: &Pipeline, hint: Option<&Hint>, context: &Arc<Context>) -> Result<(Query, usize)> {
    let leading = pipeline.leading();
    let filter = match leading.filter {
        Some(filter) => filter.clone(),
        None => Filter::parse(empty(), context)?,
    };
    let mut query = Query::new(filter, Arc::clone(context));
    query.hint = hint.cloned();
    query.sort = leading.sort.cloned();
    // A limit says how many documents are wanted, but is counted by its stage.
    if leading.sort.is_some() || leading.after_limit > leading.after_filter {
        query.limit = leading.limit.map(|limit| limit.saturating_add(leading.skip));
    }
    Ok((query, leading.after_sort))
}

/// The plan of a pipeline's first stages, for `explain`.
pub(crate) fn plan(
    store: &Arc<Store>,
    collection: Option<&Arc<Collection>>,
    pipeline: &Pipeline,
    hint: Option<&Hint>,
    context: &Arc<Context>,
    execution: &mut Execution<'_>,
) -> Result<(Query, Chosen)> {
    let (query, _) = query(pipeline, hint, context)?;
    let chosen = choose(collection, &query, store, execution)?;
    Ok((query, chosen))
}
