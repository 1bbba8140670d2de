//! What becomes of a delivery once it was attempted: its row is removed, or stands for another time, in one commit with all that
//! follows from it.

use std::{sync::Arc, time::Duration};

use millpond_engine::{Durability, Error as EngineError, TransactOptions, Transaction};
use millpond_queue::SendMessage;

use super::{
    attempt::{Addressed, Delivery, Outcome, What},
    dead_letter,
    functions::guarded,
};
use crate::{
    Error, Result, SubscriptionId,
    envelope::Envelopes,
    layout::{
        self,
        deferred::{Content, DeliveryKey, DeliveryRecord, content_count_key, content_key, delivery_key, due_prefix},
    },
    publish::queue_attributes,
    shared::Shared,
};

/// As much as is kept of why an attempt has failed.
const MAX_ERROR_CHARACTERS: usize = 500;

/// It is where it should be. A crash may bring it there again, so nobody waits for the commit.
pub(super) fn delivered(shared: &Arc<Shared>, delivery: &Delivery) -> Result<()> {
    let options = TransactOptions::default().durability(Durability::Buffered);
    let ticket = shared.engine.submit_with(&options, |tx| -> Result<()> {
        let counters = Arc::clone(&shared.deferred.counters);
        tx.on_commit(move || counters.delivered());
        remove(shared, tx, delivery.id, delivery.key, &delivery.record)
    })?;
    Ok(ticket.unconfirmed()?)
}

/// Its subscription is gone.
pub(super) fn dropped(
    shared: &Arc<Shared>,
    id: SubscriptionId,
    key: DeliveryKey,
    record: &DeliveryRecord,
) -> Result<()> {
    let options = TransactOptions::default().durability(Durability::Buffered);
    let ticket = shared.engine.submit_with(&options, |tx| -> Result<()> {
        let counters = Arc::clone(&shared.deferred.counters);
        tx.on_commit(move || counters.dropped());
        remove(shared, tx, id, key, record)
    })?;
    Ok(ticket.unconfirmed()?)
}

/// It is tried again after some time.
pub(super) fn again(shared: &Arc<Shared>, delivery: &Delivery, delay: Duration, reason: &str) -> Result<()> {
    let Delivery { id, key, record, .. } = delivery;
    let record = DeliveryRecord {
        content: record.content.clone(),
        attempts: record.attempts.saturating_add(1),
        last_error: Some(reason.chars().take(MAX_ERROR_CHARACTERS).collect()),
    };
    tracing::debug!(subscription = %id, attempts = record.attempts, reason, "a delivery is tried again");
    let row = layout::encode(&record)?;
    let options = TransactOptions::default().durability(Durability::Buffered);
    let ticket = shared.engine.submit_with(&options, |tx| -> Result<()> {
        let due = tx.began().saturating_add(delay).as_millis();
        let rows = &shared.deferred.rows;
        tx.delete(rows, delivery_key(*id, *key))?;
        let appended = tx.append(rows, due_prefix(*id, due), 1, row.clone())?;
        let (runner, counters) = (Arc::clone(&shared.deferred.runner), Arc::clone(&shared.deferred.counters));
        let (id, key) = (*id, *key);
        tx.on_commit(move || {
            counters.retried();
            runner.replaced(id, key, due, &appended);
        });
        Ok(())
    })?;
    Ok(ticket.unconfirmed()?)
}

/// It is not tried again: it goes to the dead-letter queue.
pub(super) fn given_up(shared: &Arc<Shared>, delivery: &Delivery, reason: &str) -> Result<()> {
    let undelivered = undelivered(shared, &delivery.what)?;
    shared.engine.transact(|tx| -> Result<()> {
        if let (What::Message(addressed), Some(message)) = (&delivery.what, &undelivered) {
            dead_letter(shared, tx, &addressed.subscription, message.clone(), reason)?;
        } else {
            let counters = Arc::clone(&shared.deferred.counters);
            tracing::debug!(subscription = %delivery.id, reason, "an address could not be told");
            tx.on_commit(move || counters.dropped());
        }
        remove(shared, tx, delivery.id, delivery.key, &delivery.record)
    })
}

/// A message as its subscriber would have got it.
fn undelivered(shared: &Arc<Shared>, what: &What) -> Result<Option<SendMessage>> {
    let What::Message(addressed) = what else { return Ok(None) };
    let Addressed { topic, subscription, message } = &**addressed;
    let mut undelivered = match subscription.is_set("RawMessageDelivery") {
        true => SendMessage {
            attributes: queue_attributes(message),
            ..SendMessage::new(message.text_for(subscription.endpoint.protocol.name()))
        },
        false => SendMessage::new(Envelopes::new(shared, topic, message).notification(subscription)?),
    };
    undelivered.group_id.clone_from(&message.group_id);
    undelivered.deduplication_id.clone_from(&message.deduplication_id);
    undelivered.trace_header.clone_from(&message.trace_header);
    Ok(Some(undelivered))
}

/// Has a message handled in the transaction that takes it out.
pub(super) fn handled_in(
    shared: &Arc<Shared>,
    delivery: &Delivery,
    handler: impl Fn(&mut Transaction) -> Result<(), String>,
) -> Result<Outcome> {
    /// Why the transaction was given up.
    enum Stopped {
        By(String),
        Store(Error),
    }

    impl From<EngineError> for Stopped {
        fn from(error: EngineError) -> Self {
            Stopped::Store(error.into())
        }
    }

    let handled = guarded(|| {
        Ok(shared.engine.transact(|tx| -> Result<(), Stopped> {
            let row = tx.get(&shared.deferred.rows, &delivery_key(delivery.id, delivery.key))?;
            if row.is_some() {
                handler(tx).map_err(Stopped::By)?;
            }
            let counters = Arc::clone(&shared.deferred.counters);
            tx.on_commit(move || counters.delivered());
            remove(shared, tx, delivery.id, delivery.key, &delivery.record).map_err(Stopped::Store)
        }))
    });
    match handled {
        Ok(Ok(())) => Ok(Outcome::Settled),
        Ok(Err(Stopped::By(reason))) | Err(reason) => Ok(Outcome::Failed(reason)),
        Ok(Err(Stopped::Store(Error::Engine(error)))) if error.is_retryable() => Ok(Outcome::Failed(error.to_string())),
        Ok(Err(Stopped::Store(error))) => Err(error),
    }
}

/// Removes a delivery, and the message with the last of those that share it. It comes last in its transaction: who waits for deliveries to
/// end finds all that the commit has brought then, in memory too.
fn remove(
    shared: &Arc<Shared>,
    tx: &mut Transaction,
    id: SubscriptionId,
    key: DeliveryKey,
    record: &DeliveryRecord,
) -> Result<()> {
    let rows = &shared.deferred.rows;
    tx.delete(rows, delivery_key(id, key))?;
    if let Content::Shared(content) = record.content {
        let count_key = content_count_key(content);
        let count = tx.get(rows, &count_key)?.map_or(Ok(0), |count| layout::read_u64(&count))?;
        if count > 1 {
            tx.put(rows, count_key, (count - 1).to_be_bytes().to_vec())?;
        } else {
            tx.delete(rows, count_key)?;
            tx.delete(rows, content_key(content))?;
        }
    }
    let runner = Arc::clone(&shared.deferred.runner);
    tx.on_commit(move || runner.done(id, key));
    Ok(())
}
