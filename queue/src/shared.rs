//! What all handles of a service share: its keyspaces, the decoded records of its queues, and its hints.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use millpond_engine::{Engine, Latest, Read, Ticket, Timestamp, TransactOptions, Transaction};
use parking_lot::{Mutex, RwLock};

use crate::{
    Error, MoveTaskId, Options, Result,
    front::Fronts,
    layout,
    layout::{Keyspaces, QueueRecord, StoreId},
    ready::Stores,
};

/// So many decoded records are kept.
const MOST_DECODED: usize = 16 << 10;

/// A transaction needs to see a commit that is on its way.
pub(crate) const NOT_SEEN: millpond_engine::Error = millpond_engine::Error::Conflict { attempts: 0 };

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) options: Options,
    pub(crate) keyspaces: Keyspaces,
    pub(crate) stores: Arc<Stores>,
    pub(crate) fronts: Fronts,
    /// The queue after which the next call of `maintain` goes on.
    pub(crate) maintained: Mutex<Option<String>>,
    /// Where the tasks that move messages go on.
    pub(crate) moves: Mutex<HashMap<MoveTaskId, Vec<u8>>>,
    /// The ids that were known until then are forgotten.
    pub(crate) expired: Mutex<Timestamp>,
    /// By name, beside the bytes that they were decoded from: they count only while these are those just read.
    decoded: RwLock<HashMap<String, (Bytes, Arc<QueueRecord>)>>,
}

impl Shared {
    pub(crate) fn open(engine: &Engine, options: Options) -> Result<Arc<Shared>> {
        let keyspaces = Keyspaces::open(engine)?;
        let stores = Stores::new(engine, &keyspaces);
        Ok(Arc::new(Shared {
            engine: engine.clone(),
            options,
            keyspaces,
            stores,
            fronts: Fronts::default(),
            maintained: Mutex::default(),
            moves: Mutex::default(),
            expired: Mutex::default(),
            decoded: RwLock::default(),
        }))
    }

    /// Runs what has to do with receives that nobody has waited for. Where it does not see one, it runs again among the commits
    /// that are on their way.
    pub(crate) fn transact<T>(&self, mut f: impl FnMut(&mut Transaction) -> Result<T>) -> Result<T> {
        match self.engine.transact(&mut f) {
            Err(Error::Engine(millpond_engine::Error::Conflict { attempts: 0 })) => {
                self.engine.transact_with(&TransactOptions::default().serialized(), f)
            }
            done => done,
        }
    }

    /// As [`transact`](Shared::transact), without waiting for the commit.
    pub(crate) fn submit<T>(&self, mut f: impl FnMut(&mut Transaction) -> Result<T>) -> Result<Ticket<T>> {
        match self.engine.submit(&mut f) {
            Err(Error::Engine(millpond_engine::Error::Conflict { attempts: 0 })) => {
                self.engine.submit_with(&TransactOptions::default().serialized(), f)
            }
            done => done,
        }
    }

    /// Whether a transaction that misses something is to run again. One of the caller's cannot; where it goes on with what a
    /// commit on its way will change, it conflicts with that.
    pub(crate) fn is_to_see_all(&self, tx: &Transaction) -> bool {
        self.options.has_unsynced_receives() && tx.latest_commit() != u64::MAX && !tx.is_joined()
    }

    /// Reads what was committed, without a snapshot.
    pub(crate) fn latest(&self) -> Latest<'_> {
        self.engine.latest()
    }

    /// The queue of that name, if there is one. In a transaction, that read makes it conflict with a change of the queue.
    pub(crate) fn find(&self, reader: &mut impl Read, name: &str) -> Result<Option<Arc<QueueRecord>>> {
        let Some(stored) = reader.get(&self.keyspaces.queues, &layout::queue_key(name))? else { return Ok(None) };
        if let Some((bytes, record)) = self.decoded.read().get(name)
            && *bytes == stored
        {
            return Ok(Some(Arc::clone(record)));
        }
        let record = Arc::new(QueueRecord::decode(stored.clone())?);
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
    /// [`Error::QueueDoesNotExist`] if there is none.
    pub(crate) fn need(&self, reader: &mut impl Read, name: &str) -> Result<Arc<QueueRecord>> {
        self.find(reader, name)?.ok_or(Error::QueueDoesNotExist)
    }

    pub(crate) fn keep(&self, tx: &mut Transaction, name: &str, record: &QueueRecord) -> Result<()> {
        Ok(tx.put(&self.keyspaces.queues, layout::queue_key(name), record.encode())?)
    }

    /// An id that no store ever had.
    pub(crate) fn new_store(&self, tx: &mut Transaction) -> Result<StoreId> {
        let last = tx.get(&self.keyspaces.queues, layout::LAST_STORE)?;
        let next = last.map_or(Ok(0), |last| layout::read_u64(&last))? + 1;
        tx.put(&self.keyspaces.queues, layout::LAST_STORE, next.to_be_bytes().to_vec())?;
        Ok(StoreId(next))
    }

    /// Has a store cleared away in time.
    pub(crate) fn abandon(&self, tx: &mut Transaction, store: StoreId) -> Result<()> {
        tx.put(&self.keyspaces.queues, layout::abandoned_key(store), "")?;
        let stores = Arc::clone(&self.stores);
        tx.on_commit(move || stores.forget(store));
        Ok(())
    }
}
