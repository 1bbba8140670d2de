//! Waiting for room, on the side of publishers.
//!
//! A publisher never waits in a commit, and only in a transaction if that is the caller's. What it was given for a message it gives
//! back before it waits. If it holds room for an earlier message of its transaction, it waits for receivers alone, never for what
//! other publishers hold: so publishers do not wait for each other in a circle.

use std::sync::Arc;

use millpond_engine::{Clock, Timestamp, Transaction};

use super::{here, listener::Listener};
use crate::{Error, Result, shared::Shared};

/// A wait for room, at one listener after the other.
#[derive(Debug, Default)]
pub(crate) struct Wait {
    until: Option<Timestamp>,
    /// Others may wait for the room that this one was told of and has not used.
    told: Vec<Arc<Listener>>,
}

impl Wait {
    /// Waits until a listener has room, or has ended.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] if it has none in time.
    pub(crate) fn at(&mut self, clock: &Clock, listener: &Arc<Listener>, is_holder: bool) -> Result<()> {
        if here::runs(listener.id) {
            return Err(Error::WouldBlock);
        }
        let until = *self.until.get_or_insert_with(|| clock.now().saturating_add(listener.wait_at_most));
        if !self.told.iter().any(|told| Arc::ptr_eq(told, listener)) {
            self.told.push(Arc::clone(listener));
        }
        while !listener.has_room(is_holder) {
            let place = listener.wait_for_room(is_holder);
            // It may have come before this stood in line.
            if listener.has_room(is_holder) {
                break;
            }
            if clock.now() >= until {
                return Err(Error::WouldBlock);
            }
            // A clock that is moved by hand wakes all who wait.
            let limit = (!clock.is_manual()).then(|| until.saturating_since(clock.now()));
            place.block(limit);
            place.look();
        }
        Ok(())
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.told.iter().for_each(|listener| listener.pass_on_room());
    }
}

/// Waits in the caller's transaction until a listener has room.
///
/// # Errors
/// [`Error::WouldBlock`] if it has none in time, if the transaction runs alone, or if it is that of [`publishing`].
pub(crate) fn wait_in(
    wait: &mut Wait,
    shared: &Shared,
    tx: &Transaction,
    full: &Arc<Listener>,
    is_holder: bool,
) -> Result<()> {
    // Of what runs alone no commit is hidden.
    let runs_alone = tx.latest_commit() == u64::MAX;
    if here::is_to_fail(full) || runs_alone {
        return Err(Error::WouldBlock);
    }
    wait.at(shared.engine.clock(), full, is_holder)
}

/// Runs a transaction that publishes; each time that it has found no room for a message at one who listens, again, once there is
/// some. In the caller's transaction, the wait is where the message is published.
///
/// # Errors
/// Those of the transaction; [`Error::WouldBlock`] if there is no room in time.
pub(crate) fn publishing<T>(shared: &Shared, mut transact: impl FnMut() -> Result<T>) -> Result<T> {
    if shared.engine.in_transaction() {
        return transact();
    }
    let mut wait = Wait::default();
    loop {
        let outside = here::wait_outside();
        let result = transact();
        let full = outside.full();
        drop(outside);
        match (result, full) {
            (Err(Error::WouldBlock), Some(full)) => wait.at(shared.engine.clock(), &full, here::is_holder())?,
            (result, _) => return result,
        }
    }
}
