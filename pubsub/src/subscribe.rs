//! Subscribing endpoints.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>

use std::{collections::BTreeMap, sync::Arc};

use millpond_engine::Transaction;

use crate::{
    Endpoint, Error, Protocol, Result, SubscribeOptions, SubscriptionId, check, check_endpoint, confirm, deferred,
    envelope::Kind,
    large_messages,
    layout::{self, Confirmation, Counted, SubscriptionRecord, TopicRecord},
    replay,
    set_subscription_attributes::{self, Setting},
    shared::Shared,
    unsubscribe,
};

pub(crate) fn run(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    topic: &str,
    endpoint: &Endpoint,
    options: &SubscribeOptions,
) -> Result<(TopicRecord, SubscriptionRecord)> {
    let topic = shared.need(tx, topic)?;
    check_endpoint::run(shared, tx, &topic, endpoint)?;
    let setting = Setting { shared, topic: &topic, endpoint, all_filter_forms: options.all_filter_forms };
    let attributes = checked(&setting, tx, &options.attributes).map_err(check::reason_attributes)?;
    match existing(shared, tx, &topic, endpoint)? {
        Some(record) if record.is_over(tx.began()) => unsubscribe::end(shared, tx, &topic, &record)?,
        Some(record) => {
            same(&record, &attributes)?;
            if let Confirmation::Pending { token, .. } = &record.confirmation {
                deferred::tell(shared, tx, &topic, &record, token, Kind::SubscriptionConfirmation)?;
            }
            return Ok((topic, record));
        }
        None => {}
    }
    large_messages::check_endpoint(shared, tx, &topic, endpoint.protocol)?;
    let mut record = SubscriptionRecord {
        id: SubscriptionId::random(),
        topic: topic.name.clone(),
        endpoint: endpoint.clone(),
        created: tx.began().as_millis(),
        confirmation: Confirmation::Confirmed { authenticated: true },
        attributes,
        all_filter_forms: options.all_filter_forms,
        replay: None,
    };
    set_subscription_attributes::count_filter(shared, tx, &topic, None, &record)?;
    if needs_confirmation(endpoint.protocol) {
        let token = confirm::new_token(shared, tx, &topic, record.id, None)?;
        deferred::tell(shared, tx, &topic, &record, &token.text, Kind::SubscriptionConfirmation)?;
        record.confirmation = Confirmation::Pending { token: token.text, until: token.until };
    }
    if let Some(policy) = record.attributes.get("ReplayPolicy").cloned() {
        replay::set(shared, tx, &topic, &mut record, Some(&policy)).map_err(check::reason_attributes)?;
    }
    shared.count(tx, topic.id, counted_as(&record), 1)?;
    shared.keep_subscription(tx, &topic, &record)?;
    Ok((topic, record))
}

/// Queues, streams and functions are the account's own, as are numbers and apps; of all others somebody has to say that they
/// want the messages.
fn needs_confirmation(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Http | Protocol::Https | Protocol::Email | Protocol::EmailJson)
}

pub(crate) fn counted_as(record: &SubscriptionRecord) -> Counted {
    if record.is_confirmed() { Counted::Confirmed } else { Counted::Pending }
}

fn checked(
    setting: &Setting<'_>,
    tx: &mut Transaction,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    // Of several that cannot be, the service tells of this one.
    if let Some(raw) = given.get("RawMessageDelivery") {
        setting.checked(tx, given, "RawMessageDelivery", raw)?;
    }
    let mut attributes = BTreeMap::new();
    for (name, value) in given {
        let value = setting.checked(tx, given, name, value)?;
        attributes.insert(name.clone(), value);
    }
    if setting.endpoint.protocol == Protocol::Firehose && !attributes.contains_key("SubscriptionRoleArn") {
        return Err(Error::parameter("SubscriptionRoleArn: must be specified for a firehose subscription"));
    }
    attributes.retain(|_, value| !value.is_empty());
    Ok(attributes)
}

/// The subscription that an endpoint has already.
fn existing(
    shared: &Shared,
    tx: &mut Transaction,
    topic: &TopicRecord,
    endpoint: &Endpoint,
) -> Result<Option<SubscriptionRecord>> {
    let subscriptions = &shared.keyspaces.subscriptions;
    let Some(id) = tx.get(subscriptions, &layout::endpoint_key(topic.id, endpoint))? else { return Ok(None) };
    shared.subscription_of(tx, topic, SubscriptionId(layout::read_16(&id, 0)?))
}

/// That a subscription has the attributes that are asked for. It may have others besides.
fn same(record: &SubscriptionRecord, attributes: &BTreeMap<String, String>) -> Result<()> {
    let default_of = |name: &str| match name {
        "RawMessageDelivery" => Some("false"),
        "FilterPolicyScope" => Some("MessageAttributes"),
        _ => None,
    };
    let differs = |(name, given): (&String, &String)| {
        record.attributes.get(name).map(String::as_str).or(default_of(name)) != Some(given.as_str())
    };
    match attributes.iter().any(differs) {
        true => Err(Error::parameter("Attributes Reason: Subscription already exists with different attributes")),
        false => Ok(()),
    }
}
