//! Keeping a member in its group, and its leases.

use std::{sync::Arc, time::Duration};

use millpond_engine::{Engine, Error as EngineError, Timestamp, Transaction};
use parking_lot::Mutex;

use super::{
    balance::{self, Me},
    layout::LeaseRow,
    rows::{Group, unsynced},
    state::{Hold, State},
};
use crate::{Result, ShardId, log::Watch};

/// So many times within the duration of a lease a member says that it is there.
const RENEWALS: u32 = 3;

/// A member, as its batches and threads share it.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) group: Group,
    pub(crate) name: String,
    pub(crate) number: u64,
    lease_duration: Duration,
    pub(crate) state: Mutex<State>,
    /// One looks at the rows at a time, so that what was found first is not taken over last.
    tending: Mutex<()>,
}

impl Keeper {
    pub(crate) fn new(group: Group, name: String, number: u64, lease_duration: Duration) -> Self {
        let (state, tending) = (Mutex::default(), Mutex::default());
        Keeper { group, name, number, lease_duration, state, tending }
    }

    pub(crate) fn me(&self) -> Me<'_> {
        Me { name: &self.name, number: self.number }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.group.shared.engine.clock().now()
    }

    /// When there is something to do, whatever others do.
    pub(crate) fn next_look(&self) -> Timestamp {
        self.state.lock().next_look(self.now())
    }

    /// Stands in the line of the group.
    pub(crate) fn group_watch(&self) -> Watch {
        self.group.shared.logs.watch_any(self.group.log, &[], &self.group.line.waiters)
    }

    /// Whether a lease is the one that the member has had.
    pub(crate) fn has(&self, lease: &LeaseRow, counter: u64) -> bool {
        !lease.is_finished && lease.counter == counter && lease.owner.as_deref() == Some(self.name.as_str())
    }

    /// Says that the member is there, and looks who has which shard, as far as either is due.
    pub(crate) fn tend(self: &Arc<Self>) -> Result<()> {
        let _alone = self.tending.lock();
        loop {
            let (version, now) = (self.group.line.version(), self.now());
            let due = self.state.lock().is_due(version, now);
            let Some(renews) = due else { return Ok(()) };
            let until = now.saturating_add(self.lease_duration);
            let look = |tx: &mut Transaction| balance::run(&self.group, tx, self.me(), until, renews);
            let balance = self.group.shared.engine.transact_with(&unsynced(), look)?;
            let renew_at = renews.then(|| now.saturating_add(self.lease_duration / RENEWALS));
            self.state.lock().apply(balance, version, renew_at);
            self.give_away()?;
        }
    }

    /// Gives others the leases that they have asked for, but for those whose records somebody works on.
    fn give_away(self: &Arc<Self>) -> Result<()> {
        let wanted = self.state.lock().wanted();
        let holds: Vec<Hold> =
            wanted.into_iter().filter_map(|(shard, counter)| Hold::new(self, shard, counter)).collect();
        if holds.is_empty() {
            return Ok(());
        }
        let given = self.group.shared.engine.transact_with(&unsynced(), |tx| {
            let mut given = Vec::new();
            for (nth, hold) in holds.iter().enumerate() {
                let lease = self.group.lease(tx, hold.shard)?;
                let Some(mut lease) = lease.filter(|lease| self.has(lease, hold.counter)) else { continue };
                if pass_on(&self.group, tx, &mut lease)? {
                    given.push(nth);
                }
                self.group.put_lease(tx, hold.shard, &lease)?;
            }
            self.group.changes(tx);
            Ok::<_, crate::Error>(given)
        })?;
        given.into_iter().filter_map(|nth| holds.get(nth)).for_each(Hold::give_up);
        Ok(())
    }

    /// Takes the member out of the group. Its leases go to those who have asked for them, or are free.
    pub(crate) fn leave(&self) -> Result<()> {
        self.group.shared.engine.transact_with(&unsynced(), |tx| {
            let row = self.group.member(tx, &self.name)?;
            if row.is_none_or(|row| row.number != self.number) {
                return Ok(());
            }
            self.group.remove_member(tx, &self.name)?;
            for (shard, mut lease) in self.group.leases(tx)? {
                let is_wanted = lease.wanted_by.as_deref() == Some(self.name.as_str());
                if is_wanted {
                    lease.wanted_by = None;
                }
                let is_own = lease.owner.as_deref() == Some(self.name.as_str());
                if is_own && !pass_on(&self.group, tx, &mut lease)? {
                    lease.pass_to(None);
                }
                if is_own || is_wanted {
                    self.group.put_lease(tx, shard, &lease)?;
                }
            }
            self.group.changes(tx);
            Ok(())
        })
    }

    /// The shards of which the member has the lease, as far as it knows.
    pub(crate) fn shards(&self) -> Vec<ShardId> {
        self.state.lock().shards()
    }
}

/// What a member remembers must not rest on what a transaction may take back.
pub(crate) fn refuse_inside(engine: &Engine) -> Result<()> {
    match engine.in_transaction() {
        true => {
            let what = "a member of a consumer group inside a transaction";
            Err(EngineError::Unsupported { what, backend: engine.backend() }.into())
        }
        false => Ok(()),
    }
}

/// Passes a lease to the member that has asked for it; whether one has.
pub(crate) fn pass_on(group: &Group, tx: &mut Transaction, lease: &mut LeaseRow) -> Result<bool> {
    let Some(by) = lease.wanted_by.take() else { return Ok(false) };
    let is_there = group.member(tx, &by)?.is_some();
    if is_there {
        lease.pass_to(Some(by));
    }
    Ok(is_there)
}
