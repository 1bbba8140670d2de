//! Trying plans against each other.

use std::sync::Arc;

use crate::{
    catalog::Collection,
    error::Result,
    exec::{Scene, Work, open},
    execution::Execution,
    plan::{Plan, Query},
    store::Store,
};

/// A plan that has found so many has shown enough.
const ENOUGH_FOUND: u64 = 101;
/// No plan works more than this.
const MOST_WORKS: u64 = 10_000;
/// How much a plan works before it is the next one's turn.
const TURN: u64 = 16;

/// Runs plans by turns until one has found enough or is through, and scores them: how much each found for its work, and a little
/// more for coming to its end, for needing no documents, and for not having to sort.
pub(crate) fn trial(
    collection: &Arc<Collection>,
    plans: &[Plan],
    query: &Query,
    store: &Arc<Store>,
    execution: &mut Execution<'_>,
) -> Result<Vec<f64>> {
    let scene = Scene {
        store: Arc::clone(store),
        collection: Some(Arc::clone(collection)),
        context: Arc::clone(&query.context),
    };
    let mut running: Vec<_> = plans.iter().map(|plan| open(plan, &scene, query.allow_disk_use)).collect();
    let enough = query.limit.filter(|limit| *limit > 0).map_or(ENOUGH_FOUND, |limit| limit.min(ENOUGH_FOUND));
    let mut works = 0;
    'race: while works < MOST_WORKS {
        for exec in &mut running {
            for _ in 0..TURN {
                match exec.work(execution)? {
                    Work::Eof => break 'race,
                    Work::Found(_) if exec.done().found >= enough => break 'race,
                    _ => {}
                }
            }
        }
        execution.check_deadline()?;
        works += TURN;
    }
    let score = |(done, plan): (&super::Done, &Plan)| {
        #[allow(clippy::cast_precision_loss, reason = "at most 10,000")]
        let found = done.found as f64 / done.works.max(1) as f64;
        let small = |is: bool| if is { 1e-4 } else { 0.0 };
        let no_fetch = matches!(plan, Plan::Covered { .. });
        1.0 + found + f64::from(u8::from(done.eof)) + small(no_fetch) + small(!plan.blocks())
    };
    Ok(running.iter().map(|exec| exec.done()).zip(plans).map(score).collect())
}
