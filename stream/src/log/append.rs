//! Appending records.

use std::collections::BTreeMap;

use bytes::Bytes;
use millpond_engine::{Appended, Transaction};

use super::{Error, LogId, Logs, Result, ShardId, layout, record::LogRecord, record::ShardRecord};

/// A row of records is closed once it is this long: a reader that wants one record reads all of its row.
const ROW_BYTES: usize = 256 << 10;

/// Records on their way into shards, encoded as they will be stored: so that many records cost the engine one row.
#[derive(Debug, Default)]
pub struct Rows {
    rows: Vec<Row>,
    /// The row of each shard that is being filled.
    open: BTreeMap<ShardId, usize>,
}

#[derive(Debug)]
struct Row {
    shard: ShardId,
    records: u32,
    bytes: Vec<u8>,
}

impl Rows {
    /// Adds a record: the parts follow each other. Gives the row that it is in and its place there.
    pub fn add(&mut self, shard: ShardId, parts: &[&[u8]]) -> (usize, u32) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let open = self.open.get(&shard).copied();
        let open = open.filter(|nth| self.rows.get(*nth).is_some_and(|row| row.bytes.len() + length <= ROW_BYTES));
        let nth = open.unwrap_or_else(|| {
            self.rows.push(Row { shard, records: 0, bytes: layout::new_batch(length) });
            self.open.insert(shard, self.rows.len() - 1);
            self.rows.len() - 1
        });
        let Some(row) = self.rows.get_mut(nth) else { return (nth, 0) };
        layout::push_record(&mut row.bytes, parts);
        row.records += 1;
        (nth, row.records - 1)
    }
}

impl Logs {
    /// Appends a record in the caller's transaction, to the open shard that has its hash key.
    ///
    /// # Errors
    /// [`Error::NoLog`], [`Error::Closed`], and those of the engine.
    pub fn append_in(&self, tx: &mut Transaction, log: LogId, hash_key: u128, record: impl Into<Bytes>) -> Result<()> {
        self.append_batch_in(tx, log, hash_key, &[record.into()])
    }

    /// [`append_in`](Logs::append_in) of several records that stay together, at the cost of one.
    ///
    /// # Errors
    /// As [`append_in`](Logs::append_in).
    pub fn append_batch_in(&self, tx: &mut Transaction, log: LogId, hash_key: u128, records: &[Bytes]) -> Result<()> {
        let Some(first) = records.first() else { return Ok(()) };
        // Every append has read the record of its log, so none can land in a shard that is being closed.
        let stored = self.need(tx, log)?;
        let shard = stored.open_shard(hash_key).ok_or(Error::Closed { log })?;
        let shard = self.roll_if_due(tx, log, &stored, shard)?;
        let mut bytes = layout::new_batch(first.len());
        records.iter().for_each(|record| layout::push_record(&mut bytes, &[record]));
        self.append_row_in(tx, log, Row { shard, records: u32::try_from(records.len()).unwrap_or(u32::MAX), bytes })?;
        Ok(())
    }

    /// Appends rows to shards that the caller has found open in this transaction ([`View::open_shard`](super::View::open_shard)). Their
    /// positions stand in the order of the rows.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn append_rows_in(&self, tx: &mut Transaction, log: LogId, rows: Rows) -> Result<Vec<Appended>> {
        rows.rows.into_iter().map(|row| self.append_row_in(tx, log, row)).collect()
    }

    fn append_row_in(&self, tx: &mut Transaction, log: LogId, row: Row) -> Result<Appended> {
        let Row { shard, records, bytes } = row;
        let bytes = Bytes::from(bytes);
        let appended = tx.append(&self.records, layout::shard_prefix(log, shard), records, bytes.clone())?;
        self.tails.tell(tx, (log, shard), appended.clone(), records, bytes);
        Ok(appended)
    }

    /// Closes a shard whose time is over and opens its child; gives the shard that takes what is appended.
    fn roll_if_due(
        &self,
        tx: &mut Transaction,
        log: LogId,
        stored: &LogRecord,
        shard: &ShardRecord,
    ) -> Result<ShardId> {
        let now = tx.clock().now();
        if !stored.is_to_roll(shard, now) {
            return Ok(shard.id);
        }
        let end = self.end_in(tx, log, shard)?;
        let mut rolled = stored.clone();
        let child = rolled.roll(shard.id, now, end).unwrap_or(shard.id);
        self.put(tx, log, &rolled)?;
        self.tails.wake(tx, log, &[shard.id]);
        Ok(child)
    }
}
