//! Messages that were received too often.

use millpond_engine::Transaction;
use millpond_queue::{Changes, Error, MessageAttribute, Receive, SendMessage};

use crate::support::*;

#[test]
fn a_message_that_was_received_too_often_goes_to_the_dead_letter_queue() {
    let world = World::new();
    let dead = world.create("dead");
    let queue = world.create_with("q", redrive("dead", 2));
    let message = SendMessage { trace_header: Some("Root=1".into()), ..SendMessage::new("m").group("g") };
    let sent = queue.send(message.attribute("a", MessageAttribute::string("v"))).unwrap();
    world.pass_secs(1);
    for count in 1..=2 {
        assert_eq!(receive(&queue, 1)[0].receive_count(), count);
        world.pass_secs(30);
    }
    assert_eq!((counts(&queue), counts(&dead)), ((1, 0, 0), (0, 0, 0)), "it goes when it would be received again");
    assert_eq!(take(&queue, 1), [] as [&str; 0]);
    assert_eq!((counts(&queue), counts(&dead)), ((0, 0, 0), (1, 0, 0)));
    let found = receive(&dead, 1).remove(0);
    assert_eq!((found.id(), found.sent(), found.receive_count()), (sent.message_id(), START, 3));
    assert_eq!((found.dead_letter_source(), found.body(), found.group_id()), (Some("q"), "m", Some("g")));
    assert_eq!(found.attributes()["a"], MessageAttribute::string("v"));
    assert_eq!(found.trace_header(), Some("Root=1"));
    assert_eq!(found.first_received(), world.now());
}

#[test]
fn a_dead_letter_of_a_group_lets_the_next_message_through() {
    let world = World::new();
    let dead = world.create("dead.fifo");
    let queue = world.create_with("q.fifo", redrive("dead.fifo", 1));
    let first = queue.send(grouped("g", "one")).unwrap();
    queue.send(grouped("g", "two")).unwrap();
    assert_eq!(take(&queue, 1), ["one"]);
    world.pass_secs(30);
    assert_eq!(take(&queue, 1), ["two"]);
    let found = receive(&dead, 1).remove(0);
    assert_eq!((found.body(), found.group_id(), found.deduplication_id()), ("one", Some("g"), Some("one")));
    assert_eq!((found.id(), found.receive_count()), (first.message_id(), 2));
    assert_eq!(found.sent(), START.saturating_add(secs(30)), "its time in the queue begins anew");
    assert!(found.sequence_number() > first.sequence_number());
    assert_eq!(queue.send(grouped("g", "one")).unwrap().message_id(), first.message_id(), "it is still a duplicate");
}

#[test]
fn receives_go_on_past_dead_letters_to_what_is_behind_them() {
    for name in ["q", "q.fifo"] {
        let world = World::new();
        let dead = if name == "q" { "dead" } else { "dead.fifo" };
        let (dead, queue) = (world.create(dead), world.create_with(name, redrive(dead, 1)));
        let message =
            |n: usize| if queue.is_fifo() { grouped(&(n % 70).to_string(), &n.to_string()) } else { "m".into() };
        queue.send_batch((0..700).map(message)).unwrap();
        assert_eq!(receive_for(&queue, 1000, secs(1)).len(), 700);
        world.pass_secs(1);
        queue.send(message(700)).unwrap();
        assert_eq!(take(&queue, 1).len(), 1);
        assert_eq!(take(&queue, 10).len(), 0);
        assert_eq!((counts(&queue), counts(&dead)), ((0, 1, 0), (700, 0, 0)));
        let order: Vec<usize> =
            take(&dead, 1000).iter().filter_map(|body| body.parse().ok()).filter(|n| n % 70 == 3).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
}

#[test]
fn dead_letters_go_on_from_queue_to_queue_and_their_receives_are_added_up() {
    let world = World::new();
    let last = world.create("c");
    let second = world.create_with("b", redrive("c", 2));
    let first = world.create_with("a", redrive("b", 3));
    let id = first.send("m").unwrap().message_id();
    let mut counted = Vec::new();
    for queue in [&first, &second, &last] {
        while let Some(message) = receive_for(queue, 1, NOW).first() {
            assert_eq!((message.id(), message.sent()), (id, START));
            counted.push(message.receive_count());
            if queue.name() == "c" {
                assert_eq!(message.dead_letter_source(), Some("b"));
                message.delete().unwrap();
            }
        }
    }
    assert_eq!(counted, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_queue_that_is_its_own_dead_letter_queue_or_whose_is_gone_keeps_its_messages() {
    for target in ["q", "dead"] {
        let world = World::without_cooldowns();
        let queue = world.create("q");
        world.create("dead");
        queue.set(&redrive(target, 1)).unwrap();
        world.queues.delete("dead").unwrap();
        queue.send("m").unwrap();
        for count in 1..=3 {
            assert_eq!(receive_for(&queue, 1, NOW)[0].receive_count(), count);
        }
        assert_eq!(counts(&queue), (1, 0, 0));
        if target == "dead" {
            let dead = world.create("dead");
            assert_eq!(take(&queue, 1), [] as [&str; 0]);
            assert_eq!(counts(&dead), (1, 0, 0));
        }
    }
}

#[test]
fn a_policy_that_is_set_later_counts_for_receives_before() {
    let world = World::new();
    let dead = world.create("dead");
    let queue = world.create("q");
    queue.send("m").unwrap();
    for _ in 0..3 {
        receive_for(&queue, 1, NOW);
    }
    queue.set(&redrive("dead", 4)).unwrap();
    assert_eq!(receive_for(&queue, 1, NOW).len(), 1);
    queue.set(&redrive("dead", 1)).unwrap();
    assert_eq!(take(&queue, 1), [] as [&str; 0]);
    assert_eq!(counts(&dead), (1, 0, 0));
}

#[test]
fn a_dead_letter_is_kept_for_as_long_as_its_new_queue_keeps_messages_since_it_was_sent() {
    let world = World::new();
    let dead = world.create_with("dead", Changes { retention: Some(secs(100)), ..Default::default() });
    let queue = world.create_with("q", redrive("dead", 1));
    queue.send("m").unwrap();
    world.pass_secs(80);
    receive_for(&queue, 1, NOW);
    assert_eq!(take(&queue, 1), [] as [&str; 0]);
    assert_eq!((counts(&dead), dead.metrics().unwrap().oldest_age), ((1, 0, 0), Some(secs(80))));
    world.pass_secs(20);
    assert_eq!((take(&dead, 1).len(), counts(&dead)), (0, (0, 0, 0)));
}

#[test]
fn a_dead_letter_wakes_who_waits_for_it_and_comes_with_the_transaction_that_moved_it() {
    let world = World::new();
    let dead = world.create("dead");
    let queue = world.create_with("q", redrive("dead", 1));
    queue.send("m").unwrap();
    receive_for(&queue, 1, NOW);
    let mut task = waiting(&dead);
    let failed = world.engine.transact(|tx: &mut Transaction| -> Result<(), Error> {
        assert_eq!(queue.receive_in(tx, &Receive::up_to(1))?.len(), 0);
        Err(Error::OverLimit)
    });
    assert_eq!(code(failed), "OverLimit");
    assert_eq!((counts(&queue), counts(&dead)), ((1, 0, 0), (0, 0, 0)));
    assert!(!task.was_woken());
    assert_eq!(take(&queue, 1).len(), 0);
    assert_eq!(bodies(&task.woken().unwrap()), ["m"]);
}
