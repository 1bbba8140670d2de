//! What would leave: it is captured in the transaction that publishes it.

use std::sync::Arc;

use millpond_engine::Transaction;
use millpond_queue::SendMessage;

use super::dead_letter;
use crate::{
    Captured, Error, Notification, Protocol, Result,
    envelope::{Envelopes, Kind, Told, confirm_url, confirmation, unsubscribe_url},
    layout::SubscriptionRecord,
    mobile, outbox,
    shared::Shared,
    sms,
};

/// The subject of a mail whose message has none.
const SUBJECT: &str = "AWS Notification Message";
const CONFIRMATION_SUBJECT: &str = "AWS Notification - Subscription Confirmation";
const UNSUBSCRIBED_SUBJECT: &str = "AWS Notification - Unsubscribe Confirmation";

/// Captures a message for its subscriber. One that its subscriber does not take, such as the endpoint of a device that is disabled,
/// goes to the dead-letter queue.
pub(super) fn message(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    envelopes: &mut Envelopes<'_>,
    subscription: &SubscriptionRecord,
) -> Result<()> {
    let message = envelopes.message;
    let arn = format!("{}:{}", message.topic_arn, subscription.id);
    let address = &subscription.endpoint.address;
    let captured = tx.savepoint(|tx| match subscription.endpoint.protocol {
        Protocol::Sms => sms::deliver(shared, tx, address, &arn, message),
        Protocol::Application => mobile::deliver(shared, tx, address, &arn, message),
        protocol => mail(shared, tx, protocol, envelopes, subscription),
    });
    match captured {
        Ok(()) => {
            let counters = Arc::clone(&shared.deferred.counters);
            tx.on_commit(move || counters.delivered());
            Ok(())
        }
        Err(error @ (Error::Engine(_) | Error::Corrupt { .. } | Error::Signing(_))) => Err(error),
        Err(refused) => {
            let undelivered = SendMessage::new(envelopes.notification(subscription)?);
            dead_letter(shared, tx, subscription, undelivered, &refused.to_string()).map(drop)
        }
    }
}

fn mail(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    kind: Protocol,
    envelopes: &mut Envelopes<'_>,
    subscription: &SubscriptionRecord,
) -> Result<()> {
    let message: &Notification = envelopes.message;
    let body = match kind {
        Protocol::EmailJson => envelopes.notification(subscription)?,
        _ => message.text_for(kind.name()).to_owned(),
    };
    let mut captured = Captured::new(kind, &subscription.endpoint.address, body);
    captured.subject = Some(message.subject.clone().unwrap_or_else(|| SUBJECT.to_owned()));
    captured.attributes.clone_from(&message.attributes);
    let url = unsubscribe_url(shared, &message.topic_arn, subscription.id);
    captured.details.insert("UnsubscribeURL".to_owned(), url);
    captured.topic_arn = Some(message.topic_arn.clone());
    captured.subscription_arn = Some(format!("{}:{}", message.topic_arn, subscription.id));
    captured.message_id = Some(message.id);
    outbox::record(shared, tx, &captured)
}

/// Captures the mail by which an address is asked to confirm, or told that it was unsubscribed. Nobody else is.
pub(super) fn told(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    told: &Told,
    subscription: &SubscriptionRecord,
) -> Result<()> {
    let Told { topic_arn, .. } = told;
    let url = confirm_url(shared, topic_arn, &told.token);
    let is_asked = told.kind == Kind::SubscriptionConfirmation;
    let kind = subscription.endpoint.protocol;
    let body = match (kind, is_asked) {
        (Protocol::EmailJson, _) => confirmation(shared, told)?,
        (Protocol::Email, true) => format!(
            "You have chosen to subscribe to the topic:\n{topic_arn}\n\nTo confirm this subscription, click or visit the link below (If this was in error no action is necessary):\n{url}\n"
        ),
        (Protocol::Email, false) => format!(
            "Your subscription to the topic below has been deleted:\n{topic_arn}\n\nIf this was in error or you wish to resubscribe, click or visit the link below:\n{url}\n"
        ),
        _ => return Ok(()),
    };
    let mut captured = Captured::new(kind, &subscription.endpoint.address, body);
    captured.subject = Some(if is_asked { CONFIRMATION_SUBJECT } else { UNSUBSCRIBED_SUBJECT }.to_owned());
    captured.details.insert("SubscribeURL".to_owned(), url);
    captured.details.insert("Token".to_owned(), told.token.clone());
    captured.topic_arn = Some(topic_arn.clone());
    captured.subscription_arn = Some(format!("{topic_arn}:{}", told.subscription));
    captured.message_id = Some(told.id);
    outbox::record(shared, tx, &captured)
}
