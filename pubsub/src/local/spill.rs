//! Messages that wait for listeners in the store.

use std::{ops::Bound, sync::Arc};

use millpond_engine::{Durability, Engine, Keyspace, Position, RangeRequest, Read, TransactOptions};

use super::listener::Listener;
use crate::{Notification, RecvError, Result, layout, shared::Shared};

/// So many messages are read back at once at most.
const READ_AT_ONCE: usize = 256;
const READ_BYTES_AT_ONCE: usize = 1 << 20;
/// So many rows are deleted in one commit at most.
const DELETE_AT_ONCE: usize = 1000;

/// Rows of a listener that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) from: Position,
    pub(crate) to: Position,
    pub(crate) count: u64,
}

impl Run {
    pub(crate) fn of(position: Position) -> Self {
        Run { from: position, to: position, count: 1 }
    }

    pub(crate) fn extend(&mut self, to: Position) {
        self.to = to;
        self.count += 1;
    }
}

/// Reads the beginning of a run back into memory, and deletes its rows.
pub(crate) fn read(shared: &Arc<Shared>, listener: &Listener, run: Run) -> Result<(), RecvError> {
    let rows = match rows(shared, listener, run) {
        Ok(rows) => rows,
        Err(error) => {
            listener.has_not_read();
            return Err(RecvError::Failed(error));
        }
    };
    let Rows { keys, messages, rest } = rows;
    listener.has_read(run, messages, rest);
    delete(shared, keys);
    Ok(())
}

struct Rows {
    keys: Vec<Vec<u8>>,
    messages: Vec<Arc<Notification>>,
    rest: Option<Run>,
}

fn rows(shared: &Shared, listener: &Listener, run: Run) -> Result<Rows> {
    let (from, to) = (layout::spilled_key(listener.id, run.from), layout::spilled_key(listener.id, run.to));
    let request = RangeRequest::between(Bound::Included(&from), Bound::Included(&to))
        .limit(READ_AT_ONCE.min(listener.capacity))
        .limit_bytes(READ_BYTES_AT_ONCE);
    let page = shared.engine.latest().range(&shared.locals.spilled, &request)?;
    let mut messages = Vec::with_capacity(page.entries.len());
    let mut keys = Vec::with_capacity(page.entries.len());
    let mut last = run.from;
    for (key, value) in page.entries {
        last = Position::of_key(&key).unwrap_or(last);
        keys.push(key.to_vec());
        // A row that cannot be read is not to keep those behind it from being read.
        match layout::decode(layout::SPILLED, &value) {
            Ok(message) => messages.push(Arc::new(message)),
            Err(error) => tracing::error!(%error, "a message that was spilled is lost"),
        }
    }
    let has_rest = page.resume.is_some() && last < run.to;
    let rest =
        has_rest.then(|| Run { from: last.next(), to: run.to, count: run.count.saturating_sub(keys.len() as u64) });
    Ok(Rows { keys, messages, rest: rest.filter(|rest| rest.count > 0) })
}

/// Deletes rows that were read. Should that fail, they are cleared away with the listener.
fn delete(shared: &Arc<Shared>, keys: Vec<Vec<u8>>) {
    if keys.is_empty() {
        return;
    }
    if shared.engine.in_transaction() {
        // It may fail, and is not to delete anything then.
        let (engine, spilled) = (shared.engine.clone(), shared.locals.spilled.clone());
        return shared.locals.registry.pool.run(move || delete_rows(&engine, &spilled, &keys));
    }
    delete_rows(&shared.engine, &shared.locals.spilled, &keys);
}

/// It is not waited for: an async receiver may be here.
fn delete_rows(engine: &Engine, spilled: &Keyspace, keys: &[Vec<u8>]) {
    let options = TransactOptions::default().durability(Durability::Buffered);
    let deleted = engine.submit_with(&options, |tx| keys.iter().try_for_each(|key| tx.delete(spilled, key.clone())));
    // What the ticket would tell is of no use here.
    if let Err(error) = deleted.map(drop) {
        tracing::warn!(%error, "messages that were received could not be deleted");
    }
}

/// Clears all rows of a listener that has ended.
pub(crate) fn clear(shared: &Arc<Shared>, listener: u64) {
    let (engine, spilled) = (shared.engine.clone(), shared.locals.spilled.clone());
    let clear = move || {
        let request = RangeRequest::prefix(&layout::spilled_prefix(listener));
        if let Err(error) = clear_range(&engine, &spilled, request) {
            tracing::warn!(%error, "messages for a subscriber that has ended could not be deleted");
        }
    };
    if shared.engine.in_transaction() { shared.locals.registry.pool.run(clear) } else { clear() }
}

/// As [`clear`], where nothing may be written.
pub(crate) fn clear_elsewhere(shared: &Arc<Shared>, listener: u64) {
    let later = Arc::clone(shared);
    shared.locals.registry.pool.run(move || clear(&later, listener));
}

/// Deletes the rows of a range. Power cuts may bring them back: a program that begins clears all.
pub(crate) fn clear_range(engine: &Engine, spilled: &Keyspace, request: RangeRequest) -> Result<()> {
    let mut request = request.limit(DELETE_AT_ONCE);
    loop {
        let page = engine.latest().range(spilled, &request)?;
        let keys: Vec<Vec<u8>> = page.entries.iter().map(|(key, _)| key.to_vec()).collect();
        if !keys.is_empty() {
            let buffered = TransactOptions::default().durability(Durability::Buffered);
            engine.transact_with(&buffered, |tx| keys.iter().try_for_each(|key| tx.delete(spilled, key.clone())))?;
        }
        match page.resume {
            Some(last) => request = request.resume_after(&last),
            None => return Ok(()),
        }
    }
}
