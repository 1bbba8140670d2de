//! Messages of first-in-first-out queues that are sent twice.

use millpond_engine::Transaction;
use millpond_queue::{Changes, DeduplicationScope, Error, MessageAttribute, SendMessage};

use crate::support::*;

fn by_content() -> Changes {
    Changes { content_based_deduplication: Some(true), ..Default::default() }
}

fn scope(scope: DeduplicationScope) -> Changes {
    Changes { deduplication_scope: Some(scope), ..Default::default() }
}

#[test]
fn a_message_that_is_sent_twice_is_there_once() {
    let world = World::new();
    let queue = world.create("q.fifo");
    let message = SendMessage::new("m").group("g").deduplication("d");
    let first = queue.send(message.clone()).unwrap();
    let again = queue.send(message.clone()).unwrap();
    assert_eq!(first.message_id(), again.message_id());
    assert_eq!(first.sequence_number().unwrap(), again.sequence_number().unwrap());
    assert_eq!(first.sequence_number().unwrap().to_string().len(), 20);
    receive(&queue, 1)[0].delete().unwrap();
    assert_eq!(queue.send(message.clone()).unwrap().message_id(), first.message_id());
    assert_eq!(take(&queue, 10), [] as [&str; 0]);
    world.pass_secs(300);
    assert_ne!(queue.send(message).unwrap().message_id(), first.message_id());
    assert_eq!(take(&queue, 10), ["m"]);
}

#[test]
fn five_minutes_count_from_the_first_time_restarts_and_maintenance_included() {
    let world = World::new();
    let queue = world.create("q.fifo");
    let message = || SendMessage::new("m").group("g").deduplication("d");
    let first = queue.send(message()).unwrap().message_id();
    for seconds in [150, 149] {
        world.pass_secs(seconds);
        world.queues.maintain().unwrap();
        assert_eq!(queue.send(message()).unwrap().message_id(), first);
        let other = world.reopened().queues.get("q.fifo").unwrap();
        assert_eq!(other.send(message()).unwrap().message_id(), first);
    }
    assert_eq!(counts(&queue), (1, 0, 0));
    world.pass_secs(1);
    let second = queue.send(message()).unwrap().message_id();
    assert_ne!(second, first);
    world.queues.maintain().unwrap();
    world.pass_secs(299);
    world.queues.maintain().unwrap();
    assert_eq!(queue.send(message()).unwrap().message_id(), second, "what was used anew is not forgotten early");
    assert_eq!(counts(&queue), (2, 0, 0));
}

#[test]
fn bodies_stand_for_messages_without_an_id_where_that_is_set() {
    let world = World::new();
    let queue = world.create_with("q.fifo", by_content());
    let first = queue.send(SendMessage::new("abc").group("g")).unwrap().message_id();
    let same = [
        SendMessage::new("abc").group("other"),
        SendMessage::new("abc").group("g").attribute("a", MessageAttribute::string("attributes do not count")),
        SendMessage::new("another body")
            .group("g")
            .deduplication("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ];
    for message in same {
        assert_eq!(queue.send(message).unwrap().message_id(), first);
    }
    assert_ne!(queue.send(grouped("g", "abc")).unwrap().message_id(), first, "an id of its own counts instead");
    queue.send(SendMessage::new("abcd").group("g")).unwrap();
    assert_eq!(take(&queue, 10), ["abc", "abc", "abcd"]);
}

#[test]
fn what_is_sent_twice_in_one_batch_is_there_once() {
    let world = World::new();
    let queue = world.create("q.fifo");
    let message = |body: &str| SendMessage::new(body).group("g").deduplication("d");
    let sent: Vec<_> = queue
        .send_batch([message("one"), message("two"), grouped("g", "three")])
        .unwrap()
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(sent[0].message_id(), sent[1].message_id());
    assert_eq!(sent[0].sequence_number().unwrap(), sent[1].sequence_number().unwrap());
    assert_eq!((take(&queue, 10), counts(&queue)), (vec!["one".to_owned(), "three".to_owned()], (0, 2, 0)));
}

#[test]
fn what_is_sent_twice_in_one_transaction_is_there_once() {
    let world = World::new();
    let queue = world.create("q.fifo");
    let message = |body: &str| SendMessage::new(body).group("g").deduplication("d");
    let send = |tx: &mut Transaction| -> Result<_, Error> {
        let undone: Result<(), Error> = tx.savepoint(|tx| {
            queue.send_in(tx, message("undone"))?;
            Err(Error::OverLimit)
        });
        assert_eq!(code(undone), "OverLimit");
        Ok((queue.send_in(tx, message("one"))?, queue.send_in(tx, message("two"))?))
    };
    let (one, two) = world.engine.transact(send).unwrap();
    assert_eq!(one.message_id(), two.message_id());
    assert!(one.sequence_number().is_some());
    assert_eq!(take(&queue, 10), ["one"]);
    assert_eq!(queue.send(message("three")).unwrap().message_id(), one.message_id());
}

#[test]
fn ids_sent_by_many_at_a_time_make_one_message() {
    let world = World::new();
    let queue = world.create("q.fifo");
    let ids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..20).map(|n| queue.send(grouped("g", &n.to_string())).unwrap().message_id()).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(take(&queue, 100), (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn the_scope_is_that_of_the_creation_whatever_is_set_later() {
    use DeduplicationScope::{MessageGroup, Queue};
    for (created, later, messages) in [(Queue, MessageGroup, 1), (MessageGroup, Queue, 2)] {
        let world = World::new();
        let queue = world.create_with("q.fifo", scope(created));
        for (set, _) in [(created, ()), (later, ())] {
            queue.set(&scope(set)).unwrap();
            assert_eq!(queue.describe().unwrap().settings.fifo.unwrap().deduplication_scope, set);
            let queue = world.reopened().queues.get("q.fifo").unwrap();
            for group in ["a", "b", "a"] {
                queue.send(SendMessage::new("m").group(group).deduplication("d")).unwrap();
            }
            assert_eq!(counts(&queue), (messages, 0, 0));
        }
    }
}

#[test]
fn a_message_that_is_refused_or_rolled_back_leaves_its_id_free() {
    let world = World::new();
    let queue = world.create("q.fifo");
    assert_eq!(
        code(queue.send(SendMessage { body: String::new(), ..grouped("g", "d") })),
        "MissingRequiredParameterException"
    );
    let failed = world.engine.transact(|tx| -> Result<(), Error> {
        queue.send_in(tx, grouped("g", "d"))?;
        Err(Error::OverLimit)
    });
    assert_eq!(code(failed), "OverLimit");
    queue.send(grouped("g", "d")).unwrap();
    assert_eq!(take(&queue, 10), ["d"]);
}
