//! Functions that are attached.

use std::{sync::Arc, time::Duration};

use millpond_engine::{Clock, Engine, Options as EngineOptions, Timestamp};
use millpond_pubsub::{
    CreateOptions, Endpoint, Notification, Protocol, PublishMessage, SubscribeOptions, Topic, Topics,
};
use millpond_queue::Queues;
use millpond_stream::Streams;
use parking_lot::Mutex;

struct Pond {
    clock: Clock,
    queues: Queues,
    topics: Topics,
    topic: Topic,
}

impl Pond {
    fn over(options: EngineOptions) -> Pond {
        let clock = Clock::manual(Timestamp::from_secs(1_800_000_000));
        let engine = options.clock(clock.clone()).open().unwrap();
        let queues = Queues::open(&engine).unwrap();
        let topics = Topics::open(&queues, &Streams::open(&engine).unwrap()).unwrap();
        let topic = topics.create("orders", &CreateOptions::default()).unwrap();
        Pond { clock, queues, topics, topic }
    }

    fn new() -> Pond {
        Pond::over(Engine::options())
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds)).unwrap();
        self.topics.wait_until_idle();
    }
}

fn function(name: &str) -> Endpoint {
    Endpoint::new(Protocol::Lambda, format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"))
}

type Texts = Arc<Mutex<Vec<String>>>;

fn sink(texts: &Texts) -> impl Fn(&Notification) -> Result<(), String> + Send + Sync + 'static {
    let texts = Arc::clone(texts);
    move |message: &Notification| {
        texts.lock().push(message.text().to_owned());
        Ok(())
    }
}

#[test]
fn a_function_gets_what_waited_for_it_and_what_follows() {
    let (pond, texts) = (Pond::new(), Texts::default());
    pond.topic.subscribe(&function("ship"), &SubscribeOptions::default()).unwrap();
    pond.topic.publish("waits").unwrap();
    pond.pass(100_000);
    let attached = pond.topics.attach("ship", sink(&texts));
    pond.topics.wait_until_idle();
    assert_eq!(*texts.lock(), ["waits"]);
    let mut message = PublishMessage::new("");
    let by_protocol = [("default", "for all"), ("lambda", "for functions")];
    message.body = millpond_pubsub::Body::Structured(by_protocol.map(|(name, text)| (name.into(), text.into())).into());
    pond.topic.publish(message).unwrap();
    pond.topics.wait_until_idle();
    assert_eq!(texts.lock().last().unwrap(), "for functions");
    drop(attached);
    pond.topic.publish("waits again").unwrap();
    pond.topics.wait_until_idle();
    assert_eq!(texts.lock().len(), 2);
    let _attached = pond.topics.attach("ship", sink(&texts));
    pond.topics.wait_until_idle();
    assert_eq!(texts.lock().last().unwrap(), "waits again");
    assert_eq!(pond.topics.delivery_counts().delivered, 3);
}

#[test]
fn an_alias_or_a_version_names_the_same_function_and_the_latest_that_is_attached_has_it() {
    let (pond, old, new) = (Pond::new(), Texts::default(), Texts::default());
    pond.topic.subscribe(&function("ship:live"), &SubscribeOptions::default()).unwrap();
    let first = pond.topics.attach("ship", sink(&old));
    let _second = pond.topics.attach("ship", sink(&new));
    drop(first);
    pond.topic.publish("a").unwrap();
    pond.topics.wait_until_idle();
    assert_eq!((old.lock().len(), new.lock().len()), (0, 1));
}

#[test]
fn what_fails_or_panics_comes_again_by_the_policy_of_the_service() {
    let pond = Pond::new();
    pond.topic.subscribe(&function("ship"), &SubscribeOptions::default()).unwrap();
    let calls = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&calls);
    let _attached = pond.topics.attach("ship", move |_: &Notification| -> Result<(), String> {
        let mut calls = counted.lock();
        *calls += 1;
        match *calls {
            1 | 5 => panic!("at call {calls}"),
            7 => Ok(()),
            _ => Err("not yet".into()),
        }
    });
    pond.topic.publish("a").unwrap();
    pond.topics.wait_until_idle();
    // The first, and three times at once.
    assert_eq!(*calls.lock(), 4);
    pond.pass(1);
    assert_eq!(*calls.lock(), 5);
    pond.pass(1);
    assert_eq!(*calls.lock(), 6);
    pond.pass(1);
    assert_eq!(*calls.lock(), 7);
    pond.pass(100_000);
    assert_eq!(*calls.lock(), 7);
    let counts = pond.topics.delivery_counts();
    assert_eq!((counts.delivered, counts.retried), (1, 6));
}

#[test]
fn what_a_function_writes_in_its_transaction_is_there_exactly_once() {
    let dir = tempfile::tempdir().unwrap();
    let pond = Pond::over(Engine::options().path(dir.path()));
    let shipped = pond.queues.create("shipped", &Default::default()).unwrap();
    pond.topic.subscribe(&function("ship"), &SubscribeOptions::default()).unwrap();
    let failures = Arc::new(Mutex::new(0));
    let (counted, to) = (Arc::clone(&failures), shipped.clone());
    let _attached = pond.topics.attach_in("ship", move |tx, message: &Notification| -> Result<(), String> {
        to.send_in(tx, message.text()).map_err(|error| error.to_string())?;
        // The first attempt at each message fails after it has written.
        let mut failures = counted.lock();
        *failures += 1;
        match *failures {
            1..=5 => Err("changed its mind".into()),
            6..=10 => panic!("or broke"),
            _ => Ok(()),
        }
    });
    for n in 0..20 {
        pond.topic.publish(format!("order {n}")).unwrap();
    }
    pond.topics.wait_until_idle();
    pond.pass(20);
    pond.pass(20);
    let mut bodies: Vec<String> = Vec::new();
    loop {
        let received = shipped.receive(10, Duration::ZERO).unwrap();
        if received.is_empty() {
            break;
        }
        bodies.extend(received.iter().map(|message| message.body().to_owned()));
    }
    bodies.sort();
    let mut expected: Vec<String> = (0..20).map(|n| format!("order {n}")).collect();
    expected.sort();
    assert_eq!(bodies, expected);
    assert_eq!(pond.topics.delivery_counts().delivered, 20);
}

#[test]
fn what_waits_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    {
        let pond = Pond::over(Engine::options().path(dir.path()));
        for n in 0..3 {
            pond.topic.subscribe(&function(&format!("f{n}")), &SubscribeOptions::default()).unwrap();
        }
        for n in 0..300 {
            pond.topic.publish(format!("message {n}")).unwrap();
        }
        pond.topics.wait_until_idle();
    }
    let (pond, texts) = (Pond::over(Engine::options().path(dir.path())), Texts::default());
    let _attached: Vec<_> = (0..3).map(|n| pond.topics.attach(&format!("f{n}"), sink(&texts))).collect();
    pond.topics.wait_until_idle();
    assert_eq!(texts.lock().len(), 900);
}

#[test]
fn a_function_may_publish_to_the_topic_it_serves() {
    let (pond, texts) = (Pond::new(), Texts::default());
    pond.topic.subscribe(&function("echo"), &SubscribeOptions::default()).unwrap();
    let (topic, seen) = (pond.topic.clone(), Arc::clone(&texts));
    let _attached = pond.topics.attach("echo", move |message: &Notification| -> Result<(), String> {
        let text = message.text().to_owned();
        if text.len() < 5 {
            topic.publish(format!("{text}!")).map_err(|error| error.to_string())?;
        }
        seen.lock().push(text);
        Ok(())
    });
    pond.topic.publish("a").unwrap();
    pond.topics.wait_until_idle();
    let mut texts = texts.lock().clone();
    texts.sort();
    assert_eq!(texts, ["a", "a!", "a!!", "a!!!", "a!!!!"]);
}

#[test]
fn stopping_ends_deliveries_and_closing_over_again_is_no_error() {
    let (pond, texts) = (Pond::new(), Texts::default());
    pond.topic.subscribe(&function("ship"), &SubscribeOptions::default()).unwrap();
    let attached = pond.topics.attach("ship", sink(&texts));
    pond.topic.publish("before").unwrap();
    pond.topics.wait_until_idle();
    pond.topics.stop();
    pond.topics.stop();
    pond.topic.publish("after").unwrap();
    pond.topics.wait_until_idle();
    assert_eq!(*texts.lock(), ["before"]);
    drop(attached);
}
