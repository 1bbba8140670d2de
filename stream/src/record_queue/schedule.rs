//! Keeping a record's row, and its entry by the time at which it is visible again: they change together, and here alone.

use std::sync::Arc;

use millpond_engine::{Read, Timestamp, Transaction};

use super::{
    layout::{self, Kind, Place, Row},
    live::{Change, Live},
};
use crate::{Result, shared::Shared};

/// The changes of one transaction to a queue.
pub(crate) struct Schedule<'a> {
    shared: &'a Shared,
    queue: u64,
    pub(crate) live: Arc<Live>,
    changes: Vec<Change>,
}

impl<'a> Schedule<'a> {
    pub(crate) fn new(shared: &'a Shared, queue: u64) -> Self {
        Schedule { shared, queue, live: shared.lives.of(queue), changes: Vec::new() }
    }

    /// Puts the row of a record in the place of the one that it has, if any. It becomes visible when the row says, or a moment later.
    pub(crate) fn put(&mut self, tx: &mut Transaction, place: Place, before: Option<Row>, row: Row) -> Result<Row> {
        if let Some(before) = before {
            self.remove_entry(tx, before.next, before.visible, place)?;
        }
        // Before the mark nobody looks. It is always past; who puts it there conflicts with this.
        let visible = row.visible.max(mark(self.shared, tx, self.queue, row.next)?);
        let row = Row { visible, ..row };
        let Shared { queues, .. } = self.shared;
        tx.put(queues, layout::row_key(self.queue, place), row.encode())?;
        tx.put(queues, layout::entry_key(self.queue, row.next, visible, place), "")?;
        self.changes.push(Change::Added(row.next, visible, place));
        Ok(row)
    }

    /// Takes away the row of a record that is done with.
    pub(crate) fn remove(&mut self, tx: &mut Transaction, place: Place, row: Row) -> Result<()> {
        tx.delete(&self.shared.queues, layout::row_key(self.queue, place))?;
        self.remove_entry(tx, row.next, row.visible, place)
    }

    pub(crate) fn remove_entry(&mut self, tx: &mut Transaction, kind: Kind, at: Timestamp, place: Place) -> Result<()> {
        tx.delete(&self.shared.queues, layout::entry_key(self.queue, kind, at, place))?;
        self.changes.push(Change::Removed(kind, at, place));
        Ok(())
    }

    /// Has what is remembered follow, once the transaction is committed.
    pub(crate) fn finish(self, tx: &mut Transaction) {
        let Schedule { shared, live, changes, .. } = self;
        if !changes.is_empty() {
            let engine = shared.engine.clone();
            tx.on_commit(move || live.settle(&changes, engine.latest_commit(), engine.clock().now()));
        }
    }
}

/// The time before which no entry of a kind is, nor will be.
pub(crate) fn mark(shared: &Shared, reader: &mut impl Read, queue: u64, kind: Kind) -> Result<Timestamp> {
    let mark = reader.get(&shared.queues, &layout::mark_key(queue, kind))?;
    Ok(Timestamp::from_millis(mark.map_or(Ok(0), |mark| layout::read_u64(&mark))?))
}
