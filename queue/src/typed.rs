//! Queues of Rust values.

use std::{marker::PhantomData, time::Duration};

use millpond_engine::Transaction;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Message, Queue, Receive, Result, SendMessage, Sent};

/// A queue whose messages are Rust values, as JSON in their bodies.
///
/// ```
/// use std::time::Duration;
/// use millpond_engine::Engine;
/// use millpond_queue::{CreateOptions, Queues};
///
/// #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
/// struct Resize { image: String, width: u32 }
///
/// let queues = Queues::open(&Engine::in_memory())?;
/// let jobs = queues.create("jobs", &CreateOptions::default())?.typed::<Resize>();
/// jobs.send(&Resize { image: "pond.png".into(), width: 320 })?;
/// for (job, message) in jobs.receive(10, Duration::ZERO)? {
///     assert_eq!(job?.width, 320);
///     message.delete()?;
/// }
/// # Ok::<(), millpond_queue::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TypedQueue<T> {
    queue: Queue,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> TypedQueue<T> {
    pub(crate) fn new(queue: Queue) -> Self {
        TypedQueue { queue, of: PhantomData }
    }

    /// The queue itself.
    #[must_use]
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// A value as a message, to which a delay, a group or attributes can be added before it is sent.
    ///
    /// # Errors
    /// [`Error::Serde`](crate::Error::Serde).
    pub fn message(&self, value: &T) -> Result<SendMessage> {
        Ok(SendMessage::new(serde_json::to_string(value)?))
    }

    /// Sends a value.
    ///
    /// # Errors
    /// [`Error::Serde`](crate::Error::Serde), and as [`Queue::send`].
    pub fn send(&self, value: &T) -> Result<Sent> {
        self.queue.send(self.message(value)?)
    }

    /// Sends a value in the caller's transaction.
    ///
    /// # Errors
    /// As [`send`](TypedQueue::send).
    pub fn send_in(&self, tx: &mut Transaction, value: &T) -> Result<Sent> {
        self.queue.send_in(tx, self.message(value)?)
    }

    /// Receives values with their messages, as [`Queue::receive`]. A body that is no such value is an error of its own, beside
    /// the message, so that it can be deleted or left to the dead-letter queue.
    ///
    /// # Errors
    /// As [`Queue::receive`].
    pub fn receive(&self, max_messages: usize, wait: Duration) -> Result<Vec<(Result<T>, Message)>> {
        Ok(self.queue.receive(max_messages, wait)?.into_iter().map(read).collect())
    }

    /// [`receive`](TypedQueue::receive) as a future, for any runtime.
    ///
    /// # Errors
    /// As [`Queue::receive`].
    pub async fn receive_async(&self, max_messages: usize, wait: Duration) -> Result<Vec<(Result<T>, Message)>> {
        Ok(self.queue.receive_async(max_messages, wait).await?.into_iter().map(read).collect())
    }

    /// Receives values in the caller's transaction, as [`Queue::receive_in`].
    ///
    /// # Errors
    /// As [`Queue::receive_in`].
    pub fn receive_in(&self, tx: &mut Transaction, request: &Receive) -> Result<Vec<(Result<T>, Message)>> {
        Ok(self.queue.receive_in(tx, request)?.into_iter().map(read).collect())
    }
}

fn read<T: DeserializeOwned>(message: Message) -> (Result<T>, Message) {
    (message.json(), message)
}

impl Message {
    /// Its body as a Rust value, from JSON.
    ///
    /// # Errors
    /// [`Error::Serde`](crate::Error::Serde).
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_str(self.body())?)
    }
}
