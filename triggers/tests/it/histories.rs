//! Random histories of a stream and its trigger, against what has to hold of any: each record is handled once, and those of a key
//! in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millpond_engine::{Engine, Keyspace};
use millpond_stream::Stream;
use millpond_triggers::{BoxError, Outcome};
use proptest::prelude::*;

use crate::support::*;

const KEYS: usize = 9;

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    /// Halves the open shard of that number, counted around.
    Split(usize),
    /// Merges the open shard of that number with the one after it.
    Merge(usize),
    /// The program is started anew, with so many lanes.
    Restart(u16),
    Pass(u64),
    Off,
    On,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1_usize..30).prop_map(Step::Append),
        1 => (0_usize..8).prop_map(Step::Split),
        1 => (0_usize..8).prop_map(Step::Merge),
        1 => (1_u16..5).prop_map(Step::Restart),
        2 => (0_u64..5).prop_map(Step::Pass),
        1 => Just(Step::Off),
        1 => Just(Step::On),
    ]
}

/// How the handler behaves, and the trigger's settings besides its lanes.
#[derive(Debug, Clone, Copy)]
struct Manner {
    batch_size: u32,
    /// One call in so many fails, if it is not 0.
    fails: u64,
    bisects: bool,
    reports: bool,
}

fn start(world: &World, lanes: u16, manner: Manner, seen: &Keyspace, wrong: &Keyspace) {
    let stream = world.streams.get("s").unwrap();
    let (seen, wrong, calls) = (seen.clone(), wrong.clone(), Arc::new(AtomicU64::new(0)));
    let builder = world.triggers.on_stream("t", &stream).unwrap().batch_size(manner.batch_size);
    let builder = builder.parallelization_factor(lanes).bisect_on_error(manner.bisects);
    let started = builder.report_batch_item_failures(manner.reports).run_in(move |tx, batch| {
        let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
        let is_bad = manner.fails > 0 && call.is_multiple_of(manner.fails);
        for (nth, record) in batch.records().iter().enumerate() {
            if is_bad && nth == batch.records().len() / 2 {
                return if manner.reports { Ok(Outcome::failed_at(record)) } else { Err("at times".into()) };
            }
            let key = record.stream_record().ok_or("no record of a stream")?.partition_key().to_owned();
            let before = tx.get(&seen, key.as_bytes())?.unwrap_or_default();
            // Each key counts its records from 0.
            let expected = std::str::from_utf8(&before)?.parse::<u64>().map_or(0, |before| before + 1);
            if text(record) != expected.to_string() {
                tx.put(&wrong, format!("{key} {}", text(record)), expected.to_string())?;
            }
            tx.put(&seen, key, text(record))?;
        }
        Ok::<_, BoxError>(Outcome::done())
    });
    started.unwrap();
}

fn reshard(stream: &Stream, nth: usize, is_split: bool) {
    let filter = millpond_stream::ShardFilter::AtLatest;
    let mut open = stream.shards(Some(&filter)).unwrap();
    open.sort_by_key(|shard| *shard.hash_keys.start());
    let shard = &open[nth % open.len()];
    if is_split {
        let (from, to) = (*shard.hash_keys.start(), *shard.hash_keys.end());
        if open.len() < 6 {
            stream.split_shard(shard.id, from + (to - from) / 2).unwrap();
        }
    } else if let Some(next) =
        open.iter().find(|next| shard.hash_keys.end().checked_add(1) == Some(*next.hash_keys.start()))
    {
        stream.merge_shards(shard.id, next.id).unwrap();
    }
}

fn check(steps: &[Step], manner: Manner) -> Engine {
    let mut world = World::new();
    world.stream("s", 2);
    let (seen, wrong) = (world.engine.keyspace("seen").unwrap(), world.engine.keyspace("wrong").unwrap());
    start(&world, 1, manner, &seen, &wrong);
    let mut counts = [0_u64; KEYS];
    let mut appended = 0;
    for step in steps {
        let stream = world.streams.get("s").unwrap();
        match step {
            Step::Append(count) => {
                for _ in 0..*count {
                    let key = appended * 7 % KEYS;
                    append(&stream, &format!("k{key}"), &[&counts[key].to_string()]);
                    counts[key] += 1;
                    appended += 1;
                }
            }
            Step::Split(nth) => reshard(&stream, *nth, true),
            Step::Merge(nth) => reshard(&stream, *nth, false),
            Step::Restart(lanes) => {
                world = world.restarted();
                start(&world, *lanes, manner, &seen, &wrong);
            }
            Step::Pass(seconds) => world.engine.clock().advance(secs(*seconds)).unwrap(),
            Step::Off => world.triggers.get("t").unwrap().disable().unwrap(),
            Step::On => world.triggers.get("t").unwrap().enable().unwrap(),
        }
    }
    let trigger = world.triggers.get("t").unwrap();
    trigger.enable().unwrap();
    world.idle();
    world.pass_until(|| trigger.status().lanes.iter().all(|lane| lane.pending == 0));
    assert_eq!(rows(&world.engine, &wrong), Default::default());
    let last: Vec<(String, String)> = (0..KEYS)
        .filter(|key| counts[*key] > 0)
        .map(|key| (format!("k{key}"), (counts[key] - 1).to_string()))
        .collect();
    assert_eq!(rows(&world.engine, &seen).into_iter().collect::<Vec<_>>(), last);
    world.engine
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn each_record_is_handled_once_and_in_order_whatever_happens(
        steps in prop::collection::vec(step(), 1..40),
        batch_size in 1_u32..20,
        fails in 0_u64..5,
        bisects: bool,
        reports: bool,
    ) {
        // Every call would fail.
        let fails = if fails == 1 { 0 } else { fails };
        check(&steps, Manner { batch_size, fails, bisects, reports });
    }
}
