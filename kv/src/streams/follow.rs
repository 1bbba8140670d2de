//! Change streams as the logs that they are, for those who follow them within the program.

use millpond_engine::Read;
use millpond_stream::log::{self, LogId, Logs, ShardId};

use super::change::Change;
use super::{names, record};
use crate::catalog::Catalog;
use crate::model::{Record, Stream};
use crate::{Kv, Result};

/// A change stream as the log that it is: its shards are read and waited for by the [`log`] crate, without iterators that
/// expire, and [`record`](ChangeLog::record) tells what was read.
#[derive(Clone, Debug)]
pub struct ChangeLog {
    logs: Logs,
    log: LogId,
    stream: Stream,
    partition_key: String,
}

impl ChangeLog {
    /// The logs of the store, to read this one with.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// The log. It is closed when the stream is disabled, and removed a day later.
    #[must_use]
    pub fn log(&self) -> LogId {
        self.log
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The attribute that is the partition key of the table. All changes under one value of it are in one shard, and later in
    /// its child.
    #[must_use]
    pub fn partition_key(&self) -> &str {
        &self.partition_key
    }

    /// The name of a shard, as [`describe_stream`](Kv::describe_stream) gives it.
    #[must_use]
    pub fn shard_name(&self, shard: ShardId) -> String {
        names::shard(self.log, shard)
    }

    /// The change that a record of the log holds.
    ///
    /// # Errors
    /// One for a record that cannot be read.
    pub fn record(&self, stored: log::Record) -> Result<Record> {
        Change::record(self.log, stored)
    }
}

impl Kv {
    /// A change stream as the log that it is: by its ARN, or the part of it from `table/` on.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation), [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of
    /// the engine.
    pub fn change_log(&self, stream_arn: &str) -> Result<ChangeLog> {
        run(self.catalog(), &mut self.engine().latest(), stream_arn)
    }
}

fn run(catalog: &Catalog, reader: &mut impl Read, stream_arn: &str) -> Result<ChangeLog> {
    let stream = names::stream(stream_arn)?;
    let record = record::need(catalog, reader, stream_arn, &stream)?;
    Ok(ChangeLog { logs: catalog.logs.clone(), log: record.log, stream, partition_key: record.partition_key })
}
