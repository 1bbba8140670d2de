//! Consumers with subscriptions.

use std::{thread, time::Duration};

use millpond_stream::{Error, ShardId, StartingPosition, Stream};

use crate::streams::{stream, texts};

const FIRST: ShardId = ShardId::new(0);

fn fanned() -> Stream {
    let stream = stream(1);
    stream.register_consumer("fan", &Default::default()).unwrap();
    stream
}

#[test]
fn a_subscription_tells_of_records_and_of_silence_for_five_minutes() {
    let stream = fanned();
    let clock = stream.streams().engine().clock().clone();
    stream.append(("k", "one")).unwrap();
    let mut subscription = stream.subscribe("fan", FIRST, &StartingPosition::TrimHorizon).unwrap();
    let event = subscription.next_blocking().unwrap().unwrap();
    assert_eq!(texts(&event.records), ["one"]);
    assert_eq!(event.continuation, Some(event.records[0].sequence_number));
    clock.advance(Duration::from_secs(5)).unwrap();
    let silence = subscription.next_blocking().unwrap().unwrap();
    assert!(silence.records.is_empty());
    stream.append(("k", "two")).unwrap();
    let after = StartingPosition::AfterSequenceNumber(silence.continuation.unwrap());
    assert_eq!(texts(&subscription.next_blocking().unwrap().unwrap().records), ["two"]);
    clock.advance(Duration::from_secs(295)).unwrap();
    assert!(subscription.next_blocking().is_none());
    let mut next = stream.subscribe("fan", FIRST, &after).unwrap();
    assert_eq!(texts(&next.next_blocking().unwrap().unwrap().records), ["two"]);
}

#[test]
fn a_later_subscription_takes_over_once_the_first_has_settled() {
    let stream = fanned();
    let clock = stream.streams().engine().clock().clone();
    let start = StartingPosition::TrimHorizon;
    let mut first = stream.subscribe("fan", FIRST, &start).unwrap();
    assert!(matches!(stream.subscribe("fan", FIRST, &start), Err(Error::ActiveSubscription { .. })));
    clock.advance(Duration::from_secs(5)).unwrap();
    assert!(first.next_blocking().unwrap().is_ok());
    thread::scope(|scope| {
        let waiting = scope.spawn(move || first.next_blocking());
        thread::yield_now();
        let _second = stream.subscribe("fan", FIRST, &start).unwrap();
        assert!(matches!(waiting.join().unwrap(), Some(Err(Error::ActiveSubscription { .. }))));
    });
    assert!(matches!(stream.subscribe("other", FIRST, &start), Err(Error::ConsumerNotFound { .. })));
}

#[test]
fn a_subscription_ends_with_its_shard_and_names_the_children() {
    let stream = fanned();
    stream.append(("k", "last")).unwrap();
    stream.split_shard(FIRST, 1 << 127).unwrap();
    let mut subscription = stream.subscribe("fan", FIRST, &StartingPosition::TrimHorizon).unwrap();
    let last = subscription.next_blocking().unwrap().unwrap();
    assert_eq!((texts(&last.records), last.child_shards.len()), (vec!["last"], 0));
    assert_eq!(last.continuation, Some(last.records[0].sequence_number));
    let end = subscription.next_blocking().unwrap().unwrap();
    assert_eq!((texts(&end.records), end.continuation, end.child_shards.len()), (vec![], None, 2));
    assert!(subscription.next_blocking().is_none());
}
