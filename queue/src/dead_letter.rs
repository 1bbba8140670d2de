//! Messages that leave their queue without having been handled: those that were received too often go to the dead-letter
//! queue, those that are too old go nowhere.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>

use std::sync::Arc;

use millpond_engine::{Timestamp, Transaction};

use crate::{
    QueuePage, Result, layout,
    layout::{GroupHash, Place, QueueRecord, ReceivedRow},
    list_queues,
    message::Content,
    ready::Event,
    receive_fifo,
    send::{self, Added},
    shared::Shared,
};

/// Whether a message that was received so often is not received again.
pub(crate) fn is_due(record: &QueueRecord, count: u32) -> bool {
    record.settings.redrive_policy.as_ref().is_some_and(|policy| count >= policy.max_receive_count)
}

/// The messages that a transaction takes out of a queue.
pub(crate) struct Removed<'a> {
    shared: &'a Shared,
    name: &'a str,
    record: &'a QueueRecord,
    count: i64,
    /// The dead-letter queue and what goes there, once it was looked for. `Some(None)` if it is no more.
    target: Option<Option<(Arc<QueueRecord>, Added)>>,
}

impl<'a> Removed<'a> {
    pub(crate) fn new(shared: &'a Shared, name: &'a str, record: &'a QueueRecord) -> Self {
        Removed { shared, name, record, count: 0, target: None }
    }

    /// Takes out a message and all that is kept of it.
    pub(crate) fn delete(&mut self, tx: &mut Transaction, place: Place, was_received: bool) -> Result<()> {
        let (keyspaces, store) = (&self.shared.keyspaces, self.record.store);
        let key = place.key(store);
        match place {
            Place::Lane(GroupHash::NONE, _) => {}
            Place::Lane(_, position) => tx.delete(&keyspaces.arrivals, layout::arrival_key(store, position))?,
            Place::Timed(due, _) if !was_received => {
                tx.add(&keyspaces.counters, layout::due_key(store, due.as_secs()), -1)?;
            }
            Place::Timed(..) => {}
        }
        if was_received {
            tx.delete(&keyspaces.received, key.clone())?;
        }
        tx.delete(&keyspaces.messages, key)?;
        self.count += 1;
        Ok(())
    }

    /// Takes out a message that no receive under way has, and tells of it. In a standard queue `visible` is until when it was
    /// invisible, if it was received.
    pub(crate) fn take_out(&mut self, tx: &mut Transaction, place: Place, visible: Option<Timestamp>) -> Result<()> {
        let mut before = visible;
        if let (true, Place::Lane(group, position)) = (self.record.is_fifo(), place) {
            receive_fifo::change(self.shared, tx, self.record, group, |row| row.set(position, None))?;
            before = None;
        }
        self.delete(tx, place, before.is_some())?;
        let (stores, store) = (Arc::clone(&self.shared.stores), self.record.store);
        tx.on_commit(move || stores.tell(store, vec![Event::Gone { place, before }]));
        Ok(())
    }

    /// Moves a message to the dead-letter queue; `false` if there is none any more, so that it stays.
    pub(crate) fn redrive(
        &mut self,
        tx: &mut Transaction,
        place: Place,
        content: &Content,
        received: Option<ReceivedRow>,
    ) -> Result<bool> {
        let Some(policy) = &self.record.settings.redrive_policy else { return Ok(false) };
        if policy.dead_letter_queue == self.name {
            return Ok(false);
        }
        if self.target.is_none() {
            let target = self.shared.find(tx, &policy.dead_letter_queue)?;
            self.target = Some(target.filter(|target| target.is_fifo() == self.record.is_fifo()).map(|target| {
                let added = Added::new(target.store);
                (target, added)
            }));
        }
        let Some(Some((target, added))) = &mut self.target else { return Ok(false) };
        let sent = if target.is_fifo() { tx.began() } else { content.sent };
        let count = received.map_or(0, |received| received.count);
        let moved = Content {
            sent,
            dead_letter_source: Some(self.name.to_owned()),
            received_before: content.received_before.saturating_add(count),
            ..content.clone()
        };
        send::moved(self.shared, tx, target, &moved, added)?;
        self.delete(tx, place, received.is_some() && !self.record.is_fifo())?;
        Ok(true)
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.unsigned_abs()
    }

    /// Counts what was taken out.
    pub(crate) fn finish(self, tx: &mut Transaction) -> Result<()> {
        if let Some(Some((_, added))) = self.target {
            added.finish(self.shared, tx)?;
        }
        if self.count > 0 {
            tx.add(&self.shared.keyspaces.counters, layout::total_key(self.record.store), -self.count)?;
        }
        Ok(())
    }
}

/// The queues whose dead-letter queue this is.
pub(crate) fn sources(shared: &Shared, name: &str, after: Option<&str>, max: usize) -> Result<QueuePage> {
    shared.need(&mut shared.latest(), name)?;
    list_queues::select(shared, "", after, max, |record| {
        let policy = QueueRecord::decode(record)?.settings.redrive_policy;
        Ok(policy.is_some_and(|policy| policy.dead_letter_queue == name))
    })
}
