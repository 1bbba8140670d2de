use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::HashMap,
    fmt,
    path::Path,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use crate::{
    BackendKind, Capabilities, Clock, Durability, Error, Keyspace, Latest, Limits, Options, Position, Result, Snapshot,
    Statistics, Ticket, Timestamp, Transaction, WriteBatch, active,
    backend::{Backend, memory::Memory},
    commit::{CLOCK_STEP, Committer, Joined, OwnKeys, Request, Stored},
    keyspace::{KeyspaceId, is_valid_name},
    overlay::Overlay,
    transaction::{self, View},
};

/// The keyspace in which the engine keeps its own facts.
const OWN_KEYSPACE: &str = "millpond.engine";
const CLOCK_KEY: &[u8] = b"clock";
const POSITION_KEY: &[u8] = b"position";

/// After how many lost attempts a transaction goes through the serial lane, where it cannot lose.
const OPTIMISTIC_ATTEMPTS: u32 = 2;

static NEXT_ENGINE: AtomicU64 = AtomicU64::new(1);

/// A store of keyspaces with serializable transactions and group commit; see the [crate page](crate). Cheap to clone;
/// the store closes when the last clone is dropped or [`close`](Engine::close) is called.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    id: u64,
    committer: Arc<Committer>,
    keyspaces: RwLock<HashMap<String, Keyspace>>,
    durability: Durability,
    clock: Clock,
    shared: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// How one transaction is run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TransactOptions {
    /// When it is acknowledged; `None` as the engine was opened.
    pub durability: Option<Durability>,
    /// How often it runs before [`Error::Conflict`].
    pub max_attempts: u32,
    /// Whether, after two lost attempts, it runs alone: other commits wait for its closure (not for its sync), and it
    /// cannot lose again. On by default; a closure that waits for another thread's commit must turn it off.
    pub serialize_on_contention: bool,
    /// Whether it runs alone from the first attempt. It then also sees the commits that are validated and not yet visible. Off by
    /// default.
    pub serialize: bool,
}

impl Default for TransactOptions {
    fn default() -> Self {
        TransactOptions { durability: None, max_attempts: 32, serialize_on_contention: true, serialize: false }
    }
}

impl TransactOptions {
    /// With another durability than the engine's.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = Some(durability);
        self
    }

    /// Gives up with [`Error::Conflict`] after so many lost attempts (at least one is made), never running alone.
    #[must_use]
    pub fn optimistic_only(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts.max(1);
        self.serialize_on_contention = false;
        self
    }

    /// Runs alone from the first attempt, and sees all commits that are on their way.
    #[must_use]
    pub fn serialized(mut self) -> Self {
        self.serialize = true;
        self
    }
}

pub(crate) fn open(options: Options) -> Result<Engine> {
    let backend: Box<dyn Backend> = match (options.backend_kind()?, &options.path) {
        (BackendKind::Memory, _) => Box::new(Memory::new()),
        #[cfg(feature = "fjall")]
        (BackendKind::Fjall, Some(path)) => Box::new(crate::backend::fjall::Fjall::open(path, options.cache_bytes)?),
        #[cfg(feature = "sled")]
        (BackendKind::Sled, Some(path)) => Box::new(crate::backend::sled::Sled::open(path, options.cache_bytes)?),
        (kind, _) => return Err(Error::Unsupported { what: "this build: its cargo feature is off", backend: kind }),
    };
    over(backend, options.clock, options.durability)
}

/// An engine over a store that is already open.
pub(crate) fn over(backend: Box<dyn Backend>, clock: Clock, durability: Durability) -> Result<Engine> {
    let id = NEXT_ENGINE.fetch_add(1, Ordering::Relaxed);
    let mut keyspaces: HashMap<String, Keyspace> = HashMap::new();
    for (keyspace, name) in backend.keyspaces() {
        keyspaces.insert(name.clone(), Keyspace::new(id, keyspace, &name, true));
    }
    let own = open_keyspace(id, &mut keyspaces, OWN_KEYSPACE);
    make(&own, &*backend, &keyspaces)?;
    let stored = |key| -> Result<u64> {
        let value = backend.get(own.id, key)?;
        Ok(value.and_then(|value| Some(u64::from_be_bytes(value.as_ref().try_into().ok()?))).unwrap_or(0))
    };
    let stored = Stored { clock: stored(CLOCK_KEY)?, position: Position::new(stored(POSITION_KEY)?) };
    if stored.clock > 0 {
        // Up to one step of the system's time may have been shown after the last one stored.
        let unseen = if clock.is_manual() { Duration::ZERO } else { CLOCK_STEP };
        clock.at_least(Timestamp::from_millis(stored.clock).saturating_add(unseen));
    }
    let own = OwnKeys { keyspace: own.id, clock: CLOCK_KEY, position: POSITION_KEY };
    let committer = Arc::new(Committer::new(backend, clock.clone(), own, stored));
    let keyspaces = RwLock::new(keyspaces);
    let inner = Inner { id, committer, keyspaces, durability, clock, shared: Mutex::default() };
    Ok(Engine { inner: Arc::new(inner) })
}

impl Engine {
    /// An engine in memory, with the system's clock.
    ///
    /// # Panics
    /// Never: a memory engine has nothing that can fail when it opens.
    #[must_use]
    #[allow(clippy::expect_used, reason = "an empty memory store has no keyspace to clash with and no disk to fail")]
    pub fn in_memory() -> Engine {
        Engine::options().open().expect("a memory engine opens")
    }

    /// Opens the store in a directory, or makes one, with the default backend.
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Engine> {
        Engine::options().path(path).open()
    }

    /// Everything that can be chosen when an engine opens.
    #[must_use]
    pub fn options() -> Options {
        Options::default()
    }

    /// Opens a keyspace. One that is not there is empty, and is made when it is first written to, together with those
    /// that were opened before it.
    ///
    /// # Errors
    /// [`Error::InvalidKeyspaceName`].
    pub fn keyspace(&self, name: &str) -> Result<Keyspace> {
        self.inner.committer.check()?;
        if let Some(keyspace) = self.inner.keyspaces.read().get(name) {
            return Ok(keyspace.clone());
        }
        if !is_valid_name(name) {
            return Err(Error::InvalidKeyspaceName { name: name.chars().take(64).collect() });
        }
        let mut keyspaces = self.inner.keyspaces.write();
        Ok(open_keyspace(self.inner.id, &mut keyspaces, name))
    }

    /// The names of the keyspaces that have been made, sorted.
    #[must_use]
    pub fn keyspaces(&self) -> Vec<String> {
        let keyspaces = self.inner.keyspaces.read();
        let made = keyspaces.values().filter(|keyspace| keyspace.is_made() && keyspace.name() != OWN_KEYSPACE);
        let mut names: Vec<String> = made.map(|keyspace| keyspace.name().to_owned()).collect();
        names.sort();
        names
    }

    /// The latest visible value of a key, without a snapshot.
    ///
    /// # Errors
    /// Those of the backend, and [`Error::ForeignKeyspace`].
    pub fn get(&self, keyspace: &Keyspace, key: &[u8]) -> Result<Option<Bytes>> {
        self.inner.committer.check()?;
        self.inner.check_keyspace(keyspace)?;
        if key.len() > self.limits().key_bytes {
            return Ok(None);
        }
        self.inner.committer.backend.get(keyspace.id, key)
    }

    /// A consistent view of this moment.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn snapshot(&self) -> Result<Snapshot> {
        self.inner.committer.check()?;
        Ok(Snapshot { engine: Arc::clone(&self.inner), backend: self.inner.committer.backend.snapshot()? })
    }

    /// Reads the latest visible values one by one, without a snapshot: for what is one row, or may change between two.
    #[must_use]
    pub fn latest(&self) -> Latest<'_> {
        Latest(self)
    }

    /// What all who use this engine keep in memory together: made when it is first asked for, one of a type. It lives as
    /// long as the engine, so it must not hold it. A [`fork`](Engine::fork) begins with its own.
    #[must_use]
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut shared = self.inner.shared.lock();
        let kept = shared.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        // What is kept under a type is of that type.
        Arc::downcast(Arc::clone(kept)).unwrap_or_default()
    }

    /// Runs a serializable transaction and waits until it is as durable as the engine promises.
    ///
    /// The closure may run more than once, so it has no outside effects; [`Transaction::on_commit`] takes those. An
    /// error from it abandons the transaction. Inside another transaction of the same thread and engine it joins that
    /// one: its writes commit with the outer ones, and are taken back if it fails.
    ///
    /// # Errors
    /// The closure's own, [`Error::Conflict`] after too many attempts, and those of the commit.
    pub fn transact<T, E: From<Error>>(&self, f: impl FnMut(&mut Transaction) -> Result<T, E>) -> Result<T, E> {
        self.transact_with(&TransactOptions::default(), f)
    }

    /// [`transact`](Engine::transact) with options of its own.
    ///
    /// # Errors
    /// As [`transact`](Engine::transact).
    pub fn transact_with<T, E: From<Error>>(
        &self,
        options: &TransactOptions,
        mut f: impl FnMut(&mut Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(outer) = active::current(self.inner.id) {
            return transaction::join(&self.inner, &outer, f);
        }
        let (result, joined) = self.run(options, true, &mut f)?;
        if let Some(joined) = joined {
            self.inner.committer.wait(&joined).map_err(E::from)?;
        }
        result
    }

    /// Runs a transaction as [`transact`](Engine::transact) does, but does not wait for its commit: the ticket does,
    /// blocking or as a future.
    ///
    /// # Errors
    /// As [`transact`](Engine::transact), and [`Error::Unsupported`] inside a transaction.
    pub fn submit<T, E: From<Error>>(&self, f: impl FnMut(&mut Transaction) -> Result<T, E>) -> Result<Ticket<T>, E> {
        self.submit_with(&TransactOptions::default(), f)
    }

    /// [`submit`](Engine::submit) with options of its own.
    ///
    /// # Errors
    /// As [`submit`](Engine::submit).
    pub fn submit_with<T, E: From<Error>>(
        &self,
        options: &TransactOptions,
        mut f: impl FnMut(&mut Transaction) -> Result<T, E>,
    ) -> Result<Ticket<T>, E> {
        self.refuse_inside("submit inside a transaction").map_err(E::from)?;
        let (result, joined) = self.run(options, false, &mut f)?;
        match result {
            Ok(value) => {
                let slot = joined.map(|joined| self.lead_elsewhere(joined));
                Ok(Ticket::new(Arc::clone(&self.inner.committer), slot, value))
            }
            Err(error) => {
                // The error may rest on commits that are still being synced, and must not be told before they are.
                if let Some(joined) = joined {
                    self.inner.committer.wait(&joined).map_err(E::from)?;
                }
                Err(error)
            }
        }
    }

    /// Commits a batch without reading anything, and waits until it is as durable as the engine promises. Inside a
    /// transaction of the same thread and engine it joins that one.
    ///
    /// # Errors
    /// The limits of [`Limits`], [`Error::ForeignKeyspace`], and those of the commit.
    pub fn write(&self, batch: WriteBatch) -> Result<()> {
        self.check_batch(&batch)?;
        if let Some(outer) = active::current(self.inner.id) {
            return transaction::join(&self.inner, &outer, |tx| tx.apply(batch.ops));
        }
        match self.join_batch(batch, true)? {
            Some(joined) => self.inner.committer.wait(&joined),
            None => Ok(()),
        }
    }

    /// Whether this thread is in a transaction of this engine, so that what it writes joins that one.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        active::current(self.inner.id).is_some()
    }

    /// [`write`](Engine::write) without waiting.
    ///
    /// # Errors
    /// As [`write`](Engine::write), and [`Error::Unsupported`] inside a transaction.
    pub fn write_ticket(&self, batch: WriteBatch) -> Result<Ticket<()>> {
        self.refuse_inside("write_ticket inside a transaction")?;
        self.check_batch(&batch)?;
        let slot = self.join_batch(batch, false)?.map(|joined| self.lead_elsewhere(joined));
        Ok(Ticket::new(Arc::clone(&self.inner.committer), slot, ()))
    }

    /// The engine's source of time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The last position of the commits that can be seen. What a snapshot that is taken after this call does not show was given a
    /// higher one, or will be: so a reader of appended rows that has found nothing knows from where to go on.
    #[must_use]
    pub fn last_position(&self) -> Position {
        self.inner.committer.visible_position()
    }

    /// The number of the last commit that anything read so far can show. It counts from the opening of the engine. With
    /// [`Transaction::latest_commit`] it tells whether a transaction sees at least what was known outside of it.
    #[must_use]
    pub fn latest_commit(&self) -> u64 {
        self.inner.committer.applied()
    }

    /// What stores the bytes.
    #[must_use]
    pub fn backend(&self) -> BackendKind {
        self.inner.committer.backend.kind()
    }

    /// The largest keys, values and transactions it takes.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.inner.limits()
    }

    /// What its backend can do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.inner.committer.backend.capabilities()
    }

    /// What it has done since it was opened.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.inner.committer.counters.read(self.inner.committer.backend.stored_bytes())
    }

    /// Writes a consistent copy of the store to a directory that does not exist or is empty. Writes go on meanwhile.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where [`Capabilities::checkpoint`] is false, and those of the disk.
    pub fn checkpoint(&self, dir: impl AsRef<Path>) -> Result<()> {
        self.inner.committer.check()?;
        self.inner.committer.backend.checkpoint(dir.as_ref())
    }

    /// An independent copy of a memory engine, its clock included, at the cost of a few pointers.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where [`Capabilities::fork`] is false.
    pub fn fork(&self) -> Result<Engine> {
        self.inner.committer.check()?;
        over(self.inner.committer.backend.fork()?, self.inner.clock.fork(), self.inner.durability)
    }

    /// Makes all buffered commits durable.
    ///
    /// # Errors
    /// Those of the disk; the engine is then poisoned.
    pub fn sync(&self) -> Result<()> {
        self.refuse_inside("sync inside a transaction")?;
        // An empty synced group waits for its turn, so a failure poisons as any other does.
        match self.inner.committer.join(Request::empty(true, true), None)? {
            Some(joined) => self.inner.committer.wait(&joined),
            None => Ok(()),
        }
    }

    /// Makes everything durable and refuses all further use, of all clones too. The directory is free for another
    /// engine once the last clone, snapshot and ticket are dropped.
    ///
    /// # Errors
    /// Those of the last sync.
    pub fn close(self) -> Result<()> {
        self.sync()?;
        self.inner.committer.close()
    }

    fn refuse_inside(&self, what: &'static str) -> Result<()> {
        if self.in_transaction() {
            return Err(Error::Unsupported { what, backend: self.backend() });
        }
        Ok(())
    }

    fn check_batch(&self, batch: &WriteBatch) -> Result<()> {
        batch.keyspaces.iter().try_for_each(|keyspace| self.inner.check_keyspace(keyspace))?;
        batch.check(&self.limits())?;
        batch.keyspaces.iter().try_for_each(|keyspace| self.inner.make_keyspace(keyspace))
    }

    fn join_batch(&self, batch: WriteBatch, waits: bool) -> Result<Option<Joined>> {
        self.inner.committer.check()?;
        if batch.is_empty() {
            return Ok(None);
        }
        let sync = self.inner.durability == Durability::Sync;
        self.inner.committer.join(Request { ops: batch.ops, ..Request::empty(sync, waits) }, None)
    }

    fn lead_elsewhere(&self, joined: Joined) -> Arc<crate::ticket::Slot> {
        if joined.must_lead {
            self.inner.committer.lead_in_background();
        }
        joined.slot
    }

    /// Runs the closure until it is validated. The inner result is the closure's own, to be given to the caller once
    /// the joined commit, if there is one, is through.
    #[allow(clippy::type_complexity)]
    fn run<T, E: From<Error>>(
        &self,
        options: &TransactOptions,
        waits: bool,
        f: &mut impl FnMut(&mut Transaction) -> Result<T, E>,
    ) -> Result<(Result<T, E>, Option<Joined>), E> {
        let committer = &self.inner.committer;
        let sync = options.durability.unwrap_or(self.inner.durability) == Durability::Sync;
        let mut attempts = 0;
        while attempts < options.max_attempts.max(1) {
            if options.serialize || (options.serialize_on_contention && attempts >= OPTIMISTIC_ATTEMPTS) {
                let (result, joined) =
                    committer.serial((sync, waits), |unsynced| -> Result<_, E> { self.call(unsynced, u64::MAX, f) })?;
                return Ok((result, Some(joined)));
            }
            attempts += 1;
            committer.check().map_err(E::from)?;
            let began = committer.begin();
            let (value, outcome) = self.call(Overlay::default(), began.sequence, f)?;
            if outcome.ops.is_empty() && outcome.deferred.is_empty() {
                outcome.hooks.into_iter().for_each(|hook| hook());
                return Ok((Ok(value), None));
            }
            let (request, reads) = Request::of(outcome, sync, waits);
            if let Some(joined) = committer.join(request, Some((&reads, began.sequence))).map_err(E::from)? {
                return Ok((Ok(value), Some(joined)));
            }
            drop(began);
            back_off(attempts);
        }
        Err(transaction::conflict(attempts))
    }

    fn call<T, E: From<Error>>(
        &self,
        unsynced: Overlay,
        latest_commit: u64,
        f: &mut impl FnMut(&mut Transaction) -> Result<T, E>,
    ) -> Result<(T, transaction::Outcome), E> {
        let snapshot = self.inner.committer.backend.snapshot().map_err(E::from)?;
        let view = Rc::new(RefCell::new(View::new(snapshot, unsynced, latest_commit)));
        let entered = active::enter(self.inner.id, &view);
        let value = f(&mut Transaction::new(&self.inner, &view))?;
        drop(entered);
        let outcome = view.borrow_mut().finish();
        Ok((value, outcome))
    }
}

/// Gives others a chance to finish before the next attempt: longer each time, and not in step with each other.
fn back_off(attempt: u32) {
    static SPREAD: AtomicU64 = AtomicU64::new(0);
    if attempt < 2 {
        return std::thread::yield_now();
    }
    let spread = SPREAD.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed) >> 32;
    let longest = 50_u64 << attempt.min(7);
    std::thread::sleep(Duration::from_micros(longest / 2 + spread % (longest / 2)));
}

fn open_keyspace(engine: u64, keyspaces: &mut HashMap<String, Keyspace>, name: &str) -> Keyspace {
    if let Some(keyspace) = keyspaces.get(name) {
        return keyspace.clone();
    }
    let next = keyspaces.values().map(|keyspace| keyspace.id.0 + 1).max().unwrap_or(0);
    let keyspace = Keyspace::new(engine, KeyspaceId(next), name, false);
    keyspaces.insert(name.to_owned(), keyspace.clone());
    keyspace
}

/// Makes a keyspace and those before it: their ids leave no gaps in a store.
fn make(keyspace: &Keyspace, backend: &dyn Backend, keyspaces: &HashMap<String, Keyspace>) -> Result<()> {
    let mut missing: Vec<&Keyspace> =
        keyspaces.values().filter(|other| other.id <= keyspace.id && !other.is_made()).collect();
    missing.sort_by_key(|keyspace| keyspace.id);
    for keyspace in missing {
        backend.create_keyspace(keyspace.id, keyspace.name())?;
        keyspace.set_made();
    }
    Ok(())
}

impl Inner {
    pub(crate) fn check_keyspace(&self, keyspace: &Keyspace) -> Result<()> {
        if keyspace.engine == self.id {
            return Ok(());
        }
        Err(Error::ForeignKeyspace { name: keyspace.name().to_owned() })
    }

    /// Makes a keyspace that is about to be written to, unless it is there. Making one costs a store on disk several syncs,
    /// so those that nobody writes to are not made.
    pub(crate) fn make_keyspace(&self, keyspace: &Keyspace) -> Result<()> {
        if keyspace.is_made() {
            return Ok(());
        }
        make(keyspace, &*self.committer.backend, &self.keyspaces.write())
    }

    pub(crate) fn limits(&self) -> Limits {
        self.committer.backend.limits()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.committer.stop();
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("backend", &self.backend()).finish_non_exhaustive()
    }
}
