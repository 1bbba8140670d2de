use millpond_kv::{Error, Kv, Table};
use serde::{Deserialize, Serialize};

use crate::support::*;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Reading {
    pk: String,
    sk: i64,
    celsius: f64,
    note: Option<String>,
}

fn reading(pk: &str, sk: i64) -> Reading {
    Reading { pk: pk.into(), sk, celsius: 0.5 * sk as f64, note: (sk % 2 == 0).then(|| "even".to_owned()) }
}

fn table(kv: &Kv) -> Table<Reading> {
    kv.table("range").unwrap()
}

#[test]
fn values_are_put_found_and_deleted_by_key() {
    let kv = kv_with_tables();
    let readings = table(&kv);
    readings.put(&reading("a", 1)).unwrap();
    readings.put(&reading("a", 2)).unwrap();
    assert_eq!(readings.get(&("a", 2)).unwrap(), Some(reading("a", 2)));
    #[derive(Serialize)]
    struct Key {
        pk: &'static str,
        sk: i64,
    }
    assert_eq!(readings.get(&Key { pk: "a", sk: 1 }).unwrap(), Some(reading("a", 1)));
    readings.delete(&("a", 2)).unwrap();
    assert_eq!(readings.get(&("a", 2)).unwrap(), None);
    assert_invalid(readings.get(&"a"), "The provided key element does not match the schema");
}

#[test]
fn queries_stream_over_pages_in_order() {
    let kv = kv_with_tables();
    let readings = table(&kv);
    for sk in 0..2500 {
        readings.put(&reading("a", sk)).unwrap();
    }
    readings.put(&reading("b", 0)).unwrap();
    let keys = |query: millpond_kv::typed::Query<Reading>| query.map(|r| r.unwrap().sk).collect::<Vec<_>>();
    let all = || readings.query(&"a").unwrap();
    assert_eq!(keys(all()), (0..2500).collect::<Vec<_>>());
    assert_eq!(keys(all().reverse().limit(3)), [2499, 2498, 2497]);
    assert_eq!(keys(all().between(&5, &7).unwrap()), [5, 6, 7]);
    assert_eq!(keys(all().reverse().less(&2).unwrap()), [1, 0]);
    assert_eq!(readings.scan().unwrap().count(), 2501);
}

#[test]
fn typed_and_plain_calls_share_one_table_and_one_transaction() {
    let kv = kv_with_tables();
    let readings = table(&kv);
    kv.engine()
        .transact(|tx| {
            assert_eq!(readings.put_in(tx, &reading("a", 1))?, None);
            assert_eq!(readings.get_in(tx, &("a", 1))?, Some(reading("a", 1)));
            assert_eq!(readings.put_in(tx, &reading("a", 1))?, Some(reading("a", 1)));
            assert_eq!(readings.delete_in(tx, &("a", 1))?, Some(reading("a", 1)));
            readings.put_in(tx, &reading("a", 2))?;
            Ok::<(), Error>(())
        })
        .unwrap();
    let found = fetch(&kv, "range", item([("pk", s("a")), ("sk", n(2))])).unwrap();
    assert_eq!(found["note"], s("even"));
}

#[test]
fn a_stored_item_of_another_shape_is_an_error_and_not_a_wrong_value() {
    let kv = kv_with_tables();
    kv.put_item(&put("range", item([("pk", s("a")), ("sk", n(1)), ("celsius", s("warm"))]))).unwrap();
    assert!(matches!(table(&kv).get(&("a", 1)), Err(Error::Serde { .. })));
    let missing = kv.table::<Reading>("none").unwrap_err();
    assert_eq!(missing.code(), "ResourceNotFoundException");
}
