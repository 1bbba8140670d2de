//! Streams.

use std::{collections::HashMap, sync::Arc};

use millpond_engine::Engine;
use millpond_stream::{
    RecordLog, ShardId, Stream,
    log::{self, LogId, Logs},
};
use parking_lot::RwLock;

use super::Log;
use crate::{Record, Result, config::Kind};

/// The records of a stream.
#[derive(Debug, Clone)]
pub(crate) struct StreamLog {
    engine: Engine,
    log: RecordLog,
    /// Of the shards that were read: sequence numbers have it in them, and it never changes.
    generations: Arc<RwLock<HashMap<ShardId, u64>>>,
}

impl StreamLog {
    pub(crate) fn open(stream: &Stream) -> Result<StreamLog> {
        let engine = stream.streams().engine().clone();
        Ok(StreamLog { engine, log: stream.record_log()?, generations: Arc::default() })
    }

    pub(crate) fn name(&self) -> &str {
        self.log.name()
    }

    fn generation(&self, shard: ShardId) -> Result<u64> {
        if let Some(generation) = self.generations.read().get(&shard) {
            return Ok(*generation);
        }
        let view = self.log.logs().view(&mut self.engine.latest(), self.log.log())?;
        let generation = view.shard(shard).map_or(0, |shard| shard.generation);
        self.generations.write().insert(shard, generation);
        Ok(generation)
    }
}

impl Log for StreamLog {
    fn kind(&self) -> Kind {
        Kind::Stream
    }

    fn logs(&self) -> &Logs {
        self.log.logs()
    }

    fn id(&self) -> LogId {
        self.log.log()
    }

    fn shard_name(&self, shard: ShardId) -> String {
        shard.to_string()
    }

    fn record(&self, shard: ShardId, stored: log::Record) -> Result<(Vec<u8>, Record)> {
        let position = stored.position;
        let record = self.log.record(shard, self.generation(shard)?, stored)?;
        Ok((record.partition_key().as_bytes().to_vec(), Record::of_stream(record, position)))
    }
}
