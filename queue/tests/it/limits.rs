//! How many messages can be in flight: 120,000.

use millpond_queue::{Queue, ReceiptHandle, SendMessage};

use crate::support::*;

const MOST: usize = 120_000;

/// A queue with as many messages in flight as may be, one that is ready, and a receipt of one that is in flight.
fn full(world: &World, name: &str) -> (Queue, ReceiptHandle) {
    let queue = world.create(name);
    let message = |n: usize| match queue.is_fifo() {
        true => grouped(&format!("{}", n / 1000), &n.to_string()),
        false => SendMessage::new("m"),
    };
    let mut receipt = None;
    for thousand in 0..MOST / 1000 {
        queue.send_batch((0..1000).map(|n| message(thousand * 1000 + n))).unwrap();
        let found = receive_for(&queue, 1000, secs(1000));
        assert_eq!(found.len(), 1000);
        receipt = Some(found[999].receipt_handle().clone());
    }
    queue.send(message(MOST)).unwrap();
    assert_eq!(counts(&queue), (1, MOST as u64, 0));
    (queue, receipt.unwrap())
}

#[test]
fn so_many_messages_of_a_standard_queue_can_be_in_flight() {
    let world = World::new();
    let (queue, receipt) = full(&world, "q");
    let (code, text) = told(queue.receive(1, NOW));
    assert_eq!(code, "OverLimit");
    assert!(text.starts_with("Too many messages have been received without being deleted."), "{text}");
    let mut task = waiting(&queue);
    assert!(!task.was_woken());
    queue.delete(&receipt).unwrap();
    task.woken().unwrap()[0].extend(secs(1000)).unwrap();
    assert_eq!(counts(&queue), (0, MOST as u64, 0));
    world.pass_secs(900);
    queue.send(SendMessage::new("delayed").delay(secs(1))).unwrap();
    let mut task = waiting(&queue);
    world.pass_secs(1);
    assert!(task.was_woken() && task.poll().is_none(), "it is due, and not received");
    world.pass_secs(19);
    assert_eq!(bodies(&task.woken().unwrap()), [] as [&str; 0]);
}

#[test]
fn so_many_messages_of_a_first_in_first_out_queue_can_be_in_flight() {
    let world = World::new();
    let (queue, receipt) = full(&world, "q.fifo");
    assert_eq!(take(&queue, 10), [] as [&str; 0], "that is no error here");
    let mut task = waiting(&queue);
    assert!(!task.was_woken());
    queue.delete(&receipt).unwrap();
    assert_eq!(bodies(&task.woken().unwrap()), ["120000"]);
}
