//! Groups in standard queues: a busy one does not hold up the others.

use millpond_queue::{Queue, SendMessage};

use crate::support::*;

fn send(queue: &Queue, group: &str, count: usize) {
    for _ in 0..count / 100 {
        queue.send_batch(vec![SendMessage::new(group).group(group); 100]).unwrap();
    }
    queue.send_batch(vec![SendMessage::new(group).group(group); count % 100]).unwrap();
}

fn count(taken: &[String], group: &str) -> usize {
    taken.iter().filter(|body| *body == group).count()
}

#[test]
fn groups_take_turns() {
    let world = World::new();
    let queue = world.create("q");
    send(&queue, "busy", 500);
    for group in ["a", "b"] {
        send(&queue, group, 2);
    }
    let taken = take(&queue, 6);
    assert_eq!([count(&taken, "busy"), count(&taken, "a"), count(&taken, "b")], [2, 2, 2], "{taken:?}");
    assert_eq!(take(&queue, 1000).len(), 498);
}

#[test]
fn a_quiet_group_comes_before_a_noisy_one_and_messages_without_a_group_do_too() {
    for is_reopened in [false, true] {
        let mut world = World::new();
        let queue = world.create("q");
        send(&queue, "noisy", 2000);
        // It has nearly all that is in flight, which makes it noisy.
        assert_eq!(take(&queue, 100).len(), 100);
        world.pass_secs(5);
        send(&queue, "quiet", 50);
        queue.send("alone").unwrap();
        if is_reopened {
            world = world.reopened();
        }
        let queue = world.queues.get("q").unwrap();
        for _ in 0..17 {
            let found = receive(&queue, 3);
            assert!(!bodies(&found).contains(&"noisy"), "{:?}", bodies(&found));
            found.iter().for_each(|message| message.delete().unwrap());
        }
        assert_eq!(take(&queue, 1000), vec!["noisy"; 1000], "the noisy one has what is left");
        assert_eq!(counts(&queue), (900, 1100, 0));
    }
}

#[test]
fn a_noisy_group_that_is_alone_is_not_held_up() {
    let world = World::new();
    let queue = world.create("q");
    send(&queue, "noisy", 1000);
    assert_eq!(take(&queue, 1000).len(), 1000);
    world.pass_secs(30);
    assert_eq!(take(&queue, 1000).len(), 1000);
    assert_eq!(counts(&queue), (0, 1000, 0));
}
