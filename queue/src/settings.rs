//! What can be set of a queue: plain types with their limits.

use std::{collections::BTreeMap, time::Duration};

use millpond_engine::Timestamp;

/// What a queue is set to. The names and ranges are the service's.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How long a message waits before it can be received, unless it says otherwise: 0 to 900 s.
    pub delay: Duration,
    /// The longest message, its attributes included: 1,024 to 1,048,576 bytes.
    pub maximum_message_bytes: usize,
    /// How long a message is kept: 60 s to 14 days; 4 days unless told otherwise.
    pub retention: Duration,
    /// How long a receive waits for a message unless it says otherwise: 0 to 20 s.
    pub receive_wait: Duration,
    /// For how long a message that was received is not given to others, unless the receive says otherwise: 0 to 12 h; 30 s
    /// unless told otherwise.
    pub visibility_timeout: Duration,
    /// Where messages go that were received too often.
    pub redrive_policy: Option<RedrivePolicy>,
    /// For which queues this one may be the dead-letter queue; `None` as [`RedriveAllowPolicy::AllowAll`].
    pub redrive_allow_policy: Option<RedriveAllowPolicy>,
    /// An access policy. It is kept, and nothing is authorized by it.
    pub policy: Option<String>,
    /// A key of KMS. It is kept, and nothing is encrypted by it.
    pub kms_master_key_id: Option<String>,
    /// How long a data key of KMS would be used again: 60 s to 24 h.
    pub kms_data_key_reuse_period: Option<Duration>,
    /// Whether the service would encrypt with its own keys. It is kept, and nothing is encrypted by it.
    pub sqs_managed_sse: bool,
    /// What a first-in-first-out queue has besides; `None` for a standard queue.
    pub fifo: Option<FifoSettings>,
}

impl Settings {
    /// Those of a new queue.
    pub(crate) fn new(is_fifo: bool) -> Self {
        Settings {
            delay: Duration::ZERO,
            maximum_message_bytes: crate::MAX_MESSAGE_BYTES,
            retention: Duration::from_secs(345_600),
            receive_wait: Duration::ZERO,
            visibility_timeout: Duration::from_secs(30),
            redrive_policy: None,
            redrive_allow_policy: None,
            policy: None,
            kms_master_key_id: None,
            kms_data_key_reuse_period: None,
            sqs_managed_sse: true,
            fifo: is_fifo.then(FifoSettings::default),
        }
    }
}

/// What only a first-in-first-out queue has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FifoSettings {
    /// Whether a message without a deduplication id is known by the SHA-256 of its body.
    pub content_based_deduplication: bool,
    /// Within what a deduplication id names one message.
    pub deduplication_scope: DeduplicationScope,
    /// Within what throughput would be limited. Nothing is limited here.
    pub throughput_limit: FifoThroughputLimit,
}

/// Within what a deduplication id names one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeduplicationScope {
    /// The whole queue.
    #[default]
    Queue,
    /// The message's group.
    MessageGroup,
}

/// Within what the throughput of a first-in-first-out queue is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FifoThroughputLimit {
    /// The whole queue.
    #[default]
    PerQueue,
    /// Each message group; only with [`DeduplicationScope::MessageGroup`].
    PerMessageGroupId,
}

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedrivePolicy {
    /// The name of the dead-letter queue; it has to be of the same type.
    pub dead_letter_queue: String,
    /// How often a message is received before it goes there instead: 1 to 1,000.
    pub max_receive_count: u32,
}

/// For which queues a queue may be the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedriveAllowPolicy {
    /// All.
    AllowAll,
    /// None.
    DenyAll,
    /// Those of these names, 1 to 10.
    ByQueue(Vec<String>),
}

/// What to set; `None` leaves a setting as it is, or as it is by default where the queue is created. `Some(None)` takes
/// away what need not be there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(clippy::option_option, reason = "to leave a thing, to take it away, and to set it are three")]
pub struct Changes {
    /// See [`Settings::delay`].
    pub delay: Option<Duration>,
    /// See [`Settings::maximum_message_bytes`].
    pub maximum_message_bytes: Option<usize>,
    /// See [`Settings::retention`].
    pub retention: Option<Duration>,
    /// See [`Settings::receive_wait`].
    pub receive_wait: Option<Duration>,
    /// See [`Settings::visibility_timeout`].
    pub visibility_timeout: Option<Duration>,
    /// See [`Settings::redrive_policy`].
    pub redrive_policy: Option<Option<RedrivePolicy>>,
    /// See [`Settings::redrive_allow_policy`].
    pub redrive_allow_policy: Option<Option<RedriveAllowPolicy>>,
    /// See [`Settings::policy`].
    pub policy: Option<Option<String>>,
    /// See [`Settings::kms_master_key_id`].
    pub kms_master_key_id: Option<Option<String>>,
    /// See [`Settings::kms_data_key_reuse_period`].
    pub kms_data_key_reuse_period: Option<Option<Duration>>,
    /// See [`Settings::sqs_managed_sse`].
    pub sqs_managed_sse: Option<bool>,
    /// See [`FifoSettings::content_based_deduplication`].
    pub content_based_deduplication: Option<bool>,
    /// See [`FifoSettings::deduplication_scope`].
    pub deduplication_scope: Option<DeduplicationScope>,
    /// See [`FifoSettings::throughput_limit`].
    pub fifo_throughput_limit: Option<FifoThroughputLimit>,
}

/// What a queue is to be when it is created. A name that ends in `.fifo` makes a first-in-first-out queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CreateOptions {
    /// What differs from the defaults.
    pub changes: Changes,
    /// Its tags, at most 50.
    pub tags: BTreeMap<String, String>,
}

/// A queue as it is at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// What it is set to.
    pub settings: Settings,
    /// How many messages it has.
    pub counts: Counts,
    /// When it was created.
    pub created: Timestamp,
    /// When its settings were last changed.
    pub modified: Timestamp,
}

/// How many messages a queue has. They are exact for the moment that they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Those that can be received.
    pub visible: u64,
    /// Those that were received and are not given to others for now.
    pub in_flight: u64,
    /// Those whose delay is not over.
    pub delayed: u64,
}

/// What there is to watch of a queue; it is known without reading the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// How many messages it has.
    pub counts: Counts,
    /// For how long the oldest of them has been in the queue.
    pub oldest_age: Option<Duration>,
}
