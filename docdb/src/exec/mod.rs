//! Running plans.
//!
//! A plan opens as a tree of running stages. Each call of [`Exec::work`] does one bounded piece of work, so that plans can be
//! tried by turns and deadlines are seen; it counts what it did, for `explain`.

mod combine;
mod covered;
mod fetch;
mod scan;
mod sort;
mod special;
mod trial;

use std::sync::Arc;

use bson::RawDocumentBuf;

pub(crate) use special::{CellScan, NearScan, TextScan};
pub(crate) use trial::trial;

use crate::{
    aggregation::{Row, Rows},
    catalog::Collection,
    context::{Context, Metadata},
    error::{Code, Result, refuse},
    execution::Execution,
    index::RecordId,
    plan::Plan,
    store::Store,
    value::{Doc, DocumentBuilder},
};

/// Something that was found: a record, perhaps without its document yet.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) record: Option<RecordId>,
    pub(crate) doc: Option<Doc>,
    /// The key that it was found by, with the index's names.
    pub(crate) key: Option<RawDocumentBuf>,
    pub(crate) metadata: Metadata,
}

/// What came of a piece of work.
#[derive(Debug)]
pub(crate) enum Work {
    Found(Box<Member>),
    /// Nothing yet.
    Busy,
    /// There is no more.
    Eof,
}

/// What a stage has done.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Done {
    pub(crate) works: u64,
    pub(crate) found: u64,
    pub(crate) keys_examined: u64,
    pub(crate) docs_examined: u64,
    pub(crate) eof: bool,
    pub(crate) seeks: u64,
    pub(crate) dups_dropped: u64,
}

/// A running stage.
pub(crate) trait Exec: Send {
    fn step(&mut self, execution: &mut Execution<'_>) -> Result<Work>;

    fn done(&self) -> &Done;

    fn done_mut(&mut self) -> &mut Done;

    /// The stages underneath.
    fn inputs(&self) -> Vec<&dyn Exec> {
        Vec::new()
    }

    /// Does one piece of work.
    fn work(&mut self, execution: &mut Execution<'_>) -> Result<Work> {
        let work = self.step(execution)?;
        let done = self.done_mut();
        done.works += 1;
        match work {
            Work::Found(_) => done.found += 1,
            Work::Eof => done.eof = true,
            Work::Busy => {}
        }
        Ok(work)
    }

    /// Fields of its own for `executionStats`.
    fn explain(&self, _: &mut DocumentBuilder) {}
}

/// What all stages of one plan know.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) store: Arc<Store>,
    pub(crate) collection: Option<Arc<Collection>>,
    pub(crate) context: Arc<Context>,
}

impl Scene {
    fn collection_id(&self) -> u64 {
        self.collection.as_ref().map_or(0, |collection| collection.id)
    }
}

/// Opens a plan.
pub(crate) fn open(plan: &Plan, scene: &Scene, allow_disk_use: bool) -> Box<dyn Exec> {
    let below = |plan: &Plan| open(plan, scene, allow_disk_use);
    match plan {
        Plan::Eof => Box::new(scan::Nothing::default()),
        Plan::CollScan { reverse, from, to, filter } => {
            Box::new(scan::CollScan::new(scene.clone(), *reverse, from.clone(), to.clone(), filter.clone()))
        }
        Plan::IdLookup { id } => Box::new(scan::IdLookup::new(scene.clone(), id.clone())),
        Plan::IxScan(scan) => Box::new(scan::IxScan::new(scene.clone(), scan)),
        Plan::Fetch { input, filter } => Box::new(fetch::Fetch::new(scene.clone(), below(input), filter.clone())),
        Plan::Covered { scan, cover, filter } => {
            Box::new(covered::Covered::new(scene.clone(), scan, cover.clone(), filter.clone()))
        }
        Plan::Or { inputs } => Box::new(combine::Or::new(inputs.iter().map(below).collect())),
        Plan::Sort { input, pattern, limit } => {
            Box::new(sort::Sort::new(below(input), Arc::clone(pattern), *limit, allow_disk_use))
        }
        Plan::SortMerge { inputs, pattern } => {
            Box::new(combine::SortMerge::new(inputs.iter().map(below).collect(), Arc::clone(pattern)))
        }
        Plan::Special(special) => special.open(scene),
    }
}

/// The next thing found, however much work it takes; a deadline ends it.
pub(crate) fn next(exec: &mut dyn Exec, execution: &mut Execution<'_>) -> Result<Option<Member>> {
    loop {
        match exec.work(execution)? {
            Work::Found(member) => return Ok(Some(*member)),
            Work::Eof => return Ok(None),
            Work::Busy => {}
        }
        execution.check_deadline()?;
    }
}

/// The documents of a plan, as the rows that a pipeline starts with.
pub(crate) struct PlanRows {
    pub(crate) exec: Box<dyn Exec>,
}

impl Rows for PlanRows {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        while let Some(member) = next(&mut *self.exec, execution)? {
            if let Some(row) = row(member) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

/// A found thing as a row.
pub(crate) fn row(member: Member) -> Option<Row> {
    let mut metadata = member.metadata;
    metadata.index_key = member.key;
    metadata.record_id = member.record.map(|record| match record.number() {
        Some(number) => bson::RawBson::Int64(number.cast_signed()),
        None => bson::RawBson::Binary(bson::Binary {
            subtype: bson::spec::BinarySubtype::Generic,
            bytes: record.0.to_vec(),
        }),
    });
    Some(Row { doc: member.doc?, metadata })
}

/// The record that a row's metadata name.
pub(crate) fn record_in(id: &bson::RawBson) -> Option<RecordId> {
    match id {
        bson::RawBson::Int64(number) => Some(RecordId::of_number(number.cast_unsigned())),
        bson::RawBson::Binary(binary) => Some(RecordId(binary.bytes.clone().into())),
        _ => None,
    }
}

impl Execution<'_> {
    /// Refuses to go on after the operation's deadline.
    pub(crate) fn check_deadline(&self) -> Result<()> {
        match &self.deadline {
            Some((clock, deadline)) if clock.now() > *deadline => {
                refuse(Code::MAX_TIME_MS_EXPIRED, "operation exceeded time limit")
            }
            _ => Ok(()),
        }
    }
}
