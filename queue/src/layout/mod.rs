//! The only folder that knows keys and values on disk. Integers are big-endian.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `queue.queues` | `00` | u64: the highest store id ever given |
//! | `queue.queues` | `01` name | the queue's record (see `queue_record.rs`) |
//! | `queue.queues` | `02` name | u64: when the queue of that name was deleted, in milliseconds |
//! | `queue.queues` | `03` store id | empty: the store belongs to no queue any more, and rows of it may be left |
//! | `queue.queues` | `04` store id, lane | u64: no message of the lane stands before this position |
//! | `queue.queues` | `05` source's name, `00`, start in milliseconds (u64, inverted), task id | a task that moves messages (see `task_row.rs`) |
//! | `queue.messages` | store id, `00`, group (u128), position | a message (see `message_row.rs`) |
//! | `queue.messages` | store id, `01`, due in milliseconds, position | a message that waits, or waited, for its time |
//! | `queue.arrivals` | store id, position | u128: the group of the message with that position |
//! | `queue.received` | what follows `queue.messages`' key | of a standard queue's message that was received: see `received_row.rs` |
//! | `queue.groups` | store id, group | of a first-in-first-out queue's group: which of its messages were received (see `received_row.rs`) |
//! | `queue.tokens` | `00`, store id, hash | a message that was sent under a deduplication id (see `token_row.rs`) |
//! | `queue.tokens` | `01`, store id, hash | a receive that was made under an attempt id |
//! | `queue.tokens` | `02`, expiry in milliseconds, a key of the above | empty |
//! | `queue.counters` | store id, `00` | i64: how many messages there are |
//! | `queue.counters` | store id, `01`, second | i64: how many messages become due within that second, and were not received yet |
//!
//! A *store* is what a queue's messages stand under. A purge gives the queue another one, and no id is given twice, so what is
//! left behind cannot show again. A group is the hash of a message group's id, 0 for messages without one. A position is given
//! by the commit (`Transaction::append`).

mod codec;
mod message_row;
mod queue_record;
mod received_row;
mod task_row;
mod token_row;

use std::fmt;

use bytes::Bytes;
use millpond_engine::{Engine, Keyspace, Position, Timestamp};

pub(crate) use message_row::{decode_message, encode_message};
pub(crate) use queue_record::QueueRecord;
pub(crate) use received_row::{GroupRow, ReceivedRow};
pub(crate) use task_row::TaskRow;
pub(crate) use token_row::{AttemptRow, DeduplicationRow};

use crate::{Error, Result};

/// The keyspaces of the service.
#[derive(Debug, Clone)]
pub(crate) struct Keyspaces {
    pub(crate) queues: Keyspace,
    pub(crate) messages: Keyspace,
    pub(crate) arrivals: Keyspace,
    pub(crate) received: Keyspace,
    pub(crate) groups: Keyspace,
    pub(crate) tokens: Keyspace,
    pub(crate) counters: Keyspace,
}

impl Keyspaces {
    pub(crate) fn open(engine: &Engine) -> Result<Self> {
        Ok(Keyspaces {
            queues: engine.keyspace("queue.queues")?,
            messages: engine.keyspace("queue.messages")?,
            arrivals: engine.keyspace("queue.arrivals")?,
            received: engine.keyspace("queue.received")?,
            groups: engine.keyspace("queue.groups")?,
            tokens: engine.keyspace("queue.tokens")?,
            counters: engine.keyspace("queue.counters")?,
        })
    }
}

/// What a queue's messages stand under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StoreId(pub(crate) u64);

/// A message group, by the hash of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct GroupHash(pub(crate) u128);

impl GroupHash {
    /// Of messages without a group.
    pub(crate) const NONE: GroupHash = GroupHash(0);

    pub(crate) fn of(group_id: Option<&str>) -> Self {
        group_id.map_or(GroupHash::NONE, |id| GroupHash(hash(&[id.as_bytes()])))
    }
}

/// A hash of parts that tells which part is which.
pub(crate) fn hash(parts: &[&[u8]]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    // Zero is for what has no group.
    u128::from_be_bytes(bytes).max(1)
}

/// Where a message stands in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Among those of its group, which can be received in the order in which they came.
    Lane(GroupHash, Position),
    /// Among those that can be received from a moment on.
    Timed(Timestamp, Position),
}

const LANE: u8 = 0;
const TIMED: u8 = 1;
const STORE_BYTES: usize = size_of::<u64>();

impl Place {
    pub(crate) fn position(self) -> Position {
        match self {
            Place::Lane(_, position) | Place::Timed(_, position) => position,
        }
    }

    /// From when on it could first be received.
    pub(crate) fn ready(self) -> Timestamp {
        match self {
            Place::Lane(_, position) => position.time(),
            Place::Timed(due, _) => due,
        }
    }

    /// The key of the message's row.
    pub(crate) fn key(self, store: StoreId) -> Vec<u8> {
        [&self.prefix(store)[..], &self.position().to_bytes()].concat()
    }

    /// The key without its position, which the commit gives.
    pub(crate) fn prefix(self, store: StoreId) -> Vec<u8> {
        match self {
            Place::Lane(group, _) => lane_prefix(store, group),
            Place::Timed(due, _) => [&timed_prefix(store)[..], &due.as_millis().to_be_bytes()].concat(),
        }
    }

    /// Of the key of a row of messages, or of one of `queue.received`.
    pub(crate) fn of_key(key: &[u8]) -> Result<Place> {
        key.get(STORE_BYTES..)
            .and_then(Place::of_bytes)
            .ok_or(Error::Corrupt { keyspace: "queue.messages", detail: "a key names no message" })
    }

    /// Without the store, for handles.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        self.key(StoreId(0)).split_off(STORE_BYTES)
    }

    /// Reads what [`to_bytes`](Place::to_bytes) gave.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Place> {
        let (kind, rest) = bytes.split_first()?;
        let (first, position) = rest.split_last_chunk()?;
        let position = Position::new(u64::from_be_bytes(*position));
        match *kind {
            LANE => Some(Place::Lane(GroupHash(u128::from_be_bytes(first.try_into().ok()?)), position)),
            TIMED => Some(Place::Timed(Timestamp::from_millis(u64::from_be_bytes(first.try_into().ok()?)), position)),
            _ => None,
        }
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Prefix of all rows of a store.
pub(crate) fn store_prefix(store: StoreId) -> [u8; 8] {
    store.0.to_be_bytes()
}

/// Prefix of the messages of a group.
pub(crate) fn lane_prefix(store: StoreId, group: GroupHash) -> Vec<u8> {
    [&store_prefix(store)[..], &[LANE], &group.0.to_be_bytes()].concat()
}

/// Prefix of the messages that wait for their time.
pub(crate) fn timed_prefix(store: StoreId) -> Vec<u8> {
    [&store_prefix(store)[..], &[TIMED]].concat()
}

/// The key from which on messages are due at a moment or later.
pub(crate) fn timed_from(store: StoreId, due: Timestamp) -> Vec<u8> {
    [&timed_prefix(store)[..], &due.as_millis().to_be_bytes()].concat()
}

pub(crate) fn arrival_key(store: StoreId, position: Position) -> Vec<u8> {
    [store_prefix(store), position.to_bytes()].concat()
}

pub(crate) fn group_key(store: StoreId, group: GroupHash) -> Vec<u8> {
    [&store_prefix(store)[..], &group.0.to_be_bytes()].concat()
}

/// The group in a key of `queue.groups`.
pub(crate) fn group_of_key(key: &[u8]) -> Result<GroupHash> {
    let bytes = key.last_chunk().ok_or(Error::Corrupt { keyspace: "queue.groups", detail: "a key names no group" })?;
    Ok(GroupHash(u128::from_be_bytes(*bytes)))
}

/// The group in a value of `queue.arrivals`.
pub(crate) fn group_of_arrival(value: &[u8]) -> Result<GroupHash> {
    let bytes = value
        .try_into()
        .map_err(|_| Error::Corrupt { keyspace: "queue.arrivals", detail: "a value names no group" })?;
    Ok(GroupHash(u128::from_be_bytes(bytes)))
}

/// Key of the highest store id ever given.
pub(crate) const LAST_STORE: &[u8] = &[0];
/// Prefix of the keys of the queues' records.
pub(crate) const QUEUES: &[u8] = &[1];
/// Prefix of the keys of stores that are to be cleared away.
pub(crate) const ABANDONED: &[u8] = &[3];
/// Prefix of the keys of tasks that move messages.
pub(crate) const TASKS: &[u8] = &[5];

pub(crate) fn queue_key(name: &str) -> Vec<u8> {
    [QUEUES, name.as_bytes()].concat()
}

pub(crate) fn deleted_key(name: &str) -> Vec<u8> {
    [&[2], name.as_bytes()].concat()
}

pub(crate) fn abandoned_key(store: StoreId) -> Vec<u8> {
    [ABANDONED, &store_prefix(store)].concat()
}

/// The store in the key of an abandoned one.
pub(crate) fn abandoned_store(key: &[u8]) -> Result<StoreId> {
    read_u64(key.get(1..).unwrap_or_default()).map(StoreId)
}

pub(crate) fn front_key(store: StoreId, lane: Lane) -> Vec<u8> {
    [&[4], &store_prefix(store)[..], &[lane as u8]].concat()
}

/// What is read in the order of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Messages without a group.
    Plain = 0,
    /// Messages with a group, by their arrival.
    Arrivals = 1,
}

/// Prefix of the keys of all tasks of a source.
pub(crate) fn tasks_prefix(source: &str) -> Vec<u8> {
    [TASKS, source.as_bytes(), &[0]].concat()
}

/// The newest task of a source comes first.
pub(crate) fn task_key(source: &str, started: Timestamp, id: [u8; 16]) -> Vec<u8> {
    [&tasks_prefix(source)[..], &(!started.as_millis()).to_be_bytes(), &id].concat()
}

pub(crate) fn deduplication_key(store: StoreId, hash: u128) -> Vec<u8> {
    token_key(0, store, hash)
}

pub(crate) fn attempt_key(store: StoreId, hash: u128) -> Vec<u8> {
    token_key(1, store, hash)
}

fn token_key(kind: u8, store: StoreId, hash: u128) -> Vec<u8> {
    [&[kind][..], &store_prefix(store), &hash.to_be_bytes()].concat()
}

/// Where tokens stand by their expiry.
pub(crate) const EXPIRIES: &[u8] = &[2];

pub(crate) fn expiry_key(expires: Timestamp, token: &[u8]) -> Vec<u8> {
    [EXPIRIES, &expires.as_millis().to_be_bytes(), token].concat()
}

/// The token in a key by expiry.
pub(crate) fn token_of_expiry(key: &[u8]) -> &[u8] {
    key.get(1 + size_of::<u64>()..).unwrap_or_default()
}

/// Key of the number of messages in a store.
pub(crate) fn total_key(store: StoreId) -> Vec<u8> {
    [&store_prefix(store)[..], &[0]].concat()
}

/// Prefix of the numbers of messages by the second in which they become due.
pub(crate) fn due_prefix(store: StoreId) -> Vec<u8> {
    [&store_prefix(store)[..], &[1]].concat()
}

pub(crate) fn due_key(store: StoreId, second: u64) -> Vec<u8> {
    [&due_prefix(store)[..], &second.to_be_bytes()].concat()
}

pub(crate) fn read_u64(value: &[u8]) -> Result<u64> {
    let bytes = value
        .try_into()
        .map_err(|_| Error::Corrupt { keyspace: "queue.queues", detail: "a number is not eight bytes" })?;
    Ok(u64::from_be_bytes(bytes))
}

/// The position in a key that ends with one.
pub(crate) fn position(key: &[u8]) -> Result<Position> {
    Position::of_key(key).ok_or(Error::Corrupt { keyspace: "queue.messages", detail: "a key has no position" })
}

/// A moment as eight bytes.
pub(crate) fn millis(time: Timestamp) -> Bytes {
    Bytes::copy_from_slice(&time.as_millis().to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_from_its_key_and_the_order_of_keys_is_theirs() {
        let position = Position::new(77);
        let places = [
            Place::Lane(GroupHash::NONE, position),
            Place::Lane(GroupHash::NONE, position.next()),
            Place::Lane(GroupHash::of(Some("a")), position),
            Place::Timed(Timestamp::from_secs(9), position),
            Place::Timed(Timestamp::from_secs(10), Position::new(1)),
        ];
        for place in places {
            assert_eq!(Place::of_key(&place.key(StoreId(3))).unwrap(), place);
            assert_eq!(Place::of_bytes(&place.to_bytes()), Some(place));
        }
        assert!(places.is_sorted());
        let keys = places.map(|place| place.key(StoreId(3)));
        assert!(keys.is_sorted());
        for wrong in [&[][..], &[0; 24], &[0; 26], &[1; 18], &[2; 25]] {
            assert_eq!(Place::of_bytes(wrong), None);
        }
    }

    #[test]
    fn hashes_tell_their_parts_apart() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_eq!(GroupHash::of(None), GroupHash::NONE);
        assert_ne!(GroupHash::of(Some("")), GroupHash::NONE);
    }
}
