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
    let record = TokenRecord { subscription, topic: topic.id, until, unsubscribed };
    let (hash, rows) = (layout::hash(text.as_bytes()), &shared.keyspaces.subscriptions);
    tx.put(rows, layout::token_key(&hash), layout::encode(&record)?)?;
    tx.put(rows, layout::until_key(until, &hash), "")?;
    Ok(Token { text, until })
}

/// Confirms what a token stands for. To confirm it again does nothing more. It is the token alone that counts: the service too
/// takes it with the name of another topic.
pub(crate) fn run(
    shared: &Shared,
    tx: &mut Transaction,
    token: &str,
    authenticate_on_unsubscribe: bool,
) -> Result<(TopicRecord, SubscriptionRecord)> {
    let unknown = || Error::parameter("Token");
    if token.is_empty() || !token.len().is_multiple_of(2) || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::Invalid { message: "Invalid token".into() });
    }
    let found = tx.get(&shared.keyspaces.subscriptions, &layout::token_key(&layout::hash(token.as_bytes())))?;
    let found: TokenRecord = layout::decode(SUBSCRIPTIONS, &found.ok_or_else(unknown)?)?;
    if is_over(found.until, tx.began()) {
        return Err(unknown());
    }
    let (topic, mut record) = match (shared.find_subscription(tx, found.subscription)?, found.unsubscribed) {
        (Some((topic, record)), _) if record.is_confirmed() => return Ok((topic, record)),
        (Some((topic, record)), _) => {
            shared.count(tx, topic.id, Counted::Pending, -1)?;
            (topic, record)
        }
        (None, Some(record)) => (restored(shared, tx, found.topic, &record)?.ok_or_else(unknown)?, record),
        (None, None) => return Err(unknown()),
    };
    record.confirmation = Confirmation::Confirmed { authenticated: authenticate_on_unsubscribe };
    shared.count(tx, topic.id, Counted::Confirmed, 1)?;
    shared.keep_subscription(tx, &topic, &record)?;
    Ok((topic, record))
}

/// Counts a subscription again that was ended, if its topic is still there and the endpoint was not subscribed anew.
fn restored(
    shared: &Shared,
    tx: &mut Transaction,
    topic: u64,
    record: &SubscriptionRecord,
) -> Result<Option<TopicRecord>> {
    let Some(topic) = shared.find(tx, &record.topic)?.filter(|found| found.id == topic) else { return Ok(None) };
    if tx.get(&shared.keyspaces.subscriptions, &layout::endpoint_key(topic.id, &record.endpoint))?.is_some() {
        return Ok(None);
    }
    shared.count(tx, topic.id, Counted::Deleted, -1)?;
    set_subscription_attributes::count_filter(shared, tx, &topic, None, record)?;
    Ok(Some(topic))
}

pub(crate) fn is_over(until: u64, now: Timestamp) -> bool {
    until <= now.as_millis()
}
