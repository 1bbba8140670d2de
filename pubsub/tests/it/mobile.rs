//! Applications of mobile platforms, endpoints of devices, and what is published to them.

use std::collections::BTreeMap;

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_pubsub::{
    Body, Captured, CapturedFilter, CreateOptions, Endpoint, Error, MessageAttribute, Platform, Protocol,
    PublishMessage, SubscribeOptions, Topics,
};
use millpond_queue::Queues;
use millpond_stream::Streams;

use crate::outbox::{open, topics};

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn credentials() -> BTreeMap<String, String> {
    map(&[("PlatformCredential", "secret"), ("PlatformPrincipal", "me")])
}

fn application(topics: &Topics, platform: Platform, name: &str) -> String {
    topics.applications().create(name, platform, &credentials(), None).unwrap()
}

fn endpoint(topics: &Topics, platform: Platform) -> String {
    let application = application(topics, platform, "shop");
    topics.applications().create_endpoint(&application, "abcdef01", None, &BTreeMap::new()).unwrap()
}

fn structured(texts: &[(&str, &str)]) -> PublishMessage {
    PublishMessage { body: Body::Structured(map(texts)), ..Default::default() }
}

fn said(error: &Error) -> (&'static str, String) {
    (error.code(), error.to_string())
}

fn refused(error: &Error, text: &str) {
    assert_eq!(said(error), ("InvalidParameter", format!("Invalid parameter: {text}")));
}

fn last(topics: &Topics) -> Captured {
    let page = topics.outbox().list(&CapturedFilter::of(Protocol::Application), None, 1000).unwrap();
    page.entries.last().unwrap().message.clone()
}

#[test]
fn an_application_has_an_arn_and_attributes_without_its_secrets() {
    let (_, topics) = topics();
    let applications = topics.applications();
    for platform in Platform::ALL {
        let arn = applications.create("My_app.1-x", platform, &credentials(), None).unwrap();
        assert_eq!(arn, format!("arn:aws:sns:us-east-1:000000000000:app/{platform}/My_app.1-x"));
        let shown = applications.attributes(&arn).unwrap();
        assert_eq!(shown["Enabled"], "true");
        assert!(!shown.keys().any(|name| name.starts_with("Platform")), "{shown:?}");
    }
    let abroad = applications.create("a", Platform::Adm, &credentials(), Some("eu-west-1")).unwrap();
    assert_eq!(abroad, "arn:aws:sns:eu-west-1:000000000000:app/ADM/a");
    assert_eq!(applications.attributes(&abroad).unwrap(), map(&[("Enabled", "true")]));
}

#[test]
fn how_an_application_proves_itself_is_shown() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let method = |platform, attributes: &[(&str, &str)]| {
        let arn = applications.create("a", platform, &map(attributes), None).unwrap();
        applications.attributes(&arn).unwrap().get("AuthenticationMethod").cloned()
    };
    assert_eq!(method(Platform::Gcm, &[("PlatformCredential", "key")]).as_deref(), Some("key"));
    assert_eq!(method(Platform::Gcm, &[("PlatformCredential", "{\"type\":\"x\"}")]).as_deref(), Some("token"));
    let pair = [("PlatformCredential", "c"), ("PlatformPrincipal", "p")];
    assert_eq!(method(Platform::ApnsVoip, &pair).as_deref(), Some("certificate"));
    let token = [&pair[..], &[("ApplePlatformTeamID", "T"), ("ApplePlatformBundleID", "B")]].concat();
    assert_eq!(method(Platform::Apns, &token).as_deref(), Some("token"));
    assert_eq!(method(Platform::Baidu, &pair), None);
}

#[test]
fn names_of_applications_are_checked() {
    let (_, topics) = topics();
    let create = |name: &str| topics.applications().create(name, Platform::Gcm, &credentials(), None);
    create(&"a".repeat(256)).unwrap();
    refused(&create("").unwrap_err(), " Reason: cannot be empty");
    let long = "a".repeat(257);
    refused(&create(&long).unwrap_err(), &format!("{long} Reason: must be at most 256 characters long"));
    for name in ["a b", "a/b", "\u{e4}", "a\0"] {
        let why = "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'";
        refused(&create(name).unwrap_err(), &format!("{name} Reason: {why}"));
    }
}

#[test]
fn credentials_are_needed_and_attributes_are_checked() {
    let (_, topics) = topics();
    let create = |platform, attributes: &[(&str, &str)]| {
        topics.applications().create("a", platform, &map(attributes), None).unwrap_err()
    };
    for (platform, attributes, text) in [
        (
            Platform::Adm,
            &[("PlatformPrincipal", "x")][..],
            "PlatformPrincipal attribute provided without PlatformCredential",
        ),
        (
            Platform::Apns,
            &[("PlatformCredential", "x")],
            "PlatformCredential attribute provided without PlatformPrincipal",
        ),
        (
            Platform::Gcm,
            &[("PlatformPrincipal", "x")],
            "PlatformPrincipal attribute provided without PlatformCredential",
        ),
        (Platform::Gcm, &[], "Platform credentials are invalid"),
        (Platform::Gcm, &[("PlatformCredential", "")], "Platform credentials are invalid"),
        (Platform::Gcm, &[("PlatformCredential", "x"), ("Colour", "red")], "Invalid attribute name: Colour"),
        (
            Platform::Gcm,
            &[("PlatformCredential", "x"), ("Enabled", "yes")],
            "Invalid value for attribute: Enabled: must be true or false",
        ),
        (
            Platform::Gcm,
            &[("PlatformCredential", "x"), ("SuccessFeedbackSampleRate", "101")],
            "Invalid value for attribute: SuccessFeedbackSampleRate: must be an integer between 0-100",
        ),
        (
            Platform::Gcm,
            &[("PlatformCredential", "x"), ("EventEndpointCreated", "orders")],
            "Invalid value for attribute: EventEndpointCreated: must be the ARN of a topic",
        ),
    ] {
        refused(&create(platform, attributes), &format!("Attributes Reason: {text}"));
    }
    let long = "x".repeat((64 << 10) + 1);
    let error = create(Platform::Gcm, &[("PlatformCredential", &long)]);
    assert_eq!(error.code(), "InvalidParameter");
}

#[test]
fn attributes_of_an_application_are_set_and_taken_back() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let arn = application(&topics, Platform::Adm, "a");
    let event = "arn:aws:sns:us-east-1:000000000000:events";
    let settings = [("EventEndpointCreated", event), ("Enabled", "False"), ("SuccessFeedbackSampleRate", "10")];
    applications.set_attributes(&arn, &map(&settings)).unwrap();
    let expected = map(&[("EventEndpointCreated", event), ("Enabled", "false"), ("SuccessFeedbackSampleRate", "10")]);
    assert_eq!(applications.attributes(&arn).unwrap(), expected);
    applications.set_attributes(&arn, &map(&[("EventEndpointCreated", ""), ("PlatformCredential", "new")])).unwrap();
    let expected = map(&[("Enabled", "false"), ("SuccessFeedbackSampleRate", "10")]);
    assert_eq!(applications.attributes(&arn).unwrap(), expected);
    refused(
        &applications.set_attributes(&arn, &map(&[("Token", "x")])).unwrap_err(),
        "Attributes Reason: Invalid attribute name: Token",
    );
}

#[test]
fn an_application_that_is_made_again_keeps_its_endpoints() {
    let (_, topics) = topics();
    let first = endpoint(&topics, Platform::Gcm);
    application(&topics, Platform::Gcm, "shop");
    assert_eq!(topics.applications().endpoint_attributes(&first).unwrap()["Token"], "abcdef01");
}

#[test]
fn what_is_not_there_is_said_to_be_missing() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let app = "arn:aws:sns:us-east-1:000000000000:app/GCM/none";
    let device = "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/none/5e3e9847-3183-3f18-a7e8-671c3a57d4b3";
    let none = map(&[]);
    for error in [
        applications.attributes(app).unwrap_err(),
        applications.set_attributes(app, &none).unwrap_err(),
        applications.create_endpoint(app, "t", None, &none).unwrap_err(),
        applications.endpoints(app, None, 10).unwrap_err(),
    ] {
        assert_eq!(said(&error), ("NotFound", "PlatformApplication does not exist".to_owned()));
    }
    for error in [
        applications.endpoint_attributes(device).unwrap_err(),
        applications.set_endpoint_attributes(device, &none).unwrap_err(),
    ] {
        assert_eq!(said(&error), ("NotFound", "Endpoint does not exist".to_owned()));
    }
    applications.delete(app).unwrap();
    applications.delete_endpoint(device).unwrap();
    let missing = "TargetArn Reason: No endpoint found for the target arn specified";
    refused(&topics.publish_to_endpoint(device, "x").unwrap_err(), missing);
}

#[test]
fn arns_of_other_forms_are_refused_with_the_name_of_the_parameter() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let slashes = "Wrong number of slashes in relative portion of the ARN.";
    let topic = "arn:aws:sns:us-east-1:000000000000:topic";
    let none = map(&[]);
    for (error, parameter) in [
        (applications.attributes(topic).unwrap_err(), "PlatformApplicationArn"),
        (applications.delete(topic).unwrap_err(), "PlatformApplicationArn"),
        (applications.create_endpoint(topic, "t", None, &none).unwrap_err(), "PlatformApplicationArn"),
        (applications.endpoint_attributes(topic).unwrap_err(), "EndpointArn"),
        (applications.delete_endpoint(topic).unwrap_err(), "EndpointArn"),
        (topics.publish_to_endpoint(topic, "x").unwrap_err(), "TargetArn"),
    ] {
        refused(&error, &format!("{parameter} Reason: {slashes}"));
    }
    let error = applications.attributes("shop").unwrap_err();
    refused(&error, "PlatformApplicationArn Reason: An ARN must have at least 6 elements, not 1");
}

#[test]
fn an_endpoint_is_made_once_for_a_token() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let app = application(&topics, Platform::Gcm, "shop");
    let none = map(&[]);
    let arn = applications.create_endpoint(&app, "token", Some("user 1"), &none).unwrap();
    assert!(arn.starts_with("arn:aws:sns:us-east-1:000000000000:endpoint/GCM/shop/"), "{arn}");
    let shown = map(&[("CustomUserData", "user 1"), ("Enabled", "true"), ("Token", "token")]);
    assert_eq!(applications.endpoint_attributes(&arn).unwrap(), shown);
    assert_eq!(applications.create_endpoint(&app, "token", Some("user 1"), &none).unwrap(), arn);
    let same = map(&[("CustomUserData", "user 1"), ("Enabled", "TRUE")]);
    assert_eq!(applications.create_endpoint(&app, "token", None, &same).unwrap(), arn);
    let text = format!("Token Reason: Endpoint {arn} already exists with the same Token, but different attributes.");
    for (data, attributes) in [
        (Some("user 2"), none.clone()),
        (None, none.clone()),
        (Some("user 1"), map(&[("Enabled", "false")])),
        (Some("user 1"), map(&[("CustomUserData", "user 2")])),
    ] {
        refused(&applications.create_endpoint(&app, "token", data, &attributes).unwrap_err(), &text);
    }
    assert_ne!(applications.create_endpoint(&app, "other", Some("user 1"), &none).unwrap(), arn);
    let elsewhere = application(&topics, Platform::Gcm, "other-shop");
    assert_ne!(applications.create_endpoint(&elsewhere, "token", None, &none).unwrap(), arn);
}

#[test]
fn tokens_and_user_data_are_checked() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let none = map(&[]);
    let gcm = application(&topics, Platform::Gcm, "g");
    let apns = application(&topics, Platform::ApnsSandbox, "a");
    let create = |app: &str, token: &str, data| applications.create_endpoint(app, token, data, &none).unwrap_err();
    refused(&create(&gcm, "", None), "Token Reason: cannot be empty");
    let long = "x".repeat(8193);
    refused(&create(&gcm, &long, None), "Token Reason: must be at most 8192 bytes long in UTF-8 encoding");
    let apple = "Token Reason: iOS device tokens must be no more than 400 hexadecimal characters";
    refused(&create(&apns, "not hexadecimal", None), apple);
    refused(&create(&apns, &"a".repeat(401), None), apple);
    let data = "\u{e4}".repeat(1025);
    let too_long = "must be at most 2048 bytes long in UTF-8 encoding";
    refused(&create(&gcm, "t", Some(&data)), &format!("CustomUserData Reason: {too_long}"));
    let error = applications.create_endpoint(&gcm, "t", None, &map(&[("CustomUserData", &data)])).unwrap_err();
    let text = format!("Attributes Reason: Invalid value for attribute: CustomUserData: {too_long}");
    refused(&error, &text);
    let error = applications.create_endpoint(&gcm, "t", None, &map(&[("Colour", "red")])).unwrap_err();
    refused(&error, "Attributes Reason: Invalid attribute name: Colour");
    applications.create_endpoint(&gcm, &"x".repeat(8192), Some(&"d".repeat(2048)), &none).unwrap();
}

#[test]
fn apples_tokens_are_the_same_in_either_case() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let app = application(&topics, Platform::Apns, "a");
    let arn = applications.create_endpoint(&app, "ABCDEF", None, &map(&[])).unwrap();
    assert_eq!(applications.endpoint_attributes(&arn).unwrap()["Token"], "abcdef");
    assert_eq!(applications.create_endpoint(&app, "abcDEF", None, &map(&[])).unwrap(), arn);
}

#[test]
fn baidu_needs_to_know_its_channel_and_user() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let app = application(&topics, Platform::Baidu, "b");
    let both = map(&[("ChannelId", "c1"), ("UserId", "u1")]);
    let arn = applications.create_endpoint(&app, "c1", None, &both).unwrap();
    assert_eq!(applications.endpoint_attributes(&arn).unwrap()["UserId"], "u1");
    applications.create_endpoint(&app, "c2", None, &both).unwrap_err();
    applications.create_endpoint(&app, "c2", None, &map(&[("ChannelId", "c2")])).unwrap_err();
}

#[test]
fn an_endpoints_token_moves_with_it() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let app = application(&topics, Platform::Gcm, "shop");
    let none = map(&[]);
    let one = applications.create_endpoint(&app, "one", None, &none).unwrap();
    let two = applications.create_endpoint(&app, "two", None, &none).unwrap();
    let error = applications.set_endpoint_attributes(&two, &map(&[("Token", "one")])).unwrap_err();
    refused(
        &error,
        &format!("Token Reason: Endpoint {one} already exists with the same Token, but different attributes."),
    );
    applications.set_endpoint_attributes(&one, &map(&[("Token", "uno"), ("CustomUserData", "d")])).unwrap();
    let shown = map(&[("CustomUserData", "d"), ("Enabled", "true"), ("Token", "uno")]);
    assert_eq!(applications.endpoint_attributes(&one).unwrap(), shown);
    let error = applications.create_endpoint(&app, "one", None, &none).unwrap_err();
    refused(&error, "This endpoint is already registered with a different token.");
    applications.set_endpoint_attributes(&two, &map(&[("Token", "one")])).unwrap();
    assert_eq!(applications.create_endpoint(&app, "one", None, &none).unwrap(), two);
    applications.set_endpoint_attributes(&one, &map(&[("CustomUserData", "")])).unwrap();
    assert!(!applications.endpoint_attributes(&one).unwrap().contains_key("CustomUserData"));
    let error = applications.set_endpoint_attributes(&one, &map(&[("Token", "")])).unwrap_err();
    refused(&error, "Attributes Reason: Invalid value for attribute: Token: cannot be empty");
}

#[test]
fn an_endpoint_that_is_made_again_has_the_same_arn() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let arn = endpoint(&topics, Platform::Gcm);
    applications.set_endpoint_attributes(&arn, &map(&[("Enabled", "false")])).unwrap();
    applications.delete_endpoint(&arn).unwrap();
    applications.delete_endpoint(&arn).unwrap();
    assert_eq!(endpoint(&topics, Platform::Gcm), arn);
    assert_eq!(applications.endpoint_attributes(&arn).unwrap()["Enabled"], "true");
}

#[test]
fn applications_and_endpoints_are_listed_page_by_page() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let mut made: Vec<String> =
        (0..15).map(|number| application(&topics, Platform::Gcm, &format!("app-{number:02}"))).collect();
    made.push(application(&topics, Platform::Adm, "app"));
    made.sort();
    let all = |list: &dyn Fn(Option<&str>) -> millpond_pubsub::DescribedPage| {
        let (mut read, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = list(after.as_deref());
            assert!(page.entries.len() <= 4);
            read.extend(page.entries.into_iter().map(|entry| entry.arn));
            after = page.next;
            if after.is_none() {
                read.sort();
                return read;
            }
        }
    };
    assert_eq!(all(&|after| applications.list(after, 4).unwrap()), made);
    let mut endpoints: Vec<String> = (0..10)
        .map(|number| applications.create_endpoint(&made[3], &number.to_string(), None, &map(&[])).unwrap())
        .collect();
    endpoints.sort();
    assert_eq!(all(&|after| applications.endpoints(&made[3], after, 4).unwrap()), endpoints);
    assert_eq!(all(&|after| applications.endpoints(&made[4], after, 4).unwrap()), [""; 0]);
    assert_eq!(applications.list(Some("nothing"), 4).unwrap_err().code(), "InvalidParameter");
}

#[test]
fn an_application_takes_its_endpoints_with_it() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let app = application(&topics, Platform::Gcm, "shop");
    let endpoints: Vec<String> = (0..1200)
        .map(|number| applications.create_endpoint(&app, &number.to_string(), None, &map(&[])).unwrap())
        .collect();
    applications.delete(&app).unwrap();
    assert_eq!(applications.list(None, 100).unwrap().entries, []);
    for arn in [&endpoints[0], &endpoints[1199]] {
        assert_eq!(applications.endpoint_attributes(arn).unwrap_err().code(), "NotFound");
    }
    assert_eq!(application(&topics, Platform::Gcm, "shop"), app);
    assert_eq!(applications.endpoints(&app, None, 100).unwrap().entries, []);
}

#[test]
fn a_device_gets_the_text_of_its_platform() {
    let (_, topics) = topics();
    let arn = endpoint(&topics, Platform::ApnsSandbox);
    let aps = "{\"aps\":{\"alert\":\"hi\"}}";
    let id = topics.publish_to_endpoint(&arn, structured(&[("APNS_SANDBOX", aps), ("APNS", "{}")])).unwrap();
    let sent = last(&topics);
    assert_eq!((sent.address.as_str(), sent.body.as_str(), sent.message_id), (arn.as_str(), aps, Some(id)));
    assert_eq!(sent.details, map(&[("Platform", "APNS_SANDBOX"), ("Token", "abcdef01")]));
    topics.publish_to_endpoint(&arn, structured(&[("GCM", "{}"), ("default", "for all")])).unwrap();
    assert_eq!(last(&topics).body, "for all");
    topics.publish_to_endpoint(&arn, PublishMessage::new("plain").subject("s")).unwrap();
    assert_eq!((last(&topics).body.as_str(), last(&topics).subject.as_deref()), ("plain", Some("s")));
    let ttl = MessageAttribute::string("60");
    topics
        .publish_to_endpoint(&arn, PublishMessage::new("p").attribute("AWS.SNS.MOBILE.APNS_SANDBOX.TTL", ttl))
        .unwrap();
    assert!(last(&topics).attributes.contains_key("AWS.SNS.MOBILE.APNS_SANDBOX.TTL"));
}

#[test]
fn a_message_that_is_none_for_the_platform_is_refused() {
    let (_, topics) = topics();
    let apns = endpoint(&topics, Platform::Apns);
    let gcm = endpoint(&topics, Platform::Gcm);
    let wns = endpoint(&topics, Platform::Wns);
    let error = |arn: &str, message: PublishMessage| topics.publish_to_endpoint(arn, message).unwrap_err();
    refused(&error(&apns, "".into()), "Empty message");
    refused(&error(&apns, structured(&[("GCM", "{}")])), "Message Structure - No default entry in JSON message body");
    let before = "Message Reason: Invalid notification for protocol";
    let long = "x".repeat(4097);
    refused(&error(&apns, long.as_str().into()), &format!("{before} APNS: Notification is too long"));
    refused(
        &error(&gcm, long.as_str().into()),
        &format!("{before} GCM: Notification data is larger than allowed limit"),
    );
    refused(&error(&apns, structured(&[("APNS", "hi")])), &format!("{before} APNS: Notification is malformed"));
    topics.publish_to_endpoint(&wns, structured(&[("WNS", "<toast/>")])).unwrap();
    let huge = "x".repeat(256 << 10);
    refused(&error(&apns, structured(&[("default", "d"), ("http", &huge)])), "Message too long");
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    refused(&error(&apns, structured(&[("APNS", &deep)])), &format!("{before} APNS: Notification is malformed"));
}

#[test]
fn what_is_disabled_gets_nothing() {
    let (_, topics) = topics();
    let applications = topics.applications();
    let arn = endpoint(&topics, Platform::Gcm);
    applications.set_endpoint_attributes(&arn, &map(&[("Enabled", "false")])).unwrap();
    let error = topics.publish_to_endpoint(&arn, "x").unwrap_err();
    assert_eq!(said(&error), ("EndpointDisabled", "Endpoint is disabled".to_owned()));
    let app = "arn:aws:sns:us-east-1:000000000000:app/GCM/shop";
    applications.set_attributes(app, &map(&[("Enabled", "false")])).unwrap();
    let error = topics.publish_to_endpoint(&arn, "x").unwrap_err();
    assert_eq!(said(&error), ("PlatformApplicationDisabled", "Platform application is disabled".to_owned()));
    applications.set_attributes(app, &map(&[("Enabled", "true")])).unwrap();
    applications.set_endpoint_attributes(&arn, &map(&[("Enabled", "true")])).unwrap();
    topics.publish_to_endpoint(&arn, "x").unwrap();
    let all = topics.outbox().list(&CapturedFilter::all(), None, 10).unwrap();
    assert_eq!(all.entries.len(), 1);
}

#[test]
fn a_token_has_one_endpoint_though_many_ask_for_it_at_a_time() {
    let (_, topics) = topics();
    let app = application(&topics, Platform::Gcm, "shop");
    let made: Vec<String> = std::thread::scope(|scope| {
        let make = || topics.applications().create_endpoint(&app, "token", None, &map(&[])).unwrap();
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(make)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(made.iter().all(|arn| *arn == made[0]));
    assert_eq!(topics.applications().endpoints(&app, None, 100).unwrap().entries.len(), 1);
}

#[test]
fn applications_survive_the_store_being_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let arn = endpoint(&open(&Engine::open(dir.path()).unwrap()), Platform::Gcm);
    let topics = open(&Engine::open(dir.path()).unwrap());
    assert_eq!(topics.applications().endpoint_attributes(&arn).unwrap()["Token"], "abcdef01");
    assert_eq!(endpoint(&topics, Platform::Gcm), arn);
}

#[test]
fn a_device_that_subscribed_gets_what_is_published_to_the_topic() {
    let (_, topics) = topics();
    let device = endpoint(&topics, Platform::Gcm);
    let topic = topics.create("news", &CreateOptions::default()).unwrap();
    let dead = topics.queue_endpoint("dead").address;
    let queues = Queues::open(topics.engine()).unwrap();
    let letters = queues.create("dead", &Default::default()).unwrap();
    let options = SubscribeOptions::default().dead_letter_queue(&dead);
    let id = topic.subscribe(&Endpoint::new(Protocol::Application, &device), &options).unwrap();
    topic.publish(structured(&[("default", "all"), ("GCM", "{\"data\":{}}")])).unwrap();
    topics.wait_until_idle();
    let sent = last(&topics);
    assert_eq!((sent.address.as_str(), sent.body.as_str()), (device.as_str(), "{\"data\":{}}"));
    assert!(sent.subscription_arn.unwrap().ends_with(&id.id().to_string()) && sent.topic_arn.is_some());
    topics.applications().set_endpoint_attributes(&device, &map(&[("Enabled", "false")])).unwrap();
    topic.publish("undelivered").unwrap();
    topics.wait_until_idle();
    assert_ne!(last(&topics).body, "undelivered");
    assert!(letters.receive(10, std::time::Duration::ZERO).unwrap()[0].body().contains("undelivered"));
}

#[test]
fn topics_are_told_of_an_applications_endpoints() {
    let engine = Engine::options().clock(Clock::manual(Timestamp::from_millis(1_700_000_000_000))).open().unwrap();
    let clock = engine.clock().clone();
    let queues = Queues::open(&engine).unwrap();
    let topics = Topics::open(&queues, &Streams::open(&engine).unwrap()).unwrap();
    let queue = queues.create("events", &Default::default()).unwrap();
    let topic = topics.create("events", &CreateOptions::default()).unwrap();
    let options = SubscribeOptions::default().raw_message_delivery(true);
    topic.subscribe(&topics.queue_endpoint("events"), &options).unwrap();
    let arn = "arn:aws:sns:us-east-1:000000000000:events";
    let app = application(&topics, Platform::Adm, "shop");
    let applications = topics.applications();
    let told = || -> Vec<serde_json::Value> {
        let messages = queue.receive(10, std::time::Duration::from_secs(0)).unwrap();
        messages.iter().map(|message| serde_json::from_str(message.body()).unwrap()).collect()
    };
    let none = map(&[]);
    let first = applications.create_endpoint(&app, "1", None, &none).unwrap();
    assert!(told().is_empty());
    let events = ["EventEndpointCreated", "EventEndpointUpdated", "EventEndpointDeleted"].map(|name| (name, arn));
    applications.set_attributes(&app, &map(&events)).unwrap();
    applications.create_endpoint(&app, "1", None, &none).unwrap();
    assert!(told().is_empty(), "it was there");
    let second = applications.create_endpoint(&app, "2", None, &none).unwrap();
    applications.set_endpoint_attributes(&first, &map(&[("Enabled", "false")])).unwrap();
    applications.delete_endpoint(&first).unwrap();
    applications.delete_endpoint(&first).unwrap();
    let event = |name: &str, endpoint: &str| {
        serde_json::json!({
            "EndpointArn": endpoint, "EventType": name, "Resource": app, "Service": "SNS", "Time": clock.now().to_string(),
        })
    };
    let mut found = told();
    found.sort_by_key(|event| event["EventType"].to_string());
    let expected =
        [event("EndpointCreated", &second), event("EndpointDeleted", &first), event("EndpointUpdated", &first)];
    assert_eq!(found, expected);
    // A topic that is not there is not told, and takes nothing away from what is done.
    for absent in ["none", "none.fifo"] {
        let settings = [("EventEndpointCreated", format!("arn:aws:sns:us-east-1:000000000000:{absent}"))];
        let settings = settings.map(|(name, arn)| (name.to_owned(), arn));
        applications.set_attributes(&app, &settings.into_iter().collect()).unwrap();
        applications.create_endpoint(&app, absent, None, &none).unwrap();
    }
}

#[test]
fn subjects_and_attributes_of_direct_messages_are_checked() {
    let (_, topics) = topics();
    let device = endpoint(&topics, Platform::Gcm);
    let error = topics.publish_to_endpoint(&device, PublishMessage::new("x").subject("a\nb")).unwrap_err();
    refused(&error, "Subject");
    let message = PublishMessage::new("x").attribute("a..b", MessageAttribute::string("v"));
    let error = topics.publish_to_phone("+12065550101", message).unwrap_err();
    assert_eq!(error.code(), "ParameterValueInvalid");
    let message = PublishMessage::new("x").attribute("a", MessageAttribute::string("v".repeat(256 << 10)));
    refused(&topics.publish_to_phone("+12065550101", message).unwrap_err(), "Message too long");
}
