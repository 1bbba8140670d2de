//! The only file that knows keys and values of consumer groups. Integers are big-endian.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `stream.groups` | log id (u64) `01` group | the group's record |
//! | `stream.groups` | log id (u64) `02` group `00` member | a member's row |
//! | `stream.groups` | log id (u64) `03` group `00` shard (u32) | the lease of a shard |
//!
//! Values are a version byte and a struct in postcard's form. The id of a stream's log is never given twice, so that the groups of a
//! deleted stream cannot show in another of its name.

use millpond_engine::{Position, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, ShardId, log::LogId};

/// The keyspace of groups.
pub(crate) const GROUPS: &str = "stream.groups";
const GROUP: u8 = 1;
const MEMBER: u8 = 2;
const LEASE: u8 = 3;
/// Of the log id and the kind of row.
const HEAD_BYTES: usize = 9;

/// A group as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupRecord {
    pub(crate) created: u64,
    /// What is before this position is not read by the group.
    from: u64,
    /// No two members of a group have one number.
    pub(crate) next_member: u64,
}

impl GroupRecord {
    pub(crate) fn new(created: Timestamp, from: Position) -> Self {
        GroupRecord { created: created.as_millis(), from: from.get(), next_member: 1 }
    }

    pub(crate) fn from(&self) -> Position {
        Position::new(self.from)
    }
}

/// A member as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberRow {
    /// Tells it from an earlier one of its name.
    pub(crate) number: u64,
    expires: u64,
}

impl MemberRow {
    pub(crate) fn new(number: u64, expires: Timestamp) -> Self {
        MemberRow { number, expires: expires.as_millis() }
    }

    /// From then on it counts as gone.
    pub(crate) fn expires(&self) -> Timestamp {
        Timestamp::from_millis(self.expires)
    }
}

/// The lease of a shard as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeaseRow {
    /// The member that reads the shard. It has a row.
    pub(crate) owner: Option<String>,
    /// Counts the changes of owner: who holds the lease knows it, and whose number is another holds it no more.
    pub(crate) counter: u64,
    checkpoint: u64,
    /// Whether all records of the shard were checkpointed, and it is closed.
    pub(crate) is_finished: bool,
    /// The member to which the owner is to give it. It has a row.
    pub(crate) wanted_by: Option<String>,
}

impl LeaseRow {
    pub(crate) fn at(checkpoint: Position) -> Self {
        LeaseRow { checkpoint: checkpoint.get(), ..LeaseRow::default() }
    }

    /// All records before this position are done with.
    pub(crate) fn checkpoint(&self) -> Position {
        Position::new(self.checkpoint)
    }

    pub(crate) fn set_checkpoint(&mut self, to: Position) {
        self.checkpoint = to.get();
    }

    /// Gives it to somebody, or to nobody: whoever has held it is fenced off by that.
    pub(crate) fn pass_to(&mut self, owner: Option<String>) {
        self.owner = owner;
        self.wanted_by = None;
        self.counter += 1;
    }
}

fn prefix(log: LogId, kind: u8) -> Vec<u8> {
    [&log.get().to_be_bytes()[..], &[kind]].concat()
}

/// Before all that there is of the groups of a log.
pub(crate) fn log_prefix(log: LogId) -> [u8; 8] {
    log.get().to_be_bytes()
}

/// The log in any key.
pub(crate) fn log_id(key: &[u8]) -> Result<LogId> {
    let id = key.first_chunk().map(|id| LogId::new(u64::from_be_bytes(*id)));
    id.ok_or(Error::Corrupt { keyspace: GROUPS, detail: "a key has no log" })
}

/// Before the names of the groups of a log.
pub(crate) fn groups_prefix(log: LogId) -> Vec<u8> {
    prefix(log, GROUP)
}

pub(crate) fn group_key(log: LogId, group: &str) -> Vec<u8> {
    [&prefix(log, GROUP), group.as_bytes()].concat()
}

/// The name in the key of a group.
pub(crate) fn group_name(key: &[u8]) -> Result<String> {
    text(key.get(HEAD_BYTES..))
}

/// Before the names of the members of a group.
pub(crate) fn members_prefix(log: LogId, group: &str) -> Vec<u8> {
    [&prefix(log, MEMBER), group.as_bytes(), &[0]].concat()
}

pub(crate) fn member_key(log: LogId, group: &str, member: &str) -> Vec<u8> {
    [&members_prefix(log, group), member.as_bytes()].concat()
}

/// The name in the key of a member.
pub(crate) fn member_name(group: &str, key: &[u8]) -> Result<String> {
    text(key.get(HEAD_BYTES + group.len() + 1..))
}

fn text(bytes: Option<&[u8]>) -> Result<String> {
    let name = bytes.and_then(|name| std::str::from_utf8(name).ok());
    name.map(str::to_owned).ok_or(Error::Corrupt { keyspace: GROUPS, detail: "a name is no text" })
}

/// Before the shards of the leases of a group.
pub(crate) fn leases_prefix(log: LogId, group: &str) -> Vec<u8> {
    [&prefix(log, LEASE), group.as_bytes(), &[0]].concat()
}

pub(crate) fn lease_key(log: LogId, group: &str, shard: ShardId) -> Vec<u8> {
    [&leases_prefix(log, group)[..], &shard.get().to_be_bytes()].concat()
}

/// The shard in the key of a lease.
pub(crate) fn lease_shard(key: &[u8]) -> Result<ShardId> {
    let shard = key.last_chunk().map(|shard| ShardId::new(u32::from_be_bytes(*shard)));
    shard.ok_or(Error::Corrupt { keyspace: GROUPS, detail: "a lease has no shard" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{decode_of, encode};

    #[test]
    fn keys_and_rows_are_read_back() {
        let log = LogId::new(7);
        assert_eq!(log_id(&group_key(log, "g")).unwrap(), log);
        assert_eq!(group_name(&group_key(log, "g.1")).unwrap(), "g.1");
        assert_eq!(member_name("g.1", &member_key(log, "g.1", "m")).unwrap(), "m");
        assert_eq!(lease_shard(&lease_key(log, "g", ShardId::new(9))).unwrap(), ShardId::new(9));
        assert!(!lease_key(log, "g.1", ShardId::new(9)).starts_with(&leases_prefix(log, "g")));
        let mut lease = LeaseRow::at(Position::new(5));
        lease.pass_to(Some("m".to_owned()));
        lease.wanted_by = Some("n".to_owned());
        let bytes = encode(&lease).unwrap();
        assert_eq!(decode_of::<LeaseRow>(GROUPS, &bytes).unwrap(), lease);
        for end in 0..bytes.len() {
            assert!(decode_of::<LeaseRow>(GROUPS, &bytes[..end]).is_err());
        }
        let member = MemberRow::new(3, Timestamp::from_secs(9));
        assert_eq!(decode_of::<MemberRow>(GROUPS, &encode(&member).unwrap()).unwrap(), member);
        let group = GroupRecord::new(Timestamp::from_secs(1), Position::new(77));
        assert_eq!(decode_of::<GroupRecord>(GROUPS, &encode(&group).unwrap()).unwrap(), group);
    }
}
