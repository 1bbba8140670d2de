use millpond_kv::model::*;
use millpond_kv::{AttributeValue, Kv};

use crate::support::*;

fn kv_with_numbers(numbers: impl IntoIterator<Item = i64>) -> Kv {
    let kv = kv_with_tables();
    for number in numbers {
        let even = AttributeValue::Bool(number % 2 == 0);
        kv.put_item(&put("range", item([("pk", s("a")), ("sk", n(number)), ("even", even)]))).unwrap();
    }
    kv.put_item(&put("range", item([("pk", s("b")), ("sk", n(0))]))).unwrap();
    kv
}

fn all() -> QueryRequest {
    query("range", "pk = :pk", item([(":pk", s("a"))]))
}

#[test]
fn items_come_in_numeric_order_of_their_sort_key() {
    let kv = kv_with_numbers([100, -5, 20, 3, 0, -50]);
    let found = kv.query(&all()).unwrap();
    assert_eq!(sort_keys(&found.items.unwrap()), [-50, -5, 0, 3, 20, 100]);
    assert_eq!((found.count, found.scanned_count, found.last_evaluated_key), (6, 6, None));
    let backward = QueryRequest { scan_index_forward: Some(false), ..all() };
    assert_eq!(sort_keys(&kv.query(&backward).unwrap().items.unwrap()), [100, 20, 3, 0, -5, -50]);
}

#[test]
fn sort_key_conditions_select_their_range() {
    let kv = kv_with_numbers(-3..=3);
    for (condition, expected) in [
        ("sk = :x", vec![1]),
        ("sk < :x", vec![-3, -2, -1, 0]),
        ("sk <= :x", vec![-3, -2, -1, 0, 1]),
        ("sk > :x", vec![2, 3]),
        ("sk >= :x", vec![1, 2, 3]),
        ("sk BETWEEN :low AND :x", vec![-2, -1, 0, 1]),
    ] {
        let mut values = item([(":pk", s("a")), (":x", n(1))]);
        if condition.contains(":low") {
            values.insert(":low".into(), n(-2));
        }
        let found = kv.query(&query("range", &format!("pk = :pk AND {condition}"), values)).unwrap();
        assert_eq!(sort_keys(&found.items.unwrap()), expected, "{condition}");
    }
}

#[test]
fn strings_are_found_by_their_beginning() {
    let kv = kv();
    kv.create_table(&create("text", &[("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::S)])).unwrap();
    for sk in ["a", "ab", "abc", "b", "ab\u{10FFFF}", "ac"] {
        kv.put_item(&put("text", item([("pk", s("p")), ("sk", s(sk))]))).unwrap();
    }
    let values = item([(":pk", s("p")), (":start", s("ab"))]);
    let found = kv.query(&query("text", "pk = :pk AND begins_with(sk, :start)", values)).unwrap().items.unwrap();
    let found: Vec<_> = found.iter().map(|item| item["sk"].clone()).collect();
    assert_eq!(found, [s("ab"), s("abc"), s("ab\u{10FFFF}")]);
}

#[test]
fn a_limit_counts_evaluated_items_and_pages_join_up() {
    let kv = kv_with_numbers(0..10);
    for forward in [true, false] {
        let mut request = QueryRequest {
            limit: Some(3),
            scan_index_forward: Some(forward),
            filter_expression: Some("even = :yes".into()),
            ..query("range", "pk = :pk", item([(":pk", s("a")), (":yes", AttributeValue::Bool(true))]))
        };
        let (mut pages, mut found) = (Vec::new(), Vec::new());
        loop {
            let page = kv.query(&request).unwrap();
            pages.push((page.scanned_count, page.count));
            found.extend(sort_keys(&page.items.unwrap()));
            request.exclusive_start_key = page.last_evaluated_key;
            if request.exclusive_start_key.is_none() {
                break;
            }
        }
        if forward {
            assert_eq!((pages, found), (vec![(3, 2), (3, 1), (3, 2), (1, 0)], vec![0, 2, 4, 6, 8]));
        } else {
            assert_eq!((pages, found), (vec![(3, 1), (3, 2), (3, 1), (1, 1)], vec![8, 6, 4, 2, 0]));
        }
    }
}

#[test]
fn the_key_of_the_last_item_is_returned_even_when_nothing_follows() {
    let kv = kv_with_numbers(0..3);
    let page = kv.query(&QueryRequest { limit: Some(3), ..all() }).unwrap();
    assert_eq!(page.last_evaluated_key, Some(item([("pk", s("a")), ("sk", n(2))])));
    let rest = QueryRequest { exclusive_start_key: page.last_evaluated_key, ..all() };
    let rest = kv.query(&rest).unwrap();
    assert_eq!((rest.count, rest.last_evaluated_key), (0, None));
}

#[test]
fn a_page_ends_before_one_megabyte() {
    let kv = kv_with_tables();
    let body = s(&"x".repeat(300_000));
    for number in 0..8 {
        let row = item([("pk", s("a")), ("sk", n(number)), ("body", body.clone())]);
        kv.put_item(&put("range", row)).unwrap();
    }
    let mut request = QueryRequest { return_consumed_capacity: ReturnConsumedCapacity::Total, ..all() };
    let mut counts = Vec::new();
    loop {
        let page = kv.query(&request).unwrap();
        counts.push((page.count, page.consumed_capacity.unwrap().capacity_units));
        request.exclusive_start_key = page.last_evaluated_key;
        if request.exclusive_start_key.is_none() {
            break;
        }
    }
    assert_eq!(counts, [(3, 110.0), (3, 110.0), (2, 73.5)]);
}

#[test]
fn a_count_returns_no_items() {
    let kv = kv_with_numbers(0..4);
    let found = kv.query(&QueryRequest { select: Some(Select::Count), ..all() }).unwrap();
    assert_eq!((found.items, found.count), (None, 4));
}

#[test]
fn a_projection_narrows_items_and_not_the_page() {
    let kv = kv_with_numbers(0..2);
    let request = QueryRequest { projection_expression: Some("sk".into()), ..all() };
    assert_eq!(kv.query(&request).unwrap().items.unwrap(), [item([("sk", n(0))]), item([("sk", n(1))])]);
}

#[test]
fn a_table_without_a_sort_key_is_queried_by_its_partition_key() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", item([("pk", s("a"))]))).unwrap();
    kv.put_item(&put("hash", item([("pk", s("ab"))]))).unwrap();
    let found = kv.query(&query("hash", ":pk = pk", item([(":pk", s("a"))]))).unwrap();
    assert_eq!(found.items.unwrap(), [item([("pk", s("a"))])]);
}

#[test]
fn wrong_queries_get_the_services_texts() {
    let kv = kv_with_numbers(0..3);
    let bad = |request: QueryRequest, message: &str| assert_invalid(kv.query(&request), message);
    bad(
        QueryRequest { key_condition_expression: None, expression_attribute_values: None, ..all() },
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
    bad(
        QueryRequest { limit: Some(0), ..all() },
        "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater \
         than or equal to 1",
    );
    bad(query("range", "stranger = :pk", item([(":pk", s("a"))])), "Query condition missed key schema element: pk");
    bad(
        query("range", "pk = :pk", item([(":pk", n(1))])),
        "One or more parameter values were invalid: Condition parameter type does not match schema type",
    );
    bad(
        QueryRequest { filter_expression: Some("sk > :pk".into()), ..all() },
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
    );
    bad(
        QueryRequest { select: Some(Select::AllProjectedAttributes), ..all() },
        "One or more parameter values were invalid: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an \
         IndexName",
    );
    bad(
        QueryRequest { index_name: Some("by-day".into()), ..all() },
        "The table does not have the specified index: by-day",
    );
    bad(
        QueryRequest { exclusive_start_key: Some(item([("pk", s("a"))])), ..all() },
        "The provided starting key is invalid: The provided key element does not match the schema",
    );
    bad(
        QueryRequest { exclusive_start_key: Some(item([("pk", s("b")), ("sk", n(0))])), ..all() },
        "The provided starting key is outside query boundaries based on provided conditions",
    );
    let above = query("range", "pk = :pk AND sk > :x", item([(":pk", s("a")), (":x", n(1))]));
    bad(
        QueryRequest { exclusive_start_key: Some(item([("pk", s("a")), ("sk", n(0))])), ..above },
        "The provided starting key does not match the range key predicate",
    );
}
