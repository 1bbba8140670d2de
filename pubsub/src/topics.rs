//! The service's handle.

use std::{fmt, sync::Arc};

use millpond_engine::{Engine, Transaction};
use millpond_queue::Queues;
use millpond_stream::Streams;

use crate::{
    CreateOptions, Endpoint, Options, Protocol, Result, Subscription, SubscriptionId, SubscriptionPage, Topic,
    TopicPage, confirm, create_topic, delete_topic, list, maintain, publish,
    shared::Shared,
    unsubscribe::{self, By},
};

/// The topics of a store. Cheap to clone, and usable from any thread. Open the service once and clone it.
#[derive(Clone)]
pub struct Topics {
    pub(crate) shared: Arc<Shared>,
}

impl fmt::Debug for Topics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topics").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl Topics {
    /// Opens the service beside the queues and streams that it delivers to, which are those of one engine.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open(queues: &Queues, streams: &Streams) -> Result<Topics> {
        Topics::open_with(queues, streams, Options::default())
    }

    /// [`open`](Topics::open), with all that can be chosen.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open_with(queues: &Queues, streams: &Streams, options: Options) -> Result<Topics> {
        Ok(Topics { shared: Shared::open(queues, streams, options)? })
    }

    /// The engine below.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// What was chosen.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Says where a server of this service is reached: see [`Options::public_url`].
    pub fn set_public_url(&self, url: &str) {
        self.shared.set_public_url(url);
    }

    /// The endpoint of a queue.
    #[must_use]
    pub fn queue_endpoint(&self, name: &str) -> Endpoint {
        let options = &self.shared.options;
        Endpoint::new(Protocol::Sqs, format!("arn:aws:sqs:{}:{}:{name}", options.region_name(), options.account_id()))
    }

    /// The endpoint of a stream.
    #[must_use]
    pub fn stream_endpoint(&self, name: &str) -> Endpoint {
        let options = &self.shared.options;
        let (region, account) = (options.region_name(), options.account_id());
        Endpoint::new(Protocol::Firehose, format!("arn:aws:firehose:{region}:{account}:deliverystream/{name}"))
    }

    /// Makes a topic. One that is there already, with the same attributes and tags, is given as it is.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter), [`Error::LimitExceeded`](crate::Error::LimitExceeded) for more than 50 tags, and those of the engine.
    pub fn create(&self, name: &str, options: &CreateOptions) -> Result<Topic> {
        self.shared.engine.transact(|tx| self.create_in(tx, name, options))
    }

    /// [`create`](Topics::create) in the caller's transaction.
    ///
    /// # Errors
    /// As [`create`](Topics::create).
    pub fn create_in(&self, tx: &mut Transaction, name: &str, options: &CreateOptions) -> Result<Topic> {
        tx.savepoint(|tx| create_topic::run(&self.shared, tx, name, options))?;
        Ok(self.named(name))
    }

    /// The topic of that name.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn get(&self, name: &str) -> Result<Topic> {
        self.shared.need(&mut self.shared.engine.latest(), name)?;
        Ok(self.named(name))
    }

    /// Deletes a topic with its subscriptions. One that is not there is no error.
    ///
    /// # Errors
    /// [`Error::InvalidState`](crate::Error::InvalidState) while the topic keeps its messages to be replayed, and those of the
    /// engine.
    pub fn delete(&self, name: &str) -> Result<()> {
        self.shared.engine.transact(|tx| delete_topic::run(&self.shared, tx, name))
    }

    /// [`delete`](Topics::delete) in the caller's transaction.
    ///
    /// # Errors
    /// As [`delete`](Topics::delete).
    pub fn delete_in(&self, tx: &mut Transaction, name: &str) -> Result<()> {
        tx.savepoint(|tx| delete_topic::run(&self.shared, tx, name))
    }

    /// The topics after the one of that name, in the order of their names: at most so many (1 to 1,000).
    ///
    /// # Errors
    /// Those of the engine.
    pub fn list(&self, after: Option<&str>, max: usize) -> Result<TopicPage> {
        list::topics(&self.shared, after, max)
    }

    /// The subscriptions of all topics after the one of that id: at most so many (1 to 1,000).
    ///
    /// # Errors
    /// Those of the engine.
    pub fn subscriptions(&self, after: Option<SubscriptionId>, max: usize) -> Result<SubscriptionPage> {
        list::all(&self.shared, after, max)
    }

    /// The subscription of that id.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn subscription(&self, id: SubscriptionId) -> Result<Subscription> {
        let (topic, record) = self.shared.need_subscription(&mut self.shared.engine.latest(), id)?;
        Ok(Subscription::new(&self.shared, &topic, &record))
    }

    /// Confirms a subscription by the token that was sent to its endpoint, within two days; or takes one back that was ended, by
    /// the token that was sent then. To confirm it again does nothing more. `authenticate_on_unsubscribe` says whether only its
    /// owner may end it.
    ///
    /// Source: <https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html>
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a token that is not known or is no longer good,
    /// [`Error::Refused`](crate::Error::Refused) for what is no token, and those of the engine.
    pub fn confirm(&self, token: &str, authenticate_on_unsubscribe: bool) -> Result<Subscription> {
        let confirmed =
            self.shared.engine.transact(|tx| confirm::run(&self.shared, tx, token, authenticate_on_unsubscribe));
        confirmed.map(|(topic, record)| Subscription::new(&self.shared, &topic, &record))
    }

    /// [`confirm`](Topics::confirm) in the caller's transaction.
    ///
    /// # Errors
    /// As [`confirm`](Topics::confirm).
    pub fn confirm_in(
        &self,
        tx: &mut Transaction,
        token: &str,
        authenticate_on_unsubscribe: bool,
    ) -> Result<Subscription> {
        let confirmed = tx.savepoint(|tx| confirm::run(&self.shared, tx, token, authenticate_on_unsubscribe));
        confirmed.map(|(topic, record)| Subscription::new(&self.shared, &topic, &record))
    }

    /// Ends a subscription for its owner. One that is not there is no error.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn unsubscribe(&self, id: SubscriptionId) -> Result<()> {
        self.shared.engine.transact(|tx| unsubscribe::run(&self.shared, tx, id, By::Owner))
    }

    /// [`unsubscribe`](Topics::unsubscribe) in the caller's transaction.
    ///
    /// # Errors
    /// As [`unsubscribe`](Topics::unsubscribe).
    pub fn unsubscribe_in(&self, tx: &mut Transaction, id: SubscriptionId) -> Result<()> {
        tx.savepoint(|tx| unsubscribe::run(&self.shared, tx, id, By::Owner))
    }

    /// Ends a subscription for one who has no more than its link. The endpoint is told, and can take it back for two days.
    ///
    /// # Errors
    /// [`Error::Authorization`](crate::Error::Authorization) if only the owner may end it, and those of the engine.
    pub fn unsubscribe_by_link(&self, id: SubscriptionId) -> Result<()> {
        self.shared.engine.transact(|tx| unsubscribe::run(&self.shared, tx, id, By::Anyone))
    }

    /// Does what is due: takes away subscriptions that nobody has confirmed within two days, and what deleted topics have left
    /// behind. Gives the number of subscriptions that were taken away. Nobody gets messages by them, whether this is called or
    /// not. Replays go on by it, messages that topics keep too long are cleared away, and deduplication ids are forgotten. Once a second is enough.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn maintain(&self) -> Result<u64> {
        publish::maintain(&self.shared)?;
        maintain::run(&self.shared)
    }

    fn named(&self, name: &str) -> Topic {
        Topic { shared: Arc::clone(&self.shared), name: name.into() }
    }
}
