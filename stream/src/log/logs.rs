//! The service's handle, and making and removing logs.

use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use millpond_engine::{Engine, Keyspace, Position, RangeRequest, Read, Timestamp, Transaction};
use parking_lot::RwLock;

use super::layout::{self, LOGS, RECORDS};
use super::record::{LogRecord, ShardRecord};
use super::tail::Tails;
use super::{Error, Result};

const MAX_SHARDS: u32 = 10_000;
/// Of this many logs the decoded record is kept.
const MAX_DECODED: usize = 10_000;

/// Identifies a log for as long as its store exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogId(u64);

impl LogId {
    /// Of the number that [`get`](LogId::get) gave.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        LogId(number)
    }

    /// As a number, to be stored.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Identifies a shard for as long as its log exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardId(u32);

impl ShardId {
    /// Of the number that [`get`](ShardId::get) gave.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        ShardId(number)
    }

    /// As a number: a later shard of the log has a higher one.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// As the service writes it: `shardId-000000000012`.
impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shardId-{:012}", self.0)
    }
}

impl ShardId {
    /// Reads a shard's name as leniently as the service does: what follows the first hyphen, or all of it, up to the next one, is a
    /// number of 31 bits.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split('-');
        let first = parts.next()?;
        let number = parts.next().filter(|part| !part.is_empty()).unwrap_or(first);
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse::<u32>().ok().filter(|number| is_number && *number <= u32::MAX >> 1)?;
        Some(ShardId(number))
    }
}

/// How a log is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// How many shards are open at first, 1 to 10,000. They share the hash keys evenly.
    pub shards: u32,
    /// How long a record is kept.
    pub retention: Duration,
    /// After how long an open shard is closed and goes on in a child, at the next append; `None` is never.
    pub roll_after: Option<Duration>,
}

/// A shard of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shard {
    /// Its number.
    pub id: ShardId,
    /// The shard that it goes on from. That one may be gone by now.
    pub parent: Option<ShardId>,
    /// The other one that it goes on from, where two were merged.
    pub adjacent_parent: Option<ShardId>,
    /// Higher than those of its parents: the second in which it was made, or a later one.
    pub generation: u64,
    /// When it was opened.
    pub created: Timestamp,
    /// When it was closed, if it is: it gets no more records.
    pub closed: Option<Timestamp>,
    /// No record of it stands before this position.
    pub start: Position,
    /// All its records stand before this position, if it is closed; those excepted that the closing transaction itself has appended.
    pub end: Option<Position>,
    /// The hash keys whose records it takes, or took.
    pub hash_keys: RangeInclusive<u128>,
}

/// The logs of one engine. Cheap to clone, and usable from any thread.
#[derive(Clone, Debug)]
pub struct Logs {
    pub(crate) engine: Engine,
    pub(crate) logs: Keyspace,
    pub(crate) records: Keyspace,
    pub(crate) tails: Arc<Tails>,
    decoded: Arc<RwLock<HashMap<LogId, Decoded>>>,
}

/// A log's record with the bytes it was read from: while those are what is stored, it is up to date.
type Decoded = (Bytes, Arc<LogRecord>);

impl Logs {
    /// Opens the logs of an engine.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open(engine: &Engine) -> Result<Logs> {
        let (logs, records) = (engine.keyspace(LOGS)?, engine.keyspace(RECORDS)?);
        Ok(Logs { engine: engine.clone(), logs, records, tails: Tails::of(engine), decoded: Arc::default() })
    }

    /// Makes a log in the caller's transaction.
    ///
    /// # Errors
    /// [`Error::ShardCount`], and those of the engine.
    pub fn create_in(&self, tx: &mut Transaction, options: &LogOptions) -> Result<LogId> {
        if !(1..=MAX_SHARDS).contains(&options.shards) {
            return Err(Error::ShardCount { shards: options.shards });
        }
        let last = tx.get(&self.logs, layout::LAST_LOG_ID)?.map_or(Ok(0), |last| layout::read_u64(&last))?;
        let log = LogId(last.saturating_add(1));
        tx.put(&self.logs, layout::LAST_LOG_ID, log.0.to_be_bytes().to_vec())?;
        let record = LogRecord::new(options, tx.clock().now());
        tx.put(&self.logs, layout::log_key(log), record.encode())?;
        Ok(log)
    }

    /// Closes all shards in the caller's transaction: nothing can be appended any more. What is there stays readable for as
    /// long as it is kept.
    ///
    /// # Errors
    /// [`Error::NoLog`], and those of the engine.
    pub fn close_in(&self, tx: &mut Transaction, log: LogId) -> Result<()> {
        let mut record = LogRecord::clone(&*self.need(tx, log)?);
        let mut ends = Vec::new();
        for shard in record.open_shards() {
            ends.push((shard.id, self.end_in(tx, log, shard)?));
        }
        record.close(tx.clock().now(), &ends);
        self.put(tx, log, &record)?;
        let closed: Vec<ShardId> = ends.into_iter().map(|(shard, _)| shard).collect();
        self.tails.wake(tx, log, &closed);
        Ok(())
    }

    /// Changes in the caller's transaction how long records are kept. What is gone by then stays so.
    ///
    /// # Errors
    /// [`Error::NoLog`], and those of the engine.
    pub fn set_retention_in(&self, tx: &mut Transaction, log: LogId, retention: Duration) -> Result<()> {
        let mut record = LogRecord::clone(&*self.need(tx, log)?);
        // What is trimmed meanwhile conflicts with it: then the floor is above that when it runs again.
        tx.range(&self.logs, &RangeRequest::prefix(&layout::trimmed_prefix(log)))?;
        record.floor = self.horizon_of(&record);
        record.retention = retention;
        self.put(tx, log, &record)
    }

    pub(crate) fn put(&self, tx: &mut Transaction, log: LogId, record: &LogRecord) -> Result<()> {
        Ok(tx.put(&self.logs, layout::log_key(log), record.encode())?)
    }

    /// Removes a log in the caller's transaction. [`trim`](Logs::trim) frees the space of its records.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn remove_in(&self, tx: &mut Transaction, log: LogId) -> Result<()> {
        if let Ok(record) = self.need(tx, log) {
            let shards: Vec<ShardId> = record.open_shards().map(|shard| shard.id).collect();
            self.tails.wake(tx, log, &shards);
        }
        tx.delete(&self.logs, layout::log_key(log))?;
        Ok(tx.put(&self.logs, layout::removed_key(log), "")?)
    }

    /// The shards of a log in the order in which they were opened, without those that were closed so long ago that none of
    /// their records is kept.
    ///
    /// # Errors
    /// [`Error::NoLog`], and those of the engine.
    pub fn shards(&self, reader: &mut impl Read, log: LogId) -> Result<Vec<Shard>> {
        Ok(self.need(reader, log)?.shown(self.engine.clock().now()))
    }

    /// Has those who wait for a shard's next record look again.
    pub fn wake(&self, log: LogId, shard: ShardId) {
        self.tails.wake_now(log, shard);
    }

    /// The record of a log, and of its shards, as one look.
    ///
    /// # Errors
    /// [`Error::NoLog`], and those of the engine.
    pub fn view(&self, reader: &mut impl Read, log: LogId) -> Result<View> {
        self.need(reader, log).map(|record| View { id: log, record })
    }

    /// Before this position nothing is kept any more.
    ///
    /// # Errors
    /// [`Error::NoLog`], and those of the engine.
    pub fn horizon(&self, reader: &mut impl Read, log: LogId) -> Result<Position> {
        Ok(self.horizon_of(&*self.need(reader, log)?))
    }

    pub(crate) fn horizon_of(&self, record: &LogRecord) -> Position {
        record.horizon(self.engine.clock().now())
    }

    pub(crate) fn need(&self, reader: &mut impl Read, log: LogId) -> Result<Arc<LogRecord>> {
        let stored = reader.get(&self.logs, &layout::log_key(log))?.ok_or(Error::NoLog { log })?;
        if let Some((bytes, record)) = self.decoded.read().get(&log)
            && *bytes == stored
        {
            return Ok(Arc::clone(record));
        }
        let record = Arc::new(LogRecord::decode(stored.clone())?);
        let mut decoded = self.decoded.write();
        if decoded.len() >= MAX_DECODED {
            decoded.clear();
        }
        decoded.insert(log, (stored, Arc::clone(&record)));
        Ok(record)
    }
}

/// A log and its shards as they were at one moment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct View {
    id: LogId,
    record: Arc<LogRecord>,
}

impl View {
    /// The log.
    #[must_use]
    pub fn id(&self) -> LogId {
        self.id
    }

    /// How long a record is kept.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.record.retention
    }

    /// How many shards are open.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.record.open_count()
    }

    /// The open shards, by their hash keys.
    pub fn open_shards(&self) -> impl Iterator<Item = Shard> {
        self.record.open_shards().map(ShardRecord::shown)
    }

    /// The open shard that takes a hash key: its number and its generation.
    #[must_use]
    pub fn open_shard(&self, hash_key: u128) -> Option<(ShardId, u64)> {
        self.record.open_shard(hash_key).map(|shard| (shard.id, shard.generation))
    }

    /// A shard, even if none of its records is kept any more, as long as it was not cleared away.
    #[must_use]
    pub fn shard(&self, shard: ShardId) -> Option<Shard> {
        self.record.shard(shard).map(ShardRecord::shown)
    }

    /// Whether no record of a shard is kept at that time.
    #[must_use]
    pub fn is_over(&self, shard: ShardId, now: Timestamp) -> bool {
        self.record.shard(shard).is_none_or(|shard| self.record.is_over(shard, now))
    }

    /// The shards of which records may be kept at that time, in the order in which they were opened.
    #[must_use]
    pub fn shards(&self, now: Timestamp) -> Vec<Shard> {
        self.record.shown(now)
    }

    /// The children of a shard.
    pub fn children(&self, shard: ShardId) -> impl Iterator<Item = Shard> {
        let of = Some(shard);
        let children = self.record.shards.iter().filter(move |child| child.parent == of || child.adjacent_parent == of);
        children.map(ShardRecord::shown)
    }
}
