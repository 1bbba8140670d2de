//! Records: what a source gives to a handler, and what each is known by.

use std::{fmt, sync::Arc};

use millpond_engine::{Position, Timestamp};
use millpond_kv::{AttributeValue, Record as Change};
use millpond_queue::Message;
use millpond_stream::Record as StreamRecord;

/// One record of a batch: a message of a queue, a record of a stream or a change of an item. Cheap to clone.
#[derive(Clone)]
pub struct Record(Arc<Inner>);

struct Inner {
    id: String,
    arrived: Timestamp,
    position: Position,
    content: Content,
}

/// What a record is, by its source.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content {
    /// Of a queue.
    Message(Message),
    /// Of a stream.
    Stream(StreamRecord),
    /// Of a table's change stream.
    Change(Change),
}

impl Record {
    pub(crate) fn of_message(message: Message) -> Self {
        let (id, arrived) = (message.id().to_string(), message.sent());
        Record(Arc::new(Inner { id, arrived, position: Position::default(), content: Content::Message(message) }))
    }

    pub(crate) fn of_stream(record: StreamRecord, position: Position) -> Self {
        let (id, arrived) = (record.sequence_number.to_string(), record.arrived);
        Record(Arc::new(Inner { id, arrived, position, content: Content::Stream(record) }))
    }

    pub(crate) fn of_change(change: Change, position: Position) -> Self {
        let (id, arrived) = (change.sequence_number.clone(), position.time());
        Record(Arc::new(Inner { id, arrived, position, content: Content::Change(change) }))
    }

    /// What a handler names it by when it has failed: the sequence number, or the id of the message.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// When it was committed to its source.
    #[must_use]
    pub fn arrived(&self) -> Timestamp {
        self.0.arrived
    }

    pub(crate) fn position(&self) -> Position {
        self.0.position
    }

    /// What it is, by its source.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.0.content
    }

    /// Its bytes: the data of a record of a stream, the body of a message. `None` of a change of an item.
    #[must_use]
    pub fn data(&self) -> Option<&[u8]> {
        match &self.0.content {
            Content::Message(message) => Some(message.body().as_bytes()),
            Content::Stream(record) => Some(&record.data),
            Content::Change(_) => None,
        }
    }

    /// [`data`](Record::data) as text, if it is some.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.data().and_then(|data| std::str::from_utf8(data).ok())
    }

    /// [`data`](Record::data) as JSON of a Rust type.
    ///
    /// # Errors
    /// Those of `serde_json`, and one for a change of an item.
    pub fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.data().unwrap_or_default())
    }

    /// The message, if it is one.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        match &self.0.content {
            Content::Message(message) => Some(message),
            _ => None,
        }
    }

    /// The record of a stream, if it is one.
    #[must_use]
    pub fn stream_record(&self) -> Option<&StreamRecord> {
        match &self.0.content {
            Content::Stream(record) => Some(record),
            _ => None,
        }
    }

    /// The change of an item, if it is one.
    #[must_use]
    pub fn change(&self) -> Option<&Change> {
        match &self.0.content {
            Content::Change(change) => Some(change),
            _ => None,
        }
    }

    /// About how many bytes it takes in an event of the service: what the limit of 6 MB on a batch counts.
    pub(crate) fn event_bytes(&self) -> usize {
        /// Names, times and ARNs around what differs.
        const AROUND: usize = 600;
        AROUND
            + match &self.0.content {
                Content::Message(message) => {
                    let attributes = message.attributes().iter();
                    message.body().len()
                        + attributes.map(|(name, it)| name.len() + it.bytes().len() + 100).sum::<usize>()
                }
                Content::Stream(record) => record.data.len().div_ceil(3) * 4 + record.partition_key().len(),
                Content::Change(change) => usize::try_from(change.size_bytes).unwrap_or(usize::MAX / 4) / 3 * 4,
            }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("id", &self.0.id).field("content", &self.0.content).finish_non_exhaustive()
    }
}

/// The bytes of a key attribute, by which changes of its items keep their order.
pub(crate) fn key_bytes(value: Option<&AttributeValue>) -> Vec<u8> {
    match value {
        Some(AttributeValue::S(text)) => text.as_bytes().to_vec(),
        Some(AttributeValue::N(number)) => number.to_string().into_bytes(),
        Some(AttributeValue::B(bytes)) => bytes.to_vec(),
        _ => Vec::new(),
    }
}
