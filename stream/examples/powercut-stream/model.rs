//! What a writer's streams hold after its operations.

use std::collections::{BTreeMap, BTreeSet};

use millpond_stream::hash_key;

use crate::workload::{Operation, Own, SHARDS, key_of};

const HOUR_MILLIS: u64 = 3_600_000;

/// Times are in milliseconds since 1970.
#[derive(Debug, Clone)]
struct Shard {
    id: u32,
    parents: Vec<u32>,
    hash_keys: (u128, u128),
    closed: Option<u64>,
    /// When the last record was put that is here or before it, once it is closed; before that, when the last one was that is before it.
    last_put: Option<u64>,
    /// Each with its time.
    records: Vec<(u64, u64)>,
}

#[derive(Debug, Clone)]
struct Stream {
    shards: Vec<Shard>,
    next_shard: u32,
    hours: u32,
    /// What is older was gone when the retention was changed.
    floor: u64,
    consumers: BTreeSet<String>,
}

#[derive(Debug)]
pub(crate) struct Model {
    streams: BTreeMap<Own, Stream>,
}

/// What can be seen of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShardView {
    pub(crate) id: u32,
    pub(crate) parents: Vec<u32>,
    pub(crate) hash_keys: (u128, u128),
    pub(crate) is_closed: bool,
    pub(crate) records: Vec<u64>,
}

/// What can be seen of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) hours: u32,
    pub(crate) consumers: Vec<String>,
    pub(crate) shards: Vec<ShardView>,
}

/// What can be seen of a writer's streams.
pub(crate) type Views = BTreeMap<Own, View>;

/// Says where they differ.
pub(crate) fn difference(found: &Views, expected: &Views) -> Option<String> {
    let own = Own::ALL.into_iter().find(|own| found.get(own) != expected.get(own))?;
    let (Some(found), Some(expected)) = (found.get(&own), expected.get(&own)) else {
        return Some(format!("{own:?} is there: {}, not {}", found.contains_key(&own), expected.contains_key(&own)));
    };
    let mut pairs = found.shards.iter().zip(&expected.shards);
    if let Some((found, expected)) = pairs.find(|(found, expected)| found.records != expected.records) {
        let missing: Vec<_> = expected.records.iter().filter(|record| !found.records.contains(record)).collect();
        let unexpected: Vec<_> = found.records.iter().filter(|record| !expected.records.contains(record)).collect();
        return Some(match missing.is_empty() && unexpected.is_empty() {
            true => format!("{own:?} {} is out of order: {:?}", found.id, found.records),
            false => format!("{own:?} {} lacks {missing:?} and has {unexpected:?}", found.id),
        });
    }
    let shown = |view: &View| -> String {
        let of_shard = |shard: &ShardView| (shard.id, shard.parents.clone(), shard.is_closed);
        let shards: Vec<_> = view.shards.iter().map(of_shard).collect();
        format!("{} h, {:?}, {shards:?}", view.hours, view.consumers)
    };
    Some(format!("{own:?} is {}, not {}", shown(found), shown(expected)))
}

impl Stream {
    fn new() -> Stream {
        let mut stream = Stream { shards: Vec::new(), next_shard: 0, hours: 24, floor: 0, consumers: BTreeSet::new() };
        assert_eq!(SHARDS, 2);
        stream.open(Vec::new(), (0, u128::MAX >> 1));
        stream.open(Vec::new(), (1 << 127, u128::MAX));
        stream
    }

    fn open(&mut self, parents: Vec<u32>, hash_keys: (u128, u128)) {
        let id = self.next_shard;
        self.next_shard += 1;
        let last_put = self.shards.iter().filter(|shard| parents.contains(&shard.id)).map(|shard| shard.last_put).max();
        let last_put = last_put.flatten();
        self.shards.push(Shard { id, parents, hash_keys, closed: None, last_put, records: Vec::new() });
    }

    fn append(&mut self, record: u64, now: u64) {
        let hash_key = hash_key(&key_of(record));
        let mut shards = self.shards.iter_mut().filter(|shard| shard.closed.is_none());
        let shard = shards.find(|shard| shard.hash_keys.0 <= hash_key && hash_key <= shard.hash_keys.1);
        shard.expect("the open shards share all hash keys").records.push((record, now));
    }

    /// The open shards by their hash keys.
    fn open_shards(&self) -> Vec<(u32, (u128, u128))> {
        let open = self.shards.iter().filter(|shard| shard.closed.is_none());
        let mut open: Vec<_> = open.map(|shard| (shard.id, shard.hash_keys)).collect();
        open.sort_by_key(|(_, hash_keys)| *hash_keys);
        open
    }

    fn close(&mut self, these: &[u32], now: u64) {
        let of_these = self.shards.iter().filter(|shard| these.contains(&shard.id));
        let last_put =
            of_these.map(|shard| shard.records.last().map(|(_, time)| *time).max(shard.last_put)).max().flatten();
        for shard in self.shards.iter_mut().filter(|shard| these.contains(&shard.id)) {
            (shard.closed, shard.last_put) = (Some(now), last_put);
        }
    }

    fn horizon(&self, now: u64) -> u64 {
        self.floor.max(now - u64::from(self.hours) * HOUR_MILLIS)
    }

    fn view(&self, now: u64) -> View {
        let horizon = self.horizon(now);
        // What was put in the very moment of closing is kept for a millisecond longer, and the shard with it.
        let is_shown = |shard: &Shard| {
            let is_over = shard.closed.is_some_and(|closed| closed <= horizon);
            !is_over || shard.last_put.is_some_and(|last_put| last_put >= horizon)
        };
        let shards = self.shards.iter().filter(|shard| is_shown(shard)).map(|shard| ShardView {
            id: shard.id,
            parents: shard.parents.clone(),
            hash_keys: shard.hash_keys,
            is_closed: shard.closed.is_some(),
            records: shard.records.iter().filter(|(_, time)| *time >= horizon).map(|(record, _)| *record).collect(),
        });
        View { hours: self.hours, consumers: self.consumers.iter().cloned().collect(), shards: shards.collect() }
    }
}

/// Where a shard is split: in the middle. One that is too small is not.
pub(crate) fn middle((first, last): (u128, u128)) -> Option<u128> {
    (last - first > 8).then(|| first + (last - first) / 2)
}

impl Model {
    pub(crate) fn new() -> Model {
        Model { streams: Own::ALL.map(|own| (own, Stream::new())).into() }
    }

    fn append(&mut self, to: Own, records: &[u64], now: u64) {
        if let Some(stream) = self.streams.get_mut(&to) {
            records.iter().for_each(|record| stream.append(*record, now));
        }
    }

    pub(crate) fn apply(&mut self, operation: &Operation, now: u64) {
        match operation {
            Operation::Append { to, records } => self.append(*to, records, now),
            Operation::Both { records, left } => {
                self.append(Own::Left, &records[..*left], now);
                self.append(Own::Right, &records[*left..], now);
            }
            Operation::BothShared { records, left } => self.append(Own::Left, &records[..*left], now),
            Operation::Split { nth } => self.left(|stream| {
                let open = stream.open_shards();
                let (id, (first, last)) = open[*nth as usize % open.len()];
                let Some(at) = middle((first, last)) else { return };
                stream.close(&[id], now);
                stream.open(vec![id], (first, at - 1));
                stream.open(vec![id], (at, last));
            }),
            Operation::Merge { nth } => self.left(|stream| {
                let open = stream.open_shards();
                let nth = *nth as usize % open.len();
                let Some((next, (_, last))) = open.get(nth + 1).copied() else { return };
                let (id, (first, _)) = open[nth];
                stream.close(&[id, next], now);
                stream.open(vec![id, next], (first, last));
            }),
            Operation::Retain { hours } => {
                if let Some(stream) = self.streams.get_mut(&Own::Right) {
                    stream.floor = stream.horizon(now);
                    stream.hours = *hours;
                }
            }
            Operation::Consumer { name } => self.left(|stream| {
                if !stream.consumers.remove(name) {
                    stream.consumers.insert(name.clone());
                }
            }),
            Operation::Remake => {
                if self.streams.remove(&Own::Side).is_none() {
                    self.streams.insert(Own::Side, Stream::new());
                }
            }
            Operation::Share { .. }
            | Operation::ShareEach { .. }
            | Operation::SplitShared { .. }
            | Operation::MergeShared { .. }
            | Operation::Maintain => {}
        }
    }

    fn left(&mut self, change: impl FnOnce(&mut Stream)) {
        change(self.streams.get_mut(&Own::Left).expect("it is never deleted"));
    }

    pub(crate) fn views(&self, now: u64) -> Views {
        self.streams.iter().map(|(own, stream)| (*own, stream.view(now))).collect()
    }
}
