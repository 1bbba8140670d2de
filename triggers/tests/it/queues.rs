//! Queues as a source.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};

use millpond_queue::{Changes, RedrivePolicy};
use millpond_triggers::{Options, Outcome};

use crate::support::*;

#[test]
fn messages_are_deleted_once_they_are_handled() {
    let world = World::new();
    let queue = world.queue("q");
    let batches = Batches::new();
    let seen = batches.clone();
    let trigger = world.triggers.on_queue("t", &queue).unwrap().run(move |batch| {
        seen.add(texts(batch));
        Ok(())
    });
    world.idle();
    queue.send("a").unwrap();
    world.idle();
    assert_eq!(batches.take(), [["a"]]);
    queue.send_batch(numbered(25)).unwrap();
    world.idle();
    let handled = batches.take();
    assert!(handled.iter().all(|batch| batch.len() <= 10));
    assert_eq!(handled.concat().into_iter().collect::<BTreeSet<_>>(), numbered(25).into_iter().collect());
    assert_eq!(queue.metrics().unwrap().counts.in_flight + queue.metrics().unwrap().counts.visible, 0);
    let status = trigger.unwrap().status();
    assert_eq!((status.records, status.errors), (26, 0));
}

#[test]
fn what_has_failed_comes_back_and_becomes_a_dead_letter() {
    let world = World::new();
    let dead = world.queue("dead");
    let policy = RedrivePolicy { dead_letter_queue: "dead".into(), max_receive_count: 2 };
    let queue = world.queue_with("q", Changes { redrive_policy: Some(Some(policy)), ..Default::default() });
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let trigger = world.triggers.on_queue("t", &queue).unwrap().run(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Err::<(), _>("bad".into())
    });
    queue.send("a").unwrap();
    world.idle();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    world.pass(30);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    world.pass(30);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(bodies(&dead), ["a"]);
    assert_eq!(trigger.unwrap().status().last_result, "PROBLEM: Function call failed: bad");
}

#[test]
fn only_those_that_failed_come_back() {
    for is_in_transaction in [false, true] {
        let world = World::new();
        let queue = world.queue("q");
        queue.send_batch(["a", "b", "c", "d"]).unwrap();
        let batches = Batches::new();
        let (seen, calls) = (batches.clone(), Arc::new(AtomicUsize::new(0)));
        let handle = move |batch: &millpond_triggers::Batch| {
            seen.add(texts(batch));
            let failed = batch.records().iter().filter(|record| ["b", "d"].contains(&text(record).as_str()));
            let is_first = calls.fetch_add(1, Ordering::SeqCst) == 0;
            Outcome::failed(failed.filter(|_| is_first).map(|record| record.id().to_owned()))
        };
        let builder = world.triggers.on_queue("t", &queue).unwrap().report_batch_item_failures(true);
        let trigger = match is_in_transaction {
            true => builder.run_in(move |_, batch| Ok(handle(batch))),
            false => builder.run(move |batch| Ok(handle(batch))),
        };
        let trigger = trigger.unwrap();
        world.idle();
        assert_eq!(trigger.status().records, 2);
        batches.take();
        world.pass(30);
        assert_eq!(
            batches.take().concat().into_iter().collect::<BTreeSet<_>>(),
            BTreeSet::from(["b".into(), "d".into()])
        );
        assert_eq!((trigger.status().records, trigger.status().item_failures), (4, 2));
    }
}

#[test]
fn a_window_gathers_large_batches_and_does_not_take_from_the_time_to_handle_them() {
    let world = World::new();
    let queue = world.queue("q");
    let batches = Log::new();
    let seen = batches.clone();
    let builder = world.triggers.on_queue("t", &queue).unwrap().batch_size(1000).batching_window(secs(300));
    builder
        .run(move |batch| {
            seen.add(batch.records().len());
            Ok(())
        })
        .unwrap();
    for _ in 0..9 {
        queue.send_batch(numbered(50)).unwrap();
        world.idle();
        world.pass(30);
    }
    // Long after the visibility timeout of 30 seconds they are still only in this batch.
    assert_eq!(batches.len(), 0);
    world.pass(30);
    assert_eq!(batches.take(), [450]);
    queue.send_batch(numbered(1000)).unwrap();
    queue.send_batch(numbered(5)).unwrap();
    world.idle();
    assert_eq!(batches.take(), [1000]);
    world.pass(300);
    assert_eq!(batches.take(), [5]);
    assert_eq!(queue.metrics().unwrap().counts.visible, 0);
}

#[test]
fn no_more_batches_are_handled_at_a_time_than_it_may() {
    let world = World::new();
    let queue = world.queue("q");
    queue.send_batch(numbered(10)).unwrap();
    let (entered, has_entered) = mpsc::channel();
    let (leave, may_leave) = mpsc::channel::<()>();
    let (may_leave, at_work) = (std::sync::Mutex::new(may_leave), Arc::new(AtomicUsize::new(0)));
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    let builder = world.triggers.on_queue("t", &queue).unwrap().batch_size(1).maximum_concurrency(2);
    let trigger = builder.run(move |_| {
        seen.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        entered.send(()).unwrap();
        may_leave.lock().unwrap().recv().unwrap();
        at_work.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    });
    for _ in 0..2 {
        has_entered.recv().unwrap();
    }
    // The others wait in the queue.
    assert_eq!(queue.metrics().unwrap().counts.in_flight, 2);
    (0..10).for_each(|_| leave.send(()).unwrap());
    world.idle();
    assert_eq!((trigger.unwrap().status().records, most.load(Ordering::SeqCst)), (10, 2));
}

#[test]
fn as_many_are_handled_at_a_time_as_there_are_threads() {
    let engine = World::new().engine;
    let world = World::with(engine, Options::default().threads(5));
    let queue = world.queue("q");
    queue.send_batch(numbered(20)).unwrap();
    let barrier = Arc::new(Barrier::new(5));
    let builder = world.triggers.on_queue("t", &queue).unwrap().batch_size(1);
    let trigger = builder.run(move |_| {
        barrier.wait();
        Ok(())
    });
    world.idle();
    assert_eq!(trigger.unwrap().status().records, 20);
}

#[test]
fn what_is_gathered_is_given_back_when_it_is_stopped_or_turned_off() {
    for is_disabled in [true, false] {
        let world = World::new();
        let queue = world.queue("q");
        queue.send_batch(numbered(5)).unwrap();
        let builder = world.triggers.on_queue("t", &queue).unwrap().batch_size(50).batching_window(secs(100));
        let trigger = builder.run(|_| Ok(())).unwrap();
        world.idle();
        assert_eq!(queue.metrics().unwrap().counts.in_flight, 5);
        if is_disabled {
            trigger.disable().unwrap();
            world.idle();
        } else {
            trigger.stop();
        }
        assert_eq!(bodies(&queue).len(), 5);
    }
}

#[test]
fn a_batch_of_a_queue_ends_at_six_megabytes() {
    let world = World::new();
    let queue = world.queue("q");
    let long = "x".repeat(1_000_000);
    (0..10).for_each(|_| drop(queue.send(long.as_str()).unwrap()));
    let batches = Log::new();
    let seen = batches.clone();
    let builder = world.triggers.on_queue("t", &queue).unwrap().batch_size(100).batching_window(secs(10));
    let _trigger = builder.run(move |batch| {
        seen.add(batch.records().len());
        Ok(())
    });
    world.idle();
    assert_eq!(batches.take(), [6]);
    world.pass(10);
    assert_eq!(batches.take(), [4]);
}

#[test]
fn a_queue_that_is_deleted_is_waited_for() {
    let world = World::new();
    let queue = world.queue("q");
    let batches = Batches::new();
    let seen = batches.clone();
    let trigger = world.triggers.on_queue("t", &queue).unwrap().run(move |batch| {
        seen.add(texts(batch));
        Ok(())
    });
    world.idle();
    world.queues.delete("q").unwrap();
    world.idle();
    assert!(trigger.unwrap().status().last_result.contains("does not exist"));
    world.pass(60);
    world.queue("q").send("a").unwrap();
    world.pass(60);
    assert_eq!(batches.take(), [["a"]]);
}
