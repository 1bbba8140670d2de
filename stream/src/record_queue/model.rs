//! The plain types of queues.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use millpond_engine::Timestamp;
use serde::{Deserialize, Serialize};

use super::ReceiptHandle;
use crate::{Error, Record, Result};

/// The longest that a record can be invisible after it was received.
const MAX_VISIBILITY: Duration = Duration::from_secs(43_200);
const DEFAULT_VISIBILITY: Duration = Duration::from_secs(30);
const MAX_RECEIVE_COUNT: u32 = 1000;

/// A queue that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateQueue {
    /// 1 to 128 letters, digits, underscores, dots and hyphens. No two queues have one.
    pub name: String,
    /// The stream whose records it delivers: one that is on demand.
    pub stream: String,
    /// Where it begins.
    pub start: QueueStart,
    /// How long a record is invisible after it was received, to the second, at most 12 hours.
    pub visibility_timeout: Duration,
    /// What becomes of records that were received in vain.
    pub dead_letters: DeadLetters,
    /// At most 50.
    pub tags: BTreeMap<String, String>,
}

impl CreateQueue {
    /// A queue of records that are put from now on, which are invisible for 30 seconds and dead letters after six receives.
    #[must_use]
    pub fn new(name: impl Into<String>, stream: impl Into<String>) -> Self {
        CreateQueue {
            name: name.into(),
            stream: stream.into(),
            start: QueueStart::default(),
            visibility_timeout: DEFAULT_VISIBILITY,
            dead_letters: DeadLetters::default(),
            tags: BTreeMap::new(),
        }
    }

    /// Where it begins.
    #[must_use]
    pub fn start(mut self, start: QueueStart) -> Self {
        self.start = start;
        self
    }

    /// How long a record is invisible after it was received.
    #[must_use]
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility_timeout = timeout;
        self
    }

    /// What becomes of records that were received in vain.
    #[must_use]
    pub fn dead_letters(mut self, dead_letters: DeadLetters) -> Self {
        self.dead_letters = dead_letters;
        self
    }
}

/// Where in a stream a queue begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QueueStart {
    /// With the oldest record that is kept.
    TrimHorizon,
    /// With the first one that is put from now on.
    #[default]
    Latest,
    /// With the first one that was put at that time or later.
    AtTimestamp(Timestamp),
}

/// What becomes of records that were received again and again, and not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeadLetters {
    /// They are not received any more, but kept aside, until they are acknowledged or restored.
    After {
        /// How often one is received before: 1 to 1,000.
        receives: u32,
    },
    /// They are received until they are acknowledged.
    Never,
}

impl Default for DeadLetters {
    fn default() -> Self {
        DeadLetters::After { receives: 6 }
    }
}

impl DeadLetters {
    /// Whether a record that was received so often is not to be received again.
    pub(crate) fn is_due(self, receives: u32) -> bool {
        matches!(self, DeadLetters::After { receives: most } if receives >= most)
    }

    pub(crate) fn check(self) -> Result<()> {
        match self {
            DeadLetters::After { receives } if !(1..=MAX_RECEIVE_COUNT).contains(&receives) => {
                Err(Error::Validation(format!("MaxReceiveCount must be between 1 and {MAX_RECEIVE_COUNT}.")))
            }
            _ => Ok(()),
        }
    }
}

pub(crate) fn check_visibility(timeout: Duration) -> Result<()> {
    match timeout > MAX_VISIBILITY {
        true => Err(Error::InvalidArgument(format!(
            "VisibilityTimeoutSeconds must be between 0 and {}.",
            MAX_VISIBILITY.as_secs()
        ))),
        false => Ok(()),
    }
}

/// What of a queue is to be changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueChanges {
    /// Of records that are received from now on.
    pub visibility_timeout: Option<Duration>,
    /// Of records that are received from now on, and of those that wait to be received again.
    pub dead_letters: Option<DeadLetters>,
}

/// What a queue is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueDescription {
    /// What identifies it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// The stream whose records it delivers.
    pub stream: String,
    /// When that was made.
    pub stream_created: Timestamp,
    /// Where it was to begin.
    pub start: QueueStart,
    /// The time at which it did.
    pub start_time: Timestamp,
    /// How long a record is invisible after it was received.
    pub visibility_timeout: Duration,
    /// What becomes of records that were received in vain.
    pub dead_letters: DeadLetters,
}

/// Queues in order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePage {
    /// The queues.
    pub queues: Vec<QueueDescription>,
    /// Whether there are more.
    pub has_more: bool,
}

/// A record as a queue delivers it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueRecord {
    /// What it is acknowledged by: another one each time that it is received.
    pub receipt_handle: ReceiptHandle,
    /// What identifies it, in all queues of its stream.
    pub id: String,
    /// The record.
    pub record: Record,
    /// When it was first received.
    pub first_received: Timestamp,
    /// How often it was received, this time included.
    pub receive_count: u32,
    /// When it is visible again.
    pub visible: Timestamp,
}

impl QueueRecord {
    /// Its data.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.record.data
    }
}
