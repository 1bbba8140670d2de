//! How an address is asked whether it wants to be subscribed, and told that it no longer is.

use serde::{Deserialize, Serialize};

use super::{Kind, SignatureVersion, json::Members, sign};
use crate::{MessageId, Result, SubscriptionId, layout::time, shared::Shared};

/// What an address is asked or told, as it was when it was due: a topic may be gone before it is told of its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) kind: Kind,
    pub(crate) id: MessageId,
    /// When it was due, in milliseconds.
    pub(crate) at: u64,
    pub(crate) subscription: SubscriptionId,
    pub(crate) topic_arn: String,
    pub(crate) token: String,
    pub(crate) version: SignatureVersion,
}

/// Where a subscription is confirmed.
pub(crate) fn confirm_url(shared: &Shared, topic_arn: &str, token: &str) -> String {
    format!("{}/?Action=ConfirmSubscription&TopicArn={topic_arn}&Token={token}", shared.public_url())
}

/// The body by which an address is asked or told. It is the same however often it is made.
pub(crate) fn confirmation(shared: &Shared, told: &Told) -> Result<String> {
    let Told { kind, token, topic_arn, .. } = told;
    let (id, at) = (told.id.to_string(), time(told.at).to_string());
    let url = confirm_url(shared, topic_arn, token);
    let text = match kind {
        Kind::UnsubscribeConfirmation => format!(
            "You have chosen to deactivate subscription {topic_arn}:{}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.",
            told.subscription
        ),
        Kind::Notification | Kind::SubscriptionConfirmation => format!(
            "You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message."
        ),
    };
    let mut members = Members::new();
    members.text("Type", kind.name());
    members.text("MessageId", &id);
    members.text("Token", token);
    members.text("TopicArn", topic_arn);
    members.text("Message", &text);
    members.text("SubscribeURL", &url);
    members.text("Timestamp", &at);
    let signed = [
        ("Message", text.as_str()),
        ("MessageId", &id),
        ("SubscribeURL", &url),
        ("Timestamp", &at),
        ("Token", token),
        ("TopicArn", topic_arn),
        ("Type", kind.name()),
    ];
    sign(shared, told.version, &mut members, signed)?;
    Ok(members.finish())
}
