//! Deleting messages.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>

use std::borrow::Borrow;

use millpond_engine::Transaction;

use crate::{
    Error, Queue, ReceiptHandle, Result,
    dead_letter::Removed,
    handle::Receipt,
    layout::{Place, QueueRecord, ReceivedRow},
    receive_fifo,
    shared::{NOT_SEEN, Shared},
};

/// What a receipt names, as it is now.
pub(crate) enum Found {
    /// The message is this receive's, or still would be had its timeout not ended.
    Own(ReceivedRow),
    /// That receive is not seen, while the message is there: it was not synced, and is on its way or was lost to a power cut. The
    /// message is nobody else's; should another commit have it, this one will conflict with that.
    Unseen(ReceivedRow),
    /// It was received again since.
    Others,
    /// It is gone.
    Gone,
}

pub(crate) fn one(shared: &Shared, tx: &mut Transaction, name: &str, receipt: &ReceiptHandle) -> Result<()> {
    let record = shared.need(tx, name)?;
    let mut removed = Removed::new(shared, name, &record);
    delete(shared, tx, name, &record, &receipt.0, &mut removed)?;
    removed.finish(tx)
}

pub(crate) fn batch<R: Borrow<ReceiptHandle>>(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    receipts: &[R],
) -> Result<Vec<Result<()>>> {
    Queue::too_many(receipts.len())?;
    let record = shared.need(tx, name)?;
    let mut removed = Removed::new(shared, name, &record);
    let mut deleted = Vec::with_capacity(receipts.len());
    for receipt in receipts {
        deleted.push(match delete(shared, tx, name, &record, &receipt.borrow().0, &mut removed) {
            Err(failed @ (Error::Engine(_) | Error::Corrupt { .. })) => return Err(failed),
            result => result,
        });
    }
    removed.finish(tx)?;
    Ok(deleted)
}

/// Deletes a message that has to be this receive's.
pub(crate) fn owned(shared: &Shared, tx: &mut Transaction, name: &str, receipt: &ReceiptHandle) -> Result<()> {
    let record = shared.need(tx, name)?;
    check(name, &receipt.0)?;
    match find(shared, tx, &record, &receipt.0)? {
        Found::Own(received) | Found::Unseen(received) => {
            let mut removed = Removed::new(shared, name, &record);
            removed.take_out(tx, receipt.0.place, Some(received.visible))?;
            removed.finish(tx)
        }
        Found::Others | Found::Gone => Err(Error::MessageNotInflight),
    }
}

fn delete(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    record: &QueueRecord,
    receipt: &Receipt,
    removed: &mut Removed<'_>,
) -> Result<()> {
    check(name, receipt)?;
    match find(shared, tx, record, receipt)? {
        Found::Gone => Ok(()),
        Found::Others if record.is_fifo() => Err(expired(receipt)),
        Found::Own(received) if record.is_fifo() && received.visible <= tx.began() => Err(expired(receipt)),
        Found::Others => Ok(()),
        Found::Own(received) | Found::Unseen(received) => removed.take_out(tx, receipt.place, Some(received.visible)),
    }
}

/// Whether a receipt is one of this queue.
pub(crate) fn check(name: &str, receipt: &Receipt) -> Result<()> {
    match receipt.queue == Receipt::queue(name) {
        true => Ok(()),
        false => Err(Error::ReceiptHandleIsInvalid {
            message: format!("The receipt handle \"{receipt}\" is not valid for this queue."),
        }),
    }
}

pub(crate) fn expired(receipt: &Receipt) -> Error {
    Error::parameter(format!(
        "Value {receipt} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    ))
}

pub(crate) fn find(shared: &Shared, tx: &mut Transaction, record: &QueueRecord, receipt: &Receipt) -> Result<Found> {
    // Purged since.
    if receipt.store != record.store {
        return Ok(Found::Gone);
    }
    let received = match (record.is_fifo(), receipt.place) {
        (true, Place::Lane(group, position)) => receive_fifo::group(shared, tx, record.store, group)?.of(position),
        _ => {
            let row = tx.get(&shared.keyspaces.received, &receipt.place.key(record.store))?;
            row.map(ReceivedRow::decode).transpose()?
        }
    };
    match received {
        Some(received) if received.count == receipt.count => Ok(Found::Own(received)),
        Some(received) if received.count > receipt.count => Ok(Found::Others),
        before => unseen(shared, tx, record, receipt, before),
    }
}

fn unseen(
    shared: &Shared,
    tx: &mut Transaction,
    record: &QueueRecord,
    receipt: &Receipt,
    before: Option<ReceivedRow>,
) -> Result<Found> {
    let key = receipt.place.key(record.store);
    if record.is_fifo() || tx.get(&shared.keyspaces.messages, &key)?.is_none() {
        return Ok(Found::Gone);
    }
    if shared.is_to_see_all(tx) {
        return Err(NOT_SEEN.into());
    }
    let now = tx.began();
    let first_received = before.map_or(now, |before| before.first_received);
    Ok(Found::Unseen(ReceivedRow { count: receipt.count, first_received, received: now, visible: now }))
}
