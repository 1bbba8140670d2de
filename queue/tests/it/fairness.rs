use millpond_queue::{Queue, SendMessage};

use crate::support::*;

fn send(queue: &Queue, group: &str, count: usize) {
    for from in (0..count).step_by(1000) {
        let messages = (from..count.min(from + 1000)).map(|n| SendMessage::new(format!("{group}{n}")).group(group));
        for sent in queue.send_batch(messages).unwrap() {
            sent.unwrap();
        }
    }
}

#[test]
fn a_group_with_a_long_backlog_does_not_hold_up_another_one() {
    let world = World::new();
    let queue = world.create("q");
    send(&queue, "busy", 3000);
    send(&queue, "quiet", 2);
    assert_eq!(take(&queue, 4), ["busy0", "quiet0", "busy1", "quiet1"]);
    send(&queue, "late", 1);
    assert_eq!(take(&queue, 2), ["busy2", "late0"]);
}

#[test]
fn groups_have_their_turns_again_after_a_restart() {
    let world = World::new();
    let queue = world.create("q");
    send(&queue, "busy", 30_000);
    send(&queue, "quiet", 2);
    assert_eq!(take(&queue, 1), ["busy0"]);
    let world = world.reopened();
    let queue = world.queues.get("q").unwrap();
    // The groups behind a backlog are found step by step.
    let next = take(&queue, 20);
    assert!(next.contains(&"quiet0".to_owned()) && next.contains(&"quiet1".to_owned()), "{next:?}");
    assert_eq!(next.iter().filter(|body| body.starts_with("busy")).count(), 18);
    let mut rest = Vec::new();
    loop {
        let messages = take(&queue, 1000);
        if messages.is_empty() {
            break;
        }
        rest.extend(messages);
    }
    assert_eq!(rest.len(), 30_000 - 1 - 18);
    assert_eq!(counts(&queue), (0, 30_002, 0));
}

#[test]
fn a_group_with_many_messages_in_flight_comes_last() {
    let world = World::new();
    let queue = world.create("q");
    send(&queue, "noisy", 100);
    assert_eq!(take(&queue, 40).len(), 40);
    send(&queue, "a", 2);
    send(&queue, "b", 2);
    assert_eq!(take(&queue, 5), ["a0", "b0", "a1", "b1", "noisy40"]);
}
