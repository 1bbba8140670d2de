//! The backups that the deletion of a table leaves, if the table could be recovered. No row is copied for one: it takes over
//! those of the table. They are removed after some weeks.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html>

use std::time::Duration;

use millpond_engine::{Engine, RangeRequest, Transaction};

use super::delete_backup;
use super::record::BackupRecord;
use crate::Result;
use crate::catalog::Catalog;
use crate::layout;
use crate::layout::backups as keys;
use crate::layout::{IndexId, TableId};
use crate::model::{BackupStatus, BackupType};
use crate::table::TableRecord;

const KEPT: Duration = Duration::from_secs(35 * 86_400);

/// Makes the backup of a table that is being deleted. Its indexes are to be swept.
pub(crate) fn keep(catalog: &Catalog, tx: &mut Transaction, table: &TableRecord) -> Result<()> {
    let created = tx.clock().now();
    let mut id = keys::backup_id(created, 0);
    for distinct in 1.. {
        if tx.get(&catalog.backups, &keys::backup_key(&id))?.is_none() {
            break;
        }
        id = keys::backup_id(created, distinct);
    }
    let backup = BackupRecord {
        id,
        name: format!("{}$DeletedTableBackup", table.name),
        backup_type: BackupType::System,
        status: BackupStatus::Available,
        created,
        expires: Some(created.saturating_add(KEPT)),
        table: TableRecord { recovery: None, expiry: None, stream: None, destination: None, ..table.clone() },
        count: None,
        in_use_by: None,
    };
    tx.put(&catalog.backups, keys::backup_key(&backup.id), backup.encode())?;
    let expiry = table.expiry.as_ref().map(|expiry| expiry.index);
    for index in table.indexes.iter().map(|index| index.id).chain(expiry) {
        tx.put(&catalog.tables, layout::dropped_key(table.id, index), "")?;
    }
    Ok(())
}

/// Counts the items of backups that took over those of a table.
pub(crate) fn count(engine: &Engine, catalog: &Catalog, table: TableId) -> Result<()> {
    let snapshot = engine.snapshot()?;
    let (mut items, mut bytes) = (0, 0);
    for row in snapshot.scan(&catalog.items, &RangeRequest::prefix(&layout::items_prefix(table)))? {
        items += 1;
        bytes += layout::view(row?.1)?.size_bytes() as u64;
    }
    for backup in system_backups(&snapshot, catalog)? {
        if backup.table.id == table {
            engine.transact(|tx| {
                let Some(backup) = BackupRecord::find(catalog, tx, &backup.id)? else { return Ok(()) };
                let counted = BackupRecord { count: Some((items, bytes)), ..backup };
                tx.put(&catalog.backups, keys::backup_key(&counted.id), counted.encode()).map_err(crate::Error::from)
            })?;
        }
    }
    Ok(())
}

/// Removes the backups whose time has come. Gives their number.
pub(crate) fn expire(engine: &Engine, catalog: &Catalog) -> Result<u64> {
    let now = engine.clock().now();
    let mut removed = 0;
    for backup in system_backups(&engine.snapshot()?, catalog)? {
        if backup.expires.is_none_or(|expires| expires > now) {
            continue;
        }
        let is_gone = engine.transact(|tx| {
            // One that is being restored goes the next time.
            let present = BackupRecord::find(catalog, tx, &backup.id)?.filter(|backup| backup.in_use_by.is_none());
            present.map(|backup| delete_backup::remove_in(catalog, tx, &backup)).transpose()
        })?;
        if is_gone.is_some() {
            delete_backup::sweep_rows(engine, catalog, &backup)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn system_backups(snapshot: &millpond_engine::Snapshot, catalog: &Catalog) -> Result<Vec<BackupRecord>> {
    let mut found = Vec::new();
    for record in snapshot.scan(&catalog.backups, &RangeRequest::prefix(keys::BACKUP_PREFIX))? {
        let backup = BackupRecord::decode(&record?.1)?;
        if backup.backup_type == BackupType::System {
            found.push(backup);
        }
    }
    Ok(found)
}

/// The indexes of a table that its backup has no use for.
pub(crate) fn dropped_indexes(engine: &Engine, catalog: &Catalog, table: TableId) -> Result<Vec<IndexId>> {
    let prefix = [layout::DROPPED_PREFIX, &layout::items_prefix(table)].concat();
    let snapshot = engine.snapshot()?;
    let marks = snapshot.scan(&catalog.tables, &RangeRequest::prefix(&prefix))?;
    marks.map(|mark| Ok(layout::dropped_ids(&mark?.0)?.1)).collect()
}
