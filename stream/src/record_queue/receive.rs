//! Receiving records.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ReceiveQueueRecords.html>

use std::{ops::Bound, time::Duration};

use millpond_engine::{Position, RangeRequest, Timestamp, Transaction};

use super::{
    QueueRecord, ReceiptHandle,
    layout::{self, Kind, Lane, Place, QueueRow, Row},
    list,
    model::check_visibility,
    schedule::Schedule,
};
use crate::{
    Error, Record, Result,
    log::{self, Error as LogError, Most, ShardId, View},
    shared::Shared,
};

/// So many records of a queue can be in flight.
///
/// Source: <https://docs.aws.amazon.com/streams/latest/dev/queues-quotas.html>
pub(crate) const MAX_IN_FLIGHT: usize = 120_000;
const MAX_RECORDS: usize = 1000;
/// The record that brings a receive to this many bytes is its last.
const MAX_BYTES: usize = 10 << 20;
/// A step ends after so many records that were not received but moved aside, or found to be gone.
const MAX_PASSED_OVER: usize = 200;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) kind: Kind,
    pub(crate) max: usize,
    /// As the queue is set, unless told.
    pub(crate) visibility: Option<Duration>,
}

/// What one step has come to.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) records: Vec<QueueRecord>,
    /// It ended early: there may be records that it has not come to.
    pub(crate) is_cut_short: bool,
}

/// Receives what is visible.
pub(crate) fn run(shared: &Shared, tx: &mut Transaction, id: &str, wanted: Wanted) -> Result<Vec<QueueRecord>> {
    loop {
        let step = step(shared, tx, id, wanted)?;
        if !step.records.is_empty() || !step.is_cut_short {
            return Ok(step.records);
        }
    }
}

/// Receives what is visible, unless much that is not comes first.
pub(crate) fn step(shared: &Shared, tx: &mut Transaction, id: &str, wanted: Wanted) -> Result<Step> {
    let queue = list::need(shared, tx, id)?;
    let Wanted { kind, max, visibility } = wanted;
    if !(1..=MAX_RECORDS).contains(&max) {
        return Err(Error::InvalidArgument(format!("Limit must be between 1 and {MAX_RECORDS}.")));
    }
    visibility.map_or(Ok(()), check_visibility)?;
    let now = tx.began();
    let schedule = Schedule::new(shared, queue.number);
    let room = MAX_IN_FLIGHT.saturating_sub(schedule.live.in_flight(shared, queue.number, now)?);
    if room == 0 {
        return Ok(Step { records: Vec::new(), is_cut_short: false });
    }
    let timeout = visibility.unwrap_or(Duration::from_secs(u64::from(queue.visibility_secs)));
    let view = shared.logs.view(&mut shared.engine.latest(), queue.log())?;
    let mut round = Round {
        shared,
        queue: &queue,
        view,
        kind,
        now,
        visible: now.saturating_add(timeout),
        wanted: max.min(room),
        records: Vec::new(),
        bytes: 0,
        passed_over: 0,
        schedule,
    };
    round.take_returned(tx)?;
    if kind == Kind::Live {
        round.take_fresh(tx)?;
    }
    let Round { records, passed_over, schedule, .. } = round;
    schedule.finish(tx);
    Ok(Step { is_cut_short: passed_over >= MAX_PASSED_OVER, records })
}

/// One receive under way.
struct Round<'a> {
    shared: &'a Shared,
    queue: &'a QueueRow,
    view: View,
    kind: Kind,
    now: Timestamp,
    /// Until when what it takes is not.
    visible: Timestamp,
    wanted: usize,
    records: Vec<QueueRecord>,
    bytes: usize,
    passed_over: usize,
    schedule: Schedule<'a>,
}

impl Round<'_> {
    /// How much more it takes.
    fn left(&self) -> usize {
        if self.bytes >= MAX_BYTES { 0 } else { self.wanted.saturating_sub(self.records.len()) }
    }

    /// Takes records that were received before and are visible again, those first that have been for the longest time.
    fn take_returned(&mut self, tx: &mut Transaction) -> Result<()> {
        let (number, kind, now) = (self.queue.number, self.kind, self.now);
        let seen = self.schedule.live.front(self.shared, number, kind)?;
        let (from, to) = (seen, now.saturating_add(Duration::from_millis(1)));
        let (from, to) = (layout::entries_from(number, kind, from), layout::entries_from(number, kind, to));
        if from >= to {
            return Ok(());
        }
        let due = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to));
        // A page reads no more than is taken, so that this does not conflict with who takes what follows.
        let mut request = due.clone().limit(self.left());
        let mut reached = seen;
        let mut has_more = true;
        while has_more && self.left() > 0 && self.passed_over < MAX_PASSED_OVER {
            let page = tx.range(&self.shared.queues, &request)?;
            has_more = page.resume.is_some();
            for (key, _) in page.entries {
                let (at, place) = layout::entry(&key)?;
                reached = reached.max(at);
                if self.left() == 0 {
                    has_more = true;
                    break;
                }
                self.take_entry(tx, at, place)?;
            }
            if let Some(last) = page.resume {
                request = due.clone().limit(self.left()).resume_after(&last);
            }
        }
        if !has_more {
            reached = now;
        }
        let (live, commit) = (self.schedule.live.clone(), tx.latest_commit());
        tx.on_commit(move || {
            live.raise(kind, seen, reached, commit);
            // Who waits may not know of what this leaves: it was the one to be told of its time.
            live.waiters.wake(usize::from(has_more));
        });
        Ok(())
    }

    fn take_entry(&mut self, tx: &mut Transaction, at: Timestamp, place: Place) -> Result<()> {
        // What is visible again at once is, after that, for another receive.
        if self.records.iter().any(|taken| taken.receipt_handle.place == place) {
            return Ok(());
        }
        let row = layout::row(self.shared, tx, self.queue.number, place)?;
        let Some(row) = row.filter(|row| row.next == self.kind && row.visible == at) else {
            self.passed_over += 1;
            return self.schedule.remove_entry(tx, self.kind, at, place);
        };
        // The queue may have been set to fewer receives since.
        if self.kind == Kind::Live && self.queue.dead_letters.is_due(row.count) {
            self.passed_over += 1;
            return self.schedule.put(tx, place, Some(row), Row { next: Kind::Dead, ..row }).map(drop);
        }
        match self.read(place)? {
            Some(record) => self.hand_out(tx, place, Some(row), record),
            None => {
                self.passed_over += 1;
                self.schedule.remove(tx, place, row)
            }
        }
    }

    /// The record at a place, if it is still kept.
    fn read(&self, place: Place) -> Result<Option<log::Record>> {
        let Place { shard, position } = place;
        let found = match self.follow(shard, position, 1) {
            Err(Error::Log(LogError::NoShard { .. })) => return Ok(None),
            found => found?.records.into_iter().next(),
        };
        Ok(found.filter(|record| record.position == position))
    }

    /// Takes records that were not received before, of all shards in turn.
    fn take_fresh(&mut self, tx: &mut Transaction) -> Result<()> {
        let mut shards: Vec<ShardId> = self.view.shards(self.now).into_iter().map(|shard| shard.id).collect();
        let turn = self.schedule.live.turn() % shards.len().max(1);
        shards.rotate_left(turn);
        for shard in shards {
            if self.left() == 0 {
                break;
            }
            self.take_of_shard(tx, shard)?;
        }
        Ok(())
    }

    fn take_of_shard(&mut self, tx: &mut Transaction, shard: ShardId) -> Result<()> {
        // A look outside of the transaction: if there is nothing, it does not conflict with who receives of this shard. Records are
        // not changed once they are there, so they need not be read in it either.
        let peeked = layout::lane(self.shared, &mut self.shared.engine.latest(), self.queue, shard)?;
        if peeked.is_over {
            return Ok(());
        }
        let mut found = self.follow(shard, peeked.next, self.left())?;
        if found.records.is_empty() && !found.is_end {
            return Ok(());
        }
        let lane = layout::lane(self.shared, tx, self.queue, shard)?;
        if lane.is_over {
            return Ok(());
        }
        if lane != peeked {
            found = self.follow(shard, lane.next, self.left())?;
        }
        if found.records.is_empty() && !found.is_end {
            return Ok(());
        }
        layout::put_lane(self.shared, tx, self.queue, shard, Lane { next: found.next, is_over: found.is_end })?;
        for record in found.records {
            let place = Place { shard, position: record.position };
            self.hand_out(tx, place, None, record)?;
        }
        Ok(())
    }

    fn follow(&self, shard: ShardId, from: Position, records: usize) -> Result<log::Records> {
        let most = Most { records, bytes: MAX_BYTES.saturating_sub(self.bytes) };
        Ok(self.shared.logs.follow(self.queue.log(), shard, from, most)?)
    }

    /// Gives out a record, which is in flight from then on.
    fn hand_out(&mut self, tx: &mut Transaction, place: Place, before: Option<Row>, stored: log::Record) -> Result<()> {
        let count = before.map_or(0, |row| row.count).saturating_add(1);
        let is_last = self.kind == Kind::Dead || self.queue.dead_letters.is_due(count);
        let row = Row {
            was: self.kind,
            // After its last receive it becomes a dead letter by time passing alone.
            next: if is_last { Kind::Dead } else { Kind::Live },
            serial: before.map_or(0, |row| row.serial).saturating_add(1),
            count,
            first_received: before.map_or(self.now, |row| row.first_received),
            visible: self.visible,
        };
        let row = self.schedule.put(tx, place, before, row)?;
        let generation = self.view.shard(place.shard).map_or(0, |shard| shard.generation);
        self.bytes += stored.data.len();
        let Place { shard, position } = place;
        self.records.push(QueueRecord {
            receipt_handle: ReceiptHandle { queue: self.queue.number, kind: self.kind, place, serial: row.serial },
            id: format!("{:x}s{:x}r{:016x}", self.queue.log, shard.get(), position.get()),
            record: Record::decode(generation, shard, stored)?,
            first_received: row.first_received,
            receive_count: row.count,
            visible: row.visible,
        });
        Ok(())
    }
}
