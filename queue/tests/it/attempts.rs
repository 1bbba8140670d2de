//! Receives of first-in-first-out queues that are tried again by their attempt id.

use millpond_queue::{Message, Queue, Receive};

use crate::support::*;

fn attempt(queue: &Queue, id: &str) -> Vec<Message> {
    queue.receive_with(&Receive::up_to(2).attempt(id)).unwrap()
}

fn receipts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.receipt_handle().to_string()).collect()
}

fn queue_with_five(world: &World) -> Queue {
    let queue = world.create("q.fifo");
    for n in 1..=5 {
        queue.send(grouped("g", &n.to_string())).unwrap();
    }
    queue
}

#[test]
fn a_receive_that_is_tried_again_gives_the_same_and_hides_it_anew() {
    let world = World::new();
    let queue = queue_with_five(&world);
    let first = attempt(&queue, "a");
    assert_eq!(bodies(&first), ["1", "2"]);
    world.pass_secs(29);
    let again = attempt(&queue, "a");
    assert_eq!(receipts(&again), receipts(&first));
    assert_eq!(again[0].receive_count(), 1);
    assert_eq!(again[0].invisible_until(), world.now().saturating_add(secs(30)));
    world.pass_secs(29);
    assert_eq!((take(&queue, 10).len(), counts(&queue)), (0, (3, 2, 0)));
    let queue = world.reopened().queues.get("q.fifo").unwrap();
    assert_eq!(receipts(&attempt(&queue, "a")), receipts(&first));
    assert_eq!(bodies(&attempt(&queue, "b")), [] as [&str; 0], "another attempt is another receive");
    first.iter().for_each(|message| queue.delete(message.receipt_handle()).unwrap());
    assert_eq!(bodies(&attempt(&queue, "b")), ["3", "4"]);
    assert_eq!(counts(&queue), (1, 2, 0));
}

#[test]
fn an_attempt_whose_messages_have_changed_is_another_receive() {
    type Change = fn(&[Message]);
    let changes: [(Change, &[&str]); 4] = [
        (|found| found[0].delete().unwrap(), &[]),
        (|found| found[1].extend(secs(60)).unwrap(), &[]),
        (|found| found[0].release().unwrap(), &["1"]),
        (|found| found.iter().for_each(|message| message.delete().unwrap()), &["3", "4"]),
    ];
    for (change, expected) in changes {
        let world = World::new();
        let queue = queue_with_five(&world);
        let first = attempt(&queue, "a");
        change(&first);
        assert_eq!(bodies(&attempt(&queue, "a")), expected);
    }
}

#[test]
fn an_attempt_ends_with_the_timeout_of_its_messages_and_after_five_minutes() {
    let world = World::new();
    let queue = queue_with_five(&world);
    let first = attempt(&queue, "a");
    world.pass_secs(30);
    let second = attempt(&queue, "a");
    assert_eq!((bodies(&second), second[0].receive_count()), (vec!["1", "2"], 2));
    assert_ne!(receipts(&second), receipts(&first));
    let request = Receive::up_to(2).attempt("a").visibility_timeout(secs(1000));
    assert_eq!(receipts(&queue.receive_with(&request).unwrap()), receipts(&second));
    world.pass_secs(299);
    world.queues.maintain().unwrap();
    assert_eq!(receipts(&queue.receive_with(&request).unwrap()), receipts(&second));
    world.pass_secs(1);
    assert_eq!(bodies(&queue.receive_with(&request).unwrap()), [] as [&str; 0], "they are in flight");
    world.queues.maintain().unwrap();
}

#[test]
fn an_attempt_that_found_nothing_finds_what_comes_later() {
    let world = World::new();
    let queue = world.create("q.fifo");
    assert_eq!(bodies(&attempt(&queue, "a")), [] as [&str; 0]);
    queue.send(grouped("g", "m")).unwrap();
    assert_eq!(bodies(&attempt(&queue, "a")), ["m"]);
}

#[test]
fn attempt_ids_are_checked_and_are_for_first_in_first_out_queues() {
    let world = World::new();
    let (queue, standard) = (world.create("q.fifo"), world.create("q"));
    let refused = |queue: &Queue, id: &str, reason: &str| {
        let text = format!("Value {id} for parameter ReceiveRequestAttemptId is invalid. Reason: {reason}");
        let told = told(queue.receive_with(&Receive::up_to(1).attempt(id)));
        assert_eq!(told, ("InvalidParameterValueException", text));
    };
    refused(&standard, "a", "The request include parameter that is not valid for this queue type.");
    let long = "a".repeat(129);
    for id in ["", "a b", &long] {
        let reason =
            "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.";
        refused(&queue, id, reason);
    }
    queue.receive_with(&Receive::up_to(1).attempt("a".repeat(128))).unwrap();
}
