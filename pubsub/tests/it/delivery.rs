//! Deliveries over HTTP: the handshake, signatures, retries, dead letters, throttling, restarts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use millpond_engine::{Clock, Engine, Options as EngineOptions, Timestamp};
use millpond_pubsub::{
    CreateOptions, Endpoint, MessageAttribute, Options, Post, PostError, Protocol, PublishMessage, SubscribeOptions,
    Subscription, Topic, Topics, Transport,
};
use millpond_queue::Queues;
use millpond_stream::Streams;
use rsa::{Pkcs1v15Sign, RsaPublicKey, pkcs1::DecodeRsaPublicKey};
use serde_json::{Value, json};
use sha2::Digest;

use crate::web::{Request, Server};

struct Pond {
    clock: Clock,
    queues: Queues,
    topics: Topics,
}

impl Pond {
    fn over(options: EngineOptions, own: Options) -> Pond {
        let clock = Clock::manual(Timestamp::from_secs(1_800_000_000));
        let engine = options.clock(clock.clone()).open().unwrap();
        let queues = Queues::open(&engine).unwrap();
        let topics = Topics::open_with(&queues, &Streams::open(&engine).unwrap(), own).unwrap();
        Pond { clock, queues, topics }
    }

    fn new() -> Pond {
        Pond::over(Engine::options(), Options::default())
    }

    fn topic(&self, options: &CreateOptions) -> Topic {
        self.topics.create("orders", options).unwrap()
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds)).unwrap();
        self.topics.wait_until_idle();
    }

    fn dead_letters(&self, name: &str) -> Vec<millpond_queue::Message> {
        self.queues.get(name).unwrap().receive(10, Duration::ZERO).unwrap()
    }
}

/// Subscribes an address, and confirms it by the link it is sent.
fn subscribe(pond: &Pond, topic: &Topic, server: &Server, options: &SubscribeOptions) -> Subscription {
    let endpoint = Endpoint::new(Protocol::Http, server.url("/hook"));
    let subscription = topic.subscribe(&endpoint, options).unwrap();
    pond.topics.wait_until_idle();
    let asked = server.take();
    assert_eq!(asked.len(), 1);
    let token = asked[0].json()["Token"].as_str().unwrap().to_owned();
    topic.confirm(&token, false).unwrap();
    subscription
}

/// Three times after a second each.
fn patient(options: SubscribeOptions) -> SubscribeOptions {
    let policy = json!({ "healthyRetryPolicy": { "numRetries": 2, "minDelayTarget": 1, "maxDelayTarget": 1 } });
    options.attribute("DeliveryPolicy", policy.to_string())
}

/// Verifies as the service's documentation says, by the certificate alone.
fn verify(pond: &Pond, envelope: &Value) {
    let (pem, path) = pond.topics.signing_certificate().unwrap();
    assert!(envelope["SigningCertURL"].as_str().unwrap().ends_with(&path));
    let lines: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64_STANDARD.decode(lines).unwrap();
    // The key of a certificate of this size begins so.
    let begins = [0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
    let at = der.windows(begins.len()).position(|window| window == begins).unwrap();
    let key = RsaPublicKey::from_pkcs1_der(&der[at..at + 270]).unwrap();
    let names: &[&str] = match envelope["Type"].as_str().unwrap() {
        "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    };
    let signed: String =
        names.iter().filter_map(|name| Some(format!("{name}\n{}\n", envelope[name].as_str()?))).collect();
    let signature = BASE64_STANDARD.decode(envelope["Signature"].as_str().unwrap()).unwrap();
    let (digest, prefix): (Vec<u8>, &[u8]) = match envelope["SignatureVersion"].as_str().unwrap() {
        "1" => (
            sha1::Sha1::digest(signed).to_vec(),
            &[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14],
        ),
        "2" => (
            sha2::Sha256::digest(signed).to_vec(),
            &[
                0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
                0x04, 0x20,
            ],
        ),
        other => panic!("version {other}"),
    };
    let padding = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into() };
    key.verify(padding, &digest, &signature).unwrap();
}

fn types(requests: &[Request]) -> Vec<&str> {
    requests.iter().filter_map(|request| request.header("x-amz-sns-message-type")).collect()
}

#[test]
fn an_address_confirms_gets_signed_messages_and_is_told_of_its_end() {
    for version in ["1", "2"] {
        let (pond, server) = (Pond::new(), Server::start());
        pond.topics.set_public_url("http://sns.test:4566/");
        let topic = pond.topic(&CreateOptions::default().attribute("SignatureVersion", version));
        let endpoint = Endpoint::new(Protocol::Http, server.url("/hook?a=b"));
        let subscription = topic.subscribe(&endpoint, &SubscribeOptions::default()).unwrap();
        topic.publish("too early").unwrap();
        pond.topics.wait_until_idle();
        let asked = server.take();
        assert_eq!(types(&asked), ["SubscriptionConfirmation"]);
        let (request, envelope) = (&asked[0], asked[0].json());
        let arn = topic.arn().unwrap();
        assert_eq!(request.line, "POST /hook?a=b HTTP/1.1");
        assert_eq!(request.header("content-type"), Some("text/plain; charset=UTF-8"));
        assert_eq!(request.header("user-agent"), Some("Amazon Simple Notification Service Agent"));
        assert_eq!(request.header("x-amz-sns-message-id"), envelope["MessageId"].as_str());
        assert_eq!(request.header("x-amz-sns-topic-arn"), Some(arn.as_str()));
        assert_eq!(request.header("x-amz-sns-subscription-arn"), None);
        let token = envelope["Token"].as_str().unwrap();
        let expected = format!("http://sns.test:4566/?Action=ConfirmSubscription&TopicArn={arn}&Token={token}");
        assert_eq!(envelope["SubscribeURL"], expected);
        assert_eq!(
            envelope["Message"],
            format!(
                "You have chosen to subscribe to the topic {arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message."
            )
        );
        verify(&pond, &envelope);

        topic.confirm(token, false).unwrap();
        let message =
            PublishMessage::new("paid \"€\"\n").subject("order 1").attribute("n", MessageAttribute::number(7));
        let published = topic.publish(message).unwrap();
        pond.topics.wait_until_idle();
        let told = server.take();
        assert_eq!(types(&told), ["Notification"]);
        let (request, envelope) = (&told[0], told[0].json());
        assert_eq!(request.header("x-amz-sns-subscription-arn"), Some(subscription.arn()));
        assert_eq!(request.header("x-amz-sns-message-id"), Some(published.message_id.to_string().as_str()));
        assert_eq!(envelope["Message"], "paid \"€\"\n");
        assert_eq!(envelope["Subject"], "order 1");
        assert_eq!(envelope["SignatureVersion"], version);
        assert_eq!(envelope["MessageAttributes"], json!({ "n": { "Type": "Number", "Value": "7" } }));
        verify(&pond, &envelope);

        pond.topics.unsubscribe_by_link(subscription.id()).unwrap();
        topic.publish("too late").unwrap();
        pond.topics.wait_until_idle();
        let told = server.take();
        assert_eq!(types(&told), ["UnsubscribeConfirmation"]);
        assert_eq!(told[0].header("x-amz-sns-subscription-arn"), Some(subscription.arn()));
        verify(&pond, &told[0].json());
    }
}

#[test]
fn what_fails_twice_is_tried_again_by_the_clock_until_it_succeeds() {
    let (pond, server) = (Pond::new(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    subscribe(&pond, &topic, &server, &patient(SubscribeOptions::default()));
    server.answer(&[500, 503]);
    let published = topic.publish("hello").unwrap();
    pond.topics.wait_until_idle();
    assert_eq!(server.take().len(), 1);
    pond.clock.advance(Duration::from_millis(999)).unwrap();
    pond.topics.wait_until_idle();
    assert_eq!(server.take().len(), 0);
    pond.clock.advance(Duration::from_millis(1)).unwrap();
    pond.topics.wait_until_idle();
    assert_eq!(server.take().len(), 1);
    pond.pass(1);
    let last = server.take();
    assert_eq!(last.len(), 1);
    assert_eq!(last[0].json()["MessageId"], published.message_id.to_string());
    let counts = pond.topics.delivery_counts();
    assert_eq!((counts.retried, counts.dead_lettered, counts.dropped), (2, 0, 0));
    pond.pass(1000);
    assert!(server.take().is_empty());
}

#[test]
fn the_default_policy_tries_three_times_more_at_twenty_seconds() {
    let (pond, server) = (Pond::new(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    subscribe(&pond, &topic, &server, &SubscribeOptions::default());
    server.answer(&[500; 10]);
    topic.publish("hello").unwrap();
    pond.topics.wait_until_idle();
    assert_eq!(server.take().len(), 1);
    for _ in 0..3 {
        pond.pass(19);
        assert!(server.take().is_empty());
        pond.pass(1);
        assert_eq!(server.take().len(), 1);
    }
    pond.pass(100_000);
    assert!(server.take().is_empty());
    assert_eq!(pond.topics.delivery_counts().dropped, 1);
}

#[test]
fn after_the_last_attempt_the_dead_letter_queue_has_what_would_have_been_delivered() {
    for is_raw in [false, true] {
        let (pond, server) = (Pond::new(), Server::start());
        pond.queues.create("dead", &Default::default()).unwrap();
        let topic = pond.topic(&CreateOptions::default());
        let dead = pond.topics.queue_endpoint("dead").address;
        let options = SubscribeOptions::default().dead_letter_queue(&dead).raw_message_delivery(is_raw);
        subscribe(&pond, &topic, &server, &patient(options));
        server.answer(&[500; 3]);
        let message = PublishMessage::new("lost").attribute("a", MessageAttribute::string("b"));
        topic.publish(message).unwrap();
        pond.topics.wait_until_idle();
        pond.pass(1);
        assert!(pond.dead_letters("dead").is_empty());
        pond.pass(1);
        let posted = server.take();
        assert_eq!(posted.len(), 3);
        let letters = pond.dead_letters("dead");
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].body(), posted[0].body);
        // What the endpoint would not have got goes along where there is no envelope that has it.
        assert_eq!(letters[0].attributes().contains_key("a"), is_raw);
        assert_eq!(letters[0].attributes().len(), usize::from(is_raw));
        assert_eq!(pond.topics.delivery_counts().dead_lettered, 1);
    }
}

#[test]
fn what_the_client_is_told_to_be_wrong_is_not_tried_again() {
    for status in [400, 403, 404, 410, 301, 308] {
        let (pond, server) = (Pond::new(), Server::start());
        pond.queues.create("dead", &Default::default()).unwrap();
        let topic = pond.topic(&CreateOptions::default());
        let dead = pond.topics.queue_endpoint("dead").address;
        subscribe(&pond, &topic, &server, &SubscribeOptions::default().dead_letter_queue(&dead));
        // Where a redirect leads nobody goes.
        server.answer_with(&format!("HTTP/1.1 {status} No\r\nlocation: {}\r\n", server.url("/elsewhere")));
        topic.publish("refused").unwrap();
        pond.topics.wait_until_idle();
        assert_eq!(pond.dead_letters("dead").len(), 1, "{status}");
        pond.pass(1000);
        assert_eq!(server.take().len(), 1, "{status}");
    }
}

#[test]
fn too_many_requests_are_tried_again() {
    let (pond, server) = (Pond::new(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    subscribe(&pond, &topic, &server, &patient(SubscribeOptions::default()));
    server.answer(&[429]);
    topic.publish("again").unwrap();
    pond.topics.wait_until_idle();
    pond.pass(1);
    assert_eq!(server.take().len(), 2);
}

#[test]
fn an_address_where_nobody_listens_is_tried_again() {
    let (pond, server) = (Pond::new(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    subscribe(&pond, &topic, &server, &patient(SubscribeOptions::default()));
    drop(server);
    topic.publish("nobody").unwrap();
    pond.topics.wait_until_idle();
    let counts = pond.topics.delivery_counts();
    assert_eq!((counts.retried, counts.dropped), (1, 0));
    pond.pass(1);
    pond.pass(1);
    assert_eq!(pond.topics.delivery_counts().dropped, 1);
}

#[test]
fn raw_messages_come_as_they_are_with_the_type_that_was_chosen() {
    let (pond, server) = (Pond::new(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    let policy = json!({ "requestPolicy": { "headerContentType": "application/json" } });
    let options =
        SubscribeOptions::default().raw_message_delivery(true).attribute("DeliveryPolicy", policy.to_string());
    subscribe(&pond, &topic, &server, &options);
    topic.publish(PublishMessage::new("{\"a\":1}").attribute("x", MessageAttribute::string("y"))).unwrap();
    pond.topics.wait_until_idle();
    let posted = server.take();
    assert_eq!(posted[0].body, "{\"a\":1}");
    assert_eq!(posted[0].header("x-amz-sns-rawdelivery"), Some("true"));
    assert_eq!(posted[0].header("content-type"), Some("application/json"));
}

#[test]
fn a_user_and_a_password_in_an_address_are_sent_as_basic_authentication() {
    let (pond, server) = (Pond::new(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    let endpoint = Endpoint::new(Protocol::Http, format!("http://martin:secret@{}/hook", server.host()));
    topic.subscribe(&endpoint, &SubscribeOptions::default()).unwrap();
    pond.topics.wait_until_idle();
    let asked = server.take();
    assert_eq!(asked[0].header("authorization"), Some("Basic bWFydGluOnNlY3JldA=="));
    assert_eq!(asked[0].header("host"), Some(server.host().as_str()));
}

#[test]
fn no_more_come_in_a_second_than_the_policy_says() {
    let (pond, server) = (Pond::new(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    let policy = json!({ "throttlePolicy": { "maxReceivesPerSecond": 3 } });
    subscribe(&pond, &topic, &server, &SubscribeOptions::default().attribute("DeliveryPolicy", policy.to_string()));
    for n in 0..8 {
        topic.publish(format!("message {n}")).unwrap();
    }
    pond.topics.wait_until_idle();
    let mut counts = vec![server.take().len()];
    for _ in 0..3 {
        pond.clock.advance(Duration::from_millis(999)).unwrap();
        pond.topics.wait_until_idle();
        assert_eq!(server.take().len(), 0);
        pond.clock.advance(Duration::from_millis(1)).unwrap();
        pond.topics.wait_until_idle();
        counts.push(server.take().len());
    }
    assert_eq!(counts, [3, 3, 2, 0]);
}

#[test]
fn one_that_is_slow_or_throttled_does_not_hold_up_others() {
    let (pond, slow, quick) = (Pond::new(), Server::start(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    let policy = json!({ "throttlePolicy": { "maxReceivesPerSecond": 1 } });
    subscribe(&pond, &topic, &slow, &SubscribeOptions::default().attribute("DeliveryPolicy", policy.to_string()));
    subscribe(&pond, &topic, &quick, &SubscribeOptions::default());
    for n in 0..50 {
        topic.publish(format!("message {n}")).unwrap();
    }
    pond.topics.wait_until_idle();
    assert_eq!((slow.take().len(), quick.take().len()), (1, 50));
}

#[test]
fn retries_and_what_was_never_tried_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start();
    let path = {
        let pond = Pond::over(Engine::options().path(dir.path()), Options::default());
        let topic = pond.topic(&CreateOptions::default());
        subscribe(&pond, &topic, &server, &patient(SubscribeOptions::default()));
        server.answer(&[500]);
        topic.publish("first").unwrap();
        pond.topics.wait_until_idle();
        assert_eq!(server.take().len(), 1);
        pond.topics.stop();
        topic.publish(format!("second{}", "!".repeat(5000))).unwrap();
        assert!(server.take().is_empty());
        pond.topics.signing_certificate().unwrap().1
    };
    let pond = Pond::over(Engine::options().path(dir.path()), Options::default());
    pond.topics.wait_until_idle();
    let posted = server.take();
    assert_eq!(posted.len(), 1);
    assert!(posted[0].json()["Message"].as_str().unwrap().starts_with("second!"));
    verify(&pond, &posted[0].json());
    // The key is the one of before.
    assert_eq!(pond.topics.signing_certificate().unwrap().1, path);
    // The first had one attempt, and has two more.
    server.answer(&[500, 500]);
    pond.pass(1);
    assert_eq!(server.take()[0].json()["Message"], "first");
    pond.pass(1);
    assert_eq!(server.take().len(), 1);
    assert_eq!(pond.topics.delivery_counts().dropped, 1);
    pond.pass(1000);
    assert!(server.take().is_empty());
}

#[test]
fn what_is_due_for_a_subscription_that_is_gone_is_dropped() {
    let (pond, server) = (Pond::new(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    let subscription = subscribe(&pond, &topic, &server, &patient(SubscribeOptions::default()));
    server.answer(&[500]);
    topic.publish("late").unwrap();
    pond.topics.wait_until_idle();
    server.take();
    subscription.unsubscribe().unwrap();
    pond.pass(1);
    assert_eq!(types(&server.take()), ["UnsubscribeConfirmation"]);
    assert_eq!(pond.topics.delivery_counts().dropped, 1);
}

#[test]
fn what_is_published_in_a_transaction_that_fails_is_not_delivered() {
    let (pond, server) = (Pond::new(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    subscribe(&pond, &topic, &server, &SubscribeOptions::default());
    let failed: Result<(), millpond_pubsub::Error> = pond.topics.engine().transact(|tx| {
        topic.publish_in(tx, "never")?;
        Err(millpond_pubsub::Error::EndpointDisabled)
    });
    assert!(failed.is_err());
    pond.topics.wait_until_idle();
    assert!(server.take().is_empty());
}

/// Counts posts, and answers none of the first ones.
struct Counting {
    posts: Arc<AtomicUsize>,
    is_permanent: bool,
}

impl Transport for Counting {
    fn post(&self, post: &Post) -> Result<u16, PostError> {
        assert_eq!(post.timeout, Duration::from_secs(15));
        let count = self.posts.fetch_add(1, Ordering::SeqCst);
        let error = || PostError { message: "no".into(), is_permanent: self.is_permanent };
        if count > 0 { Err(error()) } else { Ok(200) }
    }
}

#[test]
fn a_transport_of_ones_own_says_what_is_for_good() {
    for (is_permanent, expected) in [(false, 2), (true, 1)] {
        let posts = Arc::new(AtomicUsize::new(0));
        let transport = Counting { posts: Arc::clone(&posts), is_permanent };
        let pond = Pond::over(Engine::options(), Options::default().transport(transport));
        let topic = pond.topic(&CreateOptions::default());
        let endpoint = Endpoint::new(Protocol::Https, "https://example.com/");
        let options = SubscribeOptions::default();
        let subscription = topic.subscribe(&endpoint, &options).unwrap();
        pond.topics.wait_until_idle();
        assert_eq!(posts.load(Ordering::SeqCst), 1);
        // Asking again asks the address again.
        assert_eq!(topic.subscribe(&endpoint, &options).unwrap().id(), subscription.id());
        pond.topics.wait_until_idle();
        pond.pass(20);
        assert_eq!(posts.load(Ordering::SeqCst), 1 + expected);
    }
}

#[test]
fn a_message_that_many_share_goes_with_the_last_of_them() {
    let (pond, server) = (Pond::new(), Server::start());
    let topic = pond.topic(&CreateOptions::default());
    for n in 0..20 {
        let endpoint = Endpoint::new(Protocol::Http, server.url(&format!("/{n}")));
        topic.subscribe(&endpoint, &patient(SubscribeOptions::default())).unwrap();
    }
    pond.topics.wait_until_idle();
    for asked in server.take() {
        topic.confirm(asked.json()["Token"].as_str().unwrap(), false).unwrap();
    }
    server.answer(&[500; 7]);
    topic.publish("x".repeat(10_000)).unwrap();
    pond.topics.wait_until_idle();
    assert_eq!(server.take().len(), 20);
    pond.pass(1);
    assert_eq!(server.take().len(), 7);
    let engine = pond.topics.engine();
    let rows = engine.keyspace("pubsub.deliveries").unwrap();
    engine.sync().unwrap();
    let left = engine.snapshot().unwrap().range(&rows, &millpond_engine::RangeRequest::all()).unwrap();
    assert!(left.entries.is_empty(), "{} rows", left.entries.len());
}
