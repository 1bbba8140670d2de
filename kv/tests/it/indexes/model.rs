//! Random writes: after each, every index holds what the items say.

use proptest::prelude::*;

use super::*;

/// A write of the model test: to one of few rows, with or without each key attribute.
#[derive(Clone, Debug)]
enum Write {
    Put(i64, Option<u8>, Option<u8>, Option<u8>),
    Set(i64, u8),
    Unset(i64),
    Delete(i64),
    Transact(Vec<(i64, Option<u8>)>),
}

fn writes() -> impl Strategy<Value = Write> {
    let row = 0_i64..12;
    let value = || proptest::option::of(0_u8..4);
    prop_oneof![
        4 => (row.clone(), value(), value(), value()).prop_map(|(row, day, total, flag)| Write::Put(row, day, total, flag)),
        2 => (row.clone(), 0_u8..4).prop_map(|(row, day)| Write::Set(row, day)),
        1 => row.clone().prop_map(Write::Unset),
        2 => row.clone().prop_map(Write::Delete),
        1 => proptest::collection::btree_map(row, value(), 1..5)
            .prop_map(|rows| Write::Transact(rows.into_iter().collect())),
    ]
}

fn row_key(row: i64) -> Item {
    order(&format!("p{}", row % 3), row, &[])
}

fn apply(kv: &Kv, model: &mut BTreeMap<i64, Item>, write: &Write) {
    match write {
        Write::Put(row, day, total, flag) => {
            let mut item = row_key(*row);
            item.extend(day.map(|day| ("day".to_owned(), s(&format!("d{day}")))));
            item.extend(total.map(|total| ("cost".to_owned(), n(total.into()))));
            item.extend(flag.map(|flag| ("flag".to_owned(), s(&format!("f{flag}")))));
            item.insert("note".into(), n(*row));
            item.insert("rest".into(), s("not everywhere"));
            kv.put_item(&put("orders", item.clone())).unwrap();
            model.insert(*row, item);
        }
        Write::Set(row, day) => {
            let request = UpdateItemRequest {
                expression_attribute_names: names([("#d", "day")]),
                expression_attribute_values: Some(item([(":d", s(&format!("d{day}"))), (":n", n(7))])),
                ..update("orders", row_key(*row), "SET #d = :d, note = :n")
            };
            kv.update_item(&request).unwrap();
            let item = model.entry(*row).or_insert_with(|| row_key(*row));
            item.insert("day".into(), s(&format!("d{day}")));
            item.insert("note".into(), n(7));
        }
        Write::Unset(row) => {
            kv.update_item(&update("orders", row_key(*row), "REMOVE cost")).unwrap();
            model.entry(*row).or_insert_with(|| row_key(*row)).remove("cost");
        }
        Write::Delete(row) => {
            kv.delete_item(&delete("orders", row_key(*row))).unwrap();
            model.remove(row);
        }
        Write::Transact(rows) => {
            let mut transact_items = Vec::new();
            for (row, flag) in rows {
                match flag {
                    Some(flag) => {
                        let mut item = row_key(*row);
                        item.insert("flag".into(), s(&format!("f{flag}")));
                        transact_items.push(TransactWriteItem::Put(put("orders", item.clone())));
                        model.insert(*row, item);
                    }
                    None => {
                        transact_items.push(TransactWriteItem::Delete(delete("orders", row_key(*row))));
                        model.remove(row);
                    }
                }
            }
            kv.transact_write_items(&TransactWriteItemsRequest { transact_items, ..Default::default() }).unwrap();
        }
    }
}

/// What an index must hold: the items with its key attributes, and of those what it copies.
fn expected(model: &BTreeMap<i64, Item>, keys: &[&str], copies: Option<&[&str]>) -> Vec<Item> {
    let copied = |item: &Item| match copies {
        None => item.clone(),
        Some(names) => {
            let kept = ["pk", "sk"].iter().chain(keys).chain(names).copied().collect::<BTreeSet<_>>();
            item.iter().filter(|(name, _)| kept.contains(name.as_str())).map(|(a, b)| (a.clone(), b.clone())).collect()
        }
    };
    let has_keys = |item: &&Item| keys.iter().all(|key| item.contains_key(*key));
    sorted(model.values().filter(has_keys).map(copied).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn after_every_write_each_index_holds_what_the_items_say(writes in proptest::collection::vec(writes(), 1..60)) {
        let kv = kv_with_orders();
        let mut model = BTreeMap::new();
        for write in &writes {
            apply(&kv, &mut model, write);
            prop_assert_eq!(everything(&kv, "by-total"), expected(&model, &["cost"], Some(&[])));
            prop_assert_eq!(everything(&kv, "by-day"), expected(&model, &["day", "cost"], None));
            prop_assert_eq!(everything(&kv, "by-flag"), expected(&model, &["flag"], Some(&["note"])));
        }
        // The same items, by way of queries a page of two at a time, in order of the sort key.
        for day in 0..4 {
            let request = QueryRequest {
                expression_attribute_names: names([("#d", "day")]),
                limit: Some(2),
                ..on("by-day", "#d = :d", item([(":d", s(&format!("d{day}")))]))
            };
            let items = all_pages(&kv, request);
            let totals: Vec<_> = items.iter().map(|item| item["cost"].clone()).collect();
            let in_order = |pair: &[AttributeValue]| matches!(pair, [AttributeValue::N(a), AttributeValue::N(b)] if a <= b);
            prop_assert!(totals.windows(2).all(in_order), "{:?}", totals);
            let of_day: BTreeMap<i64, Item> =
                model.iter().filter(|(_, item)| item.get("day") == Some(&s(&format!("d{day}")))).map(|(a, b)| (*a, b.clone())).collect();
            prop_assert_eq!(sorted(items), expected(&of_day, &["day", "cost"], None));
        }
        let mut scanned = Vec::new();
        for segment in 0..3 {
            let mut request = ScanRequest {
                index_name: Some("by-flag".into()),
                segment: Some(segment),
                total_segments: Some(3),
                limit: Some(1),
                ..scan("orders")
            };
            loop {
                let page = kv.scan(&request).unwrap();
                scanned.extend(page.items.unwrap());
                request.exclusive_start_key = page.last_evaluated_key;
                if request.exclusive_start_key.is_none() {
                    break;
                }
            }
        }
        prop_assert_eq!(sorted(scanned), everything(&kv, "by-flag"));
    }
}
