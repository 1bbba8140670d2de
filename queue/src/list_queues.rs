//! Listing queues.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html>

use bytes::Bytes;
use millpond_engine::RangeRequest;

use crate::{Error, QueuePage, Result, layout, shared::Shared};

const MOST: usize = 1000;

pub(crate) fn run(shared: &Shared, prefix: &str, after: Option<&str>, max: usize) -> Result<QueuePage> {
    select(shared, prefix, after, max, |_| Ok(true))
}

/// The names of the queues that begin so and whose records are wanted.
pub(crate) fn select(
    shared: &Shared,
    prefix: &str,
    after: Option<&str>,
    max: usize,
    is_wanted: impl Fn(Bytes) -> Result<bool>,
) -> Result<QueuePage> {
    let mut page = QueuePage::default();
    let mut range = RangeRequest::prefix(&layout::queue_key(prefix));
    if let Some(after) = after.filter(|after| *after >= prefix) {
        range = range.resume_after(&layout::queue_key(after));
    }
    let snapshot = shared.engine.snapshot()?;
    for entry in snapshot.scan(&shared.keyspaces.queues, &range)? {
        let (key, record) = entry?;
        if !is_wanted(record)? {
            continue;
        }
        if page.names.len() == max.clamp(1, MOST) {
            page.next = page.names.last().cloned();
            break;
        }
        page.names.push(name_of(&key)?);
    }
    Ok(page)
}

fn name_of(key: &[u8]) -> Result<String> {
    let name = key.get(layout::QUEUES.len()..).unwrap_or_default();
    let name = std::str::from_utf8(name).map(str::to_owned);
    name.map_err(|_| Error::Corrupt { keyspace: "queue.queues", detail: "a queue's name is not UTF-8" })
}
