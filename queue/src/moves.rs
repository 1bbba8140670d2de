//! Moving the messages of a dead-letter queue back: what is asked for and what is told of it.

use std::{fmt, str::FromStr};

use millpond_engine::Timestamp;
use uuid::Uuid;

use crate::{Error, Result};

/// Which messages to move, and where to.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartMove {
    /// The name of the dead-letter queue.
    pub source: String,
    /// The name of the queue that they go to; without one each goes back to where it came from.
    pub destination: Option<String>,
    /// At most so many messages a second: 1 to 500. Without it, as fast as they can be moved.
    pub max_per_second: Option<u32>,
}

/// Names a task that moves messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MoveTaskId(pub(crate) Uuid);

impl fmt::Display for MoveTaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for MoveTaskId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = |_| Error::parameter("Value for parameter TaskHandle is invalid.");
        Uuid::parse_str(text).map(MoveTaskId).map_err(invalid)
    }
}

/// A task that moves messages, by its id and the queue that it moves them from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MoveTaskHandle {
    /// Its id.
    pub id: MoveTaskId,
    /// The name of the queue that messages are moved from.
    pub source: String,
}

/// What has become of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveStatus {
    /// Messages are being moved.
    Running,
    /// All have been moved.
    Completed,
    /// It was ended before that.
    Cancelled,
    /// It cannot go on: [`MoveTask::failure_reason`].
    Failed,
}

/// A task that moves messages, as it is at a moment.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasksResultEntry.html>
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveTask {
    /// Names it.
    pub handle: MoveTaskHandle,
    /// Where the messages go, if that was said.
    pub destination: Option<String>,
    /// At most so many messages a second, if that was said.
    pub max_per_second: Option<u32>,
    /// What has become of it.
    pub status: MoveStatus,
    /// How many messages it has moved.
    pub moved: u64,
    /// How many there were to move when it was started.
    pub to_move: u64,
    /// When it was started.
    pub started: Timestamp,
    /// Why it failed: a code of the service.
    pub failure_reason: Option<String>,
}

/// A task that was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CancelledMove {
    /// How many messages it had moved.
    pub moved: u64,
}

/// A part of a list of queues.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct QueuePage {
    /// Their names, in order.
    pub names: Vec<String>,
    /// Go on after this one; `None` at the end.
    pub next: Option<String>,
}
