//! The task that opens shards: each once its parents are done, so that no record of a key is handled before an earlier one.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use millpond_engine::Position;
use millpond_stream::log::{Shard, ShardId};

use super::{lane::Lane, plan};
use crate::{
    Result,
    job::{After, Job, Order, Trouble},
    layout::ShardRow,
    runner::{Context, Next, Task},
    source::Log,
};

pub(crate) struct Keeper {
    job: Arc<Job>,
    log: Arc<dyn Log>,
    start: Position,
    /// The shards whose lanes are at work, or were.
    opened: HashSet<ShardId>,
    trouble: Trouble,
}

impl Keeper {
    /// For a trigger that handles nothing before `start`.
    pub(crate) fn new(job: &Arc<Job>, log: &Arc<dyn Log>, start: Position) -> Self {
        let (job, log) = (Arc::clone(job), Arc::clone(log));
        Keeper { job, log, start, opened: HashSet::new(), trouble: Trouble::default() }
    }

    fn look(&mut self) -> Result<()> {
        let job = Arc::clone(&self.job);
        let shards = self.log.logs().shards(&mut job.engine.latest(), self.log.id())?;
        let rows: HashMap<ShardId, ShardRow> =
            job.rows.shards(&mut job.engine.snapshot()?, job.id)?.into_iter().collect();
        let listed: HashSet<ShardId> = shards.iter().map(|shard| shard.id).collect();
        let is_done = |shard: ShardId| rows.get(&shard).is_some_and(|row| row.is_done);
        for shard in &shards {
            // Of a parent that is not kept any more nothing can be read.
            let is_over =
                |parent: ShardId| is_done(parent) || (!listed.contains(&parent) && !self.opened.contains(&parent));
            if !self.opened.contains(&shard.id) && !is_done(shard.id) && parents(shard).all(is_over) {
                self.open(shard.id)?;
            }
        }
        for shard in rows.into_keys().filter(|shard| !listed.contains(shard)) {
            if is_done_or_unopened(&self.opened, shard, &job)? {
                job.engine.transact(|tx| job.rows.remove_shard(tx, job.id, shard))?;
                self.opened.remove(&shard);
            }
        }
        Ok(())
    }

    fn open(&mut self, shard: ShardId) -> Result<()> {
        let job = &self.job;
        let lanes = (job.config.parallelization_factor, self.start);
        let plan = job.engine.transact(|tx| plan::open(&job.rows, tx, job.id, shard, lanes))?;
        let Some(plan) = plan else { return Ok(()) };
        self.opened.insert(shard);
        let count = u16::try_from(plan.lanes.len()).unwrap_or(u16::MAX);
        for (nth, row) in (0..).zip(plan.lanes) {
            if !row.is_at_end {
                let lane = Lane::new(job, &self.log, (shard, nth, count), row, plan.earlier.clone());
                job.runner.spawn(job.group, Box::new(lane))?;
            }
        }
        Ok(())
    }
}

fn parents(shard: &Shard) -> impl Iterator<Item = ShardId> {
    shard.parent.into_iter().chain(shard.adjacent_parent)
}

/// Whether nothing is at work on a shard that is not kept any more.
fn is_done_or_unopened(opened: &HashSet<ShardId>, shard: ShardId, job: &Job) -> Result<bool> {
    if !opened.contains(&shard) {
        return Ok(true);
    }
    let row = job.engine.transact(|tx| job.rows.shard(tx, job.id, shard))?;
    Ok(row.is_none_or(|row| row.is_done))
}

impl Task for Keeper {
    fn step(&mut self, context: &Context<'_>) -> Next {
        *self.job.keeper.lock() = Some(context.waker.clone());
        match self.job.order(context) {
            Order::End => return Next::Over,
            Order::Rest => return Next::Wait(None),
            Order::Work => {}
        }
        if context.now < self.trouble.until {
            return Next::Wait(Some(self.trouble.until));
        }
        match self.look() {
            Ok(()) => {
                self.trouble.clear();
                Next::Wait(None)
            }
            Err(error) => match self.trouble.meet(&self.job, &error, context.now) {
                After::Again => Next::Again,
                After::Later(at) => Next::Wait(Some(at)),
                After::Never => {
                    self.job.end();
                    Next::Over
                }
            },
        }
    }
}
