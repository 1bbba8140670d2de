//! Cursors: results that are read bit by bit.

use std::{sync::Arc, time::Duration};

use millpond_engine::{Clock, Snapshot, Timestamp, Transaction, wait::Waiting};

use crate::{
    aggregation::Rows,
    error::{Code, Result, refuse},
    execution::{Execution, Reader},
    index::RecordId,
    model::{Find, Namespace, Tailable},
    ops::{self, surroundings::Surroundings},
    store::Store,
    store::document_key,
    value::Doc,
};

/// The result of a `find` or an `aggregate`, read as it is asked for. It holds a snapshot of the store while it lives.
pub struct RawCursor {
    snapshot: Snapshot,
    rows: Box<dyn Rows>,
    state: State,
    put_back: Option<Doc>,
    tail: Option<Tail>,
}

/// What a running operation needs again at each call.
struct State {
    surroundings: Surroundings,
    allow_disk_use: bool,
    deadline: Option<(Clock, Timestamp)>,
    wants_keys: bool,
}

impl State {
    fn execution<'e>(&'e self, reader: Reader<'e>) -> Execution<'e> {
        Execution {
            reader,
            collections: &self.surroundings,
            allow_disk_use: self.allow_disk_use,
            deadline: self.deadline.clone(),
            wants_keys: self.wants_keys,
        }
    }
}

/// What a tailable cursor goes on with.
struct Tail {
    store: Arc<Store>,
    namespace: Namespace,
    find: Find,
    collection: u64,
    /// The record that was read last.
    last: Option<u64>,
}

impl RawCursor {
    /// Opens rows on a snapshot of now.
    pub(crate) fn open(
        store: &Arc<Store>,
        surroundings: Surroundings,
        max_time: Option<Duration>,
        open: impl FnOnce(&mut Execution<'_>) -> Result<Box<dyn Rows>>,
    ) -> Result<RawCursor> {
        let snapshot = store.engine.snapshot()?;
        let mut state =
            State { surroundings, allow_disk_use: true, deadline: ops::deadline(store, max_time), wants_keys: false };
        let (rows, allow_disk_use, wants_keys) = {
            let mut execution = state.execution(Reader::Snapshot(&snapshot));
            let rows = open(&mut execution)?;
            (rows, execution.allow_disk_use, execution.wants_keys)
        };
        (state.allow_disk_use, state.wants_keys) = (allow_disk_use, wants_keys);
        Ok(RawCursor { snapshot, rows, state, put_back: None, tail: None })
    }

    /// Makes it one that stays open at the end of a capped collection.
    pub(crate) fn tailing(mut self, store: &Arc<Store>, namespace: &Namespace, find: &Find) -> Result<RawCursor> {
        if find.tailable == Tailable::No {
            return Ok(self);
        }
        if let Some(collection) = store.collection(&mut Reader::Snapshot(&self.snapshot), namespace)? {
            self.tail = Some(Tail {
                store: Arc::clone(store),
                namespace: namespace.clone(),
                find: find.clone(),
                collection: collection.id,
                last: None,
            });
        }
        Ok(self)
    }

    /// The next document. `None` is the end; of a tailable cursor, the end for now.
    ///
    /// # Errors
    /// Those of evaluating filters and expressions on documents, and of the engine. The cursor is over then.
    pub fn next_document(&mut self) -> Result<Option<Doc>> {
        if let Some(document) = self.put_back.take() {
            return Ok(Some(document));
        }
        if let Some(row) = self.step()? {
            return Ok(Some(row));
        }
        if self.tail.is_none() || !self.reopen()? {
            return Ok(None);
        }
        self.step()
    }

    fn step(&mut self) -> Result<Option<Doc>> {
        let mut execution = self.state.execution(Reader::Snapshot(&self.snapshot));
        let Some(row) = self.rows.next(&mut execution)? else { return Ok(None) };
        if let Some(tail) = &mut self.tail {
            tail.last = match row.metadata.record_id {
                Some(bson::RawBson::Int64(record)) => Some(record.cast_unsigned()),
                _ => tail.last,
            };
        }
        Ok(Some(row.doc))
    }

    /// Looks at the collection as it is now, behind what was read last.
    fn reopen(&mut self) -> Result<bool> {
        let Some(tail) = &self.tail else { return Ok(false) };
        let snapshot = tail.store.engine.snapshot()?;
        let collection = tail.store.collection(&mut Reader::Snapshot(&snapshot), &tail.namespace)?;
        if collection.is_none_or(|collection| collection.id != tail.collection) {
            return refuse(Code::QUERY_PLAN_KILLED, format!("collection dropped. '{}'", tail.namespace));
        }
        if let Some(last) = tail.last {
            let key = document_key(tail.collection, &RecordId::of_number(last));
            if snapshot.get(&tail.store.documents, &key)?.is_none() {
                return refuse(
                    Code::CAPPED_POSITION_LOST,
                    "CollectionScan died due to position in capped collection being deleted",
                );
            }
        }
        let (rows, wants_keys) = {
            let mut execution = self.state.execution(Reader::Snapshot(&snapshot));
            let rows = ops::find::open_after(&tail.store, &tail.namespace, &tail.find, tail.last, &mut execution)?;
            (rows, execution.wants_keys)
        };
        self.state.wants_keys = wants_keys;
        self.snapshot = snapshot;
        self.rows = rows;
        Ok(true)
    }

    /// Puts a document back that did not fit: the next call returns it again.
    pub fn put_back(&mut self, document: Doc) {
        self.put_back = Some(document);
    }

    /// Whether the cursor stays open at its end: a tailable one on a capped collection.
    #[must_use]
    pub fn is_tailable(&self) -> bool {
        self.tail.is_some()
    }

    /// Waits until there may be more for a tailable cursor, at most so long.
    pub fn wait(&mut self, at_most: Duration) {
        let Some(tail) = &self.tail else { return };
        let arrivals = tail.store.arrivals(tail.collection);
        let waiting = Waiting::new(&arrivals);
        // Not where a document came between the last look and standing in line.
        if !self.has_more() {
            waiting.block(Some(at_most));
        }
        waiting.look();
    }

    fn has_more(&self) -> bool {
        let Some(tail) = &self.tail else { return false };
        let request = millpond_engine::RangeRequest::prefix(&tail.collection.to_be_bytes()).reverse().limit(1);
        let newest = tail.store.engine.snapshot().and_then(|snapshot| snapshot.range(&tail.store.documents, &request));
        newest.is_ok_and(|page| {
            page.entries.first().and_then(|(key, _)| crate::store::record_of(key).number()) > tail.last
        })
    }
}

impl std::fmt::Debug for RawCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawCursor").field("tailable", &self.is_tailable()).finish_non_exhaustive()
    }
}

impl Iterator for RawCursor {
    type Item = Result<Doc>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_document().transpose()
    }
}

/// The result of a `find` or an `aggregate` in the caller's transaction: it sees what that has written.
pub struct TransactionCursor<'t> {
    tx: &'t mut Transaction,
    rows: Box<dyn Rows>,
    state: State,
}

impl<'t> TransactionCursor<'t> {
    pub(crate) fn open(
        store: &Arc<Store>,
        tx: &'t mut Transaction,
        surroundings: Surroundings,
        max_time: Option<Duration>,
        open: impl FnOnce(&mut Execution<'_>) -> Result<Box<dyn Rows>>,
    ) -> Result<TransactionCursor<'t>> {
        let mut state =
            State { surroundings, allow_disk_use: true, deadline: ops::deadline(store, max_time), wants_keys: false };
        let (rows, allow_disk_use, wants_keys) = {
            let mut execution = state.execution(Reader::Transaction(tx));
            let rows = open(&mut execution)?;
            (rows, execution.allow_disk_use, execution.wants_keys)
        };
        (state.allow_disk_use, state.wants_keys) = (allow_disk_use, wants_keys);
        Ok(TransactionCursor { tx, rows, state })
    }
}

impl std::fmt::Debug for TransactionCursor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransactionCursor").finish_non_exhaustive()
    }
}

impl Iterator for TransactionCursor<'_> {
    type Item = Result<Doc>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut execution = self.state.execution(Reader::Transaction(self.tx));
        self.rows.next(&mut execution).map(|row| row.map(|row| row.doc)).transpose()
    }
}
