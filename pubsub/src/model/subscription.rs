//! What subscriptions are made with, and are known by.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Endpoint;

/// What a subscription is known by: the UUID at the end of its ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubscriptionId(pub(crate) [u8; 16]);

impl SubscriptionId {
    pub(crate) fn random() -> Self {
        SubscriptionId(Uuid::new_v4().into_bytes())
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).hyphenated().fmt(f)
    }
}

/// Reads an id that was shown.
impl FromStr for SubscriptionId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Ok(SubscriptionId(Uuid::try_parse(text)?.into_bytes()))
    }
}

/// What a subscription is made with.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubscribeOptions {
    /// Attributes by their names in the service, such as `FilterPolicy` or `RawMessageDelivery`.
    pub attributes: BTreeMap<String, String>,
    /// Whether a filter policy may have the forms that the service refuses: `wildcard`, and `anything-but` with them.
    pub all_filter_forms: bool,
}

impl SubscribeOptions {
    /// With an attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// With a filter policy, as JSON. It may have all forms that the [filter](crate::filter) knows.
    #[must_use]
    pub fn filter_policy(mut self, policy: impl Into<String>) -> Self {
        self.all_filter_forms = true;
        self.attribute("FilterPolicy", policy)
    }

    /// Whether the filter policy looks at the message's body, which is JSON, and not at its attributes.
    #[must_use]
    pub fn filter_on_body(self, on_body: bool) -> Self {
        self.attribute("FilterPolicyScope", if on_body { "MessageBody" } else { "MessageAttributes" })
    }

    /// Whether the message itself is delivered, with no envelope of JSON around it.
    #[must_use]
    pub fn raw_message_delivery(self, raw: bool) -> Self {
        self.attribute("RawMessageDelivery", raw.to_string())
    }

    /// The queue that gets what cannot be delivered: its ARN.
    #[must_use]
    pub fn dead_letter_queue(self, arn: &str) -> Self {
        self.attribute("RedrivePolicy", serde_json::json!({ "deadLetterTargetArn": arn }).to_string())
    }
}

/// A subscription in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionSummary {
    /// What it is known by.
    pub id: SubscriptionId,
    /// Its ARN, which it has before it is confirmed too.
    pub arn: String,
    /// Its topic's ARN.
    pub topic_arn: String,
    /// The account that it belongs to.
    pub owner: String,
    /// Where its messages go.
    pub endpoint: Endpoint,
    /// Whether it gets messages, or still waits to be confirmed.
    pub is_confirmed: bool,
}

/// A part of a list of subscriptions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubscriptionPage {
    /// In the order of their ids.
    pub subscriptions: Vec<SubscriptionSummary>,
    /// After which the next page begins, if there is one.
    pub next: Option<SubscriptionId>,
}
