//! The messages of a first-in-first-out topic that are kept to be replayed.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/message-archiving-and-replay-topic-owner.html>

use std::{ops::Bound, sync::Arc, time::Duration};

use millpond_engine::{RangeRequest, Read, Snapshot, Timestamp, Transaction, WriteBatch};

use crate::{
    Notification, Result, SequenceNumber,
    layout::{
        self, TopicRecord,
        archive::{
            ARCHIVE, ARCHIVED, ArchivedRow, archived_key, message_key, messages_prefix, number_of, topic_of_archived,
        },
    },
    shared::Shared,
};

/// So many messages are cleared away in one commit, and from one topic in one call.
const BATCH: usize = 1000;
const ROWS: usize = 100_000;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// For how long a topic keeps its messages, if it does: a policy's `MessageRetentionPeriod`, in days.
pub(crate) fn retention(topic: &TopicRecord) -> Option<Duration> {
    let policy: serde_json::Value = serde_json::from_str(topic.attributes.get("ArchivePolicy")?).ok()?;
    let days = policy.get("MessageRetentionPeriod")?;
    let days: u32 = days.as_str().map_or_else(|| days.as_u64()?.try_into().ok(), |days| days.parse().ok())?;
    (days > 0).then(|| DAY * days)
}

/// The time from which on messages can be replayed, if the topic keeps any.
pub(crate) fn beginning(shared: &Shared, reader: &mut impl Read, topic: &TopicRecord) -> Result<Option<Timestamp>> {
    let Some(retention) = retention(topic) else { return Ok(None) };
    let now = shared.engine.clock().now();
    let kept = find(shared, reader, topic.id)?.map_or(now, |row| Timestamp::from_millis(row.since));
    Ok(Some(kept.max(oldest(now, retention))))
}

/// Messages that were published before that time are too old.
fn oldest(now: Timestamp, retention: Duration) -> Timestamp {
    Timestamp::from_millis(now.as_millis().saturating_sub(u64::try_from(retention.as_millis()).unwrap_or(u64::MAX)))
}

/// Has a topic's archive begin where its policy now says so. Without this it begins with the first message.
pub(crate) fn begin(shared: &Shared, tx: &mut Transaction, topic: &TopicRecord) -> Result<()> {
    if retention(topic).is_none() || find(shared, tx, topic.id)?.is_some() {
        return Ok(());
    }
    let row = ArchivedRow { name: topic.name.clone(), since: tx.began().as_millis() };
    Ok(tx.put(&shared.publisher.archive, archived_key(topic.id), layout::encode(&row)?)?)
}

/// Keeps a message.
pub(crate) fn keep(
    shared: &Shared,
    tx: &mut Transaction,
    topic: &TopicRecord,
    number: SequenceNumber,
    message: &Notification,
) -> Result<()> {
    begin(shared, tx, topic)?;
    Ok(tx.put(&shared.publisher.archive, message_key(topic.id, number), layout::encode(message)?)?)
}

fn find(shared: &Shared, reader: &mut impl Read, topic: u64) -> Result<Option<ArchivedRow>> {
    let stored = reader.get(&shared.publisher.archive, &archived_key(topic))?;
    stored.map(|stored| layout::decode(ARCHIVE, &stored)).transpose()
}

/// The number of the last message before a time, or 0. Numbers and times rise together, so it is found by halving.
pub(crate) fn last_before(shared: &Shared, topic: u64, time: Timestamp) -> Result<u64> {
    let snapshot = shared.engine.snapshot()?;
    let ends = RangeRequest::prefix(&messages_prefix(topic));
    let Some((first, begins)) = at(shared, &snapshot, &ends)? else { return last_number(shared, topic) };
    if begins >= time {
        return Ok(first.saturating_sub(1));
    }
    let last = at(shared, &snapshot, &ends.reverse())?.map_or(first, |(last, _)| last);
    // Numbers below `low` are earlier, those from `high` on are not.
    let (mut low, mut high) = (first, last.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let from = message_key(topic, SequenceNumber(middle));
        let request = RangeRequest::prefix(&messages_prefix(topic)).start_at(&from);
        match at(shared, &snapshot, &request)? {
            Some((number, published)) if published < time => low = number.saturating_add(1),
            Some(_) | None => high = middle,
        }
    }
    Ok(low.saturating_sub(1))
}

/// The number and the time of the first message of a range.
fn at(shared: &Shared, snapshot: &Snapshot, request: &RangeRequest) -> Result<Option<(u64, Timestamp)>> {
    let page = snapshot.range(&shared.publisher.archive, &request.clone().limit(1))?;
    let Some((key, row)) = page.entries.first() else { return Ok(None) };
    let message: Notification = layout::decode(ARCHIVE, row)?;
    Ok(Some((number_of(key), message.published())))
}

/// The number of the last message that was published to a topic, or 0.
fn last_number(shared: &Shared, topic: u64) -> Result<u64> {
    let last = shared.engine.get(&shared.keyspaces.topics, &layout::sequence_key(topic))?;
    last.map_or(Ok(0), |last| layout::read_u64(&last))
}

/// Clears away what is older than its topic keeps it, and what belongs to no topic any more or to one that keeps
/// nothing. Gives the number of messages.
pub(crate) fn trim(shared: &Arc<Shared>) -> Result<u64> {
    let rows = &shared.publisher.archive;
    let mut trimmed = 0;
    let mut request = RangeRequest::prefix(ARCHIVED);
    loop {
        let page = shared.engine.snapshot()?.range(rows, &request)?;
        for (key, row) in page.entries {
            let archived: ArchivedRow = layout::decode(ARCHIVE, &row)?;
            trimmed += trim_topic(shared, topic_of_archived(&key), &archived.name)?;
        }
        match page.resume {
            Some(last) => request = RangeRequest::prefix(ARCHIVED).resume_after(&last),
            None => return Ok(trimmed),
        }
    }
}

fn trim_topic(shared: &Shared, id: u64, name: &str) -> Result<u64> {
    let found = shared.find(&mut shared.engine.latest(), name)?.filter(|topic| topic.id == id);
    let now = shared.engine.clock().now();
    let to = match found.as_ref().and_then(retention) {
        // Nothing that may still be replayed has a lower number.
        Some(retention) => message_key(id, SequenceNumber(last_before(shared, id, oldest(now, retention))?)),
        None => message_key(id, SequenceNumber(u64::MAX)),
    };
    let prefix = messages_prefix(id);
    let range = RangeRequest::between(Bound::Included(&prefix), Bound::Included(&to));
    let snapshot = shared.engine.snapshot()?;
    let mut keys = snapshot.scan(&shared.publisher.archive, &range)?.take(ROWS);
    let mut trimmed = 0;
    loop {
        let mut batch = WriteBatch::new();
        for entry in keys.by_ref().take(BATCH) {
            batch.delete(&shared.publisher.archive, entry?.0);
        }
        if batch.is_empty() {
            break;
        }
        trimmed += batch.len() as u64;
        shared.engine.write(batch)?;
    }
    if trimmed == 0 && found.as_ref().and_then(retention).is_none() {
        forget(shared, id, name)?;
    }
    Ok(trimmed)
}

/// Forgets that a topic has had an archive, unless it has one again.
fn forget(shared: &Shared, id: u64, name: &str) -> Result<()> {
    shared.engine.transact(|tx| {
        let found = shared.find(tx, name)?.filter(|topic| topic.id == id);
        let first = tx.range(&shared.publisher.archive, &RangeRequest::prefix(&messages_prefix(id)).limit(1))?;
        if found.as_ref().and_then(retention).is_none() && first.entries.is_empty() {
            tx.delete(&shared.publisher.archive, archived_key(id))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn topic(policy: &str) -> TopicRecord {
        TopicRecord {
            id: 1,
            name: "t.fifo".into(),
            arn: String::new(),
            created: 0,
            attributes: BTreeMap::from([("ArchivePolicy".to_owned(), policy.to_owned())]),
            tags: BTreeMap::new(),
            data_protection_policy: None,
        }
    }

    #[test]
    fn a_policy_says_for_how_many_days_messages_are_kept() {
        for (policy, days) in [
            (r#"{"MessageRetentionPeriod":"30"}"#, Some(30)),
            (r#"{"MessageRetentionPeriod":365}"#, Some(365)),
            (r#"{"MessageRetentionPeriod":0}"#, None),
            (r#"{"MessageRetentionPeriod":"x"}"#, None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(retention(&topic(policy)), days.map(|days| DAY * days), "{policy}");
        }
    }
}
