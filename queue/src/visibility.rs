//! Changing for how long a message that was received is kept from others.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>

use std::{sync::Arc, time::Duration};

use millpond_engine::Transaction;

use crate::{
    ChangeVisibility, Error, Queue, ReceiptHandle, Result,
    delete::{self, Found},
    layout::{Place, QueueRecord, ReceivedRow},
    ready::Event,
    receive::MAX_VISIBILITY,
    receive_fifo,
    shared::Shared,
};

pub(crate) fn one(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    receipt: &ReceiptHandle,
    timeout: Duration,
) -> Result<()> {
    let record = shared.need(tx, name)?;
    change(shared, tx, name, &record, receipt, timeout)
}

pub(crate) fn batch(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    changes: &[ChangeVisibility],
) -> Result<Vec<Result<()>>> {
    Queue::too_many(changes.len())?;
    let record = shared.need(tx, name)?;
    let mut changed = Vec::with_capacity(changes.len());
    for ChangeVisibility { receipt_handle, timeout } in changes {
        changed.push(match change(shared, tx, name, &record, receipt_handle, *timeout) {
            Err(failed @ (Error::Engine(_) | Error::Corrupt { .. })) => return Err(failed),
            result => result,
        });
    }
    Ok(changed)
}

fn change(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    record: &QueueRecord,
    receipt: &ReceiptHandle,
    timeout: Duration,
) -> Result<()> {
    let seconds = timeout.as_secs();
    if timeout > MAX_VISIBILITY {
        return Err(Error::parameter(format!(
            "Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200."
        )));
    }
    delete::check(name, &receipt.0)?;
    let now = tx.began();
    // As in the service, a message whose timeout is over is hidden again, unless another receive has it.
    let received = match delete::find(shared, tx, record, &receipt.0)? {
        Found::Own(received) if record.is_fifo() && received.visible <= now => return Err(delete::expired(&receipt.0)),
        Found::Own(received) | Found::Unseen(received) => received,
        Found::Others if record.is_fifo() => return Err(delete::expired(&receipt.0)),
        Found::Others | Found::Gone => {
            return Err(Error::parameter(format!(
                "Value {receipt} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."
            )));
        }
    };
    let visible = now.saturating_add(timeout);
    if visible > received.received.saturating_add(MAX_VISIBILITY) {
        return Err(Error::parameter(format!(
            "Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
        )));
    }
    set(shared, tx, record, receipt.0.place, received, ReceivedRow { visible, ..received })
}

fn set(
    shared: &Shared,
    tx: &mut Transaction,
    record: &QueueRecord,
    place: Place,
    before: ReceivedRow,
    after: ReceivedRow,
) -> Result<()> {
    if let (true, Place::Lane(group, position)) = (record.is_fifo(), place) {
        return receive_fifo::change(shared, tx, record, group, |row| row.set(position, Some(after)));
    }
    tx.put(&shared.keyspaces.received, place.key(record.store), after.encode())?;
    let (stores, store) = (Arc::clone(&shared.stores), record.store);
    let event = Event::Received { place, before: Some(before.visible), visible: after.visible };
    tx.on_commit(move || stores.tell(store, vec![event]));
    Ok(())
}
