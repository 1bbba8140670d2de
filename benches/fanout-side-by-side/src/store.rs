//! What every store has to do.

use crate::Failure;

/// How many queues one message goes to.
pub(crate) const QUEUES: usize = 10;

/// A store, and what one has to know of it to compare it.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) promise: Promise,
    /// With how many publishers at once it is measured.
    pub(crate) publishers: &'static [usize],
    /// The version, the settings, and what an acknowledged publish means here.
    pub(crate) settings: String,
    pub(crate) store: Box<dyn Store>,
}

/// What an acknowledged publish has survived.
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

pub(crate) trait Store {
    /// A new topic with [`QUEUES`] empty queues, each subscribed to all of it.
    fn fan(&self, round: u32) -> Result<Box<dyn Fan + '_>, Failure>;
}

/// A topic and its queues.
pub(crate) trait Fan: Sync {
    /// Each thread has its own.
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, Failure>;

    /// How many messages wait in each of the queues.
    fn counts(&self) -> Result<Vec<u64>, Failure>;

    /// The texts of some messages of a queue: at least one if there is any.
    fn some_of(&self, queue: usize) -> Result<Vec<String>, Failure>;

    /// Deletes the queues and all that is in them.
    fn end(self: Box<Self>) -> Result<(), Failure>;
}

pub(crate) trait Publisher: Send {
    /// Publishes 1 to 10 messages, and comes back when all of them are acknowledged: they are in all queues.
    fn publish(&mut self, texts: &[String]) -> Result<(), Failure>;
}
