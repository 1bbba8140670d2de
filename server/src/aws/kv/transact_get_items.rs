use millpond::kv::{GetItemRequest, Item, TransactGetItemsRequest};
use serde::Serialize;

use super::{
    Answered,
    capacity::{Consumed, consumed_all},
    checks::{self, Checks},
    value::{Attributes, Shown},
};
use crate::aws::{
    Call,
    json::{self, Failure, List, Map, Text, members},
};

members! {
    Request {
        transact_items: List<Action> = "TransactItems",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
    }
}
members! {
    Action { get: Box<Get> = "Get" }
}
members! {
    Get {
        table_name: Text = "TableName",
        key: Attributes = "Key",
        projection_expression: Text = "ProjectionExpression",
        expression_attribute_names: Map<Text> = "ExpressionAttributeNames",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    responses: Vec<Response<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumed_capacity: Option<Vec<Consumed<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Response<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item: Option<Shown<&'a Item>>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().transact_get_items(&request)?;
    json::write(&Output {
        responses: output.responses.iter().map(|item| Response { item: item.as_ref().map(Shown) }).collect(),
        consumed_capacity: consumed_all(&output.consumed_capacity),
    })
}

fn read(given: Request) -> Result<TransactGetItemsRequest, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let actions = checks.required(given.transact_items, "transactItems").0;
    let mut gets = Vec::with_capacity(actions.len());
    for (number, action) in (1..).zip(actions) {
        let field = |member: &str| format!("transactItems.{number}.member.{member}");
        let get = checks.required(action.get, &field("get"));
        let table_name = checks.required(checks::text(get.table_name), &field("get.tableName"));
        let key = checks.required(get.key, &field("get.key"));
        gets.push((table_name, key, get.projection_expression, get.expression_attribute_names));
    }
    checks.finish()?;
    let mut transact_items = Vec::with_capacity(gets.len());
    for (table_name, key, projection, names) in gets {
        transact_items.push(GetItemRequest {
            table_name,
            key: key.item()?,
            projection_expression: checks::text(projection),
            expression_attribute_names: checks::names(names),
            ..GetItemRequest::default()
        });
    }
    Ok(TransactGetItemsRequest { transact_items, return_consumed_capacity })
}
