//! Receives that wait: what wakes them, and that nobody is forgotten.

use millpond_queue::{Changes, Message, Receive, SendMessage};

use crate::support::*;

/// What happens while a receive waits, and the bodies that it then gives.
type Event = fn(&World);

fn queue_of(world: &World, name: &str) -> millpond_queue::Queue {
    world.queues.get(name).unwrap()
}

#[test]
fn a_future_is_woken_by_whatever_makes_a_message_ready() {
    let table: [(&str, &str, Event, Event); 7] = [
        ("a send", "q", |_| {}, |world| drop(queue_of(world, "q").send("m").unwrap())),
        (
            "a timeout that passes",
            "q",
            |world| {
                queue_of(world, "q").send("m").unwrap();
                receive(&queue_of(world, "q"), 1);
            },
            |world| world.pass_secs(30),
        ),
        (
            "a delay that passes",
            "q",
            |world| drop(queue_of(world, "q").send(SendMessage::new("m").delay(secs(5))).unwrap()),
            |world| world.pass_secs(5),
        ),
        (
            "a send to a group",
            "q.fifo",
            |_| {},
            |world| drop(queue_of(world, "q.fifo").send(grouped("g", "m")).unwrap()),
        ),
        (
            "the timeout of a group",
            "q.fifo",
            |world| {
                queue_of(world, "q.fifo").send(grouped("g", "m")).unwrap();
                receive(&queue_of(world, "q.fifo"), 1);
            },
            |world| world.pass_secs(30),
        ),
        (
            "the delay of its queue",
            "q.fifo",
            |world| {
                let queue = queue_of(world, "q.fifo");
                queue.set(&Changes { delay: Some(secs(9)), ..Default::default() }).unwrap();
                queue.send(grouped("g", "m")).unwrap();
            },
            |world| world.pass_secs(9),
        ),
        (
            "the delay of its queue that is taken away",
            "q.fifo",
            |world| {
                let queue = queue_of(world, "q.fifo");
                queue.set(&Changes { delay: Some(secs(9)), ..Default::default() }).unwrap();
                queue.send(grouped("g", "m")).unwrap();
            },
            |world| {
                queue_of(world, "q.fifo").set(&Changes { delay: Some(NOW), ..Default::default() }).unwrap();
            },
        ),
    ];
    for (what, name, before, event) in table {
        let world = World::new();
        world.create("q");
        world.create("q.fifo");
        before(&world);
        let queue = queue_of(&world, name);
        let mut task = waiting(&queue);
        event(&world);
        assert_eq!(bodies(&task.woken().unwrap()), ["m"], "{what}");
    }
}

#[test]
fn a_future_is_woken_by_a_release_and_by_the_end_of_what_holds_up_a_group() {
    type End = fn(&Message);
    let ends: [(&str, End, &str); 3] = [
        ("q", |message| message.release().unwrap(), "one"),
        ("q.fifo", |message| message.release().unwrap(), "one"),
        ("q.fifo", |message| message.delete().unwrap(), "two"),
    ];
    for (name, end, expected) in ends {
        let world = World::new();
        let queue = world.create(name);
        for body in ["one", "two"] {
            queue.send(if queue.is_fifo() { grouped("g", body) } else { body.into() }).unwrap();
        }
        let held = receive(&queue, 1);
        if !queue.is_fifo() {
            take(&queue, 1);
        }
        let mut task = waiting(&queue);
        end(&held[0]);
        assert_eq!(bodies(&task.woken().unwrap()), [expected]);
    }
}

#[test]
fn a_receive_that_waits_goes_on_after_a_purge_and_ends_with_its_queue() {
    let world = World::without_cooldowns();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        let mut task = waiting(&queue);
        queue.purge().unwrap();
        assert!(task.was_woken() && task.poll().is_none());
        queue.send(if queue.is_fifo() { grouped("g", "m") } else { "m".into() }).unwrap();
        task.woken().unwrap()[0].delete().unwrap();
        let mut task = waiting(&queue);
        world.queues.delete(name).unwrap();
        assert_eq!(code(task.woken()), "QueueDoesNotExist");
        let queue = world.create(name);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| queue.receive(1, secs(20)));
            world.queues.delete(name).unwrap();
            assert_eq!(code(waits.join().unwrap()), "QueueDoesNotExist");
        });
    }
}

#[test]
fn a_wait_is_as_long_as_asked_for_or_as_the_queue_is_set() {
    let world = World::new();
    let queue = world.create_with("q", Changes { receive_wait: Some(secs(5)), ..Default::default() });
    let unsaid = Receive { wait: None, ..Receive::up_to(1) };
    for (request, wait) in [(unsaid, 5), (Receive::up_to(1).wait(secs(20)), 20), (Receive::up_to(1).wait(secs(1)), 1)] {
        let mut task = Task::new(queue.receive_with_async(&request));
        assert!(task.poll().is_none());
        for _ in 1..wait {
            world.pass_secs(1);
            assert!(task.was_woken() && task.poll().is_none(), "{request:?}");
        }
        world.pass_secs(1);
        assert_eq!(bodies(&task.woken().unwrap()), [] as [&str; 0]);
    }
    assert_eq!(Task::new(queue.receive_async(1, NOW)).poll().unwrap().unwrap().len(), 0);
    assert_eq!(
        told(queue.receive(1, secs(21))),
        (
            "InvalidParameterValueException",
            "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.".into()
        )
    );
}

#[test]
fn each_message_wakes_one_and_the_longest_waiting_first() {
    let world = World::new();
    let queue = world.create("q");
    let [mut first, mut second, mut third] = [(); 3].map(|()| waiting(&queue));
    queue.send("a").unwrap();
    assert_eq!(bodies(&first.woken().unwrap()), ["a"]);
    // It knows when the message comes back, and someone who goes on waiting has to know too.
    assert!(second.was_woken() && second.poll().is_none());
    queue.send_batch(["b", "c"]).unwrap();
    assert_eq!(bodies(&third.woken().unwrap()), ["b"]);
    assert_eq!(bodies(&second.woken().unwrap()), ["c"]);
}

#[test]
fn whoever_is_woken_and_goes_away_hands_it_on() {
    let world = World::new();
    let queue = world.create("q");
    let (first, mut second) = (waiting(&queue), waiting(&queue));
    queue.send("m").unwrap();
    assert!(first.was_woken() && !second.was_woken());
    drop(first);
    assert_eq!(bodies(&second.woken().unwrap()), ["m"]);
}

/// The clock runs by itself here: only then it matters who knows when the next message is due.
#[test]
fn when_a_message_is_due_is_known_to_someone_for_as_long_as_anyone_waits() {
    let millis = std::time::Duration::from_millis;
    let world = World::of(&millpond_engine::Engine::in_memory());
    for is_dropped in [true, false] {
        let queue = world.create(if is_dropped { "dropped" } else { "ended" });
        let mut short = Task::new(queue.receive_async(1, millis(100)));
        assert!(short.poll().is_none());
        let queue = &queue;
        std::thread::scope(|scope| {
            let long = scope.spawn(move || {
                let began = std::time::Instant::now();
                let found = block_on(queue.receive_async(1, secs(10))).unwrap();
                (bodies(&found).join(" "), began.elapsed() < secs(5))
            });
            std::thread::sleep(millis(50));
            queue.send(SendMessage::new("m").delay(millis(300))).unwrap();
            // The one that waits for the longest is told of it, and is gone before it is due.
            assert!(short.was_woken() && short.poll().is_none());
            if is_dropped {
                drop(short);
            } else {
                std::thread::sleep(millis(60));
                assert_eq!(bodies(&short.poll().unwrap().unwrap()), [] as [&str; 0]);
            }
            assert_eq!(long.join().unwrap(), ("m".to_owned(), true));
        });
    }
}

#[test]
fn blocking_receives_are_woken_by_the_clock_of_the_system() {
    let world = World::of(&millpond_engine::Engine::in_memory());
    let queue = world.create("q");
    queue.send(SendMessage::new("m").delay(std::time::Duration::from_millis(30))).unwrap();
    assert_eq!(bodies(&queue.receive(1, secs(10)).unwrap()), ["m"]);
    let began = std::time::Instant::now();
    assert_eq!(bodies(&queue.receive(1, std::time::Duration::from_millis(20)).unwrap()), [] as [&str; 0]);
    assert!(began.elapsed() >= std::time::Duration::from_millis(19));
}

/// This was a loop without an end: a message that is not due yet woke who waited for it.
#[test]
fn a_receive_rests_while_it_waits() {
    let world = World::new();
    let queue = world.create_with("q.fifo", Changes { delay: Some(secs(60)), ..Default::default() });
    queue.send(grouped("g", "m")).unwrap();
    let mut first = waiting(&queue);
    let mut second = waiting(&queue);
    assert!(!first.was_woken() && !second.was_woken());
    world.pass_secs(1);
    assert!(first.poll().is_none() && second.poll().is_none());
    assert!(first.was_woken() && second.was_woken());
    assert!(first.poll().is_none() && second.poll().is_none());
    assert!(!first.was_woken() && !second.was_woken());
}
