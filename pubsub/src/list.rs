//! Lists of topics and subscriptions, in pages.

use millpond_engine::{RangeRequest, Read};

use crate::{
    Result, SubscriptionId, SubscriptionPage, SubscriptionSummary, TopicPage, TopicSummary,
    layout::{self, BY_ID_PREFIX, SUBSCRIPTIONS, SubscriptionRecord, TOPIC_PREFIX, TOPICS, TopicRecord},
    shared::Shared,
};

/// The most entries of a page. Over the wire the service gives 100.
const MOST: usize = 1000;

/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html>
pub(crate) fn topics(shared: &Shared, after: Option<&str>, max: usize) -> Result<TopicPage> {
    let mut range = RangeRequest::prefix(TOPIC_PREFIX);
    if let Some(after) = after {
        range = range.resume_after(&layout::topic_key(after));
    }
    let mut page = TopicPage::default();
    let snapshot = shared.engine.snapshot()?;
    for entry in snapshot.scan(&shared.keyspaces.topics, &range)? {
        let record: TopicRecord = layout::decode(TOPICS, &entry?.1)?;
        if page.topics.len() == max.clamp(1, MOST) {
            page.next = page.topics.last().map(|last| last.name.clone());
            break;
        }
        page.topics.push(TopicSummary { name: record.name, arn: record.arn });
    }
    Ok(page)
}

/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html>
pub(crate) fn of_topic(
    shared: &Shared,
    topic: &str,
    after: Option<SubscriptionId>,
    max: usize,
) -> Result<SubscriptionPage> {
    let mut snapshot = shared.engine.snapshot()?;
    let topic = shared.need(&mut snapshot, topic)?;
    let (max, now) = (max.clamp(1, MOST), shared.engine.clock().now());
    let mut records = records_of(shared, &mut snapshot, &topic, after, max + 1)?;
    let is_more = records.len() > max;
    records.truncate(max);
    Ok(SubscriptionPage {
        next: records.last().filter(|_| is_more).map(|last| last.id),
        subscriptions: records
            .into_iter()
            .filter(|record| !record.is_over(now))
            .map(|record| summary(shared, &topic, record))
            .collect(),
    })
}

/// The subscriptions of a topic after one, at most so many.
pub(crate) fn records_of(
    shared: &Shared,
    reader: &mut impl Read,
    topic: &TopicRecord,
    after: Option<SubscriptionId>,
    max: usize,
) -> Result<Vec<SubscriptionRecord>> {
    let mut range = RangeRequest::prefix(&layout::subscriptions_prefix(topic.id));
    if let Some(after) = after {
        range = range.resume_after(&layout::subscription_key(topic.id, after));
    }
    let mut records = Vec::new();
    loop {
        // A page may be shorter than asked for: it has a limit in bytes too.
        let page = reader.range(&shared.keyspaces.subscriptions, &range.clone().limit(max - records.len()))?;
        for (_, stored) in &page.entries {
            records.push(layout::decode(SUBSCRIPTIONS, stored)?);
        }
        match page.resume {
            Some(last) if records.len() < max => range = range.resume_after(&last),
            _ => return Ok(records),
        }
    }
}

/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html>
pub(crate) fn all(shared: &Shared, after: Option<SubscriptionId>, max: usize) -> Result<SubscriptionPage> {
    let mut range = RangeRequest::prefix(BY_ID_PREFIX);
    if let Some(after) = after {
        range = range.resume_after(&layout::by_id_key(after));
    }
    let mut page = SubscriptionPage::default();
    let (snapshot, mut latest) = (shared.engine.snapshot()?, shared.engine.latest());
    for entry in snapshot.scan(&shared.keyspaces.subscriptions, &range)? {
        let id = SubscriptionId(layout::read_16(&entry?.0, BY_ID_PREFIX.len())?);
        // That of a deleted topic waits to be cleared away.
        let Some((topic, record)) = shared.find_subscription(&mut latest, id)? else { continue };
        if page.subscriptions.len() == max.clamp(1, MOST) {
            page.next = page.subscriptions.last().map(|last| last.id);
            break;
        }
        page.subscriptions.push(summary(shared, &topic, record));
    }
    Ok(page)
}

fn summary(shared: &Shared, topic: &TopicRecord, record: SubscriptionRecord) -> SubscriptionSummary {
    SubscriptionSummary {
        id: record.id,
        arn: record.arn(topic),
        topic_arn: topic.arn.clone(),
        owner: shared.options.account_id().to_owned(),
        is_confirmed: record.is_confirmed(),
        endpoint: record.endpoint,
    }
}
