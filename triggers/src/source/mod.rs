//! What triggers read from.
//!
//! A queue is received from; all else is a [`Log`]: shards of records, each at a position, which are read from any place. Further
//! sources (the changes of documents) are further logs.

pub(crate) mod stream;
pub(crate) mod table;

use millpond_stream::log::{self, LogId, Logs, ShardId};

use crate::{Record, Result, config::Kind};

/// A source with shards.
pub(crate) trait Log: Send + Sync {
    /// What of the settings fits it.
    fn kind(&self) -> Kind;

    /// How to read it.
    fn logs(&self) -> &Logs;

    /// Which of the logs it is.
    fn id(&self) -> LogId;

    /// The service's name of a shard.
    fn shard_name(&self, shard: ShardId) -> String;

    /// The record that was read, and the key under which it keeps its order.
    ///
    /// # Errors
    /// One for a record that cannot be read.
    fn record(&self, shard: ShardId, stored: log::Record) -> Result<(Vec<u8>, Record)>;
}
