//! The tags of topics.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html>

use std::collections::BTreeMap;

use millpond_engine::{Read, Transaction};

use crate::{Error, Result, check, layout::TopicRecord, shared::Shared};

pub(crate) fn of(shared: &Shared, reader: &mut impl Read, topic: &str) -> Result<BTreeMap<String, String>> {
    Ok(need(shared, reader, topic)?.tags)
}

pub(crate) fn tag(shared: &Shared, tx: &mut Transaction, topic: &str, tags: &BTreeMap<String, String>) -> Result<()> {
    let mut record = need(shared, tx, topic)?;
    check::tags(tags)?;
    record.tags.extend(tags.iter().map(|(key, value)| (key.clone(), value.clone())));
    if record.tags.len() > check::MOST_TAGS {
        return Err(check::too_many_tags());
    }
    shared.keep(tx, &record)
}

pub(crate) fn untag(shared: &Shared, tx: &mut Transaction, topic: &str, keys: &[String]) -> Result<()> {
    let mut record = need(shared, tx, topic)?;
    record.tags.retain(|key, _| !keys.contains(key));
    shared.keep(tx, &record)
}

/// A topic that is not there is another error here than elsewhere.
fn need(shared: &Shared, reader: &mut impl Read, topic: &str) -> Result<TopicRecord> {
    let found = shared.find(reader, topic)?;
    found.ok_or_else(|| Error::ResourceNotFound { message: "Resource does not exist".into() })
}
