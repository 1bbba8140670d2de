//! Change streams.

mod model;
mod reading;

use std::time::Duration;

use millpond_kv::model::*;
use millpond_kv::{Item, Kv};

use crate::support::*;

const ALL: StreamViewType = StreamViewType::NewAndOldImages;

fn switch(table: &str, view_type: Option<StreamViewType>) -> UpdateTableRequest {
    UpdateTableRequest {
        table_name: table.into(),
        stream_specification: Some(StreamSpecification {
            stream_enabled: view_type.is_some(),
            stream_view_type: view_type,
        }),
        ..Default::default()
    }
}

/// A service whose table `hash` has a stream.
fn kv_with_stream(view_type: StreamViewType) -> Kv {
    let kv = kv_with_tables();
    kv.update_table(&switch("hash", Some(view_type))).unwrap();
    kv
}

/// What the latest stream of a table is named by.
fn arn(kv: &Kv, table: &str) -> String {
    let described = kv.describe_table(&DescribeTableRequest { table_name: table.into() }).unwrap().table;
    format!("table/{table}/stream/{}", described.latest_stream_label.unwrap())
}

fn describe(kv: &Kv, stream_arn: &str) -> StreamDescription {
    let request = DescribeStreamRequest { stream_arn: stream_arn.into(), ..Default::default() };
    kv.describe_stream(&request).unwrap().stream_description
}

fn iterator_request(stream_arn: &str, shard_id: &str, kind: ShardIteratorType) -> GetShardIteratorRequest {
    GetShardIteratorRequest {
        stream_arn: stream_arn.into(),
        shard_id: shard_id.into(),
        shard_iterator_type: kind,
        sequence_number: None,
        timestamp: None,
    }
}

fn iterator(kv: &Kv, stream_arn: &str, shard_id: &str, kind: ShardIteratorType) -> ShardIterator {
    kv.get_shard_iterator(&iterator_request(stream_arn, shard_id, kind)).unwrap().shard_iterator
}

fn read(kv: &Kv, shard_iterator: ShardIterator) -> GetRecordsOutput {
    kv.get_records(&GetRecordsRequest { shard_iterator, limit: None }).unwrap()
}

/// All records of a stream that are kept, in the order of their commits.
fn records(kv: &Kv, stream_arn: &str) -> Vec<Record> {
    let mut records = Vec::new();
    for shard in describe(kv, stream_arn).shards {
        let mut next = Some(iterator(kv, stream_arn, &shard.shard_id, ShardIteratorType::TrimHorizon));
        while let Some(shard_iterator) = next {
            let found = read(kv, shard_iterator);
            next = found.next_shard_iterator.filter(|_| !found.records.is_empty());
            records.extend(found.records);
        }
    }
    records.sort_by(|a, b| a.sequence_number.cmp(&b.sequence_number));
    records
}

type Images<'a> = (OperationType, Item, Option<Item>, Option<Item>);

/// What happened, to which item, and its images after and before.
fn images(records: &[Record]) -> Vec<Images<'_>> {
    records.iter().map(|it| (it.event_name, it.keys.clone(), it.new_image.clone(), it.old_image.clone())).collect()
}

fn of(pk: &str, value: i64) -> Item {
    item([("pk", s(pk)), ("value", n(value))])
}

fn key(pk: &str) -> Item {
    item([("pk", s(pk))])
}

#[test]
fn every_change_is_a_record_and_what_changes_nothing_is_none() {
    let kv = kv_with_stream(ALL);
    kv.put_item(&put("hash", of("a", 1))).unwrap();
    kv.put_item(&put("hash", of("a", 1))).unwrap(); // the same
    kv.put_item(&put("hash", of("a", 2))).unwrap();
    let add = UpdateItemRequest {
        expression_attribute_names: names([("#v", "value")]),
        expression_attribute_values: Some(item([(":one", n(1))])),
        ..update("hash", key("a"), "ADD #v :one")
    };
    kv.update_item(&add).unwrap();
    kv.delete_item(&delete("hash", key("a"))).unwrap();
    kv.delete_item(&delete("hash", key("a"))).unwrap(); // nothing there
    let refused =
        PutItemRequest { condition_expression: Some("attribute_exists(pk)".into()), ..put("hash", of("b", 1)) };
    kv.put_item(&refused).unwrap_err();
    let records = records(&kv, &arn(&kv, "hash"));
    assert_eq!(
        images(&records),
        [
            (OperationType::Insert, key("a"), Some(of("a", 1)), None),
            (OperationType::Modify, key("a"), Some(of("a", 2)), Some(of("a", 1))),
            (OperationType::Modify, key("a"), Some(of("a", 3)), Some(of("a", 2))),
            (OperationType::Remove, key("a"), None, Some(of("a", 3))),
        ]
    );
    let first = &records[0];
    // pk, a; then pk, a, value, and a number of one digit
    assert_eq!((first.size_bytes, first.stream_view_type, first.user_identity), (3 + 10, ALL, None));
    assert_eq!(first.approximate_creation_date_time, kv.engine().clock().now());
    let mut ids: Vec<&str> = records.iter().map(|record| record.event_id.as_str()).collect();
    ids.dedup();
    assert!(ids.len() == 4 && ids.iter().all(|id| id.len() == 32));
}

#[test]
fn a_view_type_chooses_the_images() {
    use StreamViewType::{KeysOnly, NewImage, OldImage};
    let (before, after) = (of("a", 1), of("a", 2));
    for (view_type, new, old) in [
        (KeysOnly, None, None),
        (NewImage, Some(&after), None),
        (OldImage, None, Some(&before)),
        (ALL, Some(&after), Some(&before)),
    ] {
        let kv = kv_with_stream(view_type);
        kv.put_item(&put("hash", before.clone())).unwrap();
        kv.put_item(&put("hash", after.clone())).unwrap();
        let found = records(&kv, &arn(&kv, "hash"));
        let modified = (OperationType::Modify, key("a"), new.cloned(), old.cloned());
        assert_eq!(images(&found).remove(1), modified, "{view_type}");
    }
}

#[test]
fn batches_and_transactions_are_recorded_item_by_item_or_not_at_all() {
    let kv = kv_with_stream(ALL);
    let writes = vec![WriteRequest::Put { item: of("a", 1) }, WriteRequest::Put { item: of("b", 1) }];
    let request_items = [("hash".to_owned(), writes)].into();
    kv.batch_write_item(&BatchWriteItemRequest { request_items, ..Default::default() }).unwrap();
    let transact = |second: PutItemRequest| TransactWriteItemsRequest {
        transact_items: vec![TransactWriteItem::Delete(delete("hash", key("a"))), TransactWriteItem::Put(second)],
        ..Default::default()
    };
    let condition_expression = Some("attribute_not_exists(pk)".to_owned());
    kv.transact_write_items(&transact(PutItemRequest { condition_expression, ..put("hash", of("b", 2)) })).unwrap_err();
    kv.transact_write_items(&transact(put("hash", of("b", 3)))).unwrap();
    let failed = kv.engine().transact(|tx| {
        kv.put_item_in(tx, &put("hash", of("c", 1)))?;
        Err::<(), _>(millpond_kv::Error::TransactionConflict)
    });
    assert!(failed.is_err());
    let kinds: Vec<_> = records(&kv, &arn(&kv, "hash")).into_iter().map(|it| (it.event_name, it.keys)).collect();
    use OperationType::{Insert, Modify, Remove};
    assert_eq!(kinds, [(Insert, key("a")), (Insert, key("b")), (Remove, key("a")), (Modify, key("b"))]);
}

#[test]
fn changes_by_partiql_statements_are_recorded_and_refused_ones_are_not() {
    let kv = kv_with_stream(ALL);
    let execute = |text: &str| {
        kv.execute_statement(&ExecuteStatementRequest { statement: text.to_owned(), ..Default::default() })
    };
    execute("INSERT INTO hash VALUE {'pk': 'a', 'value': 1}").unwrap();
    execute("INSERT INTO hash VALUE {'pk': 'a', 'value': 2}").unwrap_err();
    let member = |text: &str| BatchStatementRequest { statement: text.to_owned(), ..Default::default() };
    let texts = [
        "UPDATE hash SET \"value\" = 2 WHERE pk = 'a'",
        "INSERT INTO hash VALUE {'pk': 'a'}",
        "UPDATE hash SET \"value\" = 9 WHERE pk = 'a' AND \"value\" = 8",
        "INSERT INTO hash VALUE {'pk': 'b', 'value': 1}",
    ];
    let statements = texts.map(member).to_vec();
    kv.batch_execute_statement(&BatchExecuteStatementRequest { statements, ..Default::default() }).unwrap();
    let member = |text: &str| ParameterizedStatement { statement: text.to_owned(), ..Default::default() };
    let transact = |texts: [&str; 2]| {
        let transact_statements = texts.map(member).to_vec();
        kv.execute_transaction(&ExecuteTransactionRequest { transact_statements, ..Default::default() })
    };
    let delete = "DELETE FROM hash WHERE pk = 'a'";
    transact([delete, "INSERT INTO hash VALUE {'pk': 'b'}"]).unwrap_err();
    transact([delete, "UPDATE hash SET \"value\" = 2 WHERE pk = 'b'"]).unwrap();
    assert_eq!(
        images(&records(&kv, &arn(&kv, "hash"))),
        [
            (OperationType::Insert, key("a"), Some(of("a", 1)), None),
            (OperationType::Modify, key("a"), Some(of("a", 2)), Some(of("a", 1))),
            (OperationType::Insert, key("b"), Some(of("b", 1)), None),
            (OperationType::Remove, key("a"), None, Some(of("a", 2))),
            (OperationType::Modify, key("b"), Some(of("b", 2)), Some(of("b", 1))),
        ]
    );
}

#[test]
fn what_expires_is_removed_by_the_service() {
    let kv = kv_with_stream(ALL);
    let specification = TimeToLiveSpecification { attribute_name: "value".into(), enabled: true };
    kv.update_time_to_live(&UpdateTimeToLiveRequest {
        table_name: "hash".into(),
        time_to_live_specification: specification,
    })
    .unwrap();
    kv.put_item(&put("hash", of("a", 1_700_000_005))).unwrap();
    kv.engine().clock().advance(Duration::from_secs(5)).unwrap();
    assert_eq!(kv.expire_items().unwrap(), 1);
    let removed = records(&kv, &arn(&kv, "hash")).remove(1);
    assert_eq!(removed.event_name, OperationType::Remove);
    let identity = removed.user_identity.unwrap();
    assert_eq!((identity.identity_type(), identity.principal_id()), ("Service", "dynamodb.amazonaws.com"));
}

#[test]
fn a_stream_is_switched_on_and_off_with_the_services_texts() {
    let kv = kv_with_tables();
    let already = "Table already has an enabled stream: TableName: hash";
    let none = "Table has no stream to disable: TableName: hash";
    assert_invalid(kv.update_table(&switch("hash", None)), none);
    let described = kv.update_table(&switch("hash", Some(ALL))).unwrap().table_description;
    let enabled = StreamSpecification { stream_enabled: true, stream_view_type: Some(ALL) };
    assert_eq!(described.stream_specification, Some(enabled));
    assert_eq!(described.latest_stream_label.as_deref(), Some("2023-11-14T22:13:20.000"));
    for view_type in [ALL, StreamViewType::KeysOnly] {
        assert_invalid(kv.update_table(&switch("hash", Some(view_type))), already);
    }
    let described = kv.update_table(&switch("hash", None)).unwrap().table_description;
    assert_eq!(described.stream_specification, None);
    assert_eq!(described.latest_stream_label.as_deref(), Some("2023-11-14T22:13:20.000"));
    assert_invalid(kv.update_table(&switch("hash", None)), none);
    let described = kv.update_table(&switch("hash", Some(ALL))).unwrap().table_description;
    assert_eq!(described.latest_stream_label.as_deref(), Some("2023-11-14T22:13:20.001"), "a label of its own");

    let with = |stream_enabled, stream_view_type| Some(StreamSpecification { stream_enabled, stream_view_type });
    for (stream_specification, of_update, of_create) in [
        (
            with(true, None),
            "If stream is being enabled then UpdateViewType is required",
            "Table is being created with a stream enabled, UpdateViewType is required",
        ),
        (
            with(false, Some(ALL)),
            "If stream is being disabled, then UpdateViewType must not be specified",
            "Table is being created with a stream disabled, UpdateViewType should not be specified",
        ),
    ] {
        let prefix = "One or more parameter values were invalid: ";
        let update = UpdateTableRequest { stream_specification, ..switch("hash", None) };
        assert_invalid(kv.update_table(&update), &format!("{prefix}{of_update}"));
        let new = CreateTableRequest { stream_specification, ..create("new", &[("pk", ScalarAttributeType::S)]) };
        assert_invalid(kv.create_table(&new), &format!("{prefix}{of_create}"));
    }
    let off = CreateTableRequest {
        stream_specification: with(false, None),
        ..create("off", &[("pk", ScalarAttributeType::S)])
    };
    assert_eq!(kv.create_table(&off).unwrap().table_description.latest_stream_label, None);
}

#[test]
fn a_stream_outlives_its_table_by_a_day() {
    let kv = kv_with_stream(ALL);
    let arn = arn(&kv, "hash");
    assert_eq!(describe(&kv, &arn).stream_status, StreamStatus::Enabled);
    kv.put_item(&put("hash", of("a", 1))).unwrap();
    kv.delete_table(&DeleteTableRequest { table_name: "hash".into() }).unwrap();
    let description = describe(&kv, &arn);
    assert_eq!(description.stream_status, StreamStatus::Disabled);
    assert_eq!(description.key_schema[0].attribute_name, "pk");
    assert!(description.shards.iter().all(|it| it.sequence_number_range.ending_sequence_number.is_some()));
    assert_eq!(records(&kv, &arn).len(), 1, "deleting a table deletes no item of its own");

    // Another table of the same name has another stream.
    let stream_specification = Some(StreamSpecification { stream_enabled: true, stream_view_type: Some(ALL) });
    let again = CreateTableRequest { stream_specification, ..create("hash", &[("pk", ScalarAttributeType::S)]) };
    kv.create_table(&again).unwrap();
    let list = || kv.list_streams(&ListStreamsRequest::default()).unwrap().streams;
    assert_eq!(list().len(), 2);
    assert_eq!(list()[0].to_string(), arn);

    kv.engine().clock().advance(Duration::from_secs(86_400)).unwrap();
    assert_eq!(kv.trim_streams().unwrap(), 1);
    assert_eq!(list().len(), 1);
    let gone = kv.describe_stream(&DescribeStreamRequest { stream_arn: arn.clone(), ..Default::default() });
    assert_fails(gone, "ResourceNotFoundException", &format!("Requested resource not found: Stream: {arn} not found"));
}

#[test]
fn streams_are_listed_a_page_at_a_time_and_by_table() {
    let kv = kv();
    for name in ["tab", "tab.b", "tab-c"] {
        let request = create(name, &[("pk", ScalarAttributeType::S)]);
        kv.create_table(&request).unwrap();
        for view_type in [Some(ALL), None, Some(ALL)] {
            kv.update_table(&switch(name, view_type)).unwrap();
        }
    }
    let all = kv.list_streams(&ListStreamsRequest::default()).unwrap();
    assert_eq!((all.streams.len(), all.last_evaluated_stream), (6, None));
    let of_table = |exclusive_start_stream_arn| ListStreamsRequest {
        table_name: Some("tab".into()),
        limit: Some(1),
        exclusive_start_stream_arn,
    };
    let first = kv.list_streams(&of_table(None)).unwrap();
    let next = first.last_evaluated_stream.unwrap();
    let second = kv.list_streams(&of_table(Some(next.to_string()))).unwrap();
    assert_eq!((second.streams.len(), second.last_evaluated_stream), (1, None));
    assert!(second.streams[0].table_name == "tab" && second.streams[0] != next);
    let nothing = ListStreamsRequest { table_name: Some("none".into()), ..Default::default() };
    assert!(kv.list_streams(&nothing).unwrap().streams.is_empty());
    for (limit, bound) in [(0, "greater than or equal to 1"), (101, "less than or equal to 100")] {
        assert_invalid(
            kv.list_streams(&ListStreamsRequest { limit: Some(limit), ..Default::default() }),
            &format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have \
                 value {bound}"
            ),
        );
    }
}
