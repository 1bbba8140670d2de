//! Finding tables by name.
//!
//! The record of a table is read from the engine each time, in the caller's transaction if there is one: that read is
//! what makes an operation conflict with a concurrent change or deletion of its table. Only the decoding is cached, and
//! a cached record counts only while its bytes are those just read, so the cache can never be wrong.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use millpond_engine::{Engine, Keyspace, Read};
use millpond_stream::Streams;
use millpond_stream::log::Logs;
use parking_lot::RwLock;

use crate::change_format::ChangeFormat;
use crate::layout::attached::ATTACHED;
use crate::layout::backups::{BACKUPS, HISTORY};
use crate::layout::{self, INDEXES, ITEMS, TABLES, TOKENS};
use crate::table::TableRecord;
use crate::{Error, Result};

/// The records whose decoded form is kept, by the bytes of their encoded form.
const MAX_CACHED_BYTES: usize = 8 << 20;

/// The keyspaces of the service, the logs of its change streams, and the decoded records of tables.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) tables: Keyspace,
    pub(crate) items: Keyspace,
    pub(crate) indexes: Keyspace,
    pub(crate) tokens: Keyspace,
    pub(crate) logs: Logs,
    /// Where changes of tables go that have a Kinesis stream, and how they are written there.
    pub(crate) streams: Streams,
    pub(crate) change_format: Option<ChangeFormat>,
    pub(crate) backups: Keyspace,
    pub(crate) history: Keyspace,
    pub(crate) attached: Keyspace,
    decoded: RwLock<Decoded>,
}

#[derive(Debug, Default)]
struct Decoded {
    tables: HashMap<String, (Bytes, Arc<TableRecord>)>,
    bytes: usize,
}

impl Decoded {
    fn keep(&mut self, name: &str, stored: Bytes, record: Arc<TableRecord>) {
        if self.bytes > MAX_CACHED_BYTES {
            *self = Decoded::default();
        }
        self.bytes += stored.len();
        if let Some((before, _)) = self.tables.insert(name.to_owned(), (stored, record)) {
            self.bytes -= before.len();
        }
    }
}

impl Catalog {
    pub(crate) fn open(engine: &Engine, change_format: Option<ChangeFormat>) -> Result<Self> {
        let (tables, items) = (engine.keyspace(TABLES)?, engine.keyspace(ITEMS)?);
        let (indexes, tokens) = (engine.keyspace(INDEXES)?, engine.keyspace(TOKENS)?);
        let streams = Streams::open(engine)?;
        let logs = streams.logs().clone();
        let attached = engine.keyspace(ATTACHED)?;
        let (backups, history) = (engine.keyspace(BACKUPS)?, engine.keyspace(HISTORY)?);
        Ok(Catalog {
            tables,
            items,
            indexes,
            tokens,
            logs,
            streams,
            change_format,
            attached,
            backups,
            history,
            decoded: RwLock::default(),
        })
    }

    /// The table of that name, if it can be used: one that is still being filled is as good as none.
    pub(crate) fn find_usable(&self, reader: &mut impl Read, name: &str) -> Result<Option<Arc<TableRecord>>> {
        Ok(self.find(reader, name)?.filter(|table| table.loading.is_none()))
    }

    /// The table of that name, if it exists.
    pub(crate) fn find(&self, reader: &mut impl Read, name: &str) -> Result<Option<Arc<TableRecord>>> {
        let Some(stored) = reader.get(&self.tables, &layout::table_key(name))? else {
            return Ok(None);
        };
        if let Some((bytes, record)) = self.decoded.read().tables.get(name)
            && *bytes == stored
        {
            return Ok(Some(Arc::clone(record)));
        }
        let record = Arc::new(TableRecord::decode(&stored)?);
        self.decoded.write().keep(name, stored, Arc::clone(&record));
        Ok(Some(record))
    }

    /// The table that an operation on items names.
    pub(crate) fn need(&self, reader: &mut impl Read, name: &str) -> Result<Arc<TableRecord>> {
        self.find_usable(reader, name)?
            .ok_or_else(|| Error::ResourceNotFound { message: "Requested resource not found".into() })
    }

    /// The table that an operation on tables names; the service's text differs from that of [`need`](Self::need).
    pub(crate) fn need_named(&self, reader: &mut impl Read, name: &str) -> Result<Arc<TableRecord>> {
        self.find_usable(reader, name)?.ok_or_else(|| Self::missing(name))
    }

    /// That an operation on tables finds none.
    pub(crate) fn missing(name: &str) -> Error {
        Error::ResourceNotFound { message: format!("Requested resource not found: Table: {name} not found") }
    }
}
