use millpond::kv::{QueryRequest, expression::Kind};
use serde::de::IgnoredAny;

use super::{
    Answered,
    checks::{self, Checks},
    page::Page,
    value::Attributes,
};
use crate::aws::{
    Call,
    json::{self, Failure, Flag, Map, Text, Whole, members},
};

members! {
    Request {
        table_name: Text = "TableName",
        index_name: Text = "IndexName",
        key_condition_expression: Text = "KeyConditionExpression",
        filter_expression: Text = "FilterExpression",
        projection_expression: Text = "ProjectionExpression",
        expression_attribute_names: Map<Text> = "ExpressionAttributeNames",
        expression_attribute_values: Attributes = "ExpressionAttributeValues",
        limit: Whole = "Limit",
        scan_index_forward: Flag = "ScanIndexForward",
        exclusive_start_key: Attributes = "ExclusiveStartKey",
        select: Text = "Select",
        consistent_read: Flag = "ConsistentRead",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
        attributes_to_get: IgnoredAny = "AttributesToGet",
        query_filter: IgnoredAny = "QueryFilter",
        conditional_operator: IgnoredAny = "ConditionalOperator",
        key_conditions: IgnoredAny = "KeyConditions",
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().query(&request)?;
    let counts = (output.count, output.scanned_count);
    json::write(&Page::new(&output.items, counts, &output.last_evaluated_key, &output.consumed_capacity))
}

fn read(given: Request) -> Result<QueryRequest, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let table_name = checks.table_name(given.table_name);
    let select = checks.choice_if_any(given.select, "select");
    checks.finish()?;
    let key_condition_expression = checks::text(given.key_condition_expression);
    let filter_expression = checks::text(given.filter_expression);
    let projection_expression = checks::text(given.projection_expression);
    checks::refuse_legacy(
        &[
            ("AttributesToGet", given.attributes_to_get.is_some()),
            ("QueryFilter", given.query_filter.is_some()),
            ("ConditionalOperator", given.conditional_operator.is_some()),
            ("KeyConditions", given.key_conditions.is_some()),
        ],
        &[
            (Kind::Projection, projection_expression.as_deref()),
            (Kind::Filter, filter_expression.as_deref()),
            (Kind::KeyCondition, key_condition_expression.as_deref()),
        ],
    )?;
    Ok(QueryRequest {
        table_name,
        index_name: checks::text(given.index_name),
        key_condition_expression,
        filter_expression,
        projection_expression,
        expression_attribute_names: checks::names(given.expression_attribute_names),
        expression_attribute_values: checks::values(given.expression_attribute_values)?,
        limit: given.limit.map(|limit| limit.0),
        scan_index_forward: checks::flag(given.scan_index_forward),
        exclusive_start_key: given.exclusive_start_key.map(Attributes::starting_key).transpose()?,
        select,
        consistent_read: checks::flag(given.consistent_read).unwrap_or_default(),
        return_consumed_capacity,
    })
}
