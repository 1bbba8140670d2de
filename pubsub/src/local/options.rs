//! What listeners are made with.

use std::time::Duration;

use crate::{
    Error, Result,
    filter::{FilterPolicy, FilterScope, Forms},
};

/// What is done when a listener does not keep up, so that as many messages wait for it as it has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lag {
    /// Publishers wait until there is room, before they commit; after [`ListenOptions::wait_at_most`] they fail with
    /// [`Error::WouldBlock`].
    ///
    /// They fail at once where waiting would be in vain or would hold up all others: in the closure that is to make the room, and in a
    /// caller's transaction that [runs alone](millpond_engine::TransactOptions::serialized), since nothing else can commit
    /// meanwhile. A thread that publishes to a channel which it alone receives from waits in vain as well, as long as it may.
    ///
    /// The room is for those who begin to publish: a transaction that publishes more messages than there is room for
    /// has them all.
    Block,
    /// The oldest message is lost. The receiver is told how many there were: see [`RecvError::Lagged`](crate::RecvError::Lagged).
    DropOldest,
    /// Messages that there is no room for are written to the store by the transaction that publishes them, once for each such
    /// listener, and read back in their order. None is lost while the program runs, and memory stays small.
    #[default]
    Spill,
}

/// What a listener is made with: see [`Topic::channel`](crate::Topic::channel) and [`Topic::on_message`](crate::Topic::on_message).
///
/// ```
/// use millpond_pubsub::{Lag, ListenOptions};
///
/// let options = ListenOptions::default().filter_policy(r#"{"state": ["paid"]}"#).capacity(100).lag(Lag::DropOldest);
/// ```
#[derive(Debug, Clone)]
pub struct ListenOptions {
    policy: Option<String>,
    scope: FilterScope,
    pub(crate) capacity: usize,
    pub(crate) lag: Lag,
    pub(crate) wait_at_most: Duration,
}

impl Default for ListenOptions {
    fn default() -> Self {
        ListenOptions {
            policy: None,
            scope: FilterScope::MessageAttributes,
            capacity: 1024,
            lag: Lag::default(),
            wait_at_most: Duration::from_secs(30),
        }
    }
}

impl ListenOptions {
    /// Only messages that this filter policy lets through, which is JSON and may have all forms that the [filter](crate::filter)
    /// knows. All messages unless told otherwise.
    #[must_use]
    pub fn filter_policy(mut self, policy: impl Into<String>) -> Self {
        self.policy = Some(policy.into());
        self
    }

    /// Whether the filter policy looks at the message's body, which is JSON, and not at its attributes.
    #[must_use]
    pub fn filter_on_body(mut self, on_body: bool) -> Self {
        self.scope = if on_body { FilterScope::MessageBody } else { FilterScope::MessageAttributes };
        self
    }

    /// How many messages wait in memory at most: 1,024 unless told otherwise, and at least one.
    #[must_use]
    pub fn capacity(mut self, messages: usize) -> Self {
        self.capacity = messages.max(1);
        self
    }

    /// What is done with those that come when there are so many: [`Lag::Spill`] unless told otherwise.
    #[must_use]
    pub fn lag(mut self, lag: Lag) -> Self {
        self.lag = lag;
        self
    }

    /// How long a publisher waits for room at most, by the engine's clock, if the listener is one that publishers
    /// [wait](Lag::Block) for: 30 seconds unless told otherwise.
    #[must_use]
    pub fn wait_at_most(mut self, wait: Duration) -> Self {
        self.wait_at_most = wait;
        self
    }

    /// # Errors
    /// [`Error::InvalidParameter`] with the service's text.
    pub(crate) fn checked_policy(&self) -> Result<Option<FilterPolicy>> {
        let Some(text) = &self.policy else { return Ok(None) };
        let checked = FilterPolicy::parse(text, self.scope, Forms::All);
        checked.map(Some).map_err(|error| Error::parameter(error.to_string()))
    }
}
