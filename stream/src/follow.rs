//! A stream as the log that it is, for those who follow all of its shards within the program.

use std::sync::Arc;

use crate::{
    Record, Result, ShardId, Stream,
    log::{self, LogId, Logs},
    shared::Shared,
};

/// A stream as the log that it is: its shards are read and waited for by [`Logs`], without iterators that expire, and
/// [`record`](RecordLog::record) tells what was read. A stream that is deleted and made again is another one.
#[derive(Clone, Debug)]
pub struct RecordLog {
    shared: Arc<Shared>,
    name: Arc<str>,
    log: LogId,
}

impl RecordLog {
    /// The stream's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The logs of the store, to read this one with.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.shared.logs
    }

    /// The log. It is removed with the stream.
    #[must_use]
    pub fn log(&self) -> LogId {
        self.log
    }

    /// The record of the stream that a record of the log is. The generation is that of the shard, [`log::Shard::generation`].
    ///
    /// # Errors
    /// One for a record that cannot be read.
    pub fn record(&self, shard: ShardId, generation: u64, stored: log::Record) -> Result<Record> {
        Record::decode(generation, shard, stored)
    }
}

impl Stream {
    /// The stream as the log that it is.
    ///
    /// # Errors
    /// [`Error::StreamNotFound`](crate::Error::StreamNotFound), and those of the engine.
    pub fn record_log(&self) -> Result<RecordLog> {
        let record = self.shared.need(&mut self.shared.engine.latest(), &self.name)?;
        Ok(RecordLog { shared: Arc::clone(&self.shared), name: Arc::clone(&self.name), log: record.log() })
    }
}
