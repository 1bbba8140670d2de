//! What the tests build their requests from.

use std::collections::BTreeMap;

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_kv::model::*;
use millpond_kv::{AttributeValue, Error, Item, Kv, Number};

pub(crate) fn kv() -> Kv {
    let clock = Clock::manual(Timestamp::from_secs(1_700_000_000));
    Kv::open(&Engine::options().clock(clock).open().unwrap()).unwrap()
}

/// A service with table `hash` (key `pk` S) and table `range` (key `pk` S, `sk` N).
pub(crate) fn kv_with_tables() -> Kv {
    let kv = kv();
    kv.create_table(&create("hash", &[("pk", ScalarAttributeType::S)])).unwrap();
    let keys = [("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N)];
    kv.create_table(&create("range", &keys)).unwrap();
    kv
}

pub(crate) fn create(name: &str, keys: &[(&str, ScalarAttributeType)]) -> CreateTableRequest {
    CreateTableRequest {
        table_name: name.into(),
        key_schema: keys
            .iter()
            .zip([KeyType::Hash, KeyType::Range])
            .map(|((name, _), key_type)| KeySchemaElement { attribute_name: (*name).into(), key_type })
            .collect(),
        attribute_definitions: keys
            .iter()
            .map(|(name, attribute_type)| AttributeDefinition {
                attribute_name: (*name).into(),
                attribute_type: *attribute_type,
            })
            .collect(),
        billing_mode: Some(BillingMode::PayPerRequest),
        ..Default::default()
    }
}

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn n(number: i64) -> AttributeValue {
    AttributeValue::N(Number::from(number))
}

pub(crate) fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(crate) fn names<const N: usize>(names: [(&str, &str); N]) -> Option<BTreeMap<String, String>> {
    Some(names.into_iter().map(|(alias, name)| (alias.into(), name.into())).collect())
}

pub(crate) fn put(table: &str, item: Item) -> PutItemRequest {
    PutItemRequest { table_name: table.into(), item, ..Default::default() }
}

pub(crate) fn get(table: &str, key: Item) -> GetItemRequest {
    GetItemRequest { table_name: table.into(), key, ..Default::default() }
}

pub(crate) fn delete(table: &str, key: Item) -> DeleteItemRequest {
    DeleteItemRequest { table_name: table.into(), key, ..Default::default() }
}

pub(crate) fn update(table: &str, key: Item, expression: &str) -> UpdateItemRequest {
    UpdateItemRequest {
        table_name: table.into(),
        key,
        update_expression: Some(expression.into()),
        ..Default::default()
    }
}

pub(crate) fn query(table: &str, condition: &str, values: Item) -> QueryRequest {
    QueryRequest {
        table_name: table.into(),
        key_condition_expression: Some(condition.into()),
        expression_attribute_values: Some(values),
        ..Default::default()
    }
}

pub(crate) fn scan(table: &str) -> ScanRequest {
    ScanRequest { table_name: table.into(), ..Default::default() }
}

/// The item under a key, if any.
pub(crate) fn fetch(kv: &Kv, table: &str, key: Item) -> Option<Item> {
    kv.get_item(&get(table, key)).unwrap().item
}

/// The numbers under `sk` in items.
pub(crate) fn sort_keys(items: &[Item]) -> Vec<i128> {
    let number = |item: &Item| match &item["sk"] {
        AttributeValue::N(number) => number.to_i128().unwrap(),
        other => panic!("sk is {other:?}"),
    };
    items.iter().map(number).collect()
}

/// Asserts the service's exception name and message.
#[track_caller]
pub(crate) fn assert_fails<T: std::fmt::Debug>(result: Result<T, Error>, code: &str, message: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (code, message));
}

/// As [`assert_invalid`], for a write of an item that is malformed by itself.
#[track_caller]
pub(crate) fn assert_malformed<T: std::fmt::Debug>(result: Result<T, Error>, message: &str) {
    assert_invalid(result, &format!("1 validation error detected: {message}"));
}

#[track_caller]
pub(crate) fn assert_invalid<T: std::fmt::Debug>(result: Result<T, Error>, message: &str) {
    assert_fails(result, "ValidationException", message);
}
