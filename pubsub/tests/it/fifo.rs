//! First-in-first-out topics: order, sequence numbers, deduplication.

use std::{sync::Barrier, time::Duration};

use millpond_engine::Engine;
use millpond_pubsub::{Error, PublishMessage, SubscribeOptions};
use millpond_queue::{Message, Receive};

use crate::world::{World, bodies, receive, take, told};

fn message(text: &str) -> PublishMessage {
    PublishMessage::new(text).group("g").deduplication(text)
}

#[test]
fn numbers_rise_and_go_along_with_groups_and_ids() {
    let world = World::new();
    let topic = world.topic("orders.fifo");
    let queue = world.raw(&topic, "mails.fifo");
    let (enveloped, _) = world.subscribed(&topic, "enveloped.fifo", SubscribeOptions::default());
    let first = topic.publish(message("a")).unwrap().sequence_number.unwrap();
    let second = topic.publish(message("b")).unwrap().sequence_number.unwrap();
    assert!(first < second);
    assert_eq!(first.to_string().len(), 20);
    let received = receive(&queue);
    let shown: Vec<_> =
        received.iter().map(|message| (message.body(), message.group_id(), message.deduplication_id())).collect();
    assert_eq!(shown, [("a", Some("g"), Some("a")), ("b", Some("g"), Some("b"))]);
    let envelope: serde_json::Value = serde_json::from_str(receive(&enveloped)[0].body()).unwrap();
    assert_eq!(envelope["SequenceNumber"], first.to_string());
}

#[test]
fn a_message_needs_a_group_and_an_id() {
    let world = World::new();
    let topic = world.topic("orders.fifo");
    let by_content = world.topic_with("content.fifo", &[("ContentBasedDeduplication", "true")]);
    let parameter = |text: &str| ("InvalidParameter", format!("Invalid parameter: {text}"));
    let no_group = parameter("The MessageGroupId parameter is required for FIFO topics");
    assert_eq!(told(topic.publish("x")), no_group);
    assert_eq!(told(by_content.publish(PublishMessage::new("x").deduplication("d"))), no_group);
    assert_eq!(
        told(topic.publish(PublishMessage::new("x").group("g"))),
        parameter(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
        )
    );
    assert!(told(topic.publish(message("x").group(""))).1.starts_with("Invalid parameter: MessageGroupId Reason: "));
    assert!(topic.publish(message("x").deduplication("d".repeat(129))).is_err());
    assert!(topic.publish(message("x").deduplication("!".repeat(128))).is_ok());
}

#[test]
fn an_id_names_one_message_for_five_minutes() {
    let world = World::new();
    let topic = world.topic("orders.fifo");
    let queue = world.raw(&topic, "mails.fifo");
    let first = topic.publish(message("a")).unwrap();
    world.pass_secs(299);
    assert_eq!(topic.publish(message("b").deduplication("a").group("other")).unwrap(), first);
    // From the first time on, not from the last.
    world.pass_secs(1);
    let again = topic.publish(message("c").deduplication("a")).unwrap();
    assert_ne!(again.message_id, first.message_id);
    assert!(again.sequence_number > first.sequence_number);
    assert_eq!(bodies(&queue), ["a", "c"]);
    assert_eq!(topic.metrics().unwrap().number_of_messages_published, 2);
    // Maintenance forgets what is over, and only that.
    world.pass_secs(200);
    let fresh = topic.publish(message("d")).unwrap();
    world.pass_secs(100);
    world.topics.maintain().unwrap();
    assert_eq!(topic.publish(message("d")).unwrap(), fresh);
    assert_ne!(topic.publish(message("a")).unwrap(), again);
}

#[test]
fn ids_are_forgotten_by_maintenance() {
    let world = World::new();
    let topic = world.topic("orders.fifo");
    let tokens = world.engine.keyspace("pubsub.deduplication").unwrap();
    let rows = || {
        let page = world.engine.snapshot().unwrap().range(&tokens, &millpond_engine::RangeRequest::all()).unwrap();
        page.entries.len()
    };
    for nth in 0..10 {
        topic.publish(message(&nth.to_string())).unwrap();
        world.pass_secs(10);
    }
    assert_eq!(rows(), 20);
    world.pass_secs(250);
    world.topics.maintain().unwrap();
    assert_eq!(rows(), 2 * 4, "those of the last four are good for some seconds more");
    world.pass_secs(1000);
    world.reopened().topics.maintain().unwrap();
    assert_eq!(rows(), 0);
}

#[test]
fn what_is_published_again_in_one_transaction_or_batch_is_known() {
    let world = World::new();
    let topic = world.topic("orders.fifo");
    let queue = world.raw(&topic, "mails.fifo");
    let published = topic.publish_batch(["a", "b", "a"].map(message)).unwrap();
    let published: Vec<_> = published.into_iter().map(Result::unwrap).collect();
    assert_eq!(published[0], published[2]);
    assert!(published[0].sequence_number < published[1].sequence_number);
    world
        .engine
        .transact(|tx| -> Result<(), Error> {
            assert_eq!(topic.publish_in(tx, message("b"))?, published[1]);
            let first = topic.publish_in(tx, message("c"))?;
            assert_eq!(topic.publish_in(tx, message("c"))?, first);
            Ok(())
        })
        .unwrap();
    assert_eq!(bodies(&queue), ["a", "b", "c"]);
}

#[test]
fn content_stands_for_an_id_where_the_topic_says_so() {
    let world = World::new();
    let topic = world.topic_with("orders.fifo", &[("ContentBasedDeduplication", "true")]);
    let queue = world.raw(&topic, "mails.fifo");
    let text = |text: &str| PublishMessage::new(text).group("g");
    let first = topic.publish(text("Test")).unwrap();
    assert_eq!(topic.publish(text("Test").subject("other")).unwrap(), first);
    assert_ne!(topic.publish(text("Test").deduplication("own")).unwrap(), first);
    let received = receive(&queue);
    let ids: Vec<_> = received.iter().filter_map(Message::deduplication_id).collect();
    assert_eq!(ids, ["532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25", "own"]);
    let structured = |json: &str| PublishMessage::structured(json).unwrap().group("g");
    let texts = topic.publish(structured(r#"{"default":"x","sqs":"y"}"#)).unwrap();
    assert_eq!(topic.publish(structured(r#"{"sqs":"y", "default":"x"}"#)).unwrap(), texts);
    assert_ne!(topic.publish(structured(r#"{"sqs":"z","default":"x"}"#)).unwrap(), texts);
}

#[test]
fn ids_count_within_groups_where_the_topic_says_so() {
    let world = World::new();
    let topic = world.topic_with("orders.fifo", &[("FifoThroughputScope", "MessageGroup")]);
    let first = topic.publish(message("a")).unwrap();
    assert_eq!(topic.publish(message("a")).unwrap(), first);
    assert_ne!(topic.publish(message("a").group("h")).unwrap(), first);
    // One topic's ids are not another's.
    assert_ne!(world.topic("other.fifo").publish(message("a")).unwrap().message_id, first.message_id);
}

#[test]
fn a_standard_queue_gets_neither_group_nor_id() {
    let world = World::new();
    let topic = world.topic("orders.fifo");
    let queue = world.raw(&topic, "standard");
    topic.publish(message("a")).unwrap();
    let received = receive(&queue);
    assert_eq!((received[0].body(), received[0].group_id(), received[0].deduplication_id()), ("a", None, None));
}

#[test]
fn what_cannot_be_delivered_keeps_its_order_in_the_dead_letter_queue() {
    let world = World::new();
    let topic = world.topic("orders.fifo");
    let dead = world.queue("dead.fifo");
    let arn = world.topics.queue_endpoint("dead.fifo").address;
    let options = SubscribeOptions::default().raw_message_delivery(true).dead_letter_queue(&arn);
    world.subscribed(&topic, "gone.fifo", options);
    world.queues.delete("gone.fifo").unwrap();
    topic.publish_all(["a", "b", "c"].map(message)).unwrap();
    let received = receive(&dead);
    let shown: Vec<_> =
        received.iter().map(|message| (message.body(), message.group_id(), message.deduplication_id())).collect();
    assert_eq!(shown, ["a", "b", "c"].map(|text| (text, Some("g"), Some(text))));
}

#[test]
fn every_queue_has_the_same_order_whoever_publishes() {
    let world = World::new();
    let topic = world.topic("orders.fifo");
    let queues = ["one.fifo", "two.fifo", "three.fifo"].map(|name| world.raw(&topic, name));
    let late = Barrier::new(9);
    let mut numbered = std::thread::scope(|scope| {
        let publishers: Vec<_> = (0..8)
            .map(|publisher| {
                let (topic, late, engine) = (topic.clone(), &late, world.engine.clone());
                scope.spawn(move || {
                    late.wait();
                    let mut numbered = Vec::new();
                    for nth in 0..40 {
                        let text = format!("{publisher}-{nth}");
                        let published = match nth % 3 {
                            0 => topic.publish(message(&text)),
                            1 => topic.publish_async(message(&text)).and_then(|ticket| Ok(ticket.wait()?)),
                            _ => engine.transact(|tx| topic.publish_in(tx, message(&text))),
                        };
                        numbered.push((published.unwrap().sequence_number.unwrap(), text));
                    }
                    numbered
                })
            })
            .collect();
        late.wait();
        publishers.into_iter().flat_map(|publisher| publisher.join().unwrap()).collect::<Vec<_>>()
    });
    numbered.sort();
    let in_order: Vec<String> = numbered.into_iter().map(|(_, text)| text).collect();
    assert_eq!(in_order.len(), 320);
    for queue in queues {
        assert_eq!(bodies(&queue), in_order, "{}", queue.name());
    }
}

#[test]
fn numbers_and_ids_outlive_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let open = || World::of(&Engine::open(dir.path()).unwrap());
    let world = open();
    let topic = world.topic("orders.fifo");
    world.raw(&topic, "mails.fifo");
    let first = topic.publish(message("a")).unwrap();
    let World { engine, queues, streams, topics } = world;
    drop((queues, streams, topics, topic));
    engine.close().unwrap();
    let world = open();
    let topic = world.topics.get("orders.fifo").unwrap();
    assert_eq!(topic.publish(message("a")).unwrap(), first);
    let second = topic.publish(message("b")).unwrap();
    assert!(second.sequence_number > first.sequence_number);
    let queue = world.queues.get("mails.fifo").unwrap();
    assert_eq!(queue.receive(10, Duration::ZERO).unwrap().len(), 2);
    assert_eq!(take(&queue).len(), 0);
}

#[test]
fn a_subscription_gets_what_is_published_once_it_is_there_whoever_else_publishes() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::of(&Engine::open(dir.path()).unwrap());
    let topic = world.topic("orders.fifo");
    // So much noise for each signal that one receive gets both.
    let (permits, permitted) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        // Dropped with all that is in here, also when an assertion fails: then the noise ends.
        let (background, permits) = (topic.clone(), permits);
        scope.spawn(move || {
            while let Ok(nth) = permitted.recv() {
                background.publish(message(&format!("noise{nth}"))).unwrap();
            }
        });
        for nth in 0..20 {
            (0..100).for_each(|part| permits.send(nth * 100 + part).unwrap());
            let queue = world.raw(&topic, &format!("q{nth}.fifo"));
            let text = format!("signal{nth}");
            topic.publish(message(&text)).unwrap();
            // The first of a queue that others publish to all the while.
            let found = queue.receive_with(&Receive::up_to(1000)).unwrap();
            assert!(found.iter().any(|message| message.body() == text), "{nth}");
        }
    });
}
