//! First-in-first-out queues as a source.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use millpond_queue::{Queue, SendMessage};
use millpond_triggers::Outcome;

use crate::support::*;

fn send(queue: &Queue, group: &str, body: &str) {
    queue.send(SendMessage::new(body).group(group).deduplication(body)).unwrap();
}

#[test]
fn each_group_keeps_its_order_while_groups_are_handled_at_a_time() {
    let world = World::new();
    let queue = world.queue("q.fifo");
    for nth in 0..200 {
        send(&queue, &format!("g{}", nth % 7), &format!("{nth:04}"));
    }
    let seen = Log::new();
    let handled = seen.clone();
    let trigger = world.triggers.on_queue("t", &queue).unwrap().run(move |batch| {
        for record in batch {
            handled.add((record.message().unwrap().group_id().unwrap().to_owned(), text(record)));
        }
        Ok(())
    });
    world.idle();
    assert_eq!(trigger.unwrap().status().records, 200);
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (group, text) in seen.take() {
        groups.entry(group).or_default().push(text);
    }
    assert_eq!(groups.len(), 7);
    assert!(groups.values().all(|texts| texts.is_sorted_by(|a, b| a < b)));
}

#[test]
fn nothing_of_a_group_is_done_after_one_that_has_failed() {
    let world = World::new();
    let queue = world.queue("q.fifo");
    for (group, body) in [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1")] {
        send(&queue, group, body);
    }
    let batches = Batches::new();
    let (seen, calls) = (batches.clone(), Arc::new(AtomicUsize::new(0)));
    let builder = world.triggers.on_queue("t", &queue).unwrap().report_batch_item_failures(true);
    let trigger = builder.run_in(move |_, batch| {
        seen.add(texts(batch));
        let bad = batch.records().iter().find(|record| text(record) == "a2");
        let is_first = calls.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(bad.filter(|_| is_first).map_or(Outcome::done(), Outcome::failed_at))
    });
    world.idle();
    batches.take();
    world.pass(30);
    assert_eq!(batches.take().concat(), ["a2", "a3"]);
    assert_eq!(trigger.unwrap().status().records, 4);
}

#[test]
fn a_group_waits_for_its_batch_that_failed() {
    let world = World::new();
    let queue = world.queue("q.fifo");
    send(&queue, "a", "a1");
    let batches = Batches::new();
    let (seen, calls) = (batches.clone(), Arc::new(AtomicUsize::new(0)));
    let _trigger = world.triggers.on_queue("t", &queue).unwrap().run(move |batch| {
        seen.add(texts(batch));
        if calls.fetch_add(1, Ordering::SeqCst) == 0 { Err("bad".into()) } else { Ok(()) }
    });
    world.idle();
    send(&queue, "a", "a2");
    send(&queue, "b", "b1");
    world.idle();
    assert_eq!(batches.take(), [["a1"], ["b1"]]);
    world.pass(30);
    assert_eq!(batches.take().concat(), ["a1", "a2"]);
}
