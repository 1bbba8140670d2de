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
        return Err(Error::plain_parameter("Invalid token"));
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

#[cfg(test)]
mod tests {
    use millpond_engine::{Clock, Engine};
    use millpond_queue::Queues;
    use millpond_stream::Streams;

    use super::*;
    use crate::{CreateOptions, Endpoint, Error, Protocol, SubscribeOptions, Subscription, Topics, layout::TOKENS};

    fn topics() -> (Engine, Topics) {
        let engine = Engine::options().clock(Clock::manual(Timestamp::from_secs(1000))).open().unwrap();
        let topics = Topics::open(&Queues::open(&engine).unwrap(), &Streams::open(&engine).unwrap()).unwrap();
        (engine, topics)
    }

    fn subscribe(topics: &Topics) -> (Subscription, String) {
        let topic = topics.create("orders", &CreateOptions::default()).unwrap();
        let address = Endpoint::new(Protocol::Email, "user@example.com");
        let options = SubscribeOptions::default().attribute("FilterPolicy", r#"{"kind":["paid"]}"#);
        let subscription = topic.subscribe(&address, &options).unwrap();
        let found = topics.shared.find_subscription(&mut topics.engine().latest(), subscription.id()).unwrap().unwrap();
        let Confirmation::Pending { token, .. } = found.1.confirmation else { panic!("it is confirmed") };
        (subscription, token)
    }

    /// Gives out a token as ending a subscription does, which only its endpoint is told.
    fn token_of_the_ended(topics: &Topics, subscription: &Subscription) -> String {
        let shared = &topics.shared;
        let ended = topics.engine().transact(|tx| -> Result<String> {
            let (topic, record) = shared.need_subscription(tx, subscription.id())?;
            Ok(new_token(shared, tx, &topic, record.id, Some(record))?.text)
        });
        let token = ended.unwrap();
        subscription.unsubscribe().unwrap();
        token
    }

    fn counts(topics: &Topics) -> [String; 3] {
        let shown = topics.get("orders").unwrap().attributes().unwrap();
        ["SubscriptionsConfirmed", "SubscriptionsPending", "SubscriptionsDeleted"].map(|name| shown[name].clone())
    }

    #[test]
    fn a_token_confirms_and_twice_gives_the_same() {
        let (_, topics) = topics();
        let (subscription, token) = subscribe(&topics);
        assert!(token.len() == 288 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(counts(&topics), ["0", "1", "0"]);
        assert_eq!(topics.confirm(&token, false).unwrap().arn(), subscription.arn());
        assert_eq!(topics.confirm(&token, true).unwrap().arn(), subscription.arn());
        assert_eq!(counts(&topics), ["1", "0", "0"]);
        let shown = subscription.attributes().unwrap();
        assert_eq!((&*shown["PendingConfirmation"], &*shown["ConfirmationWasAuthenticated"]), ("false", "false"));
        topics.unsubscribe_by_link(subscription.id()).unwrap();
        assert_eq!(counts(&topics), ["0", "0", "1"]);
    }

    #[test]
    fn one_that_is_its_owners_to_end_cannot_be_ended_by_its_link() {
        let (_, topics) = topics();
        let (subscription, token) = subscribe(&topics);
        topics.confirm(&token, true).unwrap();
        assert_eq!(subscription.attributes().unwrap()["ConfirmationWasAuthenticated"], "true");
        let refused = topics.unsubscribe_by_link(subscription.id());
        assert!(matches!(refused, Err(Error::Authorization { .. })));
        subscription.unsubscribe().unwrap();
    }

    #[test]
    fn a_token_is_good_for_two_days_and_leaves_nothing_behind() {
        let (engine, topics) = topics();
        let (_, token) = subscribe(&topics);
        engine.clock().advance(GOOD_FOR).unwrap();
        assert_eq!(topics.confirm(&token, false).unwrap_err().to_string(), "Invalid parameter: Token");
        assert_eq!(topics.maintain().unwrap(), 1);
        let (subscription, token) = subscribe(&topics);
        topics.confirm(&token, false).unwrap();
        engine.clock().advance(GOOD_FOR).unwrap();
        assert_eq!(topics.maintain().unwrap(), 0);
        assert!(subscription.is_confirmed().unwrap());
        assert_eq!(topics.confirm(&token, false).unwrap_err().to_string(), "Invalid parameter: Token");
        let rows = engine.snapshot().unwrap();
        for prefix in TOKENS {
            let left =
                rows.scan(&topics.shared.keyspaces.subscriptions, &millpond_engine::RangeRequest::prefix(&[prefix]));
            assert_eq!(left.unwrap().count(), 0);
        }
    }

    #[test]
    fn an_endpoint_takes_back_what_was_ended() {
        let (engine, topics) = topics();
        let (subscription, token) = subscribe(&topics);
        topics.confirm(&token, false).unwrap();
        let taken_back = token_of_the_ended(&topics, &subscription);
        assert_eq!(topics.confirm(&token, false).unwrap_err().to_string(), "Invalid parameter: Token");
        assert_eq!(topics.confirm(&taken_back, false).unwrap().arn(), subscription.arn());
        assert_eq!(counts(&topics), ["1", "0", "0"]);
        assert_eq!(subscription.attributes().unwrap()["FilterPolicy"], r#"{"kind":["paid"]}"#);

        // Not when it was subscribed anew, nor when the topic is another.
        let too_late = token_of_the_ended(&topics, &subscription);
        subscribe(&topics);
        assert_eq!(topics.confirm(&too_late, false).unwrap_err().to_string(), "Invalid parameter: Token");
        topics.delete("orders").unwrap();
        let (anew, token) = subscribe(&topics);
        assert_eq!(topics.confirm(&too_late, false).unwrap_err().to_string(), "Invalid parameter: Token");
        topics.confirm(&token, false).unwrap();
        anew.unsubscribe().unwrap();
        assert_eq!(topics.confirm(&too_late, false).unwrap_err().to_string(), "Invalid parameter: Token");
        engine.clock().advance(GOOD_FOR).unwrap();
        topics.maintain().unwrap();
    }
}
