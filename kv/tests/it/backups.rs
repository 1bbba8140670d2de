//! Backups, restores from them, and tables that are filled from elsewhere.

use std::time::Duration;

use millpond_engine::Timestamp;
use millpond_kv::model::*;
use millpond_kv::{Error, Item, Kv};

use crate::support::*;

fn backup(kv: &Kv, table: &str, name: &str) -> BackupDetails {
    let request = CreateBackupRequest { table_name: table.into(), backup_name: name.into() };
    kv.create_backup(&request).unwrap().backup_details
}

fn from_backup(target: &str, backup_arn: &str) -> RestoreTableFromBackupRequest {
    RestoreTableFromBackupRequest {
        target_table_name: target.into(),
        backup_arn: backup_arn.into(),
        ..Default::default()
    }
}

fn of(backup_arn: &str) -> DescribeBackupRequest {
    DescribeBackupRequest { backup_arn: backup_arn.into() }
}

fn gone(backup_arn: &str) -> DeleteBackupRequest {
    DeleteBackupRequest { backup_arn: backup_arn.into() }
}

fn describe(kv: &Kv, table: &str) -> TableDescription {
    kv.describe_table(&DescribeTableRequest { table_name: table.into() }).unwrap().table
}

fn drop_table(kv: &Kv, table: &str) {
    kv.delete_table(&DeleteTableRequest { table_name: table.into() }).unwrap();
}

fn items(kv: &Kv, table: &str) -> Vec<Item> {
    kv.scan(&scan(table)).unwrap().items.unwrap()
}

fn order(id: i64, customer: &str) -> Item {
    item([("pk", s("shop")), ("sk", n(id)), ("customer", s(customer)), ("total", n(id * 10))])
}

/// A table with a local and a global index, an expiry, tags and protection against deletion, and three items.
fn orders(kv: &Kv) {
    let element = |name: &str, key_type| KeySchemaElement { attribute_name: name.into(), key_type };
    let define = |name: &str, attribute_type| AttributeDefinition { attribute_name: name.into(), attribute_type };
    let all = || Projection { projection_type: Some(ProjectionType::All), non_key_attributes: None };
    let units = |units| ProvisionedThroughput { read_capacity_units: units, write_capacity_units: units };
    let mut request = create("orders", &[("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N)]);
    request.attribute_definitions.push(define("customer", ScalarAttributeType::S));
    request.attribute_definitions.push(define("total", ScalarAttributeType::N));
    request.billing_mode = Some(BillingMode::Provisioned);
    request.provisioned_throughput = Some(units(5));
    request.table_class = Some(TableClass::StandardInfrequentAccess);
    request.tags = vec![Tag { key: "team".into(), value: "mill".into() }];
    request.local_secondary_indexes = Some(vec![LocalSecondaryIndex {
        index_name: "by-total".into(),
        key_schema: vec![element("pk", KeyType::Hash), element("total", KeyType::Range)],
        projection: all(),
    }]);
    request.global_secondary_indexes = Some(vec![GlobalSecondaryIndex {
        index_name: "by-customer".into(),
        key_schema: vec![element("customer", KeyType::Hash)],
        projection: all(),
        provisioned_throughput: Some(units(3)),
        ..Default::default()
    }]);
    kv.create_table(&request).unwrap();
    let time_to_live_specification = TimeToLiveSpecification { attribute_name: "until".into(), enabled: true };
    kv.update_time_to_live(&UpdateTimeToLiveRequest { table_name: "orders".into(), time_to_live_specification })
        .unwrap();
    for (id, customer) in [(1, "ada"), (2, "bob"), (3, "ada")] {
        kv.put_item(&put("orders", order(id, customer))).unwrap();
    }
}

fn by_customer(kv: &Kv, table: &str, customer: &str) -> Vec<i128> {
    let mut request = query(table, "customer = :c", item([(":c", s(customer))]));
    request.index_name = Some("by-customer".into());
    let mut found = sort_keys(&kv.query(&request).unwrap().items.unwrap());
    found.sort_unstable();
    found
}

#[test]
fn a_backup_keeps_what_the_table_was_and_outlives_it() {
    let kv = kv();
    orders(&kv);
    let made = backup(&kv, "orders", "nightly");
    assert_eq!((made.backup_status, made.backup_type), (BackupStatus::Available, BackupType::User));
    assert_eq!(made.backup_creation_date_time, Timestamp::from_secs(1_700_000_000));
    assert!(made.backup_id.starts_with("01700000000000-"));
    let size = describe(&kv, "orders").table_size_bytes;
    assert_eq!(made.backup_size_bytes, Some(size));
    kv.put_item(&put("orders", order(4, "eve"))).unwrap();
    kv.delete_item(&delete("orders", item([("pk", s("shop")), ("sk", n(1))]))).unwrap();
    drop_table(&kv, "orders");

    let described = kv.describe_backup(&of(&made.backup_id)).unwrap().backup_description;
    assert_eq!(described.backup_details, made);
    let source = &described.source_table_details;
    assert_eq!((source.table_name.as_str(), source.item_count), ("orders", Some(3)));
    assert_eq!(source.provisioned_throughput.read_capacity_units, 5);
    let features = &described.source_table_feature_details;
    assert_eq!(features.local_secondary_indexes[0].index_name, "by-total");
    assert_eq!(features.global_secondary_indexes[0].index_name, "by-customer");
    assert_eq!(features.time_to_live_description.as_ref().unwrap().attribute_name.as_deref(), Some("until"));

    let restored = kv.restore_table_from_backup(&from_backup("copy", &made.backup_id)).unwrap().table_description;
    assert_eq!((restored.table_status, restored.restore_summary), (TableStatus::Active, None));
    assert_eq!(sort_keys(&items(&kv, "copy")), [1, 2, 3]);
    assert_eq!(items(&kv, "copy")[1], order(2, "bob"));
    assert_eq!(by_customer(&kv, "copy", "ada"), [1, 3]);
    let table = describe(&kv, "copy");
    assert_eq!((table.item_count, table.global_secondary_indexes[0].item_count), (3, 3));
    assert_eq!(table.provisioned_throughput.read_capacity_units, 5);
    assert_eq!(table.global_secondary_indexes[0].provisioned_throughput.read_capacity_units, 3);
    // What is never restored.
    assert_eq!(table.table_class_summary, None);
    let expiry = kv.describe_time_to_live(&DescribeTimeToLiveRequest { table_name: "copy".into() }).unwrap();
    assert_eq!(expiry.time_to_live_description.time_to_live_status, TimeToLiveStatus::Disabled);
    let arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/copy".to_owned();
    assert_eq!(kv.list_tags_of_resource(&ListTagsOfResourceRequest { resource_arn: arn }).unwrap().tags, []);
    // The new table lives its own life.
    kv.put_item(&put("copy", order(2, "ada"))).unwrap();
    assert_eq!(by_customer(&kv, "copy", "ada"), [1, 2, 3]);
    assert_eq!(kv.describe_backup(&of(&made.backup_id)).unwrap().backup_description, described);
}

#[test]
fn overrides_change_what_is_restored() {
    let kv = kv();
    orders(&kv);
    let id = backup(&kv, "orders", "one").backup_id;
    let mut request = from_backup("by-use", &id);
    request.overrides.billing_mode = Some(BillingMode::PayPerRequest);
    request.overrides.local_secondary_indexes = Some(Vec::new());
    request.overrides.on_demand_throughput =
        Some(OnDemandThroughput { max_read_request_units: Some(9), max_write_request_units: None });
    kv.restore_table_from_backup(&request).unwrap();
    let table = describe(&kv, "by-use");
    assert_eq!(table.billing_mode_summary.unwrap().billing_mode, BillingMode::PayPerRequest);
    assert_eq!((table.local_secondary_indexes.len(), table.global_secondary_indexes.len()), (0, 1));
    assert_eq!(table.global_secondary_indexes[0].provisioned_throughput.read_capacity_units, 0);
    assert_eq!(table.on_demand_throughput.unwrap().max_read_request_units, Some(9));

    let present = kv.describe_backup(&of(&id)).unwrap().backup_description.source_table_feature_details;
    let mut renamed = present.global_secondary_indexes[0].clone();
    renamed.index_name = "by-buyer".into();
    let mut request = from_backup("renamed", &id);
    request.overrides.global_secondary_indexes = Some(vec![renamed.clone()]);
    kv.restore_table_from_backup(&request).unwrap();
    assert_eq!(describe(&kv, "renamed").global_secondary_indexes[0].index_name, "by-buyer");
    assert_eq!(describe(&kv, "renamed").global_secondary_indexes[0].item_count, 3);

    renamed.key_schema[0].attribute_name = "total".into();
    request.target_table_name = "other".into();
    request.overrides.global_secondary_indexes = Some(vec![renamed]);
    assert_invalid(
        kv.restore_table_from_backup(&request),
        "Index by-buyer does not match a secondary index that existed in the source table and cannot be created during \
         the restore operation",
    );
    let units = ProvisionedThroughput { read_capacity_units: 1, write_capacity_units: 1 };
    let mut request = from_backup("other", &id);
    request.overrides.billing_mode = Some(BillingMode::PayPerRequest);
    request.overrides.provisioned_throughput = Some(units);
    assert_invalid(
        kv.restore_table_from_backup(&request),
        "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED",
    );
    let of_use = backup(&kv, "by-use", "two").backup_id;
    let mut request = from_backup("other", &of_use);
    request.overrides.billing_mode = Some(BillingMode::Provisioned);
    assert_invalid(
        kv.restore_table_from_backup(&request),
        "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED",
    );
    request.overrides.provisioned_throughput = Some(units);
    kv.restore_table_from_backup(&request).unwrap();
    let table = describe(&kv, "other");
    assert_eq!(table.provisioned_throughput.read_capacity_units, 1);
    assert_eq!(table.global_secondary_indexes[0].provisioned_throughput.read_capacity_units, 1);
}

#[test]
fn what_is_not_there_cannot_be_backed_up_or_restored() {
    let kv = kv_with_tables();
    let request = CreateBackupRequest { table_name: "none".into(), backup_name: "one".into() };
    assert_fails(kv.create_backup(&request), "TableNotFoundException", "Table not found: none");
    let request = CreateBackupRequest { table_name: "hash".into(), backup_name: "a!".into() };
    assert_invalid(
        kv.create_backup(&request),
        "2 validation errors detected: Value 'a!' at 'backupName' failed to satisfy constraint: Member must have length \
         greater than or equal to 3; Value 'a!' at 'backupName' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: [a-zA-Z0-9_.-]+",
    );
    let id = backup(&kv, "hash", "one").backup_id;
    let arn = |table: &str, id: &str| format!("arn:aws:dynamodb:eu-west-1:000000000000:table/{table}/backup/{id}");
    kv.describe_backup(&of(&arn("hash", &id))).unwrap();
    for other in [arn("range", &id), arn("hash", "01700000000000-ffffffff"), arn("hash", "x")] {
        let message = format!("Backup not found: {other}");
        assert_fails(kv.describe_backup(&of(&other)), "BackupNotFoundException", &message);
        assert_fails(kv.delete_backup(&gone(&other)), "BackupNotFoundException", &message);
        assert_fails(kv.restore_table_from_backup(&from_backup("new", &other)), "BackupNotFoundException", &message);
    }
    assert_invalid(kv.describe_backup(&of("nothing")), "Invalid Backup ARN");
    assert_fails(
        kv.restore_table_from_backup(&from_backup("range", &id)),
        "TableAlreadyExistsException",
        "Table already exists: range",
    );
    assert_invalid(
        kv.restore_table_from_backup(&from_backup("x", &id)),
        "1 validation error detected: Value 'x' at 'targetTableName' failed to satisfy constraint: Member must have \
         length greater than or equal to 3",
    );
    assert_eq!(kv.list_tables(&ListTablesRequest::default()).unwrap().table_names, ["hash", "range"]);
}

#[test]
fn a_deleted_backup_leaves_nothing() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", item([("pk", s("a"))]))).unwrap();
    let id = backup(&kv, "hash", "one").backup_id;
    let backups = kv.engine().keyspace("kv.backups").unwrap();
    let rows =
        || kv.engine().snapshot().unwrap().scan(&backups, &millpond_engine::RangeRequest::all()).unwrap().count();
    assert_eq!(rows(), 2);
    let deleted = kv.delete_backup(&gone(&id)).unwrap().backup_description;
    assert_eq!(deleted.backup_details.backup_status, BackupStatus::Deleted);
    assert_eq!(rows(), 0);
    assert!(matches!(kv.delete_backup(&gone(&id)), Err(Error::BackupNotFound { .. })));
    assert!(kv.list_backups(&ListBackupsRequest::default()).unwrap().backup_summaries.is_empty());
}

#[test]
fn backups_are_listed_by_table_time_and_type_a_page_at_a_time() {
    let kv = kv_with_tables();
    let mut made = Vec::new();
    for nth in 0..5 {
        let table = if nth % 2 == 0 { "hash" } else { "range" };
        made.push(backup(&kv, table, "same.name"));
        kv.engine().clock().advance(Duration::from_millis(1)).unwrap();
    }
    // Two of one millisecond differ too.
    let twins = [backup(&kv, "hash", "twin"), backup(&kv, "hash", "twin")];
    assert_ne!(twins[0].backup_id, twins[1].backup_id);
    for twin in &twins {
        kv.delete_backup(&gone(&twin.backup_id)).unwrap();
    }
    let list = |request: &ListBackupsRequest| -> (Vec<BackupDetails>, Option<String>) {
        let page = kv.list_backups(request).unwrap();
        let last = page.last_evaluated_backup.map(|last| last.backup_details.backup_id);
        (page.backup_summaries.into_iter().map(|summary| summary.backup_details).collect(), last)
    };
    assert_eq!(list(&ListBackupsRequest::default()), (made.clone(), None));
    let hash = || Some("arn:aws:dynamodb:eu-west-1:000000000000:table/hash".to_owned());
    let first = ListBackupsRequest { table_name: hash(), limit: Some(2), ..Default::default() };
    let (page, last) = list(&first);
    assert_eq!(page, [made[0].clone(), made[2].clone()]);
    assert_eq!(last.as_ref(), Some(&made[2].backup_id));
    let second = ListBackupsRequest { exclusive_start_backup_arn: last, ..first.clone() };
    assert_eq!(list(&second), (vec![made[4].clone()], None));
    let exactly = ListBackupsRequest { limit: Some(3), ..first };
    assert_eq!(list(&exactly).1, None, "no more is announced than there is");
    let at = |nth: usize| Some(made[nth].backup_creation_date_time);
    let between =
        ListBackupsRequest { time_range_lower_bound: at(1), time_range_upper_bound: at(3), ..Default::default() };
    assert_eq!(list(&between).0, made[1..3]);
    for (backup_type, count) in [
        (BackupTypeFilter::User, 5),
        (BackupTypeFilter::All, 5),
        (BackupTypeFilter::System, 0),
        (BackupTypeFilter::AwsBackup, 0),
    ] {
        let request = ListBackupsRequest { backup_type: Some(backup_type), ..Default::default() };
        assert_eq!(list(&request).0.len(), count, "{backup_type}");
    }
    let inverted =
        ListBackupsRequest { time_range_lower_bound: at(3), time_range_upper_bound: at(1), ..Default::default() };
    assert_invalid(kv.list_backups(&inverted), "Time range lower bound must be less than or equal to upper bound");
    let none = ListBackupsRequest { table_name: Some("gone".into()), ..Default::default() };
    assert_eq!(list(&none).0, []);
    assert!(kv.list_backups(&ListBackupsRequest { limit: Some(101), ..Default::default() }).is_err());
}

#[test]
fn a_backup_of_many_items_holds_them_all() {
    let kv = kv_with_tables();
    for batch in 0..120_i64 {
        let requests = (0..25).map(|nth| {
            let id = batch * 25 + nth;
            WriteRequest::Put { item: item([("pk", s(&format!("p{}", id % 7))), ("sk", n(id))]) }
        });
        let request_items = [("range".to_owned(), requests.collect())].into();
        kv.batch_write_item(&BatchWriteItemRequest { request_items, ..Default::default() }).unwrap();
    }
    let made = backup(&kv, "range", "many");
    drop_table(&kv, "range");
    kv.restore_table_from_backup(&from_backup("range", &made.backup_id)).unwrap();
    assert_eq!(describe(&kv, "range").item_count, 3000);
}

#[test]
fn a_backup_and_a_restore_are_part_of_the_callers_transaction() {
    let kv = kv();
    orders(&kv);
    let request = CreateBackupRequest { table_name: "orders".into(), backup_name: "within".into() };
    let failed: Result<(), Error> = kv.engine().transact(|tx| {
        kv.put_item_in(tx, &put("orders", order(4, "eve")))?;
        kv.create_backup_in(tx, &request)?;
        Err(Error::Validation { message: "no".into() })
    });
    assert!(failed.is_err());
    assert!(kv.list_backups(&ListBackupsRequest::default()).unwrap().backup_summaries.is_empty());
    kv.engine()
        .transact(|tx| {
            kv.put_item_in(tx, &put("orders", order(4, "eve")))?;
            let made = kv.create_backup_in(tx, &request)?.backup_details;
            kv.put_item_in(tx, &put("orders", order(5, "eve")))?;
            kv.restore_table_from_backup_in(tx, &from_backup("copy", &made.backup_id))?;
            kv.put_item_in(tx, &put("copy", order(6, "eve")))?;
            kv.delete_backup_in(tx, &gone(&made.backup_id)).map(drop)
        })
        .unwrap();
    assert_eq!(sort_keys(&items(&kv, "copy")), [1, 2, 3, 4, 6]);
    assert_eq!(by_customer(&kv, "copy", "eve"), [4, 6]);
    assert!(kv.list_backups(&ListBackupsRequest::default()).unwrap().backup_summaries.is_empty());
}

#[test]
fn a_table_is_filled_with_items_from_elsewhere() {
    let kv = kv();
    orders(&kv);
    let mut request = create("loaded", &[("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N)]);
    let customer = AttributeDefinition { attribute_name: "customer".into(), attribute_type: ScalarAttributeType::S };
    request.attribute_definitions.push(customer);
    request.global_secondary_indexes = Some(vec![GlobalSecondaryIndex {
        index_name: "by-customer".into(),
        key_schema: vec![KeySchemaElement { attribute_name: "customer".into(), key_type: KeyType::Hash }],
        projection: Projection { projection_type: Some(ProjectionType::KeysOnly), non_key_attributes: None },
        ..Default::default()
    }]);
    let mut loader = kv.load_table(&request).unwrap();
    for id in 1..=2500 {
        loader.put(&order(id, if id % 2 == 0 { "ada" } else { "bob" })).unwrap();
    }
    assert_invalid(
        loader.put(&item([("pk", s("x"))])),
        "One or more parameter values were invalid: Missing the key sk in the item",
    );
    assert!(
        loader.put(&item([("pk", s("x")), ("sk", n(1)), ("customer", n(1))])).is_err(),
        "the index has another type"
    );
    // So long nobody can use it.
    let table = describe(&kv, "loaded");
    assert_eq!((table.table_status, table.restore_summary), (TableStatus::Creating, None));
    assert_fails(kv.scan(&scan("loaded")), "ResourceNotFoundException", "Requested resource not found");
    assert_fails(
        kv.put_item(&put("loaded", order(1, "eve"))),
        "ResourceNotFoundException",
        "Requested resource not found",
    );
    assert_fails(kv.create_table(&request), "ResourceInUseException", "Table is being used: loaded");
    assert_eq!(
        kv.delete_table(&DeleteTableRequest { table_name: "loaded".into() }).unwrap_err().code(),
        "ResourceInUseException"
    );
    let request = CreateBackupRequest { table_name: "loaded".into(), backup_name: "early".into() };
    assert_fails(kv.create_backup(&request), "TableNotFoundException", "Table not found: loaded");
    let id = backup(&kv, "orders", "one").backup_id;
    assert_fails(
        kv.restore_table_from_backup(&from_backup("loaded", &id)),
        "TableInUseException",
        "Table: loaded is already being restored",
    );
    assert_eq!(loader.finish().unwrap().table_status, TableStatus::Active);
    let table = describe(&kv, "loaded");
    assert_eq!((table.item_count, table.global_secondary_indexes[0].item_count), (2500, 2500));
}

#[test]
fn a_table_that_is_not_filled_to_the_end_is_gone() {
    let kv = kv_with_tables();
    let mut loader = kv.load_table(&create("loaded", &[("pk", ScalarAttributeType::S)])).unwrap();
    for nth in 0..1500 {
        loader.put(&item([("pk", s(&nth.to_string()))])).unwrap();
    }
    drop(loader);
    assert!(kv.describe_table(&DescribeTableRequest { table_name: "loaded".into() }).is_err());
    let stored = kv.engine().keyspace("kv.items").unwrap();
    let rows = kv.engine().snapshot().unwrap().scan(&stored, &millpond_engine::RangeRequest::all()).unwrap().count();
    assert_eq!(rows, 0);
    kv.create_table(&create("loaded", &[("pk", ScalarAttributeType::S)])).unwrap();
}
