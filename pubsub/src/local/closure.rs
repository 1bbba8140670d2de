//! Closures that are run for each message.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use super::{
    here,
    listener::{Listener, Step},
    spill,
};
use crate::{Notification, shared::Shared};

/// So many messages are given to a closure before others are run.
const AT_ONCE: usize = 64;

type Function = Box<dyn FnMut(&Arc<Notification>) + Send>;

/// What a listener runs.
pub(crate) struct Closure {
    /// Held while it runs. `None` once it has ended.
    function: Mutex<Option<Function>>,
    /// Whether it runs, or is about to.
    is_scheduled: AtomicBool,
    panics: AtomicU64,
}

impl Closure {
    pub(crate) fn new(function: impl FnMut(&Arc<Notification>) + Send + 'static) -> Self {
        Closure {
            function: Mutex::new(Some(Box::new(function))),
            is_scheduled: AtomicBool::new(false),
            panics: AtomicU64::new(0),
        }
    }

    /// Whether the caller has to have it run.
    pub(crate) fn schedule(&self) -> bool {
        !self.is_scheduled.swap(true, Ordering::SeqCst)
    }

    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Drops the function, unless it is running: then it is dropped after that.
    pub(crate) fn end(&self) {
        let function = self.function.try_lock().and_then(|mut function| function.take());
        drop(function);
    }

    /// Waits until the function does not run, and drops it.
    pub(crate) fn end_and_wait(&self) {
        let function = self.function.lock().take();
        drop(function);
    }
}

impl fmt::Debug for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closure").field("panics", &self.panics).finish_non_exhaustive()
    }
}

/// Runs the closure of a listener for what waits for it.
pub(crate) fn run(shared: Arc<Shared>, listener: Arc<Listener>) {
    let Some(closure) = &listener.closure else { return };
    let mut function = closure.function.lock();
    let Some(call) = &mut *function else { return };
    let running = here::run(listener.id);
    let mut calls = 0;
    while calls < AT_ONCE {
        match listener.take() {
            Step::Message(message) => {
                calls += 1;
                if catch_unwind(AssertUnwindSafe(|| call(&message))).is_err() {
                    closure.panics.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(message = %message.id(), "a subscriber's closure panicked");
                }
            }
            Step::Lagged(_) => {}
            Step::Read(run) => {
                if let Err(error) = spill::read(&shared, &listener, run) {
                    tracing::error!(%error, "messages for a subscriber's closure cannot be read");
                    // The next message has it look again.
                    closure.is_scheduled.store(false, Ordering::SeqCst);
                    return;
                }
            }
            Step::Empty => {
                closure.is_scheduled.store(false, Ordering::SeqCst);
                // One may have come before that was told.
                if !listener.is_ready() || !closure.schedule() {
                    return;
                }
            }
            Step::Ended => {
                let function = function.take();
                drop(running);
                drop(function);
                return;
            }
        }
    }
    drop((function, running));
    let again = Arc::clone(&listener);
    Arc::clone(&shared).locals.registry.pool.run(move || run(shared, again));
}
