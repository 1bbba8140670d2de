//! Plans as `explain` shows them.
//!
//! Source: <https://www.mongodb.com/docs/manual/reference/explain-results/>.

use bson::{RawBson, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    catalog::Collection,
    error::Result,
    exec::{Done, Exec},
    filter::Node,
    index::FieldKind,
    plan::{IndexScan, Plan, Query, residual::residual},
    sort::MEMORY_BYTES,
    value::{ArrayBuilder, DocumentBuilder},
};

/// A stage, with what it has done if it ran.
pub(crate) struct Stage {
    name: &'static str,
    filter: Option<RawDocumentBuf>,
    /// What it is.
    own: DocumentBuilder,
    pub(crate) done: Done,
    /// What it alone counts.
    counted: DocumentBuilder,
    inputs: Vec<Stage>,
}

impl Stage {
    pub(crate) fn new(name: &'static str) -> Stage {
        let (own, counted) = (DocumentBuilder::new(), DocumentBuilder::new());
        Stage { name, filter: None, own, done: Done::default(), counted, inputs: Vec::new() }
    }

    /// A stage over another one, that yields as many things as `found` says.
    pub(crate) fn over(name: &'static str, input: Stage, found: u64) -> Stage {
        let done = Done { works: input.done.works, found, eof: input.done.eof, ..Done::default() };
        Stage { inputs: vec![input], done, ..Stage::new(name) }
    }

    /// The stage with a field more.
    pub(crate) fn with<'a>(mut self, name: &str, value: impl Into<RawBsonRef<'a>>) -> Stage {
        self.own.append(name, value);
        self
    }

    /// The stage with a field more of what it has done.
    pub(crate) fn counting(mut self, name: &str, value: u64) -> Stage {
        self.counted.append(name, count(value));
        self
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The stage with another one put between it and the one underneath.
    pub(crate) fn map_input(mut self, between: impl Fn(Stage) -> Stage) -> Stage {
        self.inputs = self.inputs.into_iter().map(between).collect();
        self
    }

    /// The stages of a plan, from the running ones if it runs.
    pub(crate) fn of(
        plan: &Plan,
        exec: Option<&dyn Exec>,
        query: &Query,
        collection: Option<&Collection>,
    ) -> Result<Stage> {
        let below = exec.map(Exec::inputs).unwrap_or_default();
        let input = |at: usize, plan: &Plan| Stage::of(plan, below.get(at).copied(), query, collection);
        let inputs =
            |plans: &[Plan]| plans.iter().enumerate().map(|(at, plan)| input(at, plan)).collect::<Result<Vec<_>>>();
        let mut stage = match plan {
            Plan::Eof => Stage::new("EOF"),
            Plan::CollScan { reverse, from, to, filter } => {
                let clustered = from.is_some() || to.is_some();
                let mut stage = Stage::new(if clustered { "CLUSTERED_IXSCAN" } else { "COLLSCAN" });
                stage.filter = Some(filter.to_bson()).filter(|filter| !filter.is_empty());
                stage.own.append("direction", direction(*reverse));
                for (name, record) in [("minRecord", from), ("maxRecord", to)] {
                    if let Some(record) = record {
                        stage.own.append(name, &*format!("{record:?}"));
                    }
                }
                stage
            }
            Plan::IdLookup { .. } => express(collection),
            Plan::IxScan(scan) => {
                let mut stage = Stage::new("IXSCAN");
                index_scan(&mut stage.own, scan);
                stage
            }
            Plan::Covered { scan, filter, .. } => {
                let mut stage = Stage::new("IXSCAN");
                stage.filter = residual(scan, filter, &query.context);
                index_scan(&mut stage.own, scan);
                stage
            }
            Plan::Fetch { input: below, filter } => {
                let mut stage = Stage::new("FETCH");
                stage.filter = match (&**below, filter) {
                    (Plan::IxScan(scan), Some(filter)) => residual(scan, filter, &query.context),
                    // Each alternative is answered on its own.
                    (Plan::Or { .. }, _) if matches!(query.filter.root(), Node::Or(_)) => None,
                    (_, filter) => {
                        filter.as_ref().map(crate::filter::Filter::to_bson).filter(|filter| !filter.is_empty())
                    }
                };
                stage.inputs.push(input(0, below)?);
                stage
            }
            Plan::Or { inputs: plans } => Stage { inputs: inputs(plans)?, ..Stage::new("OR") },
            Plan::Sort { input: below, pattern, limit } => {
                let mut stage = Stage::new("SORT");
                stage.own.append("sortPattern", RawBsonRef::Document(&pattern.to_document()));
                stage.own.append("memLimit", count(MEMORY_BYTES as u64));
                if let Some(limit) = limit {
                    stage.own.append("limitAmount", count(*limit));
                }
                let simple = !matches!(**below, Plan::Covered { .. }) && pattern.index_pattern().is_some();
                stage.own.append("type", if simple { "simple" } else { "default" });
                stage.inputs.push(input(0, below)?);
                stage
            }
            Plan::SortMerge { inputs: plans, pattern } => {
                let mut stage = Stage::new("SORT_MERGE");
                stage.own.append("sortPattern", RawBsonRef::Document(&pattern.to_document()));
                stage.inputs = inputs(plans)?;
                stage
            }
            Plan::Special(special) => {
                let mut stage = Stage::new(special.stage());
                stage.own.append("keyPattern", RawBsonRef::Document(&special.index().key_pattern));
                stage.own.append("indexName", &*special.index().name);
                stage.own.append("indexVersion", RawBsonRef::Int32(2));
                stage
            }
        };
        if let Some(exec) = exec {
            stage.done = *exec.done();
            exec.explain(&mut stage.counted);
        }
        Ok(stage)
    }

    /// How many keys were examined, and how many documents.
    pub(crate) fn examined(&self) -> (u64, u64) {
        let own = (self.done.keys_examined, self.done.docs_examined);
        self.inputs.iter().map(Stage::examined).fold(own, |(keys, docs), (more, others)| (keys + more, docs + others))
    }

    /// As it is shown, with what it has done if `ran`. `cached` is for the topmost stage.
    pub(crate) fn show(&self, ran: bool, cached: Option<bool>) -> RawDocumentBuf {
        let mut out = DocumentBuilder::new();
        if let Some(cached) = cached {
            out.append("isCached", cached);
        }
        out.append("stage", self.name);
        if let Some(filter) = &self.filter {
            out.append("filter", RawBsonRef::Document(filter));
        }
        if ran {
            let needed = self.done.works.saturating_sub(self.done.found).saturating_sub(u64::from(self.done.eof));
            out.append("nReturned", count(self.done.found));
            out.append("executionTimeMillisEstimate", RawBsonRef::Int32(0));
            out.append("works", count(self.done.works));
            out.append("advanced", count(self.done.found));
            out.append("needTime", count(needed));
            for name in ["needYield", "saveState", "restoreState"] {
                out.append(name, RawBsonRef::Int32(0));
            }
            out.append("isEOF", RawBsonRef::Int32(i32::from(self.done.eof)));
        }
        out.append_all(&self.own.clone().finish());
        if ran {
            out.append_all(&self.counted.clone().finish());
        }
        match &*self.inputs {
            [] => {}
            [input] if !matches!(self.name, "OR" | "SORT_MERGE") => {
                out.append("inputStage", RawBsonRef::Document(&input.show(ran, None)));
            }
            inputs => {
                let mut array = ArrayBuilder::new();
                inputs.iter().for_each(|input| array.push(RawBsonRef::Document(&input.show(ran, None))));
                out.append("inputStages", &*array.finish());
            }
        }
        out.finish()
    }
}

/// A number as small as it can be shown.
pub(crate) fn count(value: u64) -> RawBsonRef<'static> {
    match i32::try_from(value) {
        Ok(value) => RawBsonRef::Int32(value),
        Err(_) => RawBsonRef::Int64(i64::try_from(value).unwrap_or(i64::MAX)),
    }
}

fn direction(reverse: bool) -> &'static str {
    if reverse { "backward" } else { "forward" }
}

fn express(collection: Option<&Collection>) -> Stage {
    match collection {
        Some(collection) if collection.clustered => Stage::new("EXPRESS_CLUSTERED_IXSCAN"),
        _ => Stage::new("EXPRESS_IXSCAN").with("keyPattern", "{ _id: 1 }").with("indexName", "_id_"),
    }
}

fn index_scan(out: &mut DocumentBuilder, scan: &IndexScan) {
    index_facts(out, scan);
    out.append("direction", direction(scan.reverse));
    out.append("indexBounds", RawBsonRef::Document(&bounds(scan)));
}

/// What an index is.
fn index_facts(out: &mut DocumentBuilder, scan: &IndexScan) {
    let index = &scan.index;
    let mut pattern = DocumentBuilder::new();
    let mut multikey_paths = DocumentBuilder::new();
    let names = names(scan);
    for (name, value) in names.iter().zip(values(scan)) {
        pattern.append(name, value.as_raw_bson_ref());
    }
    let pattern = pattern.finish();
    for name in &names {
        let at = index.fields.iter().position(|field| field.path.as_str() == name);
        let multikey = match at {
            Some(at) => index.row.multikey.get(at).copied().unwrap_or(false),
            None => name != "$_path" && scan.wildcard_path.is_some() && index.is_multikey(),
        };
        let mut paths = ArrayBuilder::new();
        if multikey {
            paths.push(name.split('.').next().unwrap_or_default());
        }
        multikey_paths.append(name, &*paths.finish());
    }
    out.append("keyPattern", RawBsonRef::Document(&pattern));
    out.append("indexName", &*index.name);
    if let Some(collation) = &index.collation {
        out.append("collation", RawBsonRef::Document(&collation.document()));
    }
    out.append("isMultiKey", index.is_multikey());
    out.append("multiKeyPaths", RawBsonRef::Document(&multikey_paths.finish()));
    out.append("isUnique", index.unique && !index.is_id() || index.is_id());
    out.append("isSparse", index.sparse);
    out.append("isPartial", index.partial.is_some());
    out.append("indexVersion", RawBsonRef::Int32(2));
}

/// The names of an index's fields as plans show them: a wildcard is the path that is scanned, behind the path's own key.
fn names(scan: &IndexScan) -> Vec<String> {
    let mut names = Vec::new();
    for (field, name) in
        scan.index.fields.iter().zip(crate::value::fields(&scan.index.key_pattern).map(|(name, _)| name))
    {
        match (field.kind, &scan.wildcard_path) {
            (FieldKind::Wildcard { .. }, Some(path)) => {
                names.push("$_path".to_owned());
                names.push(path.to_string());
            }
            _ => names.push(name.to_owned()),
        }
    }
    names
}

fn values(scan: &IndexScan) -> Vec<RawBson> {
    let mut values = Vec::new();
    for (field, (_, value)) in scan.index.fields.iter().zip(crate::value::fields(&scan.index.key_pattern)) {
        if matches!((field.kind, &scan.wildcard_path), (FieldKind::Wildcard { .. }, Some(_))) {
            values.push(RawBson::Int32(1));
        }
        values.push(value.into());
    }
    values
}

/// The bounds of a scan, field by field in the direction that it goes.
fn bounds(scan: &IndexScan) -> RawDocumentBuf {
    let mut out = DocumentBuilder::new();
    let mut names = names(scan).into_iter();
    for (field, bounds) in scan.index.fields.iter().zip(&scan.bounds) {
        let wildcard = matches!(field.kind, FieldKind::Wildcard { .. });
        if let (true, Some(path)) = (wildcard, &scan.wildcard_path) {
            let mut shown = ArrayBuilder::new();
            shown.push(&*format!("[{0:?}, {0:?}]", path.as_str()));
            out.append(&names.next().unwrap_or_default(), &*shown.finish());
        }
        let descending = matches!(field.kind, FieldKind::Descending | FieldKind::Wildcard { descending: true });
        let mut shown: Vec<String> =
            bounds.0.iter().map(|interval| interval.text(descending != scan.reverse)).collect();
        if descending != scan.reverse {
            shown.reverse();
        }
        let mut array = ArrayBuilder::new();
        shown.iter().for_each(|text| array.push(&**text));
        out.append(&names.next().unwrap_or_default(), &*array.finish());
    }
    out.finish()
}

/// The start and the end of a scan that is one range, as `COUNT_SCAN` shows them.
pub(crate) fn count_scan(scan: &IndexScan, done: Done) -> Stage {
    let mut stage = Stage { done, ..Stage::new("COUNT_SCAN") };
    index_facts(&mut stage.own, scan);
    stage.own.append("indexBounds", RawBsonRef::Document(&bounds(scan)));
    // The key after the last one is looked at too.
    stage.done.keys_examined += 1;
    stage.counting("keysExamined", done.keys_examined + 1)
}

/// What a projection is called.
pub(crate) fn projection_stage(projection: &RawDocument) -> &'static str {
    let simple = crate::value::fields(projection).all(|(name, value)| {
        !name.contains('.') && (value.as_bool().is_some() || crate::value::Number::of(value).is_some())
    });
    if simple { "PROJECTION_SIMPLE" } else { "PROJECTION_DEFAULT" }
}
