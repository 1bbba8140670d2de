//! Tables that are filled from elsewhere: restored, or imported.
//!
//! The table's record comes first, with a mark, and says that the table is being made: until it is done only its
//! description can be asked for. Then its rows come in batches that nobody can see, then its indexes are filled, and one
//! commit at last opens it to all. What a crash leaves, the next opening of the service removes.

use millpond_engine::{Engine, RangeRequest, Read, Timestamp, Transaction};

use super::record::BackupRecord;
use crate::catalog::Catalog;
use crate::index::backfill;
use crate::layout::backups as keys;
use crate::layout::{self, TableId};
use crate::model::RestoreSummary;
use crate::table::TableRecord;
use crate::{Result, create_table, delete_table};

/// Where the items of a table come from, as stored in its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loading {
    /// The id of a backup.
    pub(crate) backup: Option<String>,
    /// The table that was copied; none if they come from outside of the store.
    pub(crate) table: Option<String>,
    /// Of which time they are.
    pub(crate) at: Timestamp,
}

impl Loading {
    pub(crate) fn summary(&self) -> Option<RestoreSummary> {
        Some(RestoreSummary {
            source_backup_id: self.backup.clone(),
            source_table_name: self.table.clone()?,
            restore_date_time: self.at,
            restore_in_progress: true,
        })
    }
}

/// Creates a table that is to be filled. It is given an id, and its indexes are still to be filled too.
pub(crate) fn begin(catalog: &Catalog, tx: &mut Transaction, table: &mut TableRecord, from: Loading) -> Result<()> {
    table.id = create_table::next_id(catalog, tx)?;
    table.created = tx.clock().now();
    table.loading = Some(from);
    for index in &mut table.indexes {
        index.is_backfilling = true;
    }
    tx.put(&catalog.tables, layout::table_key(&table.name), table.encode())?;
    tx.put(&catalog.tables, keys::loading_key(&table.name), layout::table_id_value(table.id))?;
    Ok(())
}

/// The table, if it is still being filled.
fn still(catalog: &Catalog, reader: &mut impl Read, name: &str, id: TableId) -> Result<Option<TableRecord>> {
    let found = catalog.find(reader, name)?.filter(|table| table.id == id && table.loading.is_some());
    Ok(found.map(|table| TableRecord::clone(&table)))
}

/// Opens a table whose rows are all there.
pub(crate) fn finish(engine: &Engine, catalog: &Catalog, name: &str, id: TableId) -> Result<TableRecord> {
    let table = still(catalog, &mut engine.latest(), name, id)?.ok_or_else(|| Catalog::missing(name))?;
    for index in &table.indexes {
        backfill::fill(engine, catalog, name, index.id)?;
    }
    engine.transact(|tx| finish_in(catalog, tx, name, id))
}

/// As [`finish`], within one transaction.
pub(crate) fn finish_in(catalog: &Catalog, tx: &mut Transaction, name: &str, id: TableId) -> Result<TableRecord> {
    let mut table = still(catalog, tx, name, id)?.ok_or_else(|| Catalog::missing(name))?;
    for index in table.indexes.iter().map(|index| index.id).collect::<Vec<_>>() {
        backfill::fill_in(catalog, tx, &mut table, index)?;
    }
    end(catalog, tx, &mut table)?;
    tx.put(&catalog.tables, layout::table_key(name), table.encode())?;
    Ok(table)
}

/// Removes a table that will not be filled, if it is still there, and what it has.
pub(crate) fn abandon(engine: &Engine, catalog: &Catalog, name: &str, id: TableId) -> Result<()> {
    engine.transact(|tx| {
        if let Some(mut table) = still(catalog, tx, name, id)? {
            end(catalog, tx, &mut table)?;
            tx.delete(&catalog.tables, layout::table_key(name))?;
        }
        tx.put(&catalog.tables, layout::deleted_key(id), "").map_err(crate::Error::from)
    })?;
    delete_table::sweep(engine, catalog, id)
}

/// Takes away what marks a table as being filled, and lets go of the backup.
fn end(catalog: &Catalog, tx: &mut Transaction, table: &mut TableRecord) -> Result<()> {
    tx.delete(&catalog.tables, keys::loading_key(&table.name))?;
    let Some(id) = table.loading.take().and_then(|loading| loading.backup) else { return Ok(()) };
    if let Some(backup) = BackupRecord::find(catalog, tx, &id)? {
        let free = BackupRecord { in_use_by: None, ..backup };
        tx.put(&catalog.backups, keys::backup_key(&id), free.encode())?;
    }
    Ok(())
}

/// Removes all tables whose filling was cut short.
pub(crate) fn abandon_all(engine: &Engine, catalog: &Catalog) -> Result<()> {
    let snapshot = engine.snapshot()?;
    for mark in snapshot.scan(&catalog.tables, &RangeRequest::prefix(keys::LOADING_PREFIX))? {
        let (key, id) = mark?;
        let name = keys::loading_name(&key)?;
        tracing::warn!(table = name, "the filling of a table was cut short, so it is removed");
        abandon(engine, catalog, name, layout::read_table_id(&id)?)?;
    }
    Ok(())
}
