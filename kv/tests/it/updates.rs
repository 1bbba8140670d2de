use millpond_kv::model::*;
use millpond_kv::{AttributeValue, Item};

use crate::support::*;

fn key() -> Item {
    item([("pk", s("a"))])
}

#[test]
fn an_update_creates_a_missing_item() {
    let kv = kv_with_tables();
    let request = UpdateItemRequest {
        expression_attribute_values: Some(item([(":x", n(1))])),
        ..update("hash", key(), "SET x = if_not_exists(x, :x)")
    };
    kv.update_item(&request).unwrap();
    assert_eq!(fetch(&kv, "hash", key()), Some(item([("pk", s("a")), ("x", n(1))])));
    let bare = UpdateItemRequest { update_expression: None, ..update("hash", item([("pk", s("b"))]), "") };
    kv.update_item(&bare).unwrap();
    assert_eq!(fetch(&kv, "hash", item([("pk", s("b"))])), Some(item([("pk", s("b"))])));
}

#[test]
fn every_kind_of_return_value_shows_its_image() {
    let nested = |b| AttributeValue::M(item([("b", n(b)), ("c", n(7))]));
    let old = item([("pk", s("a")), ("m", nested(1)), ("x", n(5)), ("gone", n(6))]);
    let new = item([("pk", s("a")), ("m", nested(2)), ("x", n(5)), ("fresh", n(8))]);
    let only_b = |b| AttributeValue::M(item([("b", n(b))]));
    for (asked, expected) in [
        (ReturnValues::None, None),
        (ReturnValues::AllOld, Some(old.clone())),
        (ReturnValues::AllNew, Some(new.clone())),
        (ReturnValues::UpdatedOld, Some(item([("m", only_b(1)), ("gone", n(6))]))),
        (ReturnValues::UpdatedNew, Some(item([("m", only_b(2)), ("fresh", n(8))]))),
    ] {
        let kv = kv_with_tables();
        kv.put_item(&put("hash", old.clone())).unwrap();
        let request = UpdateItemRequest {
            return_values: asked,
            expression_attribute_values: Some(item([(":two", n(2)), (":eight", n(8))])),
            ..update("hash", key(), "SET m.b = :two, fresh = :eight REMOVE gone")
        };
        assert_eq!(kv.update_item(&request).unwrap().attributes, expected, "{asked}");
        assert_eq!(fetch(&kv, "hash", key()), Some(new.clone()));
    }
}

#[test]
fn images_of_a_missing_item_are_absent() {
    let kv = kv_with_tables();
    for asked in [ReturnValues::AllOld, ReturnValues::UpdatedOld] {
        let request = UpdateItemRequest {
            return_values: asked,
            expression_attribute_values: Some(item([(":x", n(1))])),
            ..update("hash", item([("pk", s(asked.as_str()))]), "SET x = :x")
        };
        assert_eq!(kv.update_item(&request).unwrap().attributes, None, "{asked}");
    }
}

#[test]
fn a_key_attribute_cannot_be_updated() {
    let kv = kv_with_tables();
    let of = |table: &str, key: Item, expression: &str| UpdateItemRequest {
        expression_attribute_values: Some(item([(":v", n(1))])),
        ..update(table, key, expression)
    };
    assert_invalid(
        kv.update_item(&of("hash", key(), "SET pk = :v")),
        "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
    );
    assert_invalid(
        kv.update_item(&of("range", item([("pk", s("a")), ("sk", n(1))]), "SET x = :v REMOVE sk")),
        "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key",
    );
}

#[test]
fn an_update_that_only_takes_away_does_not_make_an_item() {
    let kv = kv_with_tables();
    let key = item([("pk", s("absent"))]);
    let values = || Some(item([(":set", AttributeValue::string_set(vec!["a".into()]).unwrap())]));
    for (expression, values) in [("REMOVE a", None), ("DELETE a :set", values()), ("REMOVE b DELETE a :set", values())]
    {
        let request = UpdateItemRequest {
            return_values: ReturnValues::AllNew,
            expression_attribute_values: values,
            ..update("hash", key.clone(), expression)
        };
        assert_eq!(kv.update_item(&request).unwrap().attributes, None, "{expression}");
        assert_eq!(fetch(&kv, "hash", key.clone()), None, "{expression}");
    }
    let nothing = UpdateItemRequest { update_expression: None, ..update("hash", key.clone(), "") };
    kv.update_item(&nothing).unwrap();
    assert_eq!(fetch(&kv, "hash", key.clone()), Some(key), "but one that does nothing does");
}
