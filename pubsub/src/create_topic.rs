//! Making topics.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>

use std::collections::BTreeMap;

use millpond_engine::Transaction;

use crate::{
    CreateOptions, Error, Result, archive, check, layout,
    layout::{LAST_TOPIC, TopicRecord},
    set_topic_attributes,
    shared::Shared,
};

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, name: &str, options: &CreateOptions) -> Result<TopicRecord> {
    let is_fifo = options.attributes.get("FifoTopic").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    check::topic_name(name, is_fifo)?;
    check::tags(&options.tags)?;
    if let Some(policy) = &options.data_protection_policy {
        check::data_protection_policy(policy)?;
    }
    let mut attributes = BTreeMap::new();
    for (attribute, value) in &options.attributes {
        let checked = set_topic_attributes::checked(name, attribute, value).map_err(|error| named(error, attribute));
        let value = checked.map_err(check::reason_attributes)?;
        attributes.insert(attribute.clone(), value);
    }
    if let Some(record) = shared.find(tx, name)? {
        return same(record, &attributes, options);
    }
    attributes.retain(|attribute, value| default_of(attribute) != Some(value.as_str()));
    let record = TopicRecord {
        id: new_id(shared, tx)?,
        name: name.to_owned(),
        arn: shared.arn(options.region.as_deref(), name),
        created: tx.began().as_millis(),
        attributes,
        tags: options.tags.clone(),
        data_protection_policy: options.data_protection_policy.clone(),
    };
    archive::begin(shared, tx, &record)?;
    shared.keep(tx, &record)?;
    Ok(record)
}

/// The topic that is there, if what was asked for is true of it. It may have more than that.
fn same(record: TopicRecord, attributes: &BTreeMap<String, String>, options: &CreateOptions) -> Result<TopicRecord> {
    let has = |(attribute, value): (&String, &String)| {
        let kept = record.attributes.get(attribute).map(String::as_str);
        kept.or(default_of(attribute)).is_some_and(|kept| kept == value)
    };
    if !attributes.iter().all(has) {
        return Err(Error::parameter("Attributes Reason: Topic already exists with different attributes"));
    }
    if !options.tags.iter().all(|(key, value)| record.tags.get(key) == Some(value)) {
        return Err(Error::parameter("Tags Reason: Topic already exists with different tags"));
    }
    let policy = &options.data_protection_policy;
    if policy.is_some() && *policy != record.data_protection_policy {
        return Err(Error::parameter(
            "DataProtectionPolicy Reason: Topic already exists with different data protection policy",
        ));
    }
    Ok(record)
}

/// The error of an attribute that there is not, which names it here.
fn named(error: Error, attribute: &str) -> Error {
    match error {
        Error::InvalidParameter { message } if message == set_topic_attributes::UNKNOWN => {
            Error::parameter(format!("Unknown attribute {}", check::cut(attribute)))
        }
        other => other,
    }
}

/// What an attribute is where it was not set.
fn default_of(attribute: &str) -> Option<&'static str> {
    match attribute {
        "DisplayName" | "DeliveryPolicy" | "KmsMasterKeyId" => Some(""),
        "ContentBasedDeduplication" | "FifoTopic" => Some("false"),
        _ => None,
    }
}

/// An id that no topic ever had.
fn new_id(shared: &Shared, tx: &mut Transaction) -> Result<u64> {
    let topics = &shared.keyspaces.topics;
    let next = tx.get(topics, LAST_TOPIC)?.map_or(Ok(0), |last| layout::read_u64(&last))? + 1;
    tx.put(topics, LAST_TOPIC, next.to_be_bytes().to_vec())?;
    Ok(next)
}
