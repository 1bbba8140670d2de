//! Confirming subscriptions.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html>

use std::time::Duration;

use millpond_engine::{Timestamp, Transaction};
use uuid::Uuid;

use crate::{
    Error, Result, SubscriptionId,
    layout::{self, Confirmation, Counted, SUBSCRIPTIONS, SubscriptionRecord, TokenRecord, TopicRecord},
    set_subscription_attributes,
    shared::Shared,
};

/// So long a token is good.
const GOOD_FOR: Duration = Duration::from_secs(2 * 86_400);
/// A token is as long as the service's: 288 hexadecimal digits.
const UUIDS: usize = 9;

/// What confirms a subscription, until then in milliseconds.
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) until: u64,
}

/// A token that confirms a subscription, or brings one back that was ended.
pub(crate) fn new_token(
    shared: &Shared,
    tx: &mut Transaction,
    topic: &TopicRecord,
    subscription: SubscriptionId,
    unsubscribed: Option<SubscriptionRecord>,
) -> Result<Token> {
    let text: String = (0..UUIDS).map(|_| Uuid::new_v4().simple().to_string()).collect();
    let until = tx.began().saturating_add(GOOD_FOR).as_millis();
    let record = TokenRecord { subscription, topic: topic.id, unsubscribed };
    let (hash, rows) = (layout::hash(text.as_bytes()), &shared.keyspaces.subscriptions);
    tx.put(rows, layout::token_key(&hash), layout::encode(&record)?)?;
    tx.put(rows, layout::until_key(until, &hash), "")?;
    Ok(Token { text, until })
}

/// Confirms what a token stands for. To confirm it again does nothing more.
pub(crate) fn run(
    shared: &Shared,
    tx: &mut Transaction,
    topic: &str,
    token: &str,
    authenticate_on_unsubscribe: bool,
) -> Result<(TopicRecord, SubscriptionRecord)> {
    let topic = shared.need(tx, topic)?;
    let unknown = || Error::parameter("Token");
    let found = tx.get(&shared.keyspaces.subscriptions, &layout::token_key(&layout::hash(token.as_bytes())))?;
    let found: TokenRecord = layout::decode(SUBSCRIPTIONS, &found.ok_or_else(unknown)?)?;
    if found.topic != topic.id {
        return Err(unknown());
    }
    let kept = shared.find_subscription(tx, found.subscription)?.map(|(_, record)| record);
    let mut record = kept.clone().or(found.unsubscribed).ok_or_else(unknown)?;
    match &record.confirmation {
        Confirmation::Confirmed { .. } if kept.is_some() => return Ok((topic, record)),
        Confirmation::Pending { until, .. } if is_over(*until, tx.began()) => return Err(unknown()),
        Confirmation::Pending { .. } if kept.is_some() => shared.count(tx, topic.id, Counted::Pending, -1)?,
        // It was ended, and comes back.
        _ => {
            shared.count(tx, topic.id, Counted::Deleted, -1)?;
            set_subscription_attributes::count_filter(shared, tx, &topic, None, &record)?;
        }
    }
    record.confirmation = Confirmation::Confirmed { authenticated: authenticate_on_unsubscribe };
    shared.count(tx, topic.id, Counted::Confirmed, 1)?;
    shared.keep_subscription(tx, &topic, &record)?;
    Ok((topic, record))
}

pub(crate) fn is_over(until: u64, now: Timestamp) -> bool {
    until <= now.as_millis()
}
