use millpond_kv::Error;
use millpond_kv::model::*;

use crate::support::*;

#[test]
fn a_put_with_a_failed_condition_changes_nothing() {
    let kv = kv_with_tables();
    let create = |x| PutItemRequest {
        condition_expression: Some("attribute_not_exists(pk)".into()),
        ..put("hash", item([("pk", s("a")), ("x", n(x))]))
    };
    kv.put_item(&create(1)).unwrap();
    assert_fails(kv.put_item(&create(2)), "ConditionalCheckFailedException", "The conditional request failed");
    assert_eq!(fetch(&kv, "hash", item([("pk", s("a"))])).unwrap()["x"], n(1));
}

#[test]
fn a_failed_condition_gives_back_the_present_item_when_asked() {
    let kv = kv_with_tables();
    let present = item([("pk", s("a")), ("x", n(1))]);
    kv.put_item(&put("hash", present.clone())).unwrap();
    let failed = |on_failure, pk: &str| {
        let request = DeleteItemRequest {
            condition_expression: Some("x = :two".into()),
            expression_attribute_values: Some(item([(":two", n(2))])),
            return_values_on_condition_check_failure: on_failure,
            ..delete("hash", item([("pk", s(pk))]))
        };
        match kv.delete_item(&request).unwrap_err() {
            Error::ConditionalCheckFailed { item } => item,
            other => panic!("{other}"),
        }
    };
    assert_eq!(failed(ReturnValuesOnConditionCheckFailure::AllOld, "a"), Some(present.clone()));
    assert_eq!(failed(ReturnValuesOnConditionCheckFailure::None, "a"), None);
    assert_eq!(failed(ReturnValuesOnConditionCheckFailure::AllOld, "missing"), None);
    assert_eq!(fetch(&kv, "hash", item([("pk", s("a"))])), Some(present));
}

#[test]
fn conditional_updates_of_one_counter_by_many_threads_lose_none() {
    let kv = kv_with_tables();
    let threads = 4;
    let rounds = 50;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..rounds {
                    let add = UpdateItemRequest {
                        expression_attribute_values: Some(item([(":one", n(1))])),
                        ..update("hash", item([("pk", s("counter"))]), "ADD hits :one")
                    };
                    kv.update_item(&add).unwrap();
                }
            });
        }
    });
    assert_eq!(fetch(&kv, "hash", item([("pk", s("counter"))])).unwrap()["hits"], n(threads * rounds));
}

#[test]
fn only_one_of_many_creators_wins() {
    let kv = kv_with_tables();
    let winners: usize = std::thread::scope(|scope| {
        let create = |thread: i64| {
            let kv = &kv;
            scope.spawn(move || {
                let request = PutItemRequest {
                    condition_expression: Some("attribute_not_exists(pk)".into()),
                    ..put("hash", item([("pk", s("a")), ("by", n(thread))]))
                };
                usize::from(kv.put_item(&request).is_ok())
            })
        };
        let threads: Vec<_> = (0..4).map(create).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(winners, 1);
}
