use millpond::kv::QueryRequest;

use super::{
    Answered,
    checks::{self, Checks},
    legacy::{Conditions, GivenCondition, names},
    page::Page,
    value::Attributes,
};
use crate::aws::{
    Call,
    json::{self, Failure, Flag, List, Map, Text, Whole, members},
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
        attributes_to_get: List<Text> = "AttributesToGet",
        query_filter: Map<GivenCondition> = "QueryFilter",
        conditional_operator: Text = "ConditionalOperator",
        key_conditions: Map<GivenCondition> = "KeyConditions",
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
    let conditional_operator = checks.conditional_operator(given.conditional_operator);
    let query_filter = checks.conditions(given.query_filter, "queryFilter");
    let key_conditions = checks.conditions(given.key_conditions, "keyConditions");
    checks.finish()?;
    Ok(QueryRequest {
        table_name,
        index_name: checks::text(given.index_name),
        key_condition_expression: checks::text(given.key_condition_expression),
        filter_expression: checks::text(given.filter_expression),
        projection_expression: checks::text(given.projection_expression),
        conditional_operator,
        query_filter: query_filter.map(Conditions::read).transpose()?,
        key_conditions: key_conditions.map(Conditions::read).transpose()?,
        attributes_to_get: names(given.attributes_to_get),
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
