//! What is known of the calling thread.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::listener::Listener;

#[derive(Default)]
struct Here {
    /// How many messages that this thread has published, and that are not committed, hold room. Another thread may commit them.
    held: Arc<AtomicUsize>,
    /// Whether a transaction that finds no room is to fail, since its caller waits for room.
    waits_outside: Cell<bool>,
    /// Where such a transaction has found none.
    full: RefCell<Option<Arc<Listener>>>,
    /// The listener whose closure runs, or 0.
    runs: Cell<u64>,
}

thread_local! {
    static HERE: Here = Here::default();
}

/// That a message holds room, until this is dropped.
#[derive(Debug)]
pub(crate) struct Holding(Arc<AtomicUsize>);

impl Holding {
    pub(crate) fn new() -> Self {
        let held = HERE.with(|here| Arc::clone(&here.held));
        held.fetch_add(1, Ordering::SeqCst);
        Holding(held)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether a message that this thread has published holds room.
pub(crate) fn is_holder() -> bool {
    HERE.with(|here| here.held.load(Ordering::SeqCst) > 0)
}

/// Until this is dropped, a transaction of this thread that finds no room is to fail.
pub(crate) struct WaitsOutside(());

pub(crate) fn wait_outside() -> WaitsOutside {
    HERE.with(|here| {
        here.waits_outside.set(true);
        here.full.take();
    });
    WaitsOutside(())
}

impl WaitsOutside {
    /// The listener that had no room.
    pub(crate) fn full(&self) -> Option<Arc<Listener>> {
        HERE.with(|here| here.full.take())
    }
}

impl Drop for WaitsOutside {
    fn drop(&mut self) {
        HERE.with(|here| {
            here.waits_outside.set(false);
            here.full.take();
        });
    }
}

/// Tells the one who waits outside, if there is one, that a listener has no room.
pub(crate) fn is_to_fail(full: &Arc<Listener>) -> bool {
    HERE.with(|here| {
        if here.waits_outside.get() {
            here.full.replace(Some(Arc::clone(full)));
        }
        here.waits_outside.get()
    })
}

/// Until this is dropped, the thread runs the closure of a listener.
pub(crate) struct Runs(());

pub(crate) fn run(listener: u64) -> Runs {
    HERE.with(|here| here.runs.set(listener));
    Runs(())
}

/// Whether the thread runs the closure of this listener.
pub(crate) fn runs(listener: u64) -> bool {
    HERE.with(|here| here.runs.get() == listener)
}

impl Drop for Runs {
    fn drop(&mut self) {
        HERE.with(|here| here.runs.set(0));
    }
}
