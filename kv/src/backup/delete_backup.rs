//! Deleting backups, and sweeping away what they and unfinished ones leave behind.
//!
//! A backup is deleted by one small commit: its record goes, and a mark with its id comes. Its rows are removed in bounded
//! batches, and then the mark.

use millpond_engine::{Engine, RangeRequest, Transaction, WriteBatch};

use super::record::{BackupRecord, Rows};
use crate::catalog::Catalog;
use crate::layout;
use crate::layout::backups as keys;
use crate::model::{BackupStatus, BackupType, DeleteBackupOutput, DeleteBackupRequest};
use crate::sweep::clear;
use crate::{Error, Result, delete_table};

pub(crate) fn run_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &DeleteBackupRequest,
) -> Result<(DeleteBackupOutput, BackupRecord)> {
    let arn = &request.backup_arn;
    let backup = BackupRecord::need(catalog, tx, arn)?;
    let in_use = |message| Err(Error::BackupInUse { message });
    match backup.status {
        BackupStatus::Creating => return in_use(format!("Backup is being created: {arn}")),
        _ if backup.in_use_by.is_some() => return in_use(format!("Backup is being used to restore table: {arn}")),
        _ if backup.backup_type == BackupType::System => {
            let expires = backup.expires.unwrap_or_default();
            return Err(Error::validation(format!(
                "User is not allowed to delete the system backup with arn {arn}. It will automatically expire on {expires:.0}"
            )));
        }
        _ => {}
    }
    remove_in(catalog, tx, &backup)?;
    let mut backup_description = backup.describe();
    backup_description.backup_details.backup_status = BackupStatus::Deleted;
    Ok((DeleteBackupOutput { backup_description }, backup))
}

/// Takes the record of a backup away; its rows are to be swept.
pub(crate) fn remove_in(catalog: &Catalog, tx: &mut Transaction, backup: &BackupRecord) -> Result<()> {
    tx.delete(&catalog.backups, keys::backup_key(&backup.id))?;
    match backup.rows() {
        Rows::Copied(_) => tx.put(&catalog.backups, keys::backup_left_key(&backup.id), "")?,
        Rows::Kept(table) => tx.put(&catalog.tables, layout::deleted_key(table), "")?,
    }
    Ok(())
}

/// Removes the rows of a backup whose record is gone.
pub(crate) fn sweep_rows(engine: &Engine, catalog: &Catalog, backup: &BackupRecord) -> Result<()> {
    match backup.rows() {
        Rows::Copied(_) => sweep(engine, catalog, &backup.id),
        Rows::Kept(table) => delete_table::sweep(engine, catalog, table),
    }
}

/// Removes an unfinished or deleted backup: its record if there is one, its rows, and its mark.
pub(crate) fn sweep(engine: &Engine, catalog: &Catalog, id: &str) -> Result<()> {
    let mut record = WriteBatch::new();
    record.delete(&catalog.backups, keys::backup_key(id));
    engine.write(record)?;
    clear(engine, &catalog.backups, &keys::backup_rows_prefix(id))?;
    let mut mark = WriteBatch::new();
    mark.delete(&catalog.backups, keys::backup_left_key(id));
    Ok(engine.write(mark)?)
}

/// Removes all unfinished and deleted backups.
pub(crate) fn sweep_all(engine: &Engine, catalog: &Catalog) -> Result<()> {
    let snapshot = engine.snapshot()?;
    for mark in snapshot.scan(&catalog.backups, &RangeRequest::prefix(keys::BACKUP_LEFT_PREFIX))? {
        sweep(engine, catalog, &keys::backup_left_id(&mark?.0)?)?;
    }
    Ok(())
}
