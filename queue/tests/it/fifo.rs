use millpond_queue::{Queue, SendMessage};

use crate::support::*;

fn send(queue: &Queue, group: &str, body: &str) {
    queue.send(SendMessage::new(body).group(group).deduplication(body)).unwrap();
}

#[test]
fn a_group_keeps_its_order_and_waits_for_what_is_in_flight() {
    let world = World::new();
    let queue = world.create("q.fifo");
    for (group, body) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2"), ("a", "a3")] {
        send(&queue, group, body);
    }
    let first = receive(&queue, 2);
    assert_eq!(bodies(&first), ["a1", "a2"]);
    assert_eq!(take(&queue, 10), ["b1", "b2"]);
    assert_eq!(take(&queue, 10), [] as [&str; 0]);
    assert_eq!(counts(&queue), (1, 4, 0));
    first[0].delete().unwrap();
    assert_eq!(take(&queue, 10), [] as [&str; 0], "a2 is still in flight");
    first[1].delete().unwrap();
    assert_eq!(take(&queue, 10), ["a3"]);
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
