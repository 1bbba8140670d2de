//! What can be chosen of the service.

use millpond_engine::Durability;

/// What can be chosen of the service when it is opened.
#[derive(Debug, Clone)]
pub struct Options {
    cooldowns: bool,
    receives: Durability,
}

impl Default for Options {
    fn default() -> Self {
        Options { cooldowns: true, receives: Durability::Sync }
    }
}

impl Options {
    /// Whether a queue can be purged only once in 60 seconds, and its name not be used for 60 seconds after it was deleted, as
    /// in the service. Tests that make their queues again and again turn it off.
    #[must_use]
    pub fn cooldowns(mut self, cooldowns: bool) -> Self {
        self.cooldowns = cooldowns;
        self
    }

    /// When a receive from a standard queue is acknowledged: when it is synced, unless told otherwise. With
    /// [`Durability::Buffered`] it does not even wait for its commit, and a crash may make messages visible again that were in flight, with a
    /// lower receive count; no message is lost, and none that was deleted comes back. First-in-first-out queues always sync, for
    /// their order rests on it.
    #[must_use]
    pub fn receives(mut self, durability: Durability) -> Self {
        self.receives = durability;
        self
    }

    pub(crate) fn has_unsynced_receives(&self) -> bool {
        self.receives == Durability::Buffered
    }

    pub(crate) fn has_cooldowns(&self) -> bool {
        self.cooldowns
    }
}
