//! The limits of shards, for those who want to be refused as by the service.
//!
//! Source: <https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html>

use std::{collections::HashMap, time::Duration};

use millpond_engine::Timestamp;
use parking_lot::Mutex;

use crate::{ShardId, log::LogId};

const WRITTEN_RECORDS: f64 = 1000.0;
const WRITTEN_BYTES: f64 = 1_048_576.0;
const READS: f64 = 5.0;
const READ_BYTES: f64 = 2_097_152.0;
/// Of more shards those that have not been used for long are forgotten: they are full again.
const MOST_SHARDS: usize = 100_000;

/// What is left of the limits of shards.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<(LogId, ShardId), Left>>);

/// What is left of one shard's limits. Bytes may be overdrawn by one record or one read: then nothing goes until that is made up
/// for.
#[derive(Debug, Clone, Copy)]
struct Left {
    at: Timestamp,
    written_records: f64,
    written_bytes: f64,
    reads: f64,
    read_bytes: f64,
}

impl Left {
    fn full(at: Timestamp) -> Self {
        Left {
            at,
            written_records: WRITTEN_RECORDS,
            written_bytes: WRITTEN_BYTES,
            reads: READS,
            read_bytes: READ_BYTES,
        }
    }

    fn refill(&mut self, now: Timestamp) {
        let secs = now.saturating_since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        for (left, limit) in [
            (&mut self.written_records, WRITTEN_RECORDS),
            (&mut self.written_bytes, WRITTEN_BYTES),
            (&mut self.reads, READS),
            (&mut self.read_bytes, READ_BYTES),
        ] {
            *left = (*left + secs * limit).min(limit);
        }
    }
}

impl Throttle {
    fn with<T>(&self, log: LogId, shard: ShardId, now: Timestamp, draw: impl FnOnce(&mut Left) -> T) -> T {
        let mut shards = self.0.lock();
        if shards.len() >= MOST_SHARDS {
            shards.retain(|_, left| now.saturating_since(left.at) < Duration::from_secs(60));
        }
        let left = shards.entry((log, shard)).or_insert_with(|| Left::full(now));
        left.refill(now);
        draw(left)
    }

    /// Draws a record, unless there is too little left: then it may not be put.
    pub(crate) fn write(&self, log: LogId, shard: ShardId, bytes: usize, now: Timestamp) -> bool {
        let bytes = bytes as f64;
        self.with(log, shard, now, |left| {
            // A record that is larger than a second's worth goes when there is that.
            let may_be_put = left.written_records >= 1.0 && left.written_bytes >= bytes.min(WRITTEN_BYTES);
            if may_be_put {
                left.written_records -= 1.0;
                left.written_bytes -= bytes;
            }
            may_be_put
        })
    }

    /// Draws a read, unless there is too little left: then it may not be made.
    pub(crate) fn read(&self, log: LogId, shard: ShardId, now: Timestamp) -> bool {
        self.with(log, shard, now, |left| {
            let may_be_made = left.reads >= 1.0 && left.read_bytes > 0.0;
            if may_be_made {
                left.reads -= 1.0;
            }
            may_be_made
        })
    }

    /// Draws what a read has given. After 10 MiB nothing is read for five seconds.
    pub(crate) fn has_read(&self, log: LogId, shard: ShardId, bytes: usize, now: Timestamp) {
        self.with(log, shard, now, |left| left.read_bytes -= bytes as f64);
    }
}
