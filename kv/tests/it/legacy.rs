//! The parameters from before expressions, in Rust and in transactions of the caller.

use std::collections::BTreeMap;

use millpond_kv::model::*;
use millpond_kv::{AttributeValue, Error};

use crate::support::*;

fn condition(comparison_operator: ComparisonOperator, values: &[AttributeValue]) -> Condition {
    Condition { comparison_operator, attribute_value_list: values.to_vec() }
}

#[test]
fn a_counter_is_kept_without_expressions() {
    let kv = kv_with_tables();
    let key = item([("pk", s("a"))]);
    let add = AttributeValueUpdate { value: Some(n(1)), action: AttributeAction::Add };
    let below = |limit: i64| ExpectedAttributeValue {
        comparison_operator: Some(ComparisonOperator::Lt),
        value: Some(n(limit)),
        ..Default::default()
    };
    let request = |expected| UpdateItemRequest {
        table_name: "hash".into(),
        key: key.clone(),
        attribute_updates: Some(BTreeMap::from([("count".to_owned(), add.clone())])),
        expected,
        return_values: ReturnValues::UpdatedNew,
        ..Default::default()
    };
    kv.update_item(&request(None)).unwrap();
    let expected = Some(BTreeMap::from([("count".to_owned(), below(3))]));
    let counted =
        || kv.update_item(&request(expected.clone())).map(|output| output.attributes.unwrap()["count"].clone());
    assert_eq!(counted().unwrap(), n(2));
    assert_eq!(counted().unwrap(), n(3));
    assert!(matches!(counted(), Err(Error::ConditionalCheckFailed { .. })));
    // The same within a transaction, for whoever builds one from older requests.
    let transact_items = vec![TransactWriteItem::Update(request(expected))];
    let cancelled =
        kv.transact_write_items(&TransactWriteItemsRequest { transact_items, ..Default::default() }).unwrap_err();
    assert!(cancelled.to_string().contains("[ConditionalCheckFailed]"), "{cancelled}");
}

#[test]
fn an_index_is_queried_by_key_conditions() {
    let kv = kv();
    let mut request = create("orders", &[("pk", ScalarAttributeType::S)]);
    request
        .attribute_definitions
        .push(AttributeDefinition { attribute_name: "day".into(), attribute_type: ScalarAttributeType::S });
    request.global_secondary_indexes = Some(vec![GlobalSecondaryIndex {
        index_name: "by-day".into(),
        key_schema: vec![
            KeySchemaElement { attribute_name: "day".into(), key_type: KeyType::Hash },
            KeySchemaElement { attribute_name: "pk".into(), key_type: KeyType::Range },
        ],
        projection: Projection { projection_type: Some(ProjectionType::KeysOnly), non_key_attributes: None },
        ..Default::default()
    }]);
    kv.create_table(&request).unwrap();
    for pk in ["a1", "a2", "b1"] {
        kv.put_item(&put("orders", item([("pk", s(pk)), ("day", s("mon")), ("rest", n(1))]))).unwrap();
    }
    let request = QueryRequest {
        table_name: "orders".into(),
        index_name: Some("by-day".into()),
        key_conditions: Some(BTreeMap::from([
            ("day".to_owned(), condition(ComparisonOperator::Eq, &[s("mon")])),
            ("pk".to_owned(), condition(ComparisonOperator::BeginsWith, &[s("a")])),
        ])),
        attributes_to_get: Some(vec!["pk".into()]),
        ..Default::default()
    };
    assert_eq!(kv.query(&request).unwrap().items.unwrap(), [item([("pk", s("a1"))]), item([("pk", s("a2"))])]);
    let request = QueryRequest { attributes_to_get: Some(vec!["rest".into()]), ..request };
    assert_invalid(
        kv.query(&request),
        "One or more parameter values were invalid: Global secondary index by-day does not project [rest]",
    );
}
