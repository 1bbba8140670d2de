//! Effects and checkpoints as one commit, whatever comes between.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use millpond_engine::{Clock, Engine, Error, Keyspace, RangeRequest};
use millpond_triggers::{Options, Trigger};

use crate::support::*;

fn open(path: &Path) -> World {
    let engine = Engine::options().path(path).clock(Clock::manual(START)).open().unwrap();
    World::with(engine, Options::default().threads(4))
}

/// Counts how often each text was handled, and moves the message on.
fn counting(world: &World, counts: &Keyspace, lanes: u16) -> Trigger {
    let stream = world.streams.get("s").unwrap();
    let counts = counts.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().batch_size(7).parallelization_factor(lanes);
    let trigger = builder.run_in(move |tx, batch| {
        for record in batch {
            tx.add(&counts, text(record), 1)?;
        }
        Ok(())
    });
    trigger.unwrap()
}

fn counts(engine: &Engine, keyspace: &Keyspace) -> Vec<(String, i64)> {
    let snapshot = engine.snapshot().unwrap();
    let rows = snapshot.scan(keyspace, &RangeRequest::all()).unwrap();
    let row = |row: Result<(bytes::Bytes, bytes::Bytes), Error>| {
        let (key, value) = row.unwrap();
        let count = millpond_engine::read_counter(Some(&value)).unwrap();
        (String::from_utf8(key.to_vec()).unwrap(), count)
    };
    rows.map(row).collect()
}

#[test]
fn each_record_counts_once_however_often_the_program_crashes() {
    let place = tempfile::tempdir().unwrap();
    let mut appended = 0;
    for round in 0..6 {
        // What is left of a crash: the directory, as it is on the disk at a moment in the middle of the work.
        let (at, copy) = (place.path().join(format!("{round}")), place.path().join(format!("{}", round + 1)));
        let world = open(&at);
        let seen = world.engine.keyspace("counts").unwrap();
        let stream = if round == 0 { world.stream("s", 2) } else { world.streams.get("s").unwrap() };
        let trigger = counting(&world, &seen, if round % 2 == 0 { 1 } else { 3 });
        for nth in 0..60 {
            stream.append((format!("k{}", nth % 9), format!("{appended:05}"))).unwrap();
            appended += 1;
            if nth == 30 && round < 5 {
                world.engine.checkpoint(&copy).unwrap();
                // What comes after is lost with it.
                append(&stream, "k", &["lost"]);
                break;
            }
        }
        world.idle();
        drop(trigger);
        if round == 5 {
            let counts = counts(&world.engine, &seen);
            assert_eq!(counts.len(), appended);
            assert!(counts.iter().all(|(_, count)| *count == 1), "{counts:?}");
        }
    }
}

#[test]
fn each_record_counts_once_when_the_store_is_dropped_at_work() {
    let place = tempfile::tempdir().unwrap();
    let mut appended = 0;
    for round in 0..8 {
        let world = open(place.path());
        let seen = world.engine.keyspace("counts").unwrap();
        let stream = if round == 0 { world.stream("s", 2) } else { world.streams.get("s").unwrap() };
        let _trigger = counting(&world, &seen, 2);
        for nth in 0..40 {
            stream.append((format!("k{}", nth % 9), format!("{appended:05}"))).unwrap();
            appended += 1;
        }
        if round < 7 {
            // Neither stopped nor waited for: each call of the handlers that are at work fails from here on.
            drop(world.engine.clone().close());
        } else {
            world.idle();
            let counts = counts(&world.engine, &seen);
            assert_eq!(counts.len(), appended);
            assert!(counts.iter().all(|(_, count)| *count == 1), "{counts:?}");
        }
    }
}

#[test]
fn a_trigger_whose_store_is_closed_ends() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let seen = world.engine.keyspace("counts").unwrap();
    let trigger = counting(&world, &seen, 1);
    append(&stream, "k", &["a"]);
    world.idle();
    assert!(trigger.status().is_running);
    world.engine.clone().close().unwrap();
    world.engine.clock().advance(secs(1)).unwrap();
    world.idle();
    let status = trigger.status();
    assert!(!status.is_running && status.last_result.starts_with("PROBLEM"), "{status:?}");
}

#[test]
fn a_message_counts_once_when_its_handler_loses_it_to_another() {
    // With one thread the trigger does not receive it while it is at work.
    let world = World::with(World::new().engine, Options::default().threads(1));
    let queue = world.queue("q");
    let effects = world.engine.keyspace("effects").unwrap();
    queue.send("m").unwrap();
    let (written, calls, again) = (effects.clone(), Arc::new(AtomicUsize::new(0)), queue.clone());
    let clock = world.engine.clock().clone();
    let trigger = world.triggers.on_queue("t", &queue).unwrap().run_in(move |tx, batch| {
        let call = calls.fetch_add(1, Ordering::SeqCst);
        for record in batch {
            tx.put(&written, format!("{}-{call}", text(record)), "")?;
        }
        if call == 0 {
            // So slow that the message has come back, and somebody else has it.
            clock.advance(secs(31))?;
            std::thread::scope(|scope| {
                let other = scope.spawn(|| again.receive(1, secs(0)).map(|messages| messages.len()));
                assert_eq!(other.join().unwrap().unwrap(), 1);
            });
        }
        Ok(())
    });
    world.idle();
    assert_eq!(rows(&world.engine, &effects).len(), 0);
    world.pass(30);
    let effects: Vec<String> = rows(&world.engine, &effects).into_keys().collect();
    assert!(effects.len() == 1 && effects[0].starts_with("m-"), "{effects:?}");
    assert_eq!(trigger.unwrap().status().records, 1);
}

#[test]
fn the_plain_form_is_called_again_for_what_was_not_marked() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let calls = Arc::new(AtomicUsize::new(0));
    let (counted, engine) = (Arc::clone(&calls), world.engine.clone());
    let builder = world.triggers.on_stream("t", &stream).unwrap();
    builder
        .run(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            // The program goes down between the effect and the checkpoint.
            engine.clone().close()?;
            Ok(())
        })
        .unwrap();
    world.idle();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}
