//! Topics of messages of more than 256 KiB: they have few subscriptions, of queues, streams and functions.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>

use millpond_engine::Transaction;

use crate::{
    Error, Protocol, Result,
    layout::{Counted, TopicRecord},
    list,
    shared::Shared,
};

/// A message of more bytes is a large one.
const LARGE_BYTES: u64 = 256 << 10;
/// The most subscriptions of a topic of such messages.
const MOST_SUBSCRIPTIONS: usize = 100;

/// That a topic may have messages of so many bytes.
pub(crate) fn check_topic(shared: &Shared, tx: &mut Transaction, topic: &TopicRecord, bytes: &str) -> Result<()> {
    if !is_large(Some(bytes)) {
        return Ok(());
    }
    if count(shared, tx, topic)? > MOST_SUBSCRIPTIONS {
        return Err(Error::parameter(format!(
            "MaximumMessageSize Reason: a topic with a MaximumMessageSize above {LARGE_BYTES} must have \
             {MOST_SUBSCRIPTIONS} or fewer subscriptions"
        )));
    }
    let records = list::records_of(shared, tx, topic, None, MOST_SUBSCRIPTIONS)?;
    records.iter().try_for_each(|record| check_protocol(record.endpoint.protocol))
}

/// That an endpoint may be subscribed to a topic, in view of the messages that it has.
pub(crate) fn check_endpoint(
    shared: &Shared,
    tx: &mut Transaction,
    topic: &TopicRecord,
    protocol: Protocol,
) -> Result<()> {
    if !is_large(topic.attributes.get("MaximumMessageSize").map(String::as_str)) {
        return Ok(());
    }
    check_protocol(protocol)?;
    match count(shared, tx, topic)? {
        count if count < MOST_SUBSCRIPTIONS => Ok(()),
        count => Err(Error::LimitExceeded {
            code: "SubscriptionLimitExceeded",
            message: format!("a topic with a MaximumMessageSize above {LARGE_BYTES} has {count} subscriptions already"),
        }),
    }
}

fn is_large(bytes: Option<&str>) -> bool {
    bytes.and_then(|bytes| bytes.parse().ok()).is_some_and(|bytes: u64| bytes > LARGE_BYTES)
}

fn count(shared: &Shared, tx: &mut Transaction, topic: &TopicRecord) -> Result<usize> {
    let confirmed = shared.counted(tx, topic.id, Counted::Confirmed)?;
    let pending = shared.counted(tx, topic.id, Counted::Pending)?;
    Ok(usize::try_from(confirmed.saturating_add(pending)).unwrap_or(0))
}

fn check_protocol(protocol: Protocol) -> Result<()> {
    match protocol {
        Protocol::Sqs | Protocol::Firehose | Protocol::Lambda => Ok(()),
        protocol => Err(Error::parameter(format!(
            "MaximumMessageSize Reason: a topic with a MaximumMessageSize above {LARGE_BYTES} cannot have \
             subscriptions of protocol {protocol}"
        ))),
    }
}
