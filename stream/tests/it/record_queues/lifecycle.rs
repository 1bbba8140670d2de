//! Making, describing, changing and deleting queues.

use millpond_stream::{Mode, Resource, Timestamp};

use super::*;

#[test]
fn a_queue_is_what_it_was_made_as() {
    let (stream, queue) = queued();
    let streams = stream.streams();
    let description = queue.describe().unwrap();
    assert_eq!((description.name.as_str(), description.stream.as_str()), ("work", "clicks"));
    assert_eq!(description.visibility_timeout, secs(30));
    assert_eq!(description.dead_letters, DeadLetters::After { receives: 6 });
    assert_eq!(description.start_time, stream.describe().unwrap().created);
    assert_eq!(stream.describe().unwrap().queues, 1);
    assert!(queue.id().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    assert_eq!(streams.queue(queue.id()).unwrap().describe().unwrap(), description);
    assert!(matches!(streams.queue("none"), Err(Error::NotFound(_))));
    let again = streams.create_queue(&CreateQueue::new("work", "clicks"));
    assert!(matches!(again, Err(Error::ResourceInUse(_))));
    let nowhere = streams.create_queue(&CreateQueue::new("other", "none"));
    assert!(matches!(nowhere, Err(Error::StreamNotFound { .. })));
}

#[test]
fn only_streams_on_demand_have_queues() {
    let (stream, queue) = queued();
    let streams = stream.streams();
    streams.create("fixed", &CreateOptions::shards(1)).unwrap();
    let refused = streams.create_queue(&CreateQueue::new("other", "fixed"));
    assert_eq!(refused.unwrap_err().code(), "ValidationException");
    assert!(stream.set_mode(Mode::Provisioned { shards: 1 }, None).is_err());
    assert!(matches!(streams.delete("clicks", true), Err(Error::InUse { what: "queues", .. })));
    queue.delete().unwrap();
    stream.set_mode(Mode::Provisioned { shards: 1 }, None).unwrap();
    streams.delete("clicks", true).unwrap();
}

#[test]
fn queues_and_consumers_share_a_limit() {
    let (stream, _) = queued();
    let streams = stream.streams();
    for nth in 0..10 {
        stream.register_consumer(&format!("fan-{nth}"), &Default::default()).unwrap();
        if nth < 9 {
            streams.create_queue(&CreateQueue::new(format!("queue-{nth}"), "clicks")).unwrap();
        }
    }
    let more = streams.create_queue(&CreateQueue::new("more", "clicks"));
    assert!(matches!(more, Err(Error::LimitExceeded(_))));
    assert!(matches!(stream.register_consumer("more", &Default::default()), Err(Error::LimitExceeded(_))));
    streams.set_commitment(true).unwrap();
    streams.create_queue(&CreateQueue::new("more", "clicks")).unwrap();
}

#[test]
fn queues_begin_where_they_are_told_to() {
    let (stream, _) = queued();
    let streams = stream.streams();
    let clock = streams.engine().clock().clone();
    stream.append(("k", "early")).unwrap();
    clock.advance(secs(10)).unwrap();
    let middle = clock.now();
    stream.append(("k", "middle")).unwrap();
    clock.advance(secs(10)).unwrap();
    let make = |name: &str, start| streams.create_queue(&CreateQueue::new(name, "clicks").start(start)).unwrap();
    let queues = [
        make("all", QueueStart::TrimHorizon),
        make("some", QueueStart::AtTimestamp(middle)),
        make("new", QueueStart::Latest),
        make("old", QueueStart::AtTimestamp(Timestamp::from_millis(5))),
        make("later", QueueStart::AtTimestamp(clock.now().saturating_add(secs(5)))),
    ];
    stream.append(("k", "late")).unwrap();
    let starts: Vec<_> = queues.iter().map(|queue| queue.describe().unwrap().start_time).collect();
    let created = stream.describe().unwrap().created;
    assert_eq!(starts[..4], [created, middle, clock.now(), created]);
    let received: Vec<_> = queues.iter().map(|queue| texts(&take(queue))).collect();
    let all = set(&["early", "middle", "late"]);
    assert_eq!(received, [all.clone(), set(&["middle", "late"]), set(&["late"]), all, set(&[])]);
    clock.advance(secs(5)).unwrap();
    stream.append(("k", "latest")).unwrap();
    assert_eq!(texts(&take(&queues[4])), set(&["latest"]));
}

#[test]
fn a_record_has_one_id_in_all_queues_and_its_handles_are_of_one() {
    let (stream, queue) = queued();
    let other = CreateQueue::new("other", "clicks").start(QueueStart::TrimHorizon);
    let other = stream.streams().create_queue(&other).unwrap();
    stream.append(("k", "a")).unwrap();
    let (here, there) = (take(&queue), take(&other));
    assert_eq!(here[0].id, there[0].id);
    assert!(here[0].id.len() <= 64 && here[0].id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(codes(queue.acknowledge(&handles(&there))), ["ResourceNotFoundException"]);
    assert!(all_ok(queue.acknowledge(&handles(&here))));
    assert!(all_ok(other.acknowledge(&handles(&there))));
}

#[test]
fn changes_are_of_records_that_are_received_from_then_on() {
    let (stream, queue) = queued();
    stream.append_batch([("k", "a"), ("k", "b")]).unwrap();
    assert_eq!(queue.receive(1, NOW, None).unwrap().len(), 1);
    let longer = QueueChanges { visibility_timeout: Some(secs(100)), ..QueueChanges::default() };
    queue.update(&longer).unwrap();
    assert_eq!(queue.describe().unwrap().dead_letters, DeadLetters::After { receives: 6 });
    assert_eq!(queue.receive(1, NOW, None).unwrap().len(), 1);
    advance(&stream, secs(30));
    assert_eq!(take(&queue).len(), 1, "the first one");
    let wrong = QueueChanges { visibility_timeout: Some(secs(43_201)), ..QueueChanges::default() };
    assert!(queue.update(&wrong).is_err());
    let wrong = QueueChanges { dead_letters: Some(DeadLetters::After { receives: 0 }), ..QueueChanges::default() };
    assert!(queue.update(&wrong).is_err());
}

#[test]
fn a_deleted_queue_leaves_nothing_behind() {
    let (stream, queue) = queued();
    let streams = stream.streams();
    let tags = [("team".to_owned(), "blue".to_owned())].into();
    let resource = Resource::Queue { id: queue.id().to_owned() };
    streams.tag(&resource, &tags).unwrap();
    assert_eq!(streams.tags(&resource).unwrap(), tags);
    stream.append_batch((0..5).map(|nth| (nth.to_string(), "a"))).unwrap();
    let received = take(&queue);
    queue.delete().unwrap();
    assert!(matches!(queue.receive(1, NOW, None), Err(Error::NotFound(_))));
    assert!(matches!(queue.acknowledge(&handles(&received)), Err(Error::NotFound(_))));
    assert!(matches!(queue.describe(), Err(Error::NotFound(_))));
    assert!(matches!(streams.tags(&resource), Err(Error::NotFound(_))));
    assert_eq!(stream.describe().unwrap().queues, 0);
    assert!(streams.maintain().unwrap() >= 10);
    assert_eq!(streams.maintain().unwrap(), 0);
    let again = CreateQueue::new("work", "clicks").start(QueueStart::TrimHorizon);
    let again = streams.create_queue(&again).unwrap();
    assert_ne!(again.id(), queue.id());
    assert_eq!(take(&again).len(), 5);
    assert_eq!(codes(again.acknowledge(&handles(&received))), ["ResourceNotFoundException"; 5]);
}

#[test]
fn queues_are_listed_by_name_a_page_at_a_time() {
    let (stream, _) = queued();
    let streams = stream.streams();
    streams.create("other", &CreateOptions::default()).unwrap();
    for name in ["c", "a", "b"] {
        streams.create_queue(&CreateQueue::new(name, "other")).unwrap();
    }
    let names = |of: Option<&str>, after, max| {
        let of: Vec<String> = of.into_iter().map(str::to_owned).collect();
        let page = streams.queues(&of, after, max).unwrap();
        (page.queues.into_iter().map(|queue| queue.name).collect::<Vec<_>>(), page.has_more)
    };
    assert_eq!(names(None, None, 2), (vec!["a".to_owned(), "b".to_owned()], true));
    assert_eq!(names(None, Some("b"), 2), (vec!["c".to_owned(), "work".to_owned()], false));
    assert_eq!(names(Some("clicks"), None, 1), (vec!["work".to_owned()], false));
    assert_eq!(names(Some("other"), None, 3).0.len(), 3);
}

#[test]
fn what_is_known_of_records_that_are_gone_is_cleared_away() {
    let (stream, queue) = queued();
    let streams = stream.streams();
    stream.append_batch((0..700).map(|nth| (nth.to_string(), "a"))).unwrap();
    assert_eq!(queue.receive(1000, NOW, None).unwrap().len(), 700);
    advance(&stream, secs(60));
    streams.maintain().unwrap();
    assert_eq!(queue.receive(1000, NOW, None).unwrap().len(), 700);
    advance(&stream, 25 * HOUR);
    assert!(streams.maintain().unwrap() >= 700);
    assert!(take(&queue).is_empty());
}
