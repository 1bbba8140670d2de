//! A lane of a shard: the task that reads its records and has them handled, one batch at a time and in their order.

use std::{collections::VecDeque, sync::Arc};

use millpond_engine::{Position, Timestamp};
use millpond_stream::log::{ShardId, Watch};

use super::gather::Gathered;
use crate::{
    Record,
    handler::Refused,
    job::{After, Job, Order, Trouble},
    lane::Earlier,
    layout::LaneRow,
    meter::LaneMeter,
    retry::Retry,
    runner::{Context, Next, Task},
    source::Log,
};

pub(super) struct Lane {
    pub(super) job: Arc<Job>,
    pub(super) log: Arc<dyn Log>,
    pub(super) shard: ShardId,
    pub(super) shard_name: Arc<str>,
    pub(super) lane: u16,
    pub(super) lanes: u16,
    pub(super) earlier: Vec<Earlier>,
    /// As it is stored.
    pub(super) row: LaneRow,
    /// Records of this lane that are read and not done.
    pub(super) pending: VecDeque<Record>,
    pub(super) pending_bytes: usize,
    /// When the first of them was read.
    pub(super) since: Option<Timestamp>,
    /// What is before this position was read.
    pub(super) scanned: Position,
    /// The shard is closed and was read to its end.
    pub(super) is_read: bool,
    /// How many records were passed over since the row was stored.
    pub(super) passed: usize,
    pub(super) work: Option<Work>,
    /// Wakes the task when there is more to read.
    pub(super) watch: Option<Watch>,
    pub(super) meter: LaneMeter,
    trouble: Trouble,
}

/// A batch under way: the first of the records that are pending, or a window that ends.
pub(super) struct Work {
    pub(super) retry: Retry,
    pub(super) is_final: bool,
    /// It is not tried before.
    pub(super) resume: Timestamp,
}

impl Lane {
    pub(super) fn new(
        job: &Arc<Job>,
        log: &Arc<dyn Log>,
        (shard, lane, lanes): (ShardId, u16, u16),
        row: LaneRow,
        earlier: Vec<Earlier>,
    ) -> Self {
        Lane {
            job: Arc::clone(job),
            log: Arc::clone(log),
            shard,
            shard_name: log.shard_name(shard).into(),
            lane,
            lanes,
            earlier,
            scanned: row.next,
            row,
            pending: VecDeque::new(),
            pending_bytes: 0,
            since: None,
            is_read: false,
            passed: 0,
            work: None,
            watch: None,
            meter: LaneMeter::default(),
            trouble: Trouble::default(),
        }
    }

    /// Ends the wait for records: it looks, or has other things to do.
    pub(super) fn end_watch(&mut self) {
        if let Some(watch) = self.watch.take() {
            watch.look();
        }
    }

    fn go_on(&mut self, context: &Context<'_>) -> Result<Next, Refused> {
        if self.work.is_none() {
            let policy = self.job.config.policy();
            let work = |records, is_final| Work { retry: Retry::new(policy, records), is_final, resume: context.now };
            match self.gather(context)? {
                Gathered::Batch(records) => self.work = Some(work(records, false)),
                Gathered::WindowEnd => {
                    if !self.seal_window()? {
                        return Ok(Next::Again);
                    }
                    self.work = Some(work(0, true));
                }
                Gathered::ShardEnd => {
                    self.end_shard()?;
                    return Ok(Next::Over);
                }
                Gathered::Wait(until) => return Ok(Next::Wait(until)),
                Gathered::Part => return Ok(Next::Again),
            }
        }
        self.end_watch();
        let resume = self.work.as_ref().map(|work| work.resume);
        if let Some(resume) = resume.filter(|resume| context.now < *resume) {
            return Ok(Next::Wait(Some(resume)));
        }
        if self.expire(context.now)? {
            return Ok(Next::Again);
        }
        self.invoke()?;
        Ok(Next::Again)
    }

    fn tell(&mut self) {
        self.meter.waiting_since = self.pending.front().map(Record::arrived);
        self.meter.pending = self.pending.len();
        self.job.meter.lane(&self.shard_name, self.lane, self.meter.clone());
    }
}

impl Task for Lane {
    fn step(&mut self, context: &Context<'_>) -> Next {
        match self.job.order(context) {
            Order::End => {
                self.end_watch();
                self.store_passed();
                return Next::Over;
            }
            Order::Rest => {
                self.end_watch();
                return Next::Wait(None);
            }
            Order::Work => {}
        }
        if context.now < self.trouble.until {
            return Next::Wait(Some(self.trouble.until));
        }
        let done = self.go_on(context);
        match done {
            Ok(next) => {
                self.trouble.clear();
                if next == Next::Over {
                    self.end_watch();
                } else {
                    self.tell();
                }
                next
            }
            Err(Refused::Overtaken) => {
                tracing::warn!(trigger = self.job.origin.trigger, shard = &*self.shard_name, "a lane was overtaken");
                self.end_watch();
                Next::Over
            }
            Err(Refused::Handler(_) | Refused::FailedAtFirst) => Next::Again,
            Err(Refused::Other(error)) => match self.trouble.meet(&self.job, &error, context.now) {
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
