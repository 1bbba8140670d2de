//! The record of a log: its settings and its shards.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use millpond_engine::Timestamp;

use crate::layout::LOGS;
use crate::{Error, LogId, LogOptions, Result, Shard, ShardId};

const VERSION: u8 = 1;

/// A log as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogRecord {
    pub(crate) retention: Duration,
    pub(crate) roll_after: Option<Duration>,
    /// No number is given twice in a log.
    pub(crate) next_shard: u32,
    /// By number, which is also the order in which they were made.
    pub(crate) shards: Vec<ShardRecord>,
}

/// A shard as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShardRecord {
    pub(crate) id: ShardId,
    pub(crate) parent: Option<ShardId>,
    pub(crate) created: Timestamp,
    pub(crate) closed: Option<Timestamp>,
    /// The first and the last hash key that belong here.
    pub(crate) first_hash: u128,
    pub(crate) last_hash: u128,
}

impl LogRecord {
    /// A log whose shards share the hash keys evenly.
    pub(crate) fn new(options: &LogOptions, now: Timestamp) -> Self {
        let mut log = LogRecord {
            retention: options.retention,
            roll_after: options.roll_after,
            next_shard: 0,
            shards: Vec::new(),
        };
        let share = u128::MAX / u128::from(options.shards.max(1));
        for nth in 0..options.shards {
            let first_hash = if nth == 0 { 0 } else { share * u128::from(nth) + 1 };
            let last_hash = if nth + 1 == options.shards { u128::MAX } else { share * u128::from(nth + 1) };
            log.add(None, now, (first_hash, last_hash));
        }
        log
    }

    fn add(&mut self, parent: Option<ShardId>, created: Timestamp, (first_hash, last_hash): (u128, u128)) -> ShardId {
        let id = ShardId::new(self.next_shard);
        self.next_shard += 1;
        self.shards.push(ShardRecord { id, parent, created, closed: None, first_hash, last_hash });
        id
    }

    pub(crate) fn shard(&self, id: ShardId) -> Option<&ShardRecord> {
        self.shards.iter().find(|shard| shard.id == id)
    }

    /// The shard that takes what is appended under a hash key.
    pub(crate) fn open_shard(&self, hash_key: u128) -> Option<&ShardRecord> {
        let takes =
            |shard: &&ShardRecord| shard.closed.is_none() && (shard.first_hash..=shard.last_hash).contains(&hash_key);
        self.shards.iter().rev().find(takes)
    }

    /// Whether it is time to go on in a new shard. The last number is never given, so that there always is a next.
    pub(crate) fn is_to_roll(&self, shard: &ShardRecord, now: Timestamp) -> bool {
        self.next_shard < u32::MAX && self.roll_after.is_some_and(|after| now >= shard.created.saturating_add(after))
    }

    /// Closes a shard and opens its child.
    pub(crate) fn roll(&mut self, id: ShardId, now: Timestamp) -> Option<ShardId> {
        let shard = self.shards.iter_mut().find(|shard| shard.id == id)?;
        shard.closed = Some(now);
        let hashes = (shard.first_hash, shard.last_hash);
        Some(self.add(Some(id), now, hashes))
    }

    pub(crate) fn close(&mut self, now: Timestamp) {
        self.shards.iter_mut().for_each(|shard| shard.closed = shard.closed.or(Some(now)));
    }

    /// Whether no record of a shard is kept any more, nor ever will be.
    pub(crate) fn is_over(&self, shard: &ShardRecord, now: Timestamp) -> bool {
        shard.closed.is_some_and(|closed| closed.saturating_add(self.retention) <= now)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.put_u64(millis(self.retention));
        bytes.put_u64(self.roll_after.map_or(u64::MAX, millis));
        bytes.put_u32(self.next_shard);
        for shard in &self.shards {
            bytes.put_u32(shard.id.get());
            bytes.put_u32(shard.parent.map_or(u32::MAX, ShardId::get));
            bytes.put_u64(shard.created.as_millis());
            bytes.put_u64(shard.closed.map_or(u64::MAX, Timestamp::as_millis));
            bytes.put_u128(shard.first_hash);
            bytes.put_u128(shard.last_hash);
        }
        bytes
    }

    pub(crate) fn decode(mut bytes: Bytes) -> Result<Self> {
        let bad = |_| Error::Corrupt { keyspace: LOGS, detail: "a log's record is cut off" };
        if bytes.try_get_u8().map_err(bad)? != VERSION {
            return Err(Error::Corrupt { keyspace: LOGS, detail: "a log's record is of an unknown version" });
        }
        let mut log = LogRecord {
            retention: Duration::from_millis(bytes.try_get_u64().map_err(bad)?),
            roll_after: Some(bytes.try_get_u64().map_err(bad)?).filter(|it| *it != u64::MAX).map(Duration::from_millis),
            next_shard: bytes.try_get_u32().map_err(bad)?,
            shards: Vec::new(),
        };
        while bytes.has_remaining() {
            log.shards.push(ShardRecord {
                id: ShardId::new(bytes.try_get_u32().map_err(bad)?),
                parent: Some(bytes.try_get_u32().map_err(bad)?).filter(|it| *it != u32::MAX).map(ShardId::new),
                created: Timestamp::from_millis(bytes.try_get_u64().map_err(bad)?),
                closed: Some(bytes.try_get_u64().map_err(bad)?)
                    .filter(|it| *it != u64::MAX)
                    .map(Timestamp::from_millis),
                first_hash: bytes.try_get_u128().map_err(bad)?,
                last_hash: bytes.try_get_u128().map_err(bad)?,
            });
        }
        Ok(log)
    }

    /// Its shards as they are shown; those that are over are left out.
    pub(crate) fn shown(&self, now: Timestamp) -> Vec<Shard> {
        let kept = self.shards.iter().filter(|shard| !self.is_over(shard, now));
        kept.map(|shard| Shard { id: shard.id, parent: shard.parent, created: shard.created, closed: shard.closed })
            .collect()
    }

    pub(crate) fn need(&self, log: LogId, shard: ShardId) -> Result<&ShardRecord> {
        self.shard(shard).ok_or(Error::NoShard { log, shard })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn log(shards: u32) -> LogRecord {
        let day = Duration::from_secs(86_400);
        LogRecord::new(&LogOptions { shards, retention: day, roll_after: Some(day / 6) }, NOW)
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written_or_not_at_all() {
        let mut log = log(3);
        log.roll(ShardId::new(1), NOW).unwrap();
        let bytes = Bytes::from(log.encode());
        assert_eq!(LogRecord::decode(bytes.clone()).unwrap(), log);
        let forever = LogRecord { roll_after: None, shards: Vec::new(), ..log };
        assert_eq!(LogRecord::decode(forever.encode().into()).unwrap(), forever);
        assert!(LogRecord::decode(bytes.slice(..bytes.len() - 1)).is_err());
        assert!(LogRecord::decode(Bytes::from_static(&[VERSION + 1])).is_err());
    }

    #[test]
    fn open_shards_share_all_hash_keys() {
        for shards in [1, 2, 3, 7, 256] {
            let log = log(shards);
            assert_eq!(log.open_shard(0).unwrap().id, ShardId::new(0));
            assert_eq!(log.open_shard(u128::MAX).unwrap().id, ShardId::new(shards - 1));
            for pair in log.shards.windows(2) {
                assert_eq!(pair[0].last_hash + 1, pair[1].first_hash);
            }
        }
    }

    #[test]
    fn a_child_takes_over_where_its_parent_is_closed() {
        let mut log = log(2);
        let child = log.roll(ShardId::new(0), NOW).unwrap();
        assert_eq!(log.open_shard(5).unwrap().id, child);
        assert_eq!(log.shard(child).unwrap().parent, Some(ShardId::new(0)));
        assert_eq!(log.open_shard(u128::MAX).unwrap().id, ShardId::new(1));
        log.close(NOW);
        assert_eq!(log.open_shard(5), None);
    }
}
