//! Records that a member was given.

use std::{fmt, ops::RangeInclusive, sync::Arc, time::Duration};

use millpond_engine::Transaction;

use super::{
    checkpoint::{self, Step},
    keeper::Keeper,
    state::Hold,
};
use crate::{
    Error, Record, Result, ShardId,
    kpl::{self, UserRecord},
};

/// Records of one shard, in their order, that a [`Member`](crate::Member) has been given.
///
/// There is no other batch of the shard in the group until this one was checkpointed or dropped. One that is dropped without a
/// checkpoint is given again, to whoever has the shard then.
pub struct Batch {
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) hold: Arc<Hold>,
    pub(crate) step: Step,
    pub(crate) records: Vec<Record>,
    pub(crate) millis_behind_latest: u64,
    pub(crate) hash_keys: RangeInclusive<u128>,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = self.records.len();
        f.debug_struct("Batch").field("shard", &self.shard()).field("records", &records).finish_non_exhaustive()
    }
}

impl Batch {
    /// The shard that its records are from.
    #[must_use]
    pub fn shard(&self) -> ShardId {
        self.hold.shard
    }

    /// The hash keys of that shard.
    #[must_use]
    pub fn hash_keys(&self) -> RangeInclusive<u128> {
        self.hash_keys.clone()
    }

    /// Its records: at least one.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The user records in its records: see [`kpl`].
    pub fn user_records(&self) -> impl Iterator<Item = UserRecord> + '_ {
        self.records.iter().flat_map(kpl::deaggregate)
    }

    /// How long ago the first record of the shard was put that is not in here, in milliseconds; 0 where all are.
    #[must_use]
    pub fn millis_behind_latest(&self) -> u64 {
        self.millis_behind_latest
    }

    /// Whether the shard was split or merged and these are its last records. Once they are checkpointed, and those of the other
    /// parent of a merged shard, the group goes on with its children.
    #[must_use]
    pub fn is_end(&self) -> bool {
        self.step.is_end
    }

    /// Says that its records are done with: they are not given to anybody again.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] where the member was taken for gone, or has left: the records are given to another one.
    /// [`Error::AlreadyCheckpointed`], and those of the engine.
    pub fn checkpoint(&self) -> Result<()> {
        self.keeper.group.shared.engine.transact(|tx| self.checkpoint_in(tx))
    }

    /// [`checkpoint`](Batch::checkpoint) in the caller's transaction: what the records make a program do is committed with it, once,
    /// or not at all where the member has lost the shard.
    ///
    /// # Errors
    /// As [`checkpoint`](Batch::checkpoint). The transaction is to fail by them.
    pub fn checkpoint_in(&self, tx: &mut Transaction) -> Result<()> {
        let is_kept = tx.savepoint(|tx| checkpoint::run(&self.keeper, tx, &self.hold, self.step))?;
        let (hold, to) = (Arc::clone(&self.hold), self.step.to);
        // Should the transaction fail, this is dropped: with the batch itself, that lets the shard be read again.
        tx.on_commit(move || if is_kept { hold.advance(to) } else { hold.give_up() });
        Ok(())
    }

    /// Gives it back: its records are given again, but by this member not before so long from now on, by the engine's clock. Other
    /// shards are read meanwhile.
    pub fn retry_after(self, delay: Duration) {
        self.hold.rest(self.keeper.now(), |_| delay);
    }

    /// [`retry_after`](Batch::retry_after) a delay that doubles each time that the same records are given back, up to a longest.
    pub(crate) fn back_off(self, first: Duration, longest: Duration) {
        let delay = |failures: u32| {
            let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
            first.saturating_mul(doubled.max(1)).min(longest)
        };
        self.hold.rest(self.keeper.now(), delay);
    }
}

impl Batch {
    /// Ends a shard in which nothing is left to read.
    pub(crate) fn finish(keeper: &Arc<Keeper>, hold: &Hold, step: Step) -> Result<()> {
        let finished = keeper.group.shared.engine.transact(|tx| checkpoint::run(keeper, tx, hold, step).map(drop));
        match finished {
            Ok(()) => hold.give_up(),
            // Whoever has it now ends it.
            Err(Error::LeaseLost { .. } | Error::AlreadyCheckpointed { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
