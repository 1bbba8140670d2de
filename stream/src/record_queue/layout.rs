//! The only file that knows keys and values of queues. Integers are big-endian.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `stream.queues` | `00` | u64: the highest queue number ever given |
//! | `stream.queues` | `01` id | a queue's record |
//! | `stream.queues` | `02` name | the id of the queue of that name |
//! | `stream.queues` | `03` number (u64), shard (u32) | how far records of a shard were received |
//! | `stream.queues` | `04` number, shard, position (u64) | a record that was received and is not done with |
//! | `stream.queues` | `05` number, kind (u8), time (u64), shard, position | empty: when that record is visible again, by what it then is |
//! | `stream.queues` | `06` number, kind | u64: a time before which no such entry is, nor will be |
//! | `stream.queues` | `07` number, shard | u64: a position before which no rows are looked for any more |
//! | `stream.queues` | `08` number | empty: the queue is deleted, rows of it may be left |
//!
//! Values begin with a version byte. Numbers are never given twice, so what a deleted queue left behind cannot show in another.

use bytes::{Buf, BufMut, Bytes, TryGetError};
use millpond_engine::{Position, Read, Timestamp, Transaction};
use serde::{Deserialize, Serialize};

use super::{DeadLetters, QueueStart};
use crate::{Error, Result, ShardId, layout, log::LogId, shared::Shared};

/// The keyspace of queues.
pub(crate) const KEYSPACE: &str = "stream.queues";
/// Key of the highest number ever given.
pub(crate) const LAST_NUMBER: &[u8] = &[0];
/// Before the names of queues.
pub(crate) const NAMES: &[u8] = &[2];
/// Before the numbers of deleted queues.
pub(crate) const DELETED: &[u8] = &[8];
const QUEUE: u8 = 1;
const LANE: u8 = 3;
const ROW: u8 = 4;
const ENTRY: u8 = 5;
const MARK: u8 = 6;
const CLEARED: u8 = 7;
const VERSION: u8 = 1;

/// What a record is: one that is to be received, or a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Live,
    Dead,
}

impl Kind {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Kind::Live => 0,
            Kind::Dead => 1,
        }
    }

    pub(crate) const fn of_byte(byte: u8) -> Option<Kind> {
        match byte {
            0 => Some(Kind::Live),
            1 => Some(Kind::Dead),
            _ => None,
        }
    }
}

/// A record's place in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) shard: ShardId,
    pub(crate) position: Position,
}

/// A queue as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueueRow {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) created: u64,
    pub(crate) stream: String,
    pub(crate) log: u64,
    pub(crate) start: StoredStart,
    /// Records before it are not delivered.
    pub(crate) start_position: u64,
    pub(crate) start_millis: u64,
    pub(crate) visibility_secs: u32,
    pub(crate) dead_letters: DeadLetters,
}

/// Where a queue begins, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StoredStart {
    TrimHorizon,
    Latest,
    /// In milliseconds since 1970.
    At(u64),
}

impl From<QueueStart> for StoredStart {
    fn from(start: QueueStart) -> StoredStart {
        match start {
            QueueStart::TrimHorizon => StoredStart::TrimHorizon,
            QueueStart::Latest => StoredStart::Latest,
            QueueStart::AtTimestamp(time) => StoredStart::At(time.as_millis()),
        }
    }
}

impl From<StoredStart> for QueueStart {
    fn from(start: StoredStart) -> QueueStart {
        match start {
            StoredStart::TrimHorizon => QueueStart::TrimHorizon,
            StoredStart::Latest => QueueStart::Latest,
            StoredStart::At(millis) => QueueStart::AtTimestamp(Timestamp::from_millis(millis)),
        }
    }
}

impl QueueRow {
    pub(crate) fn log(&self) -> LogId {
        LogId::new(self.log)
    }
}

/// How far the records of a shard were received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    /// That at this position and those after it never were.
    pub(crate) next: Position,
    /// The shard is closed, and all of it was.
    pub(crate) is_over: bool,
}

/// A record that was received and is not done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// What it was when it was last received: the handle of that receive is for the same.
    pub(crate) was: Kind,
    /// What it is once it is visible again.
    pub(crate) next: Kind,
    /// How often it was received, whatever became of it in between.
    pub(crate) serial: u32,
    /// How often it was received since it was put, or restored.
    pub(crate) count: u32,
    pub(crate) first_received: Timestamp,
    /// When it is visible again: the time of its entry.
    pub(crate) visible: Timestamp,
}

pub(crate) fn queue_key(id: &str) -> Vec<u8> {
    [&[QUEUE], id.as_bytes()].concat()
}

pub(crate) fn name_key(name: &str) -> Vec<u8> {
    [NAMES, name.as_bytes()].concat()
}

pub(crate) fn lane_key(queue: u64, shard: ShardId) -> Vec<u8> {
    [&prefix(LANE, queue)[..], &shard.get().to_be_bytes()].concat()
}

pub(crate) fn row_key(queue: u64, place: Place) -> Vec<u8> {
    [&rows_prefix(queue, place.shard)[..], &place.position.to_bytes()].concat()
}

/// Before the rows of a shard.
pub(crate) fn rows_prefix(queue: u64, shard: ShardId) -> Vec<u8> {
    [&prefix(ROW, queue)[..], &shard.get().to_be_bytes()].concat()
}

pub(crate) fn entry_key(queue: u64, kind: Kind, at: Timestamp, place: Place) -> Vec<u8> {
    let place = [&place.shard.get().to_be_bytes()[..], &place.position.to_bytes()].concat();
    [&entries_from(queue, kind, at)[..], &place].concat()
}

/// Before the entries at a time.
pub(crate) fn entries_from(queue: u64, kind: Kind, at: Timestamp) -> Vec<u8> {
    [&prefix(ENTRY, queue)[..], &[kind.byte()], &at.as_millis().to_be_bytes()].concat()
}

/// The time and the place in the key of an entry.
pub(crate) fn entry(key: &[u8]) -> Result<(Timestamp, Place)> {
    let read = || {
        let (_, mut rest) = key.split_at_checked(10)?;
        let at = Timestamp::from_millis(rest.try_get_u64().ok()?);
        let shard = ShardId::new(rest.try_get_u32().ok()?);
        Some((at, Place { shard, position: Position::of_key(rest)? }))
    };
    read().ok_or(corrupt("the key of an entry is cut off"))
}

pub(crate) fn mark_key(queue: u64, kind: Kind) -> Vec<u8> {
    [&prefix(MARK, queue)[..], &[kind.byte()]].concat()
}

pub(crate) fn cleared_key(queue: u64, shard: ShardId) -> Vec<u8> {
    [&prefix(CLEARED, queue)[..], &shard.get().to_be_bytes()].concat()
}

pub(crate) fn deleted_key(queue: u64) -> Vec<u8> {
    [DELETED, &queue.to_be_bytes()].concat()
}

/// Before all rows of a queue of each sort.
pub(crate) fn leftovers(queue: u64) -> [Vec<u8>; 5] {
    [LANE, ROW, ENTRY, MARK, CLEARED].map(|kind| prefix(kind, queue))
}

/// The number at the end of a key.
pub(crate) fn number(key: &[u8]) -> Result<u64> {
    key.last_chunk().map(|bytes| u64::from_be_bytes(*bytes)).ok_or(corrupt("a key has no number"))
}

fn prefix(kind: u8, queue: u64) -> Vec<u8> {
    [&[kind], &queue.to_be_bytes()[..]].concat()
}

pub(crate) fn read_u64(value: &[u8]) -> Result<u64> {
    let bytes = value.strip_prefix(&[VERSION]).and_then(|bytes| bytes.try_into().ok());
    bytes.map(u64::from_be_bytes).ok_or(corrupt("a number is not eight bytes"))
}

pub(crate) fn write_u64(number: u64) -> Vec<u8> {
    [&[VERSION][..], &number.to_be_bytes()].concat()
}

fn corrupt(detail: &'static str) -> Error {
    Error::Corrupt { keyspace: KEYSPACE, detail }
}

/// The queue of that id, if there is one. In a transaction, that read makes it conflict with a change of the queue.
pub(crate) fn queue(shared: &Shared, reader: &mut impl Read, id: &str) -> Result<Option<QueueRow>> {
    reader.get(&shared.queues, &queue_key(id))?.map(|stored| layout::decode(&stored)).transpose()
}

/// A queue by its record, if it is still there.
pub(crate) fn queue_of(shared: &Shared, reader: &mut impl Read, queue: &QueueRow) -> Result<Option<QueueRow>> {
    let Some(id) = reader.get(&shared.queues, &name_key(&queue.name))? else { return Ok(None) };
    let found = self::queue(shared, reader, std::str::from_utf8(&id).unwrap_or_default())?;
    Ok(found.filter(|found| found.number == queue.number))
}

/// How far a shard was received; where none of it was, it begins where the queue does.
pub(crate) fn lane(shared: &Shared, reader: &mut impl Read, queue: &QueueRow, shard: ShardId) -> Result<Lane> {
    match reader.get(&shared.queues, &lane_key(queue.number, shard))? {
        None => Ok(Lane { next: Position::new(queue.start_position), is_over: false }),
        Some(stored) => Lane::decode(stored).map_err(|_| corrupt("how far a shard was received is cut off")),
    }
}

pub(crate) fn put_lane(
    shared: &Shared,
    tx: &mut Transaction,
    queue: &QueueRow,
    shard: ShardId,
    lane: Lane,
) -> Result<()> {
    Ok(tx.put(&shared.queues, lane_key(queue.number, shard), lane.encode())?)
}

pub(crate) fn row(shared: &Shared, reader: &mut impl Read, queue: u64, place: Place) -> Result<Option<Row>> {
    let stored = reader.get(&shared.queues, &row_key(queue, place))?;
    stored.map(|stored| Row::decode(stored).ok_or(corrupt("a received record is cut off"))).transpose()
}

impl Lane {
    fn encode(self) -> Vec<u8> {
        let mut bytes = write_u64(self.next.get());
        bytes.put_u8(u8::from(self.is_over));
        bytes
    }

    fn decode(mut stored: Bytes) -> Result<Lane, TryGetError> {
        stored.try_get_u8()?;
        Ok(Lane { next: Position::new(stored.try_get_u64()?), is_over: stored.try_get_u8()? != 0 })
    }
}

impl Row {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.was.byte(), self.next.byte()];
        bytes.put_u32(self.serial);
        bytes.put_u32(self.count);
        bytes.put_u64(self.first_received.as_millis());
        bytes.put_u64(self.visible.as_millis());
        bytes
    }

    pub(crate) fn decode(mut stored: Bytes) -> Option<Row> {
        if stored.try_get_u8().ok()? != VERSION {
            return None;
        }
        Some(Row {
            was: Kind::of_byte(stored.try_get_u8().ok()?)?,
            next: Kind::of_byte(stored.try_get_u8().ok()?)?,
            serial: stored.try_get_u32().ok()?,
            count: stored.try_get_u32().ok()?,
            first_received: Timestamp::from_millis(stored.try_get_u64().ok()?),
            visible: Timestamp::from_millis(stored.try_get_u64().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_read_back_as_they_were_written(
            was in any::<bool>(), next in any::<bool>(), numbers in any::<(u32, u32, u64, u64)>(),
        ) {
            let kind = |dead| if dead { Kind::Dead } else { Kind::Live };
            let (serial, count, first, visible) = numbers;
            let row = Row {
                was: kind(was),
                next: kind(next),
                serial,
                count,
                first_received: Timestamp::from_millis(first),
                visible: Timestamp::from_millis(visible),
            };
            let bytes = Bytes::from(row.encode());
            prop_assert_eq!(Row::decode(bytes.clone()), Some(row));
            prop_assert_eq!(Row::decode(bytes.slice(..bytes.len() - 1)), None);
            let lane = Lane { next: Position::new(first), is_over: was };
            prop_assert_eq!(Lane::decode(lane.encode().into()).unwrap(), lane);
            let place = Place { shard: ShardId::new(serial), position: Position::new(first) };
            let at = Timestamp::from_millis(visible);
            prop_assert_eq!(entry(&entry_key(7, Kind::Dead, at, place)).unwrap(), (at, place));
        }
    }
}
