//! Random operations on streams against a list of records a shard: what is read by iterators old and new, by readers, from memory and
//! from the store is that list, and the shards share all hash keys after each step.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use millpond_engine::Timestamp;
use millpond_stream::{
    CreateOptions, Error, GotRecords, NewRecord, Options, Placed, Position, Reader, Record, SequenceNumber,
    ShardFilter, ShardId, ShardIterator, StartingPosition, Stream, Streams, hash_key,
    log::{LogId, Most},
};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::support::*;

const NAMES: [&str; 2] = ["one", "other"];
const ITERATOR_LIFE: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, Copy)]
enum How {
    Alone,
    Async,
    InTransaction,
    Aborted,
    /// The savepoint around it fails, and the transaction goes on.
    TakenBack,
}

#[derive(Debug, Clone)]
struct Put {
    key: u8,
    explicit: Option<Index>,
    bytes: usize,
}

#[derive(Debug, Clone, Copy)]
enum Start {
    TrimHorizon,
    Latest,
    At(Index),
    After(Index),
    Time(Index),
}

#[derive(Debug, Clone)]
enum Op {
    Create(usize, u32),
    Delete(usize),
    Append(usize, Put, How),
    Batch(usize, Vec<Put>, How),
    /// To both streams in one transaction.
    Both(Vec<Put>, bool),
    Split(usize, Index, Index),
    Merge(usize, Index),
    Count(usize, u32),
    Iterator(usize, Index, Start),
    Reader(usize, Index, Start),
    Get(Index, usize),
    Read(Index, usize),
    Retain(usize, u32),
    Pass(Duration),
    Maintain,
    Reopen,
}

fn put() -> impl Strategy<Value = Put> {
    let bytes = prop_oneof![8 => 0..200_usize, 1 => Just(0_usize), 1 => 60_000..140_000_usize];
    (0..6_u8, proptest::option::weighted(0.3, any::<Index>()), bytes).prop_map(|(key, explicit, bytes)| Put {
        key,
        explicit,
        bytes,
    })
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        5 => Just(How::Alone),
        2 => Just(How::Async),
        3 => Just(How::InTransaction),
        1 => Just(How::Aborted),
        1 => Just(How::TakenBack),
    ]
}

fn start() -> impl Strategy<Value = Start> {
    prop_oneof![
        Just(Start::TrimHorizon),
        Just(Start::Latest),
        any::<Index>().prop_map(Start::At),
        any::<Index>().prop_map(Start::After),
        any::<Index>().prop_map(Start::Time),
    ]
}

fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => (1..4_u64).prop_map(Duration::from_millis),
        3 => (1..200_u64).prop_map(Duration::from_secs),
        2 => (1..15_u32).prop_map(|hours| hours * HOUR),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    let which = || prop_oneof![3 => Just(0_usize), 1 => Just(1_usize)];
    let limit = || prop_oneof![1..8_usize, Just(10_000_usize)];
    prop_oneof![
        2 => (which(), 1..4_u32).prop_map(|(which, shards)| Op::Create(which, shards)),
        1 => which().prop_map(Op::Delete),
        10 => (which(), put(), how()).prop_map(|(which, put, how)| Op::Append(which, put, how)),
        8 => (which(), vec(put(), 0..12), how()).prop_map(|(which, puts, how)| Op::Batch(which, puts, how)),
        3 => (vec(put(), 1..4), any::<bool>()).prop_map(|(puts, aborts)| Op::Both(puts, aborts)),
        4 => (which(), any::<Index>(), any::<Index>()).prop_map(|(which, shard, at)| Op::Split(which, shard, at)),
        3 => (which(), any::<Index>()).prop_map(|(which, shard)| Op::Merge(which, shard)),
        1 => (which(), 1..6_u32).prop_map(|(which, target)| Op::Count(which, target)),
        7 => (which(), any::<Index>(), start()).prop_map(|(which, shard, start)| Op::Iterator(which, shard, start)),
        4 => (which(), any::<Index>(), start()).prop_map(|(which, shard, start)| Op::Reader(which, shard, start)),
        12 => (any::<Index>(), limit()).prop_map(|(at, limit)| Op::Get(at, limit)),
        8 => (any::<Index>(), limit()).prop_map(|(at, limit)| Op::Read(at, limit)),
        1 => (which(), prop_oneof![Just(24_u32), Just(36), Just(72)]).prop_map(|(which, hours)| Op::Retain(which, hours)),
        7 => time().prop_map(Op::Pass),
        2 => Just(Op::Maintain),
        1 => Just(Op::Reopen),
    ]
}

#[derive(Debug, Clone)]
struct Known {
    number: SequenceNumber,
    key: String,
    data: Bytes,
    at: Timestamp,
}

#[derive(Debug, Clone)]
struct Shard {
    id: ShardId,
    parents: Vec<ShardId>,
    first: u128,
    last: u128,
    created: Timestamp,
    closed: Option<Timestamp>,
    /// When the last record was put that is here or before it, once it is closed; before that, when the last one was that is before it.
    last_put: Option<Timestamp>,
    /// All that it ever had.
    records: Vec<Known>,
}

#[derive(Debug, Clone)]
struct Kept {
    log: LogId,
    shards: Vec<Shard>,
    next_shard: u32,
    hours: u32,
    /// What is older was gone when the retention was changed.
    floor: Timestamp,
}

impl Kept {
    fn retention(&self) -> Duration {
        self.hours * HOUR
    }

    fn horizon(&self, now: Timestamp) -> Timestamp {
        let retention = u64::try_from(self.retention().as_millis()).unwrap();
        self.floor.max(Timestamp::from_millis(now.as_millis().saturating_sub(retention)))
    }

    fn is_shown(&self, shard: &Shard, now: Timestamp) -> bool {
        let horizon = self.horizon(now);
        // What was put in the very moment of closing is kept for a millisecond longer, and the shard with it.
        let is_over = shard.closed.is_some_and(|closed| closed <= horizon);
        !is_over || shard.last_put.is_some_and(|last_put| last_put >= horizon)
    }

    fn shown(&self, now: Timestamp) -> Vec<&Shard> {
        self.shards.iter().filter(|shard| self.is_shown(shard, now)).collect()
    }

    fn open(&self) -> Vec<&Shard> {
        let mut open: Vec<_> = self.shards.iter().filter(|shard| shard.closed.is_none()).collect();
        open.sort_by_key(|shard| shard.first);
        open
    }

    fn shard(&self, id: ShardId) -> Option<&Shard> {
        self.shards.iter().find(|shard| shard.id == id)
    }

    fn open_of(&mut self, hash: u128) -> &mut Shard {
        let mut shards = self.shards.iter_mut();
        shards.find(|shard| shard.closed.is_none() && shard.first <= hash && hash <= shard.last).unwrap()
    }

    fn add(&mut self, parents: Vec<ShardId>, (first, last): (u128, u128), now: Timestamp) {
        let of_parents = self.shards.iter().filter(|shard| parents.contains(&shard.id));
        let last_put =
            of_parents.map(|shard| shard.records.last().map(|last| last.at).max(shard.last_put)).max().flatten();
        for parent in self.shards.iter_mut().filter(|shard| parents.contains(&shard.id)) {
            (parent.closed, parent.last_put) = (Some(now), last_put);
        }
        let id = ShardId::new(self.next_shard);
        self.next_shard += 1;
        self.shards.push(Shard { id, parents, first, last, created: now, closed: None, last_put, records: Vec::new() });
    }

    /// The records of a shard from one of them on that are kept.
    fn from(&self, shard: &Shard, from: usize, now: Timestamp) -> Vec<Known> {
        let horizon = self.horizon(now);
        shard.records.iter().skip(from).filter(|record| record.at >= horizon).cloned().collect()
    }
}

/// A place in a shard that was asked for once.
#[derive(Debug, Clone)]
struct Place {
    which: usize,
    log: LogId,
    shard: ShardId,
    /// The next record, counted from the first that the shard ever had.
    from: usize,
}

struct Model {
    home: Home,
    logs: u64,
    numbers: u64,
    streams: BTreeMap<usize, Kept>,
    iterators: Vec<(Place, ShardIterator, Timestamp)>,
    readers: Vec<(Place, Reader)>,
    last: Position,
}

impl Model {
    fn now(&self) -> Timestamp {
        self.home.now()
    }

    fn stream(&self, which: usize) -> Stream {
        self.home.streams().get(NAMES[which]).unwrap()
    }

    fn record(&mut self, put: &Put) -> NewRecord {
        self.numbers += 1;
        let mut data = format!("{}:", self.numbers).into_bytes();
        data.resize(data.len().max(put.bytes), b'x');
        if put.bytes == 0 {
            data.clear();
        }
        // Borders of shards among them.
        let edges = [0, 1, 1 << 127, (1 << 127) - 1, u128::MAX / 3, u128::MAX];
        let explicit_hash_key = put.explicit.map(|index| *index.get(&edges));
        NewRecord { explicit_hash_key, ..(format!("key {}", put.key), data).into() }
    }

    fn note(&mut self, which: usize, records: Vec<NewRecord>, placed: &[Placed]) {
        let now = self.now();
        let kept = self.streams.get_mut(&which).unwrap();
        assert_eq!(records.len(), placed.len());
        let mut highest = self.last;
        for (record, placed) in records.into_iter().zip(placed) {
            let hash = record.explicit_hash_key.unwrap_or_else(|| hash_key(&record.partition_key));
            let shard = kept.open_of(hash);
            assert_eq!(placed.shard(), shard.id);
            let number = placed.sequence_number().unwrap();
            assert!(shard.records.last().is_none_or(|last| last.number < number), "numbers rise");
            assert!(number.position() > self.last, "a later commit has a later position");
            highest = highest.max(number.position());
            shard.records.push(Known { number, key: record.partition_key, data: record.data, at: now });
        }
        self.last = highest;
    }

    fn append(&mut self, which: usize, puts: &[Put], how: How, is_batch: bool) {
        let records: Vec<NewRecord> = puts.iter().map(|put| self.record(put)).collect();
        let engine = self.home.streams().engine().clone();
        if !self.streams.contains_key(&which) {
            let Err(missing) = self.home.streams().get(NAMES[which]) else { panic!("it is not there") };
            assert_eq!(missing.code(), "ResourceNotFoundException");
            return;
        }
        let stream = self.stream(which);
        let one = || records.first().cloned().unwrap();
        let placed: Vec<Placed> = match (how, is_batch) {
            (How::Alone, false) => vec![stream.append(one()).unwrap()],
            (How::Async, false) => vec![stream.append_async(one()).unwrap().wait().unwrap()],
            (How::Alone, true) => {
                stream.append_batch(records.clone()).unwrap().into_iter().map(Result::unwrap).collect()
            }
            (How::Async, true) => {
                let ticket = stream.append_batch_async(records.clone()).unwrap();
                ticket.wait().unwrap().into_iter().map(Result::unwrap).collect()
            }
            (How::InTransaction, _) => engine.transact(|tx| stream.append_batch_in(tx, records.clone())).unwrap(),
            (How::Aborted, _) => {
                let aborted = engine.transact(|tx| {
                    stream.append_batch_in(tx, records.clone())?;
                    Err::<(), _>(Error::Validation("on purpose".to_owned()))
                });
                return assert!(matches!(aborted, Err(Error::Validation(_))));
            }
            (How::TakenBack, _) => {
                let kept = records.len() / 2;
                let placed = engine.transact(|tx| {
                    let placed = stream.append_batch_in(tx, records[..kept].to_vec())?;
                    let failed = tx.savepoint(|tx| {
                        stream.append_batch_in(tx, records[kept..].to_vec())?;
                        Err::<(), _>(Error::Validation("on purpose".to_owned()))
                    });
                    assert!(failed.is_err());
                    Ok::<_, Error>(placed)
                });
                return self.note(which, records[..kept].to_vec(), &placed.unwrap());
            }
        };
        self.note(which, records, &placed);
    }

    fn both(&mut self, puts: &[Put], aborts: bool) {
        if self.streams.len() < 2 {
            return;
        }
        let [one, other] = [0, 1].map(|_| puts.iter().map(|put| self.record(put)).collect::<Vec<_>>());
        let (first, second) = (self.stream(0), self.stream(1));
        let placed = self.home.streams().engine().transact(|tx| {
            let placed = (first.append_batch_in(tx, one.clone())?, second.append_batch_in(tx, other.clone())?);
            if aborts { Err(Error::Validation("on purpose".to_owned())) } else { Ok(placed) }
        });
        assert_eq!(placed.is_err(), aborts);
        if let Ok((in_first, in_second)) = placed {
            let before = self.last;
            self.note(0, one, &in_first);
            self.last = before;
            self.note(1, other, &in_second);
        }
    }

    fn split(&mut self, which: usize, shard: Index, at: Index) {
        let now = self.now();
        let Some(kept) = self.streams.get_mut(&which) else { return };
        let open: Vec<Shard> = kept.open().into_iter().cloned().collect();
        let shard = shard.get(&open);
        let edges = [0, 1, 2, 1 << 127, (1 << 127) + 1, 1 << 120, shard.first + (shard.last - shard.first) / 2 + 1];
        let at = *at.get(&edges);
        let is_within = at > shard.first.saturating_add(1) && at < shard.last;
        let split = self.home.streams().get(NAMES[which]).unwrap().split_shard(shard.id, at);
        assert_eq!(split.is_ok(), is_within, "{split:?}");
        if is_within {
            kept.add(vec![shard.id], (shard.first, at - 1), now);
            kept.add(vec![shard.id], (at, shard.last), now);
        }
    }

    fn merge(&mut self, which: usize, shard: Index) {
        let now = self.now();
        let Some(kept) = self.streams.get_mut(&which) else { return };
        let open: Vec<Shard> = kept.open().into_iter().cloned().collect();
        let nth = shard.index(open.len());
        let stream = self.home.streams().get(NAMES[which]).unwrap();
        match open.get(nth + 1) {
            Some(next) => {
                stream.merge_shards(open[nth].id, next.id).unwrap();
                kept.add(vec![open[nth].id, next.id], (open[nth].first, next.last), now);
            }
            None => assert!(stream.merge_shards(open[nth].id, open[0].id).is_err()),
        }
    }

    /// Which shards come from it is the service's to say; here it is asked that they are well formed, by `check`.
    fn count(&mut self, which: usize, target: u32) {
        let Some(kept) = self.streams.get_mut(&which) else { return };
        let stream = self.home.streams().get(NAMES[which]).unwrap();
        let open = kept.open().len() as u32;
        let counted = stream.update_shard_count(target);
        assert_eq!(counted.is_ok(), target <= open * 2 && target * 2 >= open);
        if counted.is_err() {
            return;
        }
        assert_eq!(counted.unwrap(), open);
        for shard in stream.shards(Some(&ShardFilter::AfterShardId(ShardId::new(kept.next_shard - 1)))).unwrap() {
            let parents: Vec<_> = shard.parent.into_iter().chain(shard.adjacent_parent).collect();
            for parent in &parents {
                let parent = kept.shard(*parent).expect("a parent is older");
                assert!(parent.closed.is_none_or(|closed| closed == shard.created), "it was open until now");
            }
            assert_eq!(shard.id.get(), kept.next_shard);
            kept.add(parents, (*shard.hash_keys.start(), *shard.hash_keys.end()), shard.created);
        }
        assert_eq!(kept.open().len() as u32, target);
    }

    /// A place in a shard: where it is asked for, and what the model says.
    fn place(&self, which: usize, shard: Index, start: Start) -> Option<(Place, StartingPosition)> {
        let (kept, now) = (self.streams.get(&which)?, self.now());
        let shown = kept.shown(now);
        let shard = shard.get(&shown);
        let any = |index: Index| (!shard.records.is_empty()).then(|| index.index(shard.records.len()));
        let (from, start) = match start {
            Start::TrimHorizon => (0, StartingPosition::TrimHorizon),
            Start::Latest => (shard.records.len(), StartingPosition::Latest),
            Start::At(index) => {
                let nth = any(index)?;
                (nth, StartingPosition::AtSequenceNumber(shard.records[nth].number))
            }
            Start::After(index) => {
                let nth = any(index)?;
                (nth + 1, StartingPosition::AfterSequenceNumber(shard.records[nth].number))
            }
            Start::Time(index) => {
                let around = any(index).map_or(shard.created, |nth| shard.records[nth].at);
                let time = Timestamp::from_millis((around.as_millis() + index.index(3) as u64).saturating_sub(1));
                let time = time.min(now);
                (shard.records.partition_point(|record| record.at < time), StartingPosition::AtTimestamp(time))
            }
        };
        Some((Place { which, log: kept.log, shard: shard.id, from }, start))
    }

    /// Whether a place is in a stream that is still there, or in one that another one has taken the name of.
    fn is_there(&self, place: &Place) -> Option<bool> {
        match self.streams.get(&place.which) {
            None => Some(false),
            Some(kept) if kept.log != place.log => None,
            Some(kept) => Some(kept.shard(place.shard).is_some()),
        }
    }

    /// What a read from a place gives: its records, those that stay, and whether it is the end.
    fn expected(&self, place: &Place, limit: usize) -> (Vec<Known>, Option<Known>, bool) {
        let kept = &self.streams[&place.which];
        let shard = kept.shard(place.shard).unwrap();
        let all = kept.from(shard, place.from, self.now());
        let taken = all.iter().scan(0, |bytes, record| {
            let is_wanted = *bytes < 10 << 20;
            *bytes += 3 + record.key.len() + record.data.len();
            is_wanted.then_some(())
        });
        let taken = taken.count().min(limit);
        let more = all.get(taken).cloned();
        let is_end = shard.closed.is_some() && more.is_none();
        (all[..taken].to_vec(), more, is_end)
    }

    fn get(&mut self, at: Index, limit: usize) {
        if self.iterators.is_empty() {
            return;
        }
        let nth = at.index(self.iterators.len());
        let (place, iterator, issued) = self.iterators[nth].clone();
        let got = self.home.streams().get_records(&iterator, limit);
        let now = self.now();
        if now.saturating_since(issued) > ITERATOR_LIFE {
            assert!(matches!(got, Err(Error::ExpiredIterator { .. })));
            self.iterators.remove(nth);
            return;
        }
        match self.is_there(&place) {
            Some(true) => {
                let next = self.compare(&place, limit, &got.unwrap());
                // The one that was used is kept: it can be used again.
                self.iterators.extend(next.map(|(place, next)| (place, next, now)));
            }
            Some(false) => assert!(matches!(got, Err(Error::ShardDoesNotExist { .. })), "{got:?}"),
            None => drop(self.iterators.remove(nth)),
        }
    }

    fn compare(&self, place: &Place, limit: usize, got: &GotRecords) -> Option<(Place, ShardIterator)> {
        let (records, more, is_end) = self.expected(place, limit);
        assert_same(&got.records, &records);
        assert_eq!(got.millis_behind_latest, self.behind(more.as_ref()));
        assert_eq!(got.next.is_none(), is_end);
        let children: Vec<_> = got.child_shards.iter().map(|child| child.id).collect();
        assert_eq!(children, if is_end { self.children(place) } else { Vec::new() });
        Some((self.after(place, &records), got.next.clone()?))
    }

    fn behind(&self, more: Option<&Known>) -> u64 {
        more.map_or(0, |more| u64::try_from(self.now().saturating_since(more.at).as_millis()).unwrap())
    }

    fn children(&self, place: &Place) -> Vec<ShardId> {
        let shards = self.streams[&place.which].shards.iter();
        shards.filter(|child| child.parents.contains(&place.shard)).map(|child| child.id).collect()
    }

    fn after(&self, place: &Place, records: &[Known]) -> Place {
        let shard = self.streams[&place.which].shard(place.shard).unwrap();
        let from = match records.last() {
            Some(last) => shard.records.iter().position(|record| record.number == last.number).unwrap() + 1,
            None => place.from,
        };
        Place { from, ..place.clone() }
    }

    fn read(&mut self, at: Index, limit: usize) {
        if self.readers.is_empty() {
            return;
        }
        let nth = at.index(self.readers.len());
        let (place, mut reader) = self.readers.remove(nth);
        let got = reader.try_read(limit);
        match self.is_there(&place) {
            Some(true) => {
                let got = got.unwrap();
                let (records, more, is_end) = self.expected(&place, limit);
                assert_same(&got.records, &records);
                assert_eq!((got.millis_behind_latest, got.is_end), (self.behind(more.as_ref()), is_end));
                let children: Vec<_> = got.child_shards.iter().map(|child| child.id).collect();
                assert_eq!(children, if is_end { self.children(&place) } else { Vec::new() });
                self.readers.push((self.after(&place, &records), reader));
            }
            Some(false) | None => assert_eq!(got.unwrap_err().code(), "ResourceNotFoundException"),
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Create(which, shards) => {
                let created = self.home.streams().create(NAMES[*which], &CreateOptions::shards(*shards));
                assert_eq!(created.is_ok(), !self.streams.contains_key(which));
                if created.is_ok() {
                    self.logs += 1;
                    let (now, floor) = (self.now(), Timestamp::default());
                    let log = LogId::new(self.logs);
                    let mut kept = Kept { log, shards: Vec::new(), next_shard: 0, hours: 24, floor };
                    let share = u128::MAX / u128::from(*shards) + u128::from(*shards == 2);
                    for nth in 0..u128::from(*shards) {
                        let is_last = nth + 1 == u128::from(*shards);
                        let last = if is_last { u128::MAX } else { share * (nth + 1) - 1 };
                        kept.add(Vec::new(), (share * nth, last), now);
                    }
                    self.streams.insert(*which, kept);
                }
            }
            Op::Delete(which) => {
                let deleted = self.home.streams().delete(NAMES[*which], false);
                assert_eq!(deleted.is_ok(), self.streams.remove(which).is_some());
            }
            Op::Append(which, put, how) => self.append(*which, std::slice::from_ref(put), *how, false),
            Op::Batch(which, puts, how) => self.append(*which, puts, *how, true),
            Op::Both(puts, aborts) => self.both(puts, *aborts),
            Op::Split(which, shard, at) => self.split(*which, *shard, *at),
            Op::Merge(which, shard) => self.merge(*which, *shard),
            Op::Count(which, target) => self.count(*which, *target),
            Op::Iterator(which, shard, start) => {
                let Some((place, start)) = self.place(*which, *shard, *start) else { return };
                let iterator = self.stream(*which).iterator(place.shard, &start).unwrap();
                let again = ShardIterator::from_bytes(&iterator.to_bytes()).unwrap();
                assert_eq!(again, iterator);
                self.iterators.push((place, again, self.now()));
            }
            Op::Reader(which, shard, start) => {
                let Some((place, start)) = self.place(*which, *shard, *start) else { return };
                let reader = self.stream(*which).reader(place.shard, &start).unwrap();
                self.readers.push((place, reader));
            }
            Op::Get(at, limit) => self.get(*at, *limit),
            Op::Read(at, limit) => self.read(*at, *limit),
            Op::Retain(which, hours) => self.retain(*which, *hours),
            Op::Pass(by) => self.home.streams().engine().clock().advance(*by).unwrap(),
            Op::Maintain => self.maintain(),
            Op::Reopen => {
                self.readers.clear();
                self.home.reopen();
            }
        }
    }

    fn retain(&mut self, which: usize, hours: u32) {
        let now = self.now();
        let Some(kept) = self.streams.get_mut(&which) else { return };
        let stream = self.home.streams().get(NAMES[which]).unwrap();
        let is_longer = hours >= kept.hours;
        let changed = if is_longer { stream.increase_retention(hours) } else { stream.decrease_retention(hours) };
        changed.unwrap();
        kept.floor = kept.horizon(now);
        kept.hours = hours;
    }

    fn maintain(&mut self) {
        let now = self.now();
        self.home.streams().maintain().unwrap();
        for kept in self.streams.values_mut() {
            kept.shards = kept.shown(now).into_iter().cloned().collect();
        }
    }

    /// All that can be seen of a stream is as the model has it.
    fn check(&self, which: usize) {
        let Some(kept) = self.streams.get(&which) else { return };
        let now = self.now();
        let fresh = Streams::open(self.home.streams().engine()).unwrap();
        let stream = self.stream(which);
        let shards = fresh.get(NAMES[which]).unwrap().shards(None).unwrap();
        let shown = kept.shown(now);
        assert_eq!(shards.len(), shown.len());
        for (shard, known) in shards.iter().zip(&shown) {
            let parents: Vec<_> = shard.parent.into_iter().chain(shard.adjacent_parent).collect();
            assert_eq!((shard.id, &parents), (known.id, &known.parents));
            assert_eq!((&shard.created, &shard.closed), (&known.created, &known.closed));
            assert_eq!((*shard.hash_keys.start(), *shard.hash_keys.end()), (known.first, known.last));
            let ending = shard.ending.map(|ending| ending.to_string().parse().unwrap());
            assert_eq!(ending.is_some(), known.closed.is_some());
            for record in &known.records {
                assert!(shard.starting <= record.number && ending.is_none_or(|ending| record.number <= ending));
            }
            for parent in shards.iter().filter(|parent| parents.contains(&parent.id)) {
                assert!(parent.ending.unwrap() < shard.starting, "numbers rise from parents to children");
            }
            self.check_shard(kept, known, &[&stream, &fresh.get(NAMES[which]).unwrap()]);
        }
        let mut open = stream.shards(Some(&ShardFilter::AtLatest)).unwrap();
        open.sort_by_key(|shard| *shard.hash_keys.start());
        assert_eq!(*open[0].hash_keys.start(), 0);
        assert_eq!(*open[open.len() - 1].hash_keys.end(), u128::MAX);
        assert!(open.windows(2).all(|pair| *pair[0].hash_keys.end() + 1 == *pair[1].hash_keys.start()));
        assert_eq!(stream.describe().unwrap().open_shards as usize, kept.open().len());
    }

    /// The shard as it is read from memory, if it is there, from the store, and in pages.
    fn check_shard(&self, kept: &Kept, known: &Shard, handles: &[&Stream]) {
        let expected = kept.from(known, 0, self.now());
        for stream in handles {
            let mut reader = stream.reader(known.id, &StartingPosition::TrimHorizon).unwrap();
            let read = reader.try_read(10_000).unwrap();
            assert_same(&read.records, &expected);
            assert_eq!(read.is_end, known.closed.is_some());
            // Once more from the last one on: that may be in memory where the first is not.
            if let Some(last) = expected.last() {
                reader.seek(&StartingPosition::AtSequenceNumber(last.number)).unwrap();
                assert_same(&reader.try_read(10).unwrap().records, std::slice::from_ref(last));
            }
        }
        let mut snapshot = self.home.streams().engine().snapshot().unwrap();
        let (logs, mut from, mut seen) = (self.home.streams().logs(), Position::default(), 0);
        loop {
            let most = Most { records: 7, ..Most::default() };
            let page = logs.read(&mut snapshot, kept.log, known.id, from, most).unwrap();
            for record in &page.records {
                let (known, head) = (&expected[seen], 3 + expected[seen].key.len());
                assert_eq!((record.position, &record.data[head..]), (known.number.position(), &known.data[..]));
                seen += 1;
            }
            from = page.next;
            if page.more.is_none() {
                assert_eq!((seen, page.is_end), (expected.len(), known.closed.is_some()));
                return;
            }
        }
    }
}

fn assert_same(found: &[Record], expected: &[Known]) {
    let shown = |number: SequenceNumber| number.position().get();
    assert_eq!(
        found.iter().map(|record| shown(record.sequence_number)).collect::<Vec<_>>(),
        expected.iter().map(|known| shown(known.number)).collect::<Vec<_>>(),
    );
    for (record, known) in found.iter().zip(expected) {
        assert_eq!(record.sequence_number, known.number);
        assert_eq!((record.partition_key(), record.arrived), (known.key.as_str(), known.at));
        assert!(record.data == known.data, "the data of {:?}", known.number);
    }
}

fn check(is_on_disk: bool, tail_bytes: usize, ops: &[Op]) {
    let home = Home::new(is_on_disk, Options::default().tail_bytes(tail_bytes, tail_bytes * 3));
    let mut model = Model {
        home,
        logs: 0,
        numbers: 0,
        streams: BTreeMap::new(),
        iterators: Vec::new(),
        readers: Vec::new(),
        last: Position::default(),
    };
    model.apply(&Op::Create(0, 2));
    for op in ops {
        model.apply(op);
        model.check(0);
        model.check(1);
    }
}

fn tails() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0_usize), 100..2000_usize, Just(300_000_usize), Just(16 << 20)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn streams_do_as_their_model(ops in vec(ops(), 1..60), tail_bytes in tails()) {
        check(false, tail_bytes, &ops);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn streams_on_a_disk_do_as_their_model(ops in vec(ops(), 1..40), tail_bytes in tails()) {
        check(true, tail_bytes, &ops);
    }
}
