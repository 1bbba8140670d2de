//! Ending subscriptions.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html>

use std::sync::Arc;

use millpond_engine::Transaction;

use crate::{
    Error, Protocol, Result, SubscriptionId, confirm, deferred,
    envelope::Kind,
    layout::{Confirmation, Counted, SubscriptionRecord, TopicRecord},
    set_subscription_attributes,
    shared::Shared,
    subscribe,
};

/// Who ends a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Its owner, or its topic's.
    Owner,
    /// Whoever has its link.
    Anyone,
}

pub(crate) fn run(shared: &Arc<Shared>, tx: &mut Transaction, id: SubscriptionId, by: By) -> Result<()> {
    let Some((topic, record)) = shared.find_subscription(tx, id)? else { return Ok(()) };
    if by == By::Anyone && record.confirmation == (Confirmation::Confirmed { authenticated: true }) {
        return Err(Error::Authorization {
            message:
                "The subscription can be deleted only by its owner: it was confirmed with AuthenticateOnUnsubscribe"
                    .into(),
        });
    }
    end(shared, tx, &topic, &record)?;
    shared.count(tx, topic.id, Counted::Deleted, 1)?;
    let is_told = match record.endpoint.protocol {
        Protocol::Http | Protocol::Https => true,
        Protocol::Email | Protocol::EmailJson => by == By::Anyone,
        _ => false,
    };
    if is_told && record.is_confirmed() {
        let token = confirm::new_token(shared, tx, &topic, id, Some(record.clone()))?;
        deferred::tell(shared, tx, &topic, &record, &token.text, Kind::UnsubscribeConfirmation)?;
    }
    Ok(())
}

/// Takes a subscription away.
pub(crate) fn end(
    shared: &Shared,
    tx: &mut Transaction,
    topic: &TopicRecord,
    record: &SubscriptionRecord,
) -> Result<()> {
    shared.count(tx, topic.id, subscribe::counted_as(record), -1)?;
    if set_subscription_attributes::is_filtered(record) {
        shared.count(tx, topic.id, Counted::Filtered, -1)?;
    }
    shared.remove_subscription(tx, topic, record)
}
