use super::{LogId, ShardId};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such log, or no longer.
    #[error("there is no log {log}")]
    NoLog {
        /// What was asked for.
        log: LogId,
    },
    /// The log has no such shard, or no longer.
    #[error("log {log} has no shard {shard}")]
    NoShard {
        /// The log.
        log: LogId,
        /// What was asked for.
        shard: ShardId,
    },
    /// All its shards are closed, so nothing can be appended.
    #[error("log {log} is closed")]
    Closed {
        /// The log.
        log: LogId,
    },
    /// A shard is closed already.
    #[error("shard {shard} of log {log} is closed")]
    ShardClosed {
        /// The log.
        log: LogId,
        /// The shard.
        shard: ShardId,
    },
    /// A shard cannot be split at a hash key that leaves one of the halves empty.
    #[error("shard {shard} cannot be split at {hash_key}")]
    HashKey {
        /// The shard.
        shard: ShardId,
        /// Where it was to be split.
        hash_key: u128,
    },
    /// Shards whose hash keys do not follow each other cannot be merged.
    #[error("the hash keys of shards {shard} and {adjacent} do not follow each other")]
    NotAdjacent {
        /// One of them.
        shard: ShardId,
        /// The other one.
        adjacent: ShardId,
    },
    /// A log has between one and 10,000 open shards.
    #[error("a log has 1 to 10000 open shards, not {shards}")]
    ShardCount {
        /// What was asked for.
        shards: u32,
    },
    /// A stored row cannot be read. Nothing was changed.
    #[error("a stored row of {keyspace} is damaged: {detail}")]
    Corrupt {
        /// The engine keyspace of the row.
        keyspace: &'static str,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// The storage engine failed.
    #[error("the storage engine failed")]
    Engine(#[from] millpond_engine::Error),
}
