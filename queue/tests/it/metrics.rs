//! How many messages there are, and how old they are.

use millpond_queue::{ChangeVisibility, Changes, SendMessage};

use crate::support::*;

#[test]
fn counts_are_exact_at_every_step() {
    let world = World::new();
    let queue = world.create("q");
    let mut found = Vec::new();
    let note = |step: &str, expected: (u64, u64, u64)| {
        assert_eq!(counts(&queue), expected, "{step}");
        assert_eq!(counts(&world.reopened().queues.get("q").unwrap()), expected, "{step}, after a restart");
    };
    note("created", (0, 0, 0));
    queue.send_batch((0..6).map(|n| SendMessage::new(n.to_string()))).unwrap();
    queue.send_batch((1..4).map(|n| SendMessage::new(n.to_string()).delay(secs(n)))).unwrap();
    note("sent", (6, 0, 3));
    found.extend(receive_for(&queue, 3, secs(10)));
    note("received", (3, 3, 3));
    world.pass_secs(2);
    note("two delays are over", (5, 3, 1));
    found[0].delete().unwrap();
    found[1].release().unwrap();
    note("one deleted, one released", (6, 1, 1));
    found[2].extend(secs(100)).unwrap();
    world.pass_secs(50);
    note("all that was delayed is due", (7, 1, 0));
    let change = ChangeVisibility { receipt_handle: found[1].receipt_handle().clone(), timeout: secs(7) };
    assert!(queue.change_visibility_batch(&[change]).unwrap()[0].is_ok());
    note("one hidden again", (6, 2, 0));
    assert_eq!(take(&queue, 100).len(), 6);
    note("all received", (0, 8, 0));
    world.pass_secs(1000);
    note("all returned", (8, 0, 0));
}

#[test]
fn delays_and_timeouts_within_a_second_are_told_apart() {
    let millis = std::time::Duration::from_millis;
    let world = World::new();
    let queue = world.create("q");
    world.pass(millis(400));
    for delay in [100, 300, 599, 600, 601, 1600] {
        queue.send(SendMessage::new("m").delay(millis(delay))).unwrap();
    }
    let mut seen = Vec::new();
    for _ in 0..20 {
        seen.push(counts(&queue).0);
        world.pass(millis(100));
    }
    let expected: Vec<u64> = (0..20_u64)
        .map(|n| [100, 300, 599, 600, 601, 1600].iter().filter(|due| **due <= n * 100).count() as u64)
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn the_oldest_message_is_told_however_it_stands() {
    let world = World::new();
    let queue = world.create("q");
    let age = || queue.metrics().unwrap().oldest_age.map(|age| age.as_secs());
    assert_eq!(age(), None);
    queue.send(SendMessage::new("delayed").delay(secs(5))).unwrap();
    world.pass_secs(1);
    queue.send(SendMessage::new("of a group").group("g")).unwrap();
    world.pass_secs(1);
    queue.send("plain").unwrap();
    assert_eq!(age(), Some(2));
    world.pass_secs(10);
    let found = receive(&queue, 10);
    for (body, oldest) in [("delayed", Some(11)), ("of a group", Some(10)), ("plain", None)] {
        found.iter().find(|message| message.body() == body).unwrap().delete().unwrap();
        assert_eq!(age(), oldest, "without {body}");
    }
}

#[test]
fn a_queue_that_was_emptied_from_its_front_tells_of_what_comes_later() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        let send =
            |n: u64| drop(queue.send(if queue.is_fifo() { grouped("g", &n.to_string()) } else { "m".into() }).unwrap());
        for round in 0..30 {
            send(2 * round);
            world.pass_secs(1);
            send(2 * round + 1);
            assert_eq!(queue.metrics().unwrap().oldest_age, Some(secs(1)));
            receive(&queue, 1)[0].delete().unwrap();
            assert_eq!(queue.metrics().unwrap().oldest_age, Some(NOW));
            let queue = if round % 10 == 0 { world.reopened().queues.get(name).unwrap() } else { queue.clone() };
            assert_eq!(counts(&queue), (1, 0, 0));
            receive(&queue, 1)[0].delete().unwrap();
            assert_eq!(queue.metrics().unwrap().oldest_age, None);
        }
    }
}

/// What is in flight may also be younger than a delay that was set later.
#[test]
fn a_delay_that_is_set_later_does_not_confuse_the_counts() {
    let world = World::new();
    let queue = world.create("q.fifo");
    for group in ["a", "b"] {
        queue.send(grouped(group, group)).unwrap();
    }
    world.pass_secs(50);
    queue.send(grouped("c", "c")).unwrap();
    let held = receive_for(&queue, 3, secs(1000));
    held[0].release().unwrap();
    held[1].release().unwrap();
    queue.set(&Changes { delay: Some(secs(100)), ..Default::default() }).unwrap();
    world.pass_secs(70);
    assert_eq!(take(&queue, 1).len(), 1);
    assert_eq!(counts(&queue), (1, 2, 0));
}
