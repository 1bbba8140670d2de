//! Stores that earlier builds wrote: each format has one in `tests/data`, which this build must read.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use millpond::{
    Clock, Pond, Timestamp,
    kv::{
        AttributeDefinition, AttributeValue, BillingMode, CreateTableRequest, Item, KeySchemaElement, KeyType,
        PutItemRequest, QueryRequest, ScalarAttributeType,
    },
};

fn fixture(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/format-{format}"))
}

fn clock() -> Clock {
    Clock::manual(Timestamp::from_secs(1_800_000_000))
}

/// An item with each type of attribute under each kind of sort key.
fn items() -> Vec<Item> {
    let number = |text: &str| AttributeValue::N(text.parse().unwrap());
    let text = |text: &str| AttributeValue::S(text.into());
    let binary = |bytes: &'static [u8]| AttributeValue::B(bytes.into());
    let sort_keys = ["-1e125", "-7", "0", "0.5", "12345678901234567890123456789012345678"];
    let item = |sort: &&str| {
        let nested = Item::from([("deeper".into(), AttributeValue::L(vec![text("x"), AttributeValue::Null]))]);
        Item::from([
            ("pk".into(), text("Amélie")),
            ("sk".into(), number(sort)),
            ("string".into(), text("")),
            ("number".into(), number("-0.00000000000000000000000000000000000001")),
            ("binary".into(), binary(b"\0\xff")),
            ("bool".into(), AttributeValue::Bool(true)),
            ("null".into(), AttributeValue::Null),
            ("strings".into(), AttributeValue::Ss(["a".into(), "b".into()].into())),
            ("numbers".into(), AttributeValue::Ns(["1".parse().unwrap(), "2".parse().unwrap()].into())),
            ("binaries".into(), AttributeValue::Bs([b"1".as_slice().into(), b"2".as_slice().into()].into())),
            ("list".into(), AttributeValue::L(vec![number("1"), text("two")])),
            ("map".into(), AttributeValue::M(nested)),
        ])
    };
    sort_keys.iter().map(item).collect()
}

fn write(path: &Path) {
    let pond = Pond::options().path(path).clock(clock()).open().unwrap();
    let attribute = |name: &str, attribute_type| AttributeDefinition { attribute_name: name.into(), attribute_type };
    let key = |name: &str, key_type| KeySchemaElement { attribute_name: name.into(), key_type };
    pond.kv()
        .create_table(&CreateTableRequest {
            table_name: "films".into(),
            key_schema: vec![key("pk", KeyType::Hash), key("sk", KeyType::Range)],
            attribute_definitions: vec![
                attribute("pk", ScalarAttributeType::S),
                attribute("sk", ScalarAttributeType::N),
            ],
            billing_mode: Some(BillingMode::PayPerRequest),
            ..Default::default()
        })
        .unwrap();
    for item in items() {
        pond.kv().put_item(&PutItemRequest { table_name: "films".into(), item, ..Default::default() }).unwrap();
    }
    let own = pond.engine().keyspace("own").unwrap();
    pond.engine().transact(|tx| tx.put(&own, "key", "value")).unwrap();
    pond.close().unwrap();
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?
        } else {
            fs::copy(entry.path(), target).map(drop)?
        }
    }
    Ok(())
}

#[test]
fn a_store_of_format_1_holds_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    copy(&fixture(1), dir.path()).unwrap();
    // A repository keeps no empty directories.
    for keyspace in fs::read_dir(dir.path().join("store/keyspaces")).unwrap() {
        fs::create_dir_all(keyspace.unwrap().path().join("tables")).unwrap();
    }
    let pond = Pond::options().path(dir.path()).clock(Clock::manual(Timestamp::from_secs(1))).open().unwrap();
    let found = pond.kv().query(&QueryRequest {
        table_name: "films".into(),
        key_condition_expression: Some("pk = :pk".into()),
        expression_attribute_values: Some(Item::from([(":pk".into(), AttributeValue::S("Amélie".into()))])),
        ..Default::default()
    });
    assert_eq!(found.unwrap().items.unwrap(), items());
    let own = pond.engine().keyspace("own").unwrap();
    assert_eq!(pond.engine().get(&own, b"key").unwrap().unwrap(), "value");
    assert_eq!(pond.clock().now(), clock().now(), "lifted to the time that the store has seen");
}

#[test]
#[ignore = "writes the newest format's store anew, for a commit that changes the format"]
fn write_the_store_of_the_newest_format() {
    let path = fixture(1);
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    write(&path);
    // Journals are made longer than they are full; the zeros at their end need not be kept.
    for journal in fs::read_dir(path.join("store")).unwrap().map(|entry| entry.unwrap().path()) {
        if journal.extension().is_some_and(|extension| extension == "jnl") {
            let bytes = fs::read(&journal).unwrap();
            let full = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
            fs::write(&journal, bytes.get(..full).unwrap()).unwrap();
        }
    }
}
