//! `aggregate`, explained: the plan of its first stages, and the others as they are.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};
use parking_lot::Mutex;

use crate::{
    aggregation::{Pipeline, Row, Rows},
    error::{Code, Result, refuse},
    exec::{self, Exec},
    execution::{Execution, Reader},
    model::{Aggregate, Namespace, Verbosity},
    ops::{
        self,
        explain::{Question, command, read::over_find, scene},
        surroundings::Surroundings,
        view::resolve,
    },
    plan::{
        Plan,
        explain::{Stage, count as number},
    },
    store::Store,
    value::{ArrayBuilder, DocumentBuilder, fields},
};

/// Explains an `aggregate`, on a view that of the collection behind it.
pub(crate) fn aggregate(
    store: &Arc<Store>,
    reader: &mut Reader<'_>,
    database: &str,
    collection: Option<&str>,
    aggregate: &Aggregate,
    verbosity: Verbosity,
) -> Result<RawDocumentBuf> {
    let surroundings = Surroundings {
        store: Arc::clone(store),
        database: database.into(),
        collection: collection.map(Into::into),
        bypass_document_validation: false,
    };
    let mut execution = ops::execution(reader, &surroundings, ops::deadline(store, aggregate.max_time));
    execution.allow_disk_use = aggregate.allow_disk_use;
    let namespace = collection.map(|collection| Namespace::new(database, collection)).transpose()?;
    let named = match &namespace {
        Some(namespace) => store.collection(&mut execution.reader, namespace)?,
        None => None,
    };
    let context =
        ops::context(store, named.as_deref(), aggregate.collation.as_deref(), aggregate.variables.as_deref())?;
    let stages: Vec<&RawDocument> = aggregate.pipeline.iter().map(|stage| &**stage).collect();
    let pipeline = Pipeline::parse(&stages, &context)?;
    if verbosity != Verbosity::QueryPlanner && pipeline.output().is_some() {
        return refuse(Code(51029), "a pipeline that writes can be explained with 'queryPlanner' only");
    }
    let (Some(namespace), None) = (namespace, pipeline.source()) else {
        return Ok(only_stages(&stages));
    };
    let context = Arc::new(context);
    let resolved = resolve(store, &mut execution.reader, &namespace, &context)?;
    let whole = match &resolved.pipeline {
        Some(view) => pipeline.after(view, &context)?,
        None => pipeline,
    };
    let (query, chosen) = ops::aggregate::plan(
        store,
        resolved.collection.as_ref(),
        &whole,
        aggregate.hint.as_ref(),
        &context,
        &mut execution,
    )?;
    let scene = scene(store, resolved.collection.clone(), &query);
    let leading = whole.leading();
    let (skip, limit) = (leading.skip, leading.limit.unwrap_or(0));
    let rest = rest(whole.written());
    let on_top = |stage, plan: &Plan| Ok(over_find(stage, plan, &query, rest.projection, skip, limit));
    let question = Question {
        namespace: &resolved.namespace,
        query: &query,
        chosen: &chosen,
        scene: &scene,
        enough: leading.limit.map_or(u64::MAX, |limit| limit.saturating_add(skip)),
        on_top: &on_top,
    };
    let shown = command("aggregate", &namespace, &[]);
    if rest.stages.is_empty() {
        return question.answer(&shown, verbosity, &mut execution, |_| Ok(()));
    }
    let ran = if verbosity == Verbosity::QueryPlanner {
        None
    } else {
        Some(run(&question, &whole, leading.after_sort, &mut execution)?)
    };
    let mut cursor = DocumentBuilder::new();
    cursor.append("queryPlanner", RawBsonRef::Document(&question.planner()?));
    if let Some(ran) = &ran {
        let statistics = question.statistics(&ran.stage, ran.millis, verbosity, &mut execution)?;
        cursor.append("executionStats", RawBsonRef::Document(&statistics));
    }
    let mut first = DocumentBuilder::new();
    first.append("$cursor", RawBsonRef::Document(&cursor.finish()));
    let mut all = ArrayBuilder::new();
    all.push(RawBsonRef::Document(&counted(first, ran.as_ref().map(|ran| ran.stage.done.found))));
    for (at, stage) in rest.stages.iter().enumerate() {
        let mut shown = DocumentBuilder::new();
        shown.append_all(stage);
        // One stage may be run as several.
        let after =
            ran.as_ref().and_then(|ran| ran.counts.get(ran.counts.len().checked_sub(rest.stages.len())? + at).copied());
        all.push(RawBsonRef::Document(&counted(shown, after)));
    }
    let mut out = DocumentBuilder::new();
    out.append("explainVersion", "1");
    out.append("stages", &*all.finish());
    out.append("command", RawBsonRef::Document(&shown));
    Ok(out.finish())
}

fn counted(mut stage: DocumentBuilder, found: Option<u64>) -> RawDocumentBuf {
    if let Some(found) = found {
        stage.append("nReturned", number(found));
        stage.append("executionTimeMillisEstimate", RawBsonRef::Int32(0));
    }
    stage.finish()
}

/// A pipeline that brings its own documents has no plan.
fn only_stages(stages: &[&RawDocument]) -> RawDocumentBuf {
    let mut all = ArrayBuilder::new();
    stages.iter().for_each(|stage| all.push(RawBsonRef::Document(stage)));
    let mut out = DocumentBuilder::new();
    out.append("explainVersion", "1");
    out.append("stages", &*all.finish());
    out.finish()
}

/// What of a pipeline is not in its plan.
struct Rest<'s> {
    /// The last stage, if it is a `$project` that the plan can do.
    projection: Option<&'s RawDocument>,
    stages: Vec<&'s RawDocument>,
}

fn rest(written: &[RawDocumentBuf]) -> Rest<'_> {
    let mut sorted = false;
    let mut at = 0;
    let name =
        |at: usize| written.get(at).and_then(|stage: &RawDocumentBuf| fields(stage).next()).map(|(name, _)| name);
    while match name(at) {
        Some("$match") => true,
        Some("$sort") => !std::mem::replace(&mut sorted, true),
        _ => false,
    } {
        at += 1;
    }
    while matches!(name(at), Some("$skip" | "$limit")) {
        at += 1;
    }
    let left: Vec<&RawDocument> = written.iter().skip(at).map(|stage| &**stage).collect();
    let only = match &*left {
        [only] => {
            fields(only).next().filter(|(name, _)| *name == "$project").and_then(|(_, value)| value.as_document())
        }
        _ => None,
    };
    match only {
        Some(projection) => Rest { projection: Some(projection), stages: Vec::new() },
        None => Rest { projection: None, stages: left },
    }
}

/// What running a pipeline has shown.
struct Ran {
    stage: Stage,
    millis: u64,
    /// How many documents came out of each stage after the plan's.
    counts: Vec<u64>,
}

fn run(question: &Question<'_>, pipeline: &Pipeline, done: usize, execution: &mut Execution<'_>) -> Result<Ran> {
    let clock = question.scene.store.engine.clock().clone();
    let began = clock.now();
    let exec = exec::open(&question.chosen.plan, question.scene, question.query.allow_disk_use);
    let exec = Arc::new(Mutex::new(exec));
    let mut counts: Vec<Arc<AtomicU64>> = Vec::new();
    let input = Box::new(Watched(Arc::clone(&exec)));
    let mut rows = pipeline.open_watched(done, input, &question.query.context, |rows| {
        let count = Arc::new(AtomicU64::new(0));
        counts.push(Arc::clone(&count));
        Box::new(Counted { rows, count })
    });
    while rows.next(execution)?.is_some() {}
    drop(rows);
    let exec = exec.lock();
    let stage = question.stages(&question.chosen.plan, Some(&**exec))?;
    let millis = clock.now().as_millis().saturating_sub(began.as_millis());
    Ok(Ran { stage, millis, counts: counts.iter().map(|count| count.load(Ordering::Relaxed)).collect() })
}

/// The documents of a plan that is looked at afterwards.
struct Watched(Arc<Mutex<Box<dyn Exec>>>);

impl Rows for Watched {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        let mut exec = self.0.lock();
        while let Some(member) = exec::next(&mut **exec, execution)? {
            if let Some(row) = exec::row(member) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

struct Counted {
    rows: Box<dyn Rows>,
    count: Arc<AtomicU64>,
}

impl Rows for Counted {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        let row = self.rows.next(execution)?;
        self.count.fetch_add(u64::from(row.is_some()), Ordering::Relaxed);
        Ok(row)
    }
}
