//! Appending records.

use bytes::Bytes;
use millpond_engine::Transaction;

use crate::layout;
use crate::record::LogRecord;
use crate::{Error, LogId, Logs, Result};

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
        if records.is_empty() {
            return Ok(());
        }
        // Every append has read the record of its log, so none can land in a shard that is being closed.
        let stored = self.need(tx, log)?;
        let shard = stored.open_shard(hash_key).ok_or(Error::Closed { log })?;
        let now = tx.clock().now();
        let mut id = shard.id;
        if stored.is_to_roll(shard, now) {
            let mut rolled = LogRecord::clone(&stored);
            id = rolled.roll(id, now).unwrap_or(id);
            tx.put(&self.logs, layout::log_key(log), rolled.encode())?;
        }
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        tx.append(&self.records, layout::shard_prefix(log, id), count, layout::encode_batch(records))?;
        Ok(())
    }
}
