//! One topic's handle.

use std::{collections::BTreeMap, fmt, sync::Arc};

use millpond_engine::Transaction;

use crate::{
    Endpoint, PublishMessage, Published, Result, SubscribeOptions, Subscription, SubscriptionId, SubscriptionPage,
    Topics, list, local, permissions, publish, set_topic_attributes, shared::Shared, subscribe, tags,
};

/// A topic by its name. Cheap to clone, and usable from any thread.
///
/// An operation whose name ends in `_in` joins the caller's transaction and commits or fails with it. All others are commits
/// of their own: when they return `Ok`, what they did is as durable as the engine promises.
#[derive(Clone)]
pub struct Topic {
    pub(crate) shared: Arc<Shared>,
    pub(crate) name: Arc<str>,
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Topic").field(&self.name).finish()
    }
}

impl Topic {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it keeps order and deduplicates.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// Publishes a message: durable subscribers (queues, streams) have it in the same commit, or none has. So together they get
    /// no more than a transaction of the engine writes: 64 MiB, and about 50,000 subscribers.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), those of a message outside of the limits,
    /// [`Error::WouldBlock`](crate::Error::WouldBlock) where [publishers wait](crate::Lag::Block) and have waited too long, and
    /// those of the engine.
    pub fn publish(&self, message: impl Into<PublishMessage>) -> Result<Published> {
        let message = message.into();
        local::publishing(&self.shared, || {
            let engine = &self.shared.engine;
            engine.transact_with(&publish::lane(&self.name), |tx| publish::one(&self.shared, tx, &self.name, &message))
        })
    }

    /// [`publish`](Topic::publish) in the caller's transaction.
    ///
    /// # Errors
    /// As [`publish`](Topic::publish).
    pub fn publish_in(&self, tx: &mut Transaction, message: impl Into<PublishMessage>) -> Result<Published> {
        let message = message.into();
        tx.savepoint(|tx| publish::one(&self.shared, tx, &self.name, &message))
    }

    /// Its ARN.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn arn(&self) -> Result<String> {
        Ok(self.shared.need(&mut self.shared.engine.latest(), &self.name)?.arn)
    }

    /// Subscribes an endpoint. One that is subscribed already, with the same attributes, keeps its subscription. Addresses over
    /// HTTP and mail are asked to [`confirm`](crate::Topics::confirm), again if they were asked before.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InvalidParameter`](crate::Error::InvalidParameter) for an endpoint
    /// or attributes that cannot be, [`Error::LimitExceeded`](crate::Error::LimitExceeded) for more than 200 filter policies of
    /// a topic, and those of the engine.
    pub fn subscribe(&self, endpoint: &Endpoint, options: &SubscribeOptions) -> Result<Subscription> {
        let (topic, record) =
            self.shared.engine.transact(|tx| subscribe::run(&self.shared, tx, &self.name, endpoint, options))?;
        Ok(Subscription::new(&self.shared, &topic, &record))
    }

    /// [`subscribe`](Topic::subscribe) in the caller's transaction.
    ///
    /// # Errors
    /// As [`subscribe`](Topic::subscribe).
    pub fn subscribe_in(
        &self,
        tx: &mut Transaction,
        endpoint: &Endpoint,
        options: &SubscribeOptions,
    ) -> Result<Subscription> {
        let (topic, record) = tx.savepoint(|tx| subscribe::run(&self.shared, tx, &self.name, endpoint, options))?;
        Ok(Subscription::new(&self.shared, &topic, &record))
    }

    /// [`Topics::confirm`](crate::Topics::confirm): it is the token alone that counts.
    ///
    /// # Errors
    /// As [`Topics::confirm`](crate::Topics::confirm).
    pub fn confirm(&self, token: &str, authenticate_on_unsubscribe: bool) -> Result<Subscription> {
        let topics = Topics { shared: Arc::clone(&self.shared) };
        topics.confirm(token, authenticate_on_unsubscribe)
    }

    /// Its subscriptions after the one of that id: at most so many (1 to 1,000).
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn subscriptions(&self, after: Option<SubscriptionId>, max: usize) -> Result<SubscriptionPage> {
        list::of_topic(&self.shared, &self.name, after, max)
    }

    /// All that the service shows of it, by the service's names.
    ///
    /// Source: <https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html>
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn attributes(&self) -> Result<BTreeMap<String, String>> {
        set_topic_attributes::shown(&self.shared, &mut self.shared.engine.latest(), &self.name)
    }

    /// Sets an attribute by its name in the service, such as `DisplayName` or `ContentBasedDeduplication`. An empty value takes
    /// it away; for an archive policy that is `{}`.
    ///
    /// Source: <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InvalidParameter`](crate::Error::InvalidParameter), and those of
    /// the engine.
    pub fn set_attribute(&self, name: &str, value: &str) -> Result<()> {
        self.shared.engine.transact(|tx| set_topic_attributes::run(&self.shared, tx, &self.name, name, value))
    }

    /// [`set_attribute`](Topic::set_attribute) in the caller's transaction.
    ///
    /// # Errors
    /// As [`set_attribute`](Topic::set_attribute).
    pub fn set_attribute_in(&self, tx: &mut Transaction, name: &str, value: &str) -> Result<()> {
        tx.savepoint(|tx| set_topic_attributes::run(&self.shared, tx, &self.name, name, value))
    }

    /// Its tags, by their keys.
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn tags(&self) -> Result<BTreeMap<String, String>> {
        tags::of(&self.shared, &mut self.shared.engine.latest(), &self.name)
    }

    /// Adds tags, or changes them: at most 50 in all, of keys of up to 128 characters and values of up to 256.
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound),
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter), [`Error::LimitExceeded`](crate::Error::LimitExceeded), and
    /// those of the engine.
    pub fn tag(&self, tags: &BTreeMap<String, String>) -> Result<()> {
        self.shared.engine.transact(|tx| tags::tag(&self.shared, tx, &self.name, tags))
    }

    /// [`tag`](Topic::tag) in the caller's transaction.
    ///
    /// # Errors
    /// As [`tag`](Topic::tag).
    pub fn tag_in(&self, tx: &mut Transaction, tags: &BTreeMap<String, String>) -> Result<()> {
        tx.savepoint(|tx| tags::tag(&self.shared, tx, &self.name, tags))
    }

    /// Takes tags away. Keys that are not there are no error.
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn untag(&self, keys: &[String]) -> Result<()> {
        self.shared.engine.transact(|tx| tags::untag(&self.shared, tx, &self.name, keys))
    }

    /// [`untag`](Topic::untag) in the caller's transaction.
    ///
    /// # Errors
    /// As [`untag`](Topic::untag).
    pub fn untag_in(&self, tx: &mut Transaction, keys: &[String]) -> Result<()> {
        tx.savepoint(|tx| tags::untag(&self.shared, tx, &self.name, keys))
    }

    /// Adds a statement to the topic's policy that allows these accounts these actions, such as `Publish`. It is kept and
    /// shown, and authorizes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a label that
    /// a statement has already and for actions that topics do not have, and those of the engine.
    pub fn add_permission(&self, label: &str, accounts: &[String], actions: &[String]) -> Result<()> {
        self.shared.engine.transact(|tx| permissions::add(&self.shared, tx, &self.name, label, accounts, actions))
    }

    /// [`add_permission`](Topic::add_permission) in the caller's transaction.
    ///
    /// # Errors
    /// As [`add_permission`](Topic::add_permission).
    pub fn add_permission_in(
        &self,
        tx: &mut Transaction,
        label: &str,
        accounts: &[String],
        actions: &[String],
    ) -> Result<()> {
        tx.savepoint(|tx| permissions::add(&self.shared, tx, &self.name, label, accounts, actions))
    }

    /// Takes a statement out of the topic's policy.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InvalidParameter`](crate::Error::InvalidParameter) for a label that
    /// no statement has, and those of the engine.
    pub fn remove_permission(&self, label: &str) -> Result<()> {
        self.shared.engine.transact(|tx| permissions::remove(&self.shared, tx, &self.name, label))
    }

    /// [`remove_permission`](Topic::remove_permission) in the caller's transaction.
    ///
    /// # Errors
    /// As [`remove_permission`](Topic::remove_permission).
    pub fn remove_permission_in(&self, tx: &mut Transaction, label: &str) -> Result<()> {
        tx.savepoint(|tx| permissions::remove(&self.shared, tx, &self.name, label))
    }

    /// Its data protection policy, as JSON, if it has one.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn data_protection_policy(&self) -> Result<Option<String>> {
        Ok(self.shared.need(&mut self.shared.engine.latest(), &self.name)?.data_protection_policy)
    }

    /// Gives it a data protection policy, as JSON of at most 30,720 bytes; an empty one takes it away. It is kept, and nothing
    /// is done by it.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InvalidParameter`](crate::Error::InvalidParameter), and those of
    /// the engine.
    pub fn set_data_protection_policy(&self, policy: &str) -> Result<()> {
        self.shared.engine.transact(|tx| permissions::protect(&self.shared, tx, &self.name, policy))
    }

    /// [`set_data_protection_policy`](Topic::set_data_protection_policy) in the caller's transaction.
    ///
    /// # Errors
    /// As [`set_data_protection_policy`](Topic::set_data_protection_policy).
    pub fn set_data_protection_policy_in(&self, tx: &mut Transaction, policy: &str) -> Result<()> {
        tx.savepoint(|tx| permissions::protect(&self.shared, tx, &self.name, policy))
    }
}
