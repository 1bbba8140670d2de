//! Topics: made, changed, listed, deleted.

use std::collections::BTreeMap;

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_pubsub::{CreateOptions, Error, Options, SubscribeOptions, Topic, Topics};
use millpond_queue::Queues;
use millpond_stream::Streams;
use serde_json::{Value, json};

pub(crate) const START: Timestamp = Timestamp::from_secs(1_700_000_000);

pub(crate) struct Service {
    pub(crate) engine: Engine,
    pub(crate) queues: Queues,
    pub(crate) topics: Topics,
}

/// A service in memory, whose clock stands still until it is moved.
pub(crate) fn service() -> Service {
    let engine = Engine::options().clock(Clock::manual(START)).open().unwrap();
    let queues = Queues::open(&engine).unwrap();
    let topics = Topics::open(&queues, &Streams::open(&engine).unwrap()).unwrap();
    Service { engine, queues, topics }
}

impl Service {
    pub(crate) fn topic(&self, name: &str) -> Topic {
        let options = CreateOptions::default();
        let options = if name.ends_with(".fifo") { options.attribute("FifoTopic", "true") } else { options };
        self.topics.create(name, &options).unwrap()
    }
}

pub(crate) fn said<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    format!("{}: {error}", error.code())
}

fn with(attributes: &[(&str, &str)]) -> CreateOptions {
    attributes.iter().fold(CreateOptions::default(), |options, (name, value)| options.attribute(*name, *value))
}

fn tags(tags: &[(&str, &str)]) -> BTreeMap<String, String> {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn json_of(attributes: &BTreeMap<String, String>, name: &str) -> Value {
    serde_json::from_str(&attributes[name]).unwrap()
}

#[test]
fn a_new_topic_shows_what_the_service_shows() {
    let service = service();
    let topic = service.topic("orders");
    let arn = "arn:aws:sns:us-east-1:000000000000:orders";
    assert_eq!((topic.name(), topic.arn().unwrap().as_str(), topic.is_fifo()), ("orders", arn, false));
    let shown = topic.attributes().unwrap();
    let names: Vec<&str> = shown.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "DisplayName",
            "EffectiveDeliveryPolicy",
            "Owner",
            "Policy",
            "SubscriptionsConfirmed",
            "SubscriptionsDeleted",
            "SubscriptionsPending",
            "TopicArn"
        ]
    );
    assert_eq!((shown["DisplayName"].as_str(), shown["Owner"].as_str()), ("", "000000000000"));
    assert_eq!(
        shown["EffectiveDeliveryPolicy"],
        r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}"#
    );
    assert_eq!(
        shown["Policy"],
        format!(
            r#"{{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{{"AWS":"*"}},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"{arn}","Condition":{{"StringEquals":{{"AWS:SourceOwner":"000000000000"}}}}}}]}}"#
        )
    );
    for counter in ["SubscriptionsConfirmed", "SubscriptionsDeleted", "SubscriptionsPending"] {
        assert_eq!(shown[counter], "0");
    }
}

#[test]
fn a_fifo_topic_shows_its_kind() {
    let service = service();
    let shown = service.topic("orders.fifo").attributes().unwrap();
    assert_eq!((shown["FifoTopic"].as_str(), shown["ContentBasedDeduplication"].as_str()), ("true", "false"));
    let standard = service.topics.create("plain", &with(&[("FifoTopic", "false")])).unwrap();
    assert!(!standard.attributes().unwrap().contains_key("FifoTopic"));
}

#[test]
fn names_are_letters_digits_underscores_and_hyphens() {
    let service = service();
    let longest = "x".repeat(256);
    for good in ["a", "A_b-3", &longest] {
        service.topics.create(good, &CreateOptions::default()).unwrap();
    }
    let too_long = "x".repeat(257);
    for bad in ["", &too_long, "a:b", "a;b", "a!", "a@b", "a|b", "a^", "a%", "a b", "a.b", "a.fifo", "ä"] {
        let refused = service.topics.create(bad, &CreateOptions::default());
        assert_eq!(said(refused), "InvalidParameter: Invalid parameter: Topic Name", "{bad}");
    }
    let too_long = format!("{}.fifo", "x".repeat(252));
    for bad in ["orders", ".fifo", "a.b.fifo", &too_long] {
        let refused = service.topics.create(bad, &with(&[("FifoTopic", "true")]));
        assert_eq!(said(refused), "InvalidParameter: Invalid parameter: Topic Name", "{bad}");
    }
}

#[test]
fn making_a_topic_again_gives_it_unless_more_is_asked_of_it() {
    let service = service();
    let made = with(&[("DisplayName", "Orders"), ("KmsMasterKeyId", "alias/key")]).tag("k1", "v1").tag("k2", "v2");
    service.topics.create("orders", &made).unwrap();
    for same in [
        CreateOptions::default(),
        made.clone(),
        with(&[("DisplayName", "Orders")]),
        CreateOptions::default().tag("k2", "v2"),
    ] {
        service.topics.create("orders", &same).unwrap();
    }
    let different =
        "InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with different attributes";
    for other in [with(&[("DisplayName", "Other")]), with(&[("SignatureVersion", "2")])] {
        assert_eq!(said(service.topics.create("orders", &other)), different);
    }
    let different = "InvalidParameter: Invalid parameter: Tags Reason: Topic already exists with different tags";
    for other in [made.clone().tag("k3", "v3"), CreateOptions::default().tag("k1", "v2")] {
        assert_eq!(said(service.topics.create("orders", &other)), different);
    }
    assert_eq!(service.topic("orders").tags().unwrap(), tags(&[("k1", "v1"), ("k2", "v2")]));
}

#[test]
fn attributes_are_checked_with_the_services_texts() {
    let service = service();
    let (standard, fifo) = (service.topic("orders"), service.topic("orders.fifo"));
    let cases = [
        (&standard, "FifoTopic", "false", "AttributeName"),
        (&standard, "TopicArn", "x", "AttributeName"),
        (&standard, "HTTPFeedback", "x", "AttributeName"),
        (&standard, "Policy", "", "Policy Error: null"),
        (&standard, "Policy", "[]", "Policy Error: null"),
        (
            &standard,
            "Policy",
            r#"{"Statement":[{"Action":["SNS:Publishx","SNS:Subscribe"]}]}"#,
            "Policy statement action out of service scope!",
        ),
        (
            &standard,
            "Policy",
            r#"{"Statement":{"Action":"sqs:SendMessage"}}"#,
            "Policy statement action out of service scope!",
        ),
        (
            &standard,
            "SQSSuccessFeedbackSampleRate",
            "500",
            "SQSSuccessFeedbackSampleRate: 500 value provided is not an integer between 0-100",
        ),
        (
            &standard,
            "DeliveryPolicy",
            r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":300}}}"#,
            "DeliveryPolicy: http.defaultHealthyRetryPolicy.numRetries must be less than or equal to 100",
        ),
        (
            &standard,
            "DeliveryPolicy",
            r#"{"throttlePolicy":{}}"#,
            "DeliveryPolicy: Unexpected JSON member: throttlePolicy",
        ),
        (&fifo, "ArchivePolicy", "", "ArchivePolicy: Unable to parse JSON"),
        (&fifo, "ArchivePolicy", r#"{"Days":"1"}"#, "ArchivePolicy: JSON is missing required fields"),
        (
            &fifo,
            "ArchivePolicy",
            r#"{"MessageRetentionPeriod":"0"}"#,
            "ArchivePolicy: MessageRetentionPeriod value is invalid",
        ),
        (
            &fifo,
            "ArchivePolicy",
            r#"{"MessageRetentionPeriod":366}"#,
            "ArchivePolicy: MessageRetentionPeriod value is invalid",
        ),
        (&standard, "ArchivePolicy", r#"{"MessageRetentionPeriod":1}"#, "AttributeName"),
        (&standard, "FifoThroughputScope", "Topic", "AttributeName"),
        (&standard, "TracingConfig", "On", "TracingConfig: Invalid value [On]."),
    ];
    for (topic, name, value, why) in cases {
        let refused = said(topic.set_attribute(name, value));
        assert_eq!(refused, format!("InvalidParameter: Invalid parameter: {why}"), "{name} {value}");
    }
    let refused = service.topics.create("other", &with(&[("SQSSuccessFeedbackSampleRate", "500")]));
    assert_eq!(
        said(refused),
        "InvalidParameter: Invalid parameter: Attributes Reason: SQSSuccessFeedbackSampleRate: 500 value provided is not an integer between 0-100"
    );
    let refused = service.topics.create("other", &with(&[("Colour", "red")]));
    assert_eq!(said(refused), "InvalidParameter: Invalid parameter: Attributes Reason: Unknown attribute Colour");
    for (name, value) in [
        ("SignatureVersion", "3"),
        ("TracingConfig", "On"),
        ("MaximumMessageSize", "1023"),
        ("MaximumMessageSize", "1048577"),
        ("MaximumMessageSize", "many"),
        ("DisplayName", &"x".repeat(101)),
        ("LambdaFailureFeedbackRoleArn", "arn:aws:sqs:us-east-1:0:q"),
    ] {
        assert_eq!(standard.set_attribute(name, value).unwrap_err().code(), "InvalidParameter", "{name}");
    }
    // However long a value is, what is said of it is short.
    for name in ["DisplayName", "SignatureVersion", "SQSSuccessFeedbackSampleRate", "HTTPSuccessFeedbackRoleArn"] {
        assert!(said(standard.set_attribute(name, &"ä".repeat(100_000))).len() < 500, "{name}");
    }
    let absent = service.topics.get("absent");
    assert_eq!(said(absent), "NotFound: Topic does not exist");
}

#[test]
fn what_was_set_is_shown_until_it_is_taken_away() {
    let service = service();
    let topic = service.topic("orders.fifo");
    let role = "arn:aws:iam::000000000000:role/feedback";
    let set = [
        ("DisplayName", "Orders"),
        ("KmsMasterKeyId", "alias/key"),
        ("SignatureVersion", "2"),
        ("TracingConfig", "Active"),
        ("ContentBasedDeduplication", "true"),
        ("FifoThroughputScope", "MessageGroup"),
        ("ArchivePolicy", r#"{"MessageRetentionPeriod":"30"}"#),
        ("MaximumMessageSize", "1024"),
        ("HTTPSuccessFeedbackRoleArn", role),
        ("FirehoseFailureFeedbackRoleArn", role),
        ("LambdaSuccessFeedbackSampleRate", "0"),
        ("ApplicationSuccessFeedbackSampleRate", "100"),
        (
            "Policy",
            r#"{"Statement":[{"Sid":"one","Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*"}]}"#,
        ),
    ];
    for (name, value) in set {
        topic.set_attribute(name, value).unwrap();
    }
    let shown = topic.attributes().unwrap();
    for (name, value) in set.iter().filter(|(name, _)| *name != "Policy") {
        assert_eq!(shown[*name], *value);
    }
    assert_eq!(json_of(&shown, "Policy")["Statement"][0]["Sid"], "one");
    assert_eq!(shown["BeginningArchiveTime"], "2023-11-14T22:13:20.000Z");
    for (name, value) in [("KmsMasterKeyId", ""), ("ArchivePolicy", "{}"), ("DisplayName", "")] {
        topic.set_attribute(name, value).unwrap();
    }
    let shown = topic.attributes().unwrap();
    assert!(["KmsMasterKeyId", "ArchivePolicy", "BeginningArchiveTime"].iter().all(|name| !shown.contains_key(*name)));
    assert_eq!(shown["DisplayName"], "");
}

#[test]
fn a_delivery_policy_is_shown_with_what_comes_of_it() {
    let service = service();
    let topic = service.topic("orders");
    topic
        .set_attribute(
            "DeliveryPolicy",
            r#"{"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1}}}"#,
        )
        .unwrap();
    let shown = topic.attributes().unwrap();
    assert_eq!(
        shown["DeliveryPolicy"],
        r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":6,"numRetries":1},"disableSubscriptionOverrides":false}}"#
    );
    let effective = json_of(&shown, "EffectiveDeliveryPolicy");
    assert_eq!(
        effective["http"]["defaultHealthyRetryPolicy"],
        json!({"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1, "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear"})
    );
    topic.set_attribute("DeliveryPolicy", r#"{"http":null}"#).unwrap();
    assert!(!topic.attributes().unwrap().contains_key("DeliveryPolicy"));
}

#[test]
fn permissions_are_statements_of_the_policy() {
    let service = service();
    let topic = service.topic("orders");
    let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    topic.add_permission("one", &strings(&["111111111111"]), &strings(&["Publish"])).unwrap();
    topic
        .add_permission("two", &strings(&["111111111111", "222222222222"]), &strings(&["Publish", "Subscribe"]))
        .unwrap();
    let arn = topic.arn().unwrap();
    let policy = topic.attributes().unwrap()["Policy"].clone();
    assert!(
        policy.ends_with(&format!(
            r#",{{"Sid":"one","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::111111111111:root"}},"Action":"SNS:Publish","Resource":"{arn}"}},{{"Sid":"two","Effect":"Allow","Principal":{{"AWS":["arn:aws:iam::111111111111:root","arn:aws:iam::222222222222:root"]}},"Action":["SNS:Publish","SNS:Subscribe"],"Resource":"{arn}"}}]}}"#
        )),
        "{policy}"
    );
    let again = topic.add_permission("one", &strings(&["111111111111"]), &strings(&["Publish"]));
    assert_eq!(said(again), "InvalidParameter: Invalid parameter: Statement already exists");
    let unknown = topic.add_permission("three", &strings(&["111111111111"]), &strings(&["NotAnAction"]));
    assert_eq!(said(unknown), "InvalidParameter: Invalid parameter: Policy statement action out of service scope!");
    topic.remove_permission("one").unwrap();
    // What was set is shown as it was set, and only the statements change.
    let other = service.topic("other");
    let given = r#"{ "Statement": {"Sid":"all","Action":"SNS:*","NotPrincipal":"x"}, "Note": 1 }"#;
    other.set_attribute("Policy", given).unwrap();
    assert_eq!(other.attributes().unwrap()["Policy"], given);
    other.add_permission("one", &strings(&["111111111111"]), &strings(&["Publish"])).unwrap();
    let changed = json_of(&other.attributes().unwrap(), "Policy");
    assert_eq!((&changed["Statement"][0]["NotPrincipal"], &changed["Note"]), (&json!("x"), &json!(1)));
    assert_eq!(changed["Statement"][1]["Sid"], "one");
    assert_eq!(said(topic.remove_permission("one")), "InvalidParameter: Invalid parameter: Statement does not exist");
    let shown = topic.attributes().unwrap();
    let left = json_of(&shown, "Policy")["Statement"].as_array().unwrap().len();
    assert_eq!(left, 2);
}

#[test]
fn a_topic_has_fifty_tags_at_most() {
    let service = service();
    let topic = service.topic("orders");
    let many: BTreeMap<String, String> = (0..50).map(|n| (format!("k{n}"), "v".into())).collect();
    topic.tag(&many).unwrap();
    topic.tag(&tags(&[("k0", "changed")])).unwrap();
    let quota = "TagLimitExceeded: Could not complete request: tag quota of per resource exceeded";
    assert_eq!(said(topic.tag(&tags(&[("one more", "v")]))), quota);
    assert_eq!((topic.tags().unwrap().len(), topic.tags().unwrap()["k0"].as_str()), (50, "changed"));
    topic.untag(&["k0".into(), "absent".into()]).unwrap();
    assert_eq!(topic.tags().unwrap().len(), 49);
    for (key, value) in
        [("", "v"), (&*"k".repeat(129), "v"), ("k", &*"v".repeat(257)), ("aws:k", "v"), ("k!", "v"), ("k", "{}")]
    {
        assert_eq!(topic.tag(&tags(&[(key, value)])).unwrap_err().code(), "InvalidParameter", "{key} {value}");
    }
    service.topics.delete("orders").unwrap();
    for gone in [topic.tags().map(drop), topic.tag(&BTreeMap::new()), topic.untag(&[])] {
        assert_eq!(said(gone), "ResourceNotFound: Resource does not exist");
    }
}

#[test]
fn a_data_protection_policy_is_kept() {
    let service = service();
    let topic = service.topic("orders");
    assert_eq!(topic.data_protection_policy().unwrap(), None);
    let policy = r#"{"Name":"policy","Version":"2021-06-01","Statement":[]}"#;
    topic.set_data_protection_policy(policy).unwrap();
    assert_eq!(topic.data_protection_policy().unwrap().as_deref(), Some(policy));
    assert_eq!(topic.set_data_protection_policy("not json").unwrap_err().code(), "InvalidParameter");
    assert_eq!(
        topic.set_data_protection_policy(&format!("{{\"x\":\"{}\"}}", "y".repeat(30_720))).unwrap_err().code(),
        "InvalidParameter"
    );
    let inward = r#"{"Statement":[{"DataDirection":"Inbxound"}]}"#;
    assert_eq!(
        said(topic.set_data_protection_policy(inward)),
        "InvalidParameter: Invalid parameter: DataProtectionPolicy Reason: Statement DataDirection must be either Inbound or Outbound"
    );
    topic.set_data_protection_policy("").unwrap();
    assert_eq!(topic.data_protection_policy().unwrap(), None);
}

#[test]
fn topics_are_listed_by_name_in_pages() {
    let service = service();
    for n in 0..250 {
        service.topic(&format!("topic-{n:03}"));
    }
    let mut after: Option<String> = None;
    let mut sizes = Vec::new();
    let mut names = Vec::new();
    loop {
        let page = service.topics.list(after.as_deref(), 100).unwrap();
        sizes.push(page.topics.len());
        names.extend(page.topics.into_iter().map(|topic| topic.name));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(names, (0..250).map(|n| format!("topic-{n:03}")).collect::<Vec<_>>());
    assert_eq!(service.topics.list(Some("topic-2490"), 100).unwrap().topics, []);
}

#[test]
fn a_deleted_topic_is_gone_with_its_subscriptions_and_can_be_made_anew() {
    let service = service();
    let topic = service.topics.create("orders", &CreateOptions::default().tag("k", "old")).unwrap();
    let subscribed = topic.subscribe(&service.topics.queue_endpoint("mails"), &SubscribeOptions::default()).unwrap();
    service.topics.delete("orders").unwrap();
    service.topics.delete("orders").unwrap();
    service.topics.delete("never was").unwrap();
    assert_eq!(said(topic.attributes()), "NotFound: Topic does not exist");
    assert_eq!(said(topic.publish("x")), "NotFound: Topic does not exist");
    assert_eq!(said(subscribed.attributes()), "NotFound: Subscription does not exist");
    assert_eq!(service.topics.subscriptions(None, 100).unwrap().subscriptions, []);

    let again = service.topics.create("orders", &CreateOptions::default().tag("k", "new")).unwrap();
    assert_eq!(again.attributes().unwrap()["SubscriptionsConfirmed"], "0");
    assert_eq!(again.subscriptions(None, 100).unwrap().subscriptions, []);
    assert_eq!(said(subscribed.attributes()), "NotFound: Subscription does not exist");
    let anew = again.subscribe(&service.topics.queue_endpoint("mails"), &SubscribeOptions::default()).unwrap();
    assert_ne!(anew.id(), subscribed.id());
    // What the old topic has left behind is cleared away, and nothing of the new one.
    assert_eq!(service.topics.maintain().unwrap(), 1);
    assert_eq!(service.topics.maintain().unwrap(), 0);
    assert_eq!(again.subscriptions(None, 100).unwrap().subscriptions.len(), 1);
    assert_eq!(service.topics.subscriptions(None, 100).unwrap().subscriptions.len(), 1);
}

#[test]
fn a_topic_that_keeps_its_messages_cannot_be_deleted() {
    let service = service();
    let topic = service.topic("orders.fifo");
    topic.set_attribute("ArchivePolicy", r#"{"MessageRetentionPeriod":1}"#).unwrap();
    let refused = said(service.topics.delete("orders.fifo"));
    assert_eq!(refused, "InvalidState: Invalid state: Cannot delete a topic with an ArchivePolicy");
    topic.set_attribute("ArchivePolicy", "{}").unwrap();
    service.topics.delete("orders.fifo").unwrap();
}

#[test]
fn arns_name_the_account_and_the_region() {
    let engine = Engine::in_memory();
    let queues = Queues::open(&engine).unwrap();
    let options = Options::default().account("123456789012").region("eu-west-1");
    let topics = Topics::open_with(&queues, &Streams::open(&engine).unwrap(), options).unwrap();
    let topic = topics.create("one", &CreateOptions::default()).unwrap();
    assert_eq!(topic.arn().unwrap(), "arn:aws:sns:eu-west-1:123456789012:one");
    let west = CreateOptions { region: Some("us-west-2".into()), ..CreateOptions::default() };
    assert_eq!(topics.create("two", &west).unwrap().arn().unwrap(), "arn:aws:sns:us-west-2:123456789012:two");
    let arns: Vec<String> = topics.list(None, 10).unwrap().topics.into_iter().map(|topic| topic.arn).collect();
    assert_eq!(arns, ["arn:aws:sns:eu-west-1:123456789012:one", "arn:aws:sns:us-west-2:123456789012:two"]);
    assert_eq!(topic.attributes().unwrap()["Owner"], "123456789012");
}

#[test]
fn changes_join_a_transaction_and_fail_with_it() {
    let service = service();
    let failed: Result<(), Error> = service.engine.transact(|tx| {
        let topic = service.topics.create_in(tx, "orders", &CreateOptions::default())?;
        topic.set_attribute_in(tx, "DisplayName", "Orders")?;
        topic.tag_in(tx, &tags(&[("k", "v")]))?;
        topic.subscribe_in(tx, &service.topics.queue_endpoint("mails"), &SubscribeOptions::default())?;
        Err(Error::NotFound { message: "never mind".into() })
    });
    assert_eq!(said(failed), "NotFound: never mind");
    assert_eq!(said(service.topics.get("orders")), "NotFound: Topic does not exist");
    let made: Result<Topic, Error> = service.engine.transact(|tx| {
        let topic = service.topics.create_in(tx, "orders", &CreateOptions::default())?;
        let subscribed =
            topic.subscribe_in(tx, &service.topics.queue_endpoint("mails"), &SubscribeOptions::default())?;
        // An error that the caller goes on from changes nothing.
        assert!(topic.set_attribute_in(tx, "Colour", "red").is_err());
        subscribed.set_attribute_in(tx, "RawMessageDelivery", "true")?;
        Ok(topic)
    });
    assert_eq!(made.unwrap().attributes().unwrap()["SubscriptionsConfirmed"], "1");
}

#[test]
fn topics_and_subscriptions_are_there_when_the_store_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let engine = Engine::open(folder.path()).unwrap();
        let queues = Queues::open(&engine).unwrap();
        let topics = Topics::open(&queues, &Streams::open(&engine).unwrap()).unwrap();
        (engine, topics)
    };
    let (engine, topics) = open();
    let topic = topics.create("orders", &with(&[("DisplayName", "Orders")]).tag("k", "v")).unwrap();
    topics.create("gone", &CreateOptions::default()).unwrap();
    topics.delete("gone").unwrap();
    let options = SubscribeOptions::default().filter_policy(r#"{"kind":["paid"]}"#);
    let subscribed = topic.subscribe(&topics.queue_endpoint("mails"), &options).unwrap();
    let before = (topic.attributes().unwrap(), subscribed.attributes().unwrap());
    let id = subscribed.id();
    drop((subscribed, topic));
    topics.stop();
    drop(topics);
    engine.close().unwrap();
    let (_engine, topics) = open();
    let topic = topics.get("orders").unwrap();
    assert_eq!((topic.attributes().unwrap(), topics.subscription(id).unwrap().attributes().unwrap()), before);
    assert_eq!(topics.list(None, 10).unwrap().topics.len(), 1);
    // Ids are not given again.
    topics.create("gone", &CreateOptions::default()).unwrap();
    assert_eq!(topics.get("gone").unwrap().subscriptions(None, 10).unwrap().subscriptions, []);
}
