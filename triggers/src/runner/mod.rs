//! The threads that triggers share: they run tasks that are ready, and wake those whose time has come.
//!
//! A task does a bounded piece of work at a time and says what it waits for: a waker that is called, or a moment of the
//! engine's clock. One thread is always free to watch the time, as long as there are fewer than the most.

mod task;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
    task::{Wake, Waker},
    thread::{JoinHandle, ThreadId},
};

use millpond_engine::{Clock, Timestamp};
use parking_lot::{Condvar, Mutex, MutexGuard};

pub(crate) use task::{Context, Next, Task};

use crate::{Error, Result};

type TaskId = u64;
/// The tasks of one trigger.
pub(crate) type GroupId = u64;

/// What a clock that is moved by hand calls.
type Watcher = Arc<dyn Fn() + Send + Sync>;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Runner(Arc<Shared>);

struct Shared {
    clock: Clock,
    most_threads: usize,
    state: Mutex<State>,
    /// There is work, or another time to wait for.
    work: Condvar,
    /// A task has come to rest or to its end.
    rest: Condvar,
    watcher: Mutex<Option<Watcher>>,
}

#[derive(Default)]
struct State {
    tasks: HashMap<TaskId, Slot>,
    ready: VecDeque<TaskId>,
    alarms: BTreeSet<(Timestamp, TaskId)>,
    running: usize,
    idle: usize,
    threads: Vec<JoinHandle<()>>,
    last_task: TaskId,
    is_stopping: bool,
}

struct Slot {
    group: GroupId,
    waker: Waker,
    alarm: Option<Timestamp>,
    place: Place,
}

enum Place {
    Waiting(Box<dyn Task>),
    Ready(Box<dyn Task>),
    /// And whether it was woken meanwhile.
    Running(bool),
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("most_threads", &self.0.most_threads).finish_non_exhaustive()
    }
}

impl Runner {
    pub(crate) fn new(clock: &Clock, most_threads: usize) -> Self {
        let shared = Arc::new(Shared {
            clock: clock.clone(),
            most_threads: most_threads.max(1),
            state: Mutex::default(),
            work: Condvar::new(),
            rest: Condvar::new(),
            watcher: Mutex::default(),
        });
        if clock.is_manual() {
            let weak = Arc::downgrade(&shared);
            let watcher: Watcher = Arc::new(move || {
                if let Some(shared) = weak.upgrade() {
                    let mut state = shared.state.lock();
                    shared.ring(&mut state);
                    shared.work.notify_all();
                }
            });
            clock.watch(&watcher);
            *shared.watcher.lock() = Some(watcher);
        }
        Runner(shared)
    }

    pub(crate) fn most_threads(&self) -> usize {
        self.0.most_threads
    }

    /// Runs a task until it is over.
    pub(crate) fn spawn(&self, group: GroupId, task: Box<dyn Task>) -> Result<()> {
        let mut state = self.0.state.lock();
        if state.is_stopping {
            return Err(Error::Stopped);
        }
        state.last_task += 1;
        let id = state.last_task;
        let waker = Waker::from(Arc::new(TaskWaker { runner: Arc::downgrade(&self.0), id }));
        state.tasks.insert(id, Slot { group, waker, alarm: None, place: Place::Ready(task) });
        state.ready.push_back(id);
        if let Err(error) = self.0.keep_watched(&mut state)
            && state.threads.is_empty()
        {
            state.tasks.remove(&id);
            state.ready.retain(|ready| *ready != id);
            return Err(Error::Thread(error));
        }
        self.0.work.notify_one();
        Ok(())
    }

    /// Has all tasks of a group look again.
    pub(crate) fn wake_group(&self, group: GroupId) {
        let mut state = self.0.state.lock();
        let members = state.tasks.iter().filter(|(_, slot)| slot.group == group);
        let members: Vec<TaskId> = members.map(|(id, _)| *id).collect();
        for id in members {
            state.make_ready(id);
        }
        self.0.work.notify_all();
    }

    /// Waits until no task of a group is left. A thread of the runner does not wait: it may be one of them that asks.
    pub(crate) fn wait_for_end(&self, group: GroupId) {
        let mut state = self.0.state.lock();
        if state.is_own(std::thread::current().id()) {
            return;
        }
        while state.tasks.values().any(|slot| slot.group == group) {
            self.0.rest.wait(&mut state);
        }
    }

    /// Waits until all tasks wait for something that is still to come.
    pub(crate) fn wait_for_rest(&self) {
        let mut state = self.0.state.lock();
        loop {
            self.0.ring(&mut state);
            if state.running == 0 && state.ready.is_empty() {
                return;
            }
            self.0.work.notify_one();
            self.0.rest.wait(&mut state);
        }
    }

    /// Has all tasks look a last time, and waits until they are over and the threads have ended.
    pub(crate) fn stop(&self) {
        let mut state = self.0.state.lock();
        state.is_stopping = true;
        let all: Vec<TaskId> = state.tasks.keys().copied().collect();
        for id in all {
            state.make_ready(id);
        }
        let threads = std::mem::take(&mut state.threads);
        self.0.work.notify_all();
        drop(state);
        let own = std::thread::current().id();
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != own) {
            if thread.join().is_err() {
                tracing::error!("a thread of the triggers panicked");
            }
        }
    }
}

impl State {
    fn is_own(&self, thread: ThreadId) -> bool {
        self.threads.iter().any(|own| own.thread().id() == thread)
    }

    fn make_ready(&mut self, id: TaskId) {
        let Some(slot) = self.tasks.get_mut(&id) else { return };
        match std::mem::replace(&mut slot.place, Place::Running(true)) {
            Place::Waiting(task) => {
                slot.place = Place::Ready(task);
                if let Some(alarm) = slot.alarm.take() {
                    self.alarms.remove(&(alarm, id));
                }
                self.ready.push_back(id);
            }
            Place::Ready(task) => slot.place = Place::Ready(task),
            // It looks again when it is done.
            Place::Running(_) => {}
        }
    }

    /// Takes the task that has been ready for the longest.
    fn take(&mut self) -> Option<(TaskId, Box<dyn Task>, Waker)> {
        let id = self.ready.pop_front()?;
        let slot = self.tasks.get_mut(&id)?;
        match std::mem::replace(&mut slot.place, Place::Running(false)) {
            Place::Ready(task) => {
                self.running += 1;
                Some((id, task, slot.waker.clone()))
            }
            other => {
                slot.place = other;
                None
            }
        }
    }

    /// Takes back a task that has done a piece of work.
    fn put_back(&mut self, id: TaskId, task: Option<Box<dyn Task>>, next: Next) {
        self.running -= 1;
        let (Some(task), false) = (task, matches!(next, Next::Over)) else {
            self.tasks.remove(&id);
            return;
        };
        let is_stopping = self.is_stopping;
        let Some(slot) = self.tasks.get_mut(&id) else { return };
        let was_woken = matches!(slot.place, Place::Running(true));
        match next {
            Next::Wait(alarm) if !was_woken && !is_stopping => {
                slot.place = Place::Waiting(task);
                slot.alarm = alarm;
                self.alarms.extend(alarm.map(|at| (at, id)));
            }
            _ => {
                slot.place = Place::Ready(task);
                self.ready.push_back(id);
            }
        }
    }
}

impl Shared {
    fn wake(&self, task: TaskId) {
        self.state.lock().make_ready(task);
        self.work.notify_one();
    }

    /// Wakes the tasks whose time has come.
    fn ring(&self, state: &mut State) {
        let now = self.clock.now();
        while let Some((at, id)) = state.alarms.first().copied()
            && at <= now
        {
            state.make_ready(id);
            // It stood there for a task that is gone.
            state.alarms.remove(&(at, id));
        }
    }

    /// Starts a thread if all are busy and there may be more.
    fn keep_watched(self: &Arc<Self>, state: &mut State) -> std::io::Result<()> {
        if state.idle > 0 || state.threads.len() >= self.most_threads {
            return Ok(());
        }
        let shared = Arc::clone(self);
        let thread = std::thread::Builder::new().name("millpond-trigger".into()).spawn(move || shared.work())?;
        // It is free until it takes its first task.
        state.idle += 1;
        state.threads.push(thread);
        Ok(())
    }

    fn work(self: &Arc<Self>) {
        let mut state = self.state.lock();
        loop {
            self.ring(&mut state);
            if let Some((id, task, waker)) = state.take() {
                state.idle -= 1;
                if !state.alarms.is_empty() {
                    // This thread may have been the one that watches the time, and its task may be long.
                    self.work.notify_one();
                }
                self.run(&mut state, id, task, &waker);
                state.idle += 1;
                continue;
            }
            if state.is_stopping && state.tasks.is_empty() {
                state.idle -= 1;
                self.work.notify_all();
                self.rest.notify_all();
                return;
            }
            self.rest.notify_all();
            match state.alarms.first() {
                Some((at, _)) if !self.clock.is_manual() => {
                    let limit = at.saturating_since(self.clock.now());
                    self.work.wait_for(&mut state, limit);
                }
                _ => self.work.wait(&mut state),
            }
        }
    }

    fn run(self: &Arc<Self>, state: &mut MutexGuard<'_, State>, id: TaskId, mut task: Box<dyn Task>, waker: &Waker) {
        if !state.is_stopping
            && let Err(error) = self.keep_watched(state)
        {
            tracing::warn!(%error, "no further thread could be started for the triggers");
        }
        let is_stopping = state.is_stopping;
        let done = MutexGuard::unlocked(state, || {
            let context = Context { waker, now: self.clock.now(), is_stopping };
            // What is left of a task that panics is dropped here, not under the lock.
            catch_unwind(AssertUnwindSafe(move || {
                let next = task.step(&context);
                let is_over = next == Next::Over || (is_stopping && next != Next::Again);
                if is_over { (None, Next::Over) } else { (Some(task), next) }
            }))
        });
        let (task, next) = done.unwrap_or_else(|_| {
            tracing::error!("a task of the triggers panicked");
            (None, Next::Over)
        });
        state.put_back(id, task, next);
        self.rest.notify_all();
    }
}

struct TaskWaker {
    runner: Weak<Shared>,
    id: TaskId,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(runner) = self.runner.upgrade() {
            runner.wake(self.id);
        }
    }
}
