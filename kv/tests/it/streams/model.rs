//! Random writes from several threads: what the stream says happened, done again, makes the same table.

use std::collections::BTreeMap;
use std::thread;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Write {
    Put(u8, i64),
    Add(u8, i64),
    Delete(u8),
    Both(u8, u8, i64),
    Wait(u64),
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let row = 0_u8..6;
    let write = prop_oneof![
        3 => (row.clone(), 0..3_i64).prop_map(|(row, value)| Write::Put(row, value)),
        2 => (row.clone(), -1..2_i64).prop_map(|(row, value)| Write::Add(row, value)),
        2 => row.clone().prop_map(Write::Delete),
        1 => (row, 0..3_i64).prop_map(|(row, value)| Write::Both(row, row + 6, value)),
        1 => (0..3_600_u64).prop_map(Write::Wait),
    ];
    prop::collection::vec(write, 1..25)
}

fn pk(row: u8) -> String {
    format!("row {row}")
}

fn write(kv: &Kv, write: &Write) {
    match write {
        Write::Put(row, value) => drop(kv.put_item(&put("hash", of(&pk(*row), *value))).unwrap()),
        Write::Add(row, value) => {
            let request = UpdateItemRequest {
                expression_attribute_names: names([("#v", "value")]),
                expression_attribute_values: Some(item([(":v", n(*value))])),
                ..update("hash", key(&pk(*row)), "ADD #v :v")
            };
            kv.update_item(&request).unwrap();
        }
        Write::Delete(row) => drop(kv.delete_item(&delete("hash", key(&pk(*row)))).unwrap()),
        Write::Both(one, other, value) => {
            let transact_items = vec![
                TransactWriteItem::Put(put("hash", of(&pk(*one), *value))),
                TransactWriteItem::Delete(delete("hash", key(&pk(*other)))),
            ];
            kv.transact_write_items(&TransactWriteItemsRequest { transact_items, ..Default::default() }).unwrap();
        }
        Write::Wait(secs) => kv.engine().clock().advance(Duration::from_secs(*secs)).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_stream_tells_all_that_happened(threads in prop::collection::vec(writes(), 1..4)) {
        let kv = kv_with_stream(ALL);
        thread::scope(|scope| {
            for writes in &threads {
                let kv = &kv;
                scope.spawn(move || writes.iter().for_each(|it| write(kv, it)));
            }
        });
        let mut replayed: BTreeMap<String, Item> = BTreeMap::new();
        for record in records(&kv, &arn(&kv, "hash")) {
            let key = format!("{:?}", record.keys);
            prop_assert_eq!(replayed.get(&key), record.old_image.as_ref(), "it was told what was before it");
            prop_assert_ne!(&record.old_image, &record.new_image);
            match record.new_image {
                Some(image) => replayed.insert(key, image),
                None => replayed.remove(&key),
            };
        }
        let items = kv.scan(&scan("hash")).unwrap().items.unwrap();
        let items: BTreeMap<String, Item> =
            items.into_iter().map(|it| (format!("{:?}", item([("pk", it["pk"].clone())])), it)).collect();
        prop_assert_eq!(replayed, items);
    }
}
