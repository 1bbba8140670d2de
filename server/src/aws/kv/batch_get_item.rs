use std::collections::BTreeMap;

use millpond::kv::{BatchGetItemRequest, Item, KeysAndAttributes};
use serde::Serialize;

use super::{
    Answered,
    capacity::{Consumed, consumed_all},
    checks::{self, Checks},
    legacy::names,
    value::{Attributes, Shown},
};
use crate::aws::{
    Call,
    json::{self, Failure, Flag, List, Map, Text, members},
};

members! {
    Request {
        request_items: Map<Keys> = "RequestItems",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
    }
}
members! {
    Keys {
        keys: List<Attributes> = "Keys",
        consistent_read: Flag = "ConsistentRead",
        projection_expression: Text = "ProjectionExpression",
        expression_attribute_names: Map<Text> = "ExpressionAttributeNames",
        attributes_to_get: List<Text> = "AttributesToGet",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    responses: BTreeMap<&'a str, Shown<&'a Vec<Item>>>,
    unprocessed_keys: BTreeMap<&'a str, Unprocessed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumed_capacity: Option<Vec<Consumed<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Unprocessed<'a> {
    keys: Shown<&'a Vec<Item>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    consistent_read: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    projection_expression: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes_to_get: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expression_attribute_names: Option<&'a BTreeMap<String, String>>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().batch_get_item(&request)?;
    json::write(&Output {
        responses: output.responses.iter().map(|(table, items)| (table.as_str(), Shown(items))).collect(),
        unprocessed_keys: output.unprocessed_keys.iter().map(|(table, keys)| (table.as_str(), keys.into())).collect(),
        consumed_capacity: consumed_all(&output.consumed_capacity),
    })
}

impl<'a> From<&'a KeysAndAttributes> for Unprocessed<'a> {
    fn from(keys: &'a KeysAndAttributes) -> Unprocessed<'a> {
        Unprocessed {
            keys: Shown(&keys.keys),
            consistent_read: keys.consistent_read,
            projection_expression: keys.projection_expression.as_deref(),
            attributes_to_get: keys.attributes_to_get.as_deref(),
            expression_attribute_names: keys.expression_attribute_names.as_ref(),
        }
    }
}

fn read(given: Request) -> Result<BatchGetItemRequest, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let tables = checks.required(given.request_items, "requestItems").0;
    let mut requested = Vec::with_capacity(tables.len());
    for (table, mut keys) in tables {
        let given = checks.required(keys.keys.take(), &format!("requestItems.{table}.member.keys")).0;
        requested.push((table, keys, given));
    }
    checks.finish()?;
    let mut request_items = BTreeMap::new();
    for (table, rest, keys) in requested {
        request_items.insert(table, keys_of_table(rest, keys)?);
    }
    Ok(BatchGetItemRequest { request_items, return_consumed_capacity })
}

fn keys_of_table(given: Keys, keys: Vec<Attributes>) -> Result<KeysAndAttributes, Failure> {
    Ok(KeysAndAttributes {
        keys: keys.into_iter().map(Attributes::item).collect::<Result<_, _>>()?,
        consistent_read: checks::flag(given.consistent_read).unwrap_or_default(),
        projection_expression: checks::text(given.projection_expression),
        attributes_to_get: names(given.attributes_to_get),
        expression_attribute_names: checks::names(given.expression_attribute_names),
    })
}
