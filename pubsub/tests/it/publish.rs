//! Publishing: what is accepted, and who gets it how.

use millpond_engine::{Durability, Engine};
use millpond_pubsub::{Body, Endpoint, Error, MessageAttribute, Protocol, PublishMessage, SubscribeOptions};
use millpond_queue::AttributeValue;

use crate::world::{World, bodies, receive, take, told};

#[test]
fn a_message_reaches_every_queue_in_the_commit_that_publishes_it() {
    let world = World::new();
    let topic = world.topic("orders");
    let (mails, audit) = (world.raw(&topic, "mails"), world.raw(&topic, "audit"));
    let first = topic.publish("one").unwrap();
    let second = topic.publish_async("two").unwrap().wait().unwrap();
    assert_ne!(first.message_id, second.message_id);
    assert_eq!(first.sequence_number, None);
    for queue in [mails, audit] {
        assert_eq!(bodies(&queue), ["one", "two"]);
    }
}

#[test]
fn a_transaction_that_fails_has_published_nothing() {
    let world = World::new();
    let topic = world.topic("orders");
    let queue = world.raw(&topic, "mails");
    let failed: Result<(), Error> = world.engine.transact(|tx| {
        topic.publish_in(tx, "lost")?;
        Err(Error::EndpointDisabled)
    });
    assert!(failed.is_err());
    assert!(receive(&queue).is_empty());
    // What fails inside takes nothing with it that was done before.
    world
        .engine
        .transact(|tx| -> Result<(), Error> {
            topic.publish_in(tx, "kept")?;
            assert!(topic.publish_in(tx, "").is_err());
            Ok(())
        })
        .unwrap();
    assert_eq!(bodies(&queue), ["kept"]);
    assert_eq!(topic.metrics().unwrap().number_of_messages_published, 1);
}

#[test]
fn a_transaction_sees_the_subscriptions_that_it_has_made_itself() {
    let world = World::new();
    let topic = world.topic("orders");
    let before = world.raw(&topic, "before");
    topic.publish("0").unwrap();
    let raw = SubscribeOptions::default().raw_message_delivery(true);
    let failed: Result<(), Error> = world.engine.transact(|tx| {
        world.queues.create_in(tx, "never", &Default::default())?;
        topic.subscribe_in(tx, &world.topics.queue_endpoint("never"), &raw)?;
        topic.publish_in(tx, "lost")?;
        Err(Error::EndpointDisabled)
    });
    assert!(failed.is_err());
    topic.publish("1").unwrap();
    let queue = world
        .engine
        .transact(|tx| -> Result<_, Error> {
            let queue = world.queues.create_in(tx, "new", &Default::default())?;
            let subscription = topic.subscribe_in(tx, &world.topics.queue_endpoint("new"), &raw)?;
            topic.publish_in(tx, "2")?;
            subscription.unsubscribe_in(tx)?;
            topic.publish_in(tx, "3")?;
            Ok(queue)
        })
        .unwrap();
    topic.publish("4").unwrap();
    assert_eq!(bodies(&before), ["0", "1", "2", "3", "4"]);
    assert_eq!(bodies(&queue), ["2"]);
}

#[test]
fn raw_delivery_makes_attributes_those_of_the_queue() {
    let world = World::new();
    let topic = world.topic("orders");
    let queue = world.raw(&topic, "mails");
    let message = PublishMessage::new("text")
        .subject("not for queues")
        .attribute("string", MessageAttribute::string("a"))
        .attribute("number", MessageAttribute::number(1.5))
        .attribute("array", MessageAttribute::array(r#"["a",1]"#))
        .attribute("binary", MessageAttribute::binary(vec![0, 255]));
    topic.publish(message).unwrap();
    let received = receive(&queue);
    assert_eq!(received[0].body(), "text");
    let shown: Vec<_> = received[0]
        .attributes()
        .iter()
        .map(|(name, attribute)| (name.as_str(), attribute.data_type.as_str(), attribute.value.clone()))
        .collect();
    let text = |text: &str| AttributeValue::Text(text.into());
    assert_eq!(
        shown,
        [
            ("array", "String.Array", text(r#"["a",1]"#)),
            ("binary", "Binary", AttributeValue::Binary(vec![0, 255].into())),
            ("number", "Number", text("1.5")),
            ("string", "String", text("a")),
        ]
    );
    assert_eq!(received[0].group_id(), None);
}

#[test]
fn an_envelope_carries_what_the_message_has() {
    let world = World::new();
    let topic = world.topic("orders");
    let (queue, subscription) = world.subscribed(&topic, "mails", SubscribeOptions::default());
    let message = PublishMessage::new("text").subject("hello").attribute("a", MessageAttribute::string("b"));
    let published = topic.publish(message).unwrap();
    let received = receive(&queue);
    assert!(received[0].attributes().is_empty());
    let envelope: serde_json::Value = serde_json::from_str(received[0].body()).unwrap();
    for (member, value) in [
        ("Type", "Notification".to_owned()),
        ("MessageId", published.message_id.to_string()),
        ("TopicArn", topic.arn().unwrap()),
        ("Subject", "hello".into()),
        ("Message", "text".into()),
        ("Timestamp", world.now().to_string()),
    ] {
        assert_eq!(envelope[member], value, "{member}");
    }
    assert_eq!(envelope["MessageAttributes"]["a"]["Value"], "b");
    assert!(envelope["UnsubscribeURL"].as_str().unwrap().ends_with(subscription.arn()));
}

#[test]
fn what_a_queue_does_not_take_goes_to_the_dead_letter_queue() {
    let world = World::new();
    let topic = world.topic("orders");
    let dead = world.queue("dead");
    let arn = world.topics.queue_endpoint("dead").address;
    let raw = SubscribeOptions::default().raw_message_delivery(true).dead_letter_queue(&arn);
    let (gone, _) = world.subscribed(&topic, "gone", raw);
    let other = world.raw(&topic, "other");
    world.queues.delete(gone.name()).unwrap();
    let message = PublishMessage::new("one").attribute("a", MessageAttribute::string("b"));
    topic.publish(message).unwrap();
    let received = take(&dead);
    assert_eq!(received[0].body(), "one");
    assert_eq!(received[0].attributes().len(), 1);
    // More attributes than a queue takes: the subscription without a dead-letter queue loses the message.
    world.queue("gone");
    let many = (0..11).fold(PublishMessage::new("two"), |message, nth| {
        message.attribute(format!("a{nth}"), MessageAttribute::number(nth))
    });
    topic.publish(many).unwrap();
    assert_eq!(bodies(&dead), ["two"]);
    assert_eq!(bodies(&other), ["one"]);
    let metrics = topic.metrics().unwrap();
    assert_eq!((metrics.number_of_notifications_delivered, metrics.number_of_notifications_failed), (1, 3));
    assert_eq!(metrics.number_of_notifications_redriven_to_dlq, 2);
}

#[test]
fn a_stream_gets_a_line_for_each_message() {
    let world = World::new();
    let topic = world.topic("orders");
    let stream = world.stream("log");
    let raw = SubscribeOptions::default()
        .raw_message_delivery(true)
        .attribute("SubscriptionRoleArn", "arn:aws:iam::000000000000:role/r");
    world.try_subscribe(&topic, &world.topics.stream_endpoint("log"), raw).unwrap();
    topic.publish("one").unwrap();
    topic.publish(PublishMessage::new("two").group("g")).unwrap();
    let mut lines = Vec::new();
    for shard in stream.shards(None).unwrap() {
        let start = millpond_stream::StartingPosition::TrimHorizon;
        let iterator = stream.iterator(shard.id, &start).unwrap();
        for record in world.streams.get_records(&iterator, 100).unwrap().records {
            lines.push((record.data.to_vec(), record.partition_key().to_owned()));
        }
    }
    lines.sort();
    assert_eq!(lines[0].0, b"one\n");
    assert_eq!((&lines[1].0[..], lines[1].1.as_str()), (&b"two\n"[..], "g"));
    assert_eq!(lines[0].1.len(), 36, "a message without a group has its id as the key");
    world.streams.delete("log", true).unwrap();
    topic.publish("three").unwrap();
    assert_eq!(topic.metrics().unwrap().number_of_notifications_failed, 1);
}

#[test]
fn filters_decide_who_gets_a_message() {
    let world = World::new();
    let topic = world.topic("orders");
    let all = world.raw(&topic, "all");
    let raw = || SubscribeOptions::default().raw_message_delivery(true);
    let (red, subscription) = world.subscribed(&topic, "red", raw().filter_policy(r#"{"color":["red"]}"#));
    let (paid, _) = world.subscribed(&topic, "paid", raw().filter_policy(r#"{"state":["paid"]}"#).filter_on_body(true));
    let (none, _) = world.subscribed(&topic, "none", raw().filter_policy(r#"{"color":["green"]}"#));
    let colored =
        |body: &str, color: &str| PublishMessage::new(body).attribute("color", MessageAttribute::string(color));
    topic.publish(colored("1", "red")).unwrap();
    topic.publish(colored(r#"{"state":"paid"}"#, "blue")).unwrap();
    topic.publish("3").unwrap();
    subscription.set_filter_policy(r#"{"color":["blue"]}"#).unwrap();
    topic.publish(colored("4", "red")).unwrap();
    topic.publish(colored("5", "blue")).unwrap();
    subscription.set_attribute("FilterPolicy", "{}").unwrap();
    topic.publish("6").unwrap();
    assert_eq!(bodies(&all).len(), 6);
    assert_eq!(bodies(&red), ["1", "5", "6"]);
    assert_eq!(bodies(&paid), [r#"{"state":"paid"}"#]);
    assert!(bodies(&none).is_empty());
    let metrics = topic.metrics().unwrap();
    assert_eq!(metrics.number_of_notifications_delivered, 6 + 3 + 1);
    assert_eq!(metrics.number_of_notifications_filtered_out, 6 * 4 - 10);
}

#[test]
fn each_protocol_gets_its_own_text() {
    let world = World::new();
    let topic = world.topic("orders");
    let queue = world.raw(&topic, "mails");
    let (filtered, _) = world.subscribed(
        &topic,
        "filtered",
        SubscribeOptions::default()
            .raw_message_delivery(true)
            .filter_policy(r#"{"for":["queues"]}"#)
            .filter_on_body(true),
    );
    let texts = r#"{"default":"all","sqs":"{\"for\":\"queues\"}","http":7}"#;
    topic.publish(PublishMessage::structured(texts).unwrap()).unwrap();
    topic.publish(PublishMessage::structured(r#"{"default":"all","email":"mail"}"#).unwrap()).unwrap();
    assert_eq!(bodies(&queue), [r#"{"for":"queues"}"#, "all"]);
    assert_eq!(bodies(&filtered), [r#"{"for":"queues"}"#]);
    let no_default = "Invalid parameter: Message Structure - No default entry in JSON message body";
    let failed = "Invalid parameter: Message Structure - JSON message body failed to parse";
    for (json, text) in [
        (r#"{"sqs":"x"}"#, no_default),
        (r#"{"default":{"a":1}}"#, no_default),
        ("{}", no_default),
        ("not json", failed),
        (r#"["default"]"#, failed),
    ] {
        assert_eq!(told(Body::structured(json)), ("InvalidParameter", text.to_owned()), "{json}");
    }
    assert!(Body::structured(r#"{"default":"a","default":"b"}"#).is_ok());
    assert_eq!(told(Body::structured(&"[".repeat(100_000))).1, failed);
}

#[test]
fn a_message_outside_of_the_limits_is_refused() {
    let world = World::new();
    let topic = world.topic("orders");
    let queue = world.raw(&topic, "mails");
    let limit = 256 << 10;
    let parameter = |text: &str| ("InvalidParameter", format!("Invalid parameter: {text}"));
    let attribute = MessageAttribute::string("v");
    let not_for_this = "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type";
    for (message, expected) in [
        (PublishMessage::new(""), parameter("Empty message")),
        (PublishMessage::new("x").subject(""), parameter("Subject")),
        (PublishMessage::new("x".repeat(limit + 1)), parameter("Message too long")),
        (
            PublishMessage::new("x".repeat(limit)).attribute("a", attribute.clone()),
            parameter("Message too long"),
        ),
        (PublishMessage::new("x").deduplication("d"), parameter(not_for_this)),
        (PublishMessage::new("x").group("g").deduplication("d"), parameter(not_for_this)),
        (
            PublishMessage::new("x").group("g h"),
            parameter("MessageGroupId Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."),
        ),
        (
            PublishMessage::new("x").attribute("a^", attribute),
            (
                "ParameterValueInvalid",
                "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.".into(),
            ),
        ),
    ] {
        assert_eq!(told(topic.publish(message)), expected);
    }
    assert!(receive(&queue).is_empty());
    topic.publish("x".repeat(limit)).unwrap();
    assert_eq!(bodies(&queue)[0].len(), limit);
    let missing = world.topics.create("gone", &Default::default()).unwrap();
    world.topics.delete("gone").unwrap();
    assert_eq!(told(missing.publish("x")), ("NotFound", "Topic does not exist".to_owned()));
}

#[test]
fn a_topic_says_how_long_its_messages_may_be() {
    let world = World::new();
    let topic = world.topic_with("small", &[("MaximumMessageSize", "1024")]);
    topic.publish("x".repeat(1024)).unwrap();
    assert!(topic.publish("x".repeat(1025)).is_err());
    let large = world.topic_with("large", &[("MaximumMessageSize", "1048576")]);
    let queue = world.raw(&large, "large");
    large.publish("x".repeat(1 << 20)).unwrap();
    assert_eq!(bodies(&queue)[0].len(), 1 << 20);
    assert!(large.publish("x".repeat((1 << 20) + 1)).is_err());
}

#[test]
fn a_queue_refuses_an_envelope_that_is_too_long_for_it() {
    let world = World::new();
    let topic = world.topic_with("large", &[("MaximumMessageSize", "1048576")]);
    let arn = world.topics.queue_endpoint("dead").address;
    world.queue("dead");
    let options = SubscribeOptions::default().dead_letter_queue(&arn);
    let (queue, _) = world.subscribed(&topic, "enveloped", options);
    topic.publish("x".repeat(1 << 20)).unwrap();
    assert!(receive(&queue).is_empty());
    assert_eq!(topic.metrics().unwrap().number_of_notifications_failed, 1);
}

#[test]
fn groups_go_to_standard_queues_for_fairness() {
    let world = World::new();
    let topic = world.topic("orders");
    let queue = world.raw(&topic, "mails");
    topic.publish(PublishMessage::new("x").group("tenant")).unwrap();
    assert_eq!(receive(&queue)[0].group_id(), Some("tenant"));
}

#[test]
fn a_batch_is_one_commit_of_which_each_message_is_accepted_or_refused() {
    let world = World::new();
    let topic = world.topic("orders");
    let queue = world.raw(&topic, "mails");
    let published = topic.publish_batch(["a", "", "b"]).unwrap();
    assert!(published[0].is_ok() && published[2].is_ok());
    assert_eq!(published[1].as_ref().unwrap_err().to_string(), "Invalid parameter: Empty message");
    assert_eq!(bodies(&queue), ["a", "b"]);
    // All or none.
    assert_eq!(told(topic.publish_all(["a", "", "b"])).1, "Invalid parameter: Empty message");
    assert!(receive(&queue).is_empty());
    assert_eq!(topic.publish_all(["c", "d"]).unwrap().len(), 2);
    assert_eq!(topic.publish_batch_async(["e"]).unwrap().wait().unwrap().len(), 1);
    assert_eq!(bodies(&queue), ["c", "d", "e"]);
    assert!(topic.publish_batch(Vec::<&str>::new()).unwrap().is_empty());
}

#[test]
fn a_batch_has_a_thousand_messages_no_longer_than_one() {
    let world = World::new();
    let topic = world.topic("orders");
    let queue = world.raw(&topic, "mails");
    assert!(topic.publish_batch((0..1000).map(|nth| nth.to_string())).unwrap().iter().all(Result::is_ok));
    let in_order: Vec<String> = (0..1000).map(|nth: u32| nth.to_string()).collect();
    assert_eq!(bodies(&queue), in_order);
    assert_eq!(
        told(topic.publish_batch((0..1001).map(|nth| nth.to_string()))),
        ("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.".to_owned())
    );
    let half = "x".repeat(128 << 10);
    assert_eq!(
        told(topic.publish_batch([half.clone(), half.clone(), "y".into()])),
        ("BatchRequestTooLong", "The length of all the messages put together is more than the limit.".to_owned())
    );
    assert_eq!(topic.publish_batch([half.clone(), half]).unwrap().len(), 2);
}

#[test]
fn subscriptions_come_and_go_between_messages() {
    let world = World::new();
    let topic = world.topic("orders");
    let mut expected = Vec::new();
    let mut queues = Vec::new();
    for nth in 0..20 {
        let name = format!("q{nth}");
        let options = SubscribeOptions::default().raw_message_delivery(true);
        queues.push(world.subscribed(&topic, &name, options));
        expected.push(Vec::new());
        if nth % 3 == 2 {
            queues[nth - 1].1.unsubscribe().unwrap();
        }
        let text = nth.to_string();
        topic.publish(text.as_str()).unwrap();
        for (which, expected) in expected.iter_mut().enumerate() {
            let has_ended = which % 3 == 1 && which < nth;
            if !has_ended {
                expected.push(text.clone());
            }
        }
    }
    for ((queue, _), expected) in queues.iter().zip(expected) {
        assert_eq!(bodies(queue), expected, "{}", queue.name());
    }
}

#[test]
fn a_topic_that_is_made_anew_has_none_of_the_old_ones_subscriptions() {
    let world = World::new();
    let topic = world.topic("orders");
    let queue = world.raw(&topic, "mails");
    topic.publish("old").unwrap();
    world.topics.delete("orders").unwrap();
    let topic = world.topic("orders");
    topic.publish("new").unwrap();
    assert_eq!(bodies(&queue), ["old"]);
    assert_eq!(topic.metrics().unwrap().number_of_messages_published, 1);
}

#[test]
fn an_address_that_has_not_confirmed_gets_nothing() {
    let world = World::new();
    let topic = world.topic("orders");
    let mail = Endpoint::new(Protocol::Email, "someone@example.com");
    world.try_subscribe(&topic, &mail, SubscribeOptions::default()).unwrap();
    topic.publish("x").unwrap();
    let metrics = topic.metrics().unwrap();
    assert_eq!(metrics.number_of_notifications_delivered + metrics.number_of_notifications_filtered_out, 0);
}

#[test]
fn many_publishers_and_subscribers_at_a_time_lose_nothing() {
    let world = World::new();
    let topic = world.topic("orders");
    let first = world.raw(&topic, "first");
    std::thread::scope(|scope| {
        for publisher in 0..4 {
            let topic = topic.clone();
            scope.spawn(move || {
                for nth in 0..50 {
                    topic.publish(format!("{publisher}-{nth}")).unwrap();
                }
            });
        }
        let world = &world;
        let topic = topic.clone();
        scope.spawn(move || {
            for nth in 0..30 {
                let queue = world.raw(&topic, &format!("more{nth}"));
                topic.publish("after").unwrap();
                assert!(bodies(&queue).contains(&"after".to_owned()), "{nth}");
            }
        });
    });
    assert_eq!(bodies(&first).len(), 4 * 50 + 30);
}

#[test]
fn a_store_on_disk_has_all_when_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Engine::options().path(dir.path()).durability(Durability::Buffered).open().unwrap();
    let world = World::of(&open());
    let topic = world.topic("orders");
    world.raw(&topic, "mails");
    topic.publish("one").unwrap();
    let World { engine, queues, streams, topics } = world;
    drop((queues, streams, topics, topic));
    engine.close().unwrap();
    let world = World::of(&open());
    let topic = world.topics.get("orders").unwrap();
    topic.publish("two").unwrap();
    assert_eq!(bodies(&world.queues.get("mails").unwrap()), ["one", "two"]);
}

#[test]
fn changes_of_subscriptions_count_however_many_there_are() {
    let world = World::new();
    let topic = world.topic("orders");
    let raw = SubscribeOptions::default().raw_message_delivery(true);
    let (queue, subscription) = world.subscribed(&topic, "mails", raw.clone());
    let other = world.raw(&topic, "other");
    topic.publish("first").unwrap();
    let change = |tx: &mut millpond_engine::Transaction, nth: u32| {
        let color = if nth.is_multiple_of(2) { "red" } else { "blue" };
        subscription.set_attribute_in(tx, "FilterPolicy", &format!(r#"{{"color":["{color}"]}}"#))
    };
    let red = |text: &str| PublishMessage::new(text).attribute("color", MessageAttribute::string("red"));
    // More than are noted, before a message and within its transaction.
    for count in [1, 7, 1024, 1025] {
        world.engine.transact(|tx| (0..count).try_for_each(|nth| change(tx, nth))).unwrap();
        topic.publish(red(&format!("after {count}"))).unwrap();
        world
            .engine
            .transact(|tx| -> Result<(), Error> {
                (0..count + 1).try_for_each(|nth| change(tx, nth))?;
                topic.publish_in(tx, red(&format!("with {count}"))).map(drop)
            })
            .unwrap();
    }
    // An odd count ends with red.
    assert_eq!(bodies(&queue), ["first", "after 1", "after 7", "with 1024", "after 1025"]);
    assert_eq!(bodies(&other).len(), 9);
    let metrics = topic.metrics().unwrap();
    assert_eq!(metrics.number_of_notifications_delivered, 5 + 9);
    assert_eq!(metrics.number_of_notifications_filtered_out, 4);
}

#[test]
fn a_message_that_is_more_than_a_transaction_holds_is_refused_whole() {
    let world = World::new();
    let topic = world.topic_with("large", &[("MaximumMessageSize", "1048576")]);
    let queues: Vec<_> = (0..65).map(|nth| world.raw(&topic, &format!("q{nth}"))).collect();
    let text = "x".repeat((1 << 20) - 100);
    assert!(matches!(topic.publish(text.as_str()), Err(Error::Engine(_) | Error::Queue(_))));
    assert!(queues.iter().all(|queue| receive(queue).is_empty()));
    assert_eq!(topic.metrics().unwrap().number_of_messages_published, 0);
    topic.publish("small").unwrap();
    assert!(queues.iter().all(|queue| bodies(queue) == ["small"]));
}
