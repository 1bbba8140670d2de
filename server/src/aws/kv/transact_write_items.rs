use millpond::kv::{
    ConditionCheck, DeleteItemRequest, PutItemRequest, TransactWriteItem, TransactWriteItemsRequest, UpdateItemRequest,
};
use serde::Serialize;

use super::{
    Answered,
    capacity::{Consumed, TableMetrics, consumed_all, metrics_all},
    checks::{self, Checks},
    value::Attributes,
};
use crate::aws::{
    Call,
    json::{self, Failure, List, Map, Text, members},
};

members! {
    Request {
        transact_items: List<Action> = "TransactItems",
        client_request_token: Text = "ClientRequestToken",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
        return_item_collection_metrics: Text = "ReturnItemCollectionMetrics",
    }
}
members! {
    Action {
        condition_check: Box<Write> = "ConditionCheck",
        put: Box<Write> = "Put",
        delete: Box<Write> = "Delete",
        update: Box<Write> = "Update",
    }
}
members! {
    // The members of all four kinds of action; what a kind does not have is not looked at.
    Write {
        table_name: Text = "TableName",
        key: Attributes = "Key",
        item: Attributes = "Item",
        update_expression: Text = "UpdateExpression",
        condition_expression: Text = "ConditionExpression",
        expression_attribute_names: Map<Text> = "ExpressionAttributeNames",
        expression_attribute_values: Attributes = "ExpressionAttributeValues",
        return_values_on_condition_check_failure: Text = "ReturnValuesOnConditionCheckFailure",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    consumed_capacity: Option<Vec<Consumed<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_collection_metrics: Option<TableMetrics<'a>>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().transact_write_items(&request)?;
    json::write(&Output {
        consumed_capacity: consumed_all(&output.consumed_capacity),
        item_collection_metrics: metrics_all(&output.item_collection_metrics),
    })
}

fn read(given: Request) -> Result<TransactWriteItemsRequest, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let return_item_collection_metrics =
        checks.choice(given.return_item_collection_metrics, "returnItemCollectionMetrics");
    let actions = checks.required(given.transact_items, "transactItems").0;
    let read: Vec<_> = (1..).zip(actions).map(|(number, action)| Given::read(action, number, &mut checks)).collect();
    checks.finish()?;
    let read = read.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(TransactWriteItemsRequest {
        transact_items: read.into_iter().map(Given::action).collect::<Result<_, _>>()?,
        client_request_token: checks::text(given.client_request_token),
        return_consumed_capacity,
        return_item_collection_metrics,
    })
}

/// Which kind of action it is.
#[derive(Clone, Copy)]
enum Kind {
    ConditionCheck,
    Put,
    Delete,
    Update,
}

/// An action whose members are there.
struct Given {
    kind: Kind,
    table_name: String,
    /// The item of a put, the key of the others.
    target: Attributes,
    update_expression: Option<String>,
    condition_expression: Option<String>,
    on_failure: millpond::kv::ReturnValuesOnConditionCheckFailure,
    names: Option<Map<Text>>,
    values: Option<Attributes>,
}

impl Given {
    fn read(action: Action, number: usize, checks: &mut Checks) -> Result<Given, Failure> {
        let kinds = [
            (Kind::ConditionCheck, "conditionCheck", action.condition_check),
            (Kind::Put, "put", action.put),
            (Kind::Delete, "delete", action.delete),
            (Kind::Update, "update", action.update),
        ];
        let mut present = kinds.into_iter().filter_map(|(kind, name, write)| Some((kind, name, write?)));
        let neither = "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request";
        let (kind, name, write) = present.next().ok_or_else(|| Failure::validation(neither))?;
        if present.next().is_some() {
            return Err(Failure::validation("TransactItems can only contain one of Check, Put, Update or Delete"));
        }
        let field = |member: &str| format!("transactItems.{number}.member.{name}.{member}");
        let table_name = checks.required(checks::text(write.table_name), &field("tableName"));
        let target = match kind {
            Kind::Put => checks.required(write.item, &field("item")),
            _ => checks.required(write.key, &field("key")),
        };
        let (mut update_expression, mut condition_expression) =
            (checks::text(write.update_expression), checks::text(write.condition_expression));
        match kind {
            Kind::ConditionCheck => {
                condition_expression = Some(checks.required(condition_expression, &field("conditionExpression")));
            }
            Kind::Update => update_expression = Some(checks.required(update_expression, &field("updateExpression"))),
            Kind::Put | Kind::Delete => {}
        }
        let on_failure = checks
            .choice(write.return_values_on_condition_check_failure, &field("returnValuesOnConditionCheckFailure"));
        let (names, values) = (write.expression_attribute_names, write.expression_attribute_values);
        Ok(Given { kind, table_name, target, update_expression, condition_expression, on_failure, names, values })
    }

    fn action(self) -> Result<TransactWriteItem, Failure> {
        let Given { kind, table_name, condition_expression, .. } = self;
        let target = self.target.item()?;
        let expression_attribute_names = checks::names(self.names);
        let expression_attribute_values = checks::values(self.values)?;
        let return_values_on_condition_check_failure = self.on_failure;
        Ok(match kind {
            Kind::ConditionCheck => TransactWriteItem::ConditionCheck(ConditionCheck {
                table_name,
                key: target,
                condition_expression: condition_expression.unwrap_or_default(),
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure,
            }),
            Kind::Put => TransactWriteItem::Put(PutItemRequest {
                table_name,
                item: target,
                condition_expression,
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure,
                ..PutItemRequest::default()
            }),
            Kind::Delete => TransactWriteItem::Delete(DeleteItemRequest {
                table_name,
                key: target,
                condition_expression,
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure,
                ..DeleteItemRequest::default()
            }),
            Kind::Update => TransactWriteItem::Update(UpdateItemRequest {
                table_name,
                key: target,
                update_expression: self.update_expression,
                condition_expression,
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure,
                ..UpdateItemRequest::default()
            }),
        })
    }
}
