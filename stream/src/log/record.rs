//! The record of a log: its settings and its shards.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, TryGetError};
use millpond_engine::{Position, Timestamp};

use super::{Error, LogId, LogOptions, Result, Shard, ShardId, layout::LOGS};

const VERSION: u8 = 2;
/// That of logs whose shards were neither split nor merged; it is still read.
const VERSION_WITHOUT_MERGES: u8 = 1;
const NO_SHARD: u32 = u32::MAX;
const NEVER: u64 = u64::MAX;
const MAX_SHARDS: usize = 10_000;

/// A log as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogRecord {
    pub(crate) retention: Duration,
    pub(crate) roll_after: Option<Duration>,
    /// What was before it is not kept, even where the retention would have it so by now.
    pub(crate) floor: Position,
    /// No number is given twice in a log.
    pub(crate) next_shard: u32,
    /// By number, which is also the order in which they were made.
    pub(crate) shards: Vec<ShardRecord>,
    /// The places of the open ones among them, by their hash keys.
    open: Vec<usize>,
}

/// A shard as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShardRecord {
    pub(crate) id: ShardId,
    pub(crate) parent: Option<ShardId>,
    /// The other one, where two were merged.
    pub(crate) adjacent_parent: Option<ShardId>,
    /// The second in which it was made, or a later one, for it is always later than that of its parents.
    pub(crate) generation: u64,
    pub(crate) created: Timestamp,
    pub(crate) closed: Option<Timestamp>,
    /// All its records are at this position or after it.
    pub(crate) start: Position,
    /// All its records are before this position, once it is closed.
    pub(crate) end: Option<Position>,
    /// The first and the last hash key that belong here.
    pub(crate) first_hash: u128,
    pub(crate) last_hash: u128,
}

impl LogRecord {
    /// A log whose shards share the hash keys evenly.
    pub(crate) fn new(options: &LogOptions, now: Timestamp) -> Self {
        let mut log = LogRecord {
            retention: options.retention,
            roll_after: options.roll_after,
            floor: Position::default(),
            next_shard: 0,
            shards: Vec::new(),
            open: Vec::new(),
        };
        let start = Position::first_at(now);
        for (first_hash, last_hash) in even_shares(options.shards) {
            log.add(None, None, now.as_secs(), now, start, (first_hash, last_hash));
        }
        log.index();
        log
    }

    fn add(
        &mut self,
        parent: Option<ShardId>,
        adjacent_parent: Option<ShardId>,
        generation: u64,
        created: Timestamp,
        start: Position,
        (first_hash, last_hash): (u128, u128),
    ) -> ShardId {
        let id = ShardId::new(self.next_shard);
        self.next_shard += 1;
        let (closed, end) = (None, None);
        self.shards.push(ShardRecord {
            id,
            parent,
            adjacent_parent,
            generation,
            created,
            closed,
            start,
            end,
            first_hash,
            last_hash,
        });
        id
    }

    /// Opens a shard that goes on where one or two ended.
    pub(crate) fn add_child(
        &mut self,
        parents: &[&ShardRecord],
        now: Timestamp,
        start: Position,
        hashes: (u128, u128),
    ) -> ShardId {
        let after = parents.iter().map(|parent| parent.generation + 1).max().unwrap_or(0);
        let [parent, adjacent] = [0, 1].map(|nth| parents.get(nth).map(|parent| parent.id));
        // A second after its parent's end, as in the service.
        let id = self.add(parent, adjacent, after.max(now.as_secs() + 1), now, start, hashes);
        self.index();
        id
    }

    pub(crate) fn close_one(&mut self, id: ShardId, now: Timestamp, end: Position) {
        if let Some(shard) = self.shards.iter_mut().find(|shard| shard.id == id) {
            (shard.closed, shard.end) = (Some(now), Some(end));
        }
        self.index();
    }

    /// Closes a shard and opens its child.
    pub(crate) fn roll(&mut self, id: ShardId, now: Timestamp, end: Position) -> Option<ShardId> {
        let shard = self.shard(id)?.clone();
        self.close_one(id, now, end);
        Some(self.add_child(&[&shard], now, end, (shard.first_hash, shard.last_hash)))
    }

    /// Takes out shards that are over.
    pub(crate) fn forget(&mut self, over: &[ShardId]) {
        self.shards.retain(|shard| !over.contains(&shard.id));
        self.index();
    }

    /// Looks up where the open shards stand, after a change.
    fn index(&mut self) {
        let mut open: Vec<usize> = Vec::new();
        open.extend((0..).zip(&self.shards).filter(|(_, shard)| shard.closed.is_none()).map(|(nth, _)| nth));
        open.sort_by_key(|nth| self.shards.get(*nth).map(|shard| shard.first_hash));
        self.open = open;
    }

    pub(crate) fn shard(&self, id: ShardId) -> Option<&ShardRecord> {
        let nth = self.shards.binary_search_by_key(&id, |shard| shard.id).ok()?;
        self.shards.get(nth)
    }

    /// The open shards, by their hash keys.
    pub(crate) fn open_shards(&self) -> impl DoubleEndedIterator<Item = &ShardRecord> {
        self.open.iter().filter_map(|nth| self.shards.get(*nth))
    }

    pub(crate) fn open_count(&self) -> usize {
        self.open.len()
    }

    /// The shard that takes what is appended under a hash key.
    pub(crate) fn open_shard(&self, hash_key: u128) -> Option<&ShardRecord> {
        let is_below = |nth: &usize| self.shards.get(*nth).is_some_and(|shard| shard.first_hash <= hash_key);
        let nth = self.open.partition_point(is_below).checked_sub(1)?;
        let shard = self.shards.get(*self.open.get(nth)?)?;
        (hash_key <= shard.last_hash).then_some(shard)
    }

    /// Whether it is time to go on in a new shard. The last numbers are never given, so that there always is a next.
    pub(crate) fn is_to_roll(&self, shard: &ShardRecord, now: Timestamp) -> bool {
        let is_due = self.roll_after.is_some_and(|after| now >= shard.created.saturating_add(after));
        is_due && self.next_shard < NO_SHARD - 1
    }

    /// Whether so many more shards can be open, and get numbers.
    pub(crate) fn check_growth(&self, more: usize) -> Result<()> {
        let shards = self.open.len() + more;
        let has_numbers = usize::try_from(NO_SHARD - 1 - self.next_shard).unwrap_or(usize::MAX) > more;
        match shards > MAX_SHARDS || !has_numbers {
            true => Err(Error::ShardCount { shards: u32::try_from(shards).unwrap_or(u32::MAX) }),
            false => Ok(()),
        }
    }

    pub(crate) fn close(&mut self, now: Timestamp, ends: &[(ShardId, Position)]) {
        for (shard, end) in ends {
            self.close_one(*shard, now, *end);
        }
    }

    /// Before this position nothing is kept any more.
    pub(crate) fn horizon(&self, now: Timestamp) -> Position {
        let oldest = now.as_millis().saturating_sub(millis(self.retention));
        self.floor.max(Position::first_at(Timestamp::from_millis(oldest)))
    }

    /// Whether no record of a shard is kept any more, nor ever will be.
    pub(crate) fn is_over(&self, shard: &ShardRecord, now: Timestamp) -> bool {
        let horizon = self.horizon(now);
        // The last record may be of the moment in which it was closed, and is kept for a millisecond longer then.
        let is_before = shard.end.is_none_or(|end| end <= horizon);
        shard.closed.is_some_and(|closed| is_before && Position::first_at(closed) <= horizon)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.put_u64(millis(self.retention));
        bytes.put_u64(self.roll_after.map_or(NEVER, millis));
        bytes.put_u64(self.floor.get());
        bytes.put_u32(self.next_shard);
        for shard in &self.shards {
            bytes.put_u32(shard.id.get());
            bytes.put_u32(shard.parent.map_or(NO_SHARD, ShardId::get));
            bytes.put_u32(shard.adjacent_parent.map_or(NO_SHARD, ShardId::get));
            bytes.put_u64(shard.generation);
            bytes.put_u64(shard.created.as_millis());
            bytes.put_u64(shard.closed.map_or(NEVER, Timestamp::as_millis));
            bytes.put_u64(shard.start.get());
            bytes.put_u64(shard.end.map_or(NEVER, Position::get));
            bytes.put_u128(shard.first_hash);
            bytes.put_u128(shard.last_hash);
        }
        bytes
    }

    pub(crate) fn decode(mut bytes: Bytes) -> Result<Self> {
        let cut_off = |_| Error::Corrupt { keyspace: LOGS, detail: "a log's record is cut off" };
        let version = bytes.try_get_u8().map_err(cut_off)?;
        if version != VERSION && version != VERSION_WITHOUT_MERGES {
            return Err(Error::Corrupt { keyspace: LOGS, detail: "a log's record is of an unknown version" });
        }
        LogRecord::decode_body(version, &mut bytes).map_err(cut_off)
    }

    fn decode_body(version: u8, bytes: &mut Bytes) -> Result<Self, TryGetError> {
        let mut log = LogRecord {
            retention: Duration::from_millis(bytes.try_get_u64()?),
            roll_after: Some(bytes.try_get_u64()?).filter(|it| *it != NEVER).map(Duration::from_millis),
            floor: Position::new(if version == VERSION { bytes.try_get_u64()? } else { 0 }),
            next_shard: bytes.try_get_u32()?,
            shards: Vec::new(),
            open: Vec::new(),
        };
        while bytes.has_remaining() {
            log.shards.push(match version {
                VERSION => ShardRecord::decode(bytes)?,
                _ => ShardRecord::decode_without_merges(bytes)?,
            });
        }
        log.index();
        Ok(log)
    }

    /// Its shards as they are shown; those that are over are left out.
    pub(crate) fn shown(&self, now: Timestamp) -> Vec<Shard> {
        self.shards.iter().filter(|shard| !self.is_over(shard, now)).map(ShardRecord::shown).collect()
    }

    pub(crate) fn need(&self, log: LogId, shard: ShardId) -> Result<&ShardRecord> {
        self.shard(shard).ok_or(Error::NoShard { log, shard })
    }

    pub(crate) fn need_open(&self, log: LogId, shard: ShardId) -> Result<&ShardRecord> {
        let found = self.need(log, shard)?;
        if found.closed.is_none() { Ok(found) } else { Err(Error::ShardClosed { log, shard }) }
    }
}

impl ShardRecord {
    pub(crate) fn shown(&self) -> Shard {
        Shard {
            id: self.id,
            parent: self.parent,
            adjacent_parent: self.adjacent_parent,
            generation: self.generation,
            created: self.created,
            closed: self.closed,
            start: self.start,
            end: self.end,
            hash_keys: self.first_hash..=self.last_hash,
        }
    }

    fn decode(bytes: &mut Bytes) -> Result<Self, TryGetError> {
        Ok(ShardRecord {
            id: ShardId::new(bytes.try_get_u32()?),
            parent: shard_id(bytes.try_get_u32()?),
            adjacent_parent: shard_id(bytes.try_get_u32()?),
            generation: bytes.try_get_u64()?,
            created: Timestamp::from_millis(bytes.try_get_u64()?),
            closed: time(bytes.try_get_u64()?),
            start: Position::new(bytes.try_get_u64()?),
            end: Some(bytes.try_get_u64()?).filter(|it| *it != NEVER).map(Position::new),
            first_hash: bytes.try_get_u128()?,
            last_hash: bytes.try_get_u128()?,
        })
    }

    fn decode_without_merges(bytes: &mut Bytes) -> Result<Self, TryGetError> {
        let (id, parent) = (ShardId::new(bytes.try_get_u32()?), shard_id(bytes.try_get_u32()?));
        let (created, closed) = (Timestamp::from_millis(bytes.try_get_u64()?), time(bytes.try_get_u64()?));
        Ok(ShardRecord {
            id,
            parent,
            adjacent_parent: None,
            generation: created.as_secs(),
            created,
            closed,
            start: Position::first_at(created),
            end: closed.map(|closed| Position::first_at(closed.saturating_add(Duration::from_millis(1)))),
            first_hash: bytes.try_get_u128()?,
            last_hash: bytes.try_get_u128()?,
        })
    }
}

/// The shares of all hash keys, each as large as the others but for what division leaves over, which the last one has.
pub(crate) fn even_shares(shards: u32) -> impl Iterator<Item = (u128, u128)> {
    let count = u128::from(shards.max(1));
    let left_over = u128::MAX % count + 1;
    // The quotient of 2^128, which no integer here holds. One share is all of it.
    let share = (u128::MAX / count).saturating_add(u128::from(left_over == count));
    (0..u128::from(shards)).map(move |nth| {
        let last = if nth + 1 == count { u128::MAX } else { share * (nth + 1) - 1 };
        (share.saturating_mul(nth), last)
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(NEVER - 1)
}

fn time(millis: u64) -> Option<Timestamp> {
    (millis != NEVER).then(|| Timestamp::from_millis(millis))
}

fn shard_id(number: u32) -> Option<ShardId> {
    (number != NO_SHARD).then(|| ShardId::new(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn log(shards: u32) -> LogRecord {
        let day = Duration::from_secs(86_400);
        LogRecord::new(&LogOptions { shards, retention: day, roll_after: Some(day / 6) }, NOW)
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written_or_not_at_all() {
        let mut log = log(3);
        log.roll(ShardId::new(1), NOW, Position::new(77)).unwrap();
        log.floor = Position::new(5);
        let bytes = Bytes::from(log.encode());
        assert_eq!(LogRecord::decode(bytes.clone()).unwrap(), log);
        let mut forever = LogRecord { roll_after: None, shards: Vec::new(), ..log };
        forever.index();
        assert_eq!(LogRecord::decode(forever.encode().into()).unwrap(), forever);
        assert!(LogRecord::decode(bytes.slice(..bytes.len() - 1)).is_err());
        assert!(LogRecord::decode(Bytes::from_static(&[VERSION + 1])).is_err());
    }

    #[test]
    fn a_record_from_before_there_were_merges_is_read() {
        let mut bytes = vec![VERSION_WITHOUT_MERGES];
        bytes.put_u64(86_400_000);
        bytes.put_u64(NEVER);
        bytes.put_u32(2);
        for (id, parent, closed) in [(0, NO_SHARD, NOW.as_millis() + 5), (1, 0, NEVER)] {
            bytes.put_u32(id);
            bytes.put_u32(parent);
            bytes.put_u64(NOW.as_millis());
            bytes.put_u64(closed);
            bytes.put_u128(0);
            bytes.put_u128(u128::MAX);
        }
        let log = LogRecord::decode(bytes.into()).unwrap();
        assert_eq!(log.open_shard(7).map(|shard| (shard.id, shard.parent)), Some((ShardId::new(1), shard_id(0))));
        let parent = log.shard(ShardId::new(0)).unwrap();
        assert_eq!(parent.end.map(Position::time), Some(Timestamp::from_millis(NOW.as_millis() + 6)));
    }

    #[test]
    fn open_shards_share_all_hash_keys() {
        for shards in [1, 2, 3, 7, 256, 10_000] {
            let log = log(shards);
            assert_eq!(log.open_shard(0).unwrap().id, ShardId::new(0));
            assert_eq!(log.open_shard(u128::MAX).unwrap().id, ShardId::new(shards - 1));
            for pair in log.shards.windows(2) {
                assert_eq!(pair[0].last_hash + 1, pair[1].first_hash);
                assert_eq!(log.open_shard(pair[1].first_hash).unwrap().id, pair[1].id);
                assert_eq!(log.open_shard(pair[0].last_hash).unwrap().id, pair[0].id);
            }
        }
        let third = log(3).shard(ShardId::new(1)).map(|shard| (shard.first_hash, shard.last_hash));
        let (first, last) =
            (113_427_455_640_312_821_154_458_202_477_256_070_485, 226_854_911_280_625_642_308_916_404_954_512_140_969);
        assert_eq!(third, Some((first, last)), "as the service shares them");
        assert_eq!(log(2).shard(ShardId::new(1)).map(|shard| shard.first_hash), Some(1 << 127));
    }

    #[test]
    fn a_child_takes_over_where_its_parent_is_closed() {
        let mut log = log(2);
        let child = log.roll(ShardId::new(0), NOW, Position::new(9)).unwrap();
        assert_eq!(log.open_shard(5).unwrap().id, child);
        let record = log.shard(child).unwrap();
        assert_eq!((record.parent, record.start), (Some(ShardId::new(0)), Position::new(9)));
        assert_eq!(record.generation, NOW.as_secs() + 1, "later than that of its parent, though the clock stands");
        assert_eq!(log.open_shard(u128::MAX).unwrap().id, ShardId::new(1));
        let ends: Vec<_> = log.open_shards().map(|shard| (shard.id, Position::new(9))).collect();
        log.close(NOW, &ends);
        assert_eq!(log.open_shard(5), None);
    }
}
