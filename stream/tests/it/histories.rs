//! Many producers and readers at a time while shards are split and merged, tails are dropped and a clock is moved: what each reader saw
//! is kept, and the whole is checked afterwards.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    thread::{self, Scope},
    time::Duration,
};

use bytes::Bytes;
use futures_core::Stream as _;
use millpond_engine::{Clock, Engine};
use millpond_stream::{
    ChildShard, CreateOptions, Error, NewRecord, Options, Record, SequenceNumber, ShardFilter, ShardId,
    StartingPosition, Stream, Streams,
};

use crate::support::*;

const PRODUCERS: usize = 16;
const KEYS: usize = 2;
/// Longer than any wake takes, and shorter than a test may.
const PATIENCE: Duration = Duration::from_secs(30);
/// Records of this key are of transactions that fail.
const LOST: &str = "lost";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blocking,
    Future,
    Stream,
    Iterators,
    Subscription,
    SubscriptionFuture,
}

const KINDS: [Kind; 6] =
    [Kind::Blocking, Kind::Future, Kind::Stream, Kind::Iterators, Kind::Subscription, Kind::SubscriptionFuture];

impl Kind {
    fn consumer(self) -> &'static str {
        if self == Kind::Subscription { "blocking" } else { "future" }
    }
}

struct History {
    stream: Stream,
    chance: Chance,
    records: usize,
    producing: AtomicUsize,
    /// Shards above it are not followed.
    last_shard: AtomicU32,
    moves_clock: bool,
}

/// What one kind of reader has seen.
struct Seen {
    kind: Kind,
    /// By partition key.
    records: Mutex<BTreeMap<String, Vec<usize>>>,
    /// Shards that were read to their end, and those that are being read.
    ended: Mutex<(HashSet<ShardId>, HashSet<ShardId>)>,
}

impl History {
    fn new(engine: &Engine, tail_bytes: usize, records: usize, seed: u64) -> History {
        let options = Options::default().tail_bytes(tail_bytes, tail_bytes * 4);
        let stream = Streams::open_with(engine, options).unwrap().create("clicks", &CreateOptions::shards(3)).unwrap();
        // However long the clock is moved, none is too old.
        stream.increase_retention(8760).unwrap();
        for kind in [Kind::Subscription, Kind::SubscriptionFuture] {
            stream.register_consumer(kind.consumer(), &Default::default()).unwrap();
        }
        History {
            stream,
            chance: Chance::new(seed),
            records,
            producing: AtomicUsize::new(PRODUCERS),
            last_shard: AtomicU32::new(u32::MAX),
            moves_clock: engine.clock().is_manual(),
        }
    }

    fn engine(&self) -> Engine {
        self.stream.streams().engine().clone()
    }

    fn produce(&self, producer: usize) {
        let engine = self.engine();
        let mut next = [0; KEYS];
        let mut tickets = Vec::new();
        while next.iter().any(|next| *next < self.records) {
            let mut take = |most: u64| -> Vec<NewRecord> {
                let count = 1 + self.chance.below(most);
                let records = (0..count).filter_map(|_| {
                    let key = self.chance.below(KEYS as u64) as usize;
                    let nth = next[key];
                    next[key] += 1;
                    (nth < self.records).then(|| (format!("{producer} {key}"), nth.to_string()).into())
                });
                records.collect()
            };
            match self.chance.below(6) {
                0 => {
                    if let Some(one) = take(1).pop() {
                        self.stream.append(one).unwrap();
                    }
                }
                1 | 2 => {
                    if let Some(one) = take(1).pop() {
                        tickets.push(self.stream.append_async(one).unwrap());
                    }
                }
                3 => self.stream.append_batch(take(12)).unwrap().into_iter().for_each(|placed| drop(placed.unwrap())),
                4 => drop(self.stream.append_batch_async(take(6)).unwrap().wait().unwrap()),
                _ => {
                    let records = take(4);
                    let placed = engine.transact(|tx| {
                        let placed = self.stream.append_batch_in(tx, records.clone())?;
                        let failed = tx.savepoint(|tx| {
                            self.stream.append_in(tx, (LOST, "x"))?;
                            Err::<(), _>(Error::Validation("on purpose".to_owned()))
                        });
                        assert!(failed.is_err());
                        Ok::<_, Error>(placed)
                    });
                    assert!(placed.unwrap().iter().all(|placed| placed.sequence_number().is_some()));
                    let failed = engine.transact(|tx| {
                        self.stream.append_in(tx, (LOST, "x"))?;
                        Err::<(), _>(Error::Validation("on purpose".to_owned()))
                    });
                    assert!(failed.is_err());
                }
            }
            if tickets.len() > 8 {
                tickets.drain(..).for_each(|ticket| drop(ticket.wait().unwrap()));
            }
        }
        tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
        self.producing.fetch_sub(1, Ordering::SeqCst);
    }

    fn open(&self) -> Vec<millpond_stream::Shard> {
        let mut open = self.stream.shards(Some(&ShardFilter::AtLatest)).unwrap();
        open.sort_by_key(|shard| *shard.hash_keys.start());
        open
    }

    /// Splits, merges, maintains and moves the clock until all is produced; in the end it closes each shard.
    fn reshard(&self) {
        while self.producing.load(Ordering::SeqCst) > 0 {
            let open = self.open();
            let nth = self.chance.below(open.len() as u64) as usize;
            match self.chance.below(8) {
                0 | 1 if open.len() < 6 => self.split(&open[nth]),
                0..3 => {
                    if let Some(next) = open.get(nth + 1) {
                        self.stream.merge_shards(open[nth].id, next.id).unwrap();
                    }
                }
                3 => drop(self.stream.streams().maintain().unwrap()),
                4 if self.moves_clock => self.engine().clock().advance(Duration::from_secs(61)).unwrap(),
                _ if self.moves_clock => self.engine().clock().advance(Duration::from_millis(1)).unwrap(),
                _ => thread::sleep(Duration::from_millis(2)),
            }
            thread::sleep(Duration::from_millis(1));
        }
        let open = self.open();
        let last = open.iter().map(|shard| shard.id.get()).max().unwrap();
        self.last_shard.store(last, Ordering::SeqCst);
        open.iter().for_each(|shard| self.split(shard));
    }

    fn split(&self, shard: &millpond_stream::Shard) {
        let (first, last) = (*shard.hash_keys.start(), *shard.hash_keys.end());
        self.stream.split_shard(shard.id, first + (last - first) / 2 + 1).unwrap();
    }

    /// Reads a shard to its end, then those that go on where it ended.
    fn follow<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, seen: &'scope Seen, shard: ShardId) {
        if shard.get() > self.last_shard.load(Ordering::SeqCst) || !seen.ended.lock().unwrap().1.insert(shard) {
            return;
        }
        scope.spawn(move || {
            let children = match seen.kind {
                Kind::Blocking | Kind::Future => self.by_reader(seen, shard),
                Kind::Stream => self.by_stream(seen, shard),
                Kind::Iterators => self.by_iterators(seen, shard),
                Kind::Subscription | Kind::SubscriptionFuture => self.by_subscription(seen, shard),
            };
            assert!(!children.is_empty(), "a shard that is closed has children");
            let next: Vec<ShardId> = {
                let mut ended = seen.ended.lock().unwrap();
                ended.0.insert(shard);
                let is_due = |child: &&ChildShard| child.parents.iter().all(|parent| ended.0.contains(parent));
                children.iter().filter(is_due).map(|child| child.id).collect()
            };
            next.into_iter().for_each(|child| self.follow(scope, seen, child));
        });
    }

    /// Readers are slower than the writers now and then, so that they fall out of the tail.
    fn dawdle(&self) {
        if self.chance.below(4) == 0 {
            thread::sleep(Duration::from_millis(self.chance.below(6)));
        }
    }

    fn limit(&self) -> usize {
        1 + self.chance.below(20) as usize
    }

    fn by_reader(&self, seen: &Seen, shard: ShardId) -> Vec<ChildShard> {
        let mut reader = self.stream.reader(shard, &StartingPosition::TrimHorizon).unwrap();
        loop {
            let read = match seen.kind {
                Kind::Blocking => reader.read(self.limit(), PATIENCE).unwrap(),
                _ => block_on(reader.read_async(self.limit(), PATIENCE)).unwrap(),
            };
            self.check_progress(&read.records, read.is_end);
            seen.note(&read.records);
            if read.is_end {
                return read.child_shards;
            }
            self.dawdle();
        }
    }

    /// On the clock of the system nobody waits for so long: who is not woken has missed a record or the end.
    fn check_progress(&self, records: &[Record], is_end: bool) {
        assert!(self.moves_clock || !records.is_empty() || is_end, "nobody woke it");
    }

    fn by_stream(&self, seen: &Seen, shard: ShardId) -> Vec<ChildShard> {
        let mut records = self.stream.reader(shard, &StartingPosition::TrimHorizon).unwrap().into_stream();
        while let Some(record) = block_on(std::future::poll_fn(|context| Pin::new(&mut records).poll_next(context))) {
            seen.note(&[record.unwrap()]);
        }
        // It says nothing of the children.
        let mut reader = self.stream.reader(shard, &StartingPosition::Latest).unwrap();
        let read = reader.try_read(1).unwrap();
        assert!(read.is_end && read.records.is_empty());
        read.child_shards
    }

    fn by_iterators(&self, seen: &Seen, shard: ShardId) -> Vec<ChildShard> {
        let mut last = None;
        let start = |last: Option<SequenceNumber>| {
            last.map_or(StartingPosition::TrimHorizon, StartingPosition::AfterSequenceNumber)
        };
        let mut iterator = self.stream.iterator(shard, &start(last)).unwrap();
        loop {
            let got = match self.stream.streams().get_records(&iterator, self.limit()) {
                Err(Error::ExpiredIterator { .. }) => {
                    iterator = self.stream.iterator(shard, &start(last)).unwrap();
                    continue;
                }
                got => got.unwrap(),
            };
            seen.note(&got.records);
            last = got.records.last().map(|record| record.sequence_number).or(last);
            match got.next {
                None => return got.child_shards,
                // The place of a record is as good as the iterator.
                Some(_) if self.chance.below(8) == 0 => iterator = self.stream.iterator(shard, &start(last)).unwrap(),
                Some(next) => iterator = next,
            }
            if got.records.is_empty() {
                thread::sleep(Duration::from_millis(1));
            }
            self.dawdle();
        }
    }

    fn by_subscription(&self, seen: &Seen, shard: ShardId) -> Vec<ChildShard> {
        let mut start = StartingPosition::TrimHorizon;
        loop {
            let mut subscription = match self.stream.subscribe(seen.kind.consumer(), shard, &start) {
                Err(Error::ActiveSubscription { .. }) => {
                    thread::sleep(Duration::from_millis(1));
                    continue;
                }
                subscription => subscription.unwrap(),
            };
            loop {
                let event = match seen.kind {
                    Kind::Subscription => subscription.next_blocking(),
                    _ => block_on(subscription.next()),
                };
                let Some(event) = event else { break };
                let event = event.unwrap();
                seen.note(&event.records);
                match event.continuation {
                    Some(number) => start = StartingPosition::AfterSequenceNumber(number),
                    None => return event.child_shards,
                }
                self.dawdle();
            }
        }
    }

    fn run(&self) {
        let seen = KINDS.map(|kind| Seen { kind, records: Mutex::default(), ended: Mutex::default() });
        thread::scope(|scope| {
            for shard in self.open() {
                seen.iter().for_each(|seen| self.follow(scope, seen, shard.id));
            }
            for producer in 0..PRODUCERS {
                scope.spawn(move || self.produce(producer));
            }
            self.reshard();
            // Subscriptions end, and those who wait look at the clock.
            while self.moves_clock && seen.iter().any(|seen| !self.is_over(seen)) {
                self.engine().clock().advance(Duration::from_secs(5)).unwrap();
                thread::sleep(Duration::from_millis(2));
            }
        });
        for seen in seen {
            seen.check(self.records);
        }
    }

    fn is_over(&self, seen: &Seen) -> bool {
        let ended = seen.ended.lock().unwrap();
        (0..=self.last_shard.load(Ordering::SeqCst)).all(|shard| ended.0.contains(&ShardId::new(shard)))
    }
}

impl Seen {
    fn note(&self, found: &[Record]) {
        let mut records = self.records.lock().unwrap();
        for record in found {
            let nth =
                std::str::from_utf8(&record.data).unwrap().parse().expect("no record of a transaction that failed");
            records.entry(record.partition_key().to_owned()).or_default().push(nth);
        }
    }

    fn check(self, records: usize) {
        let seen = self.records.into_inner().unwrap();
        assert_eq!(seen.len(), PRODUCERS * KEYS, "{:?}: all keys are there", self.kind);
        for (key, seen) in seen {
            assert_eq!(seen, (0..records).collect::<Vec<_>>(), "{:?}: {key}: each record once, in order", self.kind);
        }
    }
}

fn manual() -> Engine {
    Engine::options().clock(Clock::manual(START)).open().unwrap()
}

#[test]
fn nothing_is_lost_or_read_twice_on_a_clock_moved_by_hand() {
    for (seed, tail_bytes) in [(1, 300), (2, 2_000), (3, 16 << 20)] {
        History::new(&manual(), tail_bytes, 40, seed).run();
    }
}

#[test]
fn nothing_is_lost_or_read_twice_on_the_clock_of_the_system() {
    for (seed, tail_bytes) in [(4, 300), (5, 16 << 20)] {
        History::new(&Engine::in_memory(), tail_bytes, 40, seed).run();
    }
}

#[test]
fn nothing_is_lost_or_read_twice_on_a_disk() {
    let dir = tempfile::tempdir().unwrap();
    History::new(&Engine::open(dir.path()).unwrap(), 1_000, 25, 6).run();
}

/// Where records grow too old while they are read, each reader sees them in order and once, and those that are kept all.
#[test]
fn readers_pass_over_what_is_trimmed_and_see_all_that_is_kept() {
    let engine = manual();
    let options = Options::default().tail_bytes(5_000, 20_000);
    let stream = Streams::open_with(&engine, options).unwrap().create("clicks", &CreateOptions::shards(1)).unwrap();
    let (chance, records, readers) = (Chance::new(7), 600_usize, 4);
    let shard = ShardId::new(0);
    thread::scope(|scope| {
        for nth in 0..readers {
            let (stream, chance) = (&stream, &chance);
            scope.spawn(move || {
                let (mut seen, mut last) = (Vec::new(), None);
                let mut reader = stream.reader(shard, &StartingPosition::TrimHorizon).unwrap();
                loop {
                    let read = reader.read(1 + chance.below(9) as usize, HOUR).unwrap();
                    for record in &read.records {
                        assert!(last < Some(record.sequence_number), "the order is kept, and none comes twice");
                        last = Some(record.sequence_number);
                        seen.push(std::str::from_utf8(&record.data).unwrap().parse::<usize>().unwrap());
                    }
                    if read.is_end {
                        break;
                    }
                    if chance.below(4) < nth {
                        thread::sleep(Duration::from_millis(chance.below(4)));
                    }
                }
                // Of the last hours nothing can be gone.
                let expected = records - 20..records;
                assert_eq!(seen[seen.len() - 20..], expected.collect::<Vec<_>>());
            });
        }
        for nth in 0..records {
            stream.append(("key", nth.to_string())).unwrap();
            if nth < records - 20 && nth % 10 == 0 {
                engine.clock().advance(5 * HOUR).unwrap();
                stream.streams().maintain().unwrap();
                thread::sleep(Duration::from_millis(1));
            }
        }
        stream.split_shard(shard, 1 << 127).unwrap();
    });
}

#[test]
fn a_reader_of_each_shard_is_given_all_before_it_is_told_of_the_end() {
    for _ in 0..40 {
        let stream = crate::streams::stream(1);
        let written = AtomicUsize::new(0);
        thread::scope(|scope| {
            let reading = scope.spawn(|| {
                let mut reader = stream.reader(ShardId::new(0), &StartingPosition::TrimHorizon).unwrap();
                let mut seen = 0;
                loop {
                    let read = reader.read(100, HOUR).unwrap();
                    seen += read.records.len();
                    if read.is_end {
                        return seen;
                    }
                }
            });
            for _ in 0..4 {
                scope.spawn(|| {
                    // Until the shard is closed under them.
                    while stream.append(("key", "x")).unwrap().shard() == ShardId::new(0) {
                        written.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            while written.load(Ordering::SeqCst) < 20 {
                thread::yield_now();
            }
            stream.split_shard(ShardId::new(0), 1 << 127).unwrap();
            let seen = reading.join().unwrap();
            // Appends that were acknowledged just now may not have been counted yet.
            let stored =
                stream.reader(ShardId::new(0), &StartingPosition::TrimHorizon).unwrap().try_read(10_000).unwrap();
            assert_eq!(seen, stored.records.len());
        });
    }
}

#[test]
fn many_tails_are_dropped_while_they_are_made_and_told_of_rows() {
    let engine = manual();
    let streams = Streams::open_with(&engine, Options::default().tail_bytes(400, 800)).unwrap();
    let names: Vec<String> = (0..4).map(|nth| format!("stream-{nth}")).collect();
    let streams: HashMap<&String, Stream> =
        names.iter().map(|name| (name, streams.create(name, &CreateOptions::shards(1)).unwrap())).collect();
    streams.values().for_each(|stream| stream.increase_retention(8760).unwrap());
    let is_over = AtomicUsize::new(0);
    thread::scope(|scope| {
        for stream in streams.values() {
            let is_over = &is_over;
            scope.spawn(move || {
                let mut reader = stream.reader(ShardId::new(0), &StartingPosition::TrimHorizon).unwrap();
                for nth in 0..300_u32 {
                    stream.append(("key", Bytes::copy_from_slice(&nth.to_be_bytes()))).unwrap();
                    // What was acknowledged can be read at once.
                    let read = reader.try_read(10).unwrap();
                    assert_eq!(read.records.len(), 1, "{nth}");
                    assert_eq!(read.records[0].data[..], nth.to_be_bytes());
                    assert!(reader.try_read(1).unwrap().records.is_empty());
                }
                is_over.fetch_add(1, Ordering::SeqCst);
            });
        }
        while is_over.load(Ordering::SeqCst) < streams.len() {
            engine.clock().advance(Duration::from_secs(61)).unwrap();
            streams[&names[0]].streams().maintain().unwrap();
        }
    });
}
