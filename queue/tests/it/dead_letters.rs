use millpond_queue::{MoveStatus, SendMessage, StartMove};

use crate::support::*;

#[test]
fn a_message_that_was_received_too_often_goes_to_the_dead_letter_queue() {
    let world = World::new();
    let dead = world.create("dead");
    let queue = world.create_with("q", redrive("dead", 2));
    let sent = queue.send("m").unwrap();
    world.pass_secs(1);
    for count in 1..=2 {
        assert_eq!(receive(&queue, 1)[0].receive_count(), count);
        world.pass_secs(30);
    }
    assert_eq!(take(&queue, 1), [] as [&str; 0]);
    assert_eq!((counts(&queue), counts(&dead)), ((0, 0, 0), (1, 0, 0)));
    let found = receive(&dead, 1);
    assert_eq!((found[0].id(), found[0].sent(), found[0].receive_count()), (sent.message_id(), START, 3));
    assert_eq!(found[0].dead_letter_source(), Some("q"));
}

#[test]
fn a_dead_letter_of_a_group_lets_the_next_message_through() {
    let world = World::new();
    let dead = world.create("dead.fifo");
    let queue = world.create_with("q.fifo", redrive("dead.fifo", 1));
    for body in ["one", "two"] {
        queue.send(SendMessage::new(body).group("g").deduplication(body)).unwrap();
    }
    assert_eq!(take(&queue, 1), ["one"]);
    world.pass_secs(30);
    assert_eq!(take(&queue, 1), ["two"]);
    let found = receive(&dead, 1);
    assert_eq!(
        (bodies(&found), found[0].group_id(), found[0].sent()),
        (vec!["one"], Some("g"), START.saturating_add(secs(30)))
    );
}

#[test]
fn dead_letters_are_moved_back_to_where_they_came_from() {
    let world = World::new();
    let dead = world.create("dead");
    let queue = world.create_with("q", redrive("dead", 1));
    for n in 0..250 {
        queue.send(format!("{n:03}")).unwrap();
    }
    assert_eq!(take(&queue, 1000).len(), 250);
    world.pass_secs(30);
    assert_eq!(take(&queue, 1000), [] as [&str; 0]);
    assert_eq!(counts(&dead), (250, 0, 0));
    let start = StartMove { source: "dead".into(), destination: None, max_per_second: None };
    world.queues.start_move(&start).unwrap();
    assert_eq!(code(world.queues.start_move(&start)), "InvalidParameterValueException");
    world.queues.maintain().unwrap();
    world.queues.maintain().unwrap();
    assert_eq!((counts(&queue), counts(&dead)), ((250, 0, 0), (0, 0, 0)));
    let tasks = world.queues.moves("dead", 10).unwrap();
    assert_eq!((tasks[0].status, tasks[0].moved, tasks[0].to_move), (MoveStatus::Completed, 250, 250));
    let first = receive(&queue, 1);
    assert_eq!((first[0].receive_count(), first[0].sent()), (1, world.engine.clock().now()));
}
