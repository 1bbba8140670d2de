//! Sending messages.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use std::{sync::Arc, time::Duration};

use millpond_engine::{Appended, Position, Timestamp, Transaction};

use crate::{
    Error, MAX_MESSAGE_BYTES, Queue, Result, SendMessage, Sent, check_message,
    deduplication::{self, First, Placed, Sending},
    layout,
    layout::{GroupHash, Place, QueueRecord, StoreId},
    message::{Content, MessageId},
    ready::Event,
    shared::Shared,
};

pub(crate) fn one(shared: &Shared, tx: &mut Transaction, name: &str, message: &SendMessage) -> Result<Sent> {
    let record = shared.need(tx, name)?;
    check_message::run(&record.settings, message)?;
    let mut sending = Batch::new(shared, &record);
    let sent = sending.send(tx, message)?;
    sending.finish(tx)?;
    Ok(sent)
}

pub(crate) fn batch(
    shared: &Shared,
    tx: &mut Transaction,
    name: &str,
    messages: &[SendMessage],
) -> Result<Vec<Result<Sent>>> {
    Queue::too_many(messages.len())?;
    let bytes = messages.iter().map(check_message::size_bytes).sum();
    if bytes > MAX_MESSAGE_BYTES {
        return Err(Error::BatchRequestTooLong { bytes, limit: MAX_MESSAGE_BYTES });
    }
    let record = shared.need(tx, name)?;
    let mut sending = Batch::new(shared, &record);
    let mut sent = Vec::with_capacity(messages.len());
    for message in messages {
        sent.push(match check_message::run(&record.settings, message) {
            Ok(()) => Ok(sending.send(tx, message)?),
            Err(refused) => Err(refused),
        });
    }
    sending.finish(tx)?;
    Ok(sent)
}

/// The messages that one call sends.
struct Batch<'a> {
    shared: &'a Shared,
    record: &'a QueueRecord,
    sending: Sending,
    added: Added,
}

impl<'a> Batch<'a> {
    fn new(shared: &'a Shared, record: &'a QueueRecord) -> Self {
        Batch { shared, record, sending: Sending::default(), added: Added::new(record.store) }
    }

    fn send(&mut self, tx: &mut Transaction, message: &SendMessage) -> Result<Sent> {
        match self.record.settings.fifo {
            None => self.send_standard(tx, message),
            Some(fifo) => self.send_fifo(tx, message, fifo.content_based_deduplication),
        }
    }

    fn send_standard(&mut self, tx: &mut Transaction, message: &SendMessage) -> Result<Sent> {
        let (id, now) = (MessageId::random(), tx.began());
        let row = layout::encode_message(id, now, message, None);
        let delay = message.delay.unwrap_or(self.record.settings.delay);
        self.added.add(self.shared, tx, place(now, delay, message.group_id.as_deref()), row)?;
        Ok(Sent { message_id: id, placed: None })
    }

    fn send_fifo(&mut self, tx: &mut Transaction, message: &SendMessage, by_content: bool) -> Result<Sent> {
        let group_id = message.group_id.as_deref().unwrap_or_default();
        let by_content = by_content.then(|| check_message::sha256(&message.body));
        let deduplication_id =
            message.deduplication_id.clone().or(by_content).ok_or_else(check_message::no_deduplication)?;
        let token = deduplication::token(self.record, group_id, &deduplication_id);
        let store = self.record.store;
        if let Some(first) = deduplication::find(self.shared, tx, store, token, &self.sending)? {
            return Ok(Sent { message_id: first.id, placed: first.placed });
        }
        let id = MessageId::random();
        let content = layout::encode_message(id, tx.began(), message, Some(&deduplication_id));
        // The delay is the queue's, and counts from the position: it can be changed for messages that were sent.
        let place = Place::Lane(GroupHash::of(Some(group_id)), Position::default());
        let row = self.added.add(self.shared, tx, place, content)?;
        deduplication::keep(self.shared, tx, (store, token), id, &row)?;
        let placed = Some(Placed::Appended(row));
        self.sending.add(token, First { id, placed: placed.clone() });
        Ok(Sent { message_id: id, placed })
    }

    fn finish(self, tx: &mut Transaction) -> Result<()> {
        self.added.finish(self.shared, tx)
    }
}

/// Where a message of a standard queue is put. Its position is the commit's to give.
fn place(now: Timestamp, delay: Duration, group_id: Option<&str>) -> Place {
    match delay.is_zero() {
        true => Place::Lane(GroupHash::of(group_id), Position::default()),
        false => Place::Timed(now.saturating_add(delay), Position::default()),
    }
}

/// Puts a message that comes from another queue into this one. In a standard queue it stands where it would had it been sent here when it was
/// sent; in a first-in-first-out queue it comes last.
pub(crate) fn moved(
    shared: &Shared,
    tx: &mut Transaction,
    record: &QueueRecord,
    content: &Content,
    added: &mut Added,
) -> Result<()> {
    let place = match record.is_fifo() {
        true => Place::Lane(GroupHash::of(Some(content.group_id.as_deref().unwrap_or_default())), Position::default()),
        false => Place::Timed(content.sent, Position::default()),
    };
    added.add(shared, tx, place, content.encode()).map(drop)
}

/// The messages that a transaction adds to a store.
pub(crate) struct Added {
    store: StoreId,
    events: Vec<Event>,
}

impl Added {
    pub(crate) fn new(store: StoreId) -> Self {
        Added { store, events: Vec::new() }
    }

    fn add(&mut self, shared: &Shared, tx: &mut Transaction, place: Place, row: Vec<u8>) -> Result<Appended> {
        let keyspaces = &shared.keyspaces;
        let appended = tx.append(&keyspaces.messages, place.prefix(self.store), 1, row)?;
        match place {
            Place::Lane(GroupHash::NONE, _) => {}
            Place::Lane(group, _) => {
                let prefix = layout::store_prefix(self.store).to_vec();
                tx.append_beside(&keyspaces.arrivals, prefix, &appended, group.0.to_be_bytes().to_vec())?;
            }
            Place::Timed(due, _) => tx.add(&keyspaces.counters, layout::due_key(self.store, due.as_secs()), 1)?,
        }
        self.events.push(Event::Sent { place, row: appended.clone() });
        Ok(appended)
    }

    pub(crate) fn finish(self, shared: &Shared, tx: &mut Transaction) -> Result<()> {
        if self.events.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(self.events.len()).unwrap_or(i64::MAX);
        tx.add(&shared.keyspaces.counters, layout::total_key(self.store), count)?;
        let (stores, store, events) = (Arc::clone(&shared.stores), self.store, self.events);
        tx.on_commit(move || stores.tell(store, events));
        Ok(())
    }
}
