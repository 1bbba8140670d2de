//! What all handles of a service share.

use std::{collections::HashMap, fmt, sync::Arc};

use bytes::Bytes;
use millpond_engine::{Engine, Keyspace, Read, Transaction};
use parking_lot::RwLock;

use crate::{
    Error, Options, Result, channels,
    group::GROUPS,
    layout::{self, CATALOG, StreamRecord},
    load::Loads,
    log::{Error as LogError, Logs, View},
    record_queue::{self, Lives},
    subscription::Subscriptions,
    throttle::Throttle,
};

/// So many decoded records are kept.
const MOST_DECODED: usize = 16 << 10;

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) options: Options,
    pub(crate) logs: Logs,
    pub(crate) catalog: Keyspace,
    pub(crate) queues: Keyspace,
    pub(crate) lives: Arc<Lives>,
    pub(crate) channels: Keyspace,
    pub(crate) groups: Keyspace,
    pub(crate) throttle: Throttle,
    pub(crate) loads: Arc<Loads>,
    pub(crate) subscriptions: Arc<Subscriptions>,
    /// By name, beside the bytes that they were decoded from: they count only while these are those just read.
    decoded: RwLock<HashMap<String, (Bytes, Arc<StreamRecord>)>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("options", &self.options).finish_non_exhaustive()
    }
}

/// A stream, and its shards, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) record: Arc<StreamRecord>,
    pub(crate) log: View,
}

impl Shared {
    pub(crate) fn open(engine: &Engine, options: Options) -> Result<Arc<Shared>> {
        let logs = Logs::open(engine)?;
        if let Some((of_one_shard, of_all)) = options.tail_bytes {
            logs.tails.set_bounds(of_one_shard, of_all);
        }
        Ok(Arc::new(Shared {
            engine: engine.clone(),
            options,
            logs,
            catalog: engine.keyspace(CATALOG)?,
            queues: engine.keyspace(record_queue::KEYSPACE)?,
            lives: engine.shared(),
            channels: engine.keyspace(channels::KEYSPACE)?,
            groups: engine.keyspace(GROUPS)?,
            throttle: Throttle::default(),
            loads: Arc::default(),
            subscriptions: Arc::default(),
            decoded: RwLock::default(),
        }))
    }

    /// The stream of that name, if there is one. In a transaction, that read makes it conflict with a change of the stream.
    pub(crate) fn find(&self, reader: &mut impl Read, name: &str) -> Result<Option<Arc<StreamRecord>>> {
        let Some(stored) = reader.get(&self.catalog, &layout::stream_key(name))? else { return Ok(None) };
        if let Some((bytes, record)) = self.decoded.read().get(name)
            && *bytes == stored
        {
            return Ok(Some(Arc::clone(record)));
        }
        let record: Arc<StreamRecord> = Arc::new(layout::decode(&stored)?);
        let mut decoded = self.decoded.write();
        if decoded.len() >= MOST_DECODED {
            decoded.clear();
        }
        decoded.insert(name.to_owned(), (stored, Arc::clone(&record)));
        Ok(Some(record))
    }

    /// As [`find`](Shared::find).
    ///
    /// # Errors
    /// [`Error::StreamNotFound`] if there is none.
    pub(crate) fn need(&self, reader: &mut impl Read, name: &str) -> Result<Arc<StreamRecord>> {
        self.find(reader, name)?.ok_or_else(|| Error::StreamNotFound { stream: name.to_owned() })
    }

    /// As [`need`](Shared::need), with its shards.
    pub(crate) fn look(&self, reader: &mut impl Read, name: &str) -> Result<Found> {
        let record = self.need(reader, name)?;
        match self.logs.view(reader, record.log()) {
            Ok(log) => Ok(Found { record, log }),
            // Between two reads the stream was deleted.
            Err(LogError::NoLog { .. }) => Err(Error::StreamNotFound { stream: name.to_owned() }),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn keep(&self, tx: &mut Transaction, name: &str, record: &StreamRecord) -> Result<()> {
        Ok(tx.put(&self.catalog, layout::stream_key(name), layout::encode(record)?)?)
    }

    /// Changes the record of a stream.
    pub(crate) fn change<T>(
        &self,
        tx: &mut Transaction,
        name: &str,
        change: impl FnOnce(&mut StreamRecord) -> Result<T>,
    ) -> Result<T> {
        let mut record = StreamRecord::clone(&*self.need(tx, name)?);
        let changed = change(&mut record)?;
        self.keep(tx, name, &record)?;
        Ok(changed)
    }
}
