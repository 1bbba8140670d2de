//! Restoring tables from backups.

use millpond_engine::{Engine, RangeRequest, Transaction};

use super::copying::Copying;
use super::loading::{self, Loading};
use super::record::{BackupRecord, Rows};
use super::restored;
use crate::catalog::Catalog;
use crate::layout;
use crate::layout::backups as keys;
use crate::model::{BackupStatus, RestoreTableFromBackupRequest};
use crate::table::TableRecord;
use crate::{Error, Result};

pub(crate) fn check(request: &RestoreTableFromBackupRequest) -> Result<()> {
    restored::check(&request.target_table_name, &request.overrides)
}

pub(crate) fn run(engine: &Engine, catalog: &Catalog, request: &RestoreTableFromBackupRequest) -> Result<TableRecord> {
    let (backup, table) = engine.transact(|tx| begin(catalog, tx, request))?;
    super::fill(engine, catalog, &table, |copying| copy(catalog, copying, &backup, &table))
}

pub(crate) fn run_in(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &RestoreTableFromBackupRequest,
) -> Result<TableRecord> {
    let (backup, table) = begin(catalog, tx, request)?;
    copy(catalog, &mut Copying::Within(tx), &backup, &table)?;
    loading::finish_in(catalog, tx, &table.name, table.id)
}

fn begin(
    catalog: &Catalog,
    tx: &mut Transaction,
    request: &RestoreTableFromBackupRequest,
) -> Result<(BackupRecord, TableRecord)> {
    let arn = &request.backup_arn;
    let mut backup = BackupRecord::need(catalog, tx, arn)?;
    let mut table = restored::table(&backup.table, &request.target_table_name, &request.overrides, tx.clock().now())?;
    restored::check_target(catalog, tx, &table.name)?;
    let in_use = |message| Err(Error::BackupInUse { message });
    match backup.status {
        BackupStatus::Creating => return in_use(format!("Backup is being created: {arn}")),
        _ if backup.in_use_by.is_some() => {
            return in_use(format!("Backup is being used to restore another table: {arn}"));
        }
        _ => {}
    }
    let source =
        Loading { backup: Some(backup.id.clone()), table: Some(backup.table.name.clone()), at: backup.created };
    loading::begin(catalog, tx, &mut table, source)?;
    backup.in_use_by = Some(table.name.clone());
    tx.put(&catalog.backups, keys::backup_key(&backup.id), backup.encode())?;
    Ok((backup, table))
}

fn copy(catalog: &Catalog, copying: &mut Copying<'_>, backup: &BackupRecord, table: &TableRecord) -> Result<()> {
    let (keyspace, from) = match backup.rows() {
        Rows::Copied(prefix) => (&catalog.backups, prefix),
        Rows::Kept(table) => (&catalog.items, layout::items_prefix(table).to_vec()),
    };
    let to = layout::items_prefix(table.id);
    copying.each(keyspace, RangeRequest::prefix(&from), |copying, row, item| {
        copying.put(&catalog.items, keys::moved(&row, &from, &to), item)
    })?;
    copying.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kv;
    use crate::backup::create_backup;
    use crate::model::*;
    use crate::value::{AttributeValue, Item};

    fn kv_with_items() -> Kv {
        let kv = Kv::open(&Engine::in_memory()).unwrap();
        kv.create_table(&CreateTableRequest {
            table_name: "tab".into(),
            key_schema: vec![KeySchemaElement { attribute_name: "pk".into(), key_type: KeyType::Hash }],
            attribute_definitions: vec![AttributeDefinition {
                attribute_name: "pk".into(),
                attribute_type: ScalarAttributeType::S,
            }],
            billing_mode: Some(BillingMode::PayPerRequest),
            ..Default::default()
        })
        .unwrap();
        for pk in ["a", "b", "c"] {
            let item = Item::from([("pk".to_owned(), AttributeValue::S(pk.into()))]);
            kv.put_item(&PutItemRequest { table_name: "tab".into(), item, ..Default::default() }).unwrap();
        }
        kv
    }

    fn backup() -> CreateBackupRequest {
        CreateBackupRequest { table_name: "tab".into(), backup_name: "one".into() }
    }

    fn rows(kv: &Kv) -> (usize, usize) {
        let snapshot = kv.engine().snapshot().unwrap();
        let count = |keyspace| snapshot.scan(keyspace, &RangeRequest::all()).unwrap().count();
        (count(&kv.catalog().items), count(&kv.catalog().backups))
    }

    #[test]
    fn a_restore_that_was_cut_short_leaves_no_table_and_lets_go_of_its_backup() {
        let kv = kv_with_items();
        let backup_arn = kv.create_backup(&backup()).unwrap().backup_details.backup_id;
        let request = RestoreTableFromBackupRequest {
            target_table_name: "copy".into(),
            backup_arn: backup_arn.clone(),
            ..Default::default()
        };
        let (backup, table) = kv.engine().transact(|tx| begin(kv.catalog(), tx, &request)).unwrap();
        copy(kv.catalog(), &mut Copying::steps(kv.engine()).unwrap(), &backup, &table).unwrap();
        let described = kv.describe_table(&DescribeTableRequest { table_name: "copy".into() }).unwrap().table;
        assert_eq!(described.table_status, TableStatus::Creating);
        let summary = described.restore_summary.unwrap();
        assert_eq!((summary.source_backup_id.as_ref(), summary.source_table_name.as_str()), (Some(&backup_arn), "tab"));
        assert!(summary.restore_in_progress);
        let second = RestoreTableFromBackupRequest { target_table_name: "second".into(), ..request.clone() };
        let error = kv.restore_table_from_backup(&second).unwrap_err();
        assert_eq!(error.to_string(), format!("Backup is being used to restore another table: {backup_arn}"));
        let error = kv.delete_backup(&DeleteBackupRequest { backup_arn: backup_arn.clone() }).unwrap_err();
        assert_eq!(
            (error.code(), error.to_string()),
            ("BackupInUseException", format!("Backup is being used to restore table: {backup_arn}"))
        );
        let error = kv.restore_table_from_backup(&request).unwrap_err();
        assert_eq!(
            (error.code(), error.to_string()),
            ("TableInUseException", format!("Table: copy is already being restored from backup: {backup_arn}"))
        );

        let again = Kv::open(kv.engine()).unwrap();
        assert!(again.describe_table(&DescribeTableRequest { table_name: "copy".into() }).is_err());
        assert_eq!(rows(&again), (3, 4));
        // The one that had been under way finds that it was given up.
        assert!(loading::finish(kv.engine(), kv.catalog(), "copy", table.id).is_err());
        again.restore_table_from_backup(&request).unwrap();
        assert_eq!(rows(&again), (6, 4));
        again.delete_backup(&DeleteBackupRequest { backup_arn }).unwrap();
        assert_eq!(rows(&again), (6, 0));
    }

    #[test]
    fn a_backup_that_was_cut_short_is_removed() {
        let kv = kv_with_items();
        let begun = create_backup::begun(kv.engine(), kv.catalog(), &backup()).unwrap();
        let backup_arn = begun.id;
        let described = kv.describe_backup(&DescribeBackupRequest { backup_arn: backup_arn.clone() }).unwrap();
        assert_eq!(described.backup_description.backup_details.backup_status, BackupStatus::Creating);
        let error = kv.delete_backup(&DeleteBackupRequest { backup_arn: backup_arn.clone() }).unwrap_err();
        assert_eq!(error.code(), "BackupInUseException");
        let again = Kv::open(kv.engine()).unwrap();
        assert!(again.describe_backup(&DescribeBackupRequest { backup_arn }).is_err());
        assert_eq!(rows(&again), (3, 0));
    }

    #[test]
    fn a_backup_and_a_restore_see_one_moment_while_others_write() {
        let kv = kv_with_items();
        let account = |pk: &str, amount: i64| {
            Item::from([
                ("pk".to_owned(), AttributeValue::S(pk.into())),
                ("amount".to_owned(), AttributeValue::N(amount.into())),
            ])
        };
        let put = |item: Item| PutItemRequest { table_name: "tab".into(), item, ..Default::default() };
        let amounts = |table: &str| -> i128 {
            let found = kv.scan(&ScanRequest { table_name: table.into(), ..Default::default() }).unwrap();
            let amount = |item: &Item| match &item["amount"] {
                AttributeValue::N(number) => number.to_i128().unwrap(),
                other => panic!("{other:?}"),
            };
            found.items.unwrap().iter().map(amount).sum()
        };
        for pk in ["a", "b", "c"] {
            kv.put_item(&put(account(pk, 100))).unwrap();
        }
        kv.update_continuous_backups(&UpdateContinuousBackupsRequest {
            table_name: "tab".into(),
            point_in_time_recovery_enabled: true,
            recovery_period_in_days: None,
        })
        .unwrap();
        let is_done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut nth = 0;
                while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
                    nth += 1;
                    let (a, b) = (100 + nth % 50, 100 - nth % 50);
                    kv.engine()
                        .transact(|tx| {
                            kv.put_item_in(tx, &put(account("a", a)))?;
                            kv.put_item_in(tx, &put(account("c", b))).map(drop)
                        })
                        .unwrap();
                }
            });
            for nth in 0..30 {
                let backup_arn = kv.create_backup(&backup()).unwrap().backup_details.backup_id;
                let of_backup = format!("copy{nth}");
                kv.restore_table_from_backup(&RestoreTableFromBackupRequest {
                    target_table_name: of_backup.clone(),
                    backup_arn,
                    ..Default::default()
                })
                .unwrap();
                let latest = format!("latest{nth}");
                kv.restore_table_to_point_in_time(&RestoreTableToPointInTimeRequest {
                    source_table_name: "tab".into(),
                    target_table_name: latest.clone(),
                    ..Default::default()
                })
                .unwrap();
                assert_eq!((amounts(&of_backup), amounts(&latest)), (300, 300));
            }
            is_done.store(true, std::sync::atomic::Ordering::Relaxed);
            writer.join().unwrap();
        });
    }
}
