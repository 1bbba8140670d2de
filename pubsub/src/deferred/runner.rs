//! The threads that make deliveries, by the engine's clock. They start when there is something to deliver, and one that is free
//! watches the time as long as there are fewer than the most.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
    thread::JoinHandle,
    time::Instant,
};

use millpond_engine::{Appended, Clock, Timestamp};
use parking_lot::{Condvar, Mutex, MutexGuard};

use super::{
    attempt, discover,
    functions::Functions,
    lanes::{Hold, Lanes, Work},
};
use crate::{SubscriptionId, layout::deferred::DeliveryKey, shared::Shared};

const MOST_THREADS: usize = 16;

/// What a clock that is moved by hand calls.
type Watcher = Arc<dyn Fn() + Send + Sync>;

pub(super) struct Runner {
    clock: Clock,
    state: Mutex<State>,
    /// There is work, or another time to wait for.
    work: Condvar,
    /// Something has come to its end.
    rest: Condvar,
    watcher: Mutex<Option<Watcher>>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) lanes: Lanes,
    pub(super) functions: Functions,
    /// Whose deliveries these are: not held, so that it can go.
    shared: Weak<Shared>,
    /// Whether a thread is to find the lanes that the store has.
    must_discover: bool,
    threads: Vec<JoinHandle<()>>,
    idle: usize,
    is_stopping: bool,
}

#[derive(Clone, Copy)]
enum Job {
    Discover,
    Lane(Work),
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").finish_non_exhaustive()
    }
}

impl Runner {
    pub(super) fn new(clock: &Clock) -> Arc<Runner> {
        let runner = Arc::new(Runner {
            clock: clock.clone(),
            state: Mutex::default(),
            work: Condvar::new(),
            rest: Condvar::new(),
            watcher: Mutex::default(),
        });
        if clock.is_manual() {
            let weak = Arc::downgrade(&runner);
            let watcher: Watcher = Arc::new(move || {
                if let Some(runner) = weak.upgrade() {
                    runner.with(|state, now| state.lanes.ring(now));
                }
            });
            clock.watch(&watcher);
            *runner.watcher.lock() = Some(watcher);
        }
        runner
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Begins to deliver. `is_empty` says that the store has nothing to deliver.
    pub(super) fn start(self: &Arc<Self>, shared: &Arc<Shared>, is_empty: bool) {
        self.with(|state, _| {
            state.shared = Arc::downgrade(shared);
            state.lanes.are_all_found = is_empty;
            state.must_discover = !is_empty;
        });
    }

    /// Deliveries were committed.
    pub(super) fn added(self: &Arc<Self>, due: u64, rows: &[(SubscriptionId, Appended)]) {
        self.with(|state, now| {
            for (id, row) in rows {
                if let Some(position) = row.position() {
                    state.lanes.added(*id, DeliveryKey { due, position: position.get() }, now);
                }
            }
        });
    }

    /// A delivery is made again later: its row was replaced.
    pub(super) fn replaced(self: &Arc<Self>, id: SubscriptionId, old: DeliveryKey, due: u64, row: &Appended) {
        self.added(due, &[(id, row.clone())]);
        self.done(id, old);
    }

    /// A delivery is over: its row is gone.
    pub(super) fn done(self: &Arc<Self>, id: SubscriptionId, key: DeliveryKey) {
        self.with(|state, now| state.lanes.done(id, key, now));
    }

    pub(super) fn put_back(self: &Arc<Self>, id: SubscriptionId, key: DeliveryKey, hold: Hold) {
        self.with(|state, now| state.lanes.put_back(id, key, Some(hold), now));
    }

    /// Changes what is known, and has threads look at it.
    pub(super) fn with<T>(self: &Arc<Self>, change: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let mut state = self.state.lock();
        let result = change(&mut state, self.clock.now());
        self.keep_watched(&mut state);
        if state.has_work() || state.lanes.next_alarm().is_some() {
            self.work.notify_one();
        }
        self.rest.notify_all();
        result
    }

    /// Waits until all that is left waits for a moment that is still to come, or for a function. Says whether it came to that before
    /// the moment until which it is waited.
    pub(super) fn wait_for_rest(self: &Arc<Self>, until: Option<Instant>) -> bool {
        let mut state = self.state.lock();
        let own = std::thread::current().id();
        if state.threads.iter().any(|thread| thread.thread().id() == own) {
            return false;
        }
        loop {
            state.lanes.ring(self.clock.now());
            if state.is_stopping || (state.lanes.are_at_rest() && !state.must_discover) {
                return true;
            }
            self.keep_watched(&mut state);
            self.work.notify_one();
            match until {
                None => self.rest.wait(&mut state),
                Some(until) if self.rest.wait_until(&mut state, until).timed_out() => return false,
                Some(_) => {}
            }
        }
    }

    /// Begins no delivery any more, and waits for those that are under way.
    pub(super) fn stop(&self) {
        let mut state = self.state.lock();
        state.is_stopping = true;
        let threads = std::mem::take(&mut state.threads);
        let functions = std::mem::take(&mut state.functions);
        self.work.notify_all();
        self.rest.notify_all();
        drop(state);
        drop(functions);
        let own = std::thread::current().id();
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != own) {
            if thread.join().is_err() {
                tracing::error!("a thread of the deliveries panicked");
            }
        }
    }

    /// As [`stop`](Runner::stop), without waiting.
    pub(super) fn let_go(&self) {
        let mut state = self.state.lock();
        state.is_stopping = true;
        let functions = std::mem::take(&mut state.functions);
        self.work.notify_all();
        self.rest.notify_all();
        drop(state);
        drop(functions);
    }

    /// Starts a thread if there is something to do or to wait for, all are busy, and there may be more.
    fn keep_watched(self: &Arc<Self>, state: &mut State) {
        let is_needed = state.has_work() || state.lanes.next_alarm().is_some();
        if !is_needed || state.is_stopping || state.idle > 0 || state.threads.len() >= MOST_THREADS {
            return;
        }
        let runner = Arc::clone(self);
        let started = std::thread::Builder::new().name("millpond-delivery".into()).spawn(move || runner.work());
        match started {
            Ok(thread) => {
                // It is free until it takes its first job.
                state.idle += 1;
                state.threads.push(thread);
            }
            Err(error) => tracing::warn!(%error, "no further thread could be started for deliveries"),
        }
    }

    fn work(self: &Arc<Self>) {
        let mut state = self.state.lock();
        while !state.is_stopping {
            if let Some(job) = state.take(self.clock.now()) {
                let Some(shared) = state.shared.upgrade() else { break };
                state.idle -= 1;
                self.run(&mut state, shared, job);
                state.idle += 1;
                continue;
            }
            self.rest.notify_all();
            match state.lanes.next_alarm() {
                Some(at) if !self.clock.is_manual() => {
                    let limit = at.saturating_since(self.clock.now());
                    self.work.wait_for(&mut state, limit);
                }
                _ => self.work.wait(&mut state),
            }
        }
        state.idle -= 1;
        self.rest.notify_all();
    }

    fn run(self: &Arc<Self>, state: &mut MutexGuard<'_, State>, shared: Arc<Shared>, job: Job) {
        self.keep_watched(state);
        MutexGuard::unlocked(state, || {
            let done = catch_unwind(AssertUnwindSafe(|| match job {
                Job::Discover => discover::lanes(&shared),
                Job::Lane(Work::Read(id, from, most)) => discover::deliveries(&shared, id, from, most),
                Job::Lane(Work::Attempt(id, key)) => attempt::run(&shared, id, key),
            }));
            if done.is_err() {
                tracing::error!("a delivery panicked");
                self.rest_after(job);
            }
            // It may be the last who holds it.
            drop(shared);
        });
        self.rest.notify_all();
    }
}

impl Runner {
    /// Has what could not be done wait for a while.
    fn rest_after(self: &Arc<Self>, job: Job) {
        self.with(|state, now| {
            let until = now.saturating_add(discover::REST);
            match job {
                Job::Discover => state.lanes.are_all_found = true,
                Job::Lane(Work::Read(id, ..)) => state.lanes.not_read(id, until, now),
                Job::Lane(Work::Attempt(id, key)) => state.lanes.put_back(id, key, Some(Hold::Until(until)), now),
            }
        });
    }
}

impl State {
    fn has_work(&self) -> bool {
        self.must_discover || self.lanes.has_ready()
    }

    fn take(&mut self, now: Timestamp) -> Option<Job> {
        if std::mem::take(&mut self.must_discover) {
            return Some(Job::Discover);
        }
        self.lanes.take(now).map(Job::Lane)
    }
}
