//! Workers: threads that have messages handled.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Instant,
};

use millpond_queue::{CreateOptions, Error, Message, Queues, SendMessage};

use crate::support::*;

/// Waits for what another thread is about to do.
fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < secs(20), "it does not happen");
        std::thread::yield_now();
    }
}

#[test]
fn messages_are_handled_once_and_deleted() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        let message = |n: usize| {
            if queue.is_fifo() { grouped(&(n % 5).to_string(), &n.to_string()) } else { n.to_string().into() }
        };
        let (done, results) = mpsc::channel();
        let worker = queue.worker().concurrency(4).start(move |message: &Message| done.send(message.body().to_owned()));
        queue.send_batch((0..100).map(message)).unwrap();
        let mut handled: Vec<usize> = results.iter().take(100).map(|body| body.parse().unwrap()).collect();
        if queue.is_fifo() {
            for group in 0..5 {
                assert!(handled.iter().filter(|n| *n % 5 == group).is_sorted());
            }
        }
        handled.sort_unstable();
        assert_eq!(handled, (0..100).collect::<Vec<_>>());
        until(|| worker.handled() == 100);
        assert_eq!((worker.failed(), counts(&queue)), (0, (0, 0, 0)));
        worker.stop();
        assert!(results.recv().is_err());
    }
}

#[test]
fn so_many_messages_are_handled_at_a_time() {
    let world = World::new();
    let queue = world.create("q");
    queue.send_batch(["m"; 9]).unwrap();
    let meet = Arc::new(Barrier::new(3));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let handler = {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        move |_: &Message| -> Result<(), Error> {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            meet.wait();
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    };
    let worker = queue.worker().concurrency(3).start(handler);
    until(|| worker.handled() == 9);
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[test]
fn a_message_whose_handler_fails_or_panics_comes_again() {
    let world = World::new();
    let queue = world.create("q");
    let dead = world.create("dead");
    queue.set(&redrive("dead", 3)).unwrap();
    for body in ["fails", "panics", "works"] {
        queue.send(body).unwrap();
    }
    let worker = queue.worker().retry_after(NOW).start(|message: &Message| match message.body() {
        "fails" => Err("as told"),
        "panics" => panic!("as told"),
        _ => Ok(()),
    });
    until(|| worker.failed() == 6 && worker.handled() == 1 && counts(&dead).0 == 2);
    assert_eq!((worker.handled(), counts(&queue)), (1, (0, 0, 0)));
    assert_eq!(take(&dead, 10).len(), 2);
}

#[test]
fn without_more_said_a_failed_message_comes_again_after_its_timeout() {
    let world = World::new();
    let queue = world.create("q");
    queue.send("m").unwrap();
    let worker = queue.worker().visibility_timeout(secs(7)).start(|message: &Message| match message.receive_count() {
        1 => Err("once"),
        _ => Ok(()),
    });
    until(|| worker.failed() == 1);
    world.pass_secs(6);
    assert_eq!(counts(&queue), (0, 1, 0));
    world.pass_secs(1);
    until(|| worker.handled() == 1);
}

#[test]
fn a_message_is_kept_from_others_while_its_handler_runs() {
    let world = World::new();
    let queue = world.create("q");
    queue.send("m").unwrap();
    let (meet, ended) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let handler = {
        let (meet, ended) = (Arc::clone(&meet), Arc::clone(&ended));
        move |_: &Message| -> Result<(), Error> {
            meet.wait();
            ended.wait();
            Ok(())
        }
    };
    let worker = queue.worker().visibility_timeout(secs(10)).start(handler);
    meet.wait();
    let writes = || world.engine.statistics().commits;
    for _ in 0..20 {
        let before = writes();
        world.pass_secs(5);
        // Half of the time is over: it is renewed.
        until(|| writes() > before);
        assert_eq!(take(&queue, 1), [] as [&str; 0]);
    }
    ended.wait();
    until(|| worker.handled() == 1);
    assert_eq!((worker.failed(), counts(&queue)), (0, (0, 0, 0)));
}

#[test]
fn what_a_handler_writes_commits_with_the_deletion_of_its_message() {
    let world = World::new();
    let (queue, next) = (world.create("q"), world.create("next"));
    let totals = world.engine.keyspace("totals").unwrap();
    queue.send_batch((0..20).map(|n| SendMessage::new(n.to_string()))).unwrap();
    let handler = {
        let (totals, next) = (totals.clone(), next.clone());
        move |tx: &mut millpond_engine::Transaction, message: &Message| -> Result<(), Error> {
            tx.add(&totals, "handled", 1)?;
            next.send_in(tx, message.body())?;
            if message.receive_count() == 1 {
                assert!(message.body() != "7", "a handler may panic in its transaction");
                if message.body() == "9" {
                    return Err(Error::OverLimit);
                }
            }
            Ok(())
        }
    };
    let worker = queue.worker().concurrency(3).retry_after(NOW).start_in(handler);
    until(|| worker.handled() == 20);
    worker.stop();
    use millpond_engine::Read;
    assert_eq!(world.engine.snapshot().unwrap().counter(&totals, b"handled").unwrap(), 20);
    assert_eq!((counts(&queue), counts(&next)), ((0, 0, 0), (20, 0, 0)));
}

#[test]
fn a_worker_stops_when_it_is_idle_busy_dropped_or_its_queue_is_gone() {
    let world = World::without_cooldowns();
    let queue = world.create("q");
    let idle = queue.worker().concurrency(8).start(|_: &Message| Ok::<(), Error>(()));
    idle.stop();
    drop(queue.worker().concurrency(8).start(|_: &Message| Ok::<(), Error>(())));
    queue.send_batch(["m"; 100]).unwrap();
    let (began, starts) = mpsc::channel();
    let busy = queue.worker().concurrency(2).start(move |_: &Message| {
        let _ = began.send(());
        std::thread::sleep(std::time::Duration::from_millis(5));
        Ok::<(), Error>(())
    });
    starts.recv().unwrap();
    let stops = Instant::now();
    busy.stop();
    assert!(stops.elapsed() < secs(5));
    let begun = 1 + starts.iter().count() as u64;
    assert_eq!(counts(&queue), (100 - begun, 0, 0), "what was begun is done, and no more");
    let worker = queue.worker().concurrency(2).start(|_: &Message| Ok::<(), Error>(()));
    world.queues.delete("q").unwrap();
    worker.stop();
}

#[test]
fn a_worker_waits_on_the_clock_of_the_system_too() {
    let queues = Queues::open(&millpond_engine::Engine::in_memory()).unwrap();
    let queue = queues.create("q", &CreateOptions::default()).unwrap();
    let worker = queue.worker().start(|_: &Message| Ok::<(), Error>(()));
    queue.send(SendMessage::new("m").delay(std::time::Duration::from_millis(30))).unwrap();
    until(|| worker.handled() == 1);
    worker.stop();
}
