//! The service against a map: the same writes give the same items, in the same order, whatever the pages.

use std::collections::BTreeMap;

use millpond_kv::model::*;
use millpond_kv::{Item, Kv};
use proptest::prelude::*;

use crate::support::*;

/// What the table should hold.
type Model = BTreeMap<(String, i64), Item>;

#[derive(Clone, Debug)]
enum Write {
    Put(String, i64, i64),
    Update(String, i64, i64),
    Delete(String, i64),
    Batch(Vec<(String, i64, Option<i64>)>),
}

fn keys() -> impl Strategy<Value = (String, i64)> {
    ("[a-d]{1,2}", -20i64..20)
}

fn writes() -> impl Strategy<Value = Write> {
    let batch = proptest::collection::btree_map(keys(), proptest::option::of(0i64..100), 1..10);
    prop_oneof![
        3 => (keys(), 0i64..100).prop_map(|((pk, sk), x)| Write::Put(pk, sk, x)),
        2 => (keys(), 0i64..100).prop_map(|((pk, sk), x)| Write::Update(pk, sk, x)),
        2 => keys().prop_map(|(pk, sk)| Write::Delete(pk, sk)),
        1 => batch.prop_map(|batch| Write::Batch(batch.into_iter().map(|((pk, sk), x)| (pk, sk, x)).collect())),
    ]
}

fn key(pk: &str, sk: i64) -> Item {
    item([("pk", s(pk)), ("sk", n(sk))])
}

fn row(pk: &str, sk: i64, x: i64) -> Item {
    item([("pk", s(pk)), ("sk", n(sk)), ("x", n(x))])
}

fn apply(kv: &Kv, model: &mut Model, write: &Write) {
    match write {
        Write::Put(pk, sk, x) => {
            kv.put_item(&put("range", row(pk, *sk, *x))).unwrap();
            model.insert((pk.clone(), *sk), row(pk, *sk, *x));
        }
        Write::Update(pk, sk, x) => {
            let request = UpdateItemRequest {
                return_values: ReturnValues::AllNew,
                expression_attribute_values: Some(item([(":x", n(*x))])),
                ..update("range", key(pk, *sk), "SET y = :x")
            };
            let changed = model.entry((pk.clone(), *sk)).or_insert_with(|| key(pk, *sk));
            changed.insert("y".into(), n(*x));
            assert_eq!(kv.update_item(&request).unwrap().attributes.as_ref(), Some(&*changed));
        }
        Write::Delete(pk, sk) => {
            let request = DeleteItemRequest { return_values: ReturnValues::AllOld, ..delete("range", key(pk, *sk)) };
            assert_eq!(kv.delete_item(&request).unwrap().attributes, model.remove(&(pk.clone(), *sk)));
        }
        Write::Batch(writes) => {
            let mut requests = Vec::new();
            for (pk, sk, x) in writes {
                match x {
                    Some(x) => {
                        requests.push(WriteRequest::Put { item: row(pk, *sk, *x) });
                        model.insert((pk.clone(), *sk), row(pk, *sk, *x));
                    }
                    None => {
                        requests.push(WriteRequest::Delete { key: key(pk, *sk) });
                        model.remove(&(pk.clone(), *sk));
                    }
                }
            }
            let request_items = BTreeMap::from([("range".to_owned(), requests)]);
            kv.batch_write_item(&BatchWriteItemRequest { request_items, ..Default::default() }).unwrap();
        }
    }
}

fn query_all(kv: &Kv, mut request: QueryRequest) -> Vec<Item> {
    let mut found = Vec::new();
    loop {
        let page = kv.query(&request).unwrap();
        found.extend(page.items.unwrap());
        request.exclusive_start_key = page.last_evaluated_key;
        if request.exclusive_start_key.is_none() {
            return found;
        }
    }
}

fn scan_all(kv: &Kv, mut request: ScanRequest, into: &mut Model) {
    loop {
        let page = kv.scan(&request).unwrap();
        for item in page.items.unwrap() {
            let sk = i64::try_from(sort_keys(std::slice::from_ref(&item))[0]).unwrap();
            let pk = item["pk"].clone();
            let millpond_kv::AttributeValue::S(pk) = pk else { panic!("pk is {pk:?}") };
            assert!(into.insert((pk, sk), item).is_none(), "a scan returned an item twice");
        }
        request.exclusive_start_key = page.last_evaluated_key;
        if request.exclusive_start_key.is_none() {
            return;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn tables_behave_like_a_sorted_map(
        writes in proptest::collection::vec(writes(), 1..80),
        limit in proptest::option::of(1i64..7),
        low in -25i64..25,
        span in 0i64..20,
        forward: bool,
        segments in 1i64..5,
    ) {
        let kv = kv_with_tables();
        let mut model = Model::new();
        for write in &writes {
            apply(&kv, &mut model, write);
        }
        for pk in ["a", "b", "ab", "cd"] {
            let values = item([(":pk", s(pk)), (":low", n(low)), (":high", n(low + span))]);
            let request = QueryRequest {
                limit,
                scan_index_forward: Some(forward),
                ..query("range", "pk = :pk AND sk BETWEEN :low AND :high", values)
            };
            let range = (pk.to_owned(), low)..=(pk.to_owned(), low + span);
            let mut expected: Vec<Item> = model.range(range).map(|(_, item)| item.clone()).collect();
            if !forward {
                expected.reverse();
            }
            prop_assert_eq!(query_all(&kv, request), expected);
        }
        let mut found = Model::new();
        for segment in 0..segments {
            let request = ScanRequest {
                limit,
                segment: Some(segment),
                total_segments: Some(segments),
                ..scan("range")
            };
            scan_all(&kv, request, &mut found);
        }
        prop_assert_eq!(&found, &model);
        for ((pk, sk), expected) in &model {
            let found = fetch(&kv, "range", key(pk, *sk));
            prop_assert_eq!(found.as_ref(), Some(expected));
        }
        let described = kv.describe_table(&DescribeTableRequest { table_name: "range".into() }).unwrap().table;
        prop_assert_eq!(described.item_count, model.len() as u64);
    }
}
