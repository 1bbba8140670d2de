//! Splitting and merging shards, and counting them up and down.

use millpond_engine::{Position, Transaction};

use super::{Error, LogId, Logs, Result, ShardId, record::LogRecord, record::ShardRecord};

impl Logs {
    /// Closes an open shard in the caller's transaction and opens two that share its hash keys: up to `at` and from it on.
    /// Gives the two. Appends that are under way conflict with it, and go to the children when they run again.
    ///
    /// # Errors
    /// [`Error::NoLog`], [`Error::NoShard`], [`Error::Closed`] where it is not open, [`Error::HashKey`] where a child would
    /// be empty, [`Error::ShardCount`], and those of the engine.
    pub fn split_in(&self, tx: &mut Transaction, log: LogId, shard: ShardId, at: u128) -> Result<[ShardId; 2]> {
        let mut record = LogRecord::clone(&*self.need(tx, log)?);
        let parent = record.need_open(log, shard)?.clone();
        if at <= parent.first_hash || at > parent.last_hash {
            return Err(Error::HashKey { shard, hash_key: at });
        }
        record.check_growth(1)?;
        let end = self.end_in(tx, log, &parent)?;
        let now = tx.clock().now();
        record.close_one(shard, now, end);
        let lower = record.add_child(&[&parent], now, end, (parent.first_hash, at - 1));
        let upper = record.add_child(&[&parent], now, end, (at, parent.last_hash));
        self.put(tx, log, &record)?;
        self.tails.wake(tx, log, &[shard]);
        Ok([lower, upper])
    }

    /// Closes two open shards with adjacent hash keys in the caller's transaction and opens one that has those of both.
    ///
    /// # Errors
    /// [`Error::NoLog`], [`Error::NoShard`], [`Error::Closed`] where one is not open, [`Error::NotAdjacent`], and those of the
    /// engine.
    pub fn merge_in(&self, tx: &mut Transaction, log: LogId, shard: ShardId, adjacent: ShardId) -> Result<ShardId> {
        let mut record = LogRecord::clone(&*self.need(tx, log)?);
        let (one, other) = (record.need_open(log, shard)?.clone(), record.need_open(log, adjacent)?.clone());
        let is_below = |low: &ShardRecord, high: &ShardRecord| low.last_hash.checked_add(1) == Some(high.first_hash);
        if !is_below(&one, &other) && !is_below(&other, &one) {
            return Err(Error::NotAdjacent { shard, adjacent });
        }
        record.check_growth(0)?;
        let hashes = (one.first_hash.min(other.first_hash), one.last_hash.max(other.last_hash));
        let end = self.end_in(tx, log, &one)?.max(self.end_in(tx, log, &other)?);
        let now = tx.clock().now();
        record.close_one(shard, now, end);
        record.close_one(adjacent, now, end);
        let child = record.add_child(&[&one, &other], now, end, hashes);
        self.put(tx, log, &record)?;
        self.tails.wake(tx, log, &[shard, adjacent]);
        Ok(child)
    }

    /// The position after the last record of a shard, or where it began. In a transaction it is that to which the shard is closed: an
    /// append that is committed before conflicts with it.
    pub(crate) fn end_in(&self, tx: &mut Transaction, log: LogId, shard: &ShardRecord) -> Result<Position> {
        let end = self.stored_end(tx, log, shard.id)?;
        Ok(end.unwrap_or_default().max(shard.start))
    }
}
