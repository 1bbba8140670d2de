use millpond_kv::AttributeValue;
use millpond_kv::model::*;

use crate::support::*;

#[test]
fn an_item_is_read_back_as_it_was_put() {
    let kv = kv_with_tables();
    let full = item([
        ("pk", s("a")),
        ("sk", n(-3)),
        ("flag", AttributeValue::Bool(true)),
        ("nothing", AttributeValue::Null),
        ("empty", s("")),
        ("tags", AttributeValue::Ss(["x".to_owned(), "y".to_owned()].into())),
        ("list", AttributeValue::L(vec![n(1), s("two"), AttributeValue::M(item([("three", n(3))]))])),
    ]);
    kv.put_item(&put("range", full.clone())).unwrap();
    let key = item([("pk", s("a")), ("sk", n(-3))]);
    assert_eq!(fetch(&kv, "range", key.clone()), Some(full));
    assert_eq!(fetch(&kv, "range", item([("pk", s("a")), ("sk", n(3))])), None);
    kv.delete_item(&delete("range", key.clone())).unwrap();
    assert_eq!(fetch(&kv, "range", key), None);
}

#[test]
fn a_put_replaces_the_whole_item() {
    let kv = kv_with_tables();
    kv.put_item(&put("hash", item([("pk", s("a")), ("x", n(1))]))).unwrap();
    kv.put_item(&put("hash", item([("pk", s("a")), ("y", n(2))]))).unwrap();
    assert_eq!(fetch(&kv, "hash", item([("pk", s("a"))])), Some(item([("pk", s("a")), ("y", n(2))])));
}

#[test]
fn equal_numbers_are_one_key() {
    let kv = kv_with_tables();
    for text in ["1", "1.0", "1e0", "10e-1"] {
        let sk = AttributeValue::N(text.parse().unwrap());
        kv.put_item(&put("range", item([("pk", s("a")), ("sk", sk)]))).unwrap();
    }
    assert_eq!(kv.scan(&scan("range")).unwrap().count, 1);
}

#[test]
fn writes_give_back_the_old_item_when_asked() {
    let kv = kv_with_tables();
    let old = item([("pk", s("a")), ("x", n(1))]);
    let ask = |item| PutItemRequest { return_values: ReturnValues::AllOld, ..put("hash", item) };
    assert_eq!(kv.put_item(&ask(old.clone())).unwrap().attributes, None);
    let new = item([("pk", s("a")), ("x", n(2))]);
    assert_eq!(kv.put_item(&ask(new.clone())).unwrap().attributes, Some(old));
    let erase = DeleteItemRequest { return_values: ReturnValues::AllOld, ..delete("hash", item([("pk", s("a"))])) };
    assert_eq!(kv.delete_item(&erase).unwrap().attributes, Some(new));
    assert_eq!(kv.delete_item(&erase).unwrap().attributes, None);
}

#[test]
fn a_projection_returns_only_the_asked_parts() {
    let kv = kv_with_tables();
    let nested = AttributeValue::M(item([("b", n(1)), ("c", n(2))]));
    kv.put_item(&put("hash", item([("pk", s("a")), ("m", nested), ("x", n(9))]))).unwrap();
    let request = GetItemRequest {
        projection_expression: Some("m.b, #x, absent".into()),
        expression_attribute_names: names([("#x", "x")]),
        ..get("hash", item([("pk", s("a"))]))
    };
    let expected = item([("m", AttributeValue::M(item([("b", n(1))]))), ("x", n(9))]);
    assert_eq!(kv.get_item(&request).unwrap().item, Some(expected));
}

#[test]
fn capacity_is_reported_as_the_service_charges_it() {
    let kv = kv_with_tables();
    let large = item([("pk", s("a")), ("body", s(&"x".repeat(5000)))]);
    let total = ReturnConsumedCapacity::Total;
    let request = PutItemRequest { return_consumed_capacity: total, ..put("hash", large) };
    let report = kv.put_item(&request).unwrap().consumed_capacity.unwrap();
    assert_eq!((report.table_name.as_str(), report.capacity_units, report.table), ("hash", 5.0, None));

    // The larger of both images is charged.
    let small = PutItemRequest {
        return_consumed_capacity: ReturnConsumedCapacity::Indexes,
        ..put("hash", item([("pk", s("a"))]))
    };
    let report = kv.put_item(&small).unwrap().consumed_capacity.unwrap();
    assert_eq!((report.capacity_units, report.table.unwrap().capacity_units), (5.0, 5.0));
    assert_eq!(kv.put_item(&small).unwrap().consumed_capacity.unwrap().capacity_units, 1.0);

    for (pk, consistent_read, expected) in [("a", false, 0.5), ("a", true, 1.0), ("none", false, 0.5)] {
        let request =
            GetItemRequest { return_consumed_capacity: total, consistent_read, ..get("hash", item([("pk", s(pk))])) };
        let report = kv.get_item(&request).unwrap().consumed_capacity.unwrap();
        assert_eq!(report.capacity_units, expected, "{pk} {consistent_read}");
    }
}

#[test]
fn the_largest_item_is_409600_bytes() {
    let kv = kv_with_tables();
    let of_size = |bytes: usize| item([("pk", s("a")), ("b", s(&"x".repeat(bytes - 4)))]);
    kv.put_item(&put("hash", of_size(409_600))).unwrap();
    assert_invalid(kv.put_item(&put("hash", of_size(409_601))), "Item size has exceeded the maximum allowed size");
    let grow = UpdateItemRequest {
        expression_attribute_values: Some(item([(":c", s("y"))])),
        ..update("hash", item([("pk", s("a"))]), "SET c = :c")
    };
    assert_invalid(kv.update_item(&grow), "Item size to update has exceeded the maximum allowed size");
}

#[test]
fn values_may_nest_32_levels_deep() {
    let kv = kv_with_tables();
    let nested = |maps: usize| (0..maps).fold(n(1), |value, _| AttributeValue::M(item([("m", value)])));
    kv.put_item(&put("hash", item([("pk", s("a")), ("v", nested(31))]))).unwrap();
    let error = kv.put_item(&put("hash", item([("pk", s("a")), ("v", nested(32))]))).unwrap_err();
    assert!(
        error.to_string().starts_with("1 validation error detected: Nesting Levels have exceeded supported limits"),
        "{error}"
    );
}

#[test]
fn the_longest_keys_are_accepted() {
    let kv = kv();
    let keys = [("pk", ScalarAttributeType::S), ("sk", ScalarAttributeType::S)];
    kv.create_table(&create("text", &keys)).unwrap();
    let key = |pk: usize, sk: usize| item([("pk", s(&"p".repeat(pk))), ("sk", s(&"s".repeat(sk)))]);
    kv.put_item(&put("text", key(2048, 1024))).unwrap();
    assert_eq!(fetch(&kv, "text", key(2048, 1024)), Some(key(2048, 1024)));
    assert_invalid(
        kv.put_item(&put("text", key(2049, 1))),
        "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
    );
    assert_invalid(
        kv.put_item(&put("text", key(1, 1025))),
        "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of \
         1024 bytes",
    );
}
