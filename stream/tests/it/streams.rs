//! Putting, reading and resharding.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_stream::{
    CreateOptions, Error, NewRecord, Options, Record, ShardFilter, ShardId, StartingPosition, Stream, Streams,
};

const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn engine() -> Engine {
    Engine::options().clock(Clock::manual(Timestamp::from_secs(1_700_000_000))).open().unwrap()
}

pub(crate) fn stream(shards: u32) -> Stream {
    Streams::open(&engine()).unwrap().create("clicks", &CreateOptions::shards(shards)).unwrap()
}

fn at(hash_key: u128, data: &str) -> NewRecord {
    NewRecord { explicit_hash_key: Some(hash_key), ..("key", data.to_owned()).into() }
}

pub(crate) fn texts(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| std::str::from_utf8(&record.data).unwrap()).collect()
}

/// All records of a shard from its beginning on.
fn all(stream: &Stream, shard: u32) -> Vec<String> {
    let mut reader = stream.reader(ShardId::new(shard), &StartingPosition::TrimHorizon).unwrap();
    texts(&reader.try_read(10_000).unwrap().records).into_iter().map(str::to_owned).collect()
}

fn ids(stream: &Stream, filter: Option<&ShardFilter>) -> Vec<u32> {
    stream.shards(filter).unwrap().into_iter().map(|shard| shard.id.get()).collect()
}

#[test]
fn records_are_read_in_the_order_in_which_they_were_put() {
    let stream = stream(2);
    let first = stream.append(at(0, "a")).unwrap();
    let batch = stream.append_batch([at(0, "b"), at(u128::MAX, "x"), at(1, "c")]).unwrap();
    let batch: Vec<_> = batch.into_iter().map(|placed| placed.unwrap().sequence_number().unwrap()).collect();
    assert!(first.sequence_number().unwrap() < batch[0] && batch[0] < batch[2]);
    assert_eq!(batch[1].shard(), ShardId::new(1));
    assert_eq!(all(&stream, 0), ["a", "b", "c"]);
    assert_eq!(all(&stream, 1), ["x"]);
    let after = StartingPosition::AfterSequenceNumber(batch[0]);
    let read = stream.reader(ShardId::new(0), &after).unwrap().try_read(10).unwrap();
    assert_eq!(texts(&read.records), ["c"]);
    assert_eq!(read.records[0].sequence_number, batch[2]);
    assert_eq!(read.records[0].sequence_number.to_string().parse(), Ok(batch[2]));
}

#[test]
fn latest_is_where_the_shard_ended_when_it_was_asked_for() {
    let stream = stream(1);
    stream.append(("k", "before")).unwrap();
    let streams = stream.streams();
    let iterator = stream.iterator(ShardId::new(0), &StartingPosition::Latest).unwrap();
    stream.append(("k", "after")).unwrap();
    for _ in 0..2 {
        let got = streams.get_records(&iterator, 100).unwrap();
        assert_eq!(texts(&got.records), ["after"], "it can be used again");
        assert_eq!(got.millis_behind_latest, 0);
    }
    stream.streams().engine().clock().advance(Duration::from_secs(301)).unwrap();
    assert!(matches!(streams.get_records(&iterator, 100), Err(Error::ExpiredIterator { .. })));
}

#[test]
fn a_page_says_how_far_behind_it_is() {
    let stream = stream(1);
    let streams = stream.streams();
    for nth in 0..5 {
        stream.append(("k", nth.to_string())).unwrap();
        streams.engine().clock().advance(Duration::from_secs(1)).unwrap();
    }
    let iterator = stream.iterator(ShardId::new(0), &StartingPosition::TrimHorizon).unwrap();
    let page = streams.get_records(&iterator, 2).unwrap();
    assert_eq!((texts(&page.records), page.millis_behind_latest), (vec!["0", "1"], 3000));
    let page = streams.get_records(&page.next.unwrap(), 100).unwrap();
    assert_eq!((texts(&page.records), page.millis_behind_latest), (vec!["2", "3", "4"], 0));
    let at_time = StartingPosition::AtTimestamp(Timestamp::from_secs(1_700_000_003));
    let read = stream.reader(ShardId::new(0), &at_time).unwrap().try_read(10).unwrap();
    assert_eq!(texts(&read.records), ["3", "4"]);
}

#[test]
fn a_split_shard_is_read_to_its_end_and_goes_on_in_its_children() {
    let stream = stream(1);
    stream.append(at(0, "before")).unwrap();
    let mut reader = stream.reader(ShardId::new(0), &StartingPosition::TrimHorizon).unwrap();
    assert_eq!(texts(&reader.try_read(10).unwrap().records), ["before"]);
    stream.split_shard(ShardId::new(0), 1 << 127).unwrap();
    stream.append_batch([at(0, "low"), at(u128::MAX, "high")]).unwrap();
    let end = reader.read(10, HOUR).unwrap();
    assert!(end.is_end && end.records.is_empty());
    let children: Vec<_> = end.child_shards.iter().map(|child| (child.id.get(), child.parents.clone())).collect();
    assert_eq!(children, [(1, vec![ShardId::new(0)]), (2, vec![ShardId::new(0)])]);
    assert_eq!((all(&stream, 1), all(&stream, 2)), (vec!["low".to_owned()], vec!["high".to_owned()]));
    assert!(matches!(stream.split_shard(ShardId::new(0), 1 << 100), Err(Error::ShardOver { .. })));

    let shards = stream.shards(None).unwrap();
    assert!(shards[0].ending.unwrap() < shards[1].starting);
    stream.merge_shards(ShardId::new(1), ShardId::new(2)).unwrap();
    let merged = stream.shards(None).unwrap().pop().unwrap();
    assert_eq!((merged.parent, merged.adjacent_parent), (Some(ShardId::new(1)), Some(ShardId::new(2))));
    assert_eq!(merged.hash_keys, 0..=u128::MAX);
    assert!(stream.merge_shards(ShardId::new(3), ShardId::new(3)).is_err());
}

#[test]
fn shards_are_counted_up_and_down_as_the_service_does_it() {
    let stream = stream(4);
    assert_eq!(stream.update_shard_count(3).unwrap(), 4);
    assert_eq!(ids(&stream, None).len(), 11);
    assert_eq!(ids(&stream, Some(&ShardFilter::AtLatest)), [6, 9, 10]);
    let stream = self::stream(2);
    assert!(matches!(stream.update_shard_count(5), Err(Error::LimitExceeded(_))));
    stream.update_shard_count(4).unwrap();
    assert_eq!(ids(&stream, Some(&ShardFilter::AtLatest)), [2, 3, 4, 5]);
    stream.update_shard_count(2).unwrap();
    assert_eq!(ids(&stream, Some(&ShardFilter::AtLatest)), [6, 7]);
    let four = self::stream(4);
    four.update_shard_count(5).unwrap();
    assert_eq!(ids(&four, None).len(), 15);
}

#[test]
fn shards_are_filtered_by_when_they_were_open() {
    let stream = stream(1);
    let clock = stream.streams().engine().clock().clone();
    clock.advance(HOUR).unwrap();
    let split = clock.now();
    stream.split_shard(ShardId::new(0), 1 << 127).unwrap();
    clock.advance(HOUR).unwrap();
    stream.merge_shards(ShardId::new(1), ShardId::new(2)).unwrap();
    let at = |hours: u64| Timestamp::from_secs(1_700_000_000 + hours * 3600);
    for (filter, expected) in [
        (ShardFilter::AfterShardId(ShardId::new(1)), &[2, 3][..]),
        (ShardFilter::AtTrimHorizon, &[0]),
        (ShardFilter::FromTrimHorizon, &[0, 1, 2, 3]),
        (ShardFilter::AtLatest, &[3]),
        (ShardFilter::AtTimestamp(split), &[1, 2]),
        (ShardFilter::AtTimestamp(at(0)), &[0]),
        (ShardFilter::FromTimestamp(split.saturating_add(Duration::from_millis(1))), &[1, 2, 3]),
        (ShardFilter::FromTimestamp(at(9)), &[3]),
    ] {
        assert_eq!(ids(&stream, Some(&filter)), expected, "{filter:?}");
    }
    clock.advance(23 * HOUR).unwrap();
    assert_eq!(ids(&stream, None), [1, 2, 3], "of the first no record is kept any more");
}

#[test]
fn records_are_kept_for_as_long_as_the_stream_is_set_to_and_do_not_come_back() {
    let stream = stream(1);
    let streams = stream.streams();
    stream.append(("k", "old")).unwrap();
    streams.engine().clock().advance(25 * HOUR).unwrap();
    stream.append(("k", "new")).unwrap();
    stream.increase_retention(48).unwrap();
    assert_eq!(all(&stream, 0), ["new"], "what was gone stays so");
    streams.engine().clock().advance(30 * HOUR).unwrap();
    assert_eq!(all(&stream, 0), ["new"]);
    stream.decrease_retention(24).unwrap();
    assert_eq!(all(&stream, 0), [] as [&str; 0]);
    assert_eq!(streams.maintain().unwrap(), 2);
    assert!(stream.decrease_retention(30).is_err() && stream.increase_retention(23).is_err());
}

#[test]
fn a_stream_is_found_by_name_until_it_is_deleted() {
    let stream = stream(1);
    let streams = stream.streams();
    stream.append(("k", "x")).unwrap();
    assert!(matches!(streams.create("clicks", &CreateOptions::shards(1)), Err(Error::StreamExists { .. })));
    for name in ["b", "a"] {
        streams.create(name, &CreateOptions::default()).unwrap();
    }
    let page = streams.list(Some("a"), 1).unwrap();
    assert_eq!((page.streams[0].name.as_str(), page.streams[0].open_shards, page.has_more), ("b", 4, true));
    stream.register_consumer("fan", &[("team".to_owned(), "web".to_owned())].into()).unwrap();
    assert!(matches!(streams.delete("clicks", false), Err(Error::InUse { what: "consumers", .. })));
    let mut reader = stream.reader(ShardId::new(0), &StartingPosition::TrimHorizon).unwrap();
    streams.delete("clicks", true).unwrap();
    assert!(matches!(reader.try_read(1), Err(Error::StreamNotFound { .. })));
    assert!(matches!(stream.append(("k", "x")), Err(Error::StreamNotFound { .. })));
    assert!(matches!(streams.get("clicks"), Err(Error::StreamNotFound { .. })));
    let again = streams.create("clicks", &CreateOptions::shards(1)).unwrap();
    assert_eq!(all(&again, 0), [] as [&str; 0]);
    assert_eq!(again.consumers().unwrap(), []);
}

#[test]
fn appends_join_a_transaction_or_are_not_there() {
    let stream = stream(1);
    let engine = stream.streams().engine().clone();
    let failed = engine.transact(|tx| {
        stream.append_in(tx, ("k", "lost"))?;
        Err::<(), _>(Error::InvalidArgument("no".to_owned()))
    });
    assert!(failed.is_err());
    let placed = engine.transact(|tx| stream.append_batch_in(tx, [("k", "one"), ("k", "two")])).unwrap();
    assert_eq!(all(&stream, 0), ["one", "two"]);
    assert!(placed[0].sequence_number() < placed[1].sequence_number());
    assert_eq!(stream.append_async(("k", "three")).unwrap().wait().unwrap().shard(), ShardId::new(0));
}

#[test]
fn a_reader_that_waits_is_woken_by_a_record_or_by_the_clock() {
    let stream = stream(1);
    let clock = stream.streams().engine().clock().clone();
    // A record that the clock has left behind by its retention is not read.
    let has_read = AtomicBool::new(false);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut reader = stream.reader(ShardId::new(0), &StartingPosition::TrimHorizon).unwrap();
            let first = reader.read(10, HOUR).unwrap();
            has_read.store(true, Ordering::SeqCst);
            let second = reader.read(10, HOUR).unwrap();
            (first.records.len(), second.records.len())
        });
        stream.append(("k", "x")).unwrap();
        while !waiting.is_finished() {
            if has_read.load(Ordering::SeqCst) {
                clock.advance(Duration::from_secs(600)).unwrap();
            }
            thread::yield_now();
        }
        assert_eq!(waiting.join().unwrap(), (1, 0));
    });
}

#[test]
fn limits_of_shards_are_enforced_where_that_is_asked_for() {
    let streams = Streams::open_with(&engine(), Options::default().throttle(true)).unwrap();
    let stream = streams.create("small", &CreateOptions::shards(2)).unwrap();
    let large = "x".repeat(600 << 10);
    let outcomes = stream.append_batch([at(0, &large), at(0, &large), at(u128::MAX, &large)]).unwrap();
    let is_put: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(is_put, [true, false, true]);
    assert!(matches!(stream.append(at(0, &large)), Err(Error::ThroughputExceeded { .. })));
    streams.engine().clock().advance(Duration::from_secs(1)).unwrap();
    stream.append(at(0, &large)).unwrap();
    let iterator = stream.iterator(ShardId::new(0), &StartingPosition::TrimHorizon).unwrap();
    for _ in 0..2 {
        assert!(streams.get_records(&iterator, 1).is_ok());
    }
    assert!(streams.get_records(&iterator, 2).is_ok());
    assert!(matches!(streams.get_records(&iterator, 1), Err(Error::ThroughputExceeded { .. })), "2 MiB were read");
}

#[test]
fn an_on_demand_stream_splits_the_shard_that_much_is_written_to() {
    let streams = Streams::open(&engine()).unwrap();
    let stream = streams.create("hot", &CreateOptions::default()).unwrap();
    let clock = streams.engine().clock().clone();
    for _ in 0..12 {
        stream.append_batch((0..700).map(|nth| at(5, &format!("{nth}")))).unwrap();
        clock.advance(Duration::from_secs(1)).unwrap();
    }
    streams.maintain().unwrap();
    assert_eq!(ids(&stream, Some(&ShardFilter::AtLatest)), [1, 2, 3, 4, 5]);
    assert!(matches!(stream.split_shard(ShardId::new(1), 1 << 126), Err(Error::OnDemand { .. })));
    clock.advance(Duration::from_secs(60)).unwrap();
    streams.maintain().unwrap();
    assert_eq!(stream.describe().unwrap().open_shards, 5, "a load that is over splits nothing");
}
