//! Random histories of groups against a model: members that join, leave, are slow and crash, shards that are split and merged,
//! sixteen producers.

mod random;
mod threads;

use std::time::Duration;

use millpond_engine::{Clock, Durability, Engine, Timestamp};
use millpond_stream::{NewRecord, ShardFilter, Stream, Streams};

pub(crate) const PRODUCERS: u32 = 16;
pub(crate) const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// The `nth` record of a producer, whose number is its partition key.
pub(crate) fn record(producer: u32, nth: u32) -> NewRecord {
    (format!("producer {producer}"), format!("{producer} {nth}")).into()
}

/// The producer and number of a record.
pub(crate) fn parse(data: &[u8]) -> (u32, u32) {
    let (producer, nth) = std::str::from_utf8(data).unwrap().split_once(' ').unwrap();
    (producer.parse().unwrap(), nth.parse().unwrap())
}

/// Splits an open shard, or merges it with its neighbour; with the last one, or where a shard cannot be split, nothing.
pub(crate) fn reshard(stream: &Stream, pick: usize, splits: bool) {
    let mut open = stream.shards(Some(&ShardFilter::AtLatest)).unwrap();
    open.sort_by_key(|shard| *shard.hash_keys.start());
    let nth = pick % open.len();
    if splits && open.len() < 8 {
        let (first, last) = (*open[nth].hash_keys.start(), *open[nth].hash_keys.end());
        let _ = stream.split_shard(open[nth].id, first + (last - first) / 2 + 1);
    } else if let Some(next) = open.get(nth + 1) {
        let _ = stream.merge_shards(open[nth].id, next.id);
    }
}

/// An engine in memory or on a disk, with the stream in it.
pub(crate) struct Home {
    dir: Option<tempfile::TempDir>,
    stream: Option<Stream>,
}

impl Home {
    pub(crate) fn new(is_on_disk: bool) -> Home {
        let mut home = Home { dir: is_on_disk.then(|| tempfile::tempdir().unwrap()), stream: None };
        let streams = Streams::open(&home.open(START)).unwrap();
        home.stream = Some(streams.create("clicks", &millpond_stream::CreateOptions::shards(3)).unwrap());
        home
    }

    fn open(&self, now: Timestamp) -> Engine {
        let options = Engine::options().clock(Clock::manual(now));
        match &self.dir {
            // What is not synced survives the end of the process, which is what is tested here.
            Some(dir) => options.path(dir.path()).durability(Durability::Buffered).open().unwrap(),
            None => options.open().unwrap(),
        }
    }

    pub(crate) fn stream(&self) -> &Stream {
        self.stream.as_ref().unwrap()
    }

    pub(crate) fn engine(&self) -> Engine {
        self.stream().streams().engine().clone()
    }

    pub(crate) fn pass(&self, by: Duration) {
        self.engine().clock().advance(by).unwrap();
    }

    /// The same store, with nothing in memory but what is read from it.
    pub(crate) fn reopen(&mut self) {
        let mut engine = self.engine();
        if self.dir.is_some() {
            let now = engine.clock().now();
            self.stream = None;
            drop(engine);
            engine = self.open(now);
        }
        self.stream = Some(Streams::open(&engine).unwrap().get("clicks").unwrap());
    }
}
