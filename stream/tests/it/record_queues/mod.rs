//! Queues of the records of streams.

mod lifecycle;
mod model;
mod together;
mod waiting;

use std::{collections::BTreeSet, time::Duration};

use millpond_engine::Engine;
use millpond_stream::{
    CreateOptions, CreateQueue, DeadLetters, Error, NewRecord, QueueChanges, QueueRecord, QueueStart, ReceiptHandle,
    RecordQueue, Stream, Streams,
};

use crate::streams::engine;

pub(crate) const NOW: Duration = Duration::ZERO;
const HOUR: Duration = Duration::from_secs(3600);

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A stream on demand with a queue of all its records.
fn queued_with(engine: &Engine, change: impl FnOnce(CreateQueue) -> CreateQueue) -> (Stream, RecordQueue) {
    let streams = Streams::open(engine).unwrap();
    let stream = streams.create("clicks", &CreateOptions::default()).unwrap();
    let options = change(CreateQueue::new("work", "clicks").start(QueueStart::TrimHorizon));
    (stream, streams.create_queue(&options).unwrap())
}

fn queued() -> (Stream, RecordQueue) {
    queued_with(&engine(), |options| options)
}

fn at(hash_key: u128, data: &str) -> NewRecord {
    NewRecord { explicit_hash_key: Some(hash_key), ..("key", data.to_owned()).into() }
}

fn advance(queue: &Stream, by: Duration) {
    queue.streams().engine().clock().advance(by).unwrap();
}

fn texts(records: &[QueueRecord]) -> BTreeSet<String> {
    records.iter().map(|record| String::from_utf8(record.data().to_vec()).unwrap()).collect()
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn handles(records: &[QueueRecord]) -> Vec<ReceiptHandle> {
    records.iter().map(|record| record.receipt_handle).collect()
}

fn take(queue: &RecordQueue) -> Vec<QueueRecord> {
    queue.receive(10, NOW, None).unwrap()
}

fn take_dead(queue: &RecordQueue) -> Vec<QueueRecord> {
    queue.receive_dead(10, NOW, None).unwrap()
}

fn all_ok(results: Result<Vec<Result<(), Error>>, Error>) -> bool {
    results.unwrap().iter().all(Result::is_ok)
}

fn codes(results: Result<Vec<Result<(), Error>>, Error>) -> Vec<&'static str> {
    results.unwrap().into_iter().map(|result| result.err().map_or("", |error| error.code())).collect()
}

#[test]
fn a_record_is_invisible_until_its_timeout_passes_and_gone_once_it_is_acknowledged() {
    let (stream, queue) = queued();
    stream.append_batch([at(0, "a"), at(u128::MAX, "b")]).unwrap();
    let first = take(&queue);
    assert_eq!(texts(&first), set(&["a", "b"]));
    assert!(first.iter().all(|record| record.receive_count == 1 && record.record.partition_key() == "key"));
    assert!(take(&queue).is_empty());
    advance(&stream, secs(29));
    assert!(take(&queue).is_empty());
    advance(&stream, secs(1));
    let second = take(&queue);
    assert_eq!(texts(&second), set(&["a", "b"]));
    for (before, after) in first.iter().zip(&second) {
        assert_ne!(before.receipt_handle, after.receipt_handle);
        assert_eq!((after.receive_count, after.first_received), (2, before.first_received));
    }
    assert_eq!(codes(queue.acknowledge(&handles(&first))), ["ResourceNotFoundException"; 2]);
    assert!(all_ok(queue.acknowledge(&handles(&second))));
    assert_eq!(codes(queue.acknowledge(&handles(&second))), ["ResourceNotFoundException"; 2]);
    advance(&stream, HOUR);
    assert!(take(&queue).is_empty());
}

#[test]
fn a_record_is_acknowledged_by_its_last_handle_even_after_its_time() {
    let (stream, queue) = queued();
    stream.append(("k", "a")).unwrap();
    let received = take(&queue);
    advance(&stream, HOUR);
    assert!(all_ok(queue.acknowledge(&handles(&received))));
    assert!(take(&queue).is_empty());
}

#[test]
fn visibility_is_of_the_queue_the_receive_or_the_record() {
    let (stream, queue) = queued_with(&engine(), |options| options.visibility_timeout(secs(5)));
    stream.append(("k", "a")).unwrap();
    assert_eq!(take(&queue).len(), 1);
    advance(&stream, secs(5));
    let received = queue.receive(10, NOW, Some(secs(100))).unwrap();
    assert_eq!(received.len(), 1);
    advance(&stream, secs(50));
    assert!(all_ok(queue.change_visibility(&[(received[0].receipt_handle, secs(100))])));
    advance(&stream, secs(99));
    assert!(take(&queue).is_empty());
    assert!(all_ok(queue.change_visibility(&[(received[0].receipt_handle, NOW)])));
    assert_eq!(take(&queue)[0].receive_count, 3);
    assert_eq!(
        codes(queue.change_visibility(&[(received[0].receipt_handle, secs(1))])),
        ["ResourceNotFoundException"],
        "it was received again"
    );
    let handle = queue.receive(1, NOW, None).unwrap();
    assert!(handle.is_empty());
    assert!(matches!(queue.receive(1, NOW, Some(secs(43_201))), Err(Error::InvalidArgument(_))));
    assert!(matches!(queue.receive(0, NOW, None), Err(Error::InvalidArgument(_))));
    let long = codes(queue.change_visibility(&[(received[0].receipt_handle, secs(43_201))]));
    assert_eq!(long, ["ResourceNotFoundException"]);
}

#[test]
fn with_no_visibility_timeout_a_record_can_be_received_at_once() {
    let (stream, queue) = queued();
    stream.append(("k", "a")).unwrap();
    for count in 1..=5 {
        assert_eq!(queue.receive(1, NOW, Some(NOW)).unwrap()[0].receive_count, count);
    }
}

#[test]
fn a_receive_has_no_record_twice() {
    let (stream, queue) = queued_with(&engine(), |options| options.dead_letters(DeadLetters::Never));
    stream.append_batch([("k", "a"), ("k", "b"), ("k", "c")]).unwrap();
    for _ in 0..3 {
        let received = queue.receive(10, NOW, Some(NOW)).unwrap();
        assert_eq!((received.len(), texts(&received)), (3, set(&["a", "b", "c"])));
        advance(&stream, secs(1));
    }
}

#[test]
fn a_record_that_is_received_too_often_becomes_a_dead_letter() {
    let dead_letters = DeadLetters::After { receives: 2 };
    let (stream, queue) = queued_with(&engine(), |options| options.dead_letters(dead_letters));
    stream.append(("k", "bad")).unwrap();
    take(&queue);
    advance(&stream, secs(30));
    let last = take(&queue);
    assert!(take_dead(&queue).is_empty(), "it is in flight");
    advance(&stream, secs(30));
    assert!(take(&queue).is_empty());
    assert_eq!(codes(queue.acknowledge(&handles(&last))), ["ResourceNotFoundException"]);
    let dead = take_dead(&queue);
    assert_eq!((texts(&dead), dead[0].receive_count), (set(&["bad"]), 3));
    assert!(take_dead(&queue).is_empty(), "dead letters are in flight too");
    assert_eq!(codes(queue.acknowledge(&handles(&dead))), ["InvalidArgumentException"]);
    assert_eq!(codes(queue.acknowledge_dead(&handles(&last))), ["InvalidArgumentException"]);
    assert_eq!(codes(queue.restore(&handles(&last))), ["InvalidArgumentException"]);
    assert!(all_ok(queue.change_dead_visibility(&[(dead[0].receipt_handle, secs(5))])));
    advance(&stream, secs(5));
    let dead = take_dead(&queue);
    assert!(all_ok(queue.acknowledge_dead(&handles(&dead))));
    advance(&stream, HOUR);
    assert!(take_dead(&queue).is_empty());
}

#[test]
fn a_restored_record_begins_anew() {
    let dead_letters = DeadLetters::After { receives: 1 };
    let (stream, queue) = queued_with(&engine(), |options| options.dead_letters(dead_letters));
    stream.append(("k", "a")).unwrap();
    for _ in 0..3 {
        let received = take(&queue);
        assert_eq!(received[0].receive_count, 1);
        assert!(all_ok(queue.change_visibility(&[(received[0].receipt_handle, NOW)])));
        assert!(take(&queue).is_empty());
        let dead = take_dead(&queue);
        assert!(all_ok(queue.restore(&handles(&dead))));
        assert_eq!(codes(queue.restore(&handles(&dead))), ["ResourceNotFoundException"]);
        assert_eq!(codes(queue.acknowledge_dead(&handles(&dead))), ["ResourceNotFoundException"]);
    }
    assert!(all_ok(queue.acknowledge(&handles(&take(&queue)))));
}

#[test]
fn the_handle_of_the_last_receive_holds_until_the_record_is_a_dead_letter() {
    let dead_letters = DeadLetters::After { receives: 1 };
    let (stream, queue) = queued_with(&engine(), |options| options.dead_letters(dead_letters));
    stream.append_batch([("k", "a"), ("k", "b")]).unwrap();
    let received = take(&queue);
    advance(&stream, secs(20));
    assert!(all_ok(queue.change_visibility(&[(received[0].receipt_handle, secs(20))])));
    advance(&stream, secs(19));
    assert!(all_ok(queue.acknowledge(&handles(&received[..1]))));
    assert_eq!(take_dead(&queue).len(), 1, "the other one");
}

#[test]
fn without_dead_letters_a_record_is_received_again_and_again() {
    let (stream, queue) = queued_with(&engine(), |options| options.dead_letters(DeadLetters::Never));
    stream.append(("k", "a")).unwrap();
    for count in 1..=20 {
        assert_eq!(take(&queue)[0].receive_count, count);
        advance(&stream, secs(30));
    }
    let fewer = QueueChanges { dead_letters: Some(DeadLetters::After { receives: 3 }), ..QueueChanges::default() };
    queue.update(&fewer).unwrap();
    assert!(take(&queue).is_empty(), "it has been received too often by now");
    assert_eq!(take_dead(&queue)[0].receive_count, 21);
}

#[test]
fn records_that_the_stream_keeps_no_longer_are_not_delivered() {
    let dead_letters = DeadLetters::After { receives: 1 };
    let (stream, queue) = queued_with(&engine(), |options| options.dead_letters(dead_letters));
    stream.append_batch([("k", "dead"), ("k", "fresh")]).unwrap();
    assert_eq!(queue.receive(1, NOW, Some(NOW)).unwrap().len(), 1);
    advance(&stream, 24 * HOUR + secs(1));
    stream.append(("k", "new")).unwrap();
    assert!(take_dead(&queue).is_empty());
    assert_eq!(texts(&take(&queue)), set(&["new"]));
    stream.streams().maintain().unwrap();
    assert!(take_dead(&queue).is_empty());
}

#[test]
fn the_children_of_split_and_merged_shards_are_read_too() {
    let (stream, queue) = queued();
    let streams = stream.streams();
    stream.append_batch([at(0, "a"), at(u128::MAX, "b")]).unwrap();
    let first = queue.receive(1, NOW, None).unwrap();
    streams.set_commitment(true).unwrap();
    stream.set_warm_throughput(9).unwrap();
    stream.append_batch([at(0, "c"), at(u128::MAX, "d")]).unwrap();
    let mut rest = take(&queue);
    assert_eq!(&texts(&rest) | &texts(&first), set(&["a", "b", "c", "d"]));
    rest.extend(first);
    assert!(all_ok(queue.acknowledge(&handles(&rest))));
    advance(&stream, 25 * HOUR);
    streams.maintain().unwrap();
    stream.append(at(0, "e")).unwrap();
    assert_eq!(texts(&take(&queue)), set(&["e"]));
}

#[test]
fn what_is_received_and_acknowledged_in_a_transaction_goes_with_it() {
    let (stream, queue) = queued();
    let engine = stream.streams().engine().clone();
    stream.append_batch([("k", "a"), ("k", "b")]).unwrap();
    let failed: Result<(), Error> = engine.transact(|tx| {
        assert_eq!(queue.receive_in(tx, 1, None)?.len(), 1);
        assert_eq!(queue.receive_in(tx, 10, None)?.len(), 1);
        assert!(queue.receive_in(tx, 10, None)?.is_empty());
        Err(Error::InvalidArgument("no".into()))
    });
    assert!(failed.is_err());
    let received = engine.transact(|tx| queue.receive_in(tx, 10, None)).unwrap();
    assert_eq!(texts(&received), set(&["a", "b"]));
    let done = engine.transact(|tx| {
        stream.append_in(tx, ("k", "effect"))?;
        queue.acknowledge_in(tx, &handles(&received))
    });
    assert!(all_ok(done));
    assert_eq!(texts(&take(&queue)), set(&["effect"]));
}

#[test]
fn no_record_is_skipped_however_few_are_taken_at_a_time() {
    let (stream, queue) = queued();
    let all: Vec<String> = (0..500).map(|nth| nth.to_string()).collect();
    for batch in all.chunks(50) {
        stream.append_batch(batch.iter().map(|text| (text.clone(), text.clone()))).unwrap();
    }
    let mut seen = BTreeSet::new();
    loop {
        let received = queue.receive(7, NOW, None).unwrap();
        if received.is_empty() {
            break;
        }
        assert!(received.len() <= 7);
        let before = seen.len();
        seen.extend(texts(&received));
        assert_eq!(seen.len(), before + received.len(), "none is handed out twice");
        assert!(all_ok(queue.acknowledge(&handles(&received))));
    }
    assert_eq!(seen.len(), 500);
}
