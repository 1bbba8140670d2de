use millpond_kv::typed::{Update, attr};
use millpond_kv::{AttributeValue, Error, Kv, Table};
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

fn condition_failed<T: std::fmt::Debug>(result: Result<T, Error>) -> Option<millpond_kv::Item> {
    match result {
        Err(Error::ConditionalCheckFailed { item }) => item,
        other => panic!("{other:?}"),
    }
}

#[test]
fn writes_happen_if_their_condition_holds() {
    let kv = kv_with_tables();
    let readings = table(&kv);
    let is_new = attr("pk").is_missing();
    readings.put_if(&reading("a", 1), &is_new).unwrap();
    let present = condition_failed(readings.put_if(&reading("a", 1), &is_new));
    assert_eq!(present.unwrap()["celsius"], AttributeValue::N("0.5".parse().unwrap()));
    let cold = attr("celsius").less(&0.5);
    condition_failed(readings.delete_if(&("a", 1), &cold));
    assert_eq!(readings.get(&("a", 1)).unwrap(), Some(reading("a", 1)));
    readings.delete_if(&("a", 1), &!cold).unwrap();
    assert_eq!(readings.get(&("a", 1)).unwrap(), None);
    assert_eq!(condition_failed(readings.delete_if(&("a", 1), &attr("pk").exists())), None);
}

#[test]
fn updates_change_single_attributes_and_give_the_value_after() {
    let kv = kv_with_tables();
    let readings = table(&kv);
    readings.put(&reading("a", 1)).unwrap();
    let warmer = Update::new().add("celsius", &1.5).set("note", "warm");
    let expected = Reading { celsius: 2.0, note: Some("warm".into()), ..reading("a", 1) };
    assert_eq!(readings.update(&("a", 1), &warmer).unwrap(), Some(expected.clone()));
    assert_eq!(readings.get(&("a", 1)).unwrap(), Some(expected.clone()));
    condition_failed(readings.update_if(&("a", 1), &warmer, &attr("note").equals("cold")));
    // A missing value is made, if that is a whole one.
    assert_eq!(readings.update(&("a", 2), &Update::new().set("celsius", &3)).unwrap().unwrap().celsius, 3.0);
    assert!(matches!(readings.update(&("a", 3), &Update::new().set("note", "?")), Err(Error::Serde { .. })));
    assert_eq!(readings.update(&("a", 3), &Update::new().remove("note")).unwrap(), None);
    assert_eq!(readings.get(&("a", 3)).unwrap(), None);
    // What would no longer be a reading is not written.
    assert!(matches!(readings.update(&("a", 1), &Update::new().remove("celsius")), Err(Error::Serde { .. })));
    assert_eq!(readings.get(&("a", 1)).unwrap(), Some(expected));
    assert_invalid(
        readings.update(&("a", 1), &Update::new().set("sk", &9)),
        "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key",
    );
    assert_invalid(
        readings.update(&("a", 1), &Update::new().set("celsius", &1).remove("celsius")),
        "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these \
         paths; path one: [celsius], path two: [celsius]",
    );
}

#[test]
fn conditions_and_updates_join_the_callers_transaction() {
    let kv = kv_with_tables();
    let readings = table(&kv);
    let moved = kv.engine().transact(|tx| {
        readings.put_if_in(tx, &reading("a", 1), &attr("pk").is_missing())?;
        let note = Update::new().set("note", "moved");
        let value = readings.update_if_in(tx, &("a", 1), &note, &attr("pk").exists())?;
        readings.update_in(tx, &("b", 1), &Update::new().set("celsius", &1))?;
        assert_eq!(readings.delete_if_in(tx, &("b", 1), &attr("celsius").equals(&1))?.unwrap().pk, "b");
        condition_failed(readings.delete_if_in(tx, &("a", 1), &attr("note").is_missing()));
        Ok::<_, Error>(value)
    });
    assert_eq!(moved.unwrap().unwrap().note.as_deref(), Some("moved"));
    assert_eq!(readings.scan().unwrap().count(), 1);
}

#[test]
fn filters_take_values_on_the_way() {
    let kv = kv_with_tables();
    let readings = table(&kv);
    for sk in 0..100 {
        readings.put(&reading(["a", "b"][usize::from(sk >= 50)], sk)).unwrap();
    }
    let even = attr("note").begins_with("ev").and(attr("celsius").at_least(&10));
    let found = readings.query(&"a").unwrap().filter_by(&even).unwrap().reverse().limit(3);
    assert_eq!(found.map(|found| found.unwrap().sk).collect::<Vec<_>>(), [48, 46, 44]);
    let odd = attr("note").equals(&()).or(attr("note").is_missing());
    assert_eq!(readings.scan().unwrap().filter_by(&odd).unwrap().count(), 50);
    assert!(readings.scan().unwrap().filter_by(&attr("").exists()).is_err());
}
