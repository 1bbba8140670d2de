//! Lists of topics and subscriptions, in pages.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond::pubsub::{SubscriptionId, SubscriptionPage};
use serde::Serialize;

use super::{Answered, arn, failure::invalid};
use crate::aws::{
    Call,
    json::{Failure, Word, members},
};

/// Entries that a page has at most.
const MOST: usize = 100;
/// What a subscription is called in lists until it is confirmed.
const PENDING: &str = "PendingConfirmation";

members! {
    Request { topic_arn: Word = "TopicArn", next_token: Word = "NextToken" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Topics {
    topics: Vec<Topic>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Topic {
    topic_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Subscriptions {
    subscriptions: Vec<Subscription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Subscription {
    subscription_arn: String,
    owner: String,
    protocol: &'static str,
    endpoint: String,
    topic_arn: String,
}

pub(super) fn list_topics(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let after = position(given.next_token)?;
    let page = call.pond.topics().list(after.as_deref(), MOST)?;
    call.write(&Topics {
        topics: page.topics.into_iter().map(|topic| Topic { topic_arn: topic.arn }).collect(),
        next_token: page.next.as_deref().map(token),
    })
}

pub(super) fn list_subscriptions(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let after = subscription_position(given.next_token)?;
    call.write(&shown(call.pond.topics().subscriptions(after, MOST)?))
}

pub(super) fn list_subscriptions_by_topic(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    let topic = arn::find_topic(call, given.topic_arn, "TopicArn")?;
    let after = subscription_position(given.next_token)?;
    call.write(&shown(topic.subscriptions(after, MOST)?))
}

fn shown(page: SubscriptionPage) -> Subscriptions {
    let subscriptions = page.subscriptions.into_iter().map(|entry| Subscription {
        subscription_arn: if entry.is_confirmed { entry.arn } else { PENDING.to_owned() },
        owner: entry.owner,
        protocol: entry.endpoint.protocol.name(),
        endpoint: entry.endpoint.address,
        topic_arn: entry.topic_arn,
    });
    Subscriptions {
        subscriptions: subscriptions.collect(),
        next_token: page.next.map(|after| token(&after.to_string())),
    }
}

/// What stands for the place in a list after this entry.
pub(super) fn token(after: &str) -> String {
    STANDARD.encode(after)
}

/// The place in a list that a token stands for. An empty one is none: some SDKs send it.
///
/// # Errors
/// `InvalidParameter`.
pub(super) fn position(given: Option<Word>) -> Result<Option<String>, Failure> {
    let Some(Word(token)) = given.filter(|token| !token.0.is_empty()) else { return Ok(None) };
    let after = STANDARD.decode(token).ok().and_then(|after| String::from_utf8(after).ok());
    after.filter(|after| !after.is_empty()).map(Some).ok_or_else(bad_token)
}

fn subscription_position(given: Option<Word>) -> Result<Option<SubscriptionId>, Failure> {
    position(given)?.map(|after| after.parse().map_err(|_| bad_token())).transpose()
}

fn bad_token() -> Failure {
    invalid("NextToken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_for_the_entry_before_a_page() {
        let read = |token: &str| position(Some(Word(token.to_owned()))).map_err(|failure| failure.message().to_owned());
        assert_eq!(read(&token("orders")), Ok(Some("orders".to_owned())));
        assert_eq!(read(""), Ok(None));
        for bad in ["x", "====", "/////w==", "orders!"] {
            assert_eq!(read(bad), Err("Invalid parameter: NextToken".to_owned()), "{bad}");
        }
        assert!(subscription_position(Some(Word(token("orders")))).is_err(), "it is of another list");
    }
}
