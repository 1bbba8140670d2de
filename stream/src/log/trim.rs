//! Freeing the space of records that are not kept any more.
//!
//! What is too old is not read, whether it is still stored or not, so this is never urgent. It begins where it ended the last
//! time: a log-structured store walks over what was deleted until it is compacted.

use std::ops::Bound;

use bytes::Bytes;
use millpond_engine::{Position, RangeRequest, Read, WriteBatch};

use super::layout;
use super::record::LogRecord;
use super::{Error, LogId, Logs, Result, ShardId};

const BATCH_ROWS: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;

impl Logs {
    /// Removes the records, shards and removed logs that nobody can read any more. Gives the number of rows of records
    /// that went.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn trim(&self) -> Result<u64> {
        self.tails.prune(self.engine.clock().now());
        let snapshot = self.engine.snapshot()?;
        let mut rows = 0;
        for entry in snapshot.scan(&self.logs, &RangeRequest::prefix(layout::LOG_PREFIX))? {
            let (key, value) = entry?;
            rows += self.trim_log(layout::log_id(&key)?, &LogRecord::decode(value)?)?;
        }
        for entry in snapshot.scan(&self.logs, &RangeRequest::prefix(layout::REMOVED_PREFIX))? {
            rows += self.clear(layout::log_id(&entry?.0)?)?;
        }
        Ok(rows)
    }

    fn trim_log(&self, log: LogId, record: &LogRecord) -> Result<u64> {
        let now = self.engine.clock().now();
        let mut rows = 0;
        let mut is_any_over = false;
        for shard in &record.shards {
            loop {
                let trimmed = self.trim_rows(log, shard.id)?;
                rows += trimmed;
                if trimmed == 0 {
                    break;
                }
            }
            is_any_over |= record.is_over(shard, now);
        }
        if is_any_over {
            self.forget_shards(log)?;
        }
        Ok(rows)
    }

    /// Removes some of the rows of a shard that are too old; gives how many. How far it came is in the same commit, so that no row is
    /// left behind. It conflicts with a change of the retention: by the new one they may not be too old.
    fn trim_rows(&self, log: LogId, shard: ShardId) -> Result<u64> {
        let mark = layout::trimmed_key(log, shard);
        // Mostly there are none, and to see that costs no transaction.
        if self.old_rows(&mut self.engine.latest(), log, shard, &mark, 1)?.is_empty() {
            return Ok(0);
        }
        self.engine.transact(|tx| {
            let old = self.old_rows(tx, log, shard, &mark, BATCH_ROWS)?;
            let Some((last, batch)) = old.last() else { return Ok(0) };
            tx.put(&self.logs, mark.clone(), layout::end_of_row(last, batch)?.to_bytes().to_vec())?;
            let rows = old.len() as u64;
            for (key, _) in old {
                tx.delete(&self.records, key)?;
            }
            Ok(rows)
        })
    }

    /// The first rows of a shard, at most so many, of which nothing is kept any more.
    fn old_rows(
        &self,
        reader: &mut impl Read,
        log: LogId,
        shard: ShardId,
        mark: &[u8],
        most: usize,
    ) -> Result<Vec<(Bytes, Bytes)>> {
        let horizon = match self.need(reader, log) {
            Err(Error::NoLog { .. }) => return Ok(Vec::new()),
            record => self.horizon_of(&*record?),
        };
        let begin = reader.get(&self.logs, mark)?.map_or(Ok(0), |begin| layout::read_u64(&begin))?;
        let from = layout::record_key(log, shard, Position::new(begin));
        let to = layout::record_key(log, shard, horizon);
        let old = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to));
        let mut rows = reader.range(&self.records, &old.limit(most).limit_bytes(BATCH_BYTES))?.entries;
        // Of a row that the horizon falls into, some records are kept.
        while let Some((key, batch)) = rows.last()
            && layout::end_of_row(key, batch)? > horizon
        {
            rows.pop();
        }
        Ok(rows)
    }

    /// Removes all rows of a range, a bounded batch at a time.
    fn delete(&self, range: &RangeRequest) -> Result<u64> {
        let snapshot = self.engine.snapshot()?;
        let mut found = snapshot.scan(&self.records, range)?;
        let mut rows = 0;
        loop {
            let mut batch = WriteBatch::new();
            for entry in found.by_ref().take(BATCH_ROWS) {
                batch.delete(&self.records, entry?.0);
            }
            if batch.is_empty() {
                return Ok(rows);
            }
            rows += batch.len() as u64;
            self.engine.write(batch)?;
        }
    }

    /// Takes the shards that are over out of the record of their log.
    fn forget_shards(&self, log: LogId) -> Result<()> {
        self.engine.transact(|tx| {
            let stored = match self.need(tx, log) {
                Err(Error::NoLog { .. }) => return Ok(()),
                stored => stored?,
            };
            let now = tx.clock().now();
            let mut over = Vec::new();
            for shard in &stored.shards {
                // What was committed in the moment of closing may be a little younger than that.
                let rows = RangeRequest::prefix(&layout::shard_prefix(log, shard.id)).limit(1);
                if stored.is_over(shard, now) && tx.range(&self.records, &rows)?.entries.is_empty() {
                    tx.delete(&self.logs, layout::trimmed_key(log, shard.id))?;
                    over.push(shard.id);
                }
            }
            let mut record = LogRecord::clone(&stored);
            record.forget(&over);
            self.put(tx, log, &record)
        })
    }

    /// Clears away what a removed log left behind.
    fn clear(&self, log: LogId) -> Result<u64> {
        let rows = self.delete(&RangeRequest::prefix(&layout::records_prefix(log)))?;
        let mut batch = WriteBatch::new();
        let marks = RangeRequest::prefix(&layout::trimmed_prefix(log));
        for entry in self.engine.snapshot()?.scan(&self.logs, &marks)? {
            batch.delete(&self.logs, entry?.0);
        }
        batch.delete(&self.logs, layout::removed_key(log));
        self.engine.write(batch)?;
        Ok(rows)
    }
}
