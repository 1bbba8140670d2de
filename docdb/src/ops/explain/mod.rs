//! `explain`: how a command is answered, and what that takes.
//!
//! Source: <https://www.mongodb.com/docs/manual/reference/command/explain/>.

mod aggregate;
mod read;
mod write;

use std::sync::Arc;

use bson::{RawBsonRef, RawDocument, RawDocumentBuf};

pub(crate) use aggregate::aggregate;
pub(crate) use read::{count, distinct, find};
pub(crate) use write::{delete, find_and_modify, update};

use crate::{
    error::Result,
    exec::{self, Exec, Member, Scene},
    execution::Execution,
    filter::Node,
    model::{Namespace, Verbosity},
    plan::{
        Chosen, Plan, Query,
        explain::{Stage, count as number},
        shape,
    },
    value::{ArrayBuilder, DocumentBuilder},
};

/// What a rejected plan is run for, to show what it takes.
const MOST_FOUND: u64 = 101;
const MOST_WORKS: u64 = 10_000;

/// A command whose plan is known.
struct Question<'q> {
    namespace: &'q Namespace,
    query: &'q Query,
    chosen: &'q Chosen,
    scene: &'q Scene,
    /// How many things the command takes of the plan.
    enough: u64,
    /// The stages above the plan's.
    on_top: &'q dyn Fn(Stage, &Plan) -> Result<Stage>,
}

impl Question<'_> {
    /// The stages of a plan with those above them.
    fn stages(&self, plan: &Plan, exec: Option<&dyn Exec>) -> Result<Stage> {
        let stage = Stage::of(plan, exec, self.query, self.scene.collection.as_deref())?;
        let rooted = matches!(self.query.filter.root(), Node::Or(_)) && stage.name() != "EOF";
        let free = self.query.hint.is_none() && self.query.natural.is_none();
        let found = stage.done.found;
        (self.on_top)(if rooted && free { Stage::over("SUBPLAN", stage, found) } else { stage }, plan)
    }

    /// `queryPlanner`.
    fn planner(&self) -> Result<RawDocumentBuf> {
        let mut out = DocumentBuilder::new();
        let hash = shape(self.query);
        let low = |hash: u64| format!("{:08X}", hash & 0xFFFF_FFFF);
        let indexes = self.scene.collection.as_ref().map_or(0, |collection| {
            collection.indexes.iter().fold(0, |all, index| (all ^ index.id).wrapping_mul(0x0100_0000_01B3))
        });
        out.append("namespace", &*self.namespace.to_string());
        out.append("parsedQuery", RawBsonRef::Document(&self.query.filter.to_bson()));
        if let Some(collation) = &self.query.context.collation {
            out.append("collation", RawBsonRef::Document(&collation.document()));
        }
        out.append("indexFilterSet", false);
        out.append("queryHash", &*low(hash));
        out.append("planCacheShapeHash", &*low(hash));
        out.append("planCacheKey", &*low(hash ^ indexes));
        out.append("optimizationTimeMillis", RawBsonRef::Int32(0));
        for name in ["maxIndexedOrSolutionsReached", "maxIndexedAndSolutionsReached", "maxScansToExplodeReached"] {
            out.append(name, false);
        }
        out.append("prunedSimilarIndexes", false);
        let winning = self.stages(&self.chosen.plan, None)?.show(false, Some(self.chosen.from_cache));
        out.append("winningPlan", RawBsonRef::Document(&winning));
        let mut rejected = ArrayBuilder::new();
        for plan in &self.chosen.rejected {
            rejected.push(RawBsonRef::Document(&self.stages(plan, None)?.show(false, Some(false))));
        }
        out.append("rejectedPlans", &*rejected.finish());
        Ok(out.finish())
    }

    /// Runs the plan and takes what it finds.
    fn run(&self, execution: &mut Execution<'_>, mut each: impl FnMut(Member) -> Result<()>) -> Result<Box<dyn Exec>> {
        let mut exec = exec::open(&self.chosen.plan, self.scene, self.query.allow_disk_use);
        let mut found = 0;
        while found < self.enough {
            let Some(member) = exec::next(&mut *exec, execution)? else { break };
            found += 1;
            each(member)?;
        }
        Ok(exec)
    }

    /// `executionStats` of a plan that has run.
    fn statistics(
        &self,
        ran: &Stage,
        millis: u64,
        verbosity: Verbosity,
        execution: &mut Execution<'_>,
    ) -> Result<RawDocumentBuf> {
        let mut out = DocumentBuilder::new();
        let (keys, docs) = ran.examined();
        out.append("executionSuccess", true);
        out.append("nReturned", number(ran.done.found));
        out.append("executionTimeMillis", number(millis));
        out.append("totalKeysExamined", number(keys));
        out.append("totalDocsExamined", number(docs));
        out.append("executionStages", RawBsonRef::Document(&ran.show(true, Some(self.chosen.from_cache))));
        if verbosity == Verbosity::AllPlansExecution {
            let mut all = ArrayBuilder::new();
            if !self.chosen.rejected.is_empty() {
                for plan in std::iter::once(&self.chosen.plan).chain(&self.chosen.rejected) {
                    all.push(RawBsonRef::Document(&self.tried(plan, execution)?));
                }
            }
            out.append("allPlansExecution", &*all.finish());
        }
        Ok(out.finish())
    }

    /// What a plan does until it has shown enough.
    fn tried(&self, plan: &Plan, execution: &mut Execution<'_>) -> Result<RawDocumentBuf> {
        let mut exec = exec::open(plan, self.scene, self.query.allow_disk_use);
        while exec.done().works < MOST_WORKS && exec.done().found < MOST_FOUND.min(self.enough) && !exec.done().eof {
            exec.work(execution)?;
        }
        let stage = self.stages(plan, Some(&*exec))?;
        let (keys, docs) = stage.examined();
        let mut out = DocumentBuilder::new();
        out.append("nReturned", number(stage.done.found));
        out.append("executionTimeMillisEstimate", RawBsonRef::Int32(0));
        out.append("totalKeysExamined", number(keys));
        out.append("totalDocsExamined", number(docs));
        out.append("executionStages", RawBsonRef::Document(&stage.show(true, None)));
        Ok(out.finish())
    }

    /// The whole answer.
    fn answer(
        &self,
        command: &RawDocument,
        verbosity: Verbosity,
        execution: &mut Execution<'_>,
        each: impl FnMut(Member) -> Result<()>,
    ) -> Result<RawDocumentBuf> {
        let mut out = DocumentBuilder::new();
        out.append("explainVersion", "1");
        out.append("queryPlanner", RawBsonRef::Document(&self.planner()?));
        if verbosity != Verbosity::QueryPlanner {
            let clock = self.scene.store.engine.clock().clone();
            let began = clock.now();
            let exec = self.run(execution, each)?;
            let millis = clock.now().as_millis().saturating_sub(began.as_millis());
            let ran = self.stages(&self.chosen.plan, Some(&*exec))?;
            let statistics = self.statistics(&ran, millis, verbosity, execution)?;
            out.append("executionStats", RawBsonRef::Document(&statistics));
        }
        out.append("command", RawBsonRef::Document(command));
        Ok(out.finish())
    }
}

/// A command as the answer repeats it: its name and its main fields.
fn command(name: &str, namespace: &Namespace, parts: &[(&str, Option<&RawDocument>)]) -> RawDocumentBuf {
    let mut out = DocumentBuilder::new();
    out.append(name, namespace.collection());
    for (name, part) in parts {
        if let Some(part) = part {
            out.append(name, RawBsonRef::Document(part));
        }
    }
    out.append("$db", namespace.database());
    out.finish()
}

fn scene(
    store: &Arc<crate::store::Store>,
    collection: Option<Arc<crate::catalog::Collection>>,
    query: &Query,
) -> Scene {
    Scene { store: Arc::clone(store), collection, context: Arc::clone(&query.context) }
}
