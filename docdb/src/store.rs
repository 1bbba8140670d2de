//! The store under the service: its keyspaces, and what is remembered of them.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use millpond_engine::{Engine, Keyspace, RangeRequest, Read, Transaction, wait::Waiters};
use parking_lot::Mutex;

use crate::{catalog::Collection, error::Result, index::RecordId, model::Namespace, value::Doc};

/// What all handles on one engine share.
pub(crate) struct Store {
    pub(crate) engine: Engine,
    /// See [`crate::catalog`].
    pub(crate) catalog: Keyspace,
    /// A collection's id (8 bytes) and a record's id; documents as BSON.
    pub(crate) documents: Keyspace,
    /// See [`crate::index::RecordId`] and its neighbours.
    pub(crate) entries: Keyspace,
    /// A collection's id and `n` or `b`: how many documents it has, and how many bytes; counters.
    pub(crate) counts: Keyspace,
    /// See [`crate::retry`].
    pub(crate) sessions: Keyspace,
    pub(crate) memory: Arc<Memory>,
}

/// What all handles on one engine remember; it can be thrown away at any moment, but for numbers of records, which must not be
/// given twice.
#[derive(Default)]
pub(crate) struct Memory {
    /// Catalog rows as they were last seen, with what they say.
    pub(crate) decoded: Mutex<HashMap<Namespace, (Bytes, Arc<Collection>)>>,
    /// For each collection the next record's number. Numbers that were given and not used are gaps.
    next_records: Mutex<HashMap<u64, Arc<AtomicU64>>>,
    /// Who waits for documents of a capped collection.
    arrivals: Mutex<HashMap<u64, Arc<Waiters>>>,
    /// The ids of indexes that are being built, and of collections that are being filled, by this process: others that are not
    /// finished in the catalog are of one that has ended.
    unfinished: Mutex<HashSet<u64>>,
}

/// Ids of what is being made, until it is dropped.
pub(crate) struct Unfinished {
    memory: Arc<Memory>,
    ids: Vec<u64>,
}

impl Unfinished {
    pub(crate) fn add(&mut self, id: u64) {
        self.memory.unfinished.lock().insert(id);
        self.ids.push(id);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut all = self.memory.unfinished.lock();
        for id in &self.ids {
            all.remove(id);
        }
    }
}

impl Store {
    pub(crate) fn open(engine: &Engine) -> Result<Store> {
        Ok(Store {
            engine: engine.clone(),
            catalog: engine.keyspace("docdb.catalog")?,
            documents: engine.keyspace("docdb.documents")?,
            entries: engine.keyspace("docdb.entries")?,
            counts: engine.keyspace("docdb.counts")?,
            sessions: engine.keyspace("docdb.sessions")?,
            memory: engine.shared(),
        })
    }

    /// The number of a new record. Only this process writes to the store, so that the last one on disk is looked up once.
    pub(crate) fn next_record(&self, reader: &mut impl Read, collection: u64) -> Result<RecordId> {
        if let Some(next) = self.memory.next_records.lock().get(&collection) {
            return Ok(RecordId::of_number(next.fetch_add(1, Ordering::Relaxed)));
        }
        let newest =
            reader.range(&self.documents, &RangeRequest::prefix(&collection.to_be_bytes()).reverse().limit(1))?;
        let last = newest.entries.first().and_then(|(key, _)| record_of(key).number()).unwrap_or(0);
        let mut all = self.memory.next_records.lock();
        let next = all.entry(collection).or_insert_with(|| Arc::new(AtomicU64::new(last + 1)));
        Ok(RecordId::of_number(next.fetch_add(1, Ordering::Relaxed)))
    }

    /// Forgets what is remembered of a name that is gone.
    pub(crate) fn forget(&self, namespace: &Namespace) {
        self.memory.decoded.lock().remove(namespace);
    }

    /// Forgets what is remembered of a collection that is gone, and wakes who waits for its documents. Its id is not given again.
    pub(crate) fn forget_id(&self, collection: u64) {
        self.memory.next_records.lock().remove(&collection);
        let arrivals = self.memory.arrivals.lock().remove(&collection);
        if let Some(arrivals) = arrivals {
            arrivals.wake(usize::MAX);
        }
    }

    /// Begins to note what is being made.
    pub(crate) fn unfinished(&self) -> Unfinished {
        Unfinished { memory: Arc::clone(&self.memory), ids: Vec::new() }
    }

    /// Whether this process is making something.
    pub(crate) fn is_making(&self, id: u64) -> bool {
        self.memory.unfinished.lock().contains(&id)
    }

    /// The document of a record.
    pub(crate) fn document(&self, reader: &mut impl Read, collection: u64, record: &RecordId) -> Result<Option<Doc>> {
        Ok(reader.get(&self.documents, &document_key(collection, record))?.map(Doc::from_bytes))
    }

    /// Adds to a collection's counts.
    pub(crate) fn count(&self, tx: &mut Transaction, collection: u64, documents: i64, bytes: i64) -> Result<()> {
        if documents != 0 {
            tx.add(&self.counts, count_key(collection, b'n'), documents)?;
        }
        if bytes != 0 {
            tx.add(&self.counts, count_key(collection, b'b'), bytes)?;
        }
        Ok(())
    }

    /// How many documents a collection has, and how many bytes.
    pub(crate) fn counts(&self, reader: &mut impl Read, collection: u64) -> Result<(u64, u64)> {
        let documents = reader.counter(&self.counts, &count_key(collection, b'n'))?;
        let bytes = reader.counter(&self.counts, &count_key(collection, b'b'))?;
        Ok((documents.max(0).cast_unsigned(), bytes.max(0).cast_unsigned()))
    }

    /// Those who wait for documents of a capped collection.
    pub(crate) fn arrivals(&self, collection: u64) -> Arc<Waiters> {
        Arc::clone(self.memory.arrivals.lock().entry(collection).or_default())
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// The key of a document.
pub(crate) fn document_key(collection: u64, record: &RecordId) -> Vec<u8> {
    let mut key = Vec::with_capacity(8 + record.0.len());
    key.extend_from_slice(&collection.to_be_bytes());
    key.extend_from_slice(&record.0);
    key
}

/// The record that a document's key names.
pub(crate) fn record_of(key: &Bytes) -> RecordId {
    RecordId(key.slice(8.min(key.len())..))
}

pub(crate) fn count_key(collection: u64, what: u8) -> Vec<u8> {
    let mut key = collection.to_be_bytes().to_vec();
    key.push(what);
    key
}
