//! Halving batches that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use millpond_triggers::Outcome;

use crate::support::*;

#[test]
fn a_poisoned_record_ends_alone_in_the_destination_and_all_others_are_handled_once() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let dead = world.queue("dead");
    append_all(&stream, "k", &numbered(100));
    let effects = world.engine.keyspace("effects").unwrap();
    let written = effects.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().batch_size(50);
    let builder = builder.bisect_on_error(true).maximum_retry_attempts(2).on_failure(&dead);
    let trigger = builder.run_in(move |tx, batch| {
        for record in batch {
            if ["0013", "0077"].contains(&record.text().unwrap_or_default()) {
                return Err("poison".into());
            }
            let key = record.text().unwrap_or_default().to_owned();
            let before = tx.get(&written, key.as_bytes())?.map_or(0, |count| count.len());
            tx.put(&written, key, "x".repeat(before + 1))?;
        }
        Ok(())
    });
    let trigger = trigger.unwrap();
    world.idle();
    world.pass_until(|| trigger.status().records == 98);
    let effects = rows(&world.engine, &effects);
    assert_eq!(effects.len(), 98);
    assert!(effects.values().all(|count| count == "x"));
    let told = documents(&dead);
    assert_eq!(told.len(), 2);
    for document in told {
        let info = &document["KinesisBatchInfo"];
        assert_eq!(info["batchSize"], 1);
        assert_eq!(info["startSequenceNumber"], info["endSequenceNumber"]);
        assert_eq!(document["requestContext"]["approximateInvokeCount"], 3);
    }
    assert_eq!(trigger.status().discarded, 2);
}

#[test]
fn without_it_the_whole_batch_goes() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append_all(&stream, "k", &numbered(20));
    let builder = world.triggers.on_stream("t", &stream).unwrap().batch_size(10).maximum_retry_attempts(0);
    let trigger =
        builder.run(|batch| if texts(batch).contains(&"0003".into()) { Err("poison".into()) } else { Ok(()) });
    world.idle();
    let status = trigger.unwrap().status();
    assert_eq!((status.discarded, status.records), (10, 10));
}

#[test]
fn a_batch_is_cut_where_the_handler_says_that_it_failed() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append_all(&stream, "k", &numbered(10));
    let batches = Batches::new();
    let seen = batches.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().bisect_on_error(true).maximum_retry_attempts(0);
    let trigger = builder.report_batch_item_failures(true).run(move |batch| {
        seen.add(texts(batch));
        Ok(batch.records().iter().find(|record| text(record) == "0004").map_or(Outcome::done(), Outcome::failed_at))
    });
    world.idle();
    let starts: Vec<(String, usize)> = batches.take().into_iter().map(|it| (it[0].clone(), it.len())).collect();
    let starts: Vec<(&str, usize)> = starts.iter().map(|(start, count)| (start.as_str(), *count)).collect();
    // At the record that was named, then that one alone, then the rest.
    assert_eq!(starts, [("0000", 10), ("0004", 6), ("0004", 1), ("0005", 5)]);
    let status = trigger.unwrap().status();
    assert_eq!((status.discarded, status.records), (1, 9));
}

#[test]
fn halving_works_around_a_batch_that_is_too_much_at_once() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append_all(&stream, "k", &numbered(64));
    let largest = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&largest);
    let builder = world.triggers.on_stream("t", &stream).unwrap().bisect_on_error(true);
    let trigger = builder.run(move |batch| {
        if batch.records().len() > 8 {
            return Err("too many".into());
        }
        seen.fetch_max(batch.records().len(), Ordering::SeqCst);
        Ok(())
    });
    // No clock has to be moved for that.
    world.idle();
    assert_eq!(trigger.unwrap().status().records, 64);
    assert_eq!(largest.load(Ordering::SeqCst), 8);
}
