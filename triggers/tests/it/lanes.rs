//! Several batches of one shard at a time.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Barrier};

use crate::support::*;

/// Of each key its texts, in the order in which they were handled.
type Seen = Log<(String, String)>;

fn run(world: &World, factor: u16, size: u32, seen: &Seen) {
    let stream = world.streams.get("s").unwrap();
    let seen = seen.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().parallelization_factor(factor).batch_size(size);
    let started = builder.run(move |batch| {
        for record in batch {
            seen.add((record.stream_record().unwrap().partition_key().to_owned(), text(record)));
        }
        Ok(())
    });
    started.unwrap();
    world.idle();
}

fn by_key(seen: &Seen) -> BTreeMap<String, Vec<String>> {
    let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, text) in seen.all() {
        keys.entry(key).or_default().push(text);
    }
    keys
}

#[test]
fn batches_of_different_keys_are_handled_at_a_time() {
    let world = World::new();
    let stream = world.stream("s", 1);
    for key in 0..100 {
        append(&stream, &format!("k{key}"), &["x"]);
    }
    // Only if all four lanes meet does any of them go on.
    let barrier = Arc::new(Barrier::new(4));
    let builder = world.triggers.on_stream("t", &stream).unwrap().parallelization_factor(4).batch_size(1000);
    let trigger = builder.run(move |_| {
        barrier.wait();
        Ok(())
    });
    world.idle();
    let status = trigger.unwrap().status();
    assert_eq!((status.invocations, status.records), (4, 100));
    let lanes: HashSet<u16> = status.lanes.iter().map(|lane| lane.lane).collect();
    assert_eq!(lanes.len(), 4);
}

#[test]
fn each_key_keeps_its_order() {
    let world = World::new();
    let stream = world.stream("s", 2);
    for nth in 0..300 {
        append(&stream, &format!("k{}", nth % 13), &[&format!("{nth:04}")]);
    }
    let seen = Seen::new();
    run(&world, 10, 3, &seen);
    let keys = by_key(&seen);
    assert_eq!((keys.len(), seen.len()), (13, 300));
    assert!(keys.values().all(|texts| texts.is_sorted()));
}

#[test]
fn a_lane_that_fails_does_not_hold_up_the_others() {
    let world = World::new();
    let stream = world.stream("s", 1);
    for key in 0..50 {
        append(&stream, &format!("k{key}"), &["x"]);
    }
    let builder = world.triggers.on_stream("t", &stream).unwrap().parallelization_factor(5);
    let trigger = builder.run(|batch| {
        let is_bad = |record: &millpond_triggers::Record| record.stream_record().unwrap().partition_key() == "k7";
        if batch.records().iter().any(is_bad) { Err("bad".into()) } else { Ok(()) }
    });
    let trigger = trigger.unwrap();
    world.idle();
    let status = trigger.status();
    assert_eq!(status.lanes.iter().filter(|lane| lane.failures > 0).count(), 1);
    let stuck: usize = status.lanes.iter().map(|lane| lane.pending).sum();
    assert_eq!(status.records as usize + stuck, 50);
    world.pass(30);
    assert!(trigger.status().lag() >= secs(30));
}

#[test]
fn their_number_can_change_without_a_record_being_lost_or_handled_twice() {
    let mut world = World::new();
    let stream = world.stream("s", 1);
    for nth in 0..400 {
        append(&stream, &format!("k{}", nth % 23), &[&format!("{nth:04}")]);
    }
    let seen = Seen::new();
    // The lanes are stopped at different places each time: after a few records each.
    for factor in [3, 7, 1, 10, 2, 5] {
        let stream = world.streams.get("s").unwrap();
        let (log, left) = (seen.clone(), Arc::new(std::sync::atomic::AtomicIsize::new(25)));
        let builder = world.triggers.on_stream("t", &stream).unwrap().parallelization_factor(factor).batch_size(2);
        let started = builder.run(move |batch| {
            if left.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) <= 0 {
                return Err("enough".into());
            }
            for record in batch {
                log.add((record.stream_record().unwrap().partition_key().to_owned(), text(record)));
            }
            Ok(())
        });
        started.unwrap();
        world.idle();
        world = world.restarted();
    }
    let before = seen.len();
    assert!(before > 100 && before < 400, "{before}");
    run(&world, 4, 10, &seen);
    let keys = by_key(&seen);
    assert_eq!(seen.len(), 400);
    assert!(keys.values().all(|texts| texts.is_sorted_by(|a, b| a < b)));
}
