use millpond_kv::Error;
use millpond_kv::model::*;

use crate::support::*;

#[test]
fn operations_join_the_callers_transaction_and_see_its_writes() {
    let kv = kv_with_tables();
    let key = || item([("pk", s("a")), ("sk", n(1))]);
    let values = || item([(":pk", s("a"))]);
    kv.engine()
        .transact(|tx| {
            kv.create_table_in(tx, &create("fresh", &[("pk", ScalarAttributeType::S)]))?;
            kv.put_item_in(tx, &put("fresh", item([("pk", s("x"))])))?;
            kv.put_item_in(tx, &put("range", key()))?;
            assert_eq!(kv.get_item_in(tx, &get("range", key()))?.item, Some(key()));
            assert_eq!(kv.query_in(tx, &query("range", "pk = :pk", values()))?.count, 1);
            assert_eq!(kv.scan_in(tx, &scan("fresh"))?.count, 1);
            assert_eq!(kv.query(&query("range", "pk = :pk", values()))?.count, 0, "others do not see it yet");
            Ok::<(), Error>(())
        })
        .unwrap();
    assert_eq!(fetch(&kv, "range", key()), Some(key()));
    assert_eq!(fetch(&kv, "fresh", item([("pk", s("x"))])), Some(item([("pk", s("x"))])));
}

#[test]
fn a_failed_transaction_leaves_no_trace_in_any_table() {
    let kv = kv_with_tables();
    let failed = kv.engine().transact(|tx| {
        kv.put_item_in(tx, &put("hash", item([("pk", s("a"))])))?;
        kv.delete_table_in(tx, &DeleteTableRequest { table_name: "range".into() })?;
        let never = PutItemRequest {
            condition_expression: Some("attribute_exists(pk)".into()),
            ..put("hash", item([("pk", s("b"))]))
        };
        kv.put_item_in(tx, &never)
    });
    assert_fails(failed, "ConditionalCheckFailedException", "The conditional request failed");
    assert_eq!(kv.scan(&scan("hash")).unwrap().count, 0);
    assert_eq!(kv.scan(&scan("range")).unwrap().count, 0);
}

#[test]
fn a_transfer_between_tables_by_many_threads_keeps_the_sum() {
    let kv = kv_with_tables();
    let account = |name: &str| item([("pk", s(name))]);
    for name in ["a", "b"] {
        let mut row = account(name);
        row.insert("balance".into(), n(1000));
        kv.put_item(&put("hash", row)).unwrap();
    }
    let change = |name: &str, by: i64| UpdateItemRequest {
        expression_attribute_values: Some(item([(":by", n(by))])),
        ..update("hash", account(name), "ADD balance :by")
    };
    std::thread::scope(|scope| {
        for (from, to) in [("a", "b"), ("b", "a"), ("a", "b")] {
            let (kv, change) = (&kv, &change);
            scope.spawn(move || {
                for amount in 1..=40 {
                    let transfer = kv.engine().transact(|tx| {
                        kv.update_item_in(tx, &change(from, -amount))?;
                        kv.update_item_in(tx, &change(to, amount))
                    });
                    transfer.unwrap();
                }
            });
        }
    });
    let moved: i64 = (1..=40).sum();
    assert_eq!(fetch(&kv, "hash", account("a")).unwrap()["balance"], n(1000 - moved));
    assert_eq!(fetch(&kv, "hash", account("b")).unwrap()["balance"], n(1000 + moved));
}

#[test]
fn a_table_deleted_by_one_transaction_fails_the_write_of_another() {
    let kv = kv_with_tables();
    let mut attempts = 0;
    let result = kv.engine().transact(|tx| {
        attempts += 1;
        kv.get_item_in(tx, &get("hash", item([("pk", s("a"))])))?;
        if attempts == 1 {
            std::thread::scope(|scope| {
                scope.spawn(|| kv.delete_table(&DeleteTableRequest { table_name: "hash".into() }).unwrap());
            });
        }
        kv.put_item_in(tx, &put("hash", item([("pk", s("a"))])))
    });
    assert_fails(result, "ResourceNotFoundException", "Requested resource not found");
    assert_eq!(attempts, 2, "the first attempt conflicts with the deletion");
}
