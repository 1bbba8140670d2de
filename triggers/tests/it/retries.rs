//! Handlers that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use millpond_triggers::Outcome;

use crate::support::*;

#[test]
fn a_batch_that_fails_comes_again_after_a_wait_that_doubles_and_holds_up_its_shard() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a", "b"]);
    let batches = Batches::new();
    let (seen, left) = (batches.clone(), Arc::new(AtomicUsize::new(3)));
    let builder = world.triggers.on_stream("t", &stream).unwrap();
    let trigger = builder.run(move |batch| {
        seen.add(texts(batch));
        match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Err("not yet".into()),
            Err(_) => Ok(()),
        }
    });
    let trigger = trigger.unwrap();
    world.idle();
    append(&stream, "k", &["c"]);
    world.idle();
    assert_eq!(batches.take(), [["a", "b"]]);
    let status = trigger.status();
    assert_eq!(status.last_result, "PROBLEM: Function call failed: not yet");
    assert_eq!(status.lanes[0].failures, 1);
    for wait in [1, 2] {
        world.pass(wait - 1);
        assert_eq!(batches.len(), 0);
        world.pass(1);
        assert_eq!(batches.take(), [["a", "b"]]);
    }
    world.pass(4);
    assert_eq!(batches.take(), [strings(&["a", "b"]), strings(&["c"])]);
    let status = trigger.status();
    assert_eq!((status.invocations, status.errors, status.records, status.discarded), (5, 3, 3, 0));
    assert_eq!((status.last_result.as_str(), status.lanes[0].failures), ("OK", 0));
}

#[test]
fn with_no_retries_left_the_batch_is_given_up_and_the_next_one_comes() {
    for retries in [0, 2] {
        let world = World::new();
        let stream = world.stream("s", 1);
        append(&stream, "k", &["bad", "b", "c"]);
        let batches = Batches::new();
        let seen = batches.clone();
        let builder = world.triggers.on_stream("t", &stream).unwrap().batch_size(2).maximum_retry_attempts(retries);
        let trigger = builder.run(move |batch| {
            seen.add(texts(batch));
            if texts(batch).contains(&"bad".to_owned()) { Err("bad".into()) } else { Ok(()) }
        });
        let trigger = trigger.unwrap();
        world.idle();
        world.pass_until(|| trigger.status().records == 1);
        let calls = batches.take();
        assert_eq!(calls.len(), retries as usize + 2);
        assert_eq!(calls.last().unwrap(), &["c"]);
        assert_eq!(trigger.status().discarded, 2);
    }
}

#[test]
fn a_handler_that_panics_has_failed() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let builder = world.triggers.on_stream("t", &stream).unwrap().maximum_retry_attempts(0);
    let trigger = builder.run(|_| -> Result<Outcome, _> { panic!("as it should") }).unwrap();
    world.idle();
    let status = trigger.status();
    assert_eq!((status.errors, status.discarded), (1, 1));
    assert_eq!(status.last_result, "PROBLEM: Function call failed: the handler panicked: as it should");
    assert!(status.is_running);
}

#[test]
fn what_a_failed_handler_wrote_in_the_transaction_is_not_there() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let effects = world.engine.keyspace("effects").unwrap();
    let (written, calls) = (effects.clone(), Arc::new(AtomicUsize::new(0)));
    let builder = world.triggers.on_stream("t", &stream).unwrap();
    let _trigger = builder.run_in(move |tx, batch| {
        let call = calls.fetch_add(1, Ordering::SeqCst);
        tx.put(&written, format!("{}-{call}", texts(batch).concat()), "")?;
        if call < 2 { Err("not yet".into()) } else { Ok(()) }
    });
    world.idle();
    world.pass(1);
    assert_eq!(rows(&world.engine, &effects).len(), 0);
    world.pass(2);
    assert_eq!(rows(&world.engine, &effects).into_keys().collect::<Vec<_>>(), ["a-2"]);
}

#[test]
fn attempts_are_counted_anew_after_a_restart() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let fails = |world: &World| {
        let stream = world.streams.get("s").unwrap();
        let builder = world.triggers.on_stream("t", &stream).unwrap().maximum_retry_attempts(1);
        let trigger = builder.run(|_| -> Result<(), _> { Err("never".into()) }).unwrap();
        world.idle();
        trigger.status()
    };
    assert_eq!(fails(&world).discarded, 0);
    let world = world.restarted();
    let status = fails(&world);
    assert_eq!((status.errors, status.discarded), (1, 0));
    world.pass(1);
    assert_eq!(world.triggers.get("t").unwrap().status().discarded, 1);
}

#[test]
fn what_the_commit_refuses_of_a_handler_is_a_failure_of_it() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append_all(&stream, "k", &numbered(8));
    let counters = world.engine.keyspace("counters").unwrap();
    world.engine.transact(|tx| tx.put(&counters, "0005", "no counter")).unwrap();
    let counted = counters.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().maximum_retry_attempts(0).bisect_on_error(true);
    let trigger = builder.run_in(move |tx, batch| {
        for record in batch {
            tx.add(&counted, text(record), 1)?;
        }
        Ok(())
    });
    world.idle();
    let status = trigger.unwrap().status();
    assert_eq!((status.records, status.discarded), (7, 1));
}

#[test]
fn a_stream_that_is_deleted_is_told_of() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let trigger = world.triggers.on_stream("t", &stream).unwrap().run(|_| Ok(())).unwrap();
    world.idle();
    world.streams.delete("s", true).unwrap();
    world.pass(60);
    let status = trigger.status();
    assert!(status.last_result.starts_with("PROBLEM: there is no log"), "{}", status.last_result);
    world.triggers.remove("t").unwrap();
}
