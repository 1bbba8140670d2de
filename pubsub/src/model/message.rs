//! Messages: what is published, and what subscribers get.

use std::{collections::BTreeMap, fmt};

use millpond_engine::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, Result};

/// A message to publish. A text is one without anything besides its body.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublishMessage {
    /// Its text, or one for each protocol.
    pub body: Body,
    /// Up to 100 characters without line breaks or control characters.
    pub subject: Option<String>,
    /// What filter policies look at, and queues get as attributes where messages are delivered raw.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// The message group: 1 to 128 letters, digits and punctuation. A first-in-first-out topic needs one.
    pub group_id: Option<String>,
    /// By what a first-in-first-out topic knows the message when it is published again within five minutes.
    pub deduplication_id: Option<String>,
    /// A trace header of AWS X-Ray, of up to 4,096 bytes, for queues: their messages have it as `AWSTraceHeader`.
    pub trace_header: Option<String>,
}

/// The text of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// The same for all.
    Text(String),
    /// By protocol (`sqs`, `http`, `email`, ...); what is not there gets that of `default`. See [`Body::structured`].
    Structured(BTreeMap<String, String>),
}

impl Body {
    /// Texts by protocol, as JSON: an object with a text under `default`. What is no text in it is passed over, as in the service.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for what is no JSON object, or has no text under `default`.
    pub fn structured(json: &str) -> Result<Body> {
        let failed = |_| Error::parameter("Message Structure - JSON message body failed to parse");
        let entries: BTreeMap<String, serde_json::Value> = serde_json::from_str(json).map_err(failed)?;
        let texts: BTreeMap<String, String> = entries
            .into_iter()
            .filter_map(|(protocol, text)| match text {
                serde_json::Value::String(text) => Some((protocol, text)),
                _ => None,
            })
            .collect();
        match texts.contains_key("default") {
            true => Ok(Body::Structured(texts)),
            false => Err(no_default()),
        }
    }
}

pub(crate) fn no_default() -> Error {
    Error::parameter("Message Structure - No default entry in JSON message body")
}

impl Default for Body {
    fn default() -> Self {
        Body::Text(String::new())
    }
}

impl PublishMessage {
    /// A message with texts by protocol, as JSON: see [`Body::structured`].
    ///
    /// # Errors
    /// Those of [`Body::structured`].
    pub fn structured(json: &str) -> Result<Self> {
        Ok(PublishMessage { body: Body::structured(json)?, ..Default::default() })
    }

    /// A message of this text.
    pub fn new(text: impl Into<String>) -> Self {
        PublishMessage { body: Body::Text(text.into()), ..Default::default() }
    }

    /// With a subject.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// With an attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: MessageAttribute) -> Self {
        self.attributes.insert(name.into(), value);
        self
    }

    /// In a message group.
    #[must_use]
    pub fn group(mut self, group_id: impl Into<String>) -> Self {
        self.group_id = Some(group_id.into());
        self
    }

    /// Under a deduplication id.
    #[must_use]
    pub fn deduplication(mut self, deduplication_id: impl Into<String>) -> Self {
        self.deduplication_id = Some(deduplication_id.into());
        self
    }
}

impl From<&str> for PublishMessage {
    fn from(text: &str) -> Self {
        PublishMessage::new(text)
    }
}

impl From<String> for PublishMessage {
    fn from(text: String) -> Self {
        PublishMessage::new(text)
    }
}

/// An attribute of a message: a type (`String`, `String.Array`, `Number` or `Binary`) and a value.
///
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageAttribute {
    /// `String`, `String.Array`, `Number` or `Binary`.
    pub data_type: String,
    /// Its value: bytes for binaries, text for all others.
    pub value: AttributeValue,
}

/// The value of a [`MessageAttribute`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeValue {
    /// Of a string, an array (as JSON) or a number.
    Text(String),
    /// Of a binary.
    Binary(Vec<u8>),
}

impl MessageAttribute {
    /// A string.
    pub fn string(value: impl Into<String>) -> Self {
        MessageAttribute { data_type: "String".into(), value: AttributeValue::Text(value.into()) }
    }

    /// Strings, numbers, booleans and nulls, as a JSON array.
    pub fn array(json: impl Into<String>) -> Self {
        MessageAttribute { data_type: "String.Array".into(), value: AttributeValue::Text(json.into()) }
    }

    /// A number, as text.
    pub fn number(value: impl ToString) -> Self {
        MessageAttribute { data_type: "Number".into(), value: AttributeValue::Text(value.to_string()) }
    }

    /// Bytes.
    pub fn binary(value: impl Into<Vec<u8>>) -> Self {
        MessageAttribute { data_type: "Binary".into(), value: AttributeValue::Binary(value.into()) }
    }
}

/// What a message is known by: a UUID that it is given when it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MessageId([u8; 16]);

impl MessageId {
    pub(crate) fn random() -> Self {
        MessageId(Uuid::new_v4().into_bytes())
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).hyphenated().fmt(f)
    }
}

/// Where a message stands in the order of a first-in-first-out topic. It is shown in 20 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SequenceNumber(pub(crate) u64);

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (10_000_000_000_000_000_000 + u128::from(self.0)).fmt(f)
    }
}

/// A message that was published, as a subscriber gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub(crate) id: MessageId,
    pub(crate) topic_arn: String,
    pub(crate) published: u64,
    pub(crate) body: Body,
    pub(crate) subject: Option<String>,
    pub(crate) attributes: BTreeMap<String, MessageAttribute>,
    pub(crate) group_id: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    pub(crate) sequence_number: Option<SequenceNumber>,
    /// Whether it comes out of the archive.
    pub(crate) is_replayed: bool,
    pub(crate) trace_header: Option<String>,
}

impl Notification {
    /// What the message is known by.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// The topic that it was published to.
    #[must_use]
    pub fn topic_arn(&self) -> &str {
        &self.topic_arn
    }

    /// When it was published.
    #[must_use]
    pub fn published(&self) -> Timestamp {
        Timestamp::from_millis(self.published)
    }

    /// Its text for those whom no protocol has a text of its own.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text_for("default")
    }

    /// Its text for a protocol.
    pub(crate) fn text_for(&self, protocol: &str) -> &str {
        match &self.body {
            Body::Text(text) => text,
            Body::Structured(texts) => texts.get(protocol).or_else(|| texts.get("default")).map_or("", String::as_str),
        }
    }

    /// Its subject.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Its attributes.
    #[must_use]
    pub fn attributes(&self) -> &BTreeMap<String, MessageAttribute> {
        &self.attributes
    }

    /// Its message group.
    #[must_use]
    pub fn group_id(&self) -> Option<&str> {
        self.group_id.as_deref()
    }

    /// Its deduplication id; in a first-in-first-out topic each message has one.
    #[must_use]
    pub fn deduplication_id(&self) -> Option<&str> {
        self.deduplication_id.as_deref()
    }

    /// Whether it comes out of the topic's archive.
    #[must_use]
    pub fn is_replayed(&self) -> bool {
        self.is_replayed
    }

    /// Its place in a first-in-first-out topic.
    #[must_use]
    pub fn sequence_number(&self) -> Option<SequenceNumber> {
        self.sequence_number
    }
}

/// What is told of a message that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// What the message is known by; that of the first one where it was published before.
    pub message_id: MessageId,
    /// Its place in a first-in-first-out topic.
    pub sequence_number: Option<SequenceNumber>,
}
