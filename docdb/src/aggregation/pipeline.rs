//! A parsed pipeline.

use std::sync::Arc;

use bson::{RawArray, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::{
    aggregation::{
        Output, Rows, Source, rows,
        stage::{self, Kind, Place, Stage, View, match_stage::Match, sort::Sort},
    },
    context::Context,
    error::{Code, Result, refuse},
    filter::Filter,
    sort::SortPattern,
    value::{fields, items},
};

/// The most stages of a pipeline.
///
/// Source: <https://www.mongodb.com/docs/manual/core/aggregation-pipeline-limits/>.
const MAX_STAGES: usize = 1000;

/// How deep pipelines may be nested within each other.
const MAX_NESTED: usize = 20;

/// Stages, parsed once and opened as often as the pipeline runs.
#[derive(Debug)]
pub(crate) struct Pipeline {
    stages: Vec<Arc<dyn Stage>>,
    /// The stages as they are written, for `explain`. Filters may have been moved and joined since.
    written: Vec<RawDocumentBuf>,
    /// Whether its documents go to a caller, and so may not be larger than documents may be. Between stages they may.
    is_command: bool,
}

/// Where a pipeline is parsed: what its stages may be, and the variables that they may use.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s> {
    pub(crate) context: &'s Context,
    pub(crate) within: Within,
    depth: usize,
}

/// What a pipeline is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    /// A command, or a view.
    Nothing,
    Facet,
    Lookup,
    UnionWith,
}

/// What a planner may answer instead of the stages that say it, in this order. What it does not answer it leaves to the
/// stages, by opening the pipeline after what it did answer.
#[derive(Debug, Default)]
pub(crate) struct Leading<'p> {
    pub(crate) filter: Option<&'p Filter>,
    /// How many stages the filter stands for.
    pub(crate) after_filter: usize,
    /// Only where the planner answers the filter.
    pub(crate) sort: Option<&'p Arc<SortPattern>>,
    pub(crate) after_sort: usize,
    /// Only where the planner answers the sort, if there is one. The limit counts what is skipped not.
    pub(crate) skip: u64,
    pub(crate) limit: Option<u64>,
    pub(crate) after_limit: usize,
}

impl<'s> Scope<'s> {
    pub(crate) fn new(context: &'s Context) -> Scope<'s> {
        Scope { context, within: Within::Nothing, depth: 0 }
    }

    /// The scope of a pipeline within this one, with perhaps other variables.
    ///
    /// # Errors
    /// 232 for too deep a nesting.
    pub(super) fn inner<'i>(&self, within: Within, context: &'i Context) -> Result<Scope<'i>> {
        if self.depth >= MAX_NESTED {
            return refuse(
                Code(232),
                format!("Maximum number of nested sub-pipelines exceeded. Limit is {MAX_NESTED}"),
            );
        }
        Ok(Scope { context, within, depth: self.depth + 1 })
    }
}

impl Pipeline {
    /// Parses the pipeline of a command or a view. The variables of the context are known by name; their values are read
    /// when the pipeline is opened.
    ///
    /// # Errors
    /// 40323, 40324, 40601, 40602, 7749501, and what the stages refuse.
    pub(crate) fn parse(stages: &[&RawDocument], context: &Context) -> Result<Pipeline> {
        Self::parse_within(stages, &Scope::new(context))
    }

    pub(crate) fn parse_within(stages: &[&RawDocument], scope: &Scope<'_>) -> Result<Pipeline> {
        if stages.len() > MAX_STAGES {
            return refuse(Code(7_749_501), format!("Pipeline length must be no longer than {MAX_STAGES} stages."));
        }
        let mut parsed = Vec::new();
        let mut kinds = Vec::new();
        for document in stages {
            let mut all = fields(document);
            let (Some((name, value)), None) = (all.next(), all.next()) else {
                return refuse(Code(40323), "A pipeline stage specification object must contain exactly one field.");
            };
            let kind = stage::find(name, scope.within)?;
            allowed(kind, scope.within)?;
            parsed.extend((kind.parse)(value, scope)?);
            kinds.push(kind);
        }
        let searches = |stage: &Arc<dyn Stage>| matches!(stage.view(), View::Match(filter) if filter.is_text());
        if parsed.iter().skip(1).any(searches) {
            return refuse(Code(17313), "$match with $text is only allowed as the first pipeline stage");
        }
        for (index, kind) in kinds.iter().enumerate() {
            kind.place.check(kind.name, index == 0, index + 1 == kinds.len())?;
        }
        let written = stages.iter().map(|stage| (*stage).to_owned()).collect();
        Ok(Pipeline { stages: optimized(parsed, scope.context)?, written, is_command: scope.depth == 0 })
    }

    /// Parses the pipeline of a stage, from the array that it is given as.
    pub(super) fn parse_array(array: &RawArray, scope: &Scope<'_>) -> Result<Pipeline> {
        let mut stages = Vec::new();
        for item in items(array) {
            let RawBsonRef::Document(stage) = item else {
                return refuse(Code::TYPE_MISMATCH, "Each element of the 'pipeline' array must be an object");
            };
            stages.push(stage);
        }
        Self::parse_within(&stages, scope)
    }

    /// A pipeline of stages that are parsed already.
    pub(super) fn of(stages: Vec<Arc<dyn Stage>>) -> Pipeline {
        Pipeline { stages, written: Vec::new(), is_command: false }
    }

    /// This pipeline with another stage before it.
    pub(super) fn behind(&self, first: Arc<dyn Stage>) -> Pipeline {
        Pipeline::of(std::iter::once(first).chain(self.stages.iter().cloned()).collect())
    }

    /// Whether it needs no collection.
    pub(super) fn brings_documents(&self) -> bool {
        matches!(self.source(), Some(Source::Documents(_)))
    }

    /// The pipeline that runs this one on the results of another: a pipeline on a view.
    ///
    /// # Errors
    /// Those of filters that are joined.
    pub(crate) fn after(&self, first: &Pipeline, context: &Context) -> Result<Pipeline> {
        let stages = first.stages.iter().chain(&self.stages).cloned().collect();
        let written = first.written.iter().chain(&self.written).cloned().collect();
        Ok(Pipeline { stages: optimized(stages, context)?, written, is_command: self.is_command })
    }

    /// The stages as they are written.
    pub(crate) fn written(&self) -> &[RawDocumentBuf] {
        &self.written
    }

    /// Runs the pipeline on documents.
    pub(crate) fn open(&self, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        self.open_after(0, input, context)
    }

    /// Runs the pipeline on documents that its first stages, `done` of them, were applied to already.
    pub(crate) fn open_after(&self, done: usize, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        let rows = self.stages.iter().skip(done).fold(input, |rows, stage| Arc::clone(stage).open(rows, context));
        if self.is_command && self.stages.len() > done { rows::bounded(rows) } else { rows }
    }

    /// As [`open_after`](Self::open_after), with each stage's rows shown to `watch`.
    pub(crate) fn open_watched(
        &self,
        done: usize,
        input: Box<dyn Rows>,
        context: &Context,
        mut watch: impl FnMut(Box<dyn Rows>) -> Box<dyn Rows>,
    ) -> Box<dyn Rows> {
        self.stages.iter().skip(done).fold(input, |rows, stage| watch(Arc::clone(stage).open(rows, context)))
    }

    /// What the pipeline reads instead of the collection that it runs on.
    pub(crate) fn source(&self) -> Option<&Source> {
        match self.stages.first()?.view() {
            View::Source(source) => Some(source),
            _ => None,
        }
    }

    /// The collection that the pipeline writes to.
    pub(crate) fn output(&self) -> Option<&Output> {
        match self.stages.last()?.view() {
            View::Output(output) => Some(output),
            _ => None,
        }
    }

    /// The filter of the first stage, if it is a `$match`.
    #[cfg(test)]
    pub(crate) fn leading_match(&self) -> Option<&Filter> {
        self.leading().filter
    }

    /// What a planner may answer.
    pub(crate) fn leading(&self) -> Leading<'_> {
        let mut leading = Leading::default();
        let mut done = 0;
        let view = |index: usize| self.stages.get(index).map_or(View::Other, |stage| stage.view());
        if let View::Match(Match { filter, .. }) = view(done) {
            leading.filter = Some(filter);
            done += 1;
        }
        leading.after_filter = done;
        if let View::Sort(Sort { pattern, .. }) = view(done) {
            leading.sort = Some(pattern);
            done += 1;
        }
        leading.after_sort = done;
        loop {
            match view(done) {
                View::Skip(skip) if leading.limit.is_none() => leading.skip = leading.skip.saturating_add(skip),
                View::Limit(limit) => leading.limit = Some(leading.limit.map_or(limit, |other| other.min(limit))),
                _ => break,
            }
            done += 1;
        }
        leading.after_limit = done;
        leading
    }
}

fn allowed(kind: &Kind, within: Within) -> Result<()> {
    let name = kind.name;
    match within {
        Within::Facet if !kind.in_facet => {
            refuse(Code(40600), format!("{name} is not allowed to be used within a $facet stage"))
        }
        Within::Lookup if kind.place == Place::Last => {
            refuse(Code(51047), format!("{name} is not allowed within a $lookup's sub-pipeline"))
        }
        Within::UnionWith if kind.place == Place::Last => {
            refuse(Code(31441), format!("{name} is not allowed within a $unionWith's sub-pipeline"))
        }
        _ => Ok(()),
    }
}

/// Filters are moved before sorts and joined with the filters before them; a sort is told how many of its documents are
/// asked for.
fn optimized(stages: Vec<Arc<dyn Stage>>, context: &Context) -> Result<Vec<Arc<dyn Stage>>> {
    let mut done: Vec<Arc<dyn Stage>> = Vec::with_capacity(stages.len());
    for stage in stages {
        let View::Match(filter) = stage.view() else {
            done.push(stage);
            continue;
        };
        let sorts = done.iter().rev().take_while(|stage| matches!(stage.view(), View::Sort(_))).count();
        let place = done.len() - sorts;
        let joined = match place.checked_sub(1).and_then(|before| done.get(before)).map(|before| before.view()) {
            Some(View::Match(first)) => Some(first.and(filter, context)?),
            _ => None,
        };
        match (joined, place.checked_sub(1).and_then(|before| done.get_mut(before))) {
            (Some(joined), Some(before)) => *before = Arc::new(joined),
            _ => done.insert(place, stage),
        }
    }
    for index in 0..done.len() {
        let (Some(stage), rest) = (done.get(index), done.get(index + 1..).unwrap_or_default()) else { continue };
        if let (View::Sort(sort), Some(limit)) = (stage.view(), asked_for(rest)) {
            let sort = Arc::new(Sort { pattern: Arc::clone(&sort.pattern), limit: Some(limit) });
            if let Some(stage) = done.get_mut(index) {
                *stage = sort;
            }
        }
    }
    Ok(done)
}

/// How many of the first documents the stages after a sort look at.
fn asked_for(stages: &[Arc<dyn Stage>]) -> Option<u64> {
    let mut skipped = 0_u64;
    for stage in stages {
        match stage.view() {
            View::Skip(skip) => skipped = skipped.checked_add(skip)?,
            View::Limit(limit) => return skipped.checked_add(limit),
            _ => return None,
        }
    }
    None
}
