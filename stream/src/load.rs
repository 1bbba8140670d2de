//! How much is written to the shards of on-demand streams, and splitting those that much is written to.
//!
//! What is known of a load is in memory: after a restart it is measured anew.
//!
//! Source: <https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html#ondemandmode>

use std::{collections::HashMap, time::Duration};

use millpond_engine::Timestamp;
use parking_lot::Mutex;

use crate::{Result, ShardId, list_streams, log::LogId, shared::Shared};

/// A load is that of so many seconds.
const WINDOW: Duration = Duration::from_secs(10);
/// A shard is split that has half of what it may take, so that its halves can take twice that at once.
const BYTES_A_SECOND: f64 = 524_288.0;
const RECORDS_A_SECOND: f64 = 500.0;
/// An on-demand stream grows to so many shards.
const MAX_SHARDS: usize = 200;

/// The loads of shards.
#[derive(Debug, Default)]
pub(crate) struct Loads(Mutex<HashMap<(LogId, ShardId), Load>>);

#[derive(Debug, Clone, Copy)]
struct Load {
    since: Timestamp,
    records: u64,
    bytes: u64,
}

impl Loads {
    /// Takes note of records, of so many bytes each.
    pub(crate) fn note(&self, log: LogId, written: &[(ShardId, usize)], now: Timestamp) {
        let mut loads = self.0.lock();
        for (shard, bytes) in written {
            let empty = Load { since: now, records: 0, bytes: 0 };
            let load = loads.entry((log, *shard)).or_insert(empty);
            load.records += 1;
            load.bytes += *bytes as u64;
        }
    }

    /// The shards that have had much for a window, and forgets what is older.
    fn take_hot(&self, now: Timestamp) -> Vec<(LogId, ShardId)> {
        let mut hot = Vec::new();
        self.0.lock().retain(|place, load| {
            let age = now.saturating_since(load.since);
            if age < WINDOW {
                return true;
            }
            let secs = age.as_secs_f64();
            if load.bytes as f64 / secs > BYTES_A_SECOND || load.records as f64 / secs > RECORDS_A_SECOND {
                hot.push(*place);
            }
            false
        });
        hot
    }
}

/// Splits the shards that much is written to; gives how many.
pub(crate) fn split_hot(shared: &Shared) -> Result<u64> {
    let hot = shared.loads.take_hot(shared.engine.clock().now());
    if hot.is_empty() {
        return Ok(0);
    }
    shared.engine.transact(|tx| {
        let mut splits = 0;
        let streams = list_streams::all(shared, tx)?;
        let open: u64 = streams.iter().map(|(_, _, log)| log.open_count() as u64).sum();
        let room = shared.options.shard_limit.saturating_sub(open);
        for (log, shard) in &hot {
            let stream = streams.iter().find(|(_, record, _)| record.is_on_demand && record.log() == *log);
            if stream.is_none() {
                continue;
            }
            let view = shared.logs.view(tx, *log)?;
            let open = view.shard(*shard).filter(|shard| shard.closed.is_none());
            let Some(open) = open.filter(|_| view.open_count() < MAX_SHARDS) else { continue };
            let (first, last) = (*open.hash_keys.start(), *open.hash_keys.end());
            if last - first > 1 && splits < room {
                shared.logs.split_in(tx, *log, *shard, first + (last - first) / 2 + 1)?;
                splits += 1;
            }
        }
        Ok(splits)
    })
}
