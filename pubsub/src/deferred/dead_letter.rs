//! What becomes of a message that a subscription does not get.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html>

use std::sync::Arc;

use millpond_engine::Transaction;
use millpond_queue::{Error as QueueError, SendMessage};

use crate::{Result, layout::SubscriptionRecord, shared::Shared};

/// Sends what would have been delivered to the subscription's dead-letter queue, and says whether it is there. It is dropped and
/// counted if the subscription has no such queue, or if that queue does not exist or does not take it.
///
/// `undelivered` is the message as its subscriber would have got it: the envelope, or the text and the attributes where delivery is raw, and the
/// group and the deduplication id of a first-in-first-out topic, which go along where the dead-letter queue keeps order too. As in
/// the service, nothing is added to it. `reason` is told in the log.
pub(crate) fn dead_letter(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    subscription: &SubscriptionRecord,
    undelivered: SendMessage,
    reason: &str,
) -> Result<bool> {
    let kept = match subscription.dead_letter_queue() {
        None => false,
        Some(name) => send(shared, tx, &name, subscription, undelivered)?,
    };
    tracing::debug!(subscription = %subscription.id, reason, kept, "a message could not be delivered");
    let counters = Arc::clone(&shared.deferred.counters);
    tx.on_commit(move || if kept { counters.dead_lettered() } else { counters.dropped() });
    Ok(kept)
}

fn send(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    subscription: &SubscriptionRecord,
    mut message: SendMessage,
) -> Result<bool> {
    let queue = match shared.queues.get(name) {
        Ok(queue) => queue,
        Err(refused) => return refusal(refused, name),
    };
    if queue.is_fifo() {
        // A topic that keeps no order names no group; what cannot be delivered is then in order by subscription.
        let id = message.group_id.get_or_insert_with(|| subscription.id.to_string()).clone();
        message.deduplication_id.get_or_insert_with(|| format!("{id}-{}", crate::MessageId::random()));
    } else {
        (message.group_id, message.deduplication_id) = (None, None);
    }
    if message.attributes.len() > MAX_QUEUE_ATTRIBUTES {
        // The very reason why it was not delivered. Its text is worth more than nothing.
        message.attributes.clear();
    }
    match queue.send_in(tx, message) {
        Ok(_) => Ok(true),
        Err(refused) => refusal(refused, name),
    }
}

/// More than these a message in a queue does not have.
const MAX_QUEUE_ATTRIBUTES: usize = 10;

fn refusal(refused: QueueError, name: &str) -> Result<bool> {
    match refused {
        QueueError::Engine(_) | QueueError::Corrupt { .. } => Err(refused.into()),
        refused => {
            tracing::warn!(queue = name, error = %refused, "a dead-letter queue did not take a message");
            Ok(false)
        }
    }
}
