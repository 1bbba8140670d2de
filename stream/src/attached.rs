//! Tags and policies of streams, consumers, queues and channels.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_TagResource.html>

use millpond_engine::{Read, Transaction};

use crate::{
    Error, Resource, Result, account,
    layout::{self, Tags},
    shared::Shared,
};

const MAX_TAGS: usize = 50;
const MAX_TAG_KEY_CHARS: usize = 128;
const MAX_TAG_VALUE_CHARS: usize = 256;
/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutResourcePolicy.html>
const MAX_POLICY_BYTES: usize = 20 << 10;

/// Fails where the resource is not there.
pub(crate) fn need(shared: &Shared, reader: &mut impl Read, resource: &Resource) -> Result<()> {
    match resource {
        Resource::Stream { name } => shared.need(reader, name).map(drop),
        Resource::Consumer { stream, name } => crate::consumers::need(shared, reader, stream, name).map(drop),
        Resource::Queue { id } => crate::record_queue::need(shared, reader, id).map(drop),
        Resource::Channel { id } => crate::channels::need(shared, reader, id).map(drop),
    }
}

pub(crate) fn tags(shared: &Shared, reader: &mut impl Read, resource: &Resource) -> Result<Tags> {
    let stored = reader.get(&shared.catalog, &layout::tags_key(resource))?;
    stored.map_or(Ok(Tags::new()), |stored| layout::decode(&stored))
}

/// Adds tags, or changes their values.
pub(crate) fn set_tags(shared: &Shared, tx: &mut Transaction, resource: &Resource, added: &Tags) -> Result<()> {
    for (key, value) in added {
        let is_short = (1..=MAX_TAG_KEY_CHARS).contains(&key.chars().count());
        if !is_short || value.chars().count() > MAX_TAG_VALUE_CHARS {
            return Err(Error::InvalidArgument(format!(
                "A tag's key has 1 to {MAX_TAG_KEY_CHARS} characters, and its value at most {MAX_TAG_VALUE_CHARS}."
            )));
        }
        if !key.chars().chain(value.chars()).all(is_of_tag) {
            return Err(Error::InvalidArgument(
                "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @."
                    .to_owned(),
            ));
        }
        if key.contains('%') || value.contains('%') {
            return Err(illegal("add", "to", resource));
        }
    }
    let mut tags = tags(shared, tx, resource)?;
    tags.extend(added.iter().map(|(key, value)| (key.clone(), value.clone())));
    if tags.len() > MAX_TAGS {
        return Err(Error::InvalidArgument(format!(
            "Failed to add tags to {} under account {} because a given {} cannot have more than {MAX_TAGS} tags associated with it.",
            shown(resource),
            crate::ACCOUNT,
            kind(resource),
        )));
    }
    Ok(tx.put(&shared.catalog, layout::tags_key(resource), layout::encode(&tags)?)?)
}

/// Takes away tags; it is no error where there are none.
pub(crate) fn remove_tags(shared: &Shared, tx: &mut Transaction, resource: &Resource, keys: &[String]) -> Result<()> {
    if keys.iter().any(|key| !key.chars().all(is_of_tag)) {
        return Err(Error::InvalidArgument(
            "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @."
                .to_owned(),
        ));
    }
    if keys.iter().any(|key| key.contains('%')) {
        return Err(illegal("remove", "from", resource));
    }
    let mut tags = tags(shared, tx, resource)?;
    tags.retain(|key, _| !keys.contains(key));
    Ok(tx.put(&shared.catalog, layout::tags_key(resource), layout::encode(&tags)?)?)
}

fn is_of_tag(it: char) -> bool {
    let is_letter = ('\u{c0}'..='\u{1fff}').contains(&it) || ('\u{2c00}'..='\u{d7ff}').contains(&it);
    it.is_ascii_alphanumeric() || is_letter || it.is_whitespace() || "_./=+-%@:".contains(it)
}

fn illegal(verb: &str, preposition: &str, resource: &Resource) -> Error {
    Error::InvalidArgument(format!(
        "Failed to {verb} tags {preposition} {} under account {} because some tags contained illegal characters. The allowed \
         characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.",
        shown(resource),
        crate::ACCOUNT,
    ))
}

fn kind(resource: &Resource) -> &'static str {
    match resource {
        Resource::Stream { .. } => "stream",
        Resource::Consumer { .. } => "consumer",
        Resource::Queue { .. } => "queue",
        Resource::Channel { .. } => "channel",
    }
}

fn shown(resource: &Resource) -> String {
    let (Resource::Stream { name } | Resource::Consumer { name, .. }) = resource else {
        let (Resource::Queue { id } | Resource::Channel { id }) = resource else { return String::new() };
        return format!("{} {id}", kind(resource));
    };
    format!("{} {name}", kind(resource))
}

pub(crate) fn policy(shared: &Shared, reader: &mut impl Read, resource: &Resource) -> Result<Option<String>> {
    let stored = reader.get(&shared.catalog, &layout::policy_key(resource))?;
    let corrupt = |_| Error::Corrupt { keyspace: layout::CATALOG, detail: "a policy is no text" };
    stored.map(|stored| String::from_utf8(stored.to_vec()).map_err(corrupt)).transpose()
}

pub(crate) fn put_policy(shared: &Shared, tx: &mut Transaction, resource: &Resource, policy: &str) -> Result<()> {
    if policy.len() > MAX_POLICY_BYTES {
        return Err(Error::LimitExceeded(format!("A resource policy has at most {MAX_POLICY_BYTES} bytes.")));
    }
    need(shared, tx, resource)?;
    Ok(tx.put(&shared.catalog, layout::policy_key(resource), policy.to_owned())?)
}

/// Takes the policy away; gives whether there was one.
pub(crate) fn delete_policy(shared: &Shared, tx: &mut Transaction, resource: &Resource) -> Result<bool> {
    need(shared, tx, resource)?;
    let had_one = policy(shared, tx, resource)?.is_some();
    tx.delete(&shared.catalog, layout::policy_key(resource))?;
    Ok(had_one)
}

/// Takes away all that is attached to a resource that goes.
pub(crate) fn clear(shared: &Shared, tx: &mut Transaction, resource: &Resource) -> Result<()> {
    tx.delete(&shared.catalog, layout::tags_key(resource))?;
    tx.delete(&shared.catalog, layout::policy_key(resource))?;
    Ok(())
}

/// Whether a stream may have another consumer or queue.
pub(crate) fn check_consumers(shared: &Shared, tx: &mut Transaction, stream: &str) -> Result<()> {
    let record = shared.need(tx, stream)?;
    let max = account::max_consumers(shared, tx)?;
    if record.consumers + record.queues < max {
        return Ok(());
    }
    Err(Error::LimitExceeded(format!(
        "Stream {stream} under account {} has reached the limit of {max} registered consumers.",
        crate::ACCOUNT
    )))
}
