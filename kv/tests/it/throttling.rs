//! What is refused where capacity bounds requests, by a clock that the tests move.

use std::collections::BTreeMap;
use std::time::Duration;

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_kv::model::*;
use millpond_kv::{Error, Item, Kv, Options};

use crate::support::*;

const TABLE: &str = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
                     provisioning level with the UpdateTable API.";
const INDEX: &str = "The level of configured provisioned throughput for one or more global secondary indexes of the table \
                     was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary \
                     indexes with the UpdateTable API";
const EXCEEDED: &str = "ProvisionedThroughputExceededException";
const BURST: u64 = 300;

fn throttled() -> Kv {
    let clock = Clock::manual(Timestamp::from_secs(1_700_000_000));
    Kv::open_with(&Engine::options().clock(clock).open().unwrap(), Options::default().throttle(true)).unwrap()
}

fn units(read: i64, write: i64) -> Option<ProvisionedThroughput> {
    Some(ProvisionedThroughput { read_capacity_units: read, write_capacity_units: write })
}

fn provisioned(name: &str, read: i64, write: i64) -> CreateTableRequest {
    CreateTableRequest {
        billing_mode: Some(BillingMode::Provisioned),
        provisioned_throughput: units(read, write),
        ..create(name, &[("pk", ScalarAttributeType::S)])
    }
}

fn pass(kv: &Kv, seconds: u64) {
    kv.engine().clock().advance(Duration::from_secs(seconds)).unwrap();
}

fn key(pk: &str) -> Item {
    item([("pk", s(pk))])
}

/// How many puts of one unit go through before one is refused.
fn puts(kv: &Kv, table: &str) -> u64 {
    (0..).find(|_| kv.put_item(&put(table, key("a"))).is_err()).unwrap()
}

#[test]
fn a_table_gives_300_seconds_of_its_writes_at_once_and_then_its_rate() {
    let kv = throttled();
    kv.create_table(&provisioned("orders", 1, 2)).unwrap();
    assert_eq!(puts(&kv, "orders"), 2 * BURST);
    assert_fails(kv.put_item(&put("orders", key("a"))), EXCEEDED, TABLE);
    assert!(kv.put_item(&put("orders", key("a"))).unwrap_err().is_retryable());
    pass(&kv, 3);
    assert_eq!(puts(&kv, "orders"), 6);
    pass(&kv, 10 * BURST);
    assert_eq!(puts(&kv, "orders"), 2 * BURST, "no more is saved than 300 seconds");
}

#[test]
fn reads_and_writes_have_buckets_of_their_own() {
    let kv = throttled();
    kv.create_table(&provisioned("orders", 1, 1)).unwrap();
    puts(&kv, "orders");
    // Half a unit each.
    let reads = (0..).find(|_| kv.get_item(&get("orders", key("a"))).is_err()).unwrap();
    assert_eq!(reads, 2 * BURST);
    assert_fails(kv.scan(&scan("orders")), EXCEEDED, TABLE);
    assert_fails(kv.query(&query("orders", "pk = :p", item([(":p", s("a"))]))), EXCEEDED, TABLE);
}

#[test]
fn what_is_refused_changes_nothing_and_costs_nothing() {
    let kv = throttled();
    kv.create_table(&provisioned("orders", 100, 1)).unwrap();
    puts(&kv, "orders");
    for _ in 0..50 {
        assert_fails(kv.put_item(&put("orders", key("b"))), EXCEEDED, TABLE);
    }
    assert_fails(kv.delete_item(&delete("orders", key("a"))), EXCEEDED, TABLE);
    assert_fails(kv.update_item(&update("orders", key("c"), "REMOVE v")), EXCEEDED, TABLE);
    assert_eq!(kv.scan(&scan("orders")).unwrap().items.unwrap(), [key("a")]);
    pass(&kv, 1);
    assert_eq!(puts(&kv, "orders"), 1);
}

#[test]
fn a_request_may_draw_more_than_is_left_and_the_next_ones_wait_for_it() {
    let kv = throttled();
    kv.create_table(&provisioned("orders", 1, 1)).unwrap();
    let large = item([("pk", s("a")), ("v", s(&"x".repeat(400_000)))]);
    kv.put_item(&put("orders", large)).unwrap(); // 391 units
    pass(&kv, 91);
    assert_fails(kv.put_item(&put("orders", key("b"))), EXCEEDED, TABLE);
    pass(&kv, 1);
    kv.put_item(&put("orders", key("b"))).unwrap();
}

#[test]
fn a_global_index_holds_its_table_back() {
    let kv = throttled();
    let mut request = provisioned("orders", 10, 10);
    request
        .attribute_definitions
        .push(AttributeDefinition { attribute_name: "by".into(), attribute_type: ScalarAttributeType::S });
    request.global_secondary_indexes = Some(vec![GlobalSecondaryIndex {
        index_name: "by-by".into(),
        key_schema: vec![KeySchemaElement { attribute_name: "by".into(), key_type: KeyType::Hash }],
        projection: Projection { projection_type: Some(ProjectionType::All), non_key_attributes: None },
        provisioned_throughput: units(1, 1),
        ..Default::default()
    }]);
    kv.create_table(&request).unwrap();
    let indexed = |n: u64| put("orders", item([("pk", s(&n.to_string())), ("by", s("b"))]));
    let through = (0..).find(|n| kv.put_item(&indexed(*n)).is_err()).unwrap();
    assert_eq!(through, BURST);
    assert_fails(kv.put_item(&indexed(through)), EXCEEDED, INDEX);
    kv.put_item(&put("orders", key("in no index"))).unwrap();
    let of_index =
        || QueryRequest { index_name: Some("by-by".into()), ..query("orders", "#by = :b", item([(":b", s("b"))])) };
    let request = || QueryRequest { expression_attribute_names: names([("#by", "by")]), ..of_index() };
    while kv.query(&request()).is_ok() {}
    assert_fails(kv.query(&request()), EXCEEDED, INDEX);
    kv.get_item(&get("orders", key("in no index"))).unwrap();
}

#[test]
fn on_demand_only_a_cap_throttles() {
    let kv = throttled();
    let capped = OnDemandThroughput { max_read_request_units: None, max_write_request_units: Some(1) };
    let request = create("capped", &[("pk", ScalarAttributeType::S)]);
    kv.create_table(&CreateTableRequest { on_demand_throughput: Some(capped), ..request }).unwrap();
    kv.create_table(&create("free", &[("pk", ScalarAttributeType::S)])).unwrap();
    assert_eq!(puts(&kv, "capped"), BURST);
    assert_fails(
        kv.put_item(&put("capped", key("a"))),
        "ThrottlingException",
        "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
    );
    for _ in 0..1000 {
        kv.get_item(&get("capped", key("a"))).unwrap();
        kv.put_item(&put("free", key("a"))).unwrap();
    }
}

#[test]
fn a_change_of_the_provisioned_units_counts_at_once() {
    let kv = throttled();
    kv.create_table(&provisioned("orders", 1, 1)).unwrap();
    puts(&kv, "orders");
    let request =
        UpdateTableRequest { table_name: "orders".into(), provisioned_throughput: units(1, 100), ..Default::default() };
    kv.update_table(&request).unwrap();
    pass(&kv, 1);
    assert_eq!(puts(&kv, "orders"), 100);
}

fn writes(count: u64) -> Vec<WriteRequest> {
    (0..count).map(|n| WriteRequest::Put { item: key(&n.to_string()) }).collect()
}

#[test]
fn a_batch_leaves_unprocessed_what_there_is_no_capacity_for() {
    let kv = throttled();
    kv.create_table(&provisioned("orders", 1, 1)).unwrap();
    kv.create_table(&create("free", &[("pk", ScalarAttributeType::S)])).unwrap();
    puts(&kv, "orders");
    pass(&kv, 10);
    let both = BTreeMap::from([("orders".to_owned(), writes(12)), ("free".to_owned(), writes(3))]);
    let request = BatchWriteItemRequest {
        request_items: both,
        return_consumed_capacity: ReturnConsumedCapacity::Total,
        ..Default::default()
    };
    let output = kv.batch_write_item(&request).unwrap();
    assert_eq!(output.unprocessed_items, BTreeMap::from([("orders".to_owned(), writes(12).split_off(10))]));
    let consumed: Vec<_> =
        output.consumed_capacity.unwrap().into_iter().map(|it| (it.table_name, it.capacity_units)).collect();
    assert_eq!(consumed, [("free".to_owned(), 3.0), ("orders".to_owned(), 10.0)]);
    let only = |count| BatchWriteItemRequest {
        request_items: BTreeMap::from([("orders".to_owned(), writes(count))]),
        ..Default::default()
    };
    assert_fails(kv.batch_write_item(&only(2)), EXCEEDED, TABLE);
    let left = kv.batch_write_item(&request).unwrap().unprocessed_items;
    assert_eq!(left, BTreeMap::from([("orders".to_owned(), writes(12))]), "the other table's are done all the same");
    let twice = BatchWriteItemRequest {
        request_items: BTreeMap::from([("orders".to_owned(), [writes(1), writes(1)].concat())]),
        ..Default::default()
    };
    assert_invalid(kv.batch_write_item(&twice), "Provided list of item keys contains duplicates");
}

#[test]
fn a_batch_of_reads_leaves_unprocessed_what_there_is_no_capacity_for() {
    let kv = throttled();
    kv.create_table(&provisioned("orders", 1, 1)).unwrap();
    while kv.get_item(&get("orders", key("a"))).is_ok() {}
    let request = |count: u64| {
        let keys = (0..count).map(|n| key(&n.to_string())).collect();
        let keys = KeysAndAttributes { keys, ..Default::default() };
        BatchGetItemRequest { request_items: BTreeMap::from([("orders".to_owned(), keys)]), ..Default::default() }
    };
    assert_fails(kv.batch_get_item(&request(3)), EXCEEDED, TABLE);
    pass(&kv, 2);
    let output = kv.batch_get_item(&request(6)).unwrap();
    assert_eq!(output.unprocessed_keys["orders"].keys, [key("4"), key("5")]);
}

#[test]
fn a_transaction_is_cancelled_by_the_actions_without_capacity() {
    let kv = throttled();
    kv.create_table(&provisioned("orders", 1, 1)).unwrap();
    kv.create_table(&create("free", &[("pk", ScalarAttributeType::S)])).unwrap();
    puts(&kv, "orders");
    while kv.get_item(&get("orders", key("a"))).is_ok() {}
    let write = |table: &str| TransactWriteItem::Put(put(table, key("b")));
    let request =
        TransactWriteItemsRequest { transact_items: vec![write("free"), write("orders")], ..Default::default() };
    let reasons = |error: Error| match error {
        Error::TransactionCanceled { reasons } => {
            reasons.into_iter().map(|it| (it.code.as_str(), it.message)).collect::<Vec<_>>()
        }
        other => panic!("{other}"),
    };
    let expected = [("None", None), ("ProvisionedThroughputExceeded", Some(TABLE.to_owned()))];
    let error = kv.transact_write_items(&request).unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(reasons(error), expected);
    assert_eq!(fetch(&kv, "free", key("b")), None);
    let gets = vec![get("free", key("b")), get("orders", key("b"))];
    let request = TransactGetItemsRequest { transact_items: gets, ..Default::default() };
    assert_eq!(reasons(kv.transact_get_items(&request).unwrap_err()), expected);
}

#[test]
fn capacity_is_reported_as_ever() {
    let kv = throttled();
    kv.create_table(&provisioned("orders", 1, 1)).unwrap();
    for (asked, has_report, has_table) in [
        (ReturnConsumedCapacity::None, false, false),
        (ReturnConsumedCapacity::Total, true, false),
        (ReturnConsumedCapacity::Indexes, true, true),
    ] {
        let request = PutItemRequest { return_consumed_capacity: asked, ..put("orders", key("a")) };
        let report = kv.put_item(&request).unwrap().consumed_capacity;
        assert_eq!((report.is_some(), report.is_some_and(|it| it.table.is_some())), (has_report, has_table));
    }
}

#[test]
fn nothing_is_throttled_unless_that_is_asked_for() {
    let kv = kv();
    kv.create_table(&provisioned("orders", 1, 1)).unwrap();
    for _ in 0..2 * BURST {
        kv.put_item(&put("orders", key("a"))).unwrap();
    }
}

#[test]
fn statements_are_refused_as_other_requests_are() {
    let kv = throttled();
    kv.create_table(&provisioned("orders", 1, 1)).unwrap();
    kv.create_table(&provisioned("others", 1, 1)).unwrap();
    assert_eq!(puts(&kv, "orders"), BURST);
    let statement = |statement: &str| ExecuteStatementRequest { statement: statement.into(), ..Default::default() };
    let insert = |table: &str| format!("INSERT INTO \"{table}\" VALUE {{'pk': 'b'}}");
    assert_fails(kv.execute_statement(&statement(&insert("orders"))), EXCEEDED, TABLE);
    let read = "SELECT * FROM \"orders\" WHERE pk = 'a'";
    assert_eq!(kv.execute_statement(&statement(read)).unwrap().items, [key("a")]);
    let reads = (1..).find(|_| kv.execute_statement(&statement(read)).is_err()).unwrap();
    assert_eq!(reads, 2 * BURST, "each takes half a unit");

    let batch = BatchExecuteStatementRequest {
        statements: [insert("orders"), insert("others")]
            .map(|statement| BatchStatementRequest { statement, ..Default::default() })
            .into(),
        ..Default::default()
    };
    let [refused, done] = &kv.batch_execute_statement(&batch).unwrap().responses[..] else { panic!("two responses") };
    let error = refused.error.as_ref().unwrap();
    assert_eq!(error.code, BatchStatementErrorCode::ProvisionedThroughputExceeded);
    assert_eq!((error.message.as_str(), refused.table_name.as_deref()), (TABLE, Some("orders")));
    assert_eq!((&done.error, fetch(&kv, "others", key("b"))), (&None, Some(key("b"))));
    pass(&kv, 1);
    assert_eq!(fetch(&kv, "orders", key("b")), None);

    let transaction = |value: u8, insert: String| ExecuteTransactionRequest {
        transact_statements: [format!("UPDATE \"others\" SET a = {value} WHERE pk = 'b'"), insert]
            .map(|statement| ParameterizedStatement { statement, ..Default::default() })
            .into(),
        ..Default::default()
    };
    kv.execute_transaction(&transaction(1, insert("orders"))).unwrap();
    let cancelled = kv.execute_transaction(&transaction(2, insert("orders").replace("'b'", "'c'")));
    let Err(Error::TransactionCanceled { reasons }) = cancelled else { panic!("{cancelled:?}") };
    assert_eq!(reasons[0].code, CancellationCode::None);
    assert_eq!(reasons[1].code, CancellationCode::ProvisionedThroughputExceeded);
    assert_eq!(fetch(&kv, "others", key("b")).unwrap()["a"], n(1));
}
