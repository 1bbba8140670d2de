//! Channels.

use std::{future::poll_fn, sync::Arc, time::Duration};

use millpond_engine::Timestamp;

use super::{ListenMetrics, ListenOptions, listener::Step, spill, subscribed::Subscribed};
use crate::{Error, Notification, Result, Topic};

impl Topic {
    /// Gives each message that is published from now on to a channel, until that is dropped. All channels of a topic share the message.
    ///
    /// ```
    /// # use millpond_engine::Engine;
    /// # use millpond_queue::Queues;
    /// # use millpond_stream::Streams;
    /// # let engine = Engine::in_memory();
    /// # let topics = millpond_pubsub::Topics::open(&Queues::open(&engine)?, &Streams::open(&engine)?)?;
    /// use millpond_pubsub::{CreateOptions, ListenOptions, MessageAttribute, PublishMessage};
    ///
    /// let orders = topics.create("orders", &CreateOptions::default())?;
    /// let all = orders.channel(&ListenOptions::default())?;
    /// let paid = orders.channel(&ListenOptions::default().filter_policy(r#"{"state": ["paid"]}"#))?;
    /// for (order, state) in [("order 1", "new"), ("order 2", "paid")] {
    ///     orders.publish(PublishMessage::new(order).attribute("state", MessageAttribute::string(state)))?;
    /// }
    /// assert_eq!(paid.recv()?.text(), "order 2");
    /// assert_eq!(all.recv()?.text(), "order 1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::InvalidParameter`] of a filter policy that cannot be, and those of the engine.
    pub fn channel(&self, options: &ListenOptions) -> Result<Channel> {
        Ok(Channel { subscribed: Subscribed::new(self, options, None)? })
    }
}

/// Messages of a topic as they are published: see [`Topic::channel`]. Several threads may receive from one channel; each message
/// is received once. It keeps the store open, and ends when it is dropped; messages that were not received are lost then.
#[derive(Debug)]
pub struct Channel {
    subscribed: Subscribed,
}

/// Why no message was received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecvError {
    /// So many messages were lost, which would have been received next, since the receiver did not [keep up](crate::Lag::DropOldest).
    /// The next call gives the first one that is left.
    #[error("{0} messages were lost")]
    Lagged(u64),
    /// There is no message, and there was none in the time that was to be waited.
    #[error("there is no message")]
    Empty,
    /// The topic was deleted, and all its messages were received.
    #[error("the topic was deleted")]
    Ended,
    /// Messages that were spilled cannot be read. They are still there.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Channel {
    /// Waits for the next message.
    ///
    /// # Errors
    /// [`RecvError`], without [`RecvError::Empty`].
    pub fn recv(&self) -> Result<Arc<Notification>, RecvError> {
        self.recv_until(None)
    }

    /// Waits so long for the next message, by the engine's clock.
    ///
    /// # Errors
    /// [`RecvError`].
    pub fn recv_timeout(&self, wait: Duration) -> Result<Arc<Notification>, RecvError> {
        self.recv_until(Some(self.subscribed.shared.engine.clock().now().saturating_add(wait)))
    }

    /// The next message, if it is there.
    ///
    /// # Errors
    /// [`RecvError`].
    pub fn try_recv(&self) -> Result<Arc<Notification>, RecvError> {
        self.look()?.ok_or(RecvError::Empty)
    }

    /// Waits for the next message as a future, for any runtime. A future that is dropped has received nothing. Messages
    /// that were spilled are read where it is polled.
    ///
    /// # Errors
    /// As [`recv`](Channel::recv).
    pub async fn recv_async(&self) -> Result<Arc<Notification>, RecvError> {
        let mut place = None;
        loop {
            if let Some(message) = self.look()? {
                return Ok(message);
            }
            match place.take() {
                // One may have come between the look and the wait.
                None => place = Some(self.subscribed.listener.wait()),
                Some(waiting) => {
                    poll_fn(|context| waiting.poll(context)).await;
                    waiting.look();
                }
            }
        }
    }

    /// The messages one after the other, waiting for each. It is over when the topic was deleted.
    pub fn iter(&self) -> Messages<'_> {
        Messages { channel: self, has_failed: false }
    }

    /// How it fares.
    #[must_use]
    pub fn metrics(&self) -> ListenMetrics {
        self.subscribed.metrics()
    }

    fn recv_until(&self, until: Option<Timestamp>) -> Result<Arc<Notification>, RecvError> {
        let clock = self.subscribed.shared.engine.clock();
        let mut place = None;
        loop {
            if let Some(message) = self.look()? {
                return Ok(message);
            }
            if until.is_some_and(|until| clock.now() >= until) {
                return Err(RecvError::Empty);
            }
            match place.take() {
                // One may have come between the look and the wait.
                None => place = Some(self.subscribed.listener.wait()),
                Some(waiting) => {
                    // A clock that is moved by hand wakes all who wait.
                    let until = until.filter(|_| !clock.is_manual());
                    waiting.block(until.map(|until| until.saturating_since(clock.now())));
                    waiting.look();
                }
            }
        }
    }

    fn look(&self) -> Result<Option<Arc<Notification>>, RecvError> {
        let Subscribed { shared, listener } = &self.subscribed;
        loop {
            match listener.take() {
                Step::Message(message) => return Ok(Some(message)),
                Step::Lagged(lost) => return Err(RecvError::Lagged(lost)),
                Step::Read(run) => spill::read(shared, listener, run)?,
                Step::Empty => return Ok(None),
                Step::Ended => return Err(RecvError::Ended),
            }
        }
    }
}

/// The messages of a channel: see [`Channel::iter`]. What could not be received is an error of its own, and the iteration goes on
/// behind messages that were lost.
#[derive(Debug)]
pub struct Messages<'a> {
    channel: &'a Channel,
    has_failed: bool,
}

impl Iterator for Messages<'_> {
    type Item = Result<Arc<Notification>, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        match self.channel.recv() {
            Err(RecvError::Ended) => None,
            received => {
                self.has_failed = matches!(received, Err(RecvError::Failed(_)));
                Some(received)
            }
        }
    }
}

impl<'a> IntoIterator for &'a Channel {
    type Item = Result<Arc<Notification>, RecvError>;
    type IntoIter = Messages<'a>;

    fn into_iter(self) -> Messages<'a> {
        self.iter()
    }
}
