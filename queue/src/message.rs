//! Messages: what is sent, what is received, and the handles that name them.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use bytes::Bytes;
use millpond_engine::{Position, Timestamp, Transaction};
use uuid::Uuid;

use crate::{Error, Queue, Result, deduplication::Placed, handle};

/// A message to send. A text is one without anything besides its body.
///
/// ```
/// use millpond_queue::{MessageAttribute, SendMessage};
///
/// let message = SendMessage::new("hello").attribute("lang", MessageAttribute::string("en"));
/// assert_eq!(message, SendMessage { body: "hello".into(), ..message.clone() });
/// ```
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SendMessage {
    /// 1 byte to the queue's [`maximum_message_bytes`](crate::Settings::maximum_message_bytes), attributes included; the
    /// characters that XML 1.0 has.
    pub body: String,
    /// How long it waits before it can be received: up to 900 s, in place of the queue's own delay. Not for first-in-first-out
    /// queues.
    pub delay: Option<Duration>,
    /// At most 10 attributes.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// The message group: 1 to 128 letters, digits and punctuation. A first-in-first-out queue needs one, and keeps the order
    /// within it; in a standard queue groups get their turns, so that a busy one does not hold up the others.
    pub group_id: Option<String>,
    /// By what a first-in-first-out queue knows the message when it is sent again within five minutes: 1 to 128 letters,
    /// digits and punctuation.
    pub deduplication_id: Option<String>,
    /// A header of AWS X-Ray that goes with the message.
    pub trace_header: Option<String>,
}

impl SendMessage {
    /// A message with this body.
    pub fn new(body: impl Into<String>) -> Self {
        SendMessage { body: body.into(), ..Default::default() }
    }

    /// With a delay of its own.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
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

impl From<&str> for SendMessage {
    fn from(body: &str) -> Self {
        SendMessage::new(body)
    }
}

impl From<String> for SendMessage {
    fn from(body: String) -> Self {
        SendMessage::new(body)
    }
}

/// An attribute of a message: a type (`String`, `Number` or `Binary`, and perhaps a label of the caller's after a dot) and a
/// value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAttribute {
    /// `String`, `Number`, `Binary`, or one of them with a label, such as `Number.float`.
    pub data_type: String,
    /// Its value: text for strings and numbers, bytes for binaries.
    pub value: AttributeValue,
}

/// The value of a [`MessageAttribute`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// Of a string or a number.
    Text(String),
    /// Of a binary.
    Binary(Bytes),
}

impl MessageAttribute {
    /// A string.
    pub fn string(value: impl Into<String>) -> Self {
        MessageAttribute { data_type: "String".into(), value: AttributeValue::Text(value.into()) }
    }

    /// A number, as text.
    pub fn number(value: impl ToString) -> Self {
        MessageAttribute { data_type: "Number".into(), value: AttributeValue::Text(value.to_string()) }
    }

    /// Bytes.
    pub fn binary(value: impl Into<Bytes>) -> Self {
        MessageAttribute { data_type: "Binary".into(), value: AttributeValue::Binary(value.into()) }
    }

    /// The bytes of its value.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.value {
            AttributeValue::Text(text) => text.as_bytes(),
            AttributeValue::Binary(bytes) => bytes,
        }
    }
}

/// What a message is known by: a UUID that it is given when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(Uuid);

impl MessageId {
    pub(crate) fn random() -> Self {
        MessageId(Uuid::new_v4())
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        MessageId(Uuid::from_bytes(bytes))
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Where a message stands in the order of a first-in-first-out queue: a later message has a higher number. It is shown in 20
/// digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceNumber(pub(crate) Position);

impl SequenceNumber {
    /// So that each has 20 digits.
    const FIRST: u128 = 10_000_000_000_000_000_000;
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (Self::FIRST + u128::from(self.0.get())).fmt(f)
    }
}

/// A message that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub(crate) message_id: MessageId,
    /// Of a first-in-first-out queue.
    pub(crate) placed: Option<Placed>,
}

impl Sent {
    /// What the message is known by; that of the first one where it was sent before.
    #[must_use]
    pub fn message_id(&self) -> MessageId {
        self.message_id
    }

    /// Its place in a first-in-first-out queue. It is known once the transaction is committed; never of a message that another
    /// call in the same transaction has sent before under this deduplication id.
    #[must_use]
    pub fn sequence_number(&self) -> Option<SequenceNumber> {
        self.placed.as_ref().and_then(Placed::position).map(SequenceNumber)
    }
}

/// One receive of one message: who has it may delete the message or change for how long it is invisible.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReceiptHandle(pub(crate) handle::Receipt);

impl fmt::Display for ReceiptHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads a handle that was shown.
impl FromStr for ReceiptHandle {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || Error::ReceiptHandleIsInvalid {
            message: format!("The input receipt handle \"{text}\" is not a valid receipt handle."),
        };
        handle::Receipt::parse(text).map(ReceiptHandle).ok_or_else(invalid)
    }
}

/// A message that was received. It is invisible to others until its visibility timeout is over; dropping it changes nothing.
#[derive(Debug, Clone)]
pub struct Message {
    pub(crate) queue: Queue,
    pub(crate) received: Received,
}

/// What is received of a message.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) receipt: ReceiptHandle,
    pub(crate) content: Content,
    pub(crate) sequence_number: Option<SequenceNumber>,
    pub(crate) first_received: Timestamp,
    pub(crate) receive_count: u32,
    pub(crate) invisible_until: Timestamp,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) id: MessageId,
    pub(crate) sent: Timestamp,
    pub(crate) body: String,
    pub(crate) attributes: BTreeMap<String, MessageAttribute>,
    pub(crate) group_id: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    pub(crate) trace_header: Option<String>,
    /// The queue that it was moved from as a dead letter.
    pub(crate) dead_letter_source: Option<String>,
    /// How often it was received before it was moved here.
    pub(crate) received_before: u32,
}

impl Message {
    /// What the message is known by.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.received.content.id
    }

    /// Its body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.received.content.body
    }

    /// Its body, taken out.
    #[must_use]
    pub fn into_body(self) -> String {
        self.received.content.body
    }

    /// Its attributes.
    #[must_use]
    pub fn attributes(&self) -> &BTreeMap<String, MessageAttribute> {
        &self.received.content.attributes
    }

    /// Names this receive of it.
    #[must_use]
    pub fn receipt_handle(&self) -> &ReceiptHandle {
        &self.received.receipt
    }

    /// When it was sent.
    #[must_use]
    pub fn sent(&self) -> Timestamp {
        self.received.content.sent
    }

    /// When it was first received.
    #[must_use]
    pub fn first_received(&self) -> Timestamp {
        self.received.first_received
    }

    /// How often it was received, this time included.
    #[must_use]
    pub fn receive_count(&self) -> u32 {
        self.received.receive_count
    }

    /// Until when others do not receive it, as of this receive.
    #[must_use]
    pub fn invisible_until(&self) -> Timestamp {
        self.received.invisible_until
    }

    /// Its message group.
    #[must_use]
    pub fn group_id(&self) -> Option<&str> {
        self.received.content.group_id.as_deref()
    }

    /// Its deduplication id; in a first-in-first-out queue each message has one.
    #[must_use]
    pub fn deduplication_id(&self) -> Option<&str> {
        self.received.content.deduplication_id.as_deref()
    }

    /// Its place in a first-in-first-out queue.
    #[must_use]
    pub fn sequence_number(&self) -> Option<SequenceNumber> {
        self.received.sequence_number
    }

    /// The header of AWS X-Ray that it was sent with.
    #[must_use]
    pub fn trace_header(&self) -> Option<&str> {
        self.received.content.trace_header.as_deref()
    }

    /// The name of the queue that it was moved from as a dead letter.
    #[must_use]
    pub fn dead_letter_source(&self) -> Option<&str> {
        self.received.content.dead_letter_source.as_deref()
    }

    /// The queue that it was received from.
    #[must_use]
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Deletes the message. Deleting one that is gone, or that was received again since, does nothing and is no error.
    ///
    /// # Errors
    /// As [`Queue::delete`].
    pub fn delete(&self) -> Result<()> {
        self.queue.delete(self.receipt_handle())
    }

    /// Deletes the message in the caller's transaction, if it still is this receive's: so that what was done for it
    /// commits with its deletion, once and no more.
    ///
    /// # Errors
    /// [`Error::MessageNotInflight`] if it was deleted or received again since: then the transaction should not be committed,
    /// for another receive has done or will do the same. Those of the engine.
    pub fn delete_in(&self, tx: &mut Transaction) -> Result<()> {
        self.queue.delete_owned_in(tx, self.receipt_handle())
    }

    /// Keeps the message from others for `timeout` from now on: 0 to 12 h.
    ///
    /// # Errors
    /// As [`Queue::change_visibility`].
    pub fn extend(&self, timeout: Duration) -> Result<()> {
        self.queue.change_visibility(self.receipt_handle(), timeout)
    }

    /// Lets others receive the message at once.
    ///
    /// # Errors
    /// As [`Queue::change_visibility`].
    pub fn release(&self) -> Result<()> {
        self.extend(Duration::ZERO)
    }
}

/// What to receive.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receive {
    /// At most this many messages: 1 to 1,000. Over the wire the service allows 10.
    pub max_messages: usize,
    /// How long to wait for the first of them: up to 20 s; `None` as the queue is set.
    pub wait: Option<Duration>,
    /// For how long others do not receive them: up to 12 h; `None` as the queue is set.
    pub visibility_timeout: Option<Duration>,
    /// By what a receive of a first-in-first-out queue is known when it is tried again within five minutes: the same messages
    /// are received again, by the same handles, if nothing has become of them. 1 to 128 letters, digits and punctuation.
    pub attempt_id: Option<String>,
}

impl Receive {
    /// At most this many messages, without waiting.
    #[must_use]
    pub fn up_to(max_messages: usize) -> Self {
        Receive { max_messages, wait: Some(Duration::ZERO), visibility_timeout: None, attempt_id: None }
    }

    /// Waits so long for the first message.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Keeps the messages from others for so long.
    #[must_use]
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility_timeout = Some(timeout);
        self
    }

    /// Known by this id when it is tried again.
    #[must_use]
    pub fn attempt(mut self, attempt_id: impl Into<String>) -> Self {
        self.attempt_id = Some(attempt_id.into());
        self
    }
}

/// One change of a batch of changes of visibility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeVisibility {
    /// Which message.
    pub receipt_handle: ReceiptHandle,
    /// From now on: 0 to 12 h.
    pub timeout: Duration,
}
