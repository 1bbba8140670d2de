//! Subscriptions: made, changed, listed, ended.

use std::{collections::HashSet, time::Duration};

use millpond_pubsub::{Endpoint, Protocol, SubscribeOptions, Subscription, SubscriptionId, Topic};

use crate::topics::{said, service};

fn with(attributes: &[(&str, &str)]) -> SubscribeOptions {
    attributes.iter().fold(SubscribeOptions::default(), |options, (name, value)| options.attribute(*name, *value))
}

fn queue(name: &str) -> Endpoint {
    Endpoint::new(Protocol::Sqs, format!("arn:aws:sqs:us-east-1:000000000000:{name}"))
}

fn subscribe(topic: &Topic, protocol: Protocol, address: &str) -> Subscription {
    topic.subscribe(&Endpoint::new(protocol, address), &SubscribeOptions::default()).unwrap()
}

#[test]
fn a_queue_is_subscribed_at_once_and_shows_what_the_service_shows() {
    let service = service();
    let topic = service.topic("orders");
    // Whether there is such a queue is not asked.
    let subscribed = topic.subscribe(&queue("mails"), &SubscribeOptions::default()).unwrap();
    assert!(subscribed.is_confirmed().unwrap());
    let arn = format!("arn:aws:sns:us-east-1:000000000000:orders:{}", subscribed.id());
    assert_eq!((subscribed.arn(), subscribed.topic().name()), (arn.as_str(), "orders"));
    let shown: Vec<(String, String)> = subscribed.attributes().unwrap().into_iter().collect();
    let shown: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("ConfirmationWasAuthenticated", "true"),
            ("Endpoint", "arn:aws:sqs:us-east-1:000000000000:mails"),
            ("Owner", "000000000000"),
            ("PendingConfirmation", "false"),
            ("Protocol", "sqs"),
            ("RawMessageDelivery", "false"),
            ("SubscriptionArn", arn.as_str()),
            ("SubscriptionPrincipal", "arn:aws:iam::000000000000:root"),
            ("TopicArn", "arn:aws:sns:us-east-1:000000000000:orders"),
        ]
    );
    assert_eq!(topic.attributes().unwrap()["SubscriptionsConfirmed"], "1");
}

#[test]
fn endpoints_are_checked_with_the_services_texts() {
    let service = service();
    let (standard, fifo) = (service.topic("orders"), service.topic("orders.fifo"));
    let cases = [
        (&standard, Protocol::Sqs, "http://localhost/000000000000/q", "Invalid parameter: SQS endpoint ARN"),
        (&standard, Protocol::Sqs, "arn:aws:sqs:us-east-1:1", "Invalid parameter: SQS endpoint ARN"),
        (&standard, Protocol::Sqs, "arn:aws:lambda:us-east-1:1:function:f", "Invalid parameter: SQS endpoint ARN"),
        (&standard, Protocol::Lambda, "f", "Invalid parameter: Lambda endpoint ARN"),
        (&standard, Protocol::Firehose, "f", "Invalid parameter: Firehose endpoint ARN"),
        (
            &standard,
            Protocol::Application,
            "invalid arn",
            "Invalid parameter: Application endpoint arn invalid:invalid arn",
        ),
        (
            &standard,
            Protocol::Http,
            "https://localhost",
            "Invalid parameter: Endpoint must match the specified protocol",
        ),
        (
            &standard,
            Protocol::Https,
            "http://localhost",
            "Invalid parameter: Endpoint must match the specified protocol",
        ),
        (&standard, Protocol::Email, "this is not an email", "Invalid parameter: Email address"),
        (&standard, Protocol::EmailJson, "a;b@c;d", "Invalid parameter: Email address"),
        (&standard, Protocol::Sms, "NAA+15551234567", "Invalid SMS endpoint: NAA+15551234567"),
        (&standard, Protocol::Sms, "invalid-number", "Invalid SMS endpoint: invalid-number"),
        (
            &standard,
            Protocol::Sqs,
            "arn:aws:sqs:us-east-1:000000000000:q.fifo",
            "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
        ),
        (
            &fifo,
            Protocol::Lambda,
            "arn:aws:lambda:us-east-1:1:function:f",
            "Invalid parameter: Invalid protocol type: lambda",
        ),
        (&fifo, Protocol::Sms, "+15551234567", "Invalid parameter: Invalid protocol type: sms"),
        (&fifo, Protocol::Email, "a@b", "Invalid parameter: Invalid protocol type: email"),
    ];
    for (topic, protocol, address, why) in cases {
        let refused = topic.subscribe(&Endpoint::new(protocol, address), &SubscribeOptions::default());
        assert_eq!(said(refused), format!("InvalidParameter: {why}"), "{address}");
    }
    for hostile in [String::new(), "x".repeat(10_000), "a\u{0}b@c".into(), "arn:aws:sqs:::".into()] {
        for protocol in Protocol::ALL {
            let refused = standard.subscribe(&Endpoint::new(protocol, hostile.clone()), &SubscribeOptions::default());
            assert_eq!(refused.unwrap_err().code(), "InvalidParameter");
        }
    }
    let absent = "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/app/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
    let refused = standard.subscribe(&Endpoint::new(Protocol::Application, absent), &SubscribeOptions::default());
    assert_eq!(
        said(refused),
        format!(
            "InvalidParameter: Invalid parameter: Endpoint Reason: Endpoint does not exist for endpoint arn{absent}"
        )
    );
    // Both kinds of queues may have the messages of a first-in-first-out topic.
    fifo.subscribe(&queue("q.fifo"), &SubscribeOptions::default()).unwrap();
    fifo.subscribe(&queue("q"), &SubscribeOptions::default()).unwrap();
    service.topics.delete("orders").unwrap();
    assert_eq!(said(standard.subscribe(&queue("q"), &SubscribeOptions::default())), "NotFound: Topic does not exist");
}

#[test]
fn those_of_the_account_are_confirmed_and_others_wait_for_it() {
    let service = service();
    let topic = service.topic("orders");
    for (protocol, address) in
        [(Protocol::Lambda, "arn:aws:lambda:us-east-1:000000000000:function:resize"), (Protocol::Sms, "+15551234567")]
    {
        assert!(subscribe(&topic, protocol, address).is_confirmed().unwrap(), "{protocol}");
    }
    let role = with(&[("SubscriptionRoleArn", "arn:aws:iam::000000000000:role/deliver")]);
    assert!(topic.subscribe(&service.topics.stream_endpoint("log"), &role).unwrap().is_confirmed().unwrap());
    let mail = subscribe(&topic, Protocol::Email, "user@example.com");
    let json_mail = subscribe(&topic, Protocol::EmailJson, "user@example.com");
    assert_ne!(mail.id(), json_mail.id());
    assert!(!mail.is_confirmed().unwrap());
    let shown = mail.attributes().unwrap();
    assert_eq!(
        (shown["PendingConfirmation"].as_str(), shown["ConfirmationWasAuthenticated"].as_str()),
        ("true", "false")
    );
    let counts = topic.attributes().unwrap();
    assert_eq!((counts["SubscriptionsConfirmed"].as_str(), counts["SubscriptionsPending"].as_str()), ("3", "2"));
    let listed = topic.subscriptions(None, 10).unwrap().subscriptions;
    assert_eq!(listed.iter().filter(|listed| listed.is_confirmed).count(), 3);
    assert_eq!(said(service.topics.confirm("randomtoken", false)), "InvalidParameter: Invalid token");
    assert_eq!(said(service.topics.confirm(&"51".repeat(144), false)), "InvalidParameter: Invalid parameter: Token");
}

#[test]
fn what_nobody_confirms_vanishes_after_two_days() {
    let service = service();
    let topic = service.topic("orders");
    let mail = subscribe(&topic, Protocol::Email, "user@example.com");
    topic.subscribe(&queue("mails"), &SubscribeOptions::default()).unwrap();
    service.engine.clock().advance(Duration::from_secs(2 * 86_400 - 1)).unwrap();
    assert_eq!(service.topics.maintain().unwrap(), 0);
    assert!(!mail.is_confirmed().unwrap());
    service.engine.clock().advance(Duration::from_secs(1)).unwrap();
    // It cannot be seen any more, whether it was cleared away or not.
    assert_eq!(said(mail.attributes()), "NotFound: Subscription does not exist");
    assert_eq!(topic.subscriptions(None, 10).unwrap().subscriptions.len(), 1);
    assert_eq!(service.topics.subscriptions(None, 10).unwrap().subscriptions.len(), 1);
    let again = subscribe(&topic, Protocol::Email, "user@example.com");
    assert_ne!(again.id(), mail.id());
    subscribe(&topic, Protocol::Email, "other@example.com");
    service.engine.clock().advance(Duration::from_secs(2 * 86_400)).unwrap();
    assert_eq!(service.topics.maintain().unwrap(), 2);
    assert_eq!(service.topics.maintain().unwrap(), 0);
    let counts = topic.attributes().unwrap();
    assert_eq!((counts["SubscriptionsConfirmed"].as_str(), counts["SubscriptionsPending"].as_str()), ("1", "0"));
}

#[test]
fn subscribing_again_gives_the_same_subscription_unless_other_attributes_are_asked_for() {
    let service = service();
    let topic = service.topic("orders");
    let policy = r#"{"kind":["paid"]}"#;
    let asked = with(&[("RawMessageDelivery", "true"), ("FilterPolicy", policy)]);
    let first = topic.subscribe(&queue("mails"), &asked).unwrap();
    for same in [
        asked.clone(),
        SubscribeOptions::default(),
        with(&[("RawMessageDelivery", "TRUE")]),
        with(&[("FilterPolicy", policy)]),
        with(&[("FilterPolicyScope", "MessageAttributes")]),
    ] {
        assert_eq!(topic.subscribe(&queue("mails"), &same).unwrap().id(), first.id());
    }
    let different =
        "InvalidParameter: Invalid parameter: Attributes Reason: Subscription already exists with different attributes";
    for other in [
        with(&[("RawMessageDelivery", "false")]),
        with(&[("FilterPolicy", r#"{"kind":["new"]}"#)]),
        with(&[("FilterPolicyScope", "MessageBody")]),
    ] {
        assert_eq!(said(topic.subscribe(&queue("mails"), &other)), different);
    }
    let pending = subscribe(&topic, Protocol::Email, "user@example.com");
    assert_eq!(subscribe(&topic, Protocol::Email, "user@example.com").id(), pending.id());
    assert_eq!(topic.subscriptions(None, 10).unwrap().subscriptions.len(), 2);
    assert_eq!(topic.attributes().unwrap()["SubscriptionsConfirmed"], "1");
}

#[test]
fn attributes_are_checked_with_the_services_texts() {
    let service = service();
    for name in ["dead", "dead.fifo"] {
        service.queues.create(name, &Default::default()).unwrap();
    }
    let topic = service.topic("orders");
    let queued = topic.subscribe(&queue("mails"), &SubscribeOptions::default()).unwrap();
    let function = subscribe(&topic, Protocol::Lambda, "arn:aws:lambda:us-east-1:000000000000:function:f");
    let fifo = service.topic("orders.fifo").subscribe(&queue("q.fifo"), &SubscribeOptions::default()).unwrap();
    let unexpected = "Unexpected character ('i' (code 105)): was expecting double-quote to start field name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]";
    let cases = [
        (&queued, "Colour", "red", "AttributeName".to_owned()),
        (
            &queued,
            "RawMessageDelivery",
            "test-ValUe",
            "RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false.".into(),
        ),
        (&queued, "RawMessageDelivery", "", "RawMessageDelivery: Invalid value []. Must be true or false.".into()),
        (
            &function,
            "RawMessageDelivery",
            "true",
            "Delivery protocol [lambda] does not support raw message delivery.".into(),
        ),
        (
            &queued,
            "FilterPolicyScope",
            "RandomValue",
            "FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes".into(),
        ),
        (&queued, "FilterPolicy", "{invalidjson}", format!("FilterPolicy: failed to parse JSON. {unexpected}")),
        (
            &queued,
            "FilterPolicy",
            r#"{"object":{"key":["x"]}}"#,
            "Filter policy scope MessageAttributes does not support nested filter policy".into(),
        ),
        (&queued, "RedrivePolicy", "{invalidjson}", format!("RedrivePolicy: failed to parse JSON. {unexpected}")),
        (
            &queued,
            "RedrivePolicy",
            r#"{"deadLetterTargetArn":"fake-arn"}"#,
            "RedrivePolicy: deadLetterTargetArn is an invalid arn".into(),
        ),
        (
            &queued,
            "RedrivePolicy",
            r#"{"maxReceiveCount":3,"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}"#,
            "RedrivePolicy: invalid JSON. Attribute maxReceiveCount is unknown.".into(),
        ),
        (
            &queued,
            "RedrivePolicy",
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:absent"}"#,
            "RedrivePolicy: deadLetterTargetArn is an invalid arn".into(),
        ),
        (
            &fifo,
            "RedrivePolicy",
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}"#,
            "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.".into(),
        ),
    ];
    for (subscription, name, value, why) in &cases {
        let refused = said(subscription.set_attribute(name, value));
        assert_eq!(refused, format!("InvalidParameter: Invalid parameter: {why}"), "{name} {value}");
    }
    let refused = topic.subscribe(&queue("other"), &with(&[("RawMessageDelivery", "wrongvalue")]));
    assert_eq!(
        said(refused),
        "InvalidParameter: Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false."
    );
    let refused = topic.subscribe(&queue("other"), &with(&[("Colour", "red")]));
    assert_eq!(said(refused), "InvalidParameter: Invalid parameter: Attributes Reason: AttributeName");
    let mail = Endpoint::new(Protocol::Email, "user@example.com");
    let refused = topic.subscribe(&mail, &with(&[("DeliveryPolicy", "{}"), ("RawMessageDelivery", "true")]));
    assert_eq!(
        said(refused),
        "InvalidParameter: Invalid parameter: Attributes Reason: Delivery protocol [email] does not support raw message delivery."
    );
    let refused = topic.subscribe(&service.topics.stream_endpoint("log"), &SubscribeOptions::default());
    assert_eq!(refused.unwrap_err().code(), "InvalidParameter");
    queued.unsubscribe().unwrap();
    assert_eq!(said(queued.set_attribute("RawMessageDelivery", "true")), "NotFound: Subscription does not exist");
}

#[test]
fn what_was_set_is_shown_until_it_is_taken_away() {
    let service = service();
    service.queues.create("dead", &Default::default()).unwrap();
    let topic = service.topic("orders");
    let subscribed = topic.subscribe(&queue("mails"), &SubscribeOptions::default()).unwrap();
    subscribed.set_attribute("FilterPolicyScope", "MessageBody").unwrap();
    // The scope is not shown without a policy, and not forgotten.
    assert!(!subscribed.attributes().unwrap().contains_key("FilterPolicyScope"));
    let nested = r#"{"object":{"key":[{"prefix":"auto-"}]}}"#;
    let dead = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}"#;
    for (name, value) in [("FilterPolicy", nested), ("RedrivePolicy", dead), ("RawMessageDelivery", "True")] {
        subscribed.set_attribute(name, value).unwrap();
    }
    let shown = subscribed.attributes().unwrap();
    assert_eq!((shown["FilterPolicy"].as_str(), shown["FilterPolicyScope"].as_str()), (nested, "MessageBody"));
    assert_eq!((shown["RedrivePolicy"].as_str(), shown["RawMessageDelivery"].as_str()), (dead, "true"));
    // A policy that the other scope does not allow keeps the scope.
    assert!(subscribed.set_attribute("FilterPolicyScope", "MessageAttributes").is_err());
    subscribed.set_attribute("FilterPolicy", "{}").unwrap();
    subscribed.set_attribute("RedrivePolicy", "").unwrap();
    let shown = subscribed.attributes().unwrap();
    assert!(["FilterPolicy", "FilterPolicyScope", "RedrivePolicy"].iter().all(|name| !shown.contains_key(*name)));
}

#[cfg(feature = "http")]
#[test]
fn an_address_shows_the_delivery_policy_that_comes_of_its_own_and_its_topics() {
    let service = service();
    let topic = service.topic("orders");
    let json_content = r#"{"http":{"defaultRequestPolicy":{"headerContentType":"application/json"}}}"#;
    topic.set_attribute("DeliveryPolicy", json_content).unwrap();
    let own = r#"{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":0},"throttlePolicy":{"maxReceivesPerSecond":1000}}"#;
    let address = Endpoint::new(Protocol::Http, "http://localhost/x");
    let subscribed = topic.subscribe(&address, &with(&[("DeliveryPolicy", own)])).unwrap();
    let retry = r#""healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":0,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"sicklyRetryPolicy":null,"throttlePolicy":{"maxReceivesPerSecond":1000}"#;
    let shown = subscribed.attributes().unwrap();
    assert_eq!(shown["DeliveryPolicy"], format!(r#"{{{retry},"requestPolicy":null,"guaranteed":false}}"#));
    assert_eq!(
        shown["EffectiveDeliveryPolicy"],
        format!(r#"{{{retry},"requestPolicy":{{"headerContentType":"application/json"}},"guaranteed":false}}"#)
    );
    let no_overrides = r#"{"http":{"disableSubscriptionOverrides":true}}"#;
    topic.set_attribute("DeliveryPolicy", no_overrides).unwrap();
    let shown = subscribed.attributes().unwrap();
    assert_eq!(
        shown["EffectiveDeliveryPolicy"],
        r#"{"healthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"sicklyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false}"#
    );
    let too_short = r#"{"healthyRetryPolicy":{"minDelayTarget":0,"maxDelayTarget":0,"numRetries":0}}"#;
    assert_eq!(
        said(subscribed.set_attribute("DeliveryPolicy", too_short)),
        "InvalidParameter: Invalid parameter: DeliveryPolicy: healthyRetryPolicy.minDelayTarget must be greater than or equal to 1"
    );
    let csv = r#"{"requestPolicy":{"headerContentType":"text/csv"}}"#;
    assert!(subscribed.set_attribute("DeliveryPolicy", csv).is_err());
    subscribed.set_attribute("RawMessageDelivery", "true").unwrap();
    subscribed.set_attribute("DeliveryPolicy", csv).unwrap();
}

#[test]
fn a_topic_has_two_hundred_filter_policies_of_the_services_forms() {
    let service = service();
    let topic = service.topic("orders");
    let filtered = with(&[("FilterPolicy", r#"{"kind":["paid"]}"#)]);
    let subscribed: Vec<Subscription> =
        (0..200).map(|n| topic.subscribe(&queue(&format!("q{n}")), &filtered).unwrap()).collect();
    let refused = topic.subscribe(&queue("more"), &filtered);
    assert_eq!(refused.unwrap_err().code(), "FilterPolicyLimitExceeded");
    let plain = topic.subscribe(&queue("more"), &SubscribeOptions::default()).unwrap();
    let set = |subscription: &Subscription, policy| subscription.set_attribute("FilterPolicy", policy);
    assert_eq!(set(&plain, r#"{"kind":["paid"]}"#).unwrap_err().code(), "FilterPolicyLimitExceeded");
    // One that has a policy can have another; the Rust interface has no such limit.
    set(&subscribed[0], r#"{"kind":["new"]}"#).unwrap();
    let all_forms = SubscribeOptions::default().filter_policy(r#"{"kind":[{"wildcard":"p*d"}]}"#);
    topic.subscribe(&queue("wild"), &all_forms).unwrap();
    subscribed[1].unsubscribe().unwrap();
    set(&plain, r#"{"kind":["paid"]}"#).unwrap();
    set(&subscribed[2], "{}").unwrap();
    topic.subscribe(&queue("last"), &filtered).unwrap();
    assert_eq!(topic.subscribe(&queue("q2"), &SubscribeOptions::default()).unwrap().id(), subscribed[2].id());
}

#[test]
fn forms_that_the_service_refuses_are_for_the_rust_interface() {
    let service = service();
    let topic = service.topic("orders");
    let wildcard = r#"{"kind":[{"wildcard":"p*d"}]}"#;
    assert!(topic.subscribe(&queue("q"), &with(&[("FilterPolicy", wildcard)])).is_err());
    let subscribed = topic.subscribe(&queue("q"), &SubscribeOptions::default()).unwrap();
    assert!(subscribed.set_attribute("FilterPolicy", wildcard).is_err());
    subscribed.set_filter_policy(wildcard).unwrap();
    assert_eq!(subscribed.attributes().unwrap()["FilterPolicy"], wildcard);
    subscribed.set_attribute("RawMessageDelivery", "true").unwrap();
    subscribed.set_attribute("FilterPolicyScope", "MessageBody").unwrap();
    // What is set as the service does has the service's forms, whatever was there before.
    assert!(subscribed.set_attribute("FilterPolicy", wildcard).is_err());
    subscribed.set_attribute("FilterPolicy", r#"{"kind":["paid"]}"#).unwrap();
    assert!(subscribed.set_attribute("FilterPolicy", wildcard).is_err());
}

#[test]
fn large_messages_are_for_few_queues_streams_and_functions() {
    let service = service();
    let topic = service.topic("orders");
    let mail = subscribe(&topic, Protocol::Email, "user@example.com");
    assert_eq!(topic.set_attribute("MaximumMessageSize", "1048576").unwrap_err().code(), "InvalidParameter");
    topic.set_attribute("MaximumMessageSize", "262144").unwrap();
    mail.unsubscribe().unwrap();
    topic.set_attribute("MaximumMessageSize", "1048576").unwrap();
    let refused = topic.subscribe(&Endpoint::new(Protocol::Email, "user@example.com"), &SubscribeOptions::default());
    assert_eq!(refused.unwrap_err().code(), "InvalidParameter");
    for n in 0..100 {
        topic.subscribe(&queue(&format!("q{n}")), &SubscribeOptions::default()).unwrap();
    }
    let refused = topic.subscribe(&queue("more"), &SubscribeOptions::default());
    assert_eq!(refused.unwrap_err().code(), "SubscriptionLimitExceeded");
    topic.set_attribute("MaximumMessageSize", "").unwrap();
    topic.subscribe(&queue("more"), &SubscribeOptions::default()).unwrap();
    assert_eq!(topic.set_attribute("MaximumMessageSize", "262145").unwrap_err().code(), "InvalidParameter");
}

#[test]
fn subscriptions_are_listed_in_pages() {
    let service = service();
    let (one, two) = (service.topic("one"), service.topic("two"));
    for n in 0..130 {
        one.subscribe(&queue(&format!("q{n}")), &SubscribeOptions::default()).unwrap();
        two.subscribe(&queue(&format!("q{n}")), &SubscribeOptions::default()).unwrap();
    }
    let pages = |list: &dyn Fn(Option<SubscriptionId>) -> millpond_pubsub::SubscriptionPage| {
        let (mut sizes, mut ids, mut after) = (Vec::new(), HashSet::new(), None);
        loop {
            let page = list(after);
            sizes.push(page.subscriptions.len());
            ids.extend(page.subscriptions.iter().map(|listed| listed.id));
            after = page.next;
            if after.is_none() {
                return (sizes, ids.len());
            }
        }
    };
    assert_eq!(pages(&|after| one.subscriptions(after, 100).unwrap()), (vec![100, 30], 130));
    assert_eq!(pages(&|after| one.subscriptions(after, 130).unwrap()), (vec![130], 130));
    assert_eq!(pages(&|after| service.topics.subscriptions(after, 100).unwrap()), (vec![100, 100, 60], 260));
    let listed = one.subscriptions(None, 1).unwrap().subscriptions.remove(0);
    assert_eq!(listed.topic_arn, "arn:aws:sns:us-east-1:000000000000:one");
    assert_eq!(listed.arn, format!("{}:{}", listed.topic_arn, listed.id));
    assert_eq!((listed.owner.as_str(), listed.endpoint.protocol), ("000000000000", Protocol::Sqs));
    assert_eq!(service.topics.subscription(listed.id).unwrap().arn(), listed.arn);
    service.topics.delete("one").unwrap();
    assert_eq!(said(one.subscriptions(None, 1)), "NotFound: Topic does not exist");
    assert_eq!(pages(&|after| service.topics.subscriptions(after, 100).unwrap()), (vec![100, 30], 130));
    assert_eq!(service.topics.maintain().unwrap(), 130);
}

#[cfg(not(feature = "http"))]
#[test]
fn an_address_is_refused_where_nothing_delivers_over_http() {
    let service = service();
    let address = Endpoint::new(Protocol::Http, "http://localhost/x");
    let refused = service.topic("orders").subscribe(&address, &SubscribeOptions::default());
    assert_eq!(refused.unwrap_err().code(), "InvalidParameter");
}

#[test]
fn unsubscribing_ends_it_and_twice_is_no_error() {
    let service = service();
    let topic = service.topic("orders");
    let subscribed = topic.subscribe(&queue("mails"), &SubscribeOptions::default()).unwrap();
    let by_id = topic.subscribe(&queue("others"), &SubscribeOptions::default()).unwrap();
    subscribed.unsubscribe().unwrap();
    subscribed.unsubscribe().unwrap();
    service.topics.unsubscribe(by_id.id()).unwrap();
    service.topics.unsubscribe(by_id.id()).unwrap();
    assert_eq!(said(subscribed.attributes()), "NotFound: Subscription does not exist");
    assert_eq!(said(service.topics.subscription(by_id.id())), "NotFound: Subscription does not exist");
    assert_eq!(topic.subscriptions(None, 10).unwrap().subscriptions, []);
    let counts = topic.attributes().unwrap();
    assert_eq!((counts["SubscriptionsConfirmed"].as_str(), counts["SubscriptionsDeleted"].as_str()), ("0", "2"));
    let again = topic.subscribe(&queue("mails"), &SubscribeOptions::default()).unwrap();
    assert_ne!(again.id(), subscribed.id());
}

#[test]
fn an_id_reads_as_it_is_shown() {
    let service = service();
    let subscribed = service.topic("orders").subscribe(&queue("mails"), &SubscribeOptions::default()).unwrap();
    assert_eq!(subscribed.id().to_string().parse::<SubscriptionId>().unwrap(), subscribed.id());
    assert!("PendingConfirmation".parse::<SubscriptionId>().is_err());
}

#[test]
fn threads_that_subscribe_one_endpoint_have_one_subscription() {
    let service = service();
    let topic = service.topic("orders");
    let filtered = with(&[("FilterPolicy", r#"{"kind":["paid"]}"#)]);
    let ids: HashSet<(usize, SubscriptionId)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let (topic, filtered) = (&topic, &filtered);
                scope.spawn(move || {
                    let subscribe = |n: usize| topic.subscribe(&queue(&format!("q{n}")), filtered).unwrap().id();
                    (0..30).map(|n| (n + thread) % 30).map(|n| (n, subscribe(n))).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 30);
    assert_eq!(topic.attributes().unwrap()["SubscriptionsConfirmed"], "30");
    assert_eq!(topic.subscriptions(None, 100).unwrap().subscriptions.len(), 30);
}

#[test]
fn ten_thousand_subscriptions_are_subscribed_listed_and_cleared_away() {
    let service = service();
    let topic = service.topic("orders");
    for n in 0..10_000 {
        topic.subscribe(&queue(&format!("q{n}")), &SubscribeOptions::default()).unwrap();
    }
    assert_eq!(topic.attributes().unwrap()["SubscriptionsConfirmed"], "10000");
    let (mut count, mut after) = (0, None);
    loop {
        let page = topic.subscriptions(after, 1000).unwrap();
        count += page.subscriptions.len();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(count, 10_000);
    service.topics.delete("orders").unwrap();
    assert_eq!(service.topics.maintain().unwrap(), 10_000);
}
