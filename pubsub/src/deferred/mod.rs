//! Deliveries that are made after the commit that publishes: over HTTP, to attached functions, and to what is captured. They are
//! rows that the publishing transaction writes, so that none is lost; they are tried again by the policy of their subscription,
//! and go to its dead-letter queue after the last attempt.

mod counters;
mod dead_letter;

use std::sync::Arc;

use millpond_engine::{Engine, Transaction};

use crate::{
    Notification, Result, Topics,
    envelope::Kind,
    layout::{SubscriptionRecord, TopicRecord},
    shared::Shared,
};

use counters::Counters;

pub use counters::DeliveryCounts;
pub(crate) use dead_letter::dead_letter;

/// The deliveries that are due, and who makes them.
#[derive(Debug)]
pub(crate) struct Deferred {
    pub(crate) counters: Arc<Counters>,
}

/// Whether this build can deliver over HTTP.
pub(crate) const fn has_http() -> bool {
    cfg!(feature = "http")
}

impl Deferred {
    pub(crate) fn open(_engine: &Engine) -> Result<Deferred> {
        Ok(Deferred { counters: Arc::default() })
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

impl Topics {
    /// What has become of deliveries that are made after the commit that publishes, and of what could not be delivered, since
    /// the service was opened.
    #[must_use]
    pub fn delivery_counts(&self) -> DeliveryCounts {
        self.shared.deferred.counters.read()
    }
}
