//! What every store has to do.

use std::time::Duration;

use crate::Failure;

/// How long a receive waits for a message where the store can be told so in milliseconds.
pub(crate) const WAIT: Duration = Duration::from_millis(100);
/// How many messages a consumer is given ahead of its asking where the store does that.
pub(crate) const PREFETCH: usize = 100;

/// A store, and what one has to know of it to compare it.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) promise: Promise,
    /// It gives a message twice now and then, though its first receiver still has it.
    pub(crate) repeats: bool,
    /// The version, the settings, and what an acknowledged send and an acknowledged delete mean here.
    pub(crate) settings: String,
    pub(crate) store: Box<dyn Store>,
}

/// What an acknowledged send has survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// It is on the disk.
    Synced,
    /// A power cut may take it away.
    NotSynced,
}

impl Subject {
    pub(crate) fn is_millpond(&self) -> bool {
        self.name.starts_with("Millpond")
    }
}

/// One queue, empty at first.
pub(crate) trait Store: Sync {
    /// Each thread has its own.
    fn producer(&self) -> Result<Box<dyn Producer + '_>, Failure>;

    /// Each thread has its own.
    fn consumer(&self) -> Result<Box<dyn Consumer + '_>, Failure>;
}

pub(crate) trait Producer: Send {
    /// Sends 1 to 10 messages and comes back when all of them are acknowledged.
    fn send(&mut self, bodies: &[String]) -> Result<(), Failure>;
}

pub(crate) trait Consumer: Send {
    /// At most so many messages. Waits for a while if there is none, and never for a full batch.
    fn receive(&mut self, most: usize) -> Result<Vec<String>, Failure>;

    /// Deletes the messages of the last receive, and comes back when that is acknowledged.
    fn acknowledge(&mut self) -> Result<(), Failure>;
}
