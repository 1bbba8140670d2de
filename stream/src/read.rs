//! Reading records from a position on.

use std::ops::Bound;

use bytes::Bytes;
use millpond_engine::{Position, RangeRequest, Read};

use crate::layout;
use crate::{LogId, Logs, Result, ShardId};

/// A record of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its place among all records of the engine; the time in it is that of its commit.
    pub position: Position,
    /// What was appended.
    pub data: Bytes,
}

/// How much is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// The most records.
    pub records: usize,
    /// The record that brings them to this many bytes is the last.
    pub bytes: usize,
}

impl Default for Most {
    /// 1,000 records and 1 MiB.
    fn default() -> Self {
        Most { records: 1000, bytes: 1 << 20 }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Records {
    /// The records in their order.
    pub records: Vec<Record>,
    /// Where to go on.
    pub next: Position,
    /// Whether the shard is closed and nothing comes after these.
    pub is_end: bool,
}

impl Logs {
    /// Reads the records of a shard at a position and after it. Those that are not kept any more are passed over.
    ///
    /// # Errors
    /// [`Error::NoLog`](crate::Error::NoLog), [`Error::NoShard`](crate::Error::NoShard), and those of the engine.
    pub fn read(
        &self,
        reader: &mut impl Read,
        log: LogId,
        shard: ShardId,
        from: Position,
        most: Most,
    ) -> Result<Records> {
        let record = self.need(reader, log)?;
        let is_closed = record.need(log, shard)?.closed.is_some();
        let from = from.max(self.horizon_of(&record));
        let mut found = Records { records: Vec::new(), next: from, is_end: false };
        let (mut bytes, mut resume) = (0, self.row_with(reader, log, shard, from)?);
        loop {
            let page = reader.range(&self.records, &rows_from(log, shard, resume).limit(most.records.max(1)))?;
            for (key, batch) in page.entries {
                let first = layout::position(&key)?;
                for (nth, data) in (0..).zip(layout::decode_batch(batch)?) {
                    let position = first.plus(nth);
                    if position < from {
                        continue;
                    }
                    if found.records.len() >= most.records.max(1) || bytes >= most.bytes && !found.records.is_empty() {
                        return Ok(found);
                    }
                    bytes += data.len();
                    found.next = position.next();
                    found.records.push(Record { position, data });
                }
            }
            match page.resume {
                Some(key) => resume = layout::position(&key)?.next(),
                None => break,
            }
        }
        found.is_end = is_closed;
        Ok(found)
    }

    /// The position after the last record of a shard, if it has one.
    ///
    /// # Errors
    /// As [`read`](Logs::read).
    pub fn end(&self, reader: &mut impl Read, log: LogId, shard: ShardId) -> Result<Option<Position>> {
        self.need(reader, log)?.need(log, shard)?;
        let last = RangeRequest::prefix(&layout::shard_prefix(log, shard)).reverse().limit(1);
        let Some((key, batch)) = reader.range(&self.records, &last)?.entries.pop() else { return Ok(None) };
        layout::end_of_row(&key, batch).map(Some)
    }

    /// Whether a record of a shard at a position or after it was kept once and is not any more, so that reading from there
    /// would pass over it.
    ///
    /// # Errors
    /// As [`read`](Logs::read).
    pub fn has_lost(&self, reader: &mut impl Read, log: LogId, shard: ShardId, from: Position) -> Result<bool> {
        let horizon = self.horizon_of(&*self.need(reader, log)?);
        let trimmed = reader.get(&self.logs, &layout::trimmed_key(log, shard))?;
        if trimmed.map_or(Ok(0), |trimmed| layout::read_u64(&trimmed))? > from.get() {
            return Ok(true);
        }
        let (from, to) = (layout::record_key(log, shard, from), layout::record_key(log, shard, horizon));
        let old = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to)).limit(1);
        Ok(!reader.range(&self.records, &old)?.entries.is_empty())
    }

    /// The position of the row that has this position in it, or this one itself.
    fn row_with(&self, reader: &mut impl Read, log: LogId, shard: ShardId, position: Position) -> Result<Position> {
        let (from, to) = (layout::shard_prefix(log, shard), layout::record_key(log, shard, position));
        let before = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to)).reverse().limit(1);
        let Some((key, batch)) = reader.range(&self.records, &before)?.entries.pop() else { return Ok(position) };
        let is_within = layout::end_of_row(&key, batch)? > position;
        if is_within { layout::position(&key) } else { Ok(position) }
    }
}

fn rows_from(log: LogId, shard: ShardId, position: Position) -> RangeRequest {
    RangeRequest::prefix(&layout::shard_prefix(log, shard)).start_at(&layout::record_key(log, shard, position))
}
