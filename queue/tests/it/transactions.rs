//! Queues in the caller's transactions.

use millpond_engine::Transaction;
use millpond_queue::{Changes, CreateOptions, Error, Queue, Receive, Result, SendMessage};

use crate::support::*;

/// Runs what fails in the end.
fn rolled_back(world: &World, run: impl Fn(&mut Transaction) -> Result<()>) {
    let failed = world.engine.transact(|tx| -> Result<()> {
        run(tx)?;
        Err(Error::OverLimit)
    });
    assert_eq!(code(failed), "OverLimit");
}

fn message(queue: &Queue, body: &str) -> SendMessage {
    if queue.is_fifo() { grouped("g", body) } else { SendMessage::new(body) }
}

#[test]
fn what_is_sent_in_a_transaction_is_there_once_it_is_committed() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        let mut task = waiting(&queue);
        rolled_back(&world, |tx| queue.send_in(tx, message(&queue, "never")).map(drop));
        assert!(!task.was_woken());
        let send = |tx: &mut Transaction| -> Result<_> {
            let sent = queue.send_in(tx, message(&queue, "one"))?;
            let batch = queue.send_batch_in(tx, [message(&queue, "two"), SendMessage::new("")])?;
            assert!(batch[0].is_ok() && batch[1].is_err());
            assert_eq!(sent.sequence_number(), None, "it is not committed yet");
            assert_eq!(bodies(&queue.receive_in(tx, &Receive::up_to(10))?), [] as [&str; 0]);
            std::thread::scope(|scope| scope.spawn(|| assert_eq!(take(&queue, 1), [] as [&str; 0])).join()).unwrap();
            Ok(sent)
        };
        let sent = world.engine.transact(send).unwrap();
        assert_eq!(sent.sequence_number().is_some(), queue.is_fifo());
        assert_eq!(bodies(&task.woken().unwrap()), ["one"]);
        assert_eq!(counts(&queue), (1, 1, 0));
    }
}

#[test]
fn what_is_rolled_back_was_never_done() {
    let world = World::without_cooldowns();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        for n in 0..4 {
            let sent = SendMessage { group_id: Some(n.to_string()), ..message(&queue, &n.to_string()) };
            queue.send(sent).unwrap();
        }
        let held = receive(&queue, 2);
        let before = (counts(&queue), queue.describe().unwrap());
        rolled_back(&world, |tx| held[0].delete_in(tx));
        rolled_back(&world, |tx| queue.delete_in(tx, held[0].receipt_handle()));
        rolled_back(&world, |tx| queue.delete_batch_in(tx, &[held[0].receipt_handle()]).map(drop));
        rolled_back(&world, |tx| queue.change_visibility_in(tx, held[0].receipt_handle(), NOW));
        rolled_back(&world, |tx| queue.receive_in(tx, &Receive::up_to(10)).map(drop));
        rolled_back(&world, |tx| queue.set_in(tx, &Changes { delay: Some(secs(9)), ..Default::default() }));
        rolled_back(&world, |tx| queue.purge_in(tx));
        rolled_back(&world, |tx| world.queues.delete_in(tx, name));
        rolled_back(&world, |tx| world.queues.create_in(tx, "new", &CreateOptions::default()).map(drop));
        assert_eq!((counts(&queue), queue.describe().unwrap()), before);
        assert_eq!(code(world.queues.get("new")), "QueueDoesNotExist");
        assert_eq!(take(&queue, 10), ["2", "3"]);
        world.pass_secs(30);
        let mut all = take(&queue, 10);
        all.sort();
        assert_eq!(all, ["0", "1", "2", "3"]);
    }
}

#[test]
fn what_fails_in_a_savepoint_is_taken_back_and_the_rest_committed() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        for n in 0..2 {
            queue.send(SendMessage { group_id: Some(n.to_string()), ..message(&queue, &n.to_string()) }).unwrap();
        }
        let run = |tx: &mut Transaction| -> Result<()> {
            queue.send_in(tx, message(&queue, "kept"))?;
            let undone: Result<()> = tx.savepoint(|tx| {
                queue.send_in(tx, message(&queue, "undone"))?;
                assert_eq!(bodies(&queue.receive_in(tx, &Receive::up_to(1))?), ["0"]);
                Err(Error::OverLimit)
            });
            assert_eq!(code(undone), "OverLimit");
            assert_eq!(code(queue.send_in(tx, "")), "MissingRequiredParameterException");
            // What the savepoint had is ready again, and delivered here.
            let found = queue.receive_in(tx, &Receive::up_to(10))?;
            assert_eq!(found.len(), 2);
            found.iter().try_for_each(|message| message.delete_in(tx))
        };
        world.engine.transact(run).unwrap();
        assert_eq!((take(&queue, 10), counts(&queue)), (vec!["kept".to_owned()], (0, 1, 0)));
    }
}

#[test]
fn a_message_is_handled_once_however_many_have_it() {
    let world = World::new();
    let done = world.engine.keyspace("done").unwrap();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        queue.send(message(&queue, "m")).unwrap();
        let old = receive_for(&queue, 1, NOW).remove(0);
        let new = receive(&queue, 1).remove(0);
        let handle = |by: &millpond_queue::Message| {
            world.engine.transact(|tx| -> Result<()> {
                tx.put(&done, name, by.receive_count().to_string())?;
                by.delete_in(tx)
            })
        };
        assert_eq!(code(handle(&old)), "MessageNotInflight");
        assert_eq!(world.engine.get(&done, name.as_bytes()).unwrap(), None);
        handle(&new).unwrap();
        for by in [&new, &old] {
            assert_eq!(code(handle(by)), "MessageNotInflight");
        }
        assert_eq!(world.engine.get(&done, name.as_bytes()).unwrap().unwrap(), "2");
        assert_eq!(counts(&queue), (0, 0, 0));
    }
}

#[test]
fn a_message_goes_from_queue_to_queue_in_one_commit() {
    let world = World::new();
    let (from, to) = (world.create("from"), world.create("to.fifo"));
    from.send("m").unwrap();
    let pass_on = |tx: &mut Transaction| -> Result<()> {
        for message in from.receive_in(tx, &Receive::up_to(1))? {
            to.send_in(tx, grouped("g", message.body()))?;
            message.delete_in(tx)?;
        }
        Ok(())
    };
    rolled_back(&world, pass_on);
    assert_eq!((counts(&from), counts(&to)), ((1, 0, 0), (0, 0, 0)));
    world.engine.transact(pass_on).unwrap();
    assert_eq!((counts(&from), counts(&to)), ((0, 0, 0), (1, 0, 0)));
    assert_eq!(take(&to, 1), ["m"]);
}

/// This was a loop without an end.
#[test]
fn a_transaction_that_does_not_see_many_messages_receives_none_of_them() {
    for name in ["q", "q.fifo"] {
        let world = World::new();
        let queue = world.create(name);
        let any = world.engine.keyspace("any").unwrap();
        let messages =
            || (0..300).map(|n| SendMessage { group_id: Some(n.to_string()), ..message(&queue, &n.to_string()) });
        world
            .engine
            .transact(|tx| -> Result<()> {
                tx.get(&any, b"key")?;
                std::thread::scope(|scope| scope.spawn(|| queue.send_batch(messages()).map(drop)).join()).unwrap()?;
                assert_eq!(bodies(&queue.receive_in(tx, &Receive::up_to(1))?), [] as [&str; 0]);
                Ok(())
            })
            .unwrap();
        assert_eq!(take(&queue, 1000).len(), 300);
    }
}

#[test]
fn calls_in_a_transaction_of_the_thread_join_it() {
    let world = World::new();
    let queue = world.create("q");
    rolled_back(&world, |_| queue.send("never").map(drop));
    world
        .engine
        .transact(|_| -> Result<()> {
            queue.send("m")?;
            assert_eq!(bodies(&queue.receive(1, secs(20))?), [] as [&str; 0], "there is nothing to wait for");
            assert_eq!(block_on(queue.receive_async(1, secs(20)))?.len(), 0);
            Ok(())
        })
        .unwrap();
    assert_eq!(take(&queue, 10), ["m"]);
}

#[test]
fn queues_are_created_and_used_in_one_transaction() {
    let world = World::new();
    let queue = world
        .engine
        .transact(|tx| -> Result<_> {
            let queue = world.queues.create_in(tx, "q", &CreateOptions::default())?;
            queue.set_in(tx, &Changes { visibility_timeout: Some(secs(5)), ..Default::default() })?;
            queue.send_in(tx, "m")?;
            Ok(queue)
        })
        .unwrap();
    assert_eq!(receive(&queue, 1)[0].invisible_until(), START.saturating_add(secs(5)));
    world.engine.transact(|tx| world.queues.delete_in(tx, "q")).unwrap();
    assert_eq!(code(queue.send("m")), "QueueDoesNotExist");
}
