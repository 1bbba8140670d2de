//! What all tasks of a running trigger share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
    time::Duration,
};

use millpond_engine::{Engine, ErrorKind, Timestamp};
use millpond_queue::Queue;
use parking_lot::Mutex;

use crate::{
    BoxError, Config, Error, Outcome,
    event::Origin,
    filter::Filters,
    handler::Handler,
    layout::Rows,
    meter::{Meter, add},
    retry,
    runner::{Context, GroupId, Runner},
};

/// The most bytes of a batch, about as an event of the service would have them. A longer record is a batch of its own.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(crate) const MAX_BATCH_BYTES: usize = 6 << 20;

/// A trigger that runs.
pub(crate) struct Job {
    pub(crate) engine: Engine,
    pub(crate) runner: Runner,
    pub(crate) rows: Rows,
    /// The trigger's.
    pub(crate) id: u64,
    pub(crate) group: GroupId,
    pub(crate) origin: Arc<Origin>,
    pub(crate) config: Config,
    pub(crate) filters: Filters,
    pub(crate) handler: Handler,
    pub(crate) destination: Option<Queue>,
    pub(crate) meter: Meter,
    pub(crate) is_enabled: AtomicBool,
    /// It was stopped or removed, or cannot go on.
    pub(crate) is_ended: AtomicBool,
    /// Wakes the task that opens shards, once there is one.
    pub(crate) keeper: Mutex<Option<Waker>>,
}

/// What a task is to do before it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Work,
    Rest,
    End,
}

impl Job {
    pub(crate) fn order(&self, context: &Context<'_>) -> Order {
        if context.is_stopping || self.is_ended.load(Ordering::SeqCst) {
            Order::End
        } else if self.is_enabled.load(Ordering::SeqCst) {
            Order::Work
        } else {
            Order::Rest
        }
    }

    /// Ends all tasks; those that run do so when what they do is done.
    pub(crate) fn end(&self) {
        self.is_ended.store(true, Ordering::SeqCst);
        self.runner.wake_group(self.group);
    }

    pub(crate) fn wake_keeper(&self) {
        let keeper = self.keeper.lock().clone();
        if let Some(keeper) = keeper {
            keeper.wake();
        }
    }

    /// Counts a call of the handler, and what it came to.
    pub(crate) fn count(&self, result: &Result<Outcome, BoxError>) {
        add(&self.meter.invocations, 1);
        match result {
            Ok(outcome) => add(&self.meter.item_failures, outcome.failures().len()),
            Err(_) => add(&self.meter.errors, 1),
        }
    }

    /// Notes that a handler has failed.
    pub(crate) fn failed(&self, error: &BoxError) {
        tracing::warn!(trigger = self.origin.trigger, %error, "a batch was not handled");
        self.meter.problem(&format!("Function call failed: {error}"));
    }
}

/// What to do about errors that are not the handler's: such as a source that is gone, or a store that is closed.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    count: u32,
    /// Nothing is tried before.
    pub(crate) until: Timestamp,
}

/// What follows from an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Try again at once.
    Again,
    /// Try again then.
    Later(Timestamp),
    /// The store has to be opened again.
    Never,
}

impl Trouble {
    pub(crate) fn clear(&mut self) {
        *self = Trouble::default();
    }

    /// Notes an error.
    pub(crate) fn meet(&mut self, job: &Job, error: &Error, now: Timestamp) -> After {
        match engine_error(error).map(millpond_engine::Error::kind) {
            Some(ErrorKind::Reopen | ErrorKind::Damaged) => {
                job.meter.problem(error);
                tracing::error!(trigger = job.origin.trigger, %error, "the trigger ends");
                return After::Never;
            }
            Some(ErrorKind::Retry) => return After::Again,
            _ => {}
        }
        self.count = self.count.saturating_add(1);
        let wait: Duration = retry::backoff(self.count);
        self.until = now.saturating_add(wait);
        job.meter.problem(error);
        tracing::warn!(trigger = job.origin.trigger, %error, "the trigger waits");
        After::Later(self.until)
    }
}

/// The engine's error that is at the bottom of another one.
fn engine_error(error: &Error) -> Option<&millpond_engine::Error> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        source = error.source();
    }
    None
}
