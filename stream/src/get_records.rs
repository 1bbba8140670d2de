//! Reading records by iterator.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html>

use millpond_engine::{Position, Timestamp};

use crate::{
    ChildShard, Error, Record, Result, ShardId, ShardIterator,
    log::{Error as LogError, LogId, Most, View},
    shared::Shared,
};

/// The most records that are read at once.
pub(crate) const MAX_RECORDS: usize = 10_000;
/// The record that brings them to this many bytes is the last.
pub(crate) const MAX_BYTES: usize = 10 << 20;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GotRecords {
    /// The records in their order.
    pub records: Vec<Record>,
    /// Where to go on; `None` at the end of a closed shard.
    pub next: Option<ShardIterator>,
    /// How long ago the last of these was put, where there are more; else 0.
    pub millis_behind_latest: u64,
    /// The shards that go on, at the end of a closed one.
    pub child_shards: Vec<ChildShard>,
}

/// What one look at a shard has found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) records: Vec<Record>,
    pub(crate) next: Position,
    pub(crate) millis_behind_latest: u64,
    pub(crate) is_end: bool,
    pub(crate) child_shards: Vec<ChildShard>,
}

pub(crate) fn run(shared: &Shared, iterator: &ShardIterator, limit: usize) -> Result<GotRecords> {
    let now = shared.engine.clock().now();
    iterator.check_age(now)?;
    let missing = || Error::ShardDoesNotExist { stream: iterator.stream.clone(), shard: iterator.shard };
    let stream = match shared.look(&mut shared.engine.latest(), &iterator.stream) {
        Err(Error::StreamNotFound { .. }) => return Err(missing()),
        stream => stream?,
    };
    if shared.options.throttle && !shared.throttle.read(stream.record.log(), iterator.shard, now) {
        return Err(Error::ThroughputExceeded { stream: iterator.stream.clone(), shard: iterator.shard });
    }
    let most = Most { records: limit.clamp(1, MAX_RECORDS), bytes: MAX_BYTES };
    let place = (stream.record.log(), iterator.shard);
    let found = look(shared, &stream.log, place, iterator.position, most).map_err(|error| match error {
        Error::Log(LogError::NoShard { .. } | LogError::NoLog { .. }) => missing(),
        error => error,
    })?;
    if shared.options.throttle {
        shared.throttle.has_read(place.0, place.1, found.records.iter().map(|record| record.data.len()).sum(), now);
    }
    let next = ShardIterator { position: found.next, issued: now, ..iterator.clone() };
    Ok(GotRecords {
        records: found.records,
        next: (!found.is_end).then_some(next),
        millis_behind_latest: found.millis_behind_latest,
        child_shards: found.child_shards,
    })
}

/// Where a stream or a shard is gone, which it may be between any two looks, it is told by name.
pub(crate) fn gone(error: Error, stream: &str, shard: ShardId) -> Error {
    match error {
        Error::Log(LogError::NoLog { .. }) => Error::StreamNotFound { stream: stream.to_owned() },
        Error::Log(LogError::NoShard { .. }) => Error::ShardDoesNotExist { stream: stream.to_owned(), shard },
        error => error,
    }
}

/// Reads from a position on what there is now.
pub(crate) fn look(
    shared: &Shared,
    view: &View,
    (log, shard): (LogId, ShardId),
    from: Position,
    most: Most,
) -> Result<Found> {
    let found = shared.logs.follow(log, shard, from, most)?;
    let generation = view.shard(shard).map_or(0, |shard| shard.generation);
    let now = shared.engine.clock().now();
    let behind = |time: Timestamp| u64::try_from(now.saturating_since(time).as_millis()).unwrap_or(u64::MAX);
    let millis_behind_latest = found.more.map_or(0, |more| behind(more.time()));
    let child_shards = match found.is_end {
        // It was closed since it was looked at, perhaps.
        true => shared.logs.view(&mut shared.engine.latest(), log)?.children(shard).map(ChildShard::from).collect(),
        false => Vec::new(),
    };
    let decode = |stored| Record::decode(generation, shard, stored);
    Ok(Found {
        records: found.records.into_iter().map(decode).collect::<Result<_>>()?,
        next: found.next,
        millis_behind_latest,
        is_end: found.is_end,
        child_shards,
    })
}
