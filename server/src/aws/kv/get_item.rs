use millpond::kv::{GetItemRequest, Item, expression::Kind};
use serde::{Serialize, de::IgnoredAny};

use super::{
    Answered,
    capacity::{Consumed, consumed},
    checks::{self, Checks},
    value::{Attributes, Shown},
};
use crate::aws::{
    Call,
    json::{self, Failure, Flag, Map, Text, members},
};

members! {
    Request {
        table_name: Text = "TableName",
        key: Attributes = "Key",
        consistent_read: Flag = "ConsistentRead",
        projection_expression: Text = "ProjectionExpression",
        expression_attribute_names: Map<Text> = "ExpressionAttributeNames",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
        attributes_to_get: IgnoredAny = "AttributesToGet",
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
    let projection_expression = checks::text(given.projection_expression);
    checks::refuse_legacy(
        &[("AttributesToGet", given.attributes_to_get.is_some())],
        &[(Kind::Projection, projection_expression.as_deref())],
    )?;
    Ok(GetItemRequest {
        table_name,
        key: key.item()?,
        consistent_read: checks::flag(given.consistent_read).unwrap_or_default(),
        projection_expression,
        expression_attribute_names: checks::names(given.expression_attribute_names),
        return_consumed_capacity,
    })
}
