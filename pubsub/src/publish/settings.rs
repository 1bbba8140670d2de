//! What a topic is set to, as far as publishing asks for it: read once, for all messages.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use millpond_engine::Transaction;
use parking_lot::RwLock;

use crate::{
    Error, Result, archive,
    layout::{self, TOPICS, TopicRecord},
    shared::Shared,
};

/// So many topics are kept.
const MOST_KEPT: usize = 16 << 10;

/// The longest message of a topic that says nothing of it: 256 KiB.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html>
const MAX_MESSAGE_BYTES: usize = 256 << 10;

/// A topic that is published to.
#[derive(Debug)]
pub(crate) struct PublishedTo {
    pub(crate) record: TopicRecord,
    pub(crate) settings: Settings,
}

#[derive(Debug)]
pub(crate) struct Settings {
    /// Of a message with its attributes, and of a batch.
    pub(crate) max_bytes: usize,
    /// Of a first-in-first-out topic.
    pub(crate) fifo: Option<Fifo>,
}

#[derive(Debug)]
pub(crate) struct Fifo {
    /// Whether a message without a deduplication id is known by its text.
    pub(crate) is_content_based: bool,
    /// Whether a deduplication id counts within its message group, and not within the topic.
    pub(crate) is_by_group: bool,
    /// For how long messages are kept to be replayed, if they are.
    pub(crate) retention: Option<Duration>,
}

impl Settings {
    pub(crate) fn of(topic: &TopicRecord) -> Settings {
        let max_bytes = topic.attributes.get("MaximumMessageSize").and_then(|bytes| bytes.parse().ok());
        let fifo = topic.is_fifo().then(|| Fifo {
            is_content_based: topic.is_set("ContentBasedDeduplication"),
            is_by_group: topic.attributes.get("FifoThroughputScope").is_some_and(|scope| scope == "MessageGroup"),
            retention: archive::retention(topic),
        });
        Settings { max_bytes: max_bytes.unwrap_or(MAX_MESSAGE_BYTES), fifo }
    }
}

/// Topics by name, beside the bytes that they were decoded from: they count only while these are those just read.
#[derive(Debug, Default)]
pub(crate) struct Topics(RwLock<HashMap<String, (Bytes, Arc<PublishedTo>)>>);

/// The topic of that name. The transaction conflicts with a change of it.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub(crate) fn need(shared: &Shared, tx: &mut Transaction, name: &str) -> Result<Arc<PublishedTo>> {
    let stored = tx.get(&shared.keyspaces.topics, &layout::topic_key(name))?.ok_or_else(Error::no_topic)?;
    let kept = &shared.publisher.topics.0;
    if let Some((bytes, topic)) = kept.read().get(name)
        && *bytes == stored
    {
        return Ok(Arc::clone(topic));
    }
    let record: TopicRecord = layout::decode(TOPICS, &stored)?;
    let topic = Arc::new(PublishedTo { settings: Settings::of(&record), record });
    let mut kept = kept.write();
    if kept.len() >= MOST_KEPT {
        kept.clear();
    }
    kept.insert(name.to_owned(), (stored, Arc::clone(&topic)));
    Ok(topic)
}
