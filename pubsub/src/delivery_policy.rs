//! How deliveries are tried again: what may be said of it for HTTP and HTTPS, by topic and by subscription, and what comes of it.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>

mod parse;
mod retry;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{
    Error, Protocol, Result,
    layout::{SubscriptionRecord, TopicRecord},
};

pub(crate) use retry::{Backoff, RetryPolicy};

const DEFAULT_CONTENT_TYPE: &str = "text/plain; charset=UTF-8";

/// What a delivery policy says, of a topic or of a subscription. What it does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DeliveryPolicy {
    retry: Option<RetryPolicy>,
    /// The members of a topic's retry policy that were given: the service shows no others.
    given: Map<String, Value>,
    disable_subscription_overrides: bool,
    max_receives_per_second: Option<u32>,
    content_type: Option<String>,
}

/// How a subscription's messages are delivered, once all that was said of it is taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// When to try again.
    pub(crate) retry: RetryPolicy,
    /// At most so many deliveries a second.
    pub(crate) max_receives_per_second: Option<u32>,
    /// The `Content-Type` of a request over HTTP.
    pub(crate) content_type: String,
}

impl DeliveryPolicy {
    /// Reads a topic's policy, if it says anything of HTTP.
    pub(crate) fn of_topic(text: &str) -> Result<Option<Self>, String> {
        parse::topic(text)
    }

    /// Reads a subscription's policy. What its requests may name as their content depends on whether messages are raw.
    pub(crate) fn of_subscription(text: &str, is_raw: bool) -> Result<Self, String> {
        parse::subscription(text, is_raw)
    }

    /// A topic's policy as the service shows it.
    pub(crate) fn text_of_topic(&self) -> Result<String> {
        let shown = ShownTopic {
            http: ShownHttp {
                default_healthy_retry_policy: self.retry.map(|_| Given(&self.given)),
                disable_subscription_overrides: self.disable_subscription_overrides,
                default_throttle_policy: self.max_receives_per_second.map(ShownThrottle::of),
                default_request_policy: self.content_type.clone().map(ShownRequest::of),
            },
        };
        serde_json::to_string(&shown).map_err(Error::from)
    }

    /// A subscription's policy as the service shows it.
    pub(crate) fn text_of_subscription(&self) -> Result<String> {
        shown_subscription(self.retry, self.max_receives_per_second, self.content_type.clone())
    }
}

/// How the messages of a subscription are delivered: by its own policy, else by its topic's, else by the service's.
pub(crate) fn effective(topic: &TopicRecord, subscription: &SubscriptionRecord) -> Delivery {
    match subscription.endpoint.protocol {
        Protocol::Http | Protocol::Https => over_http(topic, Some(subscription)),
        protocol => Delivery {
            retry: RetryPolicy::of(protocol),
            max_receives_per_second: None,
            content_type: DEFAULT_CONTENT_TYPE.into(),
        },
    }
}

fn over_http(topic: &TopicRecord, subscription: Option<&SubscriptionRecord>) -> Delivery {
    let by_topic = policy_of_topic(topic);
    let own = subscription.filter(|_| !by_topic.disable_subscription_overrides).map(policy_of_subscription);
    let own = own.unwrap_or_default();
    Delivery {
        retry: own.retry.or(by_topic.retry).unwrap_or(RetryPolicy::of(Protocol::Http)),
        max_receives_per_second: own.max_receives_per_second.or(by_topic.max_receives_per_second),
        content_type: own.content_type.or(by_topic.content_type).unwrap_or_else(|| DEFAULT_CONTENT_TYPE.into()),
    }
}

/// Policies were checked when they were set; one that cannot be read any more says nothing.
fn policy_of_topic(topic: &TopicRecord) -> DeliveryPolicy {
    let text = topic.attributes.get("DeliveryPolicy");
    text.and_then(|text| DeliveryPolicy::of_topic(text).ok().flatten()).unwrap_or_default()
}

fn policy_of_subscription(subscription: &SubscriptionRecord) -> DeliveryPolicy {
    let text = subscription.attributes.get("DeliveryPolicy");
    let policy = text.and_then(|text| DeliveryPolicy::of_subscription(text, true).ok());
    policy.unwrap_or_default()
}

/// The attribute `EffectiveDeliveryPolicy` of a topic.
pub(crate) fn shown_for_topic(topic: &TopicRecord) -> Result<String> {
    let delivery = over_http(topic, None);
    let shown = ShownTopic {
        http: ShownHttp {
            default_healthy_retry_policy: Some(delivery.retry),
            disable_subscription_overrides: policy_of_topic(topic).disable_subscription_overrides,
            default_throttle_policy: delivery.max_receives_per_second.map(ShownThrottle::of),
            default_request_policy: Some(ShownRequest::of(delivery.content_type)),
        },
    };
    serde_json::to_string(&shown).map_err(Error::from)
}

/// The attribute `EffectiveDeliveryPolicy` of a subscription over HTTP or HTTPS.
pub(crate) fn shown_for_subscription(topic: &TopicRecord, subscription: &SubscriptionRecord) -> Result<String> {
    let delivery = over_http(topic, Some(subscription));
    shown_subscription(Some(delivery.retry), delivery.max_receives_per_second, Some(delivery.content_type))
}

fn shown_subscription(
    retry: Option<RetryPolicy>,
    max_receives_per_second: Option<u32>,
    content_type: Option<String>,
) -> Result<String> {
    let shown = ShownSubscription {
        healthy_retry_policy: retry,
        sickly_retry_policy: None,
        throttle_policy: max_receives_per_second.map(ShownThrottle::of),
        request_policy: content_type.map(ShownRequest::of),
        guaranteed: false,
    };
    serde_json::to_string(&shown).map_err(Error::from)
}

#[derive(Serialize)]
struct ShownTopic<R> {
    http: ShownHttp<R>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownHttp<R> {
    #[serde(skip_serializing_if = "Option::is_none")]
    default_healthy_retry_policy: Option<R>,
    disable_subscription_overrides: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_throttle_policy: Option<ShownThrottle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_request_policy: Option<ShownRequest>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownSubscription {
    healthy_retry_policy: Option<RetryPolicy>,
    sickly_retry_policy: Option<RetryPolicy>,
    throttle_policy: Option<ShownThrottle>,
    request_policy: Option<ShownRequest>,
    guaranteed: bool,
}

/// The members of a retry policy that were given, in the order of the service.
struct Given<'a>(&'a Map<String, Value>);

impl Serialize for Given<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(RetryPolicy::MEMBERS.iter().filter_map(|name| self.0.get_key_value(*name)))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownThrottle {
    max_receives_per_second: u32,
}

impl ShownThrottle {
    fn of(max_receives_per_second: u32) -> Self {
        ShownThrottle { max_receives_per_second }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownRequest {
    header_content_type: String,
}

impl ShownRequest {
    fn of(header_content_type: String) -> Self {
        ShownRequest { header_content_type }
    }
}

#[cfg(test)]
mod tests;
