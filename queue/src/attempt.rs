//! A receive of a first-in-first-out queue that is tried again: within five minutes it gives the same messages by the same
//! handles, if nothing has become of them.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-receiverequestattemptid-request-parameter.html>

use millpond_engine::{Timestamp, Transaction};

use crate::{
    Message, Queue, Receive, Result, deduplication,
    handle::Receipt,
    layout,
    layout::{AttemptRow, Place, QueueRecord, ReceivedRow},
    receive, receive_fifo,
};

fn key(record: &QueueRecord, attempt_id: &str) -> Vec<u8> {
    layout::attempt_key(record.store, layout::hash(&[attempt_id.as_bytes()]))
}

/// The messages of the first try, invisible for as long again.
pub(crate) fn again(
    queue: &Queue,
    tx: &mut Transaction,
    record: &QueueRecord,
    request: &Receive,
) -> Result<Option<Vec<Message>>> {
    let Some(attempt_id) = &request.attempt_id else { return Ok(None) };
    let shared = &queue.shared;
    let key = key(record, attempt_id);
    let Some(attempt) = tx.get(&shared.keyspaces.tokens, &key)?.map(AttemptRow::decode).transpose()? else {
        return Ok(None);
    };
    let now = tx.began();
    if now >= attempt.expires {
        return Ok(None);
    }
    let mut found = Vec::with_capacity(attempt.messages.len());
    for (receipt, visible) in &attempt.messages {
        // Deleted, received anew, or its timeout changed: then this is another receive.
        let Some(received) = unchanged(queue, tx, record, receipt, *visible, now)? else { return Ok(None) };
        let Some(row) = tx.get(&shared.keyspaces.messages, &receipt.place.key(record.store))? else { return Ok(None) };
        found.push((receipt.place, received, layout::decode_message(row)?));
    }
    let visible = receive::visible_after(record, request, now);
    let mut messages = Vec::with_capacity(found.len());
    for (place, received, content) in found {
        let received = ReceivedRow { received: now, visible, ..received };
        if let Place::Lane(group, position) = place {
            receive_fifo::change(shared, tx, record, group, |row| row.set(position, Some(received)))?;
        }
        messages.push(receive::message(queue, record, place, received, content));
    }
    tx.put(&shared.keyspaces.tokens, key, row_of(attempt.expires, &messages).encode())?;
    Ok(Some(messages))
}

fn unchanged(
    queue: &Queue,
    tx: &mut Transaction,
    record: &QueueRecord,
    receipt: &Receipt,
    visible: Timestamp,
    now: Timestamp,
) -> Result<Option<ReceivedRow>> {
    let Place::Lane(group, position) = receipt.place else { return Ok(None) };
    let received = receive_fifo::group(&queue.shared, tx, record.store, group)?.of(position);
    let is_same = |received: &ReceivedRow| {
        received.count == receipt.count && received.visible == visible && received.visible > now
    };
    Ok(received.filter(is_same))
}

/// Keeps what a first try has given.
pub(crate) fn keep(
    queue: &Queue,
    tx: &mut Transaction,
    record: &QueueRecord,
    request: &Receive,
    messages: &[Message],
) -> Result<()> {
    let Some(attempt_id) = request.attempt_id.as_ref().filter(|_| !messages.is_empty()) else { return Ok(()) };
    let tokens = &queue.shared.keyspaces.tokens;
    let key = key(record, attempt_id);
    let expires = deduplication::expiry(tx.began());
    tx.put(tokens, key.clone(), row_of(expires, messages).encode())?;
    Ok(tx.put(tokens, layout::expiry_key(expires, &key), "")?)
}

fn row_of(expires: Timestamp, messages: &[Message]) -> AttemptRow {
    let messages = messages.iter().map(|message| (message.received.receipt.0.clone(), message.invisible_until()));
    AttemptRow { expires, messages: messages.collect() }
}
