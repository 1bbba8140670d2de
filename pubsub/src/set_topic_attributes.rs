//! The attributes of a topic: what they may be, and what is shown of them.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>

use std::collections::BTreeMap;

use millpond_engine::{Read, Transaction};
use serde_json::Value;

use crate::{
    Error, Result, archive, check,
    delivery_policy::{self, DeliveryPolicy},
    large_messages,
    layout::Counted,
    policy::{self, Document},
    shared::Shared,
};

/// What the longest message of a topic may be, in bytes.
const MESSAGE_BYTES: std::ops::RangeInclusive<u64> = 1024..=1 << 20;
/// What is said of an attribute that topics of the kind do not have.
pub(crate) const UNKNOWN: &str = "AttributeName";

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, topic: &str, name: &str, value: &str) -> Result<()> {
    let mut record = shared.need(tx, topic)?;
    if name == "FifoTopic" {
        return Err(Error::parameter("AttributeName"));
    }
    let value = checked(topic, name, value)?;
    if name == "MaximumMessageSize" {
        large_messages::check_topic(shared, tx, &record, &value)?;
    }
    match value.is_empty() {
        true => record.attributes.remove(name),
        false => record.attributes.insert(name.to_owned(), value),
    };
    archive::begin(shared, tx, &record)?;
    shared.keep(tx, &record)
}

/// An attribute's value, as it is kept. An empty one takes it away.
pub(crate) fn checked(topic: &str, name: &str, value: &str) -> Result<String> {
    let is_fifo = topic.ends_with(".fifo");
    let is_good = match name {
        "DisplayName" => value.chars().count() <= 100 && !value.contains(['\n', '\r']),
        "Policy" => return policy(value),
        "DeliveryPolicy" if value.is_empty() => true,
        "DeliveryPolicy" => return delivery_policy(value),
        "KmsMasterKeyId" => value.len() <= 2048,
        "SignatureVersion" => matches!(value, "1" | "2"),
        "TracingConfig" => matches!(value, "PassThrough" | "Active"),
        "MaximumMessageSize" => {
            value.is_empty() || value.parse().is_ok_and(|bytes: u64| MESSAGE_BYTES.contains(&bytes))
        }
        "FifoTopic" => return boolean(name, value),
        "ContentBasedDeduplication" if is_fifo => return boolean(name, value),
        "FifoThroughputScope" if is_fifo => matches!(value, "Topic" | "MessageGroup"),
        "ArchivePolicy" if is_fifo => return archive_policy(value),
        "ContentBasedDeduplication" if value == "false" => true,
        _ => return delivery_status(name, value),
    };
    match is_good {
        true => Ok(value.to_owned()),
        false => Err(check::invalid_value(name, value)),
    }
}

fn boolean(name: &str, value: &str) -> Result<String> {
    let known = check::boolean(value).map(|value| value.to_string());
    known.ok_or_else(|| check::invalid_value(name, value))
}

fn delivery_policy(value: &str) -> Result<String> {
    let policy = DeliveryPolicy::of_topic(value).map_err(Error::parameter)?;
    policy.map_or(Ok(String::new()), |policy| policy.text_of_topic())
}

fn policy(value: &str) -> Result<String> {
    let document = check::object(value).and_then(|_| Document::parse(value));
    let document = document.ok_or_else(|| Error::parameter("Policy Error: null"))?;
    match document.is_in_scope() {
        true => Ok(value.to_owned()),
        false => Err(Error::parameter(policy::OUT_OF_SCOPE)),
    }
}

/// Where the service would log what it delivered: kept, and nothing is done by it.
fn delivery_status(name: &str, value: &str) -> Result<String> {
    let protocols = ["HTTP", "Firehose", "Lambda", "Application", "SQS"];
    let kind = protocols.iter().find_map(|protocol| name.strip_prefix(protocol));
    match kind {
        Some("SuccessFeedbackRoleArn" | "FailureFeedbackRoleArn") => {
            if !value.is_empty() && !check::is_role(value) {
                let why = format!("{name}: {} value provided is not a valid role ARN", check::cut(value));
                return Err(Error::parameter(why));
            }
        }
        Some("SuccessFeedbackSampleRate") => {
            let is_percentage = value.is_empty() || value.parse().is_ok_and(|percent: u8| percent <= 100);
            if !is_percentage {
                let why = format!("{name}: {} value provided is not an integer between 0-100", check::cut(value));
                return Err(Error::parameter(why));
            }
        }
        _ => return Err(Error::parameter(UNKNOWN)),
    }
    Ok(value.to_owned())
}

/// For how many days messages are kept to be replayed: 1 to 365. An empty policy keeps none.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-topic-owner.html>
fn archive_policy(value: &str) -> Result<String> {
    let refuse = |why: &str| Err(Error::parameter(format!("ArchivePolicy: {why}")));
    let Some(policy) = check::object(value) else { return refuse("Unable to parse JSON") };
    if policy.is_empty() {
        return Ok(String::new());
    }
    let days = policy.get("MessageRetentionPeriod").map(|days| match days {
        Value::String(days) => days.parse().ok(),
        days => days.as_u64(),
    });
    match days {
        Some(Some(1..=365)) if policy.len() == 1 => Ok(value.to_owned()),
        Some(_) => refuse("MessageRetentionPeriod value is invalid"),
        None => refuse("JSON is missing required fields"),
    }
}

/// All that is shown of a topic.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html>
pub(crate) fn shown(shared: &Shared, reader: &mut impl Read, topic: &str) -> Result<BTreeMap<String, String>> {
    let record = shared.need(reader, topic)?;
    let mut shown = record.attributes.clone();
    let mut show = |name: &str, value: String| shown.insert(name.to_owned(), value);
    for (name, counted) in [
        ("SubscriptionsConfirmed", Counted::Confirmed),
        ("SubscriptionsPending", Counted::Pending),
        ("SubscriptionsDeleted", Counted::Deleted),
    ] {
        show(name, shared.counted(reader, record.id, counted)?.max(0).to_string());
    }
    show("TopicArn", record.arn.clone());
    show("Owner", shared.options.account_id().to_owned());
    show("EffectiveDeliveryPolicy", delivery_policy::shown_for_topic(&record)?);
    if !record.attributes.contains_key("Policy") {
        show("Policy", Document::of(&record, shared.options.account_id())?.text()?);
    }
    show("DisplayName", record.attributes.get("DisplayName").cloned().unwrap_or_default());
    if record.is_fifo() {
        show("FifoTopic", "true".into());
        show("ContentBasedDeduplication", record.is_set("ContentBasedDeduplication").to_string());
    }
    if let Some(begin) = archive::beginning(shared, reader, &record)? {
        show("BeginningArchiveTime", begin.to_string());
    }
    Ok(shown)
}
