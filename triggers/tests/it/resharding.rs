//! Shards that are split and merged while they are read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::*;

type Seen = Log<(String, String)>;

fn start(world: &World, factor: u16, seen: &Seen) -> millpond_triggers::Trigger {
    let stream = world.streams.get("s").unwrap();
    let seen = seen.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().parallelization_factor(factor).batch_size(7);
    let trigger = builder.run(move |batch| {
        for record in batch {
            seen.add((record.stream_record().unwrap().partition_key().to_owned(), text(record)));
        }
        Ok(())
    });
    trigger.unwrap()
}

/// That each of the records was handled once, and those of a key in their order.
fn assert_all(seen: &Seen, count: usize) {
    let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, text) in seen.all() {
        keys.entry(key).or_default().push(text);
    }
    assert_eq!(seen.len(), count);
    for (key, texts) in keys {
        assert!(texts.is_sorted_by(|a, b| a < b), "{key}: {texts:?}");
    }
}

#[test]
fn children_begin_when_their_parents_are_done() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    stream.update_shard_count(2).unwrap();
    append(&stream, "k", &["b"]);
    let is_stuck = Arc::new(AtomicBool::new(true));
    let batches = Batches::new();
    let (seen, stuck) = (batches.clone(), Arc::clone(&is_stuck));
    let builder = world.triggers.on_stream("t", &stream).unwrap();
    let trigger = builder.run(move |batch| {
        if stuck.load(Ordering::SeqCst) {
            return Err("not yet".into());
        }
        seen.add(texts(batch));
        Ok(())
    });
    let trigger = trigger.unwrap();
    world.idle();
    assert_eq!(trigger.status().lanes.len(), 1);
    is_stuck.store(false, Ordering::SeqCst);
    world.pass(1);
    assert_eq!(batches.take(), [["a"], ["b"]]);
    let shards: Vec<String> = trigger.status().lanes.into_iter().map(|lane| lane.shard).collect();
    assert_eq!(shards, ["shardId-000000000001", "shardId-000000000002"]);
}

#[test]
fn no_record_is_lost_or_out_of_order_over_splits_and_merges() {
    for factor in [1, 4] {
        let world = World::new();
        let stream = world.stream("s", 2);
        let seen = Seen::new();
        let _trigger = start(&world, factor, &seen);
        let mut count = 0;
        for shards in [2, 4, 3, 6, 3, 2, 1, 2] {
            if stream.describe().unwrap().open_shards != shards {
                stream.update_shard_count(shards).unwrap();
            }
            for _ in 0..60 {
                append(&stream, &format!("k{}", count % 17), &[&format!("{count:05}")]);
                count += 1;
            }
        }
        world.idle();
        assert_all(&seen, count);
    }
}

#[test]
fn it_goes_on_over_restarts_between_splits() {
    let mut world = World::new();
    world.stream("s", 1);
    let seen = Seen::new();
    let mut count = 0;
    for round in 0..5 {
        let stream = world.streams.get("s").unwrap();
        for _ in 0..50 {
            append(&stream, &format!("k{}", count % 11), &[&format!("{count:05}")]);
            count += 1;
        }
        if round % 2 == 0 {
            let shards = stream.describe().unwrap().open_shards;
            stream.update_shard_count(if round == 2 { shards * 2 } else { (shards / 2).max(1) + 1 }).unwrap();
        }
        let trigger = start(&world, 2, &seen);
        if round != 1 {
            world.idle();
        }
        drop(trigger);
        world = world.restarted();
    }
    start(&world, 2, &seen);
    world.idle();
    assert_all(&seen, count);
}

#[test]
fn what_is_known_of_shards_goes_with_them() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let seen = Seen::new();
    start(&world, 1, &seen);
    world.idle();
    stream.update_shard_count(2).unwrap();
    world.idle();
    let checkpoints = world.engine.keyspace("triggers.checkpoints").unwrap();
    let count = |world: &World| {
        let snapshot = world.engine.snapshot().unwrap();
        snapshot.scan(&checkpoints, &millpond_engine::RangeRequest::all()).unwrap().count()
    };
    // A shard that is done, and two with a lane each.
    assert_eq!(count(&world), 5);
    world.pass(24 * 3600 + 1);
    append(&stream, "k", &["b"]);
    stream.update_shard_count(4).unwrap();
    world.idle();
    // The first shard is not kept any more; two are done and four are open.
    assert_eq!(count(&world), 10);
    assert_all(&seen, 2);
}
