//! Subscribing, confirming and unsubscribing. The last two are also what links in messages do, which nobody has signed.

use millpond::pubsub::{Endpoint, Protocol, SubscribeOptions};
use serde::Serialize;

use super::{
    Answered, arn, checks,
    failure::{invalid, missing},
};
use crate::aws::{
    Call,
    json::{Failure, Flag, Map, Word, members},
};

/// What is answered in the place of an ARN until a subscription is confirmed.
const PENDING: &str = "pending confirmation";

members! {
    SubscribeRequest {
        topic_arn: Word = "TopicArn",
        protocol: Word = "Protocol",
        endpoint: Word = "Endpoint",
        attributes: Map<Word> = "Attributes",
        return_subscription_arn: Flag = "ReturnSubscriptionArn",
    }
}
members! {
    ConfirmRequest {
        topic_arn: Word = "TopicArn",
        token: Word = "Token",
        authenticate_on_unsubscribe: Word = "AuthenticateOnUnsubscribe",
    }
}
members! {
    UnsubscribeRequest { subscription_arn: Word = "SubscriptionArn" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Subscribed<'a> {
    subscription_arn: &'a str,
}

pub(super) fn subscribe(call: &Call<'_>) -> Answered {
    let given: SubscribeRequest = call.read()?;
    checks::need([("protocol", given.protocol.is_some())])?;
    let topic = arn::find_topic(call, given.topic_arn, "TopicArn")?;
    let endpoint = Endpoint::new(protocol(&checks::text(given.protocol))?, checks::text(given.endpoint));
    let options = SubscribeOptions { attributes: checks::map(given.attributes), ..SubscribeOptions::default() };
    let subscription = topic.subscribe(&endpoint, &options)?;
    let is_told = given.return_subscription_arn.is_some_and(|flag| flag.0) || subscription.is_confirmed()?;
    call.write(&Subscribed { subscription_arn: if is_told { subscription.arn() } else { PENDING } })
}

fn protocol(name: &str) -> Result<Protocol, Failure> {
    let unknown = || invalid(format_args!("Amazon SNS does not support this protocol string: {name}"));
    Protocol::of_name(name).ok_or_else(unknown)
}

pub(super) fn confirm_subscription(call: &Call<'_>) -> Answered {
    let given: ConfirmRequest = call.read()?;
    checks::need([("token", given.token.is_some())])?;
    // The token alone says what is confirmed; the topic has to look like one.
    if arn::topic(Some(given.topic_arn.ok_or_else(|| missing("TopicArn"))?), "TopicArn").is_err() {
        return Err(invalid("Topic"));
    }
    // Only who has signed can be asked to do it again.
    let authenticate = given.authenticate_on_unsubscribe.is_some_and(|text| text.0.eq_ignore_ascii_case("true"));
    let confirmed = call.pond.topics().confirm(&checks::text(given.token), authenticate && call.is_signed())?;
    call.write(&Subscribed { subscription_arn: confirmed.arn() })
}

pub(super) fn unsubscribe(call: &Call<'_>) -> Answered {
    let given: UnsubscribeRequest = call.read()?;
    let id = arn::subscription(given.subscription_arn)?;
    match call.is_signed() {
        true => call.pond.topics().unsubscribe(id)?,
        false => call.pond.topics().unsubscribe_by_link(id)?,
    }
    Ok(Vec::new())
}
