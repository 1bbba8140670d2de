//! The facade: one commit over everything in a pond, and what a test double needs.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[cfg(all(feature = "docdb", feature = "queue"))]
mod documents;
mod format;
#[cfg(feature = "triggers")]
mod triggers;

use std::time::Duration;

use millpond::{
    BackendKind, Clock, Durability, Error, Pond, Timestamp, engine,
    kv::{
        AttributeDefinition, AttributeValue, BillingMode, CreateTableRequest, Error as KvError, GetItemRequest, Item,
        KeySchemaElement, KeyType, PutItemRequest, ScalarAttributeType,
    },
};

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn create_table(pond: &Pond, name: &str) {
    pond.kv()
        .create_table(&CreateTableRequest {
            table_name: name.into(),
            key_schema: vec![KeySchemaElement { attribute_name: "id".into(), key_type: KeyType::Hash }],
            attribute_definitions: vec![AttributeDefinition {
                attribute_name: "id".into(),
                attribute_type: ScalarAttributeType::S,
            }],
            billing_mode: Some(BillingMode::PayPerRequest),
            ..Default::default()
        })
        .unwrap();
}

fn put(table: &str, id: &str) -> PutItemRequest {
    PutItemRequest { table_name: table.into(), item: Item::from([("id".into(), text(id))]), ..Default::default() }
}

fn put_new(table: &str, id: &str) -> PutItemRequest {
    PutItemRequest { condition_expression: Some("attribute_not_exists(id)".into()), ..put(table, id) }
}

fn has(pond: &Pond, table: &str, id: &str) -> bool {
    let key = Item::from([("id".into(), text(id))]);
    let found = pond.kv().get_item(&GetItemRequest { table_name: table.into(), key, ..Default::default() });
    found.unwrap().item.is_some()
}

#[test]
fn items_of_two_tables_and_a_keyspace_commit_together_or_not_at_all() {
    let pond = Pond::in_memory().unwrap();
    create_table(&pond, "orders");
    create_table(&pond, "customers");
    let audit = pond.engine().keyspace("audit").unwrap();
    let order = |id: &str| {
        pond.transact(|tx| -> Result<(), Error> {
            pond.kv().put_item_in(tx, &put("orders", id))?;
            tx.put(&audit, id.to_owned(), "ordered")?;
            pond.kv().put_item_in(tx, &put_new("customers", "alice"))?;
            Ok(())
        })
    };
    order("o-1").unwrap();
    let refused = order("o-2").unwrap_err();
    assert!(matches!(refused, Error::Kv(KvError::ConditionalCheckFailed { .. })), "{refused}");

    assert!(has(&pond, "orders", "o-1") && has(&pond, "customers", "alice"));
    assert!(!has(&pond, "orders", "o-2"));
    assert!(pond.engine().get(&audit, b"o-1").unwrap().is_some());
    assert!(pond.engine().get(&audit, b"o-2").unwrap().is_none());
}

#[test]
fn a_pond_on_disk_comes_back_as_it_was_closed() {
    let dir = tempfile::tempdir().unwrap();
    let pond = Pond::open(dir.path()).unwrap();
    create_table(&pond, "orders");
    pond.kv().put_item(&put("orders", "o-1")).unwrap();
    let refused = Pond::open(dir.path()).unwrap_err();
    assert!(matches!(refused, Error::Engine(engine::Error::Locked { .. })), "{refused}");
    let clone = pond.clone();
    pond.close().unwrap();
    assert!(clone.kv().put_item(&put("orders", "o-2")).is_err(), "a closed pond takes nothing more");
    drop(clone);

    let pond = Pond::open(dir.path()).unwrap();
    assert!(has(&pond, "orders", "o-1"));
    assert!(!has(&pond, "orders", "o-2"));
}

#[test]
fn a_checkpoint_opens_as_a_pond_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let pond = Pond::options().path(dir.path().join("pond")).durability(Durability::Buffered).open().unwrap();
    create_table(&pond, "orders");
    pond.kv().put_item(&put("orders", "before")).unwrap();
    pond.checkpoint(dir.path().join("copy")).unwrap();
    pond.kv().put_item(&put("orders", "after")).unwrap();

    let copy = Pond::open(dir.path().join("copy")).unwrap();
    assert!(has(&copy, "orders", "before"));
    assert!(!has(&copy, "orders", "after"));
    assert!(has(&pond, "orders", "after"));
}

#[test]
fn forks_of_a_prepared_pond_go_separate_ways() {
    let clock = Clock::manual(Timestamp::from_secs(1_000));
    let pond = Pond::options().backend(BackendKind::Memory).clock(clock).open().unwrap();
    create_table(&pond, "orders");
    let fork = pond.fork().unwrap();
    fork.kv().put_item(&put("orders", "o-1")).unwrap();
    fork.clock().advance(Duration::from_secs(60)).unwrap();

    assert!(has(&fork, "orders", "o-1"));
    assert!(!has(&pond, "orders", "o-1"));
    assert_eq!(pond.clock().now(), Timestamp::from_secs(1_000));
    assert_eq!(fork.clock().now(), Timestamp::from_secs(1_060));
}
