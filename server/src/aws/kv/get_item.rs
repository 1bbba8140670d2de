use millpond::kv::{GetItemRequest, Item};
use serde::Serialize;

use super::{
    Answered,
    capacity::{Consumed, consumed},
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
        table_name: Text = "TableName",
        key: Attributes = "Key",
        consistent_read: Flag = "ConsistentRead",
        projection_expression: Text = "ProjectionExpression",
        expression_attribute_names: Map<Text> = "ExpressionAttributeNames",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
        attributes_to_get: List<Text> = "AttributesToGet",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Shown<&'a Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumed_capacity: Option<Consumed<'a>>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().get_item(&request)?;
    let consumed_capacity = consumed(&output.consumed_capacity);
    json::write(&Output { item: output.item.as_ref().map(Shown), consumed_capacity })
}

fn read(given: Request) -> Result<GetItemRequest, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let table_name = checks.table_name(given.table_name);
    let key = checks.required(given.key, "key");
    checks.finish()?;
    Ok(GetItemRequest {
        table_name,
        key: key.item()?,
        consistent_read: checks::flag(given.consistent_read).unwrap_or_default(),
        projection_expression: checks::text(given.projection_expression),
        attributes_to_get: names(given.attributes_to_get),
        expression_attribute_names: checks::names(given.expression_attribute_names),
        return_consumed_capacity,
    })
}
