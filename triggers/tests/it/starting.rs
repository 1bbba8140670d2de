//! Where a trigger begins.

use millpond_triggers::{StartingPosition, Trigger};

use crate::support::*;

fn run(world: &World, name: &str, position: StartingPosition) -> (Trigger, Batches) {
    let batches = Batches::new();
    let seen = batches.clone();
    let stream = world.streams.get("s").unwrap();
    let builder = world.triggers.on_stream(name, &stream).unwrap().starting_position(position);
    let trigger = builder.run(move |batch| {
        seen.add(texts(batch));
        Ok(())
    });
    world.idle();
    (trigger.unwrap(), batches)
}

#[test]
fn it_begins_with_the_oldest_the_next_or_those_of_a_time() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["one"]);
    world.pass(10);
    append(&stream, "k", &["two"]);
    let at = |seconds| StartingPosition::AtTimestamp(START.saturating_add(secs(seconds)));
    let (_a, horizon) = run(&world, "horizon", StartingPosition::TrimHorizon);
    let (_b, latest) = run(&world, "latest", StartingPosition::Latest);
    let (_c, exactly) = run(&world, "exactly", at(10));
    let (_d, before) = run(&world, "before", at(0));
    append(&stream, "k", &["three"]);
    world.idle();
    assert_eq!(horizon.take().concat(), ["one", "two", "three"]);
    assert_eq!(latest.take().concat(), ["three"]);
    assert_eq!(exactly.take().concat(), ["two", "three"]);
    assert_eq!(before.take().concat(), ["one", "two", "three"]);
}

#[test]
fn the_latest_position_is_that_of_the_first_start_whatever_comes_after() {
    let world = World::new();
    let stream = world.stream("s", 2);
    append(&stream, "k", &["old"]);
    let (trigger, batches) = run(&world, "t", StartingPosition::Latest);
    trigger.stop();
    append(&stream, "k", &["while it was off"]);
    let world = world.restarted();
    assert_eq!(batches.len(), 0);
    let (_trigger, batches) = run(&world, "t", StartingPosition::Latest);
    assert_eq!(batches.take().concat(), ["while it was off"]);
}

#[test]
fn the_latest_position_holds_for_shards_that_were_closed_too() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["old"]);
    stream.update_shard_count(2).unwrap();
    append(&stream, "k", &["old as well"]);
    let (_trigger, batches) = run(&world, "t", StartingPosition::Latest);
    append(&stream, "k", &["new"]);
    world.idle();
    assert_eq!(batches.take().concat(), ["new"]);
}

#[test]
fn the_oldest_record_is_one_that_is_kept() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["gone"]);
    world.pass(12 * 3600);
    append(&stream, "k", &["kept"]);
    world.pass(12 * 3600 + 1);
    let (_trigger, batches) = run(&world, "t", StartingPosition::TrimHorizon);
    assert_eq!(batches.take().concat(), ["kept"]);
}
