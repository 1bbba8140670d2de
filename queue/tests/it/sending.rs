use millpond_queue::{Changes, SendMessage};

use crate::support::*;

#[test]
fn messages_of_a_standard_queue_are_received_in_the_order_in_which_they_were_sent() {
    let world = World::new();
    let queue = world.create("q");
    for body in ["one", "two", "three"] {
        queue.send(body).unwrap();
    }
    assert_eq!(counts(&queue), (3, 0, 0));
    assert_eq!(take(&queue, 2), ["one", "two"]);
    assert_eq!(take(&queue, 10), ["three"]);
    assert_eq!(take(&queue, 10), [] as [&str; 0]);
    assert_eq!(counts(&queue), (0, 3, 0));
}

#[test]
fn a_delayed_message_is_ready_when_its_delay_is_over() {
    let world = World::new();
    let queue = world.create_with("q", Changes { delay: Some(secs(5)), ..Default::default() });
    queue.send("the queue's delay").unwrap();
    queue.send(SendMessage::new("its own").delay(secs(2))).unwrap();
    queue.send(SendMessage::new("none").delay(NOW)).unwrap();
    assert_eq!(counts(&queue), (1, 0, 2));
    assert_eq!(take(&queue, 10), ["none"]);
    world.pass_secs(2);
    assert_eq!(counts(&queue), (1, 1, 1));
    assert_eq!(take(&queue, 10), ["its own"]);
    world.pass_secs(2);
    assert_eq!(take(&queue, 10), [] as [&str; 0]);
    world.pass_secs(1);
    assert_eq!(take(&queue, 10), ["the queue's delay"]);
    assert_eq!(counts(&queue), (0, 3, 0));
}
