use std::time::Duration;

use millpond_engine::Engine;
use millpond_kv::Kv;
use millpond_kv::model::*;

use crate::support::*;

fn describe(kv: &Kv, name: &str) -> TableDescription {
    kv.describe_table(&DescribeTableRequest { table_name: name.into() }).unwrap().table
}

fn delete_table(name: &str) -> DeleteTableRequest {
    DeleteTableRequest { table_name: name.into() }
}

#[test]
fn a_created_table_is_described_as_it_was_asked_for() {
    let kv = kv();
    let request = CreateTableRequest {
        billing_mode: None,
        provisioned_throughput: Some(ProvisionedThroughput { read_capacity_units: 5, write_capacity_units: 7 }),
        table_class: Some(TableClass::StandardInfrequentAccess),
        sse_specification: Some(SseSpecification { enabled: Some(true), ..Default::default() }),
        deletion_protection_enabled: Some(true),
        ..create("orders", &[("pk", ScalarAttributeType::S), ("at", ScalarAttributeType::N)])
    };
    let created = kv.create_table(&request).unwrap().table_description;
    let described = describe(&kv, "orders");
    assert_eq!(created, described);
    assert_eq!(described.table_status, TableStatus::Active);
    assert_eq!(described.key_schema, request.key_schema);
    assert_eq!(described.attribute_definitions.len(), 2);
    assert_eq!(described.creation_date_time, kv.engine().clock().now());
    assert_eq!(described.provisioned_throughput.read_capacity_units, 5);
    assert_eq!(described.provisioned_throughput.write_capacity_units, 7);
    assert_eq!(described.billing_mode_summary, None);
    assert_eq!(described.table_class_summary.unwrap().table_class, TableClass::StandardInfrequentAccess);
    assert_eq!(described.sse_description.unwrap().sse_type, Some(SseType::Kms));
    assert!(described.deletion_protection_enabled);
    assert_eq!(described.table_id.len(), 36);
}

#[test]
fn tables_survive_a_new_handle_on_the_same_engine() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", item([("pk", s("a"))]))).unwrap();
    let again = Kv::open(kv.engine()).unwrap();
    assert_eq!(describe(&again, "hash"), describe(&kv, "hash"));
    assert!(fetch(&again, "hash", item([("pk", s("a"))])).is_some());
}

#[test]
fn a_table_name_may_be_an_arn() {
    let kv = kv_with_tables();
    let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/hash";
    kv.put_item(&put(arn, item([("pk", s("a"))]))).unwrap();
    assert!(fetch(&kv, "hash", item([("pk", s("a"))])).is_some());
    assert_eq!(describe(&kv, arn).table_name, "hash");
}

#[test]
fn a_second_table_of_the_same_name_is_refused() {
    let kv = kv_with_tables();
    let result = kv.create_table(&create("hash", &[("id", ScalarAttributeType::S)]));
    assert_fails(result, "ResourceInUseException", "Table already exists: hash");
}

#[test]
fn table_operations_name_the_missing_table() {
    let kv = kv();
    let missing = "Requested resource not found: Table: nope not found";
    let code = "ResourceNotFoundException";
    assert_fails(kv.describe_table(&DescribeTableRequest { table_name: "nope".into() }), code, missing);
    assert_fails(kv.delete_table(&delete_table("nope")), code, missing);
    let request =
        UpdateTableRequest { table_name: "nope".into(), deletion_protection_enabled: Some(true), ..Default::default() };
    assert_fails(kv.update_table(&request), code, missing);
}

#[test]
fn tables_are_listed_in_order_and_by_pages() {
    let kv = kv();
    for name in ["delta", "alpha", "charlie", "bravo", "echo-"] {
        kv.create_table(&create(name, &[("pk", ScalarAttributeType::S)])).unwrap();
    }
    let page = |start: Option<&str>, limit| {
        let request = ListTablesRequest { exclusive_start_table_name: start.map(Into::into), limit };
        let page = kv.list_tables(&request).unwrap();
        (page.table_names.join(","), page.last_evaluated_table_name)
    };
    assert_eq!(page(None, None), ("alpha,bravo,charlie,delta,echo-".into(), None));
    assert_eq!(page(None, Some(2)), ("alpha,bravo".into(), Some("bravo".into())));
    assert_eq!(page(Some("bravo"), Some(3)), ("charlie,delta,echo-".into(), None));
    assert_eq!(page(Some("bzz"), Some(1)), ("charlie".into(), Some("charlie".into())));
    assert_eq!(page(Some("zzz"), None), (String::new(), None));
}

#[test]
fn items_are_counted_and_measured() {
    let kv = kv_with_tables();
    for number in 0..10 {
        kv.put_item(&put("range", item([("pk", s("a")), ("sk", n(number))]))).unwrap();
    }
    kv.put_item(&put("hash", item([("pk", s("other table"))]))).unwrap();
    kv.put_item(&put("range", item([("pk", s("a")), ("sk", n(3))]))).unwrap(); // replaces
    kv.delete_item(&delete("range", item([("pk", s("a")), ("sk", n(9))]))).unwrap();
    let described = describe(&kv, "range");
    // 2 + 1 for pk, 2 + 2 for sk; zero has no digit.
    assert_eq!((described.item_count, described.table_size_bytes), (9, 9 * 7 - 1));
    assert_eq!(describe(&kv, "hash").item_count, 1);
}

#[test]
fn deleting_a_table_removes_its_items_and_frees_its_name() {
    let kv = kv_with_tables();
    for number in 0..2500 {
        kv.put_item(&put("range", item([("pk", s("a")), ("sk", n(number))]))).unwrap();
    }
    kv.put_item(&put("hash", item([("pk", s("a"))]))).unwrap();
    let first = describe(&kv, "range");
    let deleted = kv.delete_table(&delete_table("range")).unwrap().table_description;
    assert_eq!(deleted.table_status, TableStatus::Deleting);
    let gone = kv.get_item(&get("range", item([("pk", s("a")), ("sk", n(1))])));
    assert_fails(gone, "ResourceNotFoundException", "Requested resource not found");

    assert_eq!(rows(kv.engine()), 1, "only the item of the other table is left");
    kv.create_table(&create("range", &[("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N)])).unwrap();
    assert_ne!(describe(&kv, "range").table_id, first.table_id);
    assert_eq!(kv.scan(&scan("range")).unwrap().count, 0);
    assert_eq!(kv.scan(&scan("hash")).unwrap().count, 1);
}

#[test]
fn what_a_cut_short_deletion_left_is_removed_when_the_service_opens() {
    let kv = kv_with_tables();
    for number in 0..1500 {
        kv.put_item(&put("range", item([("pk", s("a")), ("sk", n(number))]))).unwrap();
    }
    // This form leaves the rows, as a crash right after the commit would.
    kv.engine().transact(|tx| kv.delete_table_in(tx, &delete_table("range"))).unwrap();
    assert_eq!(rows(kv.engine()), 1500);
    kv.create_table(&create("range", &[("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N)])).unwrap();
    assert_eq!(kv.scan(&scan("range")).unwrap().count, 0, "a new table does not see the old one's rows");
    kv.put_item(&put("range", item([("pk", s("new")), ("sk", n(1))]))).unwrap();

    let again = Kv::open(kv.engine()).unwrap();
    assert_eq!(rows(kv.engine()), 1);
    assert_eq!(again.scan(&scan("range")).unwrap().count, 1);
}

fn rows(engine: &Engine) -> usize {
    let items = engine.keyspace("kv.items").unwrap();
    let snapshot = engine.snapshot().unwrap();
    snapshot.scan(&items, &millpond_engine::RangeRequest::all()).unwrap().count()
}

#[test]
fn a_protected_table_is_not_deleted() {
    let kv = kv();
    let request = CreateTableRequest {
        deletion_protection_enabled: Some(true),
        ..create("orders", &[("pk", ScalarAttributeType::S)])
    };
    kv.create_table(&request).unwrap();
    assert_invalid(
        kv.delete_table(&delete_table("orders")),
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    );
    let unprotect = UpdateTableRequest {
        table_name: "orders".into(),
        deletion_protection_enabled: Some(false),
        ..Default::default()
    };
    kv.update_table(&unprotect).unwrap();
    kv.delete_table(&delete_table("orders")).unwrap();
}

#[test]
fn throughput_and_billing_can_be_changed() {
    let kv = kv();
    let units = |read, write| Some(ProvisionedThroughput { read_capacity_units: read, write_capacity_units: write });
    let keys = [("pk", ScalarAttributeType::S)];
    let request =
        CreateTableRequest { billing_mode: None, provisioned_throughput: units(5, 5), ..create("orders", &keys) };
    kv.create_table(&request).unwrap();
    let change = |mode, throughput| {
        let request = UpdateTableRequest {
            table_name: "orders".into(),
            billing_mode: mode,
            provisioned_throughput: throughput,
            ..Default::default()
        };
        kv.update_table(&request).map(|output| output.table_description)
    };

    let raised = change(None, units(10, 5)).unwrap().provisioned_throughput;
    assert_eq!((raised.read_capacity_units, raised.number_of_decreases_today), (10, 0));
    assert_eq!(raised.last_increase_date_time, Some(kv.engine().clock().now()));
    change(None, units(9, 5)).unwrap();
    assert_eq!(change(None, units(8, 5)).unwrap().provisioned_throughput.number_of_decreases_today, 2);
    kv.engine().clock().advance(Duration::from_secs(86_400)).unwrap();
    assert_eq!(describe(&kv, "orders").provisioned_throughput.number_of_decreases_today, 0);
    assert!(change(None, units(8, 5)).unwrap_err().to_string().contains("will not change"));

    let on_demand = change(Some(BillingMode::PayPerRequest), None).unwrap();
    assert_eq!(on_demand.billing_mode_summary.unwrap().billing_mode, BillingMode::PayPerRequest);
    assert_eq!(on_demand.provisioned_throughput.read_capacity_units, 0);
    assert_invalid(
        change(Some(BillingMode::Provisioned), None),
        "One or more parameter values were invalid: ProvisionedThroughput must be specified when BillingMode is \
         PROVISIONED",
    );
    let back = change(Some(BillingMode::Provisioned), units(1, 2)).unwrap();
    assert_eq!(back.provisioned_throughput.write_capacity_units, 2);
    assert_eq!(describe(&kv, "orders"), back);
}

#[test]
fn the_name_of_an_encryption_key_is_bounded() {
    let kv = kv();
    let sse = |characters| {
        Some(SseSpecification {
            enabled: Some(true),
            sse_type: Some(SseType::Kms),
            kms_master_key_id: Some("k".repeat(characters)),
        })
    };
    let keys = [("pk", ScalarAttributeType::S)];
    let message = "One or more parameter values were invalid: KMSMasterKeyId must have at most 2048 characters";
    let request = CreateTableRequest { sse_specification: sse(2049), ..create("orders", &keys) };
    assert_invalid(kv.create_table(&request), message);
    kv.create_table(&CreateTableRequest { sse_specification: sse(2048), ..request }).unwrap();
    let update = UpdateTableRequest { table_name: "orders".into(), sse_specification: sse(2049), ..Default::default() };
    assert_invalid(kv.update_table(&update), message);
}

#[test]
fn settings_of_encryption_have_their_rules() {
    let sse = |enabled, sse_type, key: Option<&str>| SseSpecification {
        enabled: Some(enabled),
        sse_type,
        kms_master_key_id: key.map(Into::into),
    };
    for (sse, message) in [
        (sse(false, Some(SseType::Kms), None), "SSEType can not be specified if Enabled is false"),
        (sse(false, None, Some("k")), "KMSMasterKeyId can not be specified if Enabled is false"),
        (sse(true, Some(SseType::Aes256), None), "SSEType AES256 is not supported"),
        (sse(true, None, Some("k")), "SSEType KMS is required if KMSMasterKeyId is specified"),
    ] {
        let keys = [("pk", ScalarAttributeType::S)];
        let request = CreateTableRequest { sse_specification: Some(sse), ..create("orders", &keys) };
        assert_invalid(kv().create_table(&request), &format!("One or more parameter values were invalid: {message}"));
    }
}

#[test]
fn caps_of_on_demand_throughput_are_set_and_lifted() {
    let kv = kv();
    let caps = |read, write| Some(OnDemandThroughput { max_read_request_units: read, max_write_request_units: write });
    let invalid = |text: &str| format!("One or more parameter values were invalid: {text}");
    let request = create("orders", &[("pk", ScalarAttributeType::S)]);
    assert_invalid(
        kv.create_table(&CreateTableRequest { on_demand_throughput: caps(Some(-1), None), ..request.clone() }),
        &invalid("Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"),
    );
    let wrong_mode = CreateTableRequest {
        billing_mode: None,
        provisioned_throughput: Some(ProvisionedThroughput { read_capacity_units: 1, write_capacity_units: 1 }),
        on_demand_throughput: caps(None, Some(5)),
        ..request.clone()
    };
    assert_invalid(
        kv.create_table(&wrong_mode),
        &invalid(
            "MaxWriteRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED",
        ),
    );
    kv.create_table(&CreateTableRequest { on_demand_throughput: caps(Some(5), Some(6)), ..request }).unwrap();
    let change = |caps| {
        let request =
            UpdateTableRequest { table_name: "orders".into(), on_demand_throughput: caps, ..Default::default() };
        kv.update_table(&request).map(|output| output.table_description.on_demand_throughput)
    };
    assert_eq!(change(caps(None, Some(7))).unwrap(), caps(Some(5), Some(7)));
    assert_eq!(change(caps(Some(-1), None)).unwrap(), caps(None, Some(7)));
    assert!(change(caps(Some(0), None)).unwrap_err().to_string().contains("outside of valid range"));
    assert_eq!(change(caps(None, Some(-1))).unwrap(), None);
    assert_eq!(describe(&kv, "orders").on_demand_throughput, None);
}

#[test]
fn settings_that_are_changed_alone_are_refused_together() {
    let kv = kv();
    kv.create_table(&create("orders", &[("pk", ScalarAttributeType::S)])).unwrap();
    let mut request = UpdateTableRequest { table_name: "orders".into(), ..Default::default() };
    assert!(kv.update_table(&request).unwrap_err().to_string().starts_with("At least one of ProvisionedThroughput, "));
    request.warm_throughput = Some(WarmThroughput { read_units_per_second: Some(20_000), ..Default::default() });
    request.billing_mode = Some(BillingMode::PayPerRequest);
    let alone = |request: &UpdateTableRequest, text: &str| {
        let text =
            format!("One or more parameter values were invalid: {text} must be the only operation in the request");
        assert_invalid(kv.update_table(request), &text);
    };
    alone(&request, "WarmThroughput");
    request.deletion_protection_enabled = Some(true);
    alone(&request, "DeletionProtection modification");
    request.table_class = Some(TableClass::StandardInfrequentAccess);
    alone(&request, "TableClass modification");
    request.sse_specification = Some(SseSpecification { enabled: Some(true), ..Default::default() });
    alone(&request, "Server-Side Encryption modification");
    let billed = UpdateTableRequest {
        table_name: "orders".into(),
        billing_mode: Some(BillingMode::PayPerRequest),
        on_demand_throughput: Some(OnDemandThroughput { max_read_request_units: Some(5), ..Default::default() }),
        ..Default::default()
    };
    kv.update_table(&billed).unwrap();
}
