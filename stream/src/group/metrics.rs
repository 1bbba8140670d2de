//! How far a group has come.

use millpond_engine::{Position, Timestamp};

use super::{layout::MemberRow, lineage::Lineage, rows::Group};
use crate::{
    Result, SequenceNumber, ShardId,
    log::{Error as LogError, Most},
};

/// A group at one moment: see [`ConsumerGroup::metrics`](crate::ConsumerGroup::metrics).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupMetrics {
    /// Its members, by name.
    pub members: Vec<GroupMember>,
    /// The shards that it is not done with, in the order in which they were opened.
    pub shards: Vec<ShardLag>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupMember {
    /// Its name.
    pub name: String,
    /// How many shards it has.
    pub shards: usize,
    /// When it counts as gone unless it is heard of.
    pub expires: Timestamp,
}

/// How far a group has come in a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShardLag {
    /// The shard.
    pub shard: ShardId,
    /// The member that has it; `None` where nobody has, or it is not its turn before its parents are done with.
    pub owner: Option<String>,
    /// All records up to this number are done with; `None` before the first checkpoint.
    pub checkpoint: Option<SequenceNumber>,
    /// How long ago the first record was put that is not checkpointed, in milliseconds; 0 where all are.
    pub millis_behind_latest: u64,
    /// Whether all records that there are were checkpointed.
    pub is_caught_up: bool,
}

impl GroupMetrics {
    /// Whether all records that there are were checkpointed.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.shards.iter().all(|shard| shard.is_caught_up)
    }

    /// How long ago the oldest record was put that is not checkpointed, in milliseconds; 0 where all are.
    #[must_use]
    pub fn millis_behind_latest(&self) -> u64 {
        self.shards.iter().map(|shard| shard.millis_behind_latest).max().unwrap_or(0)
    }
}

/// Reads the rows of the group, and one record of each shard.
pub(crate) fn run(group: &Group) -> Result<GroupMetrics> {
    let mut snapshot = group.shared.engine.snapshot()?;
    let now = group.shared.engine.clock().now();
    let (record, view) = (group.need(&mut snapshot)?, group.view(&mut snapshot)?);
    let (members, leases) = (group.members(&mut snapshot)?, group.leases(&mut snapshot)?);
    drop(snapshot);
    let lineage = Lineage::new(&view, now, &leases, record.from());
    let unfinished = leases.iter().filter(|(_, lease)| !lease.is_finished);
    let mut places: Vec<_> =
        unfinished.map(|(shard, lease)| (*shard, lease.owner.clone(), Some(lease.checkpoint()))).collect();
    places.extend(lineage.without_lease().map(|shard| (shard.id, None, None)));
    places.sort_unstable_by_key(|(shard, ..)| *shard);
    let mut shards = Vec::new();
    for (id, owner, checkpoint) in places {
        let Some(shard) = view.shard(id) else { continue };
        let start = shard.start.max(record.from());
        let position = checkpoint.unwrap_or(start);
        let next = match group.shared.logs.follow(group.log, id, position, Most { records: 1, bytes: 1 }) {
            // It was cleared away by now, or the stream was.
            Err(LogError::NoShard { .. } | LogError::NoLog { .. }) => None,
            found => found?.records.into_iter().next(),
        };
        let behind = |from: Timestamp| u64::try_from(now.saturating_since(from).as_millis()).unwrap_or(u64::MAX);
        let before = checkpoint.filter(|checkpoint| *checkpoint > start).map(before);
        shards.push(ShardLag {
            shard: id,
            owner,
            checkpoint: before.map(|position| SequenceNumber::new(shard.generation, id, position)),
            millis_behind_latest: next.as_ref().map_or(0, |record| behind(record.position.time())),
            is_caught_up: next.is_none(),
        });
    }
    let count = |name: &str| leases.values().filter(|lease| lease.owner.as_deref() == Some(name)).count();
    let shown = |(name, row): (String, MemberRow)| GroupMember { shards: count(&name), expires: row.expires(), name };
    Ok(GroupMetrics { members: members.into_iter().map(shown).collect(), shards })
}

/// The position before one.
fn before(position: Position) -> Position {
    Position::new(position.get().saturating_sub(1))
}
