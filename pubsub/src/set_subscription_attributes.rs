//! The attributes of a subscription: what they may be, and what is shown of them.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html>

use std::{collections::BTreeMap, sync::Arc};

use millpond_engine::{Read, Transaction};

use crate::{
    Endpoint, Error, Protocol, Result, SubscriptionId, check,
    delivery_policy::{self, DeliveryPolicy},
    filter::{FilterPolicy, FilterScope, Forms},
    layout::{Confirmation, Counted, SubscriptionRecord, TopicRecord},
    replay,
    shared::Shared,
};

/// The most filter policies of the service's forms that a topic's subscriptions have.
///
/// Source: <https://docs.aws.amazon.com/general/latest/gr/sns.html>
const MOST_FILTER_POLICIES: i64 = 200;

/// Whose attributes are set.
pub(crate) struct Setting<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) topic: &'a TopicRecord,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) all_filter_forms: bool,
}

pub(crate) fn run(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    id: SubscriptionId,
    name: &str,
    value: &str,
    all_filter_forms: bool,
) -> Result<()> {
    let (topic, mut record) = shared.need_subscription(tx, id)?;
    let before = record.clone();
    if name == "FilterPolicy" {
        record.all_filter_forms = all_filter_forms;
    }
    let setting =
        Setting { shared, topic: &topic, endpoint: &record.endpoint, all_filter_forms: record.all_filter_forms };
    let value = setting.checked(tx, &record.attributes, name, value)?;
    if name == "ReplayPolicy" {
        replay::set(shared, tx, &topic, &mut record, Some(&value))?;
    }
    match value.is_empty() {
        true => record.attributes.remove(name),
        false => record.attributes.insert(name.to_owned(), value),
    };
    count_filter(shared, tx, &topic, Some(&before), &record)?;
    shared.keep_subscription(tx, &topic, &record)
}

impl Setting<'_> {
    /// An attribute's value, as it is kept, beside those that are or were given with it. An empty one takes it away.
    pub(crate) fn checked(
        &self,
        tx: &mut Transaction,
        others: &BTreeMap<String, String>,
        name: &str,
        value: &str,
    ) -> Result<String> {
        match name {
            "FilterPolicy" => self.filter_policy(value, others.get("FilterPolicyScope").map_or("", String::as_str)),
            "FilterPolicyScope" => {
                self.filter_policy_scope(value, others.get("FilterPolicy").map_or("", String::as_str))
            }
            "RawMessageDelivery" => self.raw_message_delivery(value),
            "RedrivePolicy" => self.redrive_policy(tx, value),
            "DeliveryPolicy" => {
                let is_raw = others.get("RawMessageDelivery").is_some_and(|raw| raw.eq_ignore_ascii_case("true"));
                self.delivery_policy(value, is_raw)
            }
            "SubscriptionRoleArn" => self.role(value),
            "ReplayPolicy" => self.replay_policy(value),
            _ => Err(Error::parameter("AttributeName")),
        }
    }

    fn filter_policy(&self, value: &str, scope: &str) -> Result<String> {
        if value.is_empty() {
            return Ok(String::new());
        }
        let scope = match scope {
            "MessageBody" => FilterScope::MessageBody,
            _ => FilterScope::MessageAttributes,
        };
        let forms = if self.all_filter_forms { Forms::All } else { Forms::Service };
        let policy = FilterPolicy::parse(value, scope, forms).map_err(|error| Error::parameter(error.to_string()))?;
        // The empty policy is how the service's clients take one away.
        Ok(if policy.is_empty() { String::new() } else { value.to_owned() })
    }

    fn filter_policy_scope(&self, value: &str, policy: &str) -> Result<String> {
        if !matches!(value, "MessageAttributes" | "MessageBody") {
            return Err(Error::parameter(format!(
                "FilterPolicyScope: Invalid value [{}]. Please use either MessageBody or MessageAttributes",
                check::cut(value)
            )));
        }
        self.filter_policy(policy, value)?;
        Ok(value.to_owned())
    }

    fn raw_message_delivery(&self, value: &str) -> Result<String> {
        let protocol = self.endpoint.protocol;
        match check::boolean(value) {
            Some(true)
                if !matches!(protocol, Protocol::Sqs | Protocol::Firehose | Protocol::Http | Protocol::Https) =>
            {
                Err(Error::parameter(format!("Delivery protocol [{protocol}] does not support raw message delivery.")))
            }
            Some(raw) => Ok(raw.to_string()),
            None => {
                let value = check::cut(value);
                Err(Error::parameter(format!("RawMessageDelivery: Invalid value [{value}]. Must be true or false.")))
            }
        }
    }

    /// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html>
    fn redrive_policy(&self, tx: &mut Transaction, value: &str) -> Result<String> {
        let refuse = |why: &str| Err(Error::parameter(format!("RedrivePolicy: {why}")));
        if value.is_empty() {
            return Ok(String::new());
        }
        let Some(policy) = check::object(value) else { return refuse(&check::not_json(value)) };
        if policy.is_empty() {
            return Ok(String::new());
        }
        if let Some(unknown) = policy.keys().find(|key| *key != "deadLetterTargetArn") {
            return refuse(&format!("invalid JSON. Attribute {unknown} is unknown."));
        }
        let target = policy.get("deadLetterTargetArn").and_then(|arn| arn.as_str()).and_then(check::arn);
        let Some(target) = target else { return refuse("deadLetterTargetArn is an invalid arn") };
        let (service, queue) = (target[2], target[5]);
        let is_fifo = self.topic.is_fifo() && self.endpoint.address.ends_with(".fifo");
        if is_fifo && (service != "sqs" || !queue.ends_with(".fifo")) {
            return refuse("must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.");
        }
        if service != "sqs" {
            return refuse("deadLetterTargetArn is an invalid arn");
        }
        if !is_fifo && queue.ends_with(".fifo") {
            return refuse("must use a standard queue as DLQ for a standard Subscription.");
        }
        match self.shared.queues.exists_in(tx, queue)? {
            true => Ok(value.to_owned()),
            false => refuse("deadLetterTargetArn is an invalid arn"),
        }
    }

    fn delivery_policy(&self, value: &str, is_raw: bool) -> Result<String> {
        if value.is_empty() {
            return Ok(String::new());
        }
        if !matches!(self.endpoint.protocol, Protocol::Http | Protocol::Https) {
            return Err(Error::parameter(format!(
                "Delivery protocol [{}] does not support specifying a delivery policy.",
                self.endpoint.protocol
            )));
        }
        let policy = DeliveryPolicy::of_subscription(value, is_raw).map_err(Error::parameter)?;
        policy.text_of_subscription()
    }

    fn role(&self, value: &str) -> Result<String> {
        match check::is_role(value) {
            true => Ok(value.to_owned()),
            false => Err(Error::parameter("SubscriptionRoleArn: invalid role ARN")),
        }
    }

    fn replay_policy(&self, value: &str) -> Result<String> {
        if !self.topic.is_fifo() {
            return Err(Error::parameter("ReplayPolicy: can only be set for subscriptions of FIFO topics"));
        }
        if value.trim().is_empty() {
            return Ok(String::new());
        }
        let Some(policy) = check::object(value) else {
            return Err(Error::parameter(format!("ReplayPolicy: {}", check::not_json(value))));
        };
        // What it says is read when it begins.
        Ok(if policy.is_empty() { String::new() } else { value.to_owned() })
    }
}

/// Counts a subscription's filter policy, of the service's forms, among those of its topic.
///
/// # Errors
/// [`Error::LimitExceeded`] if there are too many.
pub(crate) fn count_filter(
    shared: &Shared,
    tx: &mut Transaction,
    topic: &TopicRecord,
    before: Option<&SubscriptionRecord>,
    after: &SubscriptionRecord,
) -> Result<()> {
    match (before.is_some_and(is_filtered), is_filtered(after)) {
        (false, true) if shared.counted(tx, topic.id, Counted::Filtered)? >= MOST_FILTER_POLICIES => {
            Err(Error::LimitExceeded {
                code: "FilterPolicyLimitExceeded",
                message: format!("Filter policy limit exceeded: a topic has at most {MOST_FILTER_POLICIES}"),
            })
        }
        (false, true) => shared.count(tx, topic.id, Counted::Filtered, 1),
        (true, false) => shared.count(tx, topic.id, Counted::Filtered, -1),
        _ => Ok(()),
    }
}

/// Whether it has a filter policy that counts towards the limit.
pub(crate) fn is_filtered(record: &SubscriptionRecord) -> bool {
    !record.all_filter_forms && record.attributes.contains_key("FilterPolicy")
}

/// All that is shown of a subscription.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html>
pub(crate) fn shown(shared: &Shared, reader: &mut impl Read, id: SubscriptionId) -> Result<BTreeMap<String, String>> {
    let (topic, record) = shared.need_subscription(reader, id)?;
    let account = shared.options.account_id();
    let mut shown = record.attributes.clone();
    let mut show = |name: &str, value: String| shown.insert(name.to_owned(), value);
    show("SubscriptionArn", record.arn(&topic));
    show("TopicArn", topic.arn.clone());
    show("Owner", account.to_owned());
    show("Protocol", record.endpoint.protocol.to_string());
    show("Endpoint", record.endpoint.address.clone());
    show("PendingConfirmation", (!record.is_confirmed()).to_string());
    let authenticated = matches!(record.confirmation, Confirmation::Confirmed { authenticated: true });
    show("ConfirmationWasAuthenticated", authenticated.to_string());
    show("SubscriptionPrincipal", format!("arn:aws:iam::{account}:root"));
    show("RawMessageDelivery", record.is_set("RawMessageDelivery").to_string());
    if matches!(record.endpoint.protocol, Protocol::Http | Protocol::Https) {
        show("EffectiveDeliveryPolicy", delivery_policy::shown_for_subscription(&topic, &record)?);
    }
    if let Some(replay) = &record.replay {
        show("ReplayStatus", replay.status.name().to_owned());
    }
    if !record.attributes.contains_key("FilterPolicy") {
        shown.remove("FilterPolicyScope");
    } else if !record.attributes.contains_key("FilterPolicyScope") {
        shown.insert("FilterPolicyScope".into(), "MessageAttributes".into());
    }
    Ok(shown)
}
