//! Records and positions at their limits.

use std::{thread, time::Duration};

use bytes::Bytes;
use millpond_engine::Timestamp;
use millpond_stream::{CreateOptions, Error, NewRecord, Options, Record, ShardId, StartingPosition, Stream, Streams};

use crate::{
    streams::{engine, stream, texts},
    support::{HOUR, START},
};

const FIRST: ShardId = ShardId::new(0);
const MIB: usize = 1 << 20;

fn large(bytes: usize) -> Bytes {
    Bytes::from(vec![b'x'; bytes])
}

/// All records of a shard, a page of so many at a time, from memory or from the store.
fn paged(stream: &Stream, shard: ShardId, limit: usize) -> Vec<Record> {
    let mut iterator = stream.iterator(shard, &StartingPosition::TrimHorizon).unwrap();
    let mut records = Vec::new();
    loop {
        let page = stream.streams().get_records(&iterator, limit).unwrap();
        if page.records.is_empty() {
            return records;
        }
        records.extend(page.records);
        iterator = page.next.unwrap();
    }
}

#[test]
fn a_page_that_its_bytes_end_says_that_there_is_more_from_memory_too() {
    for tail_bytes in [0, 64 * MIB] {
        let options = Options::default().tail_bytes(tail_bytes, tail_bytes);
        let stream = Streams::open_with(&engine(), options).unwrap().create("s", &CreateOptions::shards(1)).unwrap();
        let clock = stream.streams().engine().clock().clone();
        let mut reader = stream.reader(FIRST, &StartingPosition::Latest).unwrap();
        assert!(reader.try_read(1).unwrap().records.is_empty());
        // Rows of one record, which are a little longer than their record: 11 of them are more than 10 MiB, 10 are less.
        for _ in 0..12 {
            stream.append(("k", large(MIB - 6))).unwrap();
            clock.advance(Duration::from_secs(1)).unwrap();
        }
        let page = reader.try_read(10_000).unwrap();
        assert_eq!((page.records.len(), page.millis_behind_latest), (11, 1000), "{tail_bytes}");
        let page = reader.try_read(10_000).unwrap();
        assert_eq!((page.records.len(), page.millis_behind_latest), (1, 0));
        let mut reader = stream.reader(FIRST, &StartingPosition::Latest).unwrap();
        stream.append_batch((0..9).map(|nth| ("k", nth.to_string()))).unwrap();
        clock.advance(Duration::from_secs(1)).unwrap();
        for (limit, behind) in [(3, 1000), (6, 0)] {
            let page = reader.try_read(limit).unwrap();
            assert_eq!((page.records.len(), page.millis_behind_latest), (limit, behind), "{tail_bytes}");
        }
    }
}

#[test]
fn who_has_read_all_goes_on_in_memory_though_nothing_is_put_for_long() {
    let stream = stream(2);
    let at = |hash_key, data: &str| NewRecord { explicit_hash_key: Some(hash_key), ..("k", data.to_owned()).into() };
    let first = stream.append(at(0, "first")).unwrap().sequence_number().unwrap();
    let later = stream.append(at(u128::MAX, "in the other shard")).unwrap().sequence_number().unwrap();
    let mut reader = stream.reader(FIRST, &StartingPosition::TrimHorizon).unwrap();
    assert_eq!(texts(&reader.try_read(1).unwrap().records), ["first"]);
    assert!(reader.position() > later.position() && later.position() > first.position());
    assert!(reader.try_read(1).unwrap().records.is_empty());
    stream.append(at(0, "second")).unwrap();
    assert_eq!(texts(&reader.try_read(10).unwrap().records), ["second"]);
}

#[test]
fn records_of_no_bytes_and_of_ten_mebibytes_are_read_back() {
    for tail_bytes in [0, 64 * MIB] {
        let options = Options::default().tail_bytes(tail_bytes, tail_bytes);
        let create = CreateOptions { max_record_kib: Some(10_240), ..CreateOptions::shards(1) };
        let stream = Streams::open_with(&engine(), options).unwrap().create("s", &create).unwrap();
        let mut reader = stream.reader(FIRST, &StartingPosition::TrimHorizon).unwrap();
        assert!(reader.try_read(1).unwrap().records.is_empty());
        let sizes = [0, 10 * MIB - 1, 0, 0, 10 * MIB - 1, 1];
        for part in sizes.chunks(3) {
            stream.append_batch(part.iter().map(|bytes| ("k", large(*bytes)))).unwrap();
        }
        assert!(matches!(stream.append(("k", large(10 * MIB))), Err(Error::Validation(_))));
        let mut seen = Vec::new();
        while seen.len() < sizes.len() {
            let read = reader.try_read(10_000).unwrap();
            assert!(!read.records.is_empty() && read.records.iter().map(|it| it.data.len()).sum::<usize>() < 20 * MIB);
            seen.extend(read.records.iter().map(|record| record.data.len()));
        }
        assert_eq!(seen, sizes);
    }
}

#[test]
fn a_batch_of_several_rows_is_read_from_each_of_its_records_on() {
    for tail_bytes in [0, 64 * MIB] {
        let options = Options::default().tail_bytes(tail_bytes, tail_bytes);
        let stream = Streams::open_with(&engine(), options).unwrap().create("s", &CreateOptions::shards(2)).unwrap();
        for shard in [0, 1] {
            stream.reader(ShardId::new(shard), &StartingPosition::TrimHorizon).unwrap().try_read(1).unwrap();
        }
        // Two shards in turn, so that their rows of 256 KiB end at different records.
        let record = |nth: usize| {
            let mut data = format!("{nth}:").into_bytes();
            data.resize(30_000 + nth * 1000, b'x');
            NewRecord { explicit_hash_key: Some([0, u128::MAX][nth % 2]), ..("k", data).into() }
        };
        let placed = stream.append_batch((0..40).map(record)).unwrap();
        let numbers: Vec<_> = placed.into_iter().map(|placed| placed.unwrap().sequence_number().unwrap()).collect();
        for (nth, number) in numbers.iter().enumerate() {
            for (start, first) in [
                (StartingPosition::AtSequenceNumber(*number), nth),
                (StartingPosition::AfterSequenceNumber(*number), nth + 2),
            ] {
                let read = stream.reader(number.shard(), &start).unwrap().try_read(100).unwrap();
                let read: Vec<_> = read.records.iter().map(|record| record.sequence_number).collect();
                let expected: Vec<_> = numbers[first.min(40)..].iter().step_by(2).copied().collect();
                assert_eq!(read, expected, "from {nth} on");
            }
        }
        for limit in [1, 3, 100] {
            assert_eq!(paged(&stream, FIRST, limit).len(), 20);
        }
    }
}

#[test]
fn a_time_is_where_its_first_record_is_at_the_border_of_a_millisecond() {
    let stream = stream(1);
    let clock = stream.streams().engine().clock().clone();
    for millis in 0..6_u64 {
        stream.append_batch([("k", format!("{millis}a")), ("k", format!("{millis}b"))]).unwrap();
        clock.advance(Duration::from_millis(1)).unwrap();
    }
    for tails in [false, true] {
        for millis in 0..6 {
            let time = Timestamp::from_millis(START.as_millis() + millis);
            let mut reader = stream.reader(FIRST, &StartingPosition::AtTimestamp(time)).unwrap();
            assert_eq!(reader.try_read(1).unwrap().records[0].data, format!("{millis}a"), "{tails}");
        }
        stream.append(("k", "last")).unwrap();
    }
    // What is just as old as the retention is kept; a millisecond later it is not.
    clock.set(START.saturating_add(24 * HOUR)).unwrap();
    for first in ["0a", "1a"] {
        stream.streams().maintain().unwrap();
        let mut reader = stream.reader(FIRST, &StartingPosition::TrimHorizon).unwrap();
        assert_eq!(texts(&reader.try_read(1).unwrap().records), [first]);
        clock.advance(Duration::from_millis(1)).unwrap();
    }
}

#[test]
fn a_record_that_its_own_transaction_has_put_before_a_split_is_before_the_end() {
    let stream = stream(1);
    stream.append(("k", "before")).unwrap();
    let engine = stream.streams().engine().clone();
    let placed = engine.transact(|tx| {
        let first = stream.append_in(tx, ("k", "within"))?;
        stream.split_shard_in(tx, FIRST, 1 << 127)?;
        Ok::<_, Error>([first, stream.append_in(tx, ("k", "child"))?])
    });
    let [within, child] = placed.unwrap();
    assert!(within.sequence_number() < child.sequence_number());
    assert_eq!((within.shard(), child.shard().get() > 0), (FIRST, true));
    let mut reader = stream.reader(FIRST, &StartingPosition::TrimHorizon).unwrap();
    let read = reader.try_read(10).unwrap();
    assert_eq!((texts(&read.records), read.is_end), (vec!["before", "within"], true));
    let latest = stream.reader(FIRST, &StartingPosition::Latest).unwrap().try_read(10).unwrap();
    assert_eq!((texts(&latest.records), latest.is_end), (vec![], true), "nothing comes after its end");
    let mut of_child = stream.reader(child.shard(), &StartingPosition::TrimHorizon).unwrap();
    assert_eq!(texts(&of_child.try_read(10).unwrap().records), ["child"]);
}

#[test]
fn who_reads_a_stream_while_it_is_deleted_is_told_that_it_is_not_there() {
    for _ in 0..20 {
        let stream = stream(1);
        stream.register_consumer("fan", &Default::default()).unwrap();
        let subscribed = stream.subscribe("fan", FIRST, &StartingPosition::TrimHorizon).unwrap();
        let iterator = stream.iterator(FIRST, &StartingPosition::TrimHorizon).unwrap();
        let mut reader = stream.reader(FIRST, &StartingPosition::TrimHorizon).unwrap();
        thread::scope(|scope| {
            let codes = [
                scope.spawn(move || {
                    loop {
                        if let Err(error) = reader.try_read(1) {
                            return error.code();
                        }
                    }
                }),
                scope.spawn(move || {
                    let mut subscription = subscribed;
                    loop {
                        match subscription.next_blocking() {
                            Some(Err(error)) => return error.code(),
                            event => assert!(event.is_some()),
                        }
                    }
                }),
                scope.spawn(|| {
                    loop {
                        if let Err(error) = stream.streams().get_records(&iterator, 1) {
                            return error.code();
                        }
                    }
                }),
            ];
            for _ in 0..20 {
                stream.append(("k", "x")).unwrap();
            }
            stream.streams().delete("clicks", true).unwrap();
            for code in codes {
                assert_eq!(code.join().unwrap(), "ResourceNotFoundException");
            }
        });
    }
}

#[test]
fn a_reader_of_a_shard_that_was_cleared_away_is_told_so() {
    let stream = stream(1);
    let clock = stream.streams().engine().clock().clone();
    let mut reader = stream.reader(FIRST, &StartingPosition::TrimHorizon).unwrap();
    stream.split_shard(FIRST, 1 << 127).unwrap();
    clock.advance(25 * HOUR).unwrap();
    stream.streams().maintain().unwrap();
    assert!(matches!(reader.try_read(1), Err(Error::ShardDoesNotExist { shard: FIRST, .. })));
}

#[test]
fn a_shard_is_shown_for_as_long_as_a_record_of_it_is_kept() {
    let stream = stream(1);
    let clock = stream.streams().engine().clock().clone();
    stream.append(("k", "x")).unwrap();
    stream.split_shard(FIRST, 1 << 127).unwrap();
    for _ in 0..3 {
        clock.set(clock.now().saturating_add(12 * HOUR)).unwrap();
        let is_shown = stream.shards(None).unwrap().iter().any(|shard| shard.id == FIRST);
        let reader = stream.reader(FIRST, &StartingPosition::TrimHorizon);
        assert_eq!(reader.is_ok(), is_shown);
        let kept = reader.map_or(0, |mut reader| reader.try_read(1).unwrap().records.len());
        assert_eq!(kept, usize::from(clock.now() <= START.saturating_add(24 * HOUR)), "{}", clock.now());
    }
}

#[test]
fn a_retention_that_grows_while_old_records_are_trimmed_keeps_what_was_there() {
    let streams = Streams::open(&engine()).unwrap();
    let engine = streams.engine();
    let [busy, kept] = ["busy", "kept"].map(|name| streams.create(name, &CreateOptions::shards(1)).unwrap());
    // Trimming these takes a while.
    for _ in 0..20 {
        let tickets: Vec<_> = (0..1000).map(|_| busy.append_async(("k", "x")).unwrap()).collect();
        tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
    }
    engine.clock().advance(HOUR).unwrap();
    kept.append(("k", "x")).unwrap();
    engine.clock().advance(24 * HOUR).unwrap();
    thread::scope(|scope| {
        let before = engine.latest_commit();
        let trimmed = scope.spawn(|| streams.maintain().unwrap());
        while engine.latest_commit() == before {
            thread::yield_now();
        }
        kept.increase_retention(48).unwrap();
        engine.clock().advance(HOUR).unwrap();
        assert_eq!(trimmed.join().unwrap(), 20_000);
    });
    let read = kept.reader(FIRST, &StartingPosition::TrimHorizon).unwrap().try_read(10).unwrap();
    assert_eq!(texts(&read.records), ["x"]);
}
