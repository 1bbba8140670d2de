use std::{collections::HashMap, sync::Mutex, time::Duration};

use millpond_engine::{Durability, Engine, Transaction};
use millpond_queue::{Error, Options, Queues, Receive, SendMessage};

use crate::support::*;

#[test]
fn a_message_is_invisible_until_its_timeout_passes() {
    let world = World::new();
    let queue = world.create("q");
    queue.send("m").unwrap();
    let first = receive(&queue, 10);
    assert_eq!(bodies(&first), ["m"]);
    world.pass_secs(29);
    assert_eq!(take(&queue, 10), [] as [&str; 0]);
    world.pass_secs(1);
    assert_eq!(counts(&queue), (1, 0, 0));
    let again = receive(&queue, 10);
    assert_eq!(bodies(&again), ["m"]);
    assert_eq!((first[0].receive_count(), again[0].receive_count()), (1, 2));
    assert_eq!(first[0].first_received(), again[0].first_received());
    first[0].delete().unwrap();
    assert_eq!(counts(&queue), (0, 1, 0), "an older receive does not delete it");
    again[0].delete().unwrap();
    again[0].delete().unwrap();
    assert_eq!(counts(&queue), (0, 0, 0));
}

#[test]
fn a_receive_that_waits_is_woken_by_a_message() {
    let world = World::new();
    let queue = world.create("q");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| queue.receive(10, secs(20)).unwrap().len());
        queue.send("m").unwrap();
        assert_eq!(waits.join().unwrap(), 1);
    });
}

#[test]
fn a_receive_that_waits_ends_when_the_clock_has_passed_its_wait() {
    let world = World::new();
    let queue = world.create("q");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| queue.receive(10, secs(20)).unwrap().len());
        while !waits.is_finished() {
            world.pass_secs(1);
        }
        assert_eq!(waits.join().unwrap(), 0);
    });
}

#[test]
fn a_message_that_was_returned_at_once_does_not_hold_up_the_others() {
    let world = World::new();
    let queue = world.create("q");
    queue.send("one").unwrap();
    queue.send("two").unwrap();
    world.pass_secs(1);
    let one = receive(&queue, 1);
    one[0].release().unwrap();
    assert_eq!(take(&queue, 1), ["two"]);
    assert_eq!(take(&queue, 1), ["one"]);
}

#[test]
fn what_was_received_is_found_again_after_a_restart() {
    let world = World::new();
    let queue = world.create("q");
    for body in ["a", "b", "c", "d"] {
        queue.send(body).unwrap();
    }
    let held = receive(&queue, 2);
    held[0].delete().unwrap();
    queue.receive_with(&Receive::up_to(1).visibility_timeout(secs(3))).unwrap();
    let world = world.reopened();
    let queue = world.queues.get("q").unwrap();
    assert_eq!(counts(&queue), (1, 2, 0));
    assert_eq!(take(&queue, 10), ["d"]);
    world.pass_secs(3);
    assert_eq!(take(&queue, 10), ["c"]);
    world.pass_secs(27);
    assert_eq!(take(&queue, 10), ["b", "d"]);
}

#[test]
fn a_transaction_receives_what_it_sees_and_commits_it_with_its_effects() {
    let world = World::new();
    let queue = world.create("q");
    let done = world.engine.keyspace("done").unwrap();
    queue.send("m").unwrap();
    let failed = world.engine.transact(|tx| -> Result<(), Error> {
        let messages = queue.receive_in(tx, &Receive::up_to(10))?;
        assert_eq!(bodies(&messages), ["m"]);
        assert_eq!(bodies(&queue.receive_in(tx, &Receive::up_to(10))?), [] as [&str; 0]);
        messages[0].delete_in(tx)?;
        // Others neither receive it meanwhile nor see the deletion.
        std::thread::scope(|scope| scope.spawn(|| assert_eq!(take(&queue, 1), [] as [&str; 0])).join()).unwrap();
        Err(Error::QueueDoesNotExist)
    });
    assert_eq!(code(failed), "QueueDoesNotExist");
    assert_eq!(counts(&queue), (1, 0, 0));
    let consume = |tx: &mut Transaction| -> Result<usize, Error> {
        let messages = queue.receive_in(tx, &Receive::up_to(10))?;
        for message in &messages {
            tx.put(&done, message.body().to_owned(), "")?;
            message.delete_in(tx)?;
        }
        Ok(messages.len())
    };
    assert_eq!(world.engine.transact(consume).unwrap(), 1);
    assert_eq!(world.engine.transact(consume).unwrap(), 0);
    assert_eq!(counts(&queue), (0, 0, 0));
    assert!(world.engine.get(&done, b"m").unwrap().is_some());
}

#[test]
fn what_a_transaction_does_not_see_yet_is_left_to_others() {
    let world = World::new();
    let queue = world.create("q");
    assert_eq!(take(&queue, 1), [] as [&str; 0]);
    world
        .engine
        .transact(|tx| -> Result<(), Error> {
            tx.get(&world.engine.keyspace("any")?, b"key")?;
            std::thread::scope(|scope| scope.spawn(|| queue.send("m").map(drop)).join()).unwrap()?;
            assert_eq!(bodies(&queue.receive_in(tx, &Receive::up_to(10))?), [] as [&str; 0]);
            Ok(())
        })
        .unwrap();
    assert_eq!(take(&queue, 1), ["m"]);
}

#[test]
fn producers_and_consumers_lose_nothing_and_get_nothing_twice() {
    let engine = Engine::in_memory();
    let world = World::of(&engine);
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        let received = Mutex::new(HashMap::new());
        std::thread::scope(|scope| {
            for producer in 0..4 {
                let queue = &queue;
                scope.spawn(move || {
                    for n in 0..200 {
                        let mut message = SendMessage::new(format!("{producer} {n:03}"));
                        if queue.is_fifo() {
                            message = message.group(format!("{producer}")).deduplication(format!("{producer}-{n}"));
                        }
                        queue.send(message).unwrap();
                    }
                });
            }
            for _ in 0..4 {
                let (queue, received) = (&queue, &received);
                scope.spawn(move || {
                    while received.lock().unwrap().len() < 800 {
                        for message in queue.receive(10, Duration::from_millis(50)).unwrap() {
                            let before = received.lock().unwrap().insert(message.body().to_owned(), ());
                            assert_eq!(before, None, "{} was received twice", message.body());
                            message.delete().unwrap();
                        }
                    }
                });
            }
        });
        assert_eq!(counts(&queue), (0, 0, 0));
    }
}

#[test]
fn what_was_received_without_waiting_for_the_commit_can_be_deleted_at_once() {
    let engine = Engine::in_memory();
    let options = Options::default().receives(Durability::Buffered);
    let queues = Queues::open_with(&engine, options).unwrap();
    let queue = queues.create("q", &Default::default()).unwrap();
    let received = Mutex::new(HashMap::new());
    std::thread::scope(|scope| {
        for producer in 0..4 {
            let queue = &queue;
            scope.spawn(move || (0..100).for_each(|n| drop(queue.send(format!("{producer} {n}")).unwrap())));
        }
        for consumer in 0..4 {
            let (queue, received, engine) = (&queue, &received, &engine);
            scope.spawn(move || {
                while received.lock().unwrap().len() < 400 {
                    for message in queue.receive(3, Duration::from_millis(50)).unwrap() {
                        let before = received.lock().unwrap().insert(message.body().to_owned(), ());
                        assert_eq!(before, None, "{} was received twice", message.body());
                        match consumer % 2 {
                            0 => message.delete().unwrap(),
                            _ => engine.transact(|tx| message.delete_in(tx)).unwrap(),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(counts(&queue), (0, 0, 0));
}
