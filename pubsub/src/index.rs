//! Which subscriptions of a topic want a message: a hint, made from the topic's subscriptions, and made anew when these have
//! changed.

use std::sync::Arc;

use millpond_engine::Transaction;

use crate::{
    Notification, Result,
    layout::{SubscriptionRecord, TopicRecord},
    shared::Shared,
};

/// The indexes of topics.
#[derive(Debug, Default)]
pub(crate) struct Indexes {}

/// The confirmed subscriptions that want a message.
pub(crate) fn matching(
    _shared: &Shared,
    _tx: &mut Transaction,
    _topic: &TopicRecord,
    _message: &Notification,
) -> Result<Vec<Arc<SubscriptionRecord>>> {
    Ok(Vec::new())
}
