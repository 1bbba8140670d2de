//! Messages that are older than their queue keeps them.

use millpond_queue::{Changes, Queue, SendMessage};

use crate::support::*;

fn keep_for(seconds: u64) -> Changes {
    Changes { retention: Some(secs(seconds)), ..Default::default() }
}

/// Messages of each kind: ready, in flight, returned, and delayed where that can be.
fn fill(world: &World, name: &str) -> (Queue, u64) {
    let queue = world.create_with(name, keep_for(60));
    for group in ["in-flight", "returned", "ready"] {
        queue.send(if queue.is_fifo() { grouped(group, group) } else { group.into() }).unwrap();
    }
    let mut count = 3;
    if !queue.is_fifo() {
        queue.send(SendMessage::new("delayed").delay(secs(900))).unwrap();
        queue.send(SendMessage::new("was delayed").delay(secs(1))).unwrap();
        queue.send(SendMessage::new("of a group").group("g")).unwrap();
        count += 3;
    }
    receive_for(&queue, 1, secs(1000));
    receive_for(&queue, 1, NOW);
    (queue, count)
}

#[test]
fn messages_are_gone_when_their_time_is_over_wherever_they_are() {
    for name in ["q", "q.fifo"] {
        for is_reopened in [false, true] {
            let mut world = World::new();
            let (mut queue, count) = fill(&world, name);
            world.pass_secs(59);
            if is_reopened {
                world = world.reopened();
                queue = world.queues.get(name).unwrap();
            }
            let (visible, in_flight, delayed) = counts(&queue);
            assert_eq!((visible + in_flight + delayed, in_flight), (count, 1));
            assert_eq!(queue.metrics().unwrap().oldest_age, Some(secs(59)));
            world.pass_secs(1);
            assert_eq!(take(&queue, 10), [] as [&str; 0]);
            assert_eq!(counts(&queue), (0, 0, 0));
            assert_eq!(queue.metrics().unwrap().oldest_age, None);
        }
    }
}

#[test]
fn maintenance_deletes_them_and_says_how_many() {
    for name in ["q", "q.fifo"] {
        let world = World::new();
        let (queue, count) = fill(&world, name);
        assert_eq!(world.queues.maintain().unwrap(), 0);
        world.pass_secs(60);
        queue.send(if queue.is_fifo() { grouped("new", "new") } else { "new".into() }).unwrap();
        let world = world.reopened();
        assert_eq!(world.queues.maintain().unwrap(), count);
        assert_eq!(world.queues.maintain().unwrap(), 0);
        let queue = world.queues.get(name).unwrap();
        assert_eq!((counts(&queue), take(&queue, 10)), ((1, 0, 0), vec!["new".to_owned()]));
    }
}

#[test]
fn receipts_of_messages_that_are_gone_are_no_error_to_delete() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create_with(name, keep_for(60));
        queue.send(if queue.is_fifo() { grouped("g", "m") } else { "m".into() }).unwrap();
        let held = receive_for(&queue, 1, secs(1000));
        world.pass_secs(60);
        world.queues.maintain().unwrap();
        held[0].delete().unwrap();
        assert_eq!(code(held[0].extend(secs(1))), "InvalidParameterValueException");
        assert_eq!(counts(&queue), (0, 0, 0));
    }
}

#[test]
fn a_retention_that_is_changed_counts_for_messages_that_were_sent_before() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        let send =
            |body: &str| drop(queue.send(if queue.is_fifo() { grouped(body, body) } else { body.into() }).unwrap());
        send("old");
        world.pass_secs(100);
        send("new");
        queue.set(&keep_for(200)).unwrap();
        assert_eq!(counts(&queue), (2, 0, 0));
        queue.set(&keep_for(100)).unwrap();
        assert_eq!((take(&queue, 10), counts(&queue)), (vec!["new".to_owned()], (0, 1, 0)));
        queue.set(&keep_for(1000)).unwrap();
        world.pass_secs(100);
        assert_eq!(take(&queue, 10), ["new"]);
    }
}

#[test]
fn a_group_goes_on_when_what_held_it_up_is_too_old() {
    let world = World::new();
    let queue = world.create_with("q.fifo", keep_for(60));
    queue.send(grouped("g", "one")).unwrap();
    receive_for(&queue, 1, secs(1000));
    world.pass_secs(30);
    queue.send(grouped("g", "two")).unwrap();
    let mut task = waiting(&queue);
    world.pass_secs(15);
    assert!(task.poll().is_none());
    world.pass_secs(4);
    assert!(task.poll().is_none());
    world.pass_secs(11);
    assert_eq!(bodies(&task.poll().unwrap().unwrap()), [] as [&str; 0], "its wait is over");
    world.queues.maintain().unwrap();
    assert_eq!(take(&queue, 10), ["two"]);
}

#[test]
fn thousands_of_old_messages_are_passed_over_by_one_receive() {
    for name in ["q", "q.fifo"] {
        let world = World::new();
        let queue = world.create_with(name, keep_for(60));
        let message =
            |n: usize| if queue.is_fifo() { grouped(&(n % 7).to_string(), &n.to_string()) } else { "old".into() };
        for thousand in 0..2 {
            queue.send_batch((0..1000).map(|n| message(thousand * 1000 + n))).unwrap();
        }
        world.pass_secs(60);
        queue.send(if queue.is_fifo() { grouped("0", "new") } else { "new".into() }).unwrap();
        assert_eq!(take(&queue, 1), ["new"]);
    }
}

/// A delayed message stands where it is due, not where it was sent.
#[test]
fn delayed_messages_of_all_ages_are_deleted_in_time() {
    let world = World::new();
    let queue = world.create_with("q", keep_for(300));
    for n in 0..250_u64 {
        queue.send(SendMessage::new(n.to_string()).delay(secs(900 - 3 * n))).unwrap();
        world.pass_secs(1);
    }
    world.queues.maintain().unwrap();
    for seconds in 0..300_u64 {
        let alive = 250 - (seconds + 1).saturating_sub(50);
        let (visible, in_flight, delayed) = counts(&queue);
        assert_eq!((visible + delayed, in_flight), (alive, 0), "after {seconds} s");
        world.pass_secs(1);
    }
}
