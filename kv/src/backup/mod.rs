//! Backups, recovery to a point in time, and tables that are filled from elsewhere.

mod continuous_backups;
pub(crate) mod copying;
mod create_backup;
mod delete_backup;
mod describe_backup;
pub(crate) mod history;
pub(crate) mod items;
mod list_backups;
mod loading;
mod record;
mod restore_table_from_backup;
mod restore_table_to_point_in_time;
mod restored;
pub(crate) mod system;
pub(crate) mod table_loader;

use millpond_engine::{Engine, Transaction};

pub(crate) use continuous_backups::Recovery;
pub(crate) use loading::Loading;

use self::copying::Copying;
use crate::catalog::Catalog;
use crate::describe_table::Count;
use crate::model::*;
use crate::table::TableRecord;
use crate::{Kv, Result};

/// Ends what the last use of the store left half done.
pub(crate) fn resume(engine: &Engine, catalog: &Catalog) -> Result<()> {
    loading::abandon_all(engine, catalog)?;
    delete_backup::sweep_all(engine, catalog)?;
    trim(engine, catalog).map(drop)
}

fn trim(engine: &Engine, catalog: &Catalog) -> Result<u64> {
    Ok(history::trim(engine, catalog)? + system::expire(engine, catalog)?)
}

/// Fills a table that was begun, and opens it; removes it if that fails.
fn fill(
    engine: &Engine,
    catalog: &Catalog,
    table: &TableRecord,
    copy: impl FnOnce(&mut Copying<'_>) -> Result<()>,
) -> Result<TableRecord> {
    let copied = Copying::steps(engine).and_then(|mut copying| copy(&mut copying));
    let filled = copied.and_then(|()| loading::finish(engine, catalog, &table.name, table.id));
    if filled.is_err()
        && let Err(error) = loading::abandon(engine, catalog, &table.name, table.id)
    {
        tracing::warn!(%error, table = table.name, "a table that was not restored stays until the next opening");
    }
    filled
}

impl Kv {
    /// Copies a table as it is now, which takes as long as reading and writing it. The backup is there for use when this
    /// returns, and outlives the table. If the copying is cut short, the next [`open`](Kv::open) removes what there is of it.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation), [`Error::TableNotFound`](crate::Error::TableNotFound), and those of
    /// the engine.
    pub fn create_backup(&self, request: &CreateBackupRequest) -> Result<CreateBackupOutput> {
        if self.engine().in_transaction() {
            return self.engine().transact(|tx| self.create_backup_in(tx, request));
        }
        let table = create_backup::check(request)?;
        create_backup::run(self.engine(), self.catalog(), table, request)
    }

    /// [`create_backup`](Kv::create_backup) in the caller's transaction, which has to have room for all items.
    ///
    /// # Errors
    /// As [`create_backup`](Kv::create_backup).
    pub fn create_backup_in(&self, tx: &mut Transaction, request: &CreateBackupRequest) -> Result<CreateBackupOutput> {
        let table = create_backup::check(request)?;
        tx.savepoint(|tx| create_backup::run_in(self.catalog(), tx, table, request))
    }

    /// Describes a backup.
    ///
    /// # Errors
    /// [`Error::BackupNotFound`](crate::Error::BackupNotFound), [`Error::Validation`](crate::Error::Validation), and those
    /// of the engine.
    pub fn describe_backup(&self, request: &DescribeBackupRequest) -> Result<DescribeBackupOutput> {
        describe_backup::run(self.catalog(), &mut self.engine().latest(), request)
    }

    /// [`describe_backup`](Kv::describe_backup) in the caller's transaction.
    ///
    /// # Errors
    /// As [`describe_backup`](Kv::describe_backup).
    pub fn describe_backup_in(
        &self,
        tx: &mut Transaction,
        request: &DescribeBackupRequest,
    ) -> Result<DescribeBackupOutput> {
        describe_backup::run(self.catalog(), tx, request)
    }

    /// Deletes a backup and removes its items, which takes as long as there are items. If that is cut short, the backup is
    /// gone all the same, and the next [`open`](Kv::open) removes the rest.
    ///
    /// # Errors
    /// [`Error::BackupNotFound`](crate::Error::BackupNotFound), [`Error::BackupInUse`](crate::Error::BackupInUse) while a
    /// table is restored from it, [`Error::Validation`](crate::Error::Validation), and those of the engine.
    pub fn delete_backup(&self, request: &DeleteBackupRequest) -> Result<DeleteBackupOutput> {
        let (output, backup) = self.engine().transact(|tx| delete_backup::run_in(self.catalog(), tx, request))?;
        if !self.engine().in_transaction()
            && let Err(error) = delete_backup::sweep_rows(self.engine(), self.catalog(), &backup)
        {
            tracing::warn!(%error, backup = backup.id, "rows of a deleted backup stay until the next opening");
        }
        Ok(output)
    }

    /// [`delete_backup`](Kv::delete_backup) in the caller's transaction. The next [`open`](Kv::open) removes the items.
    ///
    /// # Errors
    /// As [`delete_backup`](Kv::delete_backup).
    pub fn delete_backup_in(&self, tx: &mut Transaction, request: &DeleteBackupRequest) -> Result<DeleteBackupOutput> {
        tx.savepoint(|tx| delete_backup::run_in(self.catalog(), tx, request)).map(|(output, _)| output)
    }

    /// Lists backups, those of tables that are gone too.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation), and those of the engine.
    pub fn list_backups(&self, request: &ListBackupsRequest) -> Result<ListBackupsOutput> {
        let table = list_backups::check(request)?;
        list_backups::run(self.catalog(), &mut self.engine().snapshot()?, table, request)
    }

    /// [`list_backups`](Kv::list_backups) in the caller's transaction.
    ///
    /// # Errors
    /// As [`list_backups`](Kv::list_backups).
    pub fn list_backups_in(&self, tx: &mut Transaction, request: &ListBackupsRequest) -> Result<ListBackupsOutput> {
        let table = list_backups::check(request)?;
        list_backups::run(self.catalog(), tx, table, request)
    }

    /// Makes a new table of a backup, with its indexes. It is there for use when this returns; meanwhile others see it in
    /// creation. Tags, expiry, recovery, table class and protection against deletion are not restored, as the service has it
    /// too. If it is cut short, the next [`open`](Kv::open) removes what there is of the table.
    ///
    /// # Errors
    /// [`Error::BackupNotFound`](crate::Error::BackupNotFound), [`Error::BackupInUse`](crate::Error::BackupInUse) while
    /// another table is restored from it, [`Error::TableAlreadyExists`](crate::Error::TableAlreadyExists),
    /// [`Error::TableInUse`](crate::Error::TableInUse), [`Error::Validation`](crate::Error::Validation), and those of the
    /// engine.
    pub fn restore_table_from_backup(
        &self,
        request: &RestoreTableFromBackupRequest,
    ) -> Result<RestoreTableFromBackupOutput> {
        if self.engine().in_transaction() {
            return self.engine().transact(|tx| self.restore_table_from_backup_in(tx, request));
        }
        restore_table_from_backup::check(request)?;
        let table = restore_table_from_backup::run(self.engine(), self.catalog(), request)?;
        Ok(RestoreTableFromBackupOutput { table_description: self.describe_restored(&table) })
    }

    /// [`restore_table_from_backup`](Kv::restore_table_from_backup) in the caller's transaction, which has to have room for
    /// all items and entries of indexes.
    ///
    /// # Errors
    /// As [`restore_table_from_backup`](Kv::restore_table_from_backup).
    pub fn restore_table_from_backup_in(
        &self,
        tx: &mut Transaction,
        request: &RestoreTableFromBackupRequest,
    ) -> Result<RestoreTableFromBackupOutput> {
        restore_table_from_backup::check(request)?;
        let table = tx.savepoint(|tx| restore_table_from_backup::run_in(self.catalog(), tx, request))?;
        Ok(RestoreTableFromBackupOutput { table_description: self.describe_restored(&table) })
    }

    /// Makes a new table of what another one was at the end of a second, with its present indexes and settings. As with
    /// [`restore_table_from_backup`](Kv::restore_table_from_backup), some settings are left out.
    ///
    /// # Errors
    /// [`Error::TableNotFound`](crate::Error::TableNotFound),
    /// [`Error::PointInTimeRecoveryUnavailable`](crate::Error::PointInTimeRecoveryUnavailable) if it is off,
    /// [`Error::InvalidRestoreTime`](crate::Error::InvalidRestoreTime),
    /// [`Error::TableAlreadyExists`](crate::Error::TableAlreadyExists),
    /// [`Error::TableInUse`](crate::Error::TableInUse), [`Error::Validation`](crate::Error::Validation), and those of the
    /// engine.
    pub fn restore_table_to_point_in_time(
        &self,
        request: &RestoreTableToPointInTimeRequest,
    ) -> Result<RestoreTableToPointInTimeOutput> {
        if self.engine().in_transaction() {
            return self.engine().transact(|tx| self.restore_table_to_point_in_time_in(tx, request));
        }
        let source = restore_table_to_point_in_time::check(request)?;
        let table = restore_table_to_point_in_time::run(self.engine(), self.catalog(), source, request)?;
        Ok(RestoreTableToPointInTimeOutput { table_description: self.describe_restored(&table) })
    }

    /// [`restore_table_to_point_in_time`](Kv::restore_table_to_point_in_time) in the caller's transaction, which has to have
    /// room for all items and entries of indexes.
    ///
    /// # Errors
    /// As [`restore_table_to_point_in_time`](Kv::restore_table_to_point_in_time).
    pub fn restore_table_to_point_in_time_in(
        &self,
        tx: &mut Transaction,
        request: &RestoreTableToPointInTimeRequest,
    ) -> Result<RestoreTableToPointInTimeOutput> {
        let source = restore_table_to_point_in_time::check(request)?;
        let table = tx.savepoint(|tx| restore_table_to_point_in_time::run_in(self.catalog(), tx, source, request))?;
        Ok(RestoreTableToPointInTimeOutput { table_description: self.describe_restored(&table) })
    }

    /// Tells whether a table can be recovered, and to which times.
    ///
    /// # Errors
    /// [`Error::TableNotFound`](crate::Error::TableNotFound), [`Error::Validation`](crate::Error::Validation), and those of
    /// the engine.
    pub fn describe_continuous_backups(
        &self,
        request: &DescribeContinuousBackupsRequest,
    ) -> Result<DescribeContinuousBackupsOutput> {
        let now = self.engine().clock().now();
        let description = continuous_backups::run(self.catalog(), &mut self.engine().latest(), request, now)?;
        Ok(DescribeContinuousBackupsOutput { point_in_time_recovery_description: description })
    }

    /// [`describe_continuous_backups`](Kv::describe_continuous_backups) in the caller's transaction.
    ///
    /// # Errors
    /// As [`describe_continuous_backups`](Kv::describe_continuous_backups).
    pub fn describe_continuous_backups_in(
        &self,
        tx: &mut Transaction,
        request: &DescribeContinuousBackupsRequest,
    ) -> Result<DescribeContinuousBackupsOutput> {
        let now = tx.clock().now();
        let description = continuous_backups::run(self.catalog(), tx, request, now)?;
        Ok(DescribeContinuousBackupsOutput { point_in_time_recovery_description: description })
    }

    /// Switches the recovery of a table on or off. While it is on, a write reads what it changes, and the first change of an
    /// item within a second writes once more. Switching it off drops what was kept.
    ///
    /// # Errors
    /// As [`describe_continuous_backups`](Kv::describe_continuous_backups).
    pub fn update_continuous_backups(
        &self,
        request: &UpdateContinuousBackupsRequest,
    ) -> Result<UpdateContinuousBackupsOutput> {
        let output = self.engine().transact(|tx| self.update_continuous_backups_in(tx, request))?;
        if !request.point_in_time_recovery_enabled
            && !self.engine().in_transaction()
            && let Err(error) = history::trim(self.engine(), self.catalog())
        {
            tracing::warn!(%error, table = request.table_name, "what was kept for recovery stays for a while");
        }
        Ok(output)
    }

    /// [`update_continuous_backups`](Kv::update_continuous_backups) in the caller's transaction. What it drops stays until
    /// [`trim_backups`](Kv::trim_backups) or the next [`open`](Kv::open).
    ///
    /// # Errors
    /// As [`describe_continuous_backups`](Kv::describe_continuous_backups).
    pub fn update_continuous_backups_in(
        &self,
        tx: &mut Transaction,
        request: &UpdateContinuousBackupsRequest,
    ) -> Result<UpdateContinuousBackupsOutput> {
        let name = continuous_backups::check(request)?;
        let description = tx.savepoint(|tx| continuous_backups::update_in(self.catalog(), tx, name, request))?;
        Ok(UpdateContinuousBackupsOutput { point_in_time_recovery_description: description })
    }

    /// Removes what no recovery needs any more: changes from before the recovery periods, and backups of deleted tables after
    /// 35 days. Gives the number of changes and backups. The server calls this every minute; whoever links the crate calls
    /// it as often as the space matters. It costs little while there is nothing to remove.
    ///
    /// # Errors
    /// Those of the engine. What was removed before one stays removed.
    pub fn trim_backups(&self) -> Result<u64> {
        trim(self.engine(), self.catalog())
    }

    /// Its items are not counted.
    fn describe_restored(&self, table: &TableRecord) -> TableDescription {
        table.describe(self.engine().clock().now(), &Count::default())
    }
}
