//! Reading records from a position on.

use std::{ops::Bound, sync::Arc};

use bytes::Bytes;
use millpond_engine::{Position, RangeRequest, Read, wait::Waiters};

use super::{LogId, Logs, Result, ShardId, Watch, layout, record::LogRecord};

/// A page of rows ends once it has so many bytes, whatever was asked for: what is not needed was read in vain.
const PAGE_BYTES: usize = 4 << 20;

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
    /// The first record that was not read, where the bounds were reached before it.
    pub more: Option<Position>,
    /// Whether the shard is closed and nothing comes after these.
    pub is_end: bool,
}

/// Records on their way to a reader.
struct Found {
    records: Records,
    from: Position,
    most: Most,
    bytes: usize,
}

impl Found {
    fn new(from: Position, most: Most) -> Self {
        let most = Most { records: most.records.max(1), ..most };
        Found { records: Records { records: Vec::new(), next: from, more: None, is_end: false }, from, most, bytes: 0 }
    }

    /// Takes the records of a row. `false` once there are as many as were asked for.
    fn add(&mut self, first: Position, row: &Bytes) -> Result<bool> {
        for (nth, data) in (0..).zip(layout::Records::of(row)?) {
            let (position, data) = (first.plus(nth), data?);
            if position < self.from {
                continue;
            }
            let found = &mut self.records;
            let is_full = found.records.len() >= self.most.records || self.bytes >= self.most.bytes;
            if is_full && !found.records.is_empty() {
                found.more = Some(position);
                return Ok(false);
            }
            self.bytes += data.len();
            found.next = position.next();
            found.records.push(Record { position, data });
        }
        Ok(true)
    }
}

impl Logs {
    /// Reads the records of a shard at a position and after it. Those that are not kept any more are passed over.
    ///
    /// # Errors
    /// [`Error::NoLog`](super::Error::NoLog), [`Error::NoShard`](super::Error::NoShard), and those of the engine.
    pub fn read(
        &self,
        reader: &mut impl Read,
        log: LogId,
        shard: ShardId,
        from: Position,
        most: Most,
    ) -> Result<Records> {
        let record = self.need(reader, log)?;
        self.read_stored(reader, &record, (log, shard), from, most)
    }

    /// [`read`](Logs::read) of what can be seen now, for readers that follow a shard: its fresh records are kept in memory, so
    /// that reading them costs the engine nothing, and finding none as little.
    ///
    /// # Errors
    /// As [`read`](Logs::read).
    pub fn follow(&self, log: LogId, shard: ShardId, from: Position, most: Most) -> Result<Records> {
        let record = self.need(&mut self.engine.latest(), log)?;
        let kept = record.need(log, shard)?;
        let from = from.max(self.horizon_of(&record));
        // The last rows of a shard may be told of a moment after the closing can be seen.
        let mut since = None;
        if kept.closed.is_none() {
            let tail = self.tails.tail(&self.engine, (log, shard));
            if let Some(rows) = tail.rows_from(from, most, self.engine.clock().now()) {
                let mut found = Found::new(from, most);
                for row in rows {
                    if !found.add(row.first, &row.bytes)? {
                        break;
                    }
                }
                return Ok(found.records);
            }
            since = tail.since();
        }
        let mut snapshot = self.engine.snapshot()?;
        let record = self.need(&mut snapshot, log)?;
        let mut found = self.read_stored(&mut snapshot, &record, (log, shard), from, most)?;
        // What was committed before the tail was made is in this snapshot: who has read all of it goes on in the tail, even if nothing
        // is appended for long.
        if found.more.is_none() {
            found.next = found.next.max(since.unwrap_or_default());
        }
        Ok(found)
    }

    fn read_stored(
        &self,
        reader: &mut impl Read,
        record: &LogRecord,
        (log, shard): (LogId, ShardId),
        from: Position,
        most: Most,
    ) -> Result<Records> {
        let is_closed = record.need(log, shard)?.closed.is_some();
        let from = from.max(self.horizon_of(record));
        let mut found = Found::new(from, most);
        let mut resume = self.row_with(reader, log, shard, from)?;
        loop {
            let rows = rows_from(log, shard, resume).limit(found.most.records);
            let page = reader.range(&self.records, &rows.limit_bytes(most.bytes.clamp(1, PAGE_BYTES)))?;
            for (key, row) in page.entries {
                if !found.add(layout::position(&key)?, &row)? {
                    return Ok(found.records);
                }
            }
            match page.resume {
                Some(key) => resume = layout::position(&key)?.next(),
                None => break,
            }
        }
        found.records.is_end = is_closed;
        Ok(found.records)
    }

    /// Stands in line for the next record of a shard: see [`Watch`].
    #[must_use]
    pub fn watch(&self, log: LogId, shard: ShardId) -> Watch {
        Watch::new(&self.tails, &self.engine, (log, shard))
    }

    /// Stands in a line, and in those for the next record of several shards.
    pub(crate) fn watch_any(&self, log: LogId, shards: &[ShardId], line: &Arc<Waiters>) -> Watch {
        let mut watch = Watch::of_line(&self.tails, &self.engine, line);
        shards.iter().for_each(|shard| watch.also(&self.engine, (log, *shard)));
        watch
    }

    /// The position after the last record of a shard, if it has one.
    ///
    /// # Errors
    /// As [`read`](Logs::read).
    pub fn end(&self, reader: &mut impl Read, log: LogId, shard: ShardId) -> Result<Option<Position>> {
        self.need(reader, log)?.need(log, shard)?;
        self.stored_end(reader, log, shard)
    }

    pub(crate) fn stored_end(&self, reader: &mut impl Read, log: LogId, shard: ShardId) -> Result<Option<Position>> {
        let last = RangeRequest::prefix(&layout::shard_prefix(log, shard)).reverse().limit(1);
        let Some((key, row)) = reader.range(&self.records, &last)?.entries.pop() else { return Ok(None) };
        layout::end_of_row(&key, &row).map(Some)
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
        let Some((key, row)) = reader.range(&self.records, &before)?.entries.pop() else { return Ok(position) };
        let is_within = layout::end_of_row(&key, &row)? > position;
        if is_within { layout::position(&key) } else { Ok(position) }
    }
}

fn rows_from(log: LogId, shard: ShardId, position: Position) -> RangeRequest {
    RangeRequest::prefix(&layout::shard_prefix(log, shard)).start_at(&layout::record_key(log, shard, position))
}
