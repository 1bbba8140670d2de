//! `find`.

use std::sync::Arc;

use bson::RawDocumentBuf;

use crate::{
    aggregation::{Pipeline, Row, Rows},
    catalog::Collection,
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    exec::{self, Exec, PlanRows, Scene},
    execution::Execution,
    filter::Filter,
    index::RecordId,
    model::{Find, Hint, Namespace, Tailable},
    ops::{self, view::resolve},
    plan::{Chosen, Plan, Query, choose},
    projection::Projection,
    sort::{SortPattern, natural},
    store::Store,
    value::{Doc, DocumentBuilder},
};

/// A `find` that has been parsed, and the plan for it.
pub(crate) struct Prepared {
    pub(crate) query: Query,
    pub(crate) chosen: Chosen,
    pub(crate) scene: Scene,
    projection: Option<Projection>,
}

/// Opens the rows of a `find`.
pub(crate) fn open(
    store: &Arc<Store>,
    namespace: &Namespace,
    find: &Find,
    execution: &mut Execution<'_>,
) -> Result<Box<dyn Rows>> {
    let named = store.collection(&mut execution.reader, namespace)?;
    if named.as_ref().is_some_and(|collection| collection.view.is_some()) {
        return on_view(store, namespace, named.as_deref(), find, execution);
    }
    let prepared = prepare(store, named, find, execution)?;
    execution.wants_keys =
        find.return_key || prepared.projection.as_ref().is_some_and(|projection| projection.needs_metadata("indexKey"));
    let exec = exec::open(&prepared.chosen.plan, &prepared.scene, find.allow_disk_use);
    Ok(rows(exec, prepared, find))
}

/// Opens the rows of a `find` on a capped collection that come after a record.
pub(crate) fn open_after(
    store: &Arc<Store>,
    namespace: &Namespace,
    find: &Find,
    last: Option<u64>,
    execution: &mut Execution<'_>,
) -> Result<Box<dyn Rows>> {
    let collection = store.collection(&mut execution.reader, namespace)?;
    let mut prepared = prepare(store, collection, find, execution)?;
    prepared.chosen.plan = Plan::CollScan {
        reverse: false,
        from: last.map(|last| RecordId::of_number(last.saturating_add(1))),
        to: None,
        filter: prepared.query.filter.clone(),
    };
    let exec = exec::open(&prepared.chosen.plan, &prepared.scene, find.allow_disk_use);
    Ok(rows(exec, prepared, find))
}

fn rows(exec: Box<dyn Exec>, prepared: Prepared, find: &Find) -> Box<dyn Rows> {
    Box::new(Found {
        input: PlanRows { exec },
        skip: find.skip,
        left: if find.limit == 0 { u64::MAX } else { find.limit },
        projection: prepared.projection,
        filter: prepared.query.filter,
        sort: prepared.query.sort,
        return_key: find.return_key,
        show_record_id: find.show_record_id,
        context: prepared.query.context,
    })
}

/// Parses a `find` on a collection, which need not exist, and plans it.
pub(crate) fn prepare(
    store: &Arc<Store>,
    collection: Option<Arc<Collection>>,
    find: &Find,
    execution: &mut Execution<'_>,
) -> Result<Prepared> {
    let context = ops::context(store, collection.as_deref(), find.collation.as_deref(), find.variables.as_deref())?
        .until(execution.deadline.as_ref());
    let filter = Filter::parse(&find.filter, &context)?;
    let projection = find
        .projection
        .as_ref()
        .filter(|projection| !projection.is_empty())
        .map(|projection| Projection::parse_find(projection, &context))
        .transpose()?;
    if projection.as_ref().is_some_and(|projection| projection.needs_metadata("textScore")) && !filter.has_text() {
        return refuse(Code(40218), "query requires text score metadata, but it is not available");
    }
    if find.tailable != Tailable::No && collection.as_ref().is_some_and(|collection| collection.capped.is_none()) {
        return refuse(Code::BAD_VALUE, "error processing query: tailable cursor requested on non capped collection");
    }
    let sort = find.sort.as_ref().filter(|sort| !sort.is_empty());
    let natural = sort.map(|sort| natural(sort)).transpose()?.flatten();
    if find.tailable != Tailable::No && sort.is_some() && natural != Some(false) {
        return refuse(Code::BAD_VALUE, "cannot use tailable option with a sort other than {$natural: 1}");
    }
    let sort = match sort {
        Some(sort) if natural.is_none() => Some(Arc::new(SortPattern::parse(sort, &context)?)),
        _ => None,
    };
    if matches!(&find.hint, Some(Hint::Keys(keys)) if keys.is_empty()) {
        return refuse(Code::FAILED_TO_PARSE, "hint must not be an empty object");
    }
    let covered =
        projection.as_ref().filter(|_| !find.show_record_id && !find.return_key).and_then(Projection::covered_by);
    let context = Arc::new(context);
    let limit = (find.limit > 0).then(|| find.limit.saturating_add(find.skip));
    let query = Query {
        sort,
        natural,
        limit,
        covered,
        hint: find.hint.clone(),
        min: find.min.clone().filter(|min| !min.is_empty()),
        max: find.max.clone().filter(|max| !max.is_empty()),
        allow_disk_use: find.allow_disk_use,
        ..Query::new(filter, Arc::clone(&context))
    };
    let chosen = choose(collection.as_ref(), &query, store, execution)?;
    let scene = Scene { store: Arc::clone(store), collection, context };
    Ok(Prepared { query, chosen, scene, projection })
}

/// On a view a `find` is a pipeline.
fn on_view(
    store: &Arc<Store>,
    namespace: &Namespace,
    view: Option<&Collection>,
    find: &Find,
    execution: &mut Execution<'_>,
) -> Result<Box<dyn Rows>> {
    let context = ops::context(store, view, find.collation.as_deref(), find.variables.as_deref())?
        .until(execution.deadline.as_ref());
    check_collation(view, find.collation.is_some(), &context)?;
    let stages = stages(find)?;
    let stages: Vec<&bson::RawDocument> = stages.iter().map(|stage| &**stage).collect();
    let pipeline = Pipeline::parse(&stages, &context)?;
    let resolved = resolve(store, &mut execution.reader, namespace, &context)?;
    let whole = match &resolved.pipeline {
        Some(view) => pipeline.after(view, &context)?,
        None => pipeline,
    };
    ops::aggregate::on_collection(store, resolved.collection.as_ref(), &whole, None, &Arc::new(context), execution)
}

/// The pipeline that a `find` on a view is.
pub(crate) fn stages(find: &Find) -> Result<Vec<RawDocumentBuf>> {
    if find.min.is_some()
        || find.max.is_some()
        || find.return_key
        || find.show_record_id
        || find.tailable != Tailable::No
    {
        return refuse(Code::INVALID_PIPELINE_OPERATOR, "Option not supported in aggregation.");
    }
    let mut stages = Vec::new();
    let mut push = |name: &str, value: bson::RawBsonRef<'_>| {
        let mut stage = DocumentBuilder::new();
        stage.append(name, value);
        stages.push(stage.finish());
    };
    let document = |document| bson::RawBsonRef::Document(document);
    if !find.filter.is_empty() {
        push("$match", document(&find.filter));
    }
    if let Some(sort) = find.sort.as_ref().filter(|sort| !sort.is_empty()) {
        push("$sort", document(sort));
    }
    if find.skip > 0 {
        push("$skip", bson::RawBsonRef::Int64(find.skip.cast_signed()));
    }
    if find.limit > 0 {
        push("$limit", bson::RawBsonRef::Int64(find.limit.cast_signed()));
    }
    if let Some(projection) = find.projection.as_ref().filter(|projection| !projection.is_empty()) {
        push("$project", document(projection));
    }
    Ok(stages)
}

/// A view has one collation; an operation on it may not have another.
pub(crate) fn check_collation(view: Option<&Collection>, given: bool, context: &Context) -> Result<()> {
    match view {
        Some(view) if given && view.collation.as_deref() != context.collation.as_deref() => {
            refuse(Code::OPTION_NOT_SUPPORTED_ON_VIEW, "Cannot override a view's default collation")
        }
        _ => Ok(()),
    }
}

/// Documents as a `find` yields them.
struct Found {
    input: PlanRows,
    skip: u64,
    left: u64,
    projection: Option<Projection>,
    filter: Filter,
    sort: Option<Arc<SortPattern>>,
    return_key: bool,
    show_record_id: bool,
    context: Arc<Context>,
}

impl Rows for Found {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        while self.skip > 0 {
            if self.input.next(execution)?.is_none() {
                self.skip = 0;
                return Ok(None);
            }
            self.skip -= 1;
        }
        if self.left == 0 {
            return Ok(None);
        }
        let Some(mut row) = self.input.next(execution)? else { return Ok(None) };
        self.left -= 1;
        if self.return_key {
            // The key and nothing else, whatever else was asked for.
            row.doc = row.metadata.index_key.take().unwrap_or_default().into();
        } else {
            row.doc = self.project(row.doc, &mut row.metadata)?;
        }
        Ok(Some(row))
    }
}

impl Found {
    fn project(&self, doc: Doc, metadata: &mut Metadata) -> Result<Doc> {
        let doc = match &self.projection {
            None => doc,
            Some(projection) => {
                if let Some(sort) = self.sort.as_ref().filter(|_| projection.needs_metadata("sortKey")) {
                    metadata.sort_key = Some(sort.key(&doc, metadata)?.to_array());
                }
                let position =
                    if projection.needs_position() { self.filter.position(&doc, &self.context)? } else { None };
                projection.apply(&doc, metadata, position, &self.context)?.into()
            }
        };
        let Some(record) = metadata.record_id.as_ref().filter(|_| self.show_record_id) else { return Ok(doc) };
        let mut shown = DocumentBuilder::new();
        shown.append_all(&doc);
        shown.append_owned("$recordId", record);
        Ok(shown.finish().into())
    }
}
