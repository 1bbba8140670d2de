//! Triggers that are refused.

use std::time::Duration;

use millpond_engine::Engine;
use millpond_kv::DeleteTableRequest;
use millpond_triggers::{Error, StartingPosition, TriggerBuilder};

use crate::support::*;

fn refused(builder: TriggerBuilder) -> (&'static str, &'static str) {
    match builder.run(|_| Ok(())).unwrap_err() {
        error @ Error::InvalidParameter { parameter, .. } => (parameter, error.code()),
        other => panic!("{other}"),
    }
}

#[test]
fn settings_outside_of_their_limits_are_refused_and_nothing_is_registered() {
    let world = World::new();
    let (stream, queue, fifo) = (world.stream("s", 1), world.queue("q"), world.queue("q.fifo"));
    let on_stream = || world.triggers.on_stream("t", &stream).unwrap();
    let on_queue = || world.triggers.on_queue("t", &queue).unwrap();
    let on_fifo = || world.triggers.on_queue("t", &fifo).unwrap();
    let future = StartingPosition::AtTimestamp(world.now().saturating_add(secs(1)));
    for (parameter, builder) in [
        ("BatchSize", on_stream().batch_size(0)),
        ("BatchSize", on_fifo().batch_size(11)),
        ("MaximumBatchingWindowInSeconds", on_queue().batch_size(11)),
        ("MaximumBatchingWindowInSeconds", on_fifo().batching_window(secs(1))),
        ("MaximumBatchingWindowInSeconds", on_stream().batching_window(secs(301))),
        ("StartingPositionTimestamp", on_stream().starting_position(future)),
        ("StartingPosition", on_queue().starting_position(StartingPosition::Latest)),
        ("MaximumRetryAttempts", on_stream().maximum_retry_attempts(10_001)),
        ("MaximumRetryAttempts", on_queue().maximum_retry_attempts(1)),
        ("MaximumRecordAgeInSeconds", on_stream().maximum_record_age(secs(59))),
        ("ParallelizationFactor", on_stream().parallelization_factor(11)),
        ("TumblingWindowInSeconds", on_stream().tumbling_window(Duration::from_millis(10))),
        ("DestinationConfig", on_queue().on_failure(&queue)),
        ("DestinationConfig", on_stream().on_failure(&fifo)),
        ("ScalingConfig", on_queue().maximum_concurrency(1)),
        ("ScalingConfig", on_stream().maximum_concurrency(2)),
        ("FilterCriteria", on_stream().filter("nonsense")),
        ("FilterCriteria", on_stream().filter(r#"{"data":["plain"]}"#)),
    ] {
        assert_eq!(refused(builder), (parameter, "InvalidParameterValueException"));
    }
    assert!(world.triggers.list().unwrap().is_empty());
}

#[test]
fn names_are_letters_digits_and_a_few_signs() {
    let world = World::new();
    let queue = world.queue("q");
    for name in ["", "a b", "a/b", "ü", &"x".repeat(65)] {
        assert!(world.triggers.on_queue(name, &queue).is_err(), "{name}");
    }
    for name in ["a", "A-b_c.9", &"x".repeat(64)] {
        assert!(world.triggers.on_queue(name, &queue).is_ok(), "{name}");
    }
}

#[test]
fn a_source_or_a_destination_that_is_not_there_is_refused() {
    let world = World::new();
    let (stream, queue) = (world.stream("s", 1), world.queue("q"));
    world.queues.delete("q").unwrap();
    assert!(matches!(world.triggers.on_queue("t", &queue), Err(Error::Queue(_))));
    let with_destination = world.triggers.on_stream("t", &stream).unwrap().on_failure(&queue);
    assert!(matches!(with_destination.run(|_| Ok(())), Err(Error::Queue(_))));
    world.streams.delete("s", false).unwrap();
    assert!(matches!(world.triggers.on_stream("t", &stream), Err(Error::Stream(_))));
    assert_eq!(world.triggers.on_stream("t", &stream).unwrap_err().code(), "ResourceNotFoundException");
    assert!(matches!(world.triggers.on_table("t", &world.kv, "none"), Err(Error::Kv(_))));
    world.table("orders");
    world.kv.delete_table(&DeleteTableRequest { table_name: "orders".into() }).unwrap();
    assert!(matches!(world.triggers.on_table("t", &world.kv, "orders"), Err(Error::Kv(_))));
}

#[test]
fn effects_in_another_store_are_refused_by_the_engine() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let foreign = Engine::in_memory().keyspace("effects").unwrap();
    let builder = world.triggers.on_stream("t", &stream).unwrap().maximum_retry_attempts(0);
    let trigger = builder.run_in(move |tx, _| Ok(tx.put(&foreign, "k", "v")?)).unwrap();
    world.idle();
    let status = trigger.status();
    assert!(status.last_result.contains("another engine"), "{}", status.last_result);
}
