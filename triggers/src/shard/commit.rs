//! What a lane commits besides what its handler does.

use millpond_engine::{Position, Timestamp, Transaction};
use millpond_stream::log::Most;

use super::{lane::Lane, plan};
use crate::{
    Record,
    destination::{self, Condition, GivenUp},
    handler::Refused,
    layout::LaneRow,
    meter::add,
};

impl Lane {
    /// Stores where the lane goes on. It has to be where it was, so that of two runs of a trigger one commits.
    pub(super) fn put_row(&self, tx: &mut Transaction, row: &LaneRow) -> Result<(), Refused> {
        self.check_row(tx)?;
        Ok(self.job.rows.put_lane(tx, self.job.id, self.shard, self.lane, row)?)
    }

    fn check_row(&self, tx: &mut Transaction) -> Result<(), Refused> {
        let stored = self.job.rows.lane(tx, self.job.id, self.shard, self.lane)?;
        if stored.as_ref() == Some(&self.row) { Ok(()) } else { Err(Refused::Overtaken) }
    }

    /// Where the lane goes on once so many of the records that are pending are done.
    pub(super) fn next_after(&self, done: usize) -> Position {
        self.pending.get(done).map_or(self.scanned, Record::position)
    }

    /// Forgets records that are done or given up.
    pub(super) fn drop_pending(&mut self, records: usize) {
        for record in self.pending.drain(..records.min(self.pending.len())) {
            self.pending_bytes = self.pending_bytes.saturating_sub(record.event_bytes());
        }
        self.since = self.since.filter(|_| !self.pending.is_empty());
        self.passed = 0;
    }

    /// Stores how far it has come over records that are not for it, which otherwise goes with a batch. What is not stored is
    /// passed over once more after a restart.
    pub(super) fn store_passed(&mut self) {
        let row = LaneRow { next: self.next_after(0), ..self.row.clone() };
        if row.next <= self.row.next {
            return;
        }
        match self.job.engine.transact(|tx| self.put_row(tx, &row)) {
            Ok(()) => (self.row, self.passed) = (row, 0),
            Err(error) => tracing::debug!(?error, "a lane's progress is not stored"),
        }
    }

    /// Makes sure that no record of the open window is still to come: this commit has a later time than the window, and would
    /// have failed had one been committed before it. `false` where one was.
    pub(super) fn seal_window(&mut self) -> Result<bool, Refused> {
        if !self.pending.is_empty() || self.is_read || self.row.window.as_ref().is_some_and(|open| open.ends_early) {
            return Ok(true);
        }
        let one = Most { records: 1, bytes: 1 };
        self.job.engine.transact(|tx| {
            let found = self.log.logs().read(tx, self.log.id(), self.shard, self.scanned, one)?;
            if !found.records.is_empty() {
                return Ok(false);
            }
            self.put_row(tx, &self.row)?;
            Ok(true)
        })
    }

    pub(super) fn end_shard(&mut self) -> Result<(), Refused> {
        let row = LaneRow { next: self.scanned, is_at_end: true, window: None };
        let job = &self.job;
        job.engine.transact(|tx| -> Result<(), Refused> {
            self.check_row(tx)?;
            Ok(plan::end_lane(&job.rows, tx, job.id, self.shard, (self.lane, &row))?)
        })?;
        job.meter.lane_is_over(&self.shard_name, self.lane);
        job.wake_keeper();
        Ok(())
    }

    /// Gives up the records at the front that are too old, before they are handled. `true` if there were any.
    pub(super) fn expire(&mut self, now: Timestamp) -> Result<bool, Refused> {
        let horizon = self.log.logs().horizon(&mut self.job.engine.latest(), self.log.id())?;
        let oldest = self.job.config.maximum_record_age;
        let is_old = |record: &&Record| {
            record.position() < horizon || oldest.is_some_and(|age| record.arrived().saturating_add(age) < now)
        };
        let old = self.pending.iter().take_while(is_old).count();
        let Some(work) = self.work.as_mut().filter(|_| old > 0) else { return Ok(false) };
        let (expired, invocations) = work.retry.expire(old);
        if work.retry.next().is_none() {
            self.work = None;
        }
        if expired > 0 {
            self.give_up(expired, Condition::RecordAgeExceeded, invocations)?;
        }
        Ok(expired > 0)
    }

    /// Passes over records at the front, and tells the destination of them in the same commit.
    pub(super) fn give_up(&mut self, records: usize, condition: Condition, invocations: u32) -> Result<(), Refused> {
        let row = LaneRow { next: self.next_after(records), ..self.row.clone() };
        let given_up: Vec<Record> = self.pending.iter().take(records).cloned().collect();
        let given_up =
            GivenUp { kind: self.log.kind(), shard: &self.shard_name, records: &given_up, condition, invocations };
        self.job.engine.transact(|tx| {
            destination::tell(&self.job, tx, &given_up)?;
            self.put_row(tx, &row)
        })?;
        add(&self.job.meter.discarded, records);
        self.row = row;
        self.drop_pending(records);
        Ok(())
    }

    /// Gives up a window whose last invocation has failed as often as it may: its state is dropped.
    pub(super) fn give_up_window(&mut self, invocations: u32) -> Result<(), Refused> {
        self.row = {
            let row = LaneRow { window: None, ..self.row.clone() };
            let (kind, condition) = (self.log.kind(), Condition::RetryAttemptsExhausted);
            let given_up = GivenUp { kind, shard: &self.shard_name, records: &[], condition, invocations };
            self.job.engine.transact(|tx| {
                destination::tell(&self.job, tx, &given_up)?;
                self.put_row(tx, &row)
            })?;
            row
        };
        Ok(())
    }
}
