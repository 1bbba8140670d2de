//! The JSON around messages, member by member.

use std::time::Duration;

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_pubsub::{
    Body, CapturedFilter, CreateOptions, Endpoint, MessageAttribute, Protocol, PublishMessage, SubscribeOptions, Topics,
};
use millpond_queue::{CreateOptions as QueueOptions, Queues};
use millpond_stream::Streams;
use serde_json::Value;

fn open() -> (Queues, Topics) {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_007));
    let engine = Engine::options().clock(clock).open().unwrap();
    let queues = Queues::open(&engine).unwrap();
    let topics = Topics::open(&queues, &Streams::open(&engine).unwrap()).unwrap();
    topics.set_public_url("http://sns.test:4566");
    (queues, topics)
}

#[test]
fn a_queue_gets_the_services_json_to_the_letter() {
    let (queues, topics) = open();
    let queue = queues.create("q", &QueueOptions::default()).unwrap();
    let topic = topics.create("t", &CreateOptions::default()).unwrap();
    let subscription = topic.subscribe(&topics.queue_endpoint("q"), &SubscribeOptions::default()).unwrap();
    let message = PublishMessage::new("a \"quoted\" line\nand ü\u{1f600}")
        .subject("Greetings")
        .attribute("store", MessageAttribute::string("example_corp"))
        .attribute("raw", MessageAttribute::binary([0_u8, 255]))
        .attribute("list", MessageAttribute::array("[\"a\",1]"));
    let id = topic.publish(message).unwrap().message_id;
    let received = queue.receive(1, Duration::ZERO).unwrap();
    let body = received[0].body();
    let json: Value = serde_json::from_str(body).unwrap();
    let signature = json["Signature"].as_str().unwrap();
    assert_eq!(signature.len(), 344);
    let path = topics.signing_certificate().unwrap().1;
    let (name, arn) = (topic.arn().unwrap(), subscription.arn());
    let expected = format!(
        r#"{{
  "Type" : "Notification",
  "MessageId" : "{id}",
  "TopicArn" : "{name}",
  "Subject" : "Greetings",
  "Message" : "a \"quoted\" line\nand ü😀",
  "Timestamp" : "2027-01-15T08:00:00.007Z",
  "SignatureVersion" : "1",
  "Signature" : "{signature}",
  "SigningCertURL" : "http://sns.test:4566{path}",
  "UnsubscribeURL" : "http://sns.test:4566/?Action=Unsubscribe&SubscriptionArn={arn}",
  "MessageAttributes" : {{
    "list" : {{"Type":"String.Array","Value":"[\"a\",1]"}},
    "raw" : {{"Type":"Binary","Value":"AP8="}},
    "store" : {{"Type":"String","Value":"example_corp"}}
  }}
}}"#
    );
    assert_eq!(body, expected);
    let file = path.strip_prefix("/SimpleNotificationService-").unwrap().strip_suffix(".pem").unwrap();
    assert!(file.len() == 32 && file.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn messages_of_topics_that_keep_order_have_a_number_and_no_signature() {
    let (queues, topics) = open();
    let fifo = millpond_queue::CreateOptions::default();
    let queue = queues.create("q.fifo", &fifo).unwrap();
    let options =
        CreateOptions::default().attribute("FifoTopic", "true").attribute("ContentBasedDeduplication", "true");
    let topic = topics.create("t.fifo", &options).unwrap();
    topic.subscribe(&topics.queue_endpoint("q.fifo"), &SubscribeOptions::default()).unwrap();
    let published = topic.publish(PublishMessage::new("a").group("g")).unwrap();
    let received = queue.receive(1, Duration::ZERO).unwrap();
    let body = received[0].body();
    let json: Value = serde_json::from_str(body).unwrap();
    assert_eq!(json["SequenceNumber"], published.sequence_number.unwrap().to_string());
    let names: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next()).collect();
    let expected = ["Type", "MessageId", "SequenceNumber", "TopicArn", "Message", "Timestamp", "UnsubscribeURL"];
    assert_eq!(names, expected);
}

#[test]
fn each_protocol_has_its_own_text_and_what_has_none_the_default_one() {
    let (queues, topics) = open();
    let queue = queues.create("q", &QueueOptions::default()).unwrap();
    let topic = topics.create("t", &CreateOptions::default()).unwrap();
    topic.subscribe(&topics.queue_endpoint("q"), &SubscribeOptions::default()).unwrap();
    topic.subscribe(&Endpoint::new(Protocol::Sms, "+12065550100"), &SubscribeOptions::default()).unwrap();
    for address in ["a@example.com", "b@example.com"] {
        let kind = if address.starts_with('a') { Protocol::Email } else { Protocol::EmailJson };
        topic.subscribe(&Endpoint::new(kind, address), &SubscribeOptions::default()).unwrap();
    }
    let asked = topics.outbox().list(&CapturedFilter::all(), None, 10).unwrap().entries;
    assert_eq!(asked.len(), 2);
    for entry in asked {
        assert_eq!(entry.message.subject.as_deref(), Some("AWS Notification - Subscription Confirmation"));
        assert!(entry.message.body.contains(&entry.message.details["SubscribeURL"]));
        topic.confirm(&entry.message.details["Token"], false).unwrap();
    }
    topics.outbox().clear(&CapturedFilter::all()).unwrap();
    let texts = [("default", "d"), ("sqs", "for queues"), ("email", "for mails")];
    let body = Body::Structured(texts.map(|(name, text)| (name.into(), text.into())).into());
    topic.publish(PublishMessage { body, ..Default::default() }).unwrap();
    let received: Value = serde_json::from_str(queue.receive(1, Duration::ZERO).unwrap()[0].body()).unwrap();
    assert_eq!(received["Message"], "for queues");
    let captured = topics.outbox().list(&CapturedFilter::all(), None, 10).unwrap().entries;
    let of = |kind| captured.iter().find(|entry| entry.message.kind == kind).unwrap().message.clone();
    assert_eq!(of(Protocol::Sms).body, "d");
    assert_eq!(of(Protocol::Email).body, "for mails");
    assert_eq!(of(Protocol::Email).subject.as_deref(), Some("AWS Notification Message"));
    let json: Value = serde_json::from_str(&of(Protocol::EmailJson).body).unwrap();
    assert_eq!(json["Message"], "d");
    assert_eq!(json["UnsubscribeURL"], of(Protocol::EmailJson).details["UnsubscribeURL"]);
}

#[test]
fn a_signature_is_of_a_key_that_the_store_keeps_whatever_becomes_of_the_first_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let path = {
        let engine = Engine::open(dir.path()).unwrap();
        let queues = Queues::open(&engine).unwrap();
        queues.create("q", &QueueOptions::default()).unwrap();
        let topics = Topics::open(&queues, &Streams::open(&engine).unwrap()).unwrap();
        let topic = topics.create("t", &CreateOptions::default()).unwrap();
        topic.subscribe(&topics.queue_endpoint("q"), &SubscribeOptions::default()).unwrap();
        let failed: Result<(), millpond_pubsub::Error> = engine.transact(|tx| {
            topic.publish_in(tx, "never")?;
            Err(millpond_pubsub::Error::EndpointDisabled)
        });
        assert!(failed.is_err());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| topic.publish("at once").unwrap());
            }
        });
        topics.signing_certificate().unwrap().1
    };
    let engine = Engine::open(dir.path()).unwrap();
    let queues = Queues::open(&engine).unwrap();
    let topics = Topics::open(&queues, &Streams::open(&engine).unwrap()).unwrap();
    assert_eq!(topics.signing_certificate().unwrap().1, path);
    let received = queues.get("q").unwrap().receive(10, Duration::ZERO).unwrap();
    assert_eq!(received.len(), 4);
    for message in received {
        let json: Value = serde_json::from_str(message.body()).unwrap();
        assert!(json["SigningCertURL"].as_str().unwrap().ends_with(&path));
    }
}
