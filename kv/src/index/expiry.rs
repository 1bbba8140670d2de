//! The index by which expired items are found: table, second of expiry, row. It is written with the items like every
//! other index, and filled and cleared away by the same code.

use millpond_engine::{Engine, RangeRequest, Timestamp, Transaction};

use crate::Result;
use crate::catalog::Catalog;
use crate::layout::{self, IndexId, TableId};
use crate::table::TableRecord;
use crate::value::{AttributeValue, Item};
use crate::write_item::{Before, write_item};

/// Items whose time is longer past are kept: the attribute then hardly is a time.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>
const TOO_OLD_SECS: u64 = 5 * 365 * 86_400;
/// How many items are deleted in one transaction.
const PAGE_ITEMS: usize = 100;

/// The expiry of a table's items, as stored in its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expiry {
    pub(crate) attribute: String,
    /// Where the entries are.
    pub(crate) index: IndexId,
    /// Whether items that were there before it may be missing in the index.
    pub(crate) is_backfilling: bool,
}

impl Expiry {
    /// When an item expires, in whole seconds since 1970; `None` if it never does.
    fn of(&self, item: &Item) -> Option<u64> {
        match item.get(&self.attribute)? {
            AttributeValue::N(number) => number.floor_u64(),
            _ => None,
        }
    }

    fn key(&self, table: TableId, row: &[u8], item: &Item) -> Option<Vec<u8>> {
        Some(layout::expiry_key(table, self.index, self.of(item)?, row))
    }
}

/// Brings the index after a change of a row.
pub(crate) fn change(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    row: &[u8],
    old: Option<&Item>,
    new: Option<&Item>,
) -> Result<()> {
    let Some(expiry) = &table.expiry else { return Ok(()) };
    let key = |item: Option<&Item>| expiry.key(table.id, row, item?);
    let (before, after) = (key(old), key(new));
    if before == after {
        return Ok(());
    }
    if let Some(before) = before {
        tx.delete(&catalog.indexes, before)?;
    }
    if let Some(after) = after {
        tx.put(&catalog.indexes, after, "")?;
    }
    Ok(())
}

/// Adds the entry of a stored row.
pub(crate) fn add(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    expiry: &Expiry,
    row: &[u8],
    item: &Item,
) -> Result<()> {
    if let Some(key) = expiry.key(table.id, row, item) {
        tx.put(&catalog.indexes, key, "")?;
    }
    Ok(())
}

/// Deletes the items whose time has come, of all tables. Gives their number.
pub(crate) fn expire(engine: &Engine, catalog: &Catalog) -> Result<u64> {
    let now = engine.clock().now();
    let snapshot = engine.snapshot()?;
    let mut expired = 0;
    for mark in snapshot.scan(&catalog.tables, &RangeRequest::prefix(layout::EXPIRING_PREFIX))? {
        let (_, name) = mark?;
        let name = String::from_utf8_lossy(&name);
        if let Some(table) = catalog.find(&mut crate::catalog::Latest(engine), &name)?
            && let Some(expiry) = &table.expiry
        {
            expired += expire_table(engine, catalog, &table, expiry, now)?;
        }
    }
    Ok(expired)
}

fn expire_table(
    engine: &Engine,
    catalog: &Catalog,
    table: &TableRecord,
    expiry: &Expiry,
    now: Timestamp,
) -> Result<u64> {
    let at = |secs: u64| layout::expiry_key(table.id, expiry.index, secs, &layout::items_prefix(table.id));
    let (from, to) = (at(now.as_secs().saturating_sub(TOO_OLD_SECS)), at(now.as_secs().saturating_add(1)));
    let due = RangeRequest::between(std::ops::Bound::Included(&from), std::ops::Bound::Excluded(&to)).limit(PAGE_ITEMS);
    // One snapshot, so that a page does not walk again over what the pages before it removed.
    let snapshot = engine.snapshot()?;
    let (mut range, mut expired) = (due.clone(), 0);
    loop {
        let page = snapshot.range(&catalog.indexes, &range)?;
        expired += engine.transact(|tx| {
            let mut deleted = 0;
            for (key, _) in &page.entries {
                deleted += u64::from(expire_item(tx, catalog, table, key)?);
            }
            Ok::<_, crate::Error>(deleted)
        })?;
        match page.resume {
            Some(key) => range = due.clone().resume_after(&key),
            None => return Ok(expired),
        }
    }
}

/// Deletes the item of an entry, if it still expires then.
fn expire_item(tx: &mut Transaction, catalog: &Catalog, seen: &TableRecord, key: &[u8]) -> Result<bool> {
    // The table may have changed since: its present record decides what follows from a deletion.
    let Some(table) = catalog.find(tx, &seen.name)?.filter(|table| table.id == seen.id) else { return Ok(false) };
    let Some(expiry) = &table.expiry else { return Ok(false) };
    let row = layout::expiring_row(table.id, key)?;
    let Some(stored) = tx.get(&catalog.items, &row)? else { return Ok(false) };
    let item = layout::decode(&stored)?;
    if expiry.key(table.id, &row, &item).as_deref() != Some(key) {
        return Ok(false);
    }
    write_item(tx, catalog, &table, row, &Before::Read(Some(item)), None)?;
    Ok(true)
}
