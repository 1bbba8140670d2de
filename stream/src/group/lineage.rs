//! Which shards a group is done with, and which can be begun: a shard only when all that it goes on from is done with.
//!
//! The lease of a shard that is done with is removed once its children have theirs. So a shard without a lease is one that was not
//! begun, unless a child of it was: that alone proves that it is done with.

use std::collections::{BTreeMap, BTreeSet};

use millpond_engine::{Position, Timestamp};

use super::layout::LeaseRow;
use crate::{
    ShardId,
    log::{Shard, View},
};

/// What leases say of the shards of a stream.
#[derive(Debug)]
pub(crate) struct Lineage {
    shards: BTreeMap<ShardId, Shard>,
    done: BTreeSet<ShardId>,
    /// Those that have a lease, or are done with.
    begun: BTreeSet<ShardId>,
    from: Position,
}

fn parents(shard: &Shard) -> impl Iterator<Item = ShardId> + use<> {
    shard.parent.into_iter().chain(shard.adjacent_parent)
}

impl Lineage {
    /// Of all shards that may have records, for a group that begins at a position.
    pub(crate) fn new(log: &View, now: Timestamp, leases: &BTreeMap<ShardId, LeaseRow>, from: Position) -> Self {
        let shards: BTreeMap<ShardId, Shard> = log.shards(now).into_iter().map(|shard| (shard.id, shard)).collect();
        let (mut done, mut begun) = (BTreeSet::new(), BTreeSet::new());
        let mut parents_of_begun = BTreeSet::new();
        // The children of a shard have higher numbers than it.
        for shard in shards.values().rev() {
            let lease = leases.get(&shard.id);
            let has_nothing = shard.end.is_some_and(|end| end <= from);
            let is_done = match lease {
                Some(lease) => lease.is_finished,
                None => has_nothing || parents_of_begun.contains(&shard.id),
            };
            if is_done {
                done.insert(shard.id);
            }
            if is_done || lease.is_some() {
                begun.insert(shard.id);
                parents_of_begun.extend(parents(shard));
            }
        }
        Lineage { shards, done, begun, from }
    }

    fn is_done(&self, shard: ShardId, leases: &BTreeMap<ShardId, LeaseRow>) -> bool {
        match leases.get(&shard) {
            Some(lease) => lease.is_finished,
            // None of its records is kept any more.
            None => self.done.contains(&shard) || !self.shards.contains_key(&shard),
        }
    }

    /// The shards that are to be read, now or later, and have no lease.
    pub(crate) fn without_lease(&self) -> impl Iterator<Item = &Shard> {
        self.shards.values().filter(|shard| !self.begun.contains(&shard.id))
    }

    /// Those of them that can be begun, and where.
    pub(crate) fn ready(&self, leases: &BTreeMap<ShardId, LeaseRow>) -> Vec<(ShardId, Position)> {
        let is_ready = |shard: &&Shard| parents(shard).all(|parent| self.is_done(parent, leases));
        let ready = self.without_lease().filter(is_ready);
        ready.map(|shard| (shard.id, shard.start.max(self.from))).collect()
    }

    /// The leases that nobody needs: of shards that are done with and whose children are begun, and of shards of which no record
    /// is kept, unless somebody still works on the last ones.
    pub(crate) fn needless(&self, log: &View, leases: &BTreeMap<ShardId, LeaseRow>) -> Vec<ShardId> {
        let is_needless = |(shard, lease): &(&ShardId, &LeaseRow)| {
            if !self.shards.contains_key(shard) {
                return lease.is_finished || lease.owner.is_none();
            }
            let mut children = log.children(**shard).peekable();
            lease.is_finished && children.peek().is_some() && children.all(|child| self.begun.contains(&child.id))
        };
        leases.iter().filter(is_needless).map(|(shard, _)| *shard).collect()
    }
}
