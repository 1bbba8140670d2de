//! What items were before they changed, for as long as their table can be recovered.
//!
//! The first change of a row within a second keeps what the row was before it, in the same transaction; later changes of that
//! second keep nothing. So a row at the end of a second is what it was before its first change in a later second, or what it
//! is now. All changes of a transaction bear the time of the transaction: what it did is never restored by half.
//!
//! Entries are in order of time, so that a restore to a recent time reads only what has changed since, and so that what is
//! too old is one range. A row that was changed in several seconds has several entries; they are applied from the newest to
//! the oldest, and the oldest stays. So no memory is needed for the rows.

use std::ops::Bound;

use bytes::Bytes;
use millpond_engine::{Engine, Keyspace, RangeRequest, Timestamp, Transaction, WriteBatch};

use super::Recovery;
use super::copying::Copying;
use crate::Result;
use crate::catalog::Catalog;
use crate::layout::backups as keys;
use crate::layout::{self, TableId};
use crate::sweep::{clear, next_keys};
use crate::table::TableRecord;

/// How many entries are removed in one transaction.
const REMOVED_AT_ONCE: usize = 500;

/// Keeps what a row is, before it is changed.
pub(crate) fn remember(tx: &mut Transaction, catalog: &Catalog, table: &TableRecord, row: &[u8]) -> Result<()> {
    if table.recovery.is_none() {
        return Ok(());
    }
    let key = keys::history_key(table.id, tx.began().as_secs(), row);
    if tx.get(&catalog.history, &key)?.is_none() {
        let before = tx.get(&catalog.items, row)?.unwrap_or_default();
        tx.put(&catalog.history, key, before)?;
    }
    Ok(())
}

/// Notes that a table has a history, so that what is too old of it is found.
pub(crate) fn begin(tx: &mut Transaction, catalog: &Catalog, table: &TableRecord) -> Result<()> {
    let key = keys::history_of_key(table.id);
    if tx.get(&catalog.history, &key)?.is_none() {
        tx.put(&catalog.history, key, keys::history_of_value(0, &table.name))?;
    }
    Ok(())
}

/// The entries of a table from one second on, before another; `None` is the end of time.
fn between(table: TableId, from_secs: u64, to_secs: Option<u64>) -> RangeRequest {
    let from = keys::history_second_key(table, from_secs);
    let to = match to_secs {
        Some(secs) => Some(keys::history_second_key(table, secs)),
        None => millpond_engine::key::prefix_end(&keys::history_prefix(table)),
    };
    RangeRequest::between(Bound::Included(&from), to.as_deref().map_or(Bound::Unbounded, Bound::Excluded))
}

/// Puts back, among rows that were copied from a table, those that have changed since a second began.
pub(crate) fn undo(
    catalog: &Catalog,
    copying: &mut Copying<'_>,
    table: TableId,
    since_secs: u64,
    to: (&Keyspace, &[u8]),
) -> Result<()> {
    copying.each(&catalog.history, between(table, since_secs, None).reverse(), |copying, key, before| {
        let (_, row) = keys::read_history_key(&key)?;
        let row = [to.1, row].concat();
        if before.is_empty() { copying.delete(to.0, row) } else { copying.put(to.0, row, before) }
    })
}

/// Calls `f` with the second, the row's key without its table's id and what the row was, for each entry in order of time, or
/// against it.
pub(crate) fn each(
    catalog: &Catalog,
    copying: &mut Copying<'_>,
    table: TableId,
    (from_secs, to_secs): (u64, u64),
    newest_first: bool,
    mut f: impl FnMut(&mut Copying<'_>, u64, &[u8], Bytes) -> Result<()>,
) -> Result<()> {
    let range = between(table, from_secs, Some(to_secs)).reverse_if(newest_first);
    copying.each(&catalog.history, range, |copying, key, before| {
        let (secs, row) = keys::read_history_key(&key)?;
        f(copying, secs, row, before)
    })
}

/// Removes all that was kept of a table that is gone.
pub(crate) fn sweep(engine: &Engine, catalog: &Catalog, table: TableId) -> Result<()> {
    let key = keys::history_of_key(table);
    if engine.get(&catalog.history, &key)?.is_none() {
        return Ok(());
    }
    clear(engine, &catalog.history, &keys::history_prefix(table))?;
    let mut mark = WriteBatch::new();
    mark.delete(&catalog.history, key);
    Ok(engine.write(mark)?)
}

/// Removes what is older than tables can be recovered to. Gives the number of entries.
pub(crate) fn trim(engine: &Engine, catalog: &Catalog) -> Result<u64> {
    let mut removed = 0;
    let snapshot = engine.snapshot()?;
    for mark in snapshot.scan(&catalog.history, &RangeRequest::prefix(keys::HISTORY_OF_PREFIX))? {
        let (key, value) = mark?;
        let (front, name) = keys::read_history_of(&value)?;
        removed += trim_table(engine, catalog, keys::history_of_id(&key)?, name, front)?;
    }
    Ok(removed)
}

/// Before which second a table's history is of no use; `None` if all of it is.
fn cutoff(catalog: &Catalog, tx: &mut Transaction, table: TableId, name: &str) -> Result<Option<u64>> {
    let now = tx.clock().now();
    let recovery = catalog.find(tx, name)?.filter(|found| found.id == table).and_then(|found| found.recovery);
    Ok(recovery.map(|recovery: Recovery| recovery.earliest(now).as_secs()))
}

fn trim_table(engine: &Engine, catalog: &Catalog, table: TableId, name: &str, front: u64) -> Result<u64> {
    let end = engine.transact(|tx| cutoff(catalog, tx, table, name))?;
    if end.is_some_and(|end| end <= front) {
        return Ok(0);
    }
    let snapshot = engine.snapshot()?;
    let mut rows = snapshot.scan(&catalog.history, &between(table, front, end))?;
    let mut removed = 0;
    loop {
        let found = next_keys(&mut rows, REMOVED_AT_ONCE)?;
        if found.is_empty() {
            break;
        }
        // Recovery may have been switched on again since: what it keeps from then on stays.
        removed += engine.transact(|tx| {
            let end = cutoff(catalog, tx, table, name)?;
            let mut removed = 0;
            for key in &found {
                if end.is_none_or(|end| keys::read_history_key(key).is_ok_and(|(secs, _)| secs < end)) {
                    tx.delete(&catalog.history, key.clone())?;
                    removed += 1;
                }
            }
            Ok::<_, crate::Error>(removed)
        })?;
    }
    engine.transact(|tx| remember_front(catalog, tx, table, name, end, removed > 0))?;
    Ok(removed)
}

/// Lets the next look begin where this one ended, if that spares it something; or never, if there is no recovery any more.
fn remember_front(
    catalog: &Catalog,
    tx: &mut Transaction,
    table: TableId,
    name: &str,
    end: Option<u64>,
    has_removed: bool,
) -> Result<()> {
    let key = keys::history_of_key(table);
    match (end, cutoff(catalog, tx, table, name)?) {
        (Some(end), Some(_)) if has_removed => tx.put(&catalog.history, key, keys::history_of_value(end, name))?,
        (None, None) => tx.delete(&catalog.history, key)?,
        _ => {}
    }
    Ok(())
}

/// The items of a table as they were at the end of a second, copied under another table's id.
pub(crate) fn copy_items_at(
    catalog: &Catalog,
    copying: &mut Copying<'_>,
    table: TableId,
    at: Timestamp,
    to: TableId,
) -> Result<()> {
    let (from, to) = (layout::items_prefix(table), layout::items_prefix(to));
    copying.each(&catalog.items, RangeRequest::prefix(&from), |copying, row, item| {
        copying.put(&catalog.items, keys::moved(&row, &from, &to), item)
    })?;
    undo(catalog, copying, table, at.as_secs().saturating_add(1), (&catalog.items, &to))?;
    copying.finish()
}
