//! The size of batches, and the time in which they are gathered.

use millpond_triggers::Trigger;

use crate::support::*;

fn counting(world: &World, stream: &millpond_stream::Stream, size: u32, window: u64) -> (Trigger, Batches) {
    let batches = Batches::new();
    let seen = batches.clone();
    let builder = world.triggers.on_stream("t", stream).unwrap().batch_size(size).batching_window(secs(window));
    let trigger = builder.run(move |batch| {
        seen.add(texts(batch));
        Ok(())
    });
    (trigger.unwrap(), batches)
}

#[test]
fn a_batch_has_at_most_as_many_records_as_it_may() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append_all(&stream, "k", &numbered(25));
    let (trigger, batches) = counting(&world, &stream, 10, 0);
    world.idle();
    let sizes: Vec<usize> = batches.all().iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(batches.take().concat(), numbered(25));
    append(&stream, "k", &["more"]);
    world.idle();
    assert_eq!(batches.take(), [["more"]]);
    let status = trigger.status();
    assert_eq!((status.invocations, status.records, status.errors), (4, 26, 0));
    assert_eq!(status.last_result, "OK");
}

#[test]
fn batches_of_one_and_of_thousands_come_whole() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append_all(&stream, "k", &numbered(3));
    let (trigger, batches) = counting(&world, &stream, 1, 0);
    world.idle();
    assert_eq!(batches.take(), [["0000"], ["0001"], ["0002"]]);
    trigger.stop();
    append_all(&stream, "k", &numbered(3500));
    let (_trigger, batches) = counting(&world, &stream, 10_000, 0);
    world.idle();
    assert_eq!(batches.take().concat(), numbered(3500));
}

#[test]
fn a_window_gathers_records_until_it_is_over_or_the_batch_is_full() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let (trigger, batches) = counting(&world, &stream, 3, 10);
    append(&stream, "k", &["a"]);
    world.idle();
    world.pass(9);
    append(&stream, "k", &["b"]);
    world.idle();
    assert_eq!(batches.len(), 0);
    assert_eq!(trigger.status().lanes[0].pending, 2);
    world.pass(1);
    assert_eq!(batches.take(), [["a", "b"]]);
    append(&stream, "k", &["c", "d", "e", "f"]);
    world.idle();
    assert_eq!(batches.take(), [["c", "d", "e"]]);
    // The window of what is left begins anew when it was read.
    world.pass(9);
    assert_eq!(batches.len(), 0);
    world.pass(1);
    assert_eq!(batches.take(), [["f"]]);
}

#[test]
fn a_batch_ends_at_six_megabytes() {
    let world = World::new();
    let stream = world.stream("s", 1);
    // In Base64 a third longer: four of them are more than 6 MB.
    let long = "x".repeat(1_000_000);
    (0..9).for_each(|_| append(&stream, "k", &[&long]));
    let (_trigger, batches) = counting(&world, &stream, 100, 60);
    world.idle();
    let sizes: Vec<usize> = batches.take().iter().map(Vec::len).collect();
    assert_eq!(sizes, [4, 4]);
    world.pass(60);
    assert_eq!(batches.take().len(), 1);
}

#[test]
fn a_shard_that_is_closed_has_nothing_to_gather() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let (_trigger, batches) = counting(&world, &stream, 100, 300);
    append(&stream, "k", &["a", "b"]);
    world.idle();
    assert_eq!(batches.len(), 0);
    stream.update_shard_count(2).unwrap();
    world.idle();
    assert_eq!(batches.take(), [["a", "b"]]);
}
