//! Topics of Rust values.

mod envelope;

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use millpond_engine::Transaction;
use serde::{Serialize, de::DeserializeOwned};

pub use envelope::{Envelope, EnvelopeAttribute};

use crate::{
    Channel, ListenMetrics, ListenOptions, Listening, Notification, PublishMessage, Published, RecvError, Result, Topic,
};

/// A topic whose messages are Rust values, as JSON in their bodies. So filter policies that look at the body see their fields.
///
/// ```
/// # use millpond_engine::Engine;
/// # use millpond_stream::Streams;
/// use std::time::Duration;
/// use millpond_pubsub::{CreateOptions, ListenOptions, SubscribeOptions, Topics};
/// use millpond_queue::Queues;
///
/// #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
/// struct Order { number: u32, state: String }
///
/// # let engine = Engine::in_memory();
/// # let queues = Queues::open(&engine)?;
/// # let topics = Topics::open(&queues, &Streams::open(&engine)?)?;
/// let orders = topics.create("orders", &CreateOptions::default())?.typed::<Order>();
/// let paid = ListenOptions::default().filter_policy(r#"{"state": ["paid"]}"#).filter_on_body(true);
/// let paid = orders.channel(&paid)?;
/// orders.publish(&Order { number: 1, state: "new".into() })?;
/// orders.publish(&Order { number: 2, state: "paid".into() })?;
///
/// let (order, message) = paid.recv()?;
/// assert_eq!(order?, Order { number: 2, state: "paid".into() });
/// assert_eq!(message.subject(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A queue that gets the messages raw reads the same values ([`Queue::typed`](millpond_queue::Queue::typed)); one that does not
/// reads an [`Envelope`](crate::Envelope) around them:
///
/// ```
/// # use millpond_engine::Engine;
/// # use millpond_stream::Streams;
/// # use std::time::Duration;
/// # use millpond_pubsub::{CreateOptions, SubscribeOptions, Topics};
/// # use millpond_queue::Queues;
/// # let engine = Engine::in_memory();
/// # let queues = Queues::open(&engine)?;
/// # let topics = Topics::open(&queues, &Streams::open(&engine)?)?;
/// use millpond_pubsub::Envelope;
///
/// let numbers = topics.create("numbers", &CreateOptions::default())?.typed::<u32>();
/// let raw = queues.create("raw", &Default::default())?.typed::<u32>();
/// let wrapped = queues.create("wrapped", &Default::default())?.typed::<Envelope>();
/// let as_it_is = SubscribeOptions::default().raw_message_delivery(true);
/// numbers.topic().subscribe(&topics.queue_endpoint("raw"), &as_it_is)?;
/// numbers.topic().subscribe(&topics.queue_endpoint("wrapped"), &SubscribeOptions::default())?;
/// numbers.publish(&7)?;
///
/// let (number, _) = raw.receive(1, Duration::ZERO)?.remove(0);
/// assert_eq!(number?, 7);
/// let (envelope, _) = wrapped.receive(1, Duration::ZERO)?.remove(0);
/// assert_eq!(envelope?.json::<u32>()?, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TypedTopic<T> {
    topic: Topic,
    of: PhantomData<fn() -> T>,
}

impl Topic {
    /// The topic as one of Rust values.
    #[must_use]
    pub fn typed<T: Serialize + DeserializeOwned>(&self) -> TypedTopic<T> {
        TypedTopic { topic: self.clone(), of: PhantomData }
    }
}

impl<T> Clone for TypedTopic<T> {
    fn clone(&self) -> Self {
        TypedTopic { topic: self.topic.clone(), of: PhantomData }
    }
}

impl<T> fmt::Debug for TypedTopic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedTopic").field(&self.topic.name).finish()
    }
}

impl<T: Serialize + DeserializeOwned> TypedTopic<T> {
    /// The topic itself.
    #[must_use]
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// A value as a message, to which a subject, attributes or a group can be added before it is published.
    ///
    /// # Errors
    /// [`Error::Serde`](crate::Error::Serde).
    pub fn message(&self, value: &T) -> Result<PublishMessage> {
        Ok(PublishMessage::new(serde_json::to_string(value)?))
    }

    /// Publishes a value.
    ///
    /// # Errors
    /// [`Error::Serde`](crate::Error::Serde), and as [`Topic::publish`].
    pub fn publish(&self, value: &T) -> Result<Published> {
        self.topic.publish(self.message(value)?)
    }

    /// Publishes a value in the caller's transaction.
    ///
    /// # Errors
    /// As [`publish`](TypedTopic::publish).
    pub fn publish_in(&self, tx: &mut Transaction, value: &T) -> Result<Published> {
        self.topic.publish_in(tx, self.message(value)?)
    }

    /// Gives each value that is published from now on to a channel, as [`Topic::channel`].
    ///
    /// # Errors
    /// As [`Topic::channel`].
    pub fn channel(&self, options: &ListenOptions) -> Result<TypedChannel<T>> {
        Ok(TypedChannel { channel: self.topic.channel(options)?, of: PhantomData })
    }

    /// Runs a closure for each value that is published from now on, as [`Topic::on_message`]. A body that is no such value is an
    /// error of its own, beside the message.
    ///
    /// ```
    /// # use millpond_engine::Engine;
    /// # use millpond_queue::Queues;
    /// # use millpond_stream::Streams;
    /// # let engine = Engine::in_memory();
    /// # let topics = millpond_pubsub::Topics::open(&Queues::open(&engine)?, &Streams::open(&engine)?)?;
    /// # use millpond_pubsub::{CreateOptions, ListenOptions};
    /// let numbers = topics.create("numbers", &CreateOptions::default())?.typed::<u32>();
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let _listening = numbers.on_message(&ListenOptions::default(), move |number, _message| {
    ///     sender.send(number.ok()).ok();
    /// })?;
    /// numbers.publish(&7)?;
    /// numbers.topic().publish("seven")?;
    /// assert_eq!([receiver.recv()?, receiver.recv()?], [Some(7), None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Topic::on_message`].
    pub fn on_message(
        &self,
        options: &ListenOptions,
        mut closure: impl FnMut(Result<T>, &Arc<Notification>) + Send + 'static,
    ) -> Result<Listening> {
        self.topic.on_message(options, move |message| closure(message.json(), message))
    }
}

/// Values of a topic as they are published: see [`TypedTopic::channel`]. A body that is no such value is an error of its own, beside
/// the message.
pub struct TypedChannel<T> {
    channel: Channel,
    of: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for TypedChannel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedChannel").field(&self.channel).finish()
    }
}

impl<T: DeserializeOwned> TypedChannel<T> {
    /// Waits for the next value, as [`Channel::recv`].
    ///
    /// # Errors
    /// As [`Channel::recv`].
    pub fn recv(&self) -> Result<(Result<T>, Arc<Notification>), RecvError> {
        self.channel.recv().map(read)
    }

    /// Waits so long for the next value, as [`Channel::recv_timeout`].
    ///
    /// # Errors
    /// As [`Channel::recv_timeout`].
    pub fn recv_timeout(&self, wait: Duration) -> Result<(Result<T>, Arc<Notification>), RecvError> {
        self.channel.recv_timeout(wait).map(read)
    }

    /// The next value, if it is there.
    ///
    /// # Errors
    /// As [`Channel::try_recv`].
    pub fn try_recv(&self) -> Result<(Result<T>, Arc<Notification>), RecvError> {
        self.channel.try_recv().map(read)
    }

    /// Waits for the next value as a future, for any runtime.
    ///
    /// # Errors
    /// As [`Channel::recv_async`].
    pub async fn recv_async(&self) -> Result<(Result<T>, Arc<Notification>), RecvError> {
        self.channel.recv_async().await.map(read)
    }

    /// The values one after the other, as [`Channel::iter`].
    pub fn iter(&self) -> impl Iterator<Item = Result<(Result<T>, Arc<Notification>), RecvError>> {
        self.channel.iter().map(|received| received.map(read))
    }

    /// How it fares.
    #[must_use]
    pub fn metrics(&self) -> ListenMetrics {
        self.channel.metrics()
    }
}

fn read<T: DeserializeOwned>(message: Arc<Notification>) -> (Result<T>, Arc<Notification>) {
    (message.json(), message)
}

impl Notification {
    /// Its [text](Notification::text) as a Rust value, from JSON.
    ///
    /// # Errors
    /// [`Error::Serde`](crate::Error::Serde).
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_str(self.text())?)
    }
}
