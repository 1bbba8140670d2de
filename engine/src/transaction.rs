use std::{cell::RefCell, fmt, ops::Bound, rc::Rc, sync::Arc};

use bytes::Bytes;

use crate::{
    Appended, Clock, Error, Keyspace, Page, RangeRequest, Read, Result, Timestamp,
    backend::{BackendSnapshot, Entries, Op},
    batch::{check_entry, check_total},
    deferred::{Change, Deferred, read_counter},
    engine::Inner,
    history::ReadSet,
    keyspace::KeyspaceId,
    overlay::Overlay,
    range::take_page,
};

/// A function to run once a transaction is committed.
pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// A transaction under way: reads see a snapshot and the transaction's own writes; writes take effect together at
/// the end. It is given to the closure of [`Engine::transact`](crate::Engine::transact).
pub struct Transaction {
    engine: Arc<Inner>,
    view: Rc<RefCell<View>>,
}

/// What a transaction has seen and done.
pub(crate) struct View {
    snapshot: Box<dyn BackendSnapshot>,
    /// Commits that are validated but not yet visible; only in the serial lane.
    unsynced: Overlay,
    writes: Overlay,
    deferred: Vec<Deferred>,
    write_count: usize,
    write_bytes: usize,
    reads: ReadSet,
    hooks: Vec<Hook>,
    /// It sees all commits up to this one.
    latest_commit: u64,
    /// When the transaction was first asked for its time.
    began: Option<Timestamp>,
    /// While a nested transaction runs: what it changed, for the case that it fails.
    undo: Option<Vec<Undo>>,
}

struct Undo {
    keyspace: KeyspaceId,
    key: Bytes,
    before: Option<Option<Bytes>>,
}

/// What is left of a transaction when its closure has returned.
pub(crate) struct Outcome {
    pub(crate) ops: Vec<Op>,
    pub(crate) deferred: Vec<Deferred>,
    pub(crate) reads: ReadSet,
    pub(crate) hooks: Vec<Hook>,
}

impl View {
    pub(crate) fn new(snapshot: Box<dyn BackendSnapshot>, unsynced: Overlay, latest_commit: u64) -> Self {
        View {
            snapshot,
            unsynced,
            writes: Overlay::default(),
            deferred: Vec::new(),
            write_count: 0,
            write_bytes: 0,
            reads: ReadSet::default(),
            hooks: Vec::new(),
            latest_commit,
            began: None,
            undo: None,
        }
    }

    pub(crate) fn finish(&mut self) -> Outcome {
        Outcome {
            ops: std::mem::take(&mut self.writes).into_ops(),
            deferred: std::mem::take(&mut self.deferred),
            reads: std::mem::take(&mut self.reads),
            hooks: std::mem::take(&mut self.hooks),
        }
    }

    fn get(&mut self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>> {
        if let Some(written) = self.writes.get(keyspace, key) {
            return Ok(written.clone());
        }
        self.reads.points.insert((keyspace, Bytes::copy_from_slice(key)));
        if let Some(unsynced) = self.unsynced.get(keyspace, key) {
            return Ok(unsynced.clone());
        }
        self.snapshot.get(keyspace, key)
    }

    fn range(&mut self, keyspace: KeyspaceId, request: &RangeRequest) -> Result<Page> {
        let bounds = || (request.from.as_ref().map(AsRef::as_ref), request.to.as_ref().map(AsRef::as_ref));
        let (from, to) = bounds();
        let stored: Entries<'_> = self.snapshot.range(keyspace, from, to, request.reverse);
        let committed = self.unsynced.lay_over(keyspace, bounds(), request.reverse, stored);
        let entries = self.writes.lay_over(keyspace, bounds(), request.reverse, committed);
        let page = take_page(entries, request.limit, request.limit_bytes)?;
        // Only what was looked at can invalidate the read: a page that ended early saw nothing beyond its last key.
        let (mut from, mut to) = (request.from.clone(), request.to.clone());
        if let Some(last) = &page.resume {
            *(if request.reverse { &mut from } else { &mut to }) = Bound::Included(last.clone());
        }
        self.reads.ranges.push((keyspace, from, to));
        Ok(page)
    }

    fn set(&mut self, keyspace: KeyspaceId, key: Bytes, value: Option<Bytes>) {
        let size = key.len() + value.as_ref().map_or(0, Bytes::len);
        let before = self.writes.set(keyspace, key.clone(), value);
        match &before {
            None => self.write_count += 1,
            Some(old) => self.write_bytes -= key.len() + old.as_ref().map_or(0, Bytes::len),
        }
        self.write_bytes += size;
        if let Some(undo) = &mut self.undo {
            undo.push(Undo { keyspace, key, before });
        }
    }
}

/// What a nested transaction began with, apart from what [`Undo`] keeps.
struct Begun {
    hooks: usize,
    deferred: usize,
    write_count: usize,
    write_bytes: usize,
}

impl Begun {
    fn of(view: &View) -> Self {
        let View { hooks, deferred, write_count, write_bytes, .. } = view;
        Begun { hooks: hooks.len(), deferred: deferred.len(), write_count: *write_count, write_bytes: *write_bytes }
    }

    fn restore(self, view: &mut View) {
        view.hooks.truncate(self.hooks);
        view.deferred.truncate(self.deferred);
        view.write_count = self.write_count;
        view.write_bytes = self.write_bytes;
    }
}

/// Runs `f` inside a transaction that is already under way. If it fails, its writes and hooks are taken back.
pub(crate) fn join<T, E>(
    engine: &Arc<Inner>,
    view: &Rc<RefCell<View>>,
    f: impl FnOnce(&mut Transaction) -> Result<T, E>,
) -> Result<T, E> {
    let outer_undo = view.borrow_mut().undo.replace(Vec::new());
    let begun = Begun::of(&view.borrow());
    let result = f(&mut Transaction { engine: Arc::clone(engine), view: Rc::clone(view) });
    let mut view = view.borrow_mut();
    let undo = std::mem::replace(&mut view.undo, outer_undo).unwrap_or_default();
    if result.is_err() {
        for step in undo.into_iter().rev() {
            view.writes.restore(step.keyspace, step.key, step.before);
        }
        begun.restore(&mut view);
    } else if let Some(outer) = &mut view.undo {
        outer.extend(undo);
    }
    result
}

impl Transaction {
    pub(crate) fn new(engine: &Arc<Inner>, view: &Rc<RefCell<View>>) -> Self {
        Transaction { engine: Arc::clone(engine), view: Rc::clone(view) }
    }

    /// The value of a key, the transaction's own writes included.
    ///
    /// # Errors
    /// Those of the backend, and [`Error::ForeignKeyspace`].
    pub fn get(&mut self, keyspace: &Keyspace, key: &[u8]) -> Result<Option<Bytes>> {
        self.engine.check_keyspace(keyspace)?;
        if key.len() > self.engine.limits().key_bytes {
            return Ok(None);
        }
        self.view.borrow_mut().get(keyspace.id, key)
    }

    /// The values of several keys, in their order.
    ///
    /// # Errors
    /// As [`get`](Transaction::get).
    pub fn multi_get<K: AsRef<[u8]>>(&mut self, keyspace: &Keyspace, keys: &[K]) -> Result<Vec<Option<Bytes>>> {
        keys.iter().map(|key| self.get(keyspace, key.as_ref())).collect()
    }

    /// One page of a range, the transaction's own writes included. Keys that appear in it later, written by others,
    /// make the commit conflict.
    ///
    /// # Errors
    /// As [`get`](Transaction::get).
    pub fn range(&mut self, keyspace: &Keyspace, request: &RangeRequest) -> Result<Page> {
        self.engine.check_keyspace(keyspace)?;
        let request = request.within(self.engine.limits().key_bytes);
        if request.is_empty() {
            return Ok(Page::default());
        }
        self.view.borrow_mut().range(keyspace.id, &request)
    }

    /// Sets a key.
    ///
    /// # Errors
    /// The limits of [`Limits`](crate::Limits), and [`Error::ForeignKeyspace`].
    pub fn put(&mut self, keyspace: &Keyspace, key: impl Into<Bytes>, value: impl Into<Bytes>) -> Result<()> {
        self.set(keyspace, key.into(), Some(value.into()))
    }

    /// Deletes a key; deleting one that is not there is not an error.
    ///
    /// # Errors
    /// As [`put`](Transaction::put).
    pub fn delete(&mut self, keyspace: &Keyspace, key: impl Into<Bytes>) -> Result<()> {
        self.set(keyspace, key.into(), None)
    }

    /// Adds a row at the end of what begins with `prefix`: its key is the prefix and, in eight bytes, the [`Position`](crate::Position) that
    /// its commit is given, which [`Appended::position`] tells afterwards. Appending reads nothing, so appends never conflict with each other. The row takes so many
    /// positions (at least one), its own first, for values that hold several records. Rows of one transaction follow each
    /// other in the order of the calls. The transaction itself does not see them.
    ///
    /// ```
    /// use millpond_engine::{Engine, Position, RangeRequest};
    ///
    /// let engine = Engine::in_memory();
    /// let log = engine.keyspace("log")?;
    /// let first = engine.transact(|tx| tx.append(&log, "orders/", 1, "first"))?;
    /// engine.transact(|tx| tx.append(&log, "orders/", 1, "second"))?;
    /// let page = engine.snapshot()?.range(&log, &RangeRequest::prefix(b"orders/"))?;
    /// let rows: Vec<_> = page.entries.iter().map(|(key, value)| (Position::of_key(key), &value[..])).collect();
    /// assert_eq!([rows[0].1, rows[1].1], [b"first".as_slice(), b"second"]);
    /// assert!(rows[0].0 < rows[1].0);
    /// assert_eq!(first.position(), rows[0].0);
    /// # Ok::<(), millpond_engine::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`put`](Transaction::put).
    pub fn append(
        &mut self,
        keyspace: &Keyspace,
        prefix: impl Into<Bytes>,
        positions: u32,
        value: impl Into<Bytes>,
    ) -> Result<Appended> {
        let row = Appended::new();
        let change = Change::Append { value: value.into(), positions: positions.max(1), row: row.clone() };
        self.defer(keyspace, prefix.into(), change)?;
        Ok(row)
    }

    /// Adds a row beside one that this transaction has appended: its key is the prefix and the position of that row. So an
    /// index can name what it stands for. The transaction itself does not see it.
    ///
    /// # Errors
    /// As [`put`](Transaction::put), and [`Error::ForeignRow`].
    pub fn append_beside(
        &mut self,
        keyspace: &Keyspace,
        prefix: impl Into<Bytes>,
        row: &Appended,
        value: impl Into<Bytes>,
    ) -> Result<()> {
        self.check_row(row)?;
        self.defer(keyspace, prefix.into(), Change::Beside { value: value.into(), row: row.clone() })
    }

    /// Sets a key to a value that ends with the position of a row that this transaction has appended, in eight bytes. The
    /// transaction itself does not see it; it takes effect after all that is [`put`](Transaction::put).
    ///
    /// # Errors
    /// As [`put`](Transaction::put), and [`Error::ForeignRow`].
    pub fn put_pointing(
        &mut self,
        keyspace: &Keyspace,
        key: impl Into<Bytes>,
        value: impl Into<Bytes>,
        row: &Appended,
    ) -> Result<()> {
        self.check_row(row)?;
        self.defer(keyspace, key.into(), Change::Pointing { value: value.into(), row: row.clone() })
    }

    /// Adds to a counter, which is 0 while its key is not there. Adding reads nothing, so that any number of transactions
    /// can add to one counter at a time. [`Read::counter`] sees it at once; [`get`](Transaction::get) sees what was committed.
    /// The counter stays within what an `i64` holds. It may be set and deleted like any key, while no other transaction adds to it.
    ///
    /// ```
    /// use millpond_engine::{Engine, Error, Read};
    ///
    /// let engine = Engine::in_memory();
    /// let counters = engine.keyspace("counters")?;
    /// engine.transact(|tx| tx.add(&counters, "visits", 3))?;
    /// engine.transact(|tx| tx.add(&counters, "visits", -1))?;
    /// assert_eq!(engine.snapshot()?.counter(&counters, b"visits")?, 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`put`](Transaction::put); the commit fails with [`Error::NotACounter`] where something else stands.
    pub fn add(&mut self, keyspace: &Keyspace, key: impl Into<Bytes>, delta: i64) -> Result<()> {
        self.defer(keyspace, key.into(), Change::Add { delta })
    }

    fn check_row(&self, row: &Appended) -> Result<()> {
        let view = self.view.borrow();
        // It is most often the last one.
        let is_own = view
            .deferred
            .iter()
            .rev()
            .any(|deferred| matches!(&deferred.change, Change::Append { row: own, .. } if own.is(row)));
        if is_own { Ok(()) } else { Err(Error::ForeignRow) }
    }

    fn defer(&mut self, keyspace: &Keyspace, key: Bytes, change: Change) -> Result<()> {
        self.engine.check_keyspace(keyspace)?;
        let limits = self.engine.limits();
        let deferred = Deferred { keyspace: keyspace.id, key, change };
        let value = match &deferred.change {
            Change::Append { value, .. } | Change::Beside { value, .. } | Change::Pointing { value, .. } => Some(value),
            Change::Add { .. } => None,
        };
        check_entry(&limits, &deferred.key, value)?;
        if deferred.key_bytes() > limits.key_bytes {
            return Err(Error::KeyTooLarge { bytes: deferred.key_bytes(), limit: limits.key_bytes });
        }
        let mut view = self.view.borrow_mut();
        let size = deferred.size();
        check_total(&limits, view.write_count + 1, view.write_bytes + size)?;
        self.engine.make_keyspace(keyspace)?;
        view.write_count += 1;
        view.write_bytes += size;
        view.deferred.push(deferred);
        Ok(())
    }

    fn set(&mut self, keyspace: &Keyspace, key: Bytes, value: Option<Bytes>) -> Result<()> {
        self.engine.check_keyspace(keyspace)?;
        let limits = self.engine.limits();
        check_entry(&limits, &key, value.as_ref())?;
        let mut view = self.view.borrow_mut();
        let size = key.len() + value.as_ref().map_or(0, Bytes::len);
        check_total(&limits, view.write_count + 1, view.write_bytes + size)?;
        self.engine.make_keyspace(keyspace)?;
        view.set(keyspace.id, key, value);
        Ok(())
    }

    /// Runs `f` and, if it fails, takes back what it wrote and the effects it registered; the transaction goes on. What it
    /// read stays part of the transaction.
    ///
    /// # Errors
    /// What `f` returns.
    pub fn savepoint<T, E>(&mut self, f: impl FnOnce(&mut Transaction) -> Result<T, E>) -> Result<T, E> {
        join(&self.engine, &self.view, f)
    }

    /// Registers an effect to run once the transaction is committed, in the order of commits: to wake a waiter, to feed
    /// a cache. It runs on a committing thread, so it must be short, must not block and must not write to the engine.
    /// If the transaction fails or runs again, the effects of that run are dropped.
    pub fn on_commit(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.view.borrow_mut().hooks.push(Box::new(effect));
    }

    /// The engine's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.engine.clock()
    }

    /// The transaction's time: the same however often it is asked for, so that all it writes bears one. It is not earlier
    /// than that of any transaction whose writes it sees. If the closure runs again, that run has a time of its own.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        *self.view.borrow_mut().began.get_or_insert_with(|| self.engine.clock().now())
    }

    /// The number of a commit up to which the transaction sees all of them; see
    /// [`Engine::latest_commit`](crate::Engine::latest_commit). If the closure runs again, that run may see more.
    #[must_use]
    pub fn latest_commit(&self) -> u64 {
        self.view.borrow().latest_commit
    }

    /// Whether this is part of a transaction that was begun elsewhere: by a nested call or a
    /// [`savepoint`](Transaction::savepoint).
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.view.borrow().undo.is_some()
    }

    /// Writes what a batch holds, which was checked when it was given.
    pub(crate) fn apply(&mut self, ops: Vec<Op>) -> Result<()> {
        let limits = self.engine.limits();
        let mut view = self.view.borrow_mut();
        for op in ops {
            let size = op.key.len() + op.value.as_ref().map_or(0, Bytes::len);
            check_total(&limits, view.write_count + 1, view.write_bytes + size)?;
            view.set(op.keyspace, op.key, op.value);
        }
        Ok(())
    }
}

impl Read for Transaction {
    fn get(&mut self, keyspace: &Keyspace, key: &[u8]) -> Result<Option<Bytes>> {
        Transaction::get(self, keyspace, key)
    }

    fn range(&mut self, keyspace: &Keyspace, request: &RangeRequest) -> Result<Page> {
        Transaction::range(self, keyspace, request)
    }

    /// What the transaction has added itself is counted.
    fn counter(&mut self, keyspace: &Keyspace, key: &[u8]) -> Result<i64> {
        let before = read_counter(self.get(keyspace, key)?.as_ref())?;
        let view = self.view.borrow();
        let own = view.deferred.iter().filter(|deferred| deferred.keyspace == keyspace.id && deferred.key == key);
        Ok(own.fold(before, |sum, deferred| match deferred.change {
            Change::Add { delta } => sum.saturating_add(delta),
            _ => sum,
        }))
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = self.view.borrow();
        f.debug_struct("Transaction").field("writes", &view.write_count).finish_non_exhaustive()
    }
}

/// Errors of a closure and of the engine meet here.
pub(crate) fn conflict<E: From<Error>>(attempts: u32) -> E {
    E::from(Error::Conflict { attempts })
}
