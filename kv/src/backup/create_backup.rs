//! Making backups.
//!
//! The record comes first, in the state of being made, with a mark. Then the rows are copied from one snapshot, and only
//! when all are there does the backup become available and the mark go. What a crash leaves, the next opening of the service
//! removes.

use millpond_engine::{Engine, RangeRequest, Timestamp, Transaction};

use super::copying::Copying;
use super::delete_backup::sweep;
use super::record::BackupRecord;
use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::layout::backups as keys;
use crate::layout::{self, TableId};
use crate::model::{BackupStatus, BackupType, CreateBackupOutput, CreateBackupRequest};
use crate::table::TableRecord;
use crate::{Error, Result};

pub(crate) fn check(request: &CreateBackupRequest) -> Result<&str> {
    let table = constraints::table_name(&request.table_name)?;
    let mut broken = Constraints::default();
    constraints::index_name(&mut broken, &request.backup_name, "backupName");
    broken.finish()?;
    Ok(table)
}

pub(crate) fn run(
    engine: &Engine,
    catalog: &Catalog,
    table: &str,
    request: &CreateBackupRequest,
) -> Result<CreateBackupOutput> {
    let begun = engine.transact(|tx| begin(catalog, tx, table, request))?;
    let mut copying = Copying::steps(engine)?;
    let copied = copy(catalog, &mut copying, begun.clone());
    drop(copying);
    let made = copied.and_then(|made| engine.transact(|tx| finish(catalog, tx, &made)).map(|()| made));
    match made {
        Ok(made) => Ok(CreateBackupOutput { backup_details: made.details() }),
        Err(error) => {
            if let Err(error) = sweep(engine, catalog, &begun.id) {
                tracing::warn!(%error, backup = begun.id, "an unfinished backup stays until the next opening");
            }
            Err(error)
        }
    }
}

pub(crate) fn run_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    table: &str,
    request: &CreateBackupRequest,
) -> Result<CreateBackupOutput> {
    let begun = begin(catalog, tx, table, request)?;
    let made = copy(catalog, &mut Copying::Within(tx), begun)?;
    finish(catalog, tx, &made)?;
    Ok(CreateBackupOutput { backup_details: made.details() })
}

fn begin(catalog: &Catalog, tx: &mut Transaction, table: &str, request: &CreateBackupRequest) -> Result<BackupRecord> {
    let found = catalog.find_usable(tx, table)?.ok_or_else(|| missing(table))?;
    let created = tx.clock().now();
    let begun = BackupRecord {
        id: new_id(catalog, tx, found.id, created)?,
        name: request.backup_name.clone(),
        backup_type: BackupType::User,
        status: BackupStatus::Creating,
        created,
        expires: None,
        table: TableRecord::clone(&found),
        count: None,
        in_use_by: None,
    };
    tx.put(&catalog.backups, keys::backup_key(&begun.id), begun.encode())?;
    tx.put(&catalog.backups, keys::backup_left_key(&begun.id), "")?;
    Ok(begun)
}

/// That there is no table to copy.
pub(crate) fn missing(table: &str) -> Error {
    Error::TableNotFound { message: format!("Table not found: {table}") }
}

/// An id that no backup has: made of the table and the time, and of how many there are already of these.
fn new_id(catalog: &Catalog, tx: &mut Transaction, table: TableId, at: Timestamp) -> Result<String> {
    for nth in 1_u64.. {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&table.0.to_be_bytes()).update(&at.as_millis().to_be_bytes()).update(&nth.to_be_bytes());
        let distinct = hasher.finalize().as_bytes().first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let id = keys::backup_id(at, distinct);
        // Zero is the number of system backups.
        let is_free = distinct != 0
            && tx.get(&catalog.backups, &keys::backup_key(&id))?.is_none()
            && tx.get(&catalog.backups, &keys::backup_left_key(&id))?.is_none();
        if is_free {
            return Ok(id);
        }
    }
    Err(Error::LimitExceeded { message: "Subscriber limit exceeded: this millisecond has no backup ids left".into() })
}

/// Copies the rows of the table, which may have changed since; gives the backup of what was copied.
fn copy(catalog: &Catalog, copying: &mut Copying<'_>, begun: BackupRecord) -> Result<BackupRecord> {
    let table = catalog.find_usable(copying, &begun.table.name)?.filter(|table| table.id == begun.table.id);
    let table = table.ok_or_else(|| missing(&begun.table.name))?;
    let (from, to) = (layout::items_prefix(table.id), keys::backup_rows_prefix(&begun.id));
    let (mut items, mut bytes) = (0, 0);
    copying.each(&catalog.items, RangeRequest::prefix(&from), |copying, row, item| {
        items += 1;
        bytes += layout::view(item.clone())?.size_bytes() as u64;
        copying.put(&catalog.backups, keys::moved(&row, &from, &to), item)
    })?;
    copying.finish()?;
    let count = Some((items, bytes));
    Ok(BackupRecord { table: TableRecord::clone(&table), count, status: BackupStatus::Available, ..begun })
}

fn finish(catalog: &Catalog, tx: &mut Transaction, made: &BackupRecord) -> Result<()> {
    if BackupRecord::find(catalog, tx, &made.id)?.is_none() {
        // Somebody has opened the service on this engine once more, and taken it for one that was given up.
        return Err(Error::BackupInUse { message: format!("Backup is being deleted: {}", made.id) });
    }
    tx.put(&catalog.backups, keys::backup_key(&made.id), made.encode())?;
    tx.delete(&catalog.backups, keys::backup_left_key(&made.id))?;
    Ok(())
}

/// A backup of which only the beginning was made.
#[cfg(test)]
pub(crate) fn begun(engine: &Engine, catalog: &Catalog, request: &CreateBackupRequest) -> Result<BackupRecord> {
    let begun = engine.transact(|tx| begin(catalog, tx, &request.table_name, request))?;
    copy(catalog, &mut Copying::steps(engine)?, begun.clone())?;
    Ok(begun)
}
