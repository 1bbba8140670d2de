//! The group committer.
//!
//! A transaction is validated and joins the open group under one short lock. Whoever finds no group under way leads:
//! it takes the open group, applies it as one backend batch with one sync, and meanwhile the next group gathers. A
//! finished leader hands the lead to a thread that waits in the next group, so a lone writer pays for no thread switch
//! and many writers share syncs. Groups whose members are all futures are led by a background thread.
//!
//! Invariants:
//! - one group is one backend batch, and groups are applied one after the other in the order of validation;
//! - `visible` moves only after the backend has the group (and has synced it, if asked);
//! - after a failed apply nothing is applied again: the committer is poisoned.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use crossbeam::utils::{Backoff, CachePadded};
use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};

use crate::{
    Clock, Error, Position, Result,
    backend::{Backend, Batch, Op},
    deferred::{Deferred, Places},
    history::{History, ReadSet},
    keyspace::KeyspaceId,
    overlay::Overlay,
    statistics::Counters,
    ticket::Slot,
    transaction::{Hook, Outcome},
};

/// A group ends when it holds this many bytes, so that a batch stays well inside what every backend takes.
const GROUP_BYTES: usize = 64 << 20;

/// A leader waits for the members of the last group to come back for at most this part of the time that a sync takes.
const GATHER_PART: u32 = 4;

/// The highest time shown is stored at most this often while the system clock runs; a restart adds it.
pub(crate) const CLOCK_STEP: Duration = Duration::from_secs(1);

pub(crate) struct Committer {
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) counters: Counters,
    clock: Clock,
    own: OwnKeys,
    state: Mutex<State>,
    /// Woken when the open group has been taken, for those who found it full.
    taken: Condvar,
    /// Woken when the background thread has to lead or to stop.
    background: Condvar,
    /// The last commit that snapshots are sure to contain.
    visible: CachePadded<AtomicU64>,
    /// The last commit that any snapshot can contain.
    applied: AtomicU64,
    /// The last position that the visible commits were given.
    visible_position: AtomicU64,
    /// How many transactions began at which visible sequence.
    active: CachePadded<Mutex<BTreeMap<u64, usize>>>,
    failed: AtomicBool,
    reason: RwLock<Option<Error>>,
}

/// Where the engine keeps its own facts.
pub(crate) struct OwnKeys {
    pub(crate) keyspace: KeyspaceId,
    pub(crate) clock: &'static [u8],
    pub(crate) position: &'static [u8],
}

/// What a store holds of the engine's own facts.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stored {
    /// The latest time shown, in milliseconds.
    pub(crate) clock: u64,
    /// The last position given.
    pub(crate) position: Position,
}

pub(crate) struct State {
    sequence: u64,
    history: History,
    group: Group,
    /// The batch being applied.
    in_flight: Option<Arc<Batch>>,
    /// All changes not yet visible, kept only while the serial lane is in use, and how many of the open group's it has.
    unsynced: Option<Overlay>,
    unsynced_ops: usize,
    leading: bool,
    background_leads: bool,
    background: Option<std::thread::JoinHandle<()>>,
    stop: bool,
    stored: Stored,
    places: Places,
    last_members: usize,
    last_apply: Duration,
}

#[derive(Default)]
struct Group {
    batch: Batch,
    bytes: usize,
    sync: bool,
    members: Vec<Arc<Slot>>,
    hooks: Vec<Hook>,
}

/// What a transaction wants committed.
pub(crate) struct Request {
    pub(crate) ops: Vec<Op>,
    pub(crate) deferred: Vec<Deferred>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) sync: bool,
    /// Whether the caller goes straight on to wait for the commit.
    pub(crate) waits: bool,
}

/// A member of the open group, and whether whoever added it has to lead.
pub(crate) struct Joined {
    pub(crate) slot: Arc<Slot>,
    pub(crate) must_lead: bool,
}

/// A transaction's place among the active ones; given back when dropped.
pub(crate) struct Began<'a> {
    committer: &'a Committer,
    pub(crate) sequence: u64,
}

impl Drop for Began<'_> {
    fn drop(&mut self) {
        let mut active = self.committer.active.lock();
        if let Some(count) = active.get_mut(&self.sequence) {
            *count -= 1;
            if *count == 0 {
                active.remove(&self.sequence);
            }
        }
    }
}

impl Committer {
    pub(crate) fn new(backend: Box<dyn Backend>, clock: Clock, own: OwnKeys, stored: Stored) -> Self {
        Committer {
            backend,
            counters: Counters::default(),
            clock,
            own,
            state: Mutex::new(State {
                sequence: 0,
                history: History::default(),
                group: Group::default(),
                in_flight: None,
                unsynced: None,
                unsynced_ops: 0,
                leading: false,
                background_leads: false,
                background: None,
                stop: false,
                stored,
                places: Places::new(stored.position),
                last_members: 0,
                last_apply: Duration::ZERO,
            }),
            taken: Condvar::new(),
            background: Condvar::new(),
            visible: CachePadded::new(AtomicU64::new(0)),
            applied: AtomicU64::new(0),
            visible_position: AtomicU64::new(stored.position.get()),
            active: CachePadded::new(Mutex::new(BTreeMap::new())),
            failed: AtomicBool::new(false),
            reason: RwLock::new(None),
        }
    }

    /// An error if the engine is closed or poisoned.
    pub(crate) fn check(&self) -> Result<()> {
        if self.failed.load(Ordering::Acquire) {
            return Err(self.failure());
        }
        Ok(())
    }

    fn failure(&self) -> Error {
        match &*self.reason.read() {
            Some(Error::Closed) | None => Error::Closed,
            Some(reason) => Error::Poisoned { reason: describe(reason) },
        }
    }

    fn fail(&self, reason: Error) {
        self.reason.write().get_or_insert(reason);
        self.failed.store(true, Ordering::Release);
    }

    pub(crate) fn applied(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    pub(crate) fn visible_position(&self) -> Position {
        Position::new(self.visible_position.load(Ordering::Acquire))
    }

    /// Registers a transaction: all commits up to the sequence it gets are in any snapshot taken from now on.
    pub(crate) fn begin(&self) -> Began<'_> {
        let mut active = self.active.lock();
        let sequence = self.visible.load(Ordering::Acquire);
        *active.entry(sequence).or_insert(0) += 1;
        Began { committer: self, sequence }
    }

    /// Validates and joins the open group; `None` when a read no longer holds.
    pub(crate) fn join(&self, request: Request, read: Option<(&ReadSet, u64)>) -> Result<Option<Joined>> {
        let mut state = self.lock_for_joining(&request)?;
        if let Some((reads, began)) = read
            && !state.history.still_holds(reads, began)
        {
            Counters::add(&self.counters.conflicts, 1);
            return Ok(None);
        }
        self.append(&mut state, request).map(Some)
    }

    fn lock_for_joining(&self, request: &Request) -> Result<MutexGuard<'_, State>> {
        let bytes = size_of(&request.ops) + request.deferred.iter().map(Deferred::size).sum::<usize>();
        let mut state = self.state.lock();
        loop {
            self.check()?;
            if state.group.members.is_empty() || state.group.bytes + bytes <= GROUP_BYTES {
                return Ok(state);
            }
            self.taken.wait(&mut state);
        }
    }

    fn append(&self, state: &mut State, mut request: Request) -> Result<Joined> {
        let sequence = state.sequence + 1;
        state.places.settle(sequence, &self.clock, &mut request.ops, request.deferred, &*self.backend)?;
        if !request.ops.is_empty() {
            state.sequence += 1;
            let keys = request.ops.iter().map(|op| (op.keyspace, op.key.clone())).collect();
            let sequence = state.sequence;
            state.history.record(sequence, keys);
        }
        let group = &mut state.group;
        group.bytes += size_of(&request.ops);
        group.sync |= request.sync;
        if group.batch.ops.is_empty() {
            group.batch.ops = request.ops;
        } else {
            group.batch.ops.extend(request.ops);
        }
        group.hooks.extend(request.hooks);
        let slot = Arc::new(Slot::new(request.waits));
        group.members.push(Arc::clone(&slot));
        let must_lead = !std::mem::replace(&mut state.leading, true);
        Ok(Joined { slot, must_lead })
    }

    /// Runs `f` while nothing else can be validated, over a view that includes the commits still being synced. Its
    /// reads cannot become stale, so it always commits; it shares its sync with everyone else.
    pub(crate) fn serial<T, E: From<Error>>(
        &self,
        (sync, waits): (bool, bool),
        f: impl FnOnce(Overlay) -> Result<(T, Outcome), E>,
    ) -> Result<(Result<T, E>, Joined), E> {
        let mut state = self.lock_for_joining(&Request::empty(sync, waits)).map_err(E::from)?;
        Counters::add(&self.counters.serialized, 1);
        let unsynced = state.unsynced();
        // Whatever the closure returns may rest on commits that are not durable yet, an error too: its member waits for
        // them in any case.
        let (result, request) = match f(unsynced) {
            Ok((value, outcome)) => (Ok(value), Request::of(outcome, sync, waits).0),
            Err(error) => (Err(error), Request::empty(sync, waits)),
        };
        let joined = self.append(&mut state, request).map_err(E::from)?;
        Ok((result, joined))
    }

    /// Waits for a joined transaction on this thread, leading if it has to.
    pub(crate) fn wait(self: &Arc<Self>, joined: &Joined) -> Result<()> {
        if joined.must_lead {
            self.lead();
        }
        joined.slot.wait(self)
    }

    /// Commits the open group. The caller holds the lead.
    pub(crate) fn lead(self: &Arc<Self>) {
        let taken = self.take_group();
        let started = Instant::now();
        self.applied.store(taken.sequence, Ordering::Release);
        let outcome = match self.check() {
            Ok(()) if taken.batch.ops.is_empty() && !taken.sync => Ok(()),
            Ok(()) => self.backend.apply(&taken.batch, taken.sync),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            return self.abandon(taken, error);
        }
        let took = started.elapsed();
        self.count(&taken, took);
        self.visible.store(taken.sequence, Ordering::Release);
        self.visible_position.store(taken.position.get(), Ordering::Release);
        for hook in taken.hooks {
            if catch_unwind(AssertUnwindSafe(hook)).is_err() {
                tracing::error!("an on_commit effect panicked; the commit stands");
            }
        }
        self.pass_on(took);
        for member in taken.members {
            member.complete(Ok(()));
        }
    }

    fn take_group(&self) -> Taken {
        let mut state = self.state.lock();
        self.gather(&mut state);
        let mut group = std::mem::take(&mut state.group);
        self.store_own(&mut state, &mut group);
        let included = std::mem::take(&mut state.unsynced_ops);
        if let Some(unsynced) = &mut state.unsynced {
            unsynced.extend(group.batch.ops.get(included..).unwrap_or_default());
        }
        state.last_members = group.members.len();
        group.batch.keep_last();
        let batch = Arc::new(group.batch);
        state.in_flight = Some(Arc::clone(&batch));
        let (sequence, position) = (state.sequence, state.places.last());
        drop(state);
        self.taken.notify_all();
        let Group { bytes, sync, members, hooks, .. } = group;
        Taken { batch, bytes, sync, members, hooks, sequence, position }
    }

    /// The members of the last group have just been told and are on their way back: where a sync is to be shared, wait a
    /// moment for them rather than sync for the few who were faster.
    fn gather(&self, state: &mut MutexGuard<'_, State>) {
        if !state.group.sync || state.last_members <= state.group.members.len() {
            return;
        }
        let deadline = Instant::now() + state.last_apply / GATHER_PART;
        let expected = state.last_members;
        let backoff = Backoff::new();
        while state.group.members.len() < expected && Instant::now() < deadline {
            MutexGuard::unlocked(state, || backoff.snooze());
        }
    }

    fn store_own(&self, state: &mut State, group: &mut Group) {
        if group.batch.ops.is_empty() {
            return;
        }
        let mut store = |key, value: u64| {
            let (key, value) = (Bytes::from_static(key), Some(Bytes::copy_from_slice(&value.to_be_bytes())));
            group.batch.ops.push(Op { keyspace: self.own.keyspace, key, value });
        };
        let last = state.places.last();
        if last > state.stored.position {
            state.stored.position = last;
            store(self.own.position, last.get());
        }
        let now = self.clock.now().as_millis();
        let step = if self.clock.is_manual() { 1 } else { CLOCK_STEP.as_millis() as u64 };
        if now >= state.stored.clock.saturating_add(step) {
            state.stored.clock = now;
            store(self.own.clock, now);
        }
    }

    fn count(&self, taken: &Taken, took: Duration) {
        let counters = &self.counters;
        Counters::add(&counters.commits, taken.members.len() as u64);
        Counters::add(&counters.groups, 1);
        Counters::add(&counters.bytes, taken.bytes as u64);
        Counters::add(&counters.keys, taken.batch.ops.len() as u64);
        if taken.sync {
            Counters::add(&counters.syncs, 1);
            Counters::add(&counters.sync_nanos, u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
    }

    /// Ends the lead, or hands it to a member of the group that has gathered meanwhile.
    fn pass_on(self: &Arc<Self>, took: Duration) {
        let mut state = self.state.lock();
        state.in_flight = None;
        state.unsynced = None;
        state.last_apply = took;
        let floor = {
            let active = self.active.lock();
            let visible = self.visible.load(Ordering::Acquire);
            active.first_key_value().map_or(visible, |(oldest, _)| visible.min(*oldest))
        };
        state.history.prune(floor);
        state.places.prune(self.visible.load(Ordering::Acquire));
        if state.group.members.is_empty() {
            state.leading = false;
        } else if !state.group.members.iter().any(|member| member.promote()) {
            drop(state);
            self.lead_in_background();
        }
    }

    /// The group's batch failed: nobody can tell what of it the disk holds, so everything ends here.
    fn abandon(&self, taken: Taken, error: Error) {
        let told = describe(&error);
        tracing::error!(error = told, "a commit failed; the engine must be opened again");
        self.fail(error.repeat());
        let mut state = self.state.lock();
        state.in_flight = None;
        state.unsynced = None;
        state.leading = false;
        let waiting = std::mem::take(&mut state.group);
        drop(state);
        self.taken.notify_all();
        for member in taken.members {
            member.complete(Err(error.repeat()));
        }
        for member in waiting.members {
            member.complete(Err(self.failure()));
        }
    }

    /// Has the background thread commit the open group, for a caller that must not block.
    pub(crate) fn lead_in_background(self: &Arc<Self>) {
        let mut state = self.state.lock();
        state.background_leads = true;
        if state.background.is_some() {
            self.background.notify_one();
            return;
        }
        let committer = Arc::clone(self);
        match std::thread::Builder::new().name("millpond-commit".into()).spawn(move || committer.background()) {
            Ok(thread) => state.background = Some(thread),
            Err(error) => {
                // Without a thread the caller itself has to do the work.
                tracing::warn!(%error, "no thread could be started for commits");
                state.background_leads = false;
                drop(state);
                self.lead();
            }
        }
    }

    fn background(self: &Arc<Self>) {
        let mut state = self.state.lock();
        loop {
            if std::mem::take(&mut state.background_leads) {
                MutexGuard::unlocked(&mut state, || self.lead());
            } else if state.stop {
                // Should a ticket outlive the engine and need a leader, another thread can be started.
                state.background = None;
                return;
            } else {
                self.background.wait(&mut state);
            }
        }
    }

    /// Waits for the commits under way and refuses all further ones.
    pub(crate) fn close(&self) -> Result<()> {
        let mut state = self.state.lock();
        let backoff = Backoff::new();
        while state.leading {
            MutexGuard::unlocked(&mut state, || backoff.snooze());
        }
        let before = self.check();
        self.fail(Error::Closed);
        drop(state);
        self.stop();
        before
    }

    /// Ends the background thread, so that nothing but handles keeps the store open. An effect may drop the last
    /// engine: then the thread it runs on goes on by itself.
    pub(crate) fn stop(&self) {
        let mut state = self.state.lock();
        state.stop = true;
        let thread = state.background.take();
        self.background.notify_one();
        drop(state);
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the committing thread panicked");
        }
    }
}

struct Taken {
    batch: Arc<Batch>,
    bytes: usize,
    sync: bool,
    members: Vec<Arc<Slot>>,
    hooks: Vec<Hook>,
    /// The last commit validated when the group was taken, and the last position given by then.
    sequence: u64,
    position: Position,
}

impl Request {
    pub(crate) fn empty(sync: bool, waits: bool) -> Self {
        Request { ops: Vec::new(), deferred: Vec::new(), hooks: Vec::new(), sync, waits }
    }

    /// Of what a closure left, and what it has read.
    pub(crate) fn of(outcome: Outcome, sync: bool, waits: bool) -> (Self, ReadSet) {
        let Outcome { ops, deferred, reads, hooks } = outcome;
        (Request { ops, deferred, hooks, sync, waits }, reads)
    }
}

impl State {
    /// Everything validated but not yet visible, brought up to date.
    fn unsynced(&mut self) -> Overlay {
        let unsynced = match self.unsynced.take() {
            Some(unsynced) => unsynced,
            None => {
                let mut unsynced = Overlay::default();
                if let Some(batch) = &self.in_flight {
                    unsynced.extend(&batch.ops);
                }
                self.unsynced_ops = 0;
                unsynced
            }
        };
        let unsynced = self.unsynced.insert(unsynced);
        unsynced.extend(self.group.batch.ops.get(self.unsynced_ops..).unwrap_or_default());
        self.unsynced_ops = self.group.batch.ops.len();
        unsynced.clone()
    }
}

fn size_of(ops: &[Op]) -> usize {
    ops.iter().map(|op| op.key.len() + op.value.as_ref().map_or(0, Bytes::len)).sum()
}

fn describe(error: &Error) -> String {
    use std::error::Error as _;
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
