//! What a trigger has done since it was started. It is kept in memory only.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use millpond_engine::Timestamp;
use parking_lot::Mutex;

/// What a trigger has done since it was last run. It is forgotten when the program ends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Whether it is on.
    pub is_enabled: bool,
    /// Whether it still works: it was neither stopped nor removed, and its source and its engine are there.
    pub is_running: bool,
    /// How often the handler was called.
    pub invocations: u64,
    /// How many of these calls failed as a whole.
    pub errors: u64,
    /// How many records are done.
    pub records: u64,
    /// How many records, done or not, the handler said have failed.
    pub item_failures: u64,
    /// How many records were given up.
    pub discarded: u64,
    /// How many records no filter has matched.
    pub filtered: u64,
    /// How the last batch went, in the words of the service: `OK`, `No records processed`, or `PROBLEM: ` and what it was.
    pub last_result: String,
    /// The lanes of the shards that are read, in order; empty for queues.
    pub lanes: Vec<LaneStatus>,
}

impl Status {
    /// The largest [lag](LaneStatus::lag) of all shards.
    #[must_use]
    pub fn lag(&self) -> Duration {
        self.lanes.iter().map(|lane| lane.lag).max().unwrap_or_default()
    }
}

/// How far a lane of a shard has come. A shard has as many lanes as the parallelization factor says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneStatus {
    /// The shard's name.
    pub shard: String,
    /// The lane's number, from 0.
    pub lane: u16,
    /// How old the last record of the last batch was when that was done; `None` before the first one.
    pub iterator_age: Option<Duration>,
    /// For how long the first record that is read and not done has been waiting.
    pub lag: Duration,
    /// How many records are read and not done.
    pub pending: usize,
    /// How often in a row what is next has failed.
    pub failures: u32,
}

/// What a lane last told of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct LaneMeter {
    pub(crate) iterator_age: Option<Duration>,
    pub(crate) waiting_since: Option<Timestamp>,
    pub(crate) pending: usize,
    pub(crate) failures: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) invocations: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) records: AtomicU64,
    pub(crate) item_failures: AtomicU64,
    pub(crate) discarded: AtomicU64,
    pub(crate) filtered: AtomicU64,
    last_result: Mutex<Option<String>>,
    lanes: Mutex<BTreeMap<(String, u16), LaneMeter>>,
}

pub(crate) fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

impl Meter {
    /// Notes that a batch is done.
    pub(crate) fn done(&self, records: usize) {
        add(&self.records, records);
        *self.last_result.lock() = Some("OK".into());
    }

    /// Notes that something did not work.
    pub(crate) fn problem(&self, problem: &dyn std::fmt::Display) {
        *self.last_result.lock() = Some(format!("PROBLEM: {problem}"));
    }

    pub(crate) fn lane(&self, shard: &str, lane: u16, meter: LaneMeter) {
        self.lanes.lock().insert((shard.to_owned(), lane), meter);
    }

    pub(crate) fn lane_is_over(&self, shard: &str, lane: u16) {
        self.lanes.lock().remove(&(shard.to_owned(), lane));
    }

    pub(crate) fn read(&self, now: Timestamp, is_enabled: bool, is_running: bool) -> Status {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let lane = |((shard, lane), meter): (&(String, u16), &LaneMeter)| LaneStatus {
            shard: shard.clone(),
            lane: *lane,
            iterator_age: meter.iterator_age,
            lag: meter.waiting_since.map(|since| now.saturating_since(since)).unwrap_or_default(),
            pending: meter.pending,
            failures: meter.failures,
        };
        let lanes = self.lanes.lock().iter().map(lane).collect();
        Status {
            is_enabled,
            is_running,
            invocations: count(&self.invocations),
            errors: count(&self.errors),
            records: count(&self.records),
            item_failures: count(&self.item_failures),
            discarded: count(&self.discarded),
            filtered: count(&self.filtered),
            last_result: self.last_result.lock().clone().unwrap_or_else(|| "No records processed".into()),
            lanes,
        }
    }
}
