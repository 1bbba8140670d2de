//! Topics of Rust values, and envelopes as they are read.

use std::{sync::mpsc, time::Duration};

use millpond_engine::Engine;
use millpond_pubsub::{
    AttributeValue, CreateOptions, Envelope, Error, ListenOptions, MessageAttribute, RecvError, SubscribeOptions,
    Topics,
};
use millpond_queue::Queues;
use millpond_stream::Streams;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Order {
    number: u32,
    items: Vec<String>,
}

fn order(number: u32) -> Order {
    Order { number, items: vec!["Grüße".into(), "\"quoted\"\n".into()] }
}

fn open() -> (Engine, Queues, Topics) {
    let engine = Engine::in_memory();
    let queues = Queues::open(&engine).unwrap();
    let topics = Topics::open(&queues, &Streams::open(&engine).unwrap()).unwrap();
    (engine, queues, topics)
}

#[test]
fn values_are_published_and_received() {
    let (engine, _, topics) = open();
    let orders = topics.create("orders", &CreateOptions::default()).unwrap().typed::<Order>();
    let channel = orders.channel(&ListenOptions::default()).unwrap();
    let (sender, receiver) = mpsc::channel();
    let listening = orders.on_message(&ListenOptions::default(), move |order, message| {
        sender.send((order.ok(), message.id())).unwrap();
    });
    let published = orders.publish(&order(1)).unwrap();
    let in_transaction: Result<(), Error> = engine.transact(|tx| orders.publish_in(tx, &order(2)).map(drop));
    in_transaction.unwrap();
    let (value, message) = channel.recv().unwrap();
    assert_eq!((value.unwrap(), message.id()), (order(1), published.message_id));
    assert_eq!(channel.recv_timeout(Duration::ZERO).unwrap().0.unwrap(), order(2));
    assert!(matches!(channel.try_recv(), Err(RecvError::Empty)));
    assert_eq!(receiver.recv().unwrap(), (Some(order(1)), published.message_id));
    assert_eq!(receiver.recv().unwrap().0, Some(order(2)));
    drop(listening);
}

#[test]
fn a_body_that_is_no_such_value_is_an_error_beside_the_message() {
    let (_, _, topics) = open();
    let orders = topics.create("orders", &CreateOptions::default()).unwrap().typed::<Order>();
    let channel = orders.channel(&ListenOptions::default()).unwrap();
    orders.topic().publish("no order").unwrap();
    orders.publish(&order(1)).unwrap();
    topics.delete("orders").unwrap();
    let received: Vec<_> = channel.iter().map(|received| received.unwrap()).collect();
    assert!(matches!(received[0].0, Err(Error::Serde(_))));
    assert_eq!(received[0].1.text(), "no order");
    assert_eq!(received[1].0.as_ref().unwrap(), &order(1));
    assert_eq!(received.len(), 2);
}

#[test]
fn a_value_that_is_no_json_is_not_published() {
    let (_, _, topics) = open();
    let pairs =
        topics.create("pairs", &CreateOptions::default()).unwrap().typed::<std::collections::BTreeMap<(u8, u8), u8>>();
    let channel = pairs.channel(&ListenOptions::default()).unwrap();
    assert!(matches!(pairs.publish(&[((1, 2), 3)].into()), Err(Error::Serde(_))));
    assert!(matches!(channel.try_recv(), Err(RecvError::Empty)));
}

#[test]
fn queues_read_values_raw_and_out_of_envelopes() {
    let (_, queues, topics) = open();
    let orders = topics.create("orders", &CreateOptions::default()).unwrap().typed::<Order>();
    let raw = queues.create("raw", &Default::default()).unwrap();
    let wrapped = queues.create("wrapped", &Default::default()).unwrap();
    let as_it_is = SubscribeOptions::default().raw_message_delivery(true);
    orders.topic().subscribe(&topics.queue_endpoint("raw"), &as_it_is).unwrap();
    orders.topic().subscribe(&topics.queue_endpoint("wrapped"), &SubscribeOptions::default()).unwrap();
    let message = orders.message(&order(7)).unwrap().subject("An order");
    let message = message
        .attribute("state", MessageAttribute::string("paid"))
        .attribute("token", MessageAttribute::binary([0, 255, 7]));
    let published = orders.topic().publish(message.clone()).unwrap();

    let (value, _) = raw.typed::<Order>().receive(10, Duration::ZERO).unwrap().remove(0);
    assert_eq!(value.unwrap(), order(7));
    let (envelope, _) = wrapped.typed::<Envelope>().receive(10, Duration::ZERO).unwrap().remove(0);
    let envelope = envelope.unwrap();
    assert_eq!(envelope.json::<Order>().unwrap(), order(7));
    assert_eq!(envelope.kind, "Notification");
    assert_eq!(envelope.message_id, published.message_id.to_string());
    assert_eq!(envelope.subject.as_deref(), Some("An order"));
    assert_eq!(envelope.attributes().unwrap(), message.attributes);
    assert!(envelope.signature.is_some() && envelope.signing_cert_url.is_some() && envelope.unsubscribe_url.is_some());
}

#[test]
fn envelopes_are_read_as_the_service_writes_them() {
    let text = r#"{"Type": "SubscriptionConfirmation", "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b", "Token": "2336412f37",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic", "Message": "You have chosen to subscribe", "Unknown": [1],
        "SubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription", "Timestamp": "2012-04-26T20:45:04.751Z",
        "SignatureVersion": "1", "Signature": "EXAMPLEpH+", "SigningCertURL": "https://sns.us-west-2.amazonaws.com/x.pem"}"#;
    let envelope = Envelope::parse(text).unwrap();
    assert_eq!((envelope.kind.as_str(), envelope.token.as_deref()), ("SubscriptionConfirmation", Some("2336412f37")));
    assert!(envelope.subscribe_url.as_deref().unwrap().contains("ConfirmSubscription"));
    assert_eq!(Envelope::parse(&serde_json::to_string(&envelope).unwrap()).unwrap(), envelope);

    for bad in [
        "",
        "text",
        "[]",
        "{}",
        r#"{"Type": "Notification"}"#,
        r#"{"Type": 1, "MessageId": "", "TopicArn": "", "Message": "", "Timestamp": ""}"#,
    ] {
        assert!(matches!(Envelope::parse(bad), Err(Error::Serde(_))), "{bad}");
    }
    let mut envelope = envelope;
    let attribute = |value: &str| -> millpond_pubsub::EnvelopeAttribute {
        serde_json::from_value(serde_json::json!({ "Type": "Binary", "Value": value })).unwrap()
    };
    envelope.message_attributes.insert("binary".into(), attribute("AP8H"));
    assert_eq!(envelope.attributes().unwrap()["binary"].value, AttributeValue::Binary(vec![0, 255, 7]));
    envelope.message_attributes.insert("binary".into(), attribute("?"));
    assert!(matches!(envelope.attributes(), Err(Error::InvalidParameter { .. })));
}
