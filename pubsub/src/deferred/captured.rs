//! What would leave: it is captured in the transaction that publishes it.

use std::sync::Arc;

use millpond_engine::Transaction;

use crate::{
    Notification, Result,
    envelope::Told,
    layout::{SubscriptionRecord, TopicRecord},
    shared::Shared,
};

pub(super) fn message(
    _shared: &Arc<Shared>,
    _tx: &mut Transaction,
    _topic: &TopicRecord,
    _subscription: &SubscriptionRecord,
    _message: &Notification,
) -> Result<()> {
    Ok(())
}

pub(super) fn told(
    _shared: &Arc<Shared>,
    _tx: &mut Transaction,
    _told: &Told,
    _subscription: &SubscriptionRecord,
) -> Result<()> {
    Ok(())
}
