//! Reading all items of a table as they were at some second, and how they changed between two.
//!
//! What a table is now is read as it is. What it was is put together first, under the id of a table that never was: it is
//! marked as deleted from the beginning, so that nothing of it outlives this reading by more than the next opening.

use std::sync::Arc;

use bytes::Bytes;
use millpond_engine::{RangeRequest, Read, Snapshot, Timestamp, Transaction};

use super::copying::Copying;
use super::history;
use super::restore_table_to_point_in_time::need_recovery;
use crate::catalog::Catalog;
use crate::constraints;
use crate::layout::{self, TableId};
use crate::model::{ItemChange, TableDescription};
use crate::table::TableRecord;
use crate::value::Item;
use crate::{Error, Kv, Result, create_table, delete_table, describe_table::Count};

/// How many items a page holds, and about how many bytes.
const PAGE_ITEMS: usize = 500;
const PAGE_BYTES: usize = 4 << 20;

/// All items of a table as they were at one moment, a page at a time. See [`Kv::items_at`].
#[derive(Debug)]
pub struct ItemPages {
    /// Removed in the end.
    put_together: Option<Temporary>,
    table: Arc<TableRecord>,
    snapshot: Snapshot,
    /// What is read next; `None` at the end.
    range: Option<RangeRequest>,
    kv: Kv,
    at: Timestamp,
}

/// All items of a table that changed between two moments, a page at a time. See [`Kv::changes_between`].
#[derive(Debug)]
pub struct ChangePages {
    old: Temporary,
    new: Temporary,
    last_written: Temporary,
    table: Arc<TableRecord>,
    /// What the table is now, where it has not changed since.
    present: Snapshot,
    collected: Snapshot,
    range: Option<RangeRequest>,
    kv: Kv,
}

/// Rows under an id that no table has.
#[derive(Debug)]
struct Temporary {
    kv: Kv,
    id: TableId,
}

impl Temporary {
    fn new(kv: &Kv) -> Result<Temporary> {
        let begin = |tx: &mut Transaction| {
            let id = create_table::next_id(kv.catalog(), tx)?;
            tx.put(&kv.catalog().tables, layout::deleted_key(id), "")?;
            Ok::<_, Error>(id)
        };
        Ok(Temporary { kv: kv.clone(), id: kv.engine().transact(begin)? })
    }

    fn prefix(&self) -> [u8; 4] {
        layout::items_prefix(self.id)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = delete_table::sweep(self.kv.engine(), self.kv.catalog(), self.id) {
            tracing::warn!(%error, "rows that were put together for an export stay until the next opening");
        }
    }
}

impl Kv {
    /// Reads all items of a table, in no order that means anything, as they are now or as they were at the end of a second
    /// that the table can be restored to. Memory is bounded by a page; an earlier second needs the disk space of the table
    /// until the pages are dropped, and the time to copy it.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::PointInTimeRecoveryUnavailable`] and [`Error::InvalidExportTime`] if a second is
    /// asked for, and those of the engine. Not to be called within a transaction.
    pub fn items_at(&self, table_name: &str, at: Option<Timestamp>) -> Result<ItemPages> {
        let name = constraints::table_name(table_name)?;
        let mut snapshot = self.engine().snapshot()?;
        let now = self.engine().clock().now();
        let Some(at) = at else {
            let table = self.catalog().find_usable(&mut snapshot, name)?;
            let table = table.ok_or_else(|| super::create_backup::missing(name))?;
            return Ok(self.pages(None, table, snapshot, now));
        };
        let (table, earliest) = need_recovery(self.catalog(), &mut snapshot, name, now)?;
        if at.as_secs() < earliest.as_secs() || at.as_secs() > now.as_secs() {
            return Err(Error::InvalidExportTime { message: "Export Time is invalid".into() });
        }
        if at.as_secs() == now.as_secs() {
            return Ok(self.pages(None, table, snapshot, at));
        }
        let put_together = Temporary::new(self)?;
        let mut copying = Copying::steps_from(self.engine(), snapshot);
        history::copy_items_at(self.catalog(), &mut copying, table.id, at, put_together.id)?;
        let snapshot = self.engine().snapshot()?;
        Ok(self.pages(Some(put_together), table, snapshot, at))
    }

    fn pages(
        &self,
        put_together: Option<Temporary>,
        table: Arc<TableRecord>,
        snapshot: Snapshot,
        at: Timestamp,
    ) -> ItemPages {
        let prefix = put_together.as_ref().map_or(layout::items_prefix(table.id), Temporary::prefix);
        let range = RangeRequest::prefix(&prefix).limit(PAGE_ITEMS).limit_bytes(PAGE_BYTES);
        ItemPages { put_together, table, snapshot, range: Some(range), kv: self.clone(), at }
    }

    /// Reads all items of a table that changed from the beginning of one second on, before another one begins: what they
    /// were, what they became, and when they last changed. An item that came and went between the two is left out.
    ///
    /// # Errors
    /// [`Error::TableNotFound`], [`Error::PointInTimeRecoveryUnavailable`], [`Error::InvalidExportTime`] for seconds that
    /// the table's history does not cover, and those of the engine. Not to be called within a transaction.
    pub fn changes_between(&self, table_name: &str, from: Timestamp, to: Timestamp) -> Result<ChangePages> {
        let name = constraints::table_name(table_name)?;
        let mut snapshot = self.engine().snapshot()?;
        let now = self.engine().clock().now();
        let (table, earliest) = need_recovery(self.catalog(), &mut snapshot, name, now)?;
        if from.as_secs() < earliest.as_secs() || to.as_secs() > now.as_secs() || from > to {
            return Err(Error::InvalidExportTime { message: "Export Time is invalid".into() });
        }
        let (old, new, last_written) = (Temporary::new(self)?, Temporary::new(self)?, Temporary::new(self)?);
        let mut copying = Copying::steps_from(self.engine(), snapshot);
        let catalog = self.catalog();
        let within = (from.as_secs(), to.as_secs());
        let under = |to: &Temporary, row: &[u8]| [&to.prefix()[..], row].concat();
        // Of several entries of a row the one that is written last stays.
        history::each(catalog, &mut copying, table.id, within, true, |copying, _, row, before| {
            copying.put(&catalog.items, under(&old, row), before)
        })?;
        history::each(catalog, &mut copying, table.id, within, false, |copying, secs, row, _| {
            copying.put(&catalog.items, under(&last_written, row), secs.to_be_bytes().to_vec())
        })?;
        let later = (to.as_secs(), u64::MAX);
        history::each(catalog, &mut copying, table.id, later, true, |copying, _, row, before| {
            copying.put(&catalog.items, under(&new, row), before)
        })?;
        copying.finish()?;
        let Copying::Steps { snapshot: present, .. } = copying else { return Err(Catalog::missing(name)) };
        let range = RangeRequest::prefix(&old.prefix()).limit(PAGE_ITEMS).limit_bytes(PAGE_BYTES);
        let collected = self.engine().snapshot()?;
        Ok(ChangePages { old, new, last_written, table, present, collected, range: Some(range), kv: self.clone() })
    }
}

impl ItemPages {
    /// The next items; `None` after the last ones.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn next_page(&mut self) -> Result<Option<Vec<Item>>> {
        let Some(page) = next(&mut self.snapshot, self.kv.catalog(), &mut self.range)? else { return Ok(None) };
        page.iter().map(|(_, item)| layout::decode(item)).collect::<Result<_>>().map(Some)
    }

    /// The table, without a count of its items.
    #[must_use]
    pub fn table(&self) -> TableDescription {
        self.table.describe(self.at, &Count::default())
    }

    /// Of which moment the items are.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether they had to be put together from what was kept.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.put_together.is_some()
    }
}

impl ChangePages {
    /// The next changes; `None` after the last ones.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn next_page(&mut self) -> Result<Option<Vec<ItemChange>>> {
        let catalog = self.kv.catalog();
        let Some(page) = next(&mut self.collected, catalog, &mut self.range)? else { return Ok(None) };
        let mut changes = Vec::new();
        for (key, old) in page {
            let row = key.get(self.old.prefix().len()..).unwrap_or_default();
            let under = |prefix: &[u8]| [prefix, row].concat();
            let new = match self.collected.get(&catalog.items, &under(&self.new.prefix()))? {
                Some(later) => later,
                None => {
                    let stored = self.present.get(&catalog.items, &under(&layout::items_prefix(self.table.id)))?;
                    stored.unwrap_or_default()
                }
            };
            let secs = self.collected.get(&catalog.items, &under(&self.last_written.prefix()))?;
            let secs = secs.as_deref().and_then(|secs| secs.try_into().ok()).map_or(0, u64::from_be_bytes);
            changes.extend(self.change(&old, &new, Timestamp::from_secs(secs))?);
        }
        Ok(Some(changes))
    }

    fn change(&self, old: &Bytes, new: &Bytes, last_written: Timestamp) -> Result<Option<ItemChange>> {
        let image = |stored: &Bytes| (!stored.is_empty()).then(|| layout::decode(stored)).transpose();
        let (old_image, new_image) = (image(old)?, image(new)?);
        let Some(either) = old_image.as_ref().or(new_image.as_ref()) else { return Ok(None) };
        let keys = self.table.keys.of_item(either);
        Ok(Some(ItemChange { keys, old_image, new_image, last_written }))
    }

    /// The table, without a count of its items.
    #[must_use]
    pub fn table(&self) -> TableDescription {
        self.table.describe(self.kv.engine().clock().now(), &Count::default())
    }
}

fn next(
    snapshot: &mut Snapshot,
    catalog: &Catalog,
    range: &mut Option<RangeRequest>,
) -> Result<Option<Vec<(Bytes, Bytes)>>> {
    let Some(request) = range.take() else { return Ok(None) };
    let page = Read::range(snapshot, &catalog.items, &request)?;
    *range = page.resume.as_ref().map(|last| request.resume_after(last));
    Ok(Some(page.entries))
}
