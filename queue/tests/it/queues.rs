//! Queues as a whole: created, found, listed, tagged, purged and deleted.

use std::collections::BTreeMap;

use millpond_queue::{Changes, CreateOptions, SendMessage};

use crate::support::*;

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn creating_a_queue_that_is_set_so_finds_it_and_one_that_differs_is_an_error() {
    let world = World::new();
    let delayed = |delay| Changes { delay: Some(secs(delay)), ..Default::default() };
    let queue = world.create_with("q", Changes { receive_wait: Some(secs(3)), ..delayed(5) });
    queue.send("m").unwrap();
    let options = |changes| CreateOptions { changes, ..Default::default() };
    for changes in [Changes::default(), delayed(5)] {
        let found = world.queues.create("q", &options(changes)).unwrap();
        assert_eq!(counts(&found), (0, 0, 1));
    }
    let text = "A queue already exists with the same name and a different value for attribute DelaySeconds";
    assert_eq!(told(world.queues.create("q", &options(delayed(6)))), ("QueueNameExists", text.to_owned()));
    let none = Changes { policy: Some(None), redrive_policy: Some(None), ..Default::default() };
    world.queues.create("q", &options(none)).unwrap();
    let tagged = CreateOptions { tags: tags(&[("a", "b")]), ..Default::default() };
    assert_eq!(world.queues.create("q", &tagged).unwrap().tags().unwrap(), tags(&[]), "tags are not compared");
}

#[test]
fn names_say_what_a_queue_is_and_wrong_ones_are_refused() {
    let world = World::new();
    assert!(world.create("q.fifo").is_fifo() && !world.create("q").is_fifo());
    let standard = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    let fifo = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.";
    let long = "n".repeat(81);
    for (name, text) in [("", standard), ("a b", standard), (&long, standard), (".fifo", fifo), ("a b.fifo", fifo)] {
        let refused = world.queues.create(name, &CreateOptions::default());
        assert_eq!(told(refused), ("InvalidParameterValueException", text.to_owned()), "{name}");
    }
    assert_eq!(code(world.queues.get("a b")), "QueueDoesNotExist");
}

#[test]
fn a_name_can_be_used_again_a_minute_after_its_queue_was_deleted() {
    let world = World::new();
    let create = |world: &World| world.queues.create("q", &CreateOptions::default()).map(drop);
    world.create("q").send("old").unwrap();
    world.queues.delete("q").unwrap();
    for seconds in [0, 59] {
        world.pass_secs(seconds);
        assert_eq!(code(create(&world)), "QueueDeletedRecently");
    }
    assert_eq!(code(create(&world.reopened())), "QueueDeletedRecently");
    world.queues.maintain().unwrap();
    assert_eq!(code(create(&world)), "QueueDeletedRecently", "maintenance does not forget it early");
    world.pass_secs(1);
    create(&world).unwrap();
    assert_eq!(take(&world.queues.get("q").unwrap(), 10), [] as [&str; 0]);
    let world = World::without_cooldowns();
    for _ in 0..2 {
        let queue = world.create("q");
        queue.send("old").unwrap();
        assert_eq!(take(&queue, 10), ["old"]);
        world.queues.delete("q").unwrap();
    }
}

#[test]
fn a_queue_that_was_deleted_does_not_exist_for_any_call() {
    let world = World::without_cooldowns();
    let queue = world.create("q");
    queue.send("m").unwrap();
    let receipt = receive(&queue, 1)[0].receipt_handle().clone();
    world.queues.delete("q").unwrap();
    let errors = [
        code(world.queues.delete("q")),
        code(world.queues.get("q")),
        code(queue.send("m")),
        code(queue.send_batch(["m"])),
        code(queue.receive(1, NOW)),
        code(queue.delete(&receipt)),
        code(queue.delete_batch(&[&receipt])),
        code(queue.change_visibility(&receipt, NOW)),
        code(queue.change_visibility_batch(&[])),
        code(queue.purge()),
        code(queue.set(&Changes::default())),
        code(queue.describe()),
        code(queue.metrics()),
        code(queue.tags()),
        code(queue.tag(&tags(&[]))),
        code(queue.untag(&[])),
        code(world.queues.dead_letter_sources("q", None, 10)),
    ];
    assert_eq!(errors, ["QueueDoesNotExist"; 17]);
    let queue = world.create("q");
    queue.delete(&receipt).unwrap();
    assert_eq!(code(queue.change_visibility(&receipt, NOW)), "InvalidParameterValueException");
}

#[test]
fn a_purge_removes_all_messages_and_what_was_known_of_them() {
    let world = World::new();
    for name in ["q", "q.fifo"] {
        let queue = world.create(name);
        let message = |body: &str| match queue.is_fifo() {
            true => grouped(body, body),
            false => SendMessage::new(body),
        };
        for body in ["held", "visible"] {
            queue.send(message(body)).unwrap();
        }
        if !queue.is_fifo() {
            queue.send(SendMessage::new("delayed").delay(secs(10))).unwrap();
        }
        let held = receive(&queue, 1);
        queue.purge().unwrap();
        assert_eq!(counts(&queue), (0, 0, 0));
        assert_eq!(queue.metrics().unwrap().oldest_age, None);
        held[0].delete().unwrap();
        assert_eq!(code(held[0].extend(secs(5))), "InvalidParameterValueException");
        world.pass_secs(59);
        assert_eq!(take(&queue, 10), [] as [&str; 0]);
        assert_eq!(
            told(queue.purge()),
            ("PurgeQueueInProgress", format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds."))
        );
        queue.send(message("visible")).unwrap();
        assert_eq!(take(&queue, 10), ["visible"], "its deduplication id is forgotten");
        world.pass_secs(1);
        queue.purge().unwrap();
        world.queues.maintain().unwrap();
        let queue = world.reopened().queues.get(name).unwrap();
        assert_eq!((counts(&queue), take(&queue, 10)), ((0, 0, 0), vec![]));
    }
    let world = World::without_cooldowns();
    let queue = world.create("q");
    for _ in 0..3 {
        queue.send("m").unwrap();
        queue.purge().unwrap();
    }
    assert_eq!(counts(&queue), (0, 0, 0));
}

#[test]
fn what_deleted_and_purged_queues_have_left_behind_is_cleared_away() {
    let world = World::without_cooldowns();
    let rows = || -> usize {
        let snapshot = world.engine.snapshot().unwrap();
        let count = |name: &str| {
            let keyspace = world.engine.keyspace(name).unwrap();
            snapshot.scan(&keyspace, &millpond_engine::RangeRequest::all()).unwrap().count()
        };
        ["messages", "arrivals", "received", "groups", "tokens", "counters"]
            .iter()
            .map(|name| count(&format!("queue.{name}")))
            .sum()
    };
    for name in ["q", "q.fifo"] {
        for ends in [0, 1] {
            let queue = world.create(name);
            for n in 0..300 {
                let body = format!("{ends}-{n}");
                queue
                    .send(SendMessage {
                        deduplication_id: queue.is_fifo().then(|| n.to_string()),
                        ..grouped(&body, &body)
                    })
                    .unwrap();
            }
            receive(&queue, 100);
            match ends {
                0 => queue.purge().unwrap(),
                _ => world.queues.delete(name).unwrap(),
            }
        }
    }
    assert!(rows() > 1200);
    world.pass_secs(300);
    world.queues.maintain().unwrap();
    assert_eq!(rows(), 0);
}

#[test]
fn queues_are_listed_by_their_names_page_by_page() {
    let world = World::new();
    for name in ["b", "a2", "a10", "A", "a1.fifo"] {
        world.create(name);
    }
    let list = |prefix: &str, after: Option<&str>, max| {
        let page = world.queues.list(prefix, after, max).unwrap();
        (page.names, page.next)
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(list("", None, 1000), (names(&["A", "a1.fifo", "a10", "a2", "b"]), None));
    assert_eq!(list("a", None, 2), (names(&["a1.fifo", "a10"]), Some("a10".to_owned())));
    assert_eq!(list("a", Some("a10"), 2), (names(&["a2"]), None));
    assert_eq!(list("a", Some("a15"), 2), (names(&["a2"]), None), "the one to go on after may be gone");
    assert_eq!(list("a", Some("A"), 1), (names(&["a1.fifo"]), Some("a1.fifo".to_owned())));
    for (prefix, after) in [("c", None), ("a", Some("b")), ("a", Some("a2"))] {
        assert_eq!(list(prefix, after, 10), (vec![], None), "{prefix} {after:?}");
    }
}

#[test]
fn sources_of_a_dead_letter_queue_are_listed() {
    let world = World::new();
    world.create("dead");
    for name in ["a", "b", "c"] {
        world.create_with(name, redrive("dead", 1));
    }
    let first = world.queues.dead_letter_sources("dead", None, 2).unwrap();
    assert_eq!((first.names, first.next.as_deref()), (vec!["a".to_owned(), "b".to_owned()], Some("b")));
    let second = world.queues.dead_letter_sources("dead", Some("b"), 2).unwrap();
    assert_eq!((second.names, second.next), (vec!["c".to_owned()], None));
    assert_eq!(world.queues.dead_letter_sources("a", None, 10).unwrap().names, [] as [&str; 0]);
    world.queues.get("b").unwrap().set(&Changes { redrive_policy: Some(None), ..Default::default() }).unwrap();
    assert_eq!(world.queues.dead_letter_sources("dead", None, 10).unwrap().names, ["a", "c"]);
}

#[test]
fn tags_are_added_changed_and_taken_away_within_their_limits() {
    let world = World::new();
    let options = CreateOptions { tags: tags(&[("a", "1")]), ..Default::default() };
    let queue = world.queues.create("q", &options).unwrap();
    queue.tag(&tags(&[("a", "2"), ("A", ""), ("ä _.:/=+-@9", "x")])).unwrap();
    assert_eq!(queue.tags().unwrap(), tags(&[("a", "2"), ("A", ""), ("ä _.:/=+-@9", "x")]));
    queue.untag(&["A".to_owned(), "unknown".to_owned(), "ä _.:/=+-@9".to_owned()]).unwrap();
    assert_eq!(queue.tags().unwrap(), tags(&[("a", "2")]));
    let long = |count| "n".repeat(count);
    for (name, value, is_allowed) in [
        (long(128), long(256), true),
        (long(129), String::new(), false),
        (String::new(), String::new(), false),
        ("n".to_owned(), long(257), false),
        ("aws:n".to_owned(), String::new(), false),
        ("n!".to_owned(), String::new(), false),
        ("n".to_owned(), "v!".to_owned(), false),
    ] {
        assert_eq!(queue.tag(&[(name.clone(), value)].into()).is_ok(), is_allowed, "{name}");
    }
    let many: BTreeMap<_, _> = (0..48).map(|n| (n.to_string(), String::new())).collect();
    queue.tag(&many).unwrap();
    assert_eq!(queue.tags().unwrap().len(), 50);
    queue.tag(&tags(&[("a", "3")])).unwrap();
    let text = "Too many tags added for queue q.".to_owned();
    assert_eq!(told(queue.tag(&tags(&[("new", "")]))), ("InvalidParameterValueException", text));
}
