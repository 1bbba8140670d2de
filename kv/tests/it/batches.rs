use std::collections::BTreeMap;

use millpond_kv::model::*;
use millpond_kv::{Item, Kv};

use crate::support::*;

fn hash_key(number: usize) -> Item {
    item([("pk", s(&format!("k{number}")))])
}

fn write(requests: Vec<WriteRequest>) -> BatchWriteItemRequest {
    BatchWriteItemRequest { request_items: BTreeMap::from([("hash".into(), requests)]), ..Default::default() }
}

fn read(keys: Vec<Item>) -> BatchGetItemRequest {
    let asked = KeysAndAttributes { keys, ..Default::default() };
    BatchGetItemRequest { request_items: BTreeMap::from([("hash".into(), asked)]), ..Default::default() }
}

fn put_of(number: usize) -> WriteRequest {
    WriteRequest::Put { item: hash_key(number) }
}

fn count(kv: &Kv, table: &str) -> usize {
    kv.scan(&scan(table)).unwrap().count
}

#[test]
fn a_batch_puts_and_deletes_in_several_tables() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", hash_key(99))).unwrap();
    let mut request = write(vec![put_of(1), put_of(2), WriteRequest::Delete { key: hash_key(99) }]);
    let other = WriteRequest::Put { item: item([("pk", s("a")), ("sk", n(1))]) };
    request.request_items.insert("range".into(), vec![other]);
    request.return_consumed_capacity = ReturnConsumedCapacity::Total;
    let output = kv.batch_write_item(&request).unwrap();
    assert!(output.unprocessed_items.is_empty());
    let units: Vec<_> =
        output.consumed_capacity.unwrap().iter().map(|it| (it.table_name.clone(), it.capacity_units)).collect();
    assert_eq!(units, [("hash".to_owned(), 3.0), ("range".to_owned(), 1.0)]);
    assert_eq!((count(&kv, "hash"), count(&kv, "range")), (2, 1));
}

#[test]
fn a_batch_with_one_wrong_write_writes_nothing() {
    let kv = kv_with_tables();
    let request = write(vec![put_of(1), WriteRequest::Put { item: item([("other", s("a"))]) }]);
    assert_invalid(
        kv.batch_write_item(&request),
        "One or more parameter values were invalid: Missing the key pk in the item",
    );
    assert_eq!(count(&kv, "hash"), 0);
}

#[test]
fn a_batch_reads_found_items_under_the_names_of_the_request() {
    let kv = kv_with_tables();
    kv.batch_write_item(&write((0..25).map(put_of).collect())).unwrap();
    let mut request = read((0..30).map(hash_key).collect());
    request.return_consumed_capacity = ReturnConsumedCapacity::Total;
    let output = kv.batch_get_item(&request).unwrap();
    assert_eq!(output.responses["hash"].len(), 25);
    assert!(output.unprocessed_keys.is_empty());
    assert_eq!(output.consumed_capacity.unwrap()[0].capacity_units, 15.0, "each missing key costs too");
    assert_eq!(kv.batch_get_item(&read(vec![hash_key(77)])).unwrap().responses["hash"], Vec::<Item>::new());
}

#[test]
fn what_does_not_fit_into_16_megabytes_is_left_to_ask_again() {
    let kv = kv_with_tables();
    let body = s(&"x".repeat(400_000));
    for number in 0..50 {
        let mut row = hash_key(number);
        row.insert("body".into(), body.clone());
        kv.put_item(&put("hash", row)).unwrap();
    }
    let first = kv.batch_get_item(&read((0..50).map(hash_key).collect())).unwrap();
    assert_eq!(first.responses["hash"].len(), 41); // 41 times 400,009 bytes are under 16 MiB
    assert_eq!(first.unprocessed_keys["hash"].keys.len(), 9);
    let rest = BatchGetItemRequest { request_items: first.unprocessed_keys, ..Default::default() };
    let rest = kv.batch_get_item(&rest).unwrap();
    assert_eq!((rest.responses["hash"].len(), rest.unprocessed_keys.len()), (9, 0));
}

#[test]
fn wrong_batches_get_the_services_texts() {
    let kv = kv_with_tables();
    let duplicates = "Provided list of item keys contains duplicates";
    assert_invalid(
        kv.batch_get_item(&BatchGetItemRequest::default()),
        "The requestItems parameter is required for BatchGetItem",
    );
    assert_invalid(
        kv.batch_get_item(&read((0..101).map(hash_key).collect())),
        "1 validation error detected: Value at 'RequestItems.hash.member.Keys' failed to satisfy constraint: Member \
         must have length less than or equal to 100",
    );
    assert_invalid(kv.batch_get_item(&read(vec![hash_key(1), hash_key(1)])), duplicates);
    assert_invalid(
        kv.batch_write_item(&BatchWriteItemRequest::default()),
        "The requestItems parameter is required for BatchWriteItem",
    );
    assert_invalid(
        kv.batch_write_item(&write((0..26).map(put_of).collect())),
        "1 validation error detected: Value at 'RequestItems.hash.member' failed to satisfy constraint: Member must \
         have length less than or equal to 25",
    );
    let both = vec![put_of(1), WriteRequest::Delete { key: hash_key(1) }];
    assert_invalid(kv.batch_write_item(&write(both)), duplicates);
    let mut elsewhere = write(vec![put_of(1)]);
    elsewhere.request_items.insert("none".into(), vec![put_of(1)]);
    assert_fails(kv.batch_write_item(&elsewhere), "ResourceNotFoundException", "Requested resource not found");
    assert_eq!(count(&kv, "hash"), 0);
}
