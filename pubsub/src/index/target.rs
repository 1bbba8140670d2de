//! A subscription as messages are delivered to it: read once, for all of them.

use std::{fmt, sync::Arc};

use millpond_queue::Queue;
use millpond_stream::Stream;

use crate::{
    Protocol,
    filter::{FilterPolicy, FilterScope, Forms},
    layout::SubscriptionRecord,
    shared::Shared,
};

/// A confirmed subscription that gets messages.
pub(crate) struct Target {
    pub(crate) record: Arc<SubscriptionRecord>,
    pub(crate) to: To,
    pub(crate) is_raw: bool,
    pub(crate) wants: Wants,
}

/// Where messages go.
#[derive(Debug)]
pub(crate) enum To {
    Queue(Queue),
    Stream(Stream),
    /// To what is reached after the commit.
    Later,
}

/// Which messages.
#[derive(Debug)]
pub(crate) enum Wants {
    All,
    /// Those that its policy matches.
    Some(FilterPolicy),
    /// None: its policy cannot be read.
    None,
}

impl Target {
    /// A subscription's, if it gets the messages that are published.
    pub(crate) fn of(shared: &Shared, record: &SubscriptionRecord) -> Option<Target> {
        (record.is_confirmed() && record.is_live()).then(|| Target::new(shared, record))
    }

    /// As [`of`](Target::of), whether it gets what is published or not.
    pub(crate) fn new(shared: &Shared, record: &SubscriptionRecord) -> Target {
        let to = match record.endpoint.protocol {
            Protocol::Sqs => To::Queue(shared.queues.named(record.endpoint.target())),
            Protocol::Firehose => To::Stream(shared.streams.named(record.endpoint.target())),
            _ => To::Later,
        };
        Target {
            to,
            is_raw: record.is_set("RawMessageDelivery"),
            wants: wants(record),
            record: Arc::new(record.clone()),
        }
    }
}

fn wants(record: &SubscriptionRecord) -> Wants {
    let Some(text) = record.attributes.get("FilterPolicy").filter(|text| !is_empty(text)) else { return Wants::All };
    let scope = match record.attributes.get("FilterPolicyScope").map(String::as_str) {
        Some("MessageBody") => FilterScope::MessageBody,
        _ => FilterScope::MessageAttributes,
    };
    let forms = if record.all_filter_forms { Forms::All } else { Forms::Service };
    FilterPolicy::parse(text, scope, forms).map_or_else(
        |error| {
            tracing::warn!(subscription = %record.id, %error, "a stored filter policy cannot be read");
            Wants::None
        },
        Wants::Some,
    )
}

/// Whether a policy is none: nothing, or an object without keys.
fn is_empty(policy: &str) -> bool {
    let policy = policy.trim();
    policy.is_empty()
        || policy.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(|rest| rest.trim().is_empty())
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("subscription", &self.record.id).finish_non_exhaustive()
    }
}
