//! Secondary indexes.

mod changes;
mod checks;
mod model;
mod reading;
mod several;

use std::collections::{BTreeMap, BTreeSet};

use millpond_kv::model::*;
use millpond_kv::{AttributeValue, Error, Item, Kv};

use crate::support::*;

fn schema(partition: &str, sort: Option<&str>) -> Vec<KeySchemaElement> {
    let names = std::iter::once(partition).chain(sort).zip([KeyType::Hash, KeyType::Range]);
    names.map(|(name, key_type)| KeySchemaElement { attribute_name: name.into(), key_type }).collect()
}

fn definition(name: &str, attribute_type: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition { attribute_name: name.into(), attribute_type }
}

fn projection(projection_type: ProjectionType, names: &[&str]) -> Projection {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    Projection { projection_type: Some(projection_type), non_key_attributes: (!names.is_empty()).then_some(names) }
}

fn global(name: &str, partition: &str, sort: Option<&str>, projection: Projection) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex {
        index_name: name.into(),
        key_schema: schema(partition, sort),
        projection,
        ..Default::default()
    }
}

fn local(name: &str, sort: &str, projection: Projection) -> LocalSecondaryIndex {
    LocalSecondaryIndex { index_name: name.into(), key_schema: schema("pk", Some(sort)), projection }
}

/// Table `orders` (`pk` S, `sk` N) with local index `by-total` (`cost` N, keys only) and the global indexes `by-day`
/// (`day` S, `cost` N, all attributes) and `by-flag` (`flag` S, with attribute `note`).
fn orders() -> CreateTableRequest {
    let mut request = create("orders", &[("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::N)]);
    request.attribute_definitions.extend([
        definition("cost", ScalarAttributeType::N),
        definition("day", ScalarAttributeType::S),
        definition("flag", ScalarAttributeType::S),
    ]);
    request.local_secondary_indexes = Some(vec![local("by-total", "cost", projection(ProjectionType::KeysOnly, &[]))]);
    request.global_secondary_indexes = Some(vec![
        global("by-day", "day", Some("cost"), projection(ProjectionType::All, &[])),
        global("by-flag", "flag", None, projection(ProjectionType::Include, &["note"])),
    ]);
    request
}

fn kv_with_orders() -> Kv {
    let kv = kv();
    kv.create_table(&orders()).unwrap();
    kv
}

fn order(pk: &str, sk: i64, rest: &[(&str, AttributeValue)]) -> Item {
    let mut item = item([("pk", s(pk)), ("sk", n(sk))]);
    item.extend(rest.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    item
}

fn on(index: &str, condition: &str, values: Item) -> QueryRequest {
    QueryRequest { index_name: Some(index.into()), ..query("orders", condition, values) }
}

fn found(kv: &Kv, request: &QueryRequest) -> Vec<Item> {
    kv.query(request).unwrap().items.unwrap()
}

/// All pages of a query.
fn all_pages(kv: &Kv, mut request: QueryRequest) -> Vec<Item> {
    let mut items = Vec::new();
    loop {
        let page = kv.query(&request).unwrap();
        items.extend(page.items.unwrap());
        request.exclusive_start_key = page.last_evaluated_key;
        if request.exclusive_start_key.is_none() {
            return items;
        }
    }
}

fn sorted(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by_key(|item| format!("{item:?}"));
    items
}

fn everything(kv: &Kv, index: &str) -> Vec<Item> {
    let request = ScanRequest { index_name: Some(index.into()), ..scan("orders") };
    sorted(kv.scan(&request).unwrap().items.unwrap())
}

fn change(updates: Vec<GlobalSecondaryIndexUpdate>) -> UpdateTableRequest {
    UpdateTableRequest {
        table_name: "orders".into(),
        attribute_definitions: Some(vec![definition("note", ScalarAttributeType::S)]),
        global_secondary_index_updates: updates,
        ..Default::default()
    }
}

fn add_by_note() -> UpdateTableRequest {
    let index = global("by-note", "note", None, projection(ProjectionType::All, &[]));
    change(vec![GlobalSecondaryIndexUpdate::Create(index)])
}

fn drop_by_note() -> UpdateTableRequest {
    change(vec![GlobalSecondaryIndexUpdate::Delete { index_name: "by-note".into() }])
}

fn entries(kv: &Kv) -> usize {
    let keyspace = kv.engine().keyspace("kv.indexes").unwrap();
    let snapshot = kv.engine().snapshot().unwrap();
    snapshot.scan(&keyspace, &millpond_engine::RangeRequest::all()).unwrap().count()
}
