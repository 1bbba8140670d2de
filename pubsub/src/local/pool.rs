//! The threads that run closures of listeners: as many as the machine runs at once, and more while those are busy for long. So
//! thousands of closures need few threads, and one that waits keeps no other from being run.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::{closure, listener::Listener};

/// A thread with nothing to do ends after this time.
const IDLE: Duration = Duration::from_secs(10);
/// Another thread is started when nothing was begun for this time, though there is something to do.
const STALLED: Duration = Duration::from_millis(10);

/// What a thread is given.
pub(crate) enum Job {
    /// To run the closure of a listener.
    Closure(Arc<Listener>),
    Other(Box<dyn FnOnce() + Send>),
}

impl Job {
    /// Gives what is to be done next, when others have had their turn.
    fn run(self) -> Option<Job> {
        match self {
            Job::Closure(listener) => closure::run(&listener).then_some(Job::Closure(listener)),
            Job::Other(job) => {
                job();
                None
            }
        }
    }
}

/// Threads that run what they are given. They are started when there is something to run, and end with the pool.
#[derive(Default)]
pub(crate) struct Pool(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    /// For workers that are idle.
    ready: Condvar,
    /// For the monitor, when no worker is idle.
    busy: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    workers: usize,
    idle: usize,
    /// How many jobs were begun.
    begun: u64,
    has_monitor: bool,
    /// Whether the monitor has nothing to look at.
    is_calm: bool,
    is_over: bool,
}

impl Pool {
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        self.run_all(std::iter::once(Job::Other(Box::new(job))));
    }

    /// Runs jobs in any order.
    pub(crate) fn run_all(&self, jobs: impl Iterator<Item = Job>) {
        let mut state = self.0.state.lock();
        state.jobs.extend(jobs);
        let waiting = state.jobs.len();
        for _ in 0..state.idle.min(waiting) {
            self.0.ready.notify_one();
        }
        if state.idle < waiting && state.workers < most_at_once() {
            self.0.start_worker(&mut state);
        } else if state.idle == 0 {
            self.0.start_monitor(&mut state);
        }
    }
}

fn most_at_once() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Inner {
    fn start_worker(self: &Arc<Self>, state: &mut State) {
        let inner = Arc::clone(self);
        state.workers += 1;
        if let Err(error) = std::thread::Builder::new().name("millpond-listener".into()).spawn(move || inner.work()) {
            state.workers -= 1;
            tracing::warn!(%error, "no thread could be started for listeners");
        }
    }

    fn start_monitor(self: &Arc<Self>, state: &mut State) {
        if state.has_monitor {
            if std::mem::take(&mut state.is_calm) {
                self.busy.notify_one();
            }
            return;
        }
        let inner = Arc::clone(self);
        let started = std::thread::Builder::new().name("millpond-monitor".into()).spawn(move || inner.monitor());
        state.has_monitor = started.is_ok();
    }

    fn work(self: &Arc<Self>) {
        let mut state = self.state.lock();
        while !state.is_over {
            if let Some(job) = state.jobs.pop_front() {
                state.begun += 1;
                if !state.jobs.is_empty() && state.idle == 0 {
                    if state.workers < most_at_once() {
                        self.start_worker(&mut state);
                    } else {
                        self.start_monitor(&mut state);
                    }
                }
                let again = MutexGuard::unlocked(&mut state, || catch_unwind(AssertUnwindSafe(|| job.run())));
                match again {
                    Ok(again) => state.jobs.extend(again),
                    Err(_) => tracing::error!("a job for listeners panicked"),
                }
                continue;
            }
            state.idle += 1;
            let waited = self.ready.wait_for(&mut state, IDLE);
            state.idle -= 1;
            if waited.timed_out() && state.jobs.is_empty() {
                break;
            }
        }
        state.workers -= 1;
    }

    /// Starts workers while all are busy and get nothing done.
    fn monitor(self: &Arc<Self>) {
        let mut state = self.state.lock();
        while !state.is_over {
            if state.jobs.is_empty() || state.idle > 0 {
                state.is_calm = true;
                let waited = self.busy.wait_for(&mut state, IDLE);
                if waited.timed_out() && state.is_calm {
                    break;
                }
                continue;
            }
            let before = state.begun;
            self.busy.wait_for(&mut state, STALLED);
            if state.begun == before && !state.jobs.is_empty() && state.idle == 0 && !state.is_over {
                self.start_worker(&mut state);
            }
        }
        (state.has_monitor, state.is_calm) = (false, false);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let jobs = {
            let mut state = self.0.state.lock();
            state.is_over = true;
            std::mem::take(&mut state.jobs)
        };
        self.0.ready.notify_all();
        self.0.busy.notify_one();
        drop(jobs);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, mpsc};

    use super::*;

    #[test]
    fn jobs_that_wait_for_each_other_and_those_that_panic_keep_no_other_from_being_run() {
        let pool = Pool::default();
        let jobs = 4 * most_at_once() + 1;
        let barrier = Arc::new(Barrier::new(jobs + 1));
        pool.run(|| panic!("as it should"));
        pool.run_all((0..jobs).map(|_| {
            let barrier = Arc::clone(&barrier);
            Job::Other(Box::new(move || _ = barrier.wait()))
        }));
        barrier.wait();
        let (sender, receiver) = mpsc::channel();
        pool.run(move || sender.send(7).unwrap());
        assert_eq!(receiver.recv(), Ok(7));
    }

    #[test]
    fn threads_end_with_their_pool() {
        let pool = Pool::default();
        let (sender, receiver) = mpsc::channel();
        pool.run(move || sender.send(()).unwrap());
        receiver.recv().unwrap();
        let inner = Arc::downgrade(&pool.0);
        drop(pool);
        while inner.strong_count() > 0 {
            std::thread::yield_now();
        }
    }
}
