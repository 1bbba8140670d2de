//! One subscription's handle.

use std::{collections::BTreeMap, fmt, sync::Arc};

use millpond_engine::Transaction;

use crate::{
    Result, SubscriptionId, Topic,
    layout::{SubscriptionRecord, TopicRecord},
    set_subscription_attributes,
    shared::Shared,
    unsubscribe::{self, By},
};

/// A subscription of a topic. Cheap to clone, and usable from any thread. To drop it does not end the subscription, which is a
/// row of the store: [`unsubscribe`](Subscription::unsubscribe) does.
#[derive(Clone)]
pub struct Subscription {
    shared: Arc<Shared>,
    topic: Arc<str>,
    id: SubscriptionId,
    arn: Arc<str>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&self.arn).finish()
    }
}

impl Subscription {
    pub(crate) fn new(shared: &Arc<Shared>, topic: &TopicRecord, record: &SubscriptionRecord) -> Subscription {
        Subscription {
            shared: Arc::clone(shared),
            topic: topic.name.as_str().into(),
            id: record.id,
            arn: record.arn(topic).into(),
        }
    }

    /// What it is known by.
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Its ARN: the topic's with the id at its end.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Its topic.
    #[must_use]
    pub fn topic(&self) -> Topic {
        Topic { shared: Arc::clone(&self.shared), name: Arc::clone(&self.topic) }
    }

    /// Whether it gets messages: an address over HTTP or mail has to confirm first.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn is_confirmed(&self) -> Result<bool> {
        let (_, record) = self.shared.need_subscription(&mut self.shared.engine.latest(), self.id)?;
        Ok(record.is_confirmed())
    }

    /// All that the service shows of it, by the service's names.
    ///
    /// Source: <https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html>
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), and those of the engine.
    pub fn attributes(&self) -> Result<BTreeMap<String, String>> {
        set_subscription_attributes::shown(&self.shared, &mut self.shared.engine.latest(), self.id)
    }

    /// Sets an attribute by its name in the service, such as `RawMessageDelivery` or `FilterPolicy`. An empty value takes it
    /// away.
    ///
    /// Source: <https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html>
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound), [`Error::InvalidParameter`](crate::Error::InvalidParameter),
    /// [`Error::LimitExceeded`](crate::Error::LimitExceeded) for more than 200 filter policies of a topic, and those of the
    /// engine.
    pub fn set_attribute(&self, name: &str, value: &str) -> Result<()> {
        self.shared
            .engine
            .transact(|tx| set_subscription_attributes::run(&self.shared, tx, self.id, name, value, false))
    }

    /// [`set_attribute`](Subscription::set_attribute) in the caller's transaction.
    ///
    /// # Errors
    /// As [`set_attribute`](Subscription::set_attribute).
    pub fn set_attribute_in(&self, tx: &mut Transaction, name: &str, value: &str) -> Result<()> {
        tx.savepoint(|tx| set_subscription_attributes::run(&self.shared, tx, self.id, name, value, false))
    }

    /// Sets the filter policy, as JSON. It may have all forms that the [filter](crate::filter) knows, those too that the
    /// service refuses.
    ///
    /// # Errors
    /// As [`set_attribute`](Subscription::set_attribute).
    pub fn set_filter_policy(&self, policy: &str) -> Result<()> {
        self.shared
            .engine
            .transact(|tx| set_subscription_attributes::run(&self.shared, tx, self.id, "FilterPolicy", policy, true))
    }

    /// [`set_filter_policy`](Subscription::set_filter_policy) in the caller's transaction.
    ///
    /// # Errors
    /// As [`set_filter_policy`](Subscription::set_filter_policy).
    pub fn set_filter_policy_in(&self, tx: &mut Transaction, policy: &str) -> Result<()> {
        tx.savepoint(|tx| set_subscription_attributes::run(&self.shared, tx, self.id, "FilterPolicy", policy, true))
    }

    /// Ends it. An address over HTTP is told, and can take it back for two days. One that was ended before is no error.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn unsubscribe(&self) -> Result<()> {
        self.shared.engine.transact(|tx| unsubscribe::run(&self.shared, tx, self.id, By::Owner))
    }

    /// [`unsubscribe`](Subscription::unsubscribe) in the caller's transaction.
    ///
    /// # Errors
    /// As [`unsubscribe`](Subscription::unsubscribe).
    pub fn unsubscribe_in(&self, tx: &mut Transaction) -> Result<()> {
        tx.savepoint(|tx| unsubscribe::run(&self.shared, tx, self.id, By::Owner))
    }
}
