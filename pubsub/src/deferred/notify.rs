//! Writing down what is to be delivered.

use std::sync::Arc;

use bytes::Bytes;
use millpond_engine::{Appended, Transaction};

use super::captured;
use crate::{
    Error, MessageId, Notification, Protocol, Result, SubscriptionId,
    envelope::{Envelopes, Kind, SignatureVersion, Told},
    layout::{
        self, SubscriptionRecord, TopicRecord,
        deferred::{Content, ContentId, DeliveryRecord, content_count_key, content_key, due_prefix},
    },
    shared::Shared,
};

/// A message of up to so many bytes is written for each of its deliveries, a longer one once for all: taking out a delivery costs no
/// more than its row then, where it would have to count those that are left.
const MOST_BYTES_OF_COPIES: usize = 1 << 10;
/// The same where there is only one: its row is written anew for each attempt.
const MOST_BYTES_OF_ONE: usize = 16 << 10;

/// Has a message delivered to these subscriptions once it is committed.
pub(crate) fn notify(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &TopicRecord,
    subscriptions: &[Arc<SubscriptionRecord>],
    message: &Notification,
) -> Result<()> {
    let mut due = Vec::with_capacity(subscriptions.len());
    let mut envelopes = Envelopes::new(shared, topic, message);
    for subscription in subscriptions {
        match subscription.endpoint.protocol {
            Protocol::Http | Protocol::Https | Protocol::Lambda => due.push(subscription.id),
            _ => captured::message(shared, tx, &mut envelopes, subscription)?,
        }
    }
    if due.is_empty() {
        return Ok(());
    }
    let own = DeliveryRecord { content: Content::Own(Box::new(message.clone())), attempts: 0, last_error: None };
    let mut row = layout::encode(&own)?;
    if row.len() > if due.len() > 1 { MOST_BYTES_OF_COPIES } else { MOST_BYTES_OF_ONE } {
        let id = ContentId::random();
        let rows = &shared.deferred.rows;
        tx.put(rows, content_key(id), layout::encode(message)?)?;
        tx.put(rows, content_count_key(id), u64::try_from(due.len()).unwrap_or(u64::MAX).to_be_bytes().to_vec())?;
        row = layout::encode(&DeliveryRecord { content: Content::Shared(id), ..own })?;
    }
    append(shared, tx, due, row.into())
}

/// Has an address asked to confirm, or told that it was unsubscribed.
pub(crate) fn tell(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &TopicRecord,
    subscription: &SubscriptionRecord,
    token: &str,
    kind: Kind,
) -> Result<()> {
    let told = Told {
        kind,
        id: MessageId::random(),
        at: tx.began().as_millis(),
        subscription: subscription.id,
        topic_arn: topic.arn.clone(),
        token: token.to_owned(),
        version: SignatureVersion::of(topic.attributes.get("SignatureVersion").map(String::as_str)),
    };
    match subscription.endpoint.protocol {
        Protocol::Http | Protocol::Https => {
            if kind == Kind::SubscriptionConfirmation && !shared.deferred.has_transport() {
                return Err(Error::parameter(
                    "Protocol Reason: this program does not deliver over HTTP; the cargo feature http is off",
                ));
            }
            let content = Content::Told(told, subscription.endpoint.clone());
            let row = layout::encode(&DeliveryRecord { content, attempts: 0, last_error: None })?;
            append(shared, tx, vec![subscription.id], row.into())
        }
        _ => captured::told(shared, tx, &told, subscription),
    }
}

fn append(shared: &Arc<Shared>, tx: &mut Transaction, lanes: Vec<SubscriptionId>, row: Bytes) -> Result<()> {
    let due = tx.began().as_millis();
    let mut added: Vec<(SubscriptionId, Appended)> = Vec::with_capacity(lanes.len());
    for id in lanes {
        added.push((id, tx.append(&shared.deferred.rows, due_prefix(id, due), 1, row.clone())?));
    }
    let runner = Arc::clone(&shared.deferred.runner);
    tx.on_commit(move || runner.added(due, &added));
    Ok(())
}
