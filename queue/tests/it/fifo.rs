//! First-in-first-out queues: order within groups, what holds up a group, and the turns of groups.

use millpond_queue::{Changes, Queue, SendMessage};

use crate::support::*;

fn send(queue: &Queue, group: &str, body: &str) {
    queue.send(grouped(group, body)).unwrap();
}

fn send_all(queue: &Queue, messages: &[&str]) {
    // The first letter is the group.
    messages.iter().for_each(|body| send(queue, &body[..1], body));
}

#[test]
fn a_group_keeps_its_order_and_waits_for_what_is_in_flight() {
    let world = World::new();
    let queue = world.create("q.fifo");
    send_all(&queue, &["a1", "b1", "a2", "b2", "a3"]);
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
fn one_receive_takes_all_of_a_group_before_it_goes_to_the_next() {
    let world = World::new();
    let queue = world.create("q.fifo");
    send_all(&queue, &["a1", "b1", "a2", "c1", "a3", "b2"]);
    assert_eq!(take(&queue, 4), ["a1", "a2", "a3", "b1"]);
    assert_eq!(take(&queue, 10), ["c1"]);
}

/// As recorded of the service: three messages for a second, one of them for four; later only those before it are there.
#[test]
fn messages_are_received_up_to_the_first_that_is_in_flight() {
    for extended in 0..3 {
        let world = World::new();
        let queue = world.create("q.fifo");
        send_all(&queue, &["g0", "g1", "g2"]);
        let found = receive_for(&queue, 10, secs(1));
        assert_eq!(bodies(&found), ["g0", "g1", "g2"]);
        found[extended].extend(secs(4)).unwrap();
        world.pass_secs(2);
        assert_eq!(take(&queue, 10), ["g0", "g1", "g2"][..extended]);
        let free = 2 - extended as u64;
        assert_eq!(counts(&queue), (free, 3 - free, 0));
    }
}

/// As recorded of the service.
#[test]
fn a_released_message_comes_back_without_those_behind_it_and_after_other_groups() {
    let world = World::new();
    let queue = world.create("q.fifo");
    send_all(&queue, &["a1", "a2", "b1"]);
    let found = receive(&queue, 2);
    found[0].release().unwrap();
    assert_eq!(take(&queue, 10), ["b1", "a1"]);
}

/// As recorded of the service.
#[test]
fn groups_get_their_turns() {
    let world = World::new();
    let queue = world.create("q.fifo");
    send_all(&queue, &["a1", "a2", "b1", "b2", "c1"]);
    let first = receive_for(&queue, 3, NOW);
    assert_eq!(bodies(&first), ["a1", "a2", "b1"]);
    assert_eq!(take(&queue, 10), ["c1", "a1", "a2", "b1", "b2"]);
    let world = World::new();
    let queue = world.create("q.fifo");
    for n in 0..9 {
        send(&queue, ["a", "b", "c"][n / 3], &format!("{}{n}", ["a", "b", "c"][n / 3]));
    }
    let turns: Vec<_> = (0..9)
        .map(|_| {
            let found = receive(&queue, 1).remove(0);
            found.delete().unwrap();
            found.into_body()
        })
        .collect();
    assert_eq!(turns, ["a0", "b3", "c6", "a1", "b4", "c7", "a2", "b5", "c8"]);
}

#[test]
fn a_group_goes_on_once_what_held_it_up_is_gone() {
    let world = World::new();
    let queue = world.create("q.fifo");
    send_all(&queue, &["g1", "g2", "g3"]);
    receive(&queue, 1)[0].delete().unwrap();
    let second = receive(&queue, 1);
    assert_eq!(bodies(&second), ["g2"]);
    world.pass_secs(30);
    assert_eq!(take(&queue, 10), ["g2", "g3"]);
    world.pass_secs(30);
    let found = receive(&queue, 10);
    assert!(
        queue.delete_batch(&[found[1].receipt_handle(), found[0].receipt_handle()]).unwrap().iter().all(Result::is_ok)
    );
    assert_eq!(counts(&queue), (0, 0, 0));
    send_all(&queue, &["g4"]);
    assert_eq!(take(&queue, 10), ["g4"]);
}

#[test]
fn a_group_whose_middle_was_deleted_goes_on_with_the_rest() {
    let world = World::new();
    let queue = world.create("q.fifo");
    send_all(&queue, &["g1", "g2", "g3", "g4"]);
    let found = receive(&queue, 3);
    found[1].delete().unwrap();
    found[0].release().unwrap();
    assert_eq!(counts(&queue), (2, 1, 0));
    assert_eq!(take(&queue, 10), ["g1"]);
    world.pass_secs(30);
    assert_eq!(take(&queue, 10), ["g1", "g3", "g4"]);
    let world = world.reopened();
    world.pass_secs(30);
    assert_eq!(take(&world.queues.get("q.fifo").unwrap(), 10), ["g1", "g3", "g4"]);
}

#[test]
fn sequence_numbers_rise_over_groups_batches_and_restarts() {
    let world = World::new();
    let queue = world.create("q.fifo");
    let mut numbers = vec![queue.send(grouped("a", "1")).unwrap().sequence_number().unwrap()];
    let batch = queue.send_batch(["b", "a", "c"].map(|group| grouped(group, &format!("batch-{group}")))).unwrap();
    numbers.extend(batch.into_iter().map(|sent| sent.unwrap().sequence_number().unwrap()));
    world.pass_secs(1);
    let queue = world.reopened().queues.get("q.fifo").unwrap();
    numbers.push(queue.send(grouped("a", "2")).unwrap().sequence_number().unwrap());
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let shown: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    assert!(shown.is_sorted() && shown.iter().all(|shown| shown.len() == 20), "{shown:?}");
}

#[test]
fn the_delay_of_the_queue_counts_for_messages_that_were_sent_before() {
    let world = World::new();
    let queue = world.create("q.fifo");
    let delay = |seconds| queue.set(&Changes { delay: Some(secs(seconds)), ..Default::default() }).unwrap();
    send(&queue, "a", "a1");
    world.pass_secs(10);
    send(&queue, "a", "a2");
    send(&queue, "b", "b1");
    assert_eq!(counts(&queue), (3, 0, 0));
    delay(15);
    assert_eq!((take(&queue, 10).len(), counts(&queue)), (0, (0, 0, 3)));
    world.pass_secs(5);
    assert_eq!(counts(&queue), (1, 0, 2));
    assert_eq!(take(&queue, 10), ["a1"]);
    world.pass_secs(10);
    assert_eq!((take(&queue, 10), counts(&queue)), (vec!["b1".to_owned()], (1, 2, 0)));
    delay(900);
    let queue = world.reopened().queues.get("q.fifo").unwrap();
    queue.send(SendMessage { delay: Some(NOW), ..grouped("c", "c1") }).unwrap();
    assert_eq!(take(&queue, 10), [] as [&str; 0], "no delay of its own is ignored");
    queue.set(&Changes { delay: Some(NOW), ..Default::default() }).unwrap();
    assert_eq!(take(&queue, 10), ["c1"]);
}

#[test]
fn a_new_process_finds_groups_as_they_were() {
    let world = World::new();
    let queue = world.create("q.fifo");
    send_all(&queue, &["a1", "b1", "a2", "c1", "b2"]);
    receive(&queue, 1)[0].delete().unwrap();
    let held = receive_for(&queue, 1, secs(10));
    assert_eq!(bodies(&held), ["b1"]);
    let world = world.reopened();
    let queue = world.queues.get("q.fifo").unwrap();
    assert_eq!(counts(&queue), (3, 1, 0));
    assert_eq!(take(&queue, 10), ["a2", "c1"]);
    queue.delete(held[0].receipt_handle()).unwrap();
    assert_eq!(take(&queue, 10), ["b2"]);
}

#[test]
fn a_group_with_more_than_a_page_of_messages_is_received_in_order() {
    let world = World::new();
    let queue = world.create("q.fifo");
    let expected: Vec<_> = (0..2500).map(|n| format!("{n:04}")).collect();
    for chunk in expected.chunks(500) {
        queue.send_batch(chunk.iter().map(|body| grouped("g", body))).unwrap();
    }
    let mut found = Vec::new();
    while found.len() < 2500 {
        let messages = receive(&queue, 1000);
        assert!(!messages.is_empty());
        let receipts: Vec<_> = messages.iter().map(|message| message.receipt_handle().clone()).collect();
        assert!(queue.delete_batch(&receipts).unwrap().iter().all(Result::is_ok));
        found.extend(messages.into_iter().map(millpond_queue::Message::into_body));
    }
    assert_eq!(found, expected);
    assert_eq!(counts(&queue), (0, 0, 0));
}
