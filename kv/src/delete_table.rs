//! Deleting tables, and sweeping away what their items leave behind.
//!
//! A table is deleted by one small commit: its record goes, and a mark with its id comes. Its rows cannot be reached
//! any more, since ids are never given twice, and no write that was under way can add one, since its transaction has read
//! the record. They are removed in bounded batches, and then the mark. What a crash leaves, the next opening of the service
//! removes.

use millpond_engine::{Engine, RangeRequest, Transaction, WriteBatch};

use crate::backup::{history, system};
use crate::catalog::Catalog;
use crate::describe_table::Count;
use crate::index::{backfill, expiry};
use crate::layout::{self, TableId};
use crate::model::{DeleteTableOutput, DeleteTableRequest, TableStatus};
use crate::sweep::clear;
use crate::table::TableRecord;
use crate::{Error, Result, constraints, streams};

pub(crate) fn run_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &DeleteTableRequest,
) -> Result<(DeleteTableOutput, TableId)> {
    let name = constraints::named_table(&request.table_name)?;
    let table = catalog.find(tx, name)?.ok_or_else(|| Catalog::missing(name))?;
    if table.loading.is_some() {
        let message = format!("Attempt to change a resource which is still in use: Table is being created: {name}");
        return Err(Error::ResourceInUse { message });
    }
    if table.settings.deletion_protection {
        return Err(Error::validation(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection \
             first.",
        ));
    }
    tx.delete(&catalog.tables, layout::table_key(name))?;
    match table.recovery {
        Some(_) => system::keep(catalog, tx, &table)?,
        None => tx.put(&catalog.tables, layout::deleted_key(table.id), "")?,
    }
    if let Some(expiry) = &table.expiry {
        expiry::forget(tx, catalog, table.id, expiry)?;
    }
    let mut table = TableRecord::clone(&table);
    streams::disable(catalog, tx, &mut table)?;
    let mut table_description = table.describe(tx.clock().now(), &Count::default());
    table_description.table_status = TableStatus::Deleting;
    Ok((DeleteTableOutput { table_description }, table.id))
}

/// Removes the rows of a deleted table and of its indexes, what was kept of its changes, what is attached to it, and its mark.
/// The rows that a backup has taken over stay.
pub(crate) fn sweep(engine: &Engine, catalog: &Catalog, table: TableId) -> Result<()> {
    history::sweep(engine, catalog, table)?;
    for prefix in layout::attached::prefixes(table) {
        clear(engine, &catalog.attached, &prefix)?;
    }
    if engine.get(&catalog.tables, &layout::deleted_key(table))?.is_none() {
        for index in system::dropped_indexes(engine, catalog, table)? {
            backfill::sweep(engine, catalog, table, index)?;
        }
        return system::count(engine, catalog, table);
    }
    let prefix = layout::items_prefix(table);
    clear(engine, &catalog.items, &prefix)?;
    clear(engine, &catalog.indexes, &prefix)?;
    let mut mark = WriteBatch::new();
    mark.delete(&catalog.tables, layout::deleted_key(table));
    Ok(engine.write(mark)?)
}

/// Sweeps all deleted tables.
pub(crate) fn sweep_all(engine: &Engine, catalog: &Catalog) -> Result<()> {
    let snapshot = engine.snapshot()?;
    for mark in snapshot.scan(&catalog.tables, &RangeRequest::prefix(layout::DELETED_PREFIX))? {
        let (key, _) = mark?;
        sweep(engine, catalog, layout::deleted_id(&key)?)?;
    }
    Ok(())
}
