//! Messages as they are posted.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html>

use std::sync::Arc;

use super::{
    attempt::{Addressed, Outcome},
    transport::{Post, TIMEOUT},
};
use crate::{
    Endpoint, Result, delivery_policy,
    envelope::{Envelopes, Kind, Told, confirmation},
    shared::Shared,
};

const CONTENT_TYPE: &str = "text/plain; charset=UTF-8";
const USER_AGENT: &str = "Amazon Simple Notification Service Agent";
const TOO_MANY_REQUESTS: u16 = 429;

/// Posts a message to its subscriber.
pub(super) fn message(shared: &Arc<Shared>, addressed: &Addressed) -> Result<Outcome> {
    let Addressed { topic, subscription, message } = addressed;
    let is_raw = subscription.is_set("RawMessageDelivery");
    // Attributes do not go with a message that is raw.
    let body = match is_raw {
        true => message.text_for(subscription.endpoint.protocol.name()).to_owned(),
        false => Envelopes::new(shared, topic, message).notification(subscription)?,
    };
    let arn = format!("{}:{}", message.topic_arn, subscription.id);
    let mut headers = headers(Kind::Notification, &message.id.to_string(), &message.topic_arn, Some(arn));
    if is_raw {
        headers.push(("x-amz-sns-rawdelivery", "true".into()));
    }
    headers.push(("Content-Type", delivery_policy::effective(topic, subscription).content_type));
    Ok(post(shared, &subscription.endpoint, headers, body))
}

/// Asks an address whether it wants to be subscribed, or tells it that it no longer is.
pub(super) fn told(shared: &Arc<Shared>, told: &Told, endpoint: &Endpoint) -> Result<Outcome> {
    let body = confirmation(shared, told)?;
    let arn = format!("{}:{}", told.topic_arn, told.subscription);
    // Before it is confirmed there is no ARN.
    let arn = (told.kind != Kind::SubscriptionConfirmation).then_some(arn);
    let mut headers = headers(told.kind, &told.id.to_string(), &told.topic_arn, arn);
    headers.push(("Content-Type", CONTENT_TYPE.into()));
    Ok(post(shared, endpoint, headers, body))
}

fn headers(kind: Kind, id: &str, topic_arn: &str, subscription_arn: Option<String>) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("x-amz-sns-message-type", kind.name().to_owned()),
        ("x-amz-sns-message-id", id.to_owned()),
        ("x-amz-sns-topic-arn", topic_arn.to_owned()),
    ];
    headers.extend(subscription_arn.map(|arn| ("x-amz-sns-subscription-arn", arn)));
    headers.push(("User-Agent", USER_AGENT.to_owned()));
    headers
}

fn post(shared: &Arc<Shared>, endpoint: &Endpoint, headers: Vec<(&'static str, String)>, body: String) -> Outcome {
    let Some(transport) = &shared.deferred.transport else {
        // It was subscribed by a program that could.
        return Outcome::Failed("this build does not deliver over HTTP: its cargo feature is off".into());
    };
    let post = Post { url: endpoint.address.clone(), headers, body, timeout: TIMEOUT };
    match transport.post(&post) {
        Ok(status) => judge(status),
        Err(error) if error.is_permanent => Outcome::Refused(error.message),
        Err(error) => Outcome::Failed(error.message),
    }
}

/// What a status says: what a server has done wrong may pass, all else would happen again. Redirects are not followed.
fn judge(status: u16) -> Outcome {
    let reason = || format!("the endpoint answered with status {status}");
    match status {
        200..=299 => Outcome::Delivered,
        TOO_MANY_REQUESTS | 500.. => Outcome::Failed(reason()),
        _ => Outcome::Refused(reason()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_errors_and_throttling_are_tried_again_and_nothing_else() {
        for status in [200, 202, 204, 299] {
            assert!(matches!(judge(status), Outcome::Delivered), "{status}");
        }
        for status in [429, 500, 502, 503, 599] {
            assert!(matches!(judge(status), Outcome::Failed(_)), "{status}");
        }
        for status in [100, 199, 301, 307, 400, 403, 404, 410, 499] {
            assert!(matches!(judge(status), Outcome::Refused(_)), "{status}");
        }
    }
}
