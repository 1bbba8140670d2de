//! TransactWriteItems and TransactGetItems.

use std::time::Duration;

use millpond_kv::model::*;
use millpond_kv::{Error, Item, Kv};

use crate::support::*;

fn key(name: &str) -> Item {
    item([("pk", s(name))])
}

fn counted(name: &str, count: i64) -> Item {
    item([("pk", s(name)), ("count", n(count))])
}

fn write(transact_items: Vec<TransactWriteItem>) -> TransactWriteItemsRequest {
    TransactWriteItemsRequest { transact_items, ..Default::default() }
}

fn put_action(item: Item) -> TransactWriteItem {
    TransactWriteItem::Put(put("hash", item))
}

fn put_new(item: Item) -> TransactWriteItem {
    TransactWriteItem::Put(PutItemRequest {
        condition_expression: Some("attribute_not_exists(pk)".into()),
        return_values_on_condition_check_failure: ReturnValuesOnConditionCheckFailure::AllOld,
        ..put("hash", item)
    })
}

fn add(name: &str, by: i64) -> TransactWriteItem {
    TransactWriteItem::Update(UpdateItemRequest {
        expression_attribute_values: Some(item([(":by", n(by))])),
        expression_attribute_names: names([("#count", "count")]),
        ..update("hash", key(name), "ADD #count :by")
    })
}

fn check(name: &str, condition: &str) -> TransactWriteItem {
    TransactWriteItem::ConditionCheck(ConditionCheck {
        table_name: "hash".into(),
        key: key(name),
        condition_expression: condition.into(),
        ..Default::default()
    })
}

fn codes(error: &Error) -> Vec<CancellationCode> {
    match error {
        Error::TransactionCanceled { reasons } => reasons.iter().map(|reason| reason.code).collect(),
        other => panic!("{other}"),
    }
}

fn all(kv: &Kv) -> Vec<Item> {
    let mut items = kv.scan(&scan("hash")).unwrap().items.unwrap();
    items.sort_by_key(|item| format!("{:?}", item["pk"]));
    items
}

#[test]
fn all_actions_happen_together() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", counted("deleted", 1))).unwrap();
    kv.put_item(&put("hash", counted("updated", 1))).unwrap();
    let other = TransactWriteItem::Put(put("range", item([("pk", s("a")), ("sk", n(1))])));
    let request = TransactWriteItemsRequest {
        return_consumed_capacity: ReturnConsumedCapacity::Indexes,
        ..write(vec![
            put_new(counted("put", 1)),
            TransactWriteItem::Delete(delete("hash", key("deleted"))),
            add("updated", 5),
            check("absent", "attribute_not_exists(pk)"),
            other,
        ])
    };
    let output = kv.transact_write_items(&request).unwrap();
    assert_eq!(all(&kv), [counted("put", 1), counted("updated", 6)]);
    assert_eq!(kv.scan(&scan("range")).unwrap().count, 1);
    let consumed = output.consumed_capacity.unwrap();
    let units: Vec<_> = consumed.iter().map(|it| (it.table_name.as_str(), it.capacity_units)).collect();
    assert_eq!(units, [("hash", 8.0), ("range", 2.0)], "each action is charged twice");
    assert_eq!(consumed[0].write_capacity_units, Some(8.0));
    assert_eq!(consumed[0].table.unwrap().write_capacity_units, Some(8.0));
}

#[test]
fn one_action_that_cannot_be_done_cancels_all_and_each_says_why() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", counted("there", 1))).unwrap();
    kv.put_item(&put("hash", item([("pk", s("text")), ("count", s("x"))]))).unwrap();
    let before = all(&kv);
    let actions = vec![
        put_action(counted("new", 1)),
        put_new(counted("there", 2)),
        check("absent", "attribute_exists(pk)"),
        add("text", 1),
        TransactWriteItem::Delete(delete("hash", item([("other", s("x"))]))),
        put_action(item([("count", n(1))])),
    ];
    let error = kv.transact_write_items(&write(actions)).unwrap_err();
    assert_eq!(error.code(), "TransactionCanceledException");
    assert_eq!(
        error.to_string(),
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, \
         ConditionalCheckFailed, ValidationError, ValidationError, ValidationError]"
    );
    let Error::TransactionCanceled { reasons } = error else { panic!() };
    let messages: Vec<_> = reasons.iter().map(|reason| reason.message.as_deref()).collect();
    assert_eq!(
        messages,
        [
            None,
            Some("The conditional request failed"),
            Some("The conditional request failed"),
            Some("An operand in the update expression has an incorrect data type"),
            Some("The provided key element does not match the schema"),
            Some("One or more parameter values were invalid: Missing the key pk in the item"),
        ]
    );
    let items: Vec<_> = reasons.into_iter().map(|reason| reason.item).collect();
    assert_eq!(items, [None, Some(counted("there", 1)), None, None, None, None], "only where it was asked for");
    assert_eq!(all(&kv), before);
}

#[test]
fn conditions_see_what_was_there_before_the_transaction() {
    let kv = kv_with_tables();
    let actions = vec![put_action(counted("a", 1)), check("b", "attribute_not_exists(pk)")];
    kv.transact_write_items(&write(actions)).unwrap();
    let swap = vec![
        TransactWriteItem::Delete(delete("hash", key("a"))),
        TransactWriteItem::Put(PutItemRequest {
            condition_expression: Some("attribute_not_exists(pk)".into()),
            ..put("hash", counted("b", 1))
        }),
    ];
    kv.transact_write_items(&write(swap)).unwrap();
    assert_eq!(all(&kv), [counted("b", 1)]);
}

#[test]
fn wrong_requests_get_the_services_texts() {
    let kv = kv_with_tables();
    let run = |actions| kv.transact_write_items(&write(actions));
    assert_invalid(
        run(vec![]),
        "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length \
         greater than or equal to 1",
    );
    let many = (0..101).map(|number| put_action(counted(&number.to_string(), 1))).collect();
    assert_invalid(
        run(many),
        "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less \
         than or equal to 100",
    );
    let twice = "Transaction request cannot include multiple operations on one item";
    assert_invalid(run(vec![put_action(counted("a", 1)), add("a", 1)]), twice);
    assert_invalid(run(vec![check("a", "attribute_exists(pk)"), add("a", 1)]), twice);
    let absent = TransactWriteItem::Put(put("absent", counted("a", 1)));
    assert_fails(
        run(vec![put_action(counted("a", 1)), absent]),
        "ResourceNotFoundException",
        "Requested resource not found",
    );
    assert_invalid(
        run(vec![check("a", "!!")]),
        "Invalid ConditionExpression: Syntax error; token: \"!\", near: \"!!\"",
    );
    let no_update =
        TransactWriteItem::Update(UpdateItemRequest { table_name: "hash".into(), key: key("a"), ..Default::default() });
    assert_invalid(
        run(vec![put_action(counted("b", 1)), no_update]),
        "1 validation error detected: Value null at 'transactItems.2.member.update.updateExpression' failed to satisfy \
         constraint: Member must not be null",
    );
    let mut large = key("large");
    large.insert("body".into(), s(&"x".repeat(409_600)));
    assert_invalid(run(vec![put_action(large)]), "Item size has exceeded the maximum allowed size");
    assert_eq!(all(&kv), Vec::<Item>::new());
}

#[test]
fn an_update_that_outgrows_its_item_cancels_and_4_megabytes_are_the_most() {
    let kv = kv_with_tables();
    let body = |name: &str, bytes: usize| item([("pk", s(name)), ("body", s(&"x".repeat(bytes)))]);
    kv.put_item(&put("hash", body("big", 409_000))).unwrap();
    let grow = TransactWriteItem::Update(UpdateItemRequest {
        expression_attribute_values: Some(item([(":more", s(&"y".repeat(1_000)))])),
        ..update("hash", key("big"), "SET more = :more")
    });
    let error = kv.transact_write_items(&write(vec![grow])).unwrap_err();
    assert_eq!(codes(&error), [CancellationCode::ValidationError]);

    let puts = |count: usize| (0..count).map(|at| put_action(body(&format!("{at:02}"), 400_000))).collect();
    let refused = kv.transact_write_items(&write(puts(11))).unwrap_err();
    assert_eq!(refused.code(), "ValidationException");
    kv.transact_write_items(&write(puts(10))).unwrap();
    let gets = |count: usize| TransactGetItemsRequest {
        transact_items: (0..count).map(|at| get("hash", key(&format!("{at:02}")))).collect(),
        ..Default::default()
    };
    assert_eq!(kv.transact_get_items(&gets(10)).unwrap().responses.iter().flatten().count(), 10);
    kv.put_item(&put("hash", body("10", 400_000))).unwrap();
    assert_eq!(kv.transact_get_items(&gets(11)).unwrap_err().code(), "ValidationException");
}

#[test]
fn a_token_makes_a_repeated_request_harmless_for_ten_minutes() {
    let kv = kv_with_tables();
    let request = |by| TransactWriteItemsRequest {
        client_request_token: Some("token".into()),
        return_consumed_capacity: ReturnConsumedCapacity::Total,
        ..write(vec![add("a", by)])
    };
    let first = kv.transact_write_items(&request(1)).unwrap().consumed_capacity.unwrap();
    assert_eq!((first[0].write_capacity_units, first[0].read_capacity_units), (Some(2.0), None));
    let again = kv.transact_write_items(&request(1)).unwrap().consumed_capacity.unwrap();
    assert_eq!((again[0].write_capacity_units, again[0].read_capacity_units), (None, Some(2.0)));
    assert_eq!(all(&kv), [counted("a", 1)]);
    let other = kv.transact_write_items(&request(2)).unwrap_err();
    assert_eq!(other.code(), "IdempotentParameterMismatchException");

    kv.engine().clock().advance(Duration::from_millis(599_999)).unwrap();
    kv.transact_write_items(&request(1)).unwrap();
    assert_eq!(all(&kv), [counted("a", 1)]);
    kv.engine().clock().advance(Duration::from_millis(1)).unwrap();
    kv.transact_write_items(&request(2)).unwrap();
    assert_eq!(all(&kv), [counted("a", 3)]);
    for token in ["", &"x".repeat(37)] {
        let request = TransactWriteItemsRequest { client_request_token: Some(token.into()), ..request(1) };
        assert_eq!(kv.transact_write_items(&request).unwrap_err().code(), "ValidationException");
    }
}

#[test]
fn a_cancelled_transaction_does_not_use_up_its_token() {
    let kv = kv_with_tables();
    let request = TransactWriteItemsRequest {
        client_request_token: Some("token".into()),
        ..write(vec![check("a", "attribute_exists(pk)"), put_action(counted("b", 1))])
    };
    kv.transact_write_items(&request).unwrap_err();
    kv.put_item(&put("hash", counted("a", 1))).unwrap();
    kv.transact_write_items(&request).unwrap();
    assert_eq!(all(&kv).len(), 2);
}

#[test]
fn expired_tokens_are_removed() {
    let kv = kv_with_tables();
    let tokens = kv.engine().keyspace("kv.tokens").unwrap();
    let rows = || {
        let all = millpond_engine::RangeRequest::all().limit(10_000);
        kv.engine().snapshot().unwrap().range(&tokens, &all).unwrap().entries.len()
    };
    for number in 0..1_200 {
        let request = TransactWriteItemsRequest {
            client_request_token: Some(format!("token {number}")),
            ..write(vec![add("a", 1)])
        };
        kv.transact_write_items(&request).unwrap();
    }
    assert_eq!(rows(), 2_400);
    kv.engine().clock().advance(Duration::from_secs(601)).unwrap();
    let last = TransactWriteItemsRequest { client_request_token: Some("last".into()), ..write(vec![add("a", 1)]) };
    kv.engine().transact(|_| kv.transact_write_items(&last)).unwrap();
    assert_eq!(rows(), 2_402, "within a transaction of the caller's none are removed");
    kv.transact_write_items(&last).unwrap();
    assert_eq!(rows(), 2, "only the last one's are left");
    kv.engine().clock().advance(Duration::from_secs(601)).unwrap();
    Kv::open(kv.engine()).unwrap();
    assert_eq!(rows(), 0, "a new handle removes them too");
}

#[test]
fn items_are_read_as_one_moment_saw_them_in_the_order_asked() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", counted("a", 1))).unwrap();
    kv.put_item(&put("range", item([("pk", s("b")), ("sk", n(2))]))).unwrap();
    let request = TransactGetItemsRequest {
        transact_items: vec![
            get("range", item([("pk", s("b")), ("sk", n(2))])),
            get("hash", key("absent")),
            GetItemRequest {
                projection_expression: Some("#count".into()),
                expression_attribute_names: names([("#count", "count")]),
                ..get("hash", key("a"))
            },
        ],
        return_consumed_capacity: ReturnConsumedCapacity::Total,
    };
    let output = kv.transact_get_items(&request).unwrap();
    let found = [Some(item([("pk", s("b")), ("sk", n(2))])), None, Some(item([("count", n(1))]))];
    assert_eq!(output.responses, found);
    let consumed = output.consumed_capacity.unwrap();
    let units: Vec<_> = consumed.iter().map(|it| (it.table_name.as_str(), it.read_capacity_units)).collect();
    assert_eq!(units, [("hash", Some(4.0)), ("range", Some(2.0))]);

    let wrong = TransactGetItemsRequest {
        transact_items: vec![get("hash", key("a")), get("range", key("b"))],
        ..Default::default()
    };
    let error = kv.transact_get_items(&wrong).unwrap_err();
    assert_eq!(codes(&error), [CancellationCode::None, CancellationCode::ValidationError]);
}

#[test]
fn transactions_of_many_threads_keep_the_sum() {
    let kv = kv_with_tables();
    for name in ["a", "b", "c"] {
        kv.put_item(&put("hash", counted(name, 100))).unwrap();
    }
    std::thread::scope(|scope| {
        for (from, to) in [("a", "b"), ("b", "c"), ("c", "a"), ("b", "a")] {
            let kv = &kv;
            scope.spawn(move || {
                for amount in 1..=30 {
                    kv.transact_write_items(&write(vec![add(from, -amount), add(to, amount)])).unwrap();
                }
            });
        }
    });
    let moved: i64 = (1..=30).sum();
    assert_eq!(all(&kv), [counted("a", 100 + moved), counted("b", 100 - moved), counted("c", 100)]);
}

#[test]
fn inside_a_full_transaction_an_operation_leaves_no_half_of_itself() {
    let kv = kv_with_tables();
    let other = kv.engine().keyspace("other").unwrap();
    let room = 3;
    kv.engine()
        .transact(|tx| -> Result<(), Error> {
            for number in 0..kv.engine().limits().transaction_operations - room {
                tx.put(&other, number.to_be_bytes().to_vec(), "")?;
            }
            let actions = (0..5).map(|number| put_action(counted(&number.to_string(), 1))).collect();
            assert!(matches!(kv.transact_write_items_in(tx, &write(actions)), Err(Error::Engine(_))));
            let writes = (0..5).map(|number| WriteRequest::Put { item: counted(&number.to_string(), 1) }).collect();
            let batch =
                BatchWriteItemRequest { request_items: [("hash".to_owned(), writes)].into(), ..Default::default() };
            assert!(matches!(kv.batch_write_item_in(tx, &batch), Err(Error::Engine(_))));
            kv.transact_write_items_in(tx, &write(vec![put_action(counted("fits", 1))]))?;
            Ok(())
        })
        .unwrap();
    assert_eq!(all(&kv), [counted("fits", 1)]);
}

#[test]
fn inside_a_transaction_of_the_caller_a_cancelled_one_writes_nothing() {
    let kv = kv_with_tables();
    kv.engine()
        .transact(|tx| -> Result<(), Error> {
            kv.put_item_in(tx, &put("hash", counted("outer", 1)))?;
            let cancelled = write(vec![put_action(counted("inner", 1)), check("outer", "attribute_not_exists(pk)")]);
            assert!(kv.transact_write_items_in(tx, &cancelled).is_err());
            kv.transact_write_items_in(tx, &write(vec![add("outer", 1)]))?;
            let read =
                TransactGetItemsRequest { transact_items: vec![get("hash", key("outer"))], ..Default::default() };
            assert_eq!(kv.transact_get_items_in(tx, &read)?.responses, [Some(counted("outer", 2))]);
            Ok(())
        })
        .unwrap();
    assert_eq!(all(&kv), [counted("outer", 2)]);
}
