//! Tasks that move the messages of dead-letter queues.

use millpond_queue::{Changes, MoveStatus, MoveTask, MoveTaskHandle, Queue, StartMove};

use crate::support::*;

fn start(source: &str) -> StartMove {
    StartMove { source: source.into(), destination: None, max_per_second: None }
}

/// A dead-letter queue with so many messages of `q`.
fn dead_letters(world: &World, count: usize, suffix: &str) -> (Queue, Queue) {
    let dead = world.create(&format!("dead{suffix}"));
    let queue = world.create_with(&format!("q{suffix}"), redrive(dead.name(), 1));
    let message = |n: usize| {
        if queue.is_fifo() { grouped(&(n % 3).to_string(), &format!("{n:04}")) } else { format!("{n:04}").into() }
    };
    queue.send_batch((0..count).map(message)).unwrap();
    assert_eq!(receive_for(&queue, 1000, secs(1)).len(), count);
    world.pass_secs(1);
    assert_eq!(take(&queue, 1000), [] as [&str; 0]);
    assert_eq!(counts(&dead), (count as u64, 0, 0));
    (queue, dead)
}

fn maintain(world: &World) {
    for _ in 0..2 {
        world.queues.maintain().unwrap();
    }
}

fn task(world: &World, source: &str) -> MoveTask {
    world.queues.moves(source, 10).unwrap().remove(0)
}

#[test]
fn dead_letters_are_moved_back_to_where_they_came_from() {
    for suffix in ["", ".fifo"] {
        let world = World::new();
        let (queue, dead) = dead_letters(&world, 250, suffix);
        let old = receive_for(&dead, 1, NOW).remove(0);
        world.queues.start_move(&start(dead.name())).unwrap();
        let text =
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
        assert_eq!(
            told(world.queues.start_move(&start(dead.name()))),
            ("InvalidParameterValueException", text.to_owned())
        );
        assert_eq!(task(&world, dead.name()).status, MoveStatus::Running);
        maintain(&world);
        assert_eq!((counts(&queue), counts(&dead)), ((250, 0, 0), (0, 0, 0)));
        let task = task(&world, dead.name());
        assert_eq!((task.status, task.moved, task.to_move), (MoveStatus::Completed, 250, 250));
        assert_eq!((task.destination, task.failure_reason, task.started), (None, None, world.now()));
        let found = receive(&queue, 1000);
        let first = found.iter().find(|message| message.body() == old.body()).unwrap();
        assert_eq!((first.receive_count(), first.sent(), first.dead_letter_source()), (1, world.now(), None));
        assert_ne!(first.id(), old.id(), "it is another message");
        for group in ["0", "1", "2"] {
            let of_group =
                found.iter().filter(|message| message.group_id() == Some(group)).map(|message| message.body());
            assert!(of_group.is_sorted());
        }
        world.queues.start_move(&start(dead.name())).unwrap();
    }
}

#[test]
fn messages_are_moved_to_another_queue_and_those_who_wait_there_are_woken() {
    let world = World::new();
    let (queue, _) = dead_letters(&world, 3, "");
    let other = world.create("other");
    let mut waits = waiting(&other);
    world.queues.start_move(&StartMove { destination: Some("other".into()), ..start("dead") }).unwrap();
    world.queues.maintain().unwrap();
    assert_eq!(bodies(&waits.woken().unwrap()), ["0000"]);
    assert_eq!((counts(&queue), counts(&other)), ((0, 0, 0), (2, 1, 0)));
    assert_eq!(task(&world, "dead").destination.as_deref(), Some("other"));
}

#[test]
fn no_more_are_moved_in_a_second_than_is_said() {
    let world = World::new();
    let (queue, dead) = dead_letters(&world, 50, "");
    world.queues.start_move(&StartMove { max_per_second: Some(20), ..start("dead") }).unwrap();
    for expected in [20, 40, 50] {
        maintain(&world);
        assert_eq!((counts(&queue).0, counts(&dead).0), (expected, 50 - expected));
        world.pass(std::time::Duration::from_millis(999));
        maintain(&world);
        assert_eq!(counts(&queue).0, expected);
        world.pass(std::time::Duration::from_millis(1));
    }
    maintain(&world);
    assert_eq!((task(&world, "dead").status, task(&world, "dead").moved), (MoveStatus::Completed, 50));
    for (rate, is_allowed) in [(0, false), (1, true), (501, false)] {
        let started = world.queues.start_move(&StartMove { max_per_second: Some(rate), ..start("dead") });
        assert_eq!(started.is_ok(), is_allowed, "{rate}");
    }
}

#[test]
fn a_task_can_be_cancelled_while_it_runs() {
    let world = World::new();
    let (queue, dead) = dead_letters(&world, 50, "");
    let request = StartMove { max_per_second: Some(20), ..start("dead") };
    let handle = world.queues.start_move(&request).unwrap();
    maintain(&world);
    assert_eq!(world.queues.cancel_move(&handle).unwrap().moved, 20);
    world.pass_secs(10);
    maintain(&world);
    assert_eq!((counts(&queue), counts(&dead)), ((20, 0, 0), (30, 0, 0)));
    assert_eq!(told(world.queues.cancel_move(&handle)).1, "Only active tasks can be cancelled.");
    let other = MoveTaskHandle { source: "q".into(), ..handle.clone() };
    assert_eq!(told(world.queues.cancel_move(&other)), ("ResourceNotFoundException", "Task does not exist.".into()));
    let missing = MoveTaskHandle { source: "missing".into(), ..handle };
    assert_eq!(code(world.queues.cancel_move(&missing)), "ResourceNotFoundException");
    world.queues.start_move(&request).unwrap();
    let statuses: Vec<_> = world.queues.moves("dead", 10).unwrap().into_iter().map(|task| task.status).collect();
    assert_eq!(statuses, [MoveStatus::Running, MoveStatus::Cancelled], "the newest comes first");
}

#[test]
fn the_last_ten_tasks_are_kept_over_restarts() {
    let world = World::new();
    world.create("dead");
    world.create_with("q", redrive("dead", 1));
    let mut handles = Vec::new();
    for _ in 0..12 {
        handles.push(world.queues.start_move(&start("dead")).unwrap());
        maintain(&world);
        world.pass_secs(1);
    }
    handles.reverse();
    let list = |max| {
        world.reopened().queues.moves("dead", max).unwrap().into_iter().map(|task| task.handle).collect::<Vec<_>>()
    };
    assert_eq!((list(10), list(3)), (handles[..10].to_vec(), handles[..3].to_vec()));
    for max in [0, 11] {
        assert_eq!(code(world.queues.moves("dead", max)), "InvalidParameterValueException");
    }
    assert_eq!(code(world.queues.moves("missing", 10)), "ResourceNotFoundException");
}

#[test]
fn messages_in_flight_are_waited_for() {
    for suffix in ["", ".fifo"] {
        let world = World::new();
        let (queue, dead) = dead_letters(&world, 6, suffix);
        assert_eq!(receive_for(&dead, 2, secs(10)).len(), 2);
        world.queues.start_move(&start(dead.name())).unwrap();
        maintain(&world);
        assert_eq!((counts(&queue).0, counts(&dead)), (4, (0, 2, 0)));
        assert_eq!(task(&world, dead.name()).status, MoveStatus::Running);
        world.pass_secs(10);
        maintain(&world);
        assert_eq!((counts(&queue).0, counts(&dead)), (6, (0, 0, 0)));
        assert_eq!((task(&world, dead.name()).status, task(&world, dead.name()).moved), (MoveStatus::Completed, 6));
    }
}

#[test]
fn a_task_fails_where_messages_have_nowhere_to_go() {
    let world = World::new();
    let (_, dead) = dead_letters(&world, 2, "");
    dead.send("sent here").unwrap();
    world.queues.start_move(&start("dead")).unwrap();
    maintain(&world);
    let failed = task(&world, "dead");
    assert_eq!(
        (failed.status, failed.failure_reason.as_deref()),
        (MoveStatus::Failed, Some("CouldNotDetermineMessageSource"))
    );
    assert_eq!(failed.moved + counts(&dead).0, 3, "none is lost");
    dead.send("again").unwrap();
    let world = World::without_cooldowns();
    let (_, dead) = dead_letters(&world, 2, "");
    world.create_with("other", redrive("dead", 1));
    world.queues.delete("q").unwrap();
    world.queues.start_move(&start("dead")).unwrap();
    maintain(&world);
    let failed = task(&world, "dead");
    let reason = "AWS.SimpleQueueService.NonExistentQueue";
    assert_eq!((failed.status, failed.failure_reason.as_deref(), failed.moved), (MoveStatus::Failed, Some(reason), 0));
    assert_eq!(counts(&dead), (2, 0, 0));
}

#[test]
fn what_cannot_be_moved_is_refused() {
    let world = World::new();
    for name in ["dead", "plain", "plain.fifo"] {
        world.create(name);
    }
    world.create_with("q", redrive("dead", 1));
    let missing = |name| format!("The resource that you specified for the {name} parameter doesn't exist.");
    let to = |destination: &str| StartMove { destination: Some(destination.into()), ..start("dead") };
    for (request, code, text) in [
        (start("missing"), "ResourceNotFoundException", missing("SourceArn")),
        (to("missing"), "ResourceNotFoundException", missing("DestinationArn")),
        (
            start("plain"),
            "InvalidParameterValueException",
            "Source queue must be configured as a Dead Letter Queue.".into(),
        ),
        (
            to("dead"),
            "InvalidParameterValueException",
            "Source queue arn and destination queue arn cannot be the same.".into(),
        ),
        (
            to("plain.fifo"),
            "InvalidParameterValueException",
            "The source queue and destination queue must be of the same queue type.".into(),
        ),
    ] {
        assert_eq!(told(world.queues.start_move(&request)), (code, text));
    }
}

#[test]
fn a_purge_ends_a_task_and_what_comes_after_it_stays() {
    let world = World::without_cooldowns();
    let (queue, dead) = dead_letters(&world, 5, "");
    world.queues.start_move(&start("dead")).unwrap();
    dead.purge().unwrap();
    dead.send("new").unwrap();
    maintain(&world);
    assert_eq!((counts(&queue), counts(&dead)), ((0, 0, 0), (1, 0, 0)));
    assert_eq!((task(&world, "dead").status, task(&world, "dead").moved), (MoveStatus::Completed, 0));
}

/// They were moved, which made them new.
#[test]
fn messages_that_are_too_old_are_not_moved() {
    for suffix in ["", ".fifo"] {
        let world = World::new();
        let (queue, dead) = dead_letters(&world, 5, suffix);
        dead.set(&Changes { retention: Some(secs(60)), ..Default::default() }).unwrap();
        world.pass_secs(60);
        world.queues.start_move(&start(dead.name())).unwrap();
        assert_eq!(world.queues.maintain().unwrap(), 5, "they are deleted");
        maintain(&world);
        assert_eq!((counts(&queue), counts(&dead)), ((0, 0, 0), (0, 0, 0)));
        assert_eq!((task(&world, dead.name()).status, task(&world, dead.name()).moved), (MoveStatus::Completed, 0));
    }
}
