//! What can be chosen of the service.

/// What can be chosen of the service when it is opened.
#[derive(Debug, Clone)]
pub struct Options {
    cooldowns: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { cooldowns: true }
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

    pub(crate) fn has_cooldowns(&self) -> bool {
        self.cooldowns
    }
}
