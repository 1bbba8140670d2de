//! What an index holds after writes, and how it is read.

use super::*;

#[test]
fn an_index_follows_its_table_through_every_kind_of_write() {
    let kv = kv_with_orders();
    let first = order("a", 1, &[("day", s("mon")), ("cost", n(10)), ("x", n(1))]);
    kv.put_item(&put("orders", first.clone())).unwrap();
    assert_eq!(everything(&kv, "by-day"), [first]);
    assert_eq!(everything(&kv, "by-flag"), Vec::<Item>::new(), "an item without the key attribute is not in it");

    let moved = order("a", 1, &[("day", s("tue")), ("cost", n(10))]);
    kv.put_item(&put("orders", moved)).unwrap();
    let monday = on("by-day", "#d = :d", item([(":d", s("mon"))]));
    let monday = QueryRequest { expression_attribute_names: names([("#d", "day")]), ..monday };
    assert_eq!(found(&kv, &monday), Vec::<Item>::new(), "the entry under the old key is gone");

    let request = UpdateItemRequest {
        expression_attribute_values: Some(item([(":f", s("urgent")), (":n", s("soon"))])),
        ..update("orders", item([("pk", s("a")), ("sk", n(1))]), "SET flag = :f, note = :n, extra = :n REMOVE cost")
    };
    kv.update_item(&request).unwrap();
    assert_eq!(everything(&kv, "by-day"), Vec::<Item>::new(), "the sort key is gone");
    assert_eq!(everything(&kv, "by-flag"), [order("a", 1, &[("flag", s("urgent")), ("note", s("soon"))])]);

    let second = order("b", 2, &[("flag", s("urgent"))]);
    let writes = vec![
        WriteRequest::Put { item: second.clone() },
        WriteRequest::Delete { key: item([("pk", s("a")), ("sk", n(1))]) },
    ];
    let request_items = BTreeMap::from([("orders".to_owned(), writes)]);
    kv.batch_write_item(&BatchWriteItemRequest { request_items, ..Default::default() }).unwrap();
    assert_eq!(everything(&kv, "by-flag"), [second]);

    let transact_items = vec![
        TransactWriteItem::Delete(delete("orders", item([("pk", s("b")), ("sk", n(2))]))),
        TransactWriteItem::Put(put("orders", order("c", 3, &[("cost", n(1)), ("day", s("wed"))]))),
    ];
    kv.transact_write_items(&TransactWriteItemsRequest { transact_items, ..Default::default() }).unwrap();
    assert_eq!(everything(&kv, "by-flag"), Vec::<Item>::new());
    assert_eq!(everything(&kv, "by-total"), [order("c", 3, &[("cost", n(1))])]);
    kv.delete_item(&delete("orders", item([("pk", s("c")), ("sk", n(3))]))).unwrap();
    for index in ["by-total", "by-day", "by-flag"] {
        assert_eq!(everything(&kv, index), Vec::<Item>::new(), "{index}");
    }
}

#[test]
fn a_failed_condition_leaves_the_indexes_alone() {
    let kv = kv_with_orders();
    let before = order("a", 1, &[("flag", s("x"))]);
    kv.put_item(&put("orders", before.clone())).unwrap();
    let request = PutItemRequest {
        condition_expression: Some("attribute_not_exists(pk)".into()),
        ..put("orders", order("a", 1, &[("flag", s("y"))]))
    };
    kv.put_item(&request).unwrap_err();
    assert_eq!(everything(&kv, "by-flag"), [before]);
}

#[test]
fn an_index_is_queried_by_every_condition_in_both_directions() {
    let kv = kv_with_orders();
    // Three items of each cost, whose order among each other is the index's own affair.
    for total in -3..=3 {
        for sk in 0..3 {
            kv.put_item(&put("orders", order("a", total * 10 + sk, &[("day", s("mon")), ("cost", n(total))]))).unwrap();
        }
    }
    kv.put_item(&put("orders", order("b", 0, &[("day", s("tue")), ("cost", n(0))]))).unwrap();
    let totals = |condition: &str, low: i64, high: i64, forward: bool, limit: Option<i64>| {
        let mut values = item([(":d", s("mon"))]);
        for (name, value) in [(":l", low), (":h", high)] {
            if condition.contains(name) {
                values.insert(name.into(), n(value));
            }
        }
        let request = QueryRequest {
            expression_attribute_names: names([("#d", "day")]),
            scan_index_forward: Some(forward),
            limit,
            ..on("by-day", &format!("#d = :d{condition}"), values)
        };
        let items = all_pages(&kv, request);
        let rows: BTreeSet<_> = items.iter().map(|item| format!("{:?}", item["sk"])).collect();
        assert_eq!(rows.len(), items.len(), "no item comes twice");
        items
            .iter()
            .map(|item| match &item["cost"] {
                AttributeValue::N(total) => total.to_i128().unwrap() as i64,
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    for forward in [true, false] {
        for limit in [None, Some(1), Some(2), Some(4)] {
            for (condition, low, high, expected) in [
                ("", 0, 0, -3..=3),
                (" AND cost = :l", 1, 0, 1..=1),
                (" AND cost < :l", 1, 0, -3..=0),
                (" AND cost <= :l", 1, 0, -3..=1),
                (" AND cost > :l", 1, 0, 2..=3),
                (" AND cost >= :l", 1, 0, 1..=3),
                (" AND cost BETWEEN :l AND :h", -1, 1, -1..=1),
            ] {
                let mut expected: Vec<i64> = expected.flat_map(|total| [total; 3]).collect();
                if !forward {
                    expected.reverse();
                }
                assert_eq!(totals(condition, low, high, forward, limit), expected, "{condition} {forward} {limit:?}");
            }
        }
    }
}

#[test]
fn begins_with_on_an_index_finds_just_what_begins_so() {
    let kv = kv();
    let mut request = create("orders", &[("pk", ScalarAttributeType::S)]);
    request
        .attribute_definitions
        .extend([definition("group", ScalarAttributeType::S), definition("path", ScalarAttributeType::S)]);
    request.global_secondary_indexes =
        Some(vec![global("by-path", "group", Some("path"), projection(ProjectionType::KeysOnly, &[]))]);
    kv.create_table(&request).unwrap();
    let paths = ["a", "a\0", "a\0\0", "a\0b", "ab", "abcdefgh", "abcdefghi", "abcdefgh\0", "b"];
    for path in paths {
        kv.put_item(&put("orders", item([("pk", s(path)), ("group", s("g")), ("path", s(path))]))).unwrap();
    }
    for start in ["a", "a\0", "a\0\0", "ab", "abcdefgh", "abcdefgh\0", "abcdefghi", "b", "c"] {
        let request = QueryRequest {
            expression_attribute_names: names([("#g", "group"), ("#p", "path")]),
            ..on("by-path", "#g = :g AND begins_with(#p, :p)", item([(":g", s("g")), (":p", s(start))]))
        };
        let items = found(&kv, &request);
        let mut expected: Vec<_> = paths.iter().filter(|path| path.starts_with(start)).map(|path| s(path)).collect();
        expected.sort_by_key(|path| format!("{path:?}"));
        let mut paths: Vec<_> = items.iter().map(|item| item["path"].clone()).collect();
        paths.sort_by_key(|path| format!("{path:?}"));
        assert_eq!(paths, expected, "{start:?}");
    }
}

#[test]
fn a_local_index_fetches_what_it_does_not_hold_and_a_global_one_refuses() {
    let kv = kv_with_orders();
    let whole = order("a", 1, &[("cost", n(5)), ("flag", s("f")), ("note", s("n")), ("x", n(9))]);
    kv.put_item(&put("orders", whole.clone())).unwrap();
    let total = || on("by-total", "pk = :p", item([(":p", s("a"))]));
    let flag = || on("by-flag", "flag = :f", item([(":f", s("f"))]));
    let keys = order("a", 1, &[("cost", n(5))]);
    assert_eq!(found(&kv, &total()), [keys]);
    assert_eq!(found(&kv, &QueryRequest { select: Some(Select::AllAttributes), ..total() }), [whole]);
    let x = QueryRequest { projection_expression: Some("x".into()), ..total() };
    assert_eq!(found(&kv, &x), [item([("x", n(9))])]);
    let filtered = QueryRequest {
        filter_expression: Some("x = :x".into()),
        expression_attribute_values: Some(item([(":p", s("a")), (":x", n(9))])),
        ..total()
    };
    assert_eq!(kv.query(&filtered).unwrap().count, 1);

    assert_eq!(found(&kv, &flag()), [order("a", 1, &[("flag", s("f")), ("note", s("n"))])]);
    assert_invalid(
        kv.query(&QueryRequest { select: Some(Select::AllAttributes), ..flag() }),
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary \
         index by-flag because its projection type is not ALL",
    );
    assert_invalid(
        kv.query(&QueryRequest { projection_expression: Some("pk, x.y, note, cost, x.z".into()), ..flag() }),
        "One or more parameter values were invalid: Global secondary index by-flag does not project [cost, x]",
    );
    assert_invalid(
        kv.query(&QueryRequest { consistent_read: true, ..flag() }),
        "Consistent reads are not supported on global secondary indexes",
    );
    assert_invalid(
        kv.query(&on("nowhere", "pk = :p", item([(":p", s("a"))]))),
        "The table does not have the specified index: nowhere",
    );
}

#[test]
fn typed_values_are_found_by_an_index() {
    #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq, Clone)]
    struct Order {
        pk: String,
        sk: i64,
        cost: i64,
        day: String,
    }
    let kv = kv_with_orders();
    let table = kv.table::<Order>("orders").unwrap();
    // More than one page of the index.
    let orders: Vec<Order> =
        (0..1500).map(|sk| Order { pk: "a".into(), sk, cost: 2000 - sk, day: "mon".repeat(300) }).collect();
    orders.iter().for_each(|order| table.put(order).unwrap());
    let day = "mon".repeat(300);
    let found = |query: millpond_kv::typed::Query<Order>| query.collect::<Result<Vec<_>, _>>().unwrap();
    let by_day = || table.query_index("by-day", &day).unwrap();
    assert_eq!(found(by_day().reverse()), orders);
    assert_eq!(found(by_day().greater(&1990).unwrap()).len(), 10);
    assert_eq!(found(by_day().limit(3)).iter().map(|order| order.cost).collect::<Vec<_>>(), [501, 502, 503]);
    // A local index holds the keys only, and fetches the rest.
    assert_eq!(
        found(table.query_index("by-total", &"a").unwrap().between(&1999, &2000).unwrap()),
        [orders[1].clone(), orders[0].clone()]
    );
    assert_invalid(table.query_index("nowhere", &"a"), "The table does not have the specified index: nowhere");
    let rest = {
        let mut query = by_day();
        query.next().unwrap().unwrap();
        kv.update_table(&change(vec![GlobalSecondaryIndexUpdate::Delete { index_name: "by-day".into() }])).unwrap();
        query.collect::<Vec<_>>()
    };
    assert!(rest.last().unwrap().is_err(), "the index went away between two pages");
}
