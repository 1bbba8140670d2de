//! Waiting for a commit: by blocking, or as a future in any runtime.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::{Condvar, Mutex};

use crate::{Result, commit::Committer};

/// The place of one transaction in a group: where its outcome is put, and how its waiter is told.
pub(crate) struct Slot {
    /// Whether its owner goes straight on to wait, so that it can be asked to lead even before it is blocked.
    waits: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
enum State {
    /// Nobody waits yet.
    #[default]
    Open,
    /// A thread is blocked on it; it can be asked to lead the next group.
    Blocked,
    /// A task waits on it.
    Polled(Waker),
    /// The blocked thread is to commit the next group.
    Lead,
    Done(Result<()>),
    Taken,
}

impl Slot {
    pub(crate) fn new(waits: bool) -> Self {
        Slot { waits, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Tells the waiter the outcome.
    pub(crate) fn complete(&self, outcome: Result<()>) {
        let before = std::mem::replace(&mut *self.state.lock(), State::Done(outcome));
        match before {
            State::Blocked | State::Lead => {
                self.changed.notify_one();
            }
            State::Polled(waker) => waker.wake(),
            State::Open | State::Done(_) | State::Taken => {}
        }
    }

    /// Asks the waiter to lead the next group; false if no thread is, or is about to be, blocked here.
    pub(crate) fn promote(&self) -> bool {
        let mut state = self.state.lock();
        let blocked = matches!(*state, State::Blocked) || (self.waits && matches!(*state, State::Open));
        if blocked {
            *state = State::Lead;
            self.changed.notify_one();
        }
        blocked
    }

    fn take(state: &mut State) -> Option<Result<()>> {
        if !matches!(state, State::Done(_)) {
            return None;
        }
        match std::mem::replace(state, State::Taken) {
            State::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Blocks until the outcome is there, leading a group when asked to.
    pub(crate) fn wait(&self, committer: &Arc<Committer>) -> Result<()> {
        let mut state = self.state.lock();
        loop {
            if let Some(outcome) = Self::take(&mut state) {
                return outcome;
            }
            if matches!(*state, State::Lead) {
                *state = State::Open;
                drop(state);
                committer.lead();
                state = self.state.lock();
            } else {
                *state = State::Blocked;
                self.changed.wait(&mut state);
            }
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let mut state = self.state.lock();
        match Self::take(&mut state) {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                *state = State::Polled(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// A commit under way: [`wait`](Ticket::wait) for it on a thread, or `.await` it in any runtime. The value is handed
/// out once the commit is as durable as was asked. Dropping a ticket does not take the commit back.
#[must_use = "the commit is not known to be durable until the ticket says so"]
pub struct Ticket<T> {
    slot: Option<Arc<Slot>>,
    value: Option<T>,
    committer: Arc<Committer>,
}

impl<T> Ticket<T> {
    pub(crate) fn new(committer: Arc<Committer>, slot: Option<Arc<Slot>>, value: T) -> Self {
        Ticket { slot, value: Some(value), committer }
    }

    /// What the commit is to give.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// What the commit gives, without waiting for it: it takes place unless the engine fails. Whoever uses this must bear that a
    /// crash takes it away.
    ///
    /// # Errors
    /// None that is expected: a ticket gives its value once.
    pub fn unconfirmed(mut self) -> Result<T> {
        self.value.take().ok_or(crate::Error::Closed)
    }

    /// Blocks until the commit is durable.
    ///
    /// # Errors
    /// The failure of the commit, [`Error::Poisoned`](crate::Error::Poisoned) among them.
    pub fn wait(mut self) -> Result<T> {
        if let Some(slot) = &self.slot {
            slot.wait(&self.committer)?;
        }
        self.value.take().ok_or(crate::Error::Closed)
    }
}

impl<T: Unpin> Future for Ticket<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(slot) = &self.slot {
            match slot.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) => {}
            }
        }
        Poll::Ready(self.value.take().ok_or(crate::Error::Closed))
    }
}

impl<T> std::fmt::Debug for Ticket<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}
