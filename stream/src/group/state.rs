//! What a member knows of its leases, in memory. All of it is a hint: what is handed out is looked up first.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use millpond_engine::{Position, Timestamp};

use super::{balance::Balance, keeper::Keeper};
use crate::ShardId;

/// The leases of a member.
#[derive(Debug, Default)]
pub(crate) struct State {
    held: BTreeMap<ShardId, Held>,
    /// The shard of the last batch: the others come first.
    last: Option<ShardId>,
    /// Which version of the group's rows was looked at.
    seen: Option<u64>,
    renew_at: Timestamp,
    look_at: Timestamp,
}

/// A lease that a member has.
#[derive(Debug)]
struct Held {
    counter: u64,
    position: Position,
    /// Whether somebody works on its records, or is about to give it away.
    is_busy: bool,
    is_wanted: bool,
    /// How many times in a row its records could not be handled.
    failures: u32,
    rests_until: Timestamp,
}

/// Where a shard is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) shard: ShardId,
    pub(crate) counter: u64,
    pub(crate) position: Position,
}

impl State {
    /// Whether the rows are to be looked at, and whether that is because the member has to say that it is there.
    pub(crate) fn is_due(&self, version: u64, now: Timestamp) -> Option<bool> {
        let renews = now >= self.renew_at;
        (renews || self.seen != Some(version) || now >= self.look_at).then_some(renews)
    }

    /// Has the rows looked at.
    pub(crate) fn doubt(&mut self) {
        self.seen = None;
    }

    /// Takes over what was found.
    pub(crate) fn apply(&mut self, balance: Balance, version: u64, renew_at: Option<Timestamp>) {
        self.seen = Some(version);
        self.renew_at = renew_at.unwrap_or(self.renew_at);
        self.look_at = balance.next_expiry.map_or(self.renew_at, |expiry| expiry.min(self.renew_at));
        self.held.retain(|shard, held| balance.mine.get(shard).is_some_and(|lease| lease.counter == held.counter));
        for (shard, lease) in balance.mine {
            let (counter, position) = (lease.counter, lease.checkpoint());
            let fresh = || {
                let (is_wanted, rests_until) = (false, Timestamp::default());
                Held { counter, position, is_busy: false, is_wanted, failures: 0, rests_until }
            };
            let held = self.held.entry(shard).or_insert_with(fresh);
            held.is_wanted = lease.wanted_by.is_some();
            held.position = held.position.max(position);
        }
    }

    /// When there is something to do, whatever others do.
    pub(crate) fn next_look(&self, now: Timestamp) -> Timestamp {
        let rests = self.held.values().map(|held| held.rests_until).filter(|until| *until > now);
        rests.fold(self.look_at.min(self.renew_at), Timestamp::min)
    }

    /// The shards that can be read, beginning after that of the last batch.
    pub(crate) fn turns(&self, now: Timestamp) -> Vec<Turn> {
        let is_free = |held: &Held| !held.is_busy && held.rests_until <= now;
        let free = self.held.iter().filter(|(_, held)| is_free(held));
        let mut turns: Vec<Turn> =
            free.map(|(shard, held)| Turn { shard: *shard, counter: held.counter, position: held.position }).collect();
        let first = turns.partition_point(|turn| Some(turn.shard) <= self.last);
        turns.rotate_left(first);
        turns
    }

    /// The shards that nobody works on.
    pub(crate) fn idle(&self) -> Vec<ShardId> {
        self.held.iter().filter(|(_, held)| !held.is_busy).map(|(shard, _)| *shard).collect()
    }

    /// All of them.
    pub(crate) fn shards(&self) -> Vec<ShardId> {
        self.held.keys().copied().collect()
    }

    /// Those that others are to be given, and that nobody works on.
    pub(crate) fn wanted(&self) -> Vec<(ShardId, u64)> {
        let wanted = self.held.iter().filter(|(_, held)| held.is_wanted && !held.is_busy);
        wanted.map(|(shard, held)| (*shard, held.counter)).collect()
    }

    fn of(&mut self, shard: ShardId, counter: u64) -> Option<&mut Held> {
        self.held.get_mut(&shard).filter(|held| held.counter == counter)
    }

    pub(crate) fn served(&mut self, shard: ShardId) {
        self.last = Some(shard);
    }
}

/// A shard that one of a member's batches is from: there is no other one until this is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    keeper: Arc<Keeper>,
    pub(crate) shard: ShardId,
    pub(crate) counter: u64,
    is_over: AtomicBool,
}

impl Hold {
    /// `None` where somebody else has it, or the member has lost it.
    pub(crate) fn new(keeper: &Arc<Keeper>, shard: ShardId, counter: u64) -> Option<Hold> {
        let mut state = keeper.state.lock();
        let held = state.of(shard, counter).filter(|held| !held.is_busy)?;
        held.is_busy = true;
        Some(Hold { keeper: Arc::clone(keeper), shard, counter, is_over: AtomicBool::new(false) })
    }

    /// Ends it: the records before that position are done with.
    pub(crate) fn advance(&self, to: Position) {
        if let Some(held) = self.keeper.state.lock().of(self.shard, self.counter) {
            (held.position, held.failures, held.rests_until) = (to, 0, Timestamp::default());
        }
        self.end();
    }

    /// Ends it: the member does not have the shard any more.
    pub(crate) fn give_up(&self) {
        let mut state = self.keeper.state.lock();
        if state.of(self.shard, self.counter).is_some() {
            state.held.remove(&self.shard);
        }
        drop(state);
        self.end();
    }

    /// The records of the shard are not given again before so long after `now`, which may depend on how many times in a row this has
    /// happened by now.
    pub(crate) fn rest(&self, now: Timestamp, delay: impl FnOnce(u32) -> Duration) {
        if let Some(held) = self.keeper.state.lock().of(self.shard, self.counter) {
            held.failures = held.failures.saturating_add(1);
            held.rests_until = now.saturating_add(delay(held.failures));
        }
    }

    fn end(&self) {
        if self.is_over.swap(true, Ordering::SeqCst) {
            return;
        }
        if let Some(held) = self.keeper.state.lock().of(self.shard, self.counter) {
            held.is_busy = false;
        }
        // Whoever waits for a batch may have passed over it.
        self.keeper.group.line.wake();
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.end();
    }
}
