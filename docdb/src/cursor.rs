//! Cursors: results that are read bit by bit.

use std::{sync::Arc, time::Duration};

use millpond_engine::{Clock, RangeRequest, Snapshot, Timestamp, Transaction, wait::Waiting};

use crate::{
    aggregation::Rows,
    error::{Code, Result, refuse},
    execution::{Execution, Reader},
    index::RecordId,
    model::{Find, Namespace, Tailable},
    ops::{self, surroundings::Surroundings},
    store::{Store, document_key, record_of},
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
    /// The last record that was looked at: all before it were.
    last: Option<u64>,
}

impl Tail {
    /// The newest record there is.
    fn newest(&self, snapshot: &Snapshot) -> Result<Option<u64>> {
        let request = RangeRequest::prefix(&self.collection.to_be_bytes()).reverse().limit(1);
        let page = snapshot.range(&self.store.documents, &request)?;
        Ok(page.entries.first().and_then(|(key, _)| record_of(key).number()))
    }
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
        self.looked_at_all()?;
        if self.tail.is_none() || !self.reopen()? {
            return Ok(None);
        }
        let row = self.step()?;
        if row.is_none() {
            self.looked_at_all()?;
        }
        Ok(row)
    }

    /// Notes that no document of the snapshot is left to be looked at, so that those that do not match are not looked at again.
    fn looked_at_all(&mut self) -> Result<()> {
        if let Some(tail) = &mut self.tail
            && tail.find.limit == 0
            && tail.find.skip == 0
        {
            tail.last = tail.newest(&self.snapshot)?.max(tail.last);
        }
        Ok(())
    }

    fn step(&mut self) -> Result<Option<Doc>> {
        let mut execution = self.state.execution(Reader::Snapshot(&self.snapshot));
        let Some(row) = self.rows.next(&mut execution)? else { return Ok(None) };
        if let Some(tail) = &mut self.tail {
            tail.last = match row.metadata.record_id {
                Some(bson::RawBson::Int64(record)) => Some(record.cast_unsigned()),
                _ => tail.last,
            };
            // What was to be skipped has been.
            tail.find.skip = 0;
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

    /// [`wait`](RawCursor::wait) as a future, for as long as it is polled.
    pub fn arrived(&mut self) -> impl Future<Output = ()> + Send + 'static {
        let arrivals = self.tail.as_ref().map(|tail| tail.store.arrivals(tail.collection));
        let waiting = arrivals.map(|arrivals| Waiting::new(&arrivals));
        let mut more = self.has_more();
        std::future::poll_fn(move |context| match &waiting {
            Some(waiting) if !std::mem::take(&mut more) => waiting.poll(context),
            _ => std::task::Poll::Ready(()),
        })
    }

    fn has_more(&self) -> bool {
        let Some(tail) = &self.tail else { return false };
        let newest = tail.store.engine.snapshot().map_err(Into::into).and_then(|snapshot| tail.newest(&snapshot));
        // What went wrong is told by the next look.
        newest.map_or(true, |newest| newest > tail.last)
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
