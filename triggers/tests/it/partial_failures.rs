//! Handlers that name what has failed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use millpond_triggers::Outcome;

use crate::support::*;

#[test]
fn the_checkpoint_goes_to_the_first_that_failed() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a", "b", "c", "d"]);
    let batches = Batches::new();
    let (seen, calls) = (batches.clone(), Arc::new(AtomicUsize::new(0)));
    let builder = world.triggers.on_stream("t", &stream).unwrap().report_batch_item_failures(true);
    let trigger = builder.run(move |batch| {
        seen.add(texts(batch));
        let failed = |texts: &[&str]| {
            let records = batch.records().iter().filter(|record| texts.contains(&text(record).as_str()));
            Outcome::failed(records.map(|record| record.id().to_owned()))
        };
        // Of several the lowest counts, in whatever order they are named.
        Ok(match calls.fetch_add(1, Ordering::SeqCst) {
            0 => failed(&["d", "b"]),
            1 => failed(&["b"]),
            _ => Outcome::done(),
        })
    });
    world.idle();
    assert_eq!(batches.take(), [strings(&["a", "b", "c", "d"])]);
    world.pass(1);
    assert_eq!(batches.take(), [strings(&["b", "c", "d"])]);
    world.pass(2);
    assert_eq!(batches.take(), [strings(&["b", "c", "d"])]);
    let status = trigger.unwrap().status();
    assert_eq!((status.records, status.errors, status.item_failures), (4, 0, 3));
}

#[test]
fn what_was_done_before_the_first_that_failed_is_committed_with_the_checkpoint() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a", "b", "c"]);
    let effects = world.engine.keyspace("effects").unwrap();
    let (written, calls) = (effects.clone(), Arc::new(AtomicUsize::new(0)));
    let builder = world.triggers.on_stream("t", &stream).unwrap().report_batch_item_failures(true);
    let _trigger = builder.run_in(move |tx, batch| {
        let call = calls.fetch_add(1, Ordering::SeqCst);
        for record in batch {
            if call < 2 && text(record) == "b" {
                return Ok(Outcome::failed_at(record));
            }
            tx.put(&written, text(record), format!("{call}"))?;
        }
        Ok(Outcome::done())
    });
    world.idle();
    assert_eq!(rows(&world.engine, &effects).into_iter().collect::<Vec<_>>(), [("a".into(), "0".into())]);
    // Now `b` is the first: nothing is done before it.
    world.pass(1);
    assert_eq!(rows(&world.engine, &effects).len(), 1);
    world.pass(2);
    let effects: Vec<String> = rows(&world.engine, &effects).into_values().collect();
    assert_eq!(effects, ["0", "2", "2"]);
}

#[test]
fn a_name_that_is_not_in_the_batch_fails_all_of_it() {
    for name in ["", "49590338271490256608559692538361571095921575989136588898"] {
        let world = World::new();
        let stream = world.stream("s", 1);
        append(&stream, "k", &["a", "b"]);
        let builder = world.triggers.on_stream("t", &stream).unwrap().report_batch_item_failures(true);
        let trigger = builder.maximum_retry_attempts(0).run(move |_| Ok(Outcome::failed([name])));
        world.idle();
        let status = trigger.unwrap().status();
        assert_eq!((status.discarded, status.records), (2, 0));
        assert!(status.last_result.contains("not in the batch"), "{}", status.last_result);
    }
}

#[test]
fn a_trigger_that_is_not_set_to_take_names_takes_them_for_a_failure() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a", "b"]);
    let builder = world.triggers.on_stream("t", &stream).unwrap().maximum_retry_attempts(0);
    let trigger = builder.run(|batch| Ok(Outcome::failed_at(&batch.records()[1])));
    world.idle();
    assert_eq!(trigger.unwrap().status().discarded, 2);
}
