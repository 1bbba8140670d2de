//! Archives of first-in-first-out topics, and their replay.

use millpond_engine::Timestamp;
use millpond_pubsub::{PublishMessage, SubscribeOptions, Subscription, Topic};
use millpond_queue::Queue;

use crate::world::{World, bodies, receive, take, told};

fn message(text: &str) -> PublishMessage {
    PublishMessage::new(text).group("g").deduplication(text)
}

fn archived(world: &World) -> Topic {
    world.topic_with("orders.fifo", &[("ArchivePolicy", r#"{"MessageRetentionPeriod":"30"}"#)])
}

fn policy(from: Timestamp, to: Option<Timestamp>) -> String {
    let to = to.map_or(String::new(), |to| format!(r#","EndingPoint":"{to}""#));
    format!(r#"{{"PointType":"Timestamp","StartingPoint":"{from}"{to}}}"#)
}

fn replay(world: &World, topic: &Topic, queue: &str, policy: &str) -> (Queue, Subscription) {
    let options = SubscribeOptions::default().raw_message_delivery(true).attribute("ReplayPolicy", policy);
    world.subscribed(topic, queue, options)
}

fn status(subscription: &Subscription) -> Option<String> {
    subscription.attributes().unwrap().remove("ReplayStatus")
}

/// Publishes these, a minute after each other.
fn publish(world: &World, topic: &Topic, texts: &[&str]) -> Vec<Timestamp> {
    let publish = |text: &&str| {
        topic.publish(message(text)).unwrap();
        let now = world.now();
        world.pass_secs(60);
        now
    };
    texts.iter().map(publish).collect()
}

#[test]
fn a_new_subscription_gets_what_was_published_before_and_then_what_is_published() {
    let world = World::new();
    let topic = archived(&world);
    let times = publish(&world, &topic, &["a", "b", "c", "d"]);
    let (queue, subscription) = replay(&world, &topic, "late.fifo", &policy(times[1], None));
    assert_eq!(status(&subscription).as_deref(), Some("Pending"));
    assert!(receive(&queue).is_empty());
    // What is published meanwhile waits for its turn.
    publish(&world, &topic, &["e"]);
    assert!(receive(&queue).is_empty());
    world.topics.maintain().unwrap();
    assert_eq!(bodies(&queue), ["b", "c", "d", "e"]);
    assert_eq!(status(&subscription).as_deref(), Some("Completed"));
    publish(&world, &topic, &["f"]);
    assert_eq!(bodies(&queue), ["f"]);
    world.topics.maintain().unwrap();
    assert!(receive(&queue).is_empty());
}

#[test]
fn a_replayed_message_is_as_it_was() {
    let world = World::new();
    let topic = archived(&world);
    let published = topic.publish(message("a").subject("s")).unwrap();
    let when = world.now();
    world.pass_secs(3600);
    let options = SubscribeOptions::default().attribute("ReplayPolicy", policy(when, None));
    let (queue, _) = world.subscribed(&topic, "late.fifo", options);
    world.topics.maintain().unwrap();
    topic.publish(message("b")).unwrap();
    let envelopes: Vec<serde_json::Value> =
        bodies(&queue).iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(envelopes[0]["MessageId"], published.message_id.to_string());
    assert_eq!(envelopes[0]["SequenceNumber"], published.sequence_number.unwrap().to_string());
    assert_eq!(envelopes[0]["Timestamp"], when.to_string());
    assert_eq!(envelopes[0]["Subject"], "s");
    assert!(envelopes[0].get("Replayed").is_some());
    assert!(envelopes[1].get("Replayed").is_none());
}

#[test]
fn a_replay_with_an_end_delivers_nothing_after_it() {
    let world = World::new();
    let topic = archived(&world);
    let times = publish(&world, &topic, &["a", "b", "c", "d"]);
    let (queue, subscription) = replay(&world, &topic, "late.fifo", &policy(times[1], Some(times[2])));
    world.topics.maintain().unwrap();
    assert_eq!(status(&subscription).as_deref(), Some("Completed"));
    publish(&world, &topic, &["e"]);
    assert_eq!(bodies(&queue), ["b", "c"]);
    // Without a policy it gets what is published.
    subscription.end_replay().unwrap();
    assert_eq!(status(&subscription), None);
    publish(&world, &topic, &["f"]);
    assert_eq!(bodies(&queue), ["f"]);
}

#[test]
fn a_replay_whose_end_is_to_come_goes_on_until_then() {
    let world = World::new();
    let topic = archived(&world);
    let times = publish(&world, &topic, &["a"]);
    let end = Timestamp::from_millis(world.now().as_millis() + 60_000);
    let (queue, subscription) = replay(&world, &topic, "late.fifo", &policy(times[0], Some(end)));
    world.topics.maintain().unwrap();
    assert_eq!(status(&subscription).as_deref(), Some("In progress"));
    publish(&world, &topic, &["b", "c", "d"]);
    world.topics.maintain().unwrap();
    assert_eq!(bodies(&queue), ["a", "b", "c"]);
    assert_eq!(status(&subscription).as_deref(), Some("Completed"));
}

#[test]
fn an_old_subscription_can_be_replayed_to_again_and_again() {
    let world = World::new();
    let topic = archived(&world);
    let (queue, subscription) =
        world.subscribed(&topic, "mails.fifo", SubscribeOptions::default().raw_message_delivery(true));
    let times = publish(&world, &topic, &["a", "b"]);
    assert_eq!(take(&queue).len(), 2);
    // The queue itself still knows the ids of messages for five minutes.
    world.pass_secs(300);
    for _ in 0..2 {
        subscription.replay(times[0], None).unwrap();
        world.topics.maintain().unwrap();
        assert_eq!(bodies(&queue), ["a", "b"]);
        world.pass_secs(300);
    }
}

#[test]
fn filters_apply_to_replays() {
    let world = World::new();
    let topic = archived(&world);
    let start = world.now();
    for nth in 0..10 {
        let colored = millpond_pubsub::MessageAttribute::string(if nth % 3 == 0 { "red" } else { "blue" });
        topic.publish(message(&nth.to_string()).attribute("color", colored)).unwrap();
    }
    let options = SubscribeOptions::default()
        .raw_message_delivery(true)
        .filter_policy(r#"{"color":["red"]}"#)
        .replay(start, Some(world.now()));
    let (queue, _) = world.subscribed(&topic, "red.fifo", options);
    world.topics.maintain().unwrap();
    assert_eq!(bodies(&queue), ["0", "3", "6", "9"]);
}

#[test]
fn a_long_archive_is_replayed_in_order_over_many_transactions() {
    let world = World::new();
    let topic = archived(&world);
    let start = world.now();
    for nth in 0..950 {
        topic.publish(message(&nth.to_string())).unwrap();
        if nth % 10 == 0 {
            world.pass_secs(1);
        }
    }
    let (whole, _) = replay(&world, &topic, "whole.fifo", &policy(start, None));
    let middle = Timestamp::from_millis(start.as_millis() + 50_000);
    let (half, _) = replay(&world, &topic, "half.fifo", &policy(middle, None));
    std::thread::scope(|scope| {
        let topic = topic.clone();
        scope.spawn(move || {
            for nth in 950..1000 {
                topic.publish(message(&nth.to_string())).unwrap();
            }
        });
        world.topics.maintain().unwrap();
    });
    world.topics.maintain().unwrap();
    let numbers = |from: u32| (from..1000).map(|nth| nth.to_string()).collect::<Vec<_>>();
    assert_eq!(bodies(&whole), numbers(0));
    assert_eq!(bodies(&half), numbers(491));
}

#[test]
fn an_archive_forgets_what_is_older_than_its_policy_says() {
    let world = World::new();
    let topic = world.topic_with("orders.fifo", &[("ArchivePolicy", r#"{"MessageRetentionPeriod":1}"#)]);
    let created = world.now();
    let begins = |topic: &Topic| topic.attributes().unwrap().remove("BeginningArchiveTime");
    assert_eq!(begins(&topic), Some(created.to_string()));
    topic.publish(message("old")).unwrap();
    world.pass_secs(86_400);
    topic.publish(message("new")).unwrap();
    world.pass_secs(1);
    world.topics.maintain().unwrap();
    let oldest = Timestamp::from_millis(world.now().as_millis() - 86_400_000);
    assert_eq!(begins(&topic), Some(oldest.to_string()));
    // What is asked for from before the archive begins with it.
    let (queue, _) = replay(&world, &topic, "late.fifo", &policy(created, None));
    world.topics.maintain().unwrap();
    assert_eq!(bodies(&queue), ["new"]);
    // Without a policy nothing is kept, and a topic can be deleted.
    assert_eq!(told(world.topics.delete("orders.fifo")).0, "InvalidState");
    topic.set_attribute("ArchivePolicy", "{}").unwrap();
    world.topics.maintain().unwrap();
    world.topics.maintain().unwrap();
    let archive = world.engine.keyspace("pubsub.archive").unwrap();
    let rows = world.engine.snapshot().unwrap().range(&archive, &millpond_engine::RangeRequest::all()).unwrap();
    assert_eq!(rows.entries.len(), 0);
    world.topics.delete("orders.fifo").unwrap();
}

#[test]
fn a_replay_fails_where_nothing_is_kept_any_more() {
    let world = World::new();
    let topic = archived(&world);
    let start = world.now();
    publish(&world, &topic, &["a"]);
    let (queue, subscription) = replay(&world, &topic, "late.fifo", &policy(start, None));
    topic.set_attribute("ArchivePolicy", "{}").unwrap();
    world.topics.maintain().unwrap();
    assert_eq!(status(&subscription).as_deref(), Some("Failed"));
    publish(&world, &topic, &["b"]);
    assert_eq!(bodies(&queue), ["b"]);
}

#[test]
fn a_replay_of_an_ended_subscription_ends() {
    let world = World::new();
    let topic = archived(&world);
    let start = world.now();
    publish(&world, &topic, &["a"]);
    let (queue, subscription) = replay(&world, &topic, "late.fifo", &policy(start, None));
    subscription.unsubscribe().unwrap();
    world.topics.maintain().unwrap();
    assert!(receive(&queue).is_empty());
}

#[test]
fn policies_that_cannot_be_are_refused() {
    let world = World::new();
    let topic = archived(&world);
    let (_, subscription) = world.subscribed(&topic, "mails.fifo", SubscribeOptions::default());
    let now = world.now();
    let later = Timestamp::from_millis(now.as_millis() + 1);
    for bad in [
        "{",
        "[]",
        r#"{"PointType":"Timestamp"}"#,
        r#"{"PointType":"Sequence","StartingPoint":"2023-01-01T00:00:00Z"}"#,
        r#"{"PointType":"Timestamp","StartingPoint":"yesterday"}"#,
        &policy(later, None),
        &policy(now, Some(Timestamp::from_millis(now.as_millis() - 1))),
    ] {
        let (code, text) = told(subscription.set_attribute("ReplayPolicy", bad));
        assert_eq!(code, "InvalidParameter", "{bad}");
        assert!(text.starts_with("Invalid parameter: ReplayPolicy: "), "{text}");
    }
    let bare = world.topic("bare.fifo");
    let (_, subscription) = world.subscribed(&bare, "bare.fifo", SubscribeOptions::default());
    assert!(told(subscription.set_attribute("ReplayPolicy", &policy(now, None))).1.contains("ArchivePolicy"));
    let standard = world.topic("standard");
    let (_, subscription) = world.subscribed(&standard, "standard", SubscribeOptions::default());
    assert!(subscription.set_attribute("ReplayPolicy", &policy(now, None)).is_err());
}

#[test]
fn a_replay_goes_on_after_the_store_was_opened_again() {
    let world = World::new();
    let topic = archived(&world);
    let start = world.now();
    publish(&world, &topic, &["a", "b"]);
    let (queue, subscription) = replay(&world, &topic, "late.fifo", &policy(start, None));
    let again = world.reopened();
    again.topics.maintain().unwrap();
    assert_eq!(bodies(&queue), ["a", "b"]);
    assert_eq!(status(&subscription).as_deref(), Some("Completed"));
}
