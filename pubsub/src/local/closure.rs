//! Closures that are run for each message.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
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
    /// For what was spilled. A listener is kept with the engine, which it is not to keep.
    shared: Weak<Shared>,
    panics: AtomicU64,
}

impl Closure {
    pub(crate) fn new(shared: &Arc<Shared>, function: impl FnMut(&Arc<Notification>) + Send + 'static) -> Self {
        let function: Function = Box::new(function);
        Closure { function: Mutex::new(Some(function)), shared: Arc::downgrade(shared), panics: AtomicU64::new(0) }
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

/// Runs the closure of a listener for what waits for it. Tells whether it is to be run again.
pub(crate) fn run(listener: &Listener) -> bool {
    let Some(closure) = &listener.closure else { return false };
    let mut function = closure.function.lock();
    let Some(call) = &mut *function else { return false };
    let _runs = here::run(listener.id);
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
                // Whoever listens keeps the service.
                let Some(shared) = closure.shared.upgrade() else { return false };
                if let Err(error) = spill::read(&shared, listener, run) {
                    tracing::error!(%error, "messages for a subscriber's closure cannot be read");
                    return false;
                }
            }
            Step::Empty => return false,
            Step::Ended => {
                let ended = function.take();
                drop(function);
                drop(ended);
                return false;
            }
        }
    }
    true
}
