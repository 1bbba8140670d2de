use millpond::kv::ScanRequest;

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
        filter_expression: Text = "FilterExpression",
        projection_expression: Text = "ProjectionExpression",
        expression_attribute_names: Map<Text> = "ExpressionAttributeNames",
        expression_attribute_values: Attributes = "ExpressionAttributeValues",
        limit: Whole = "Limit",
        segment: Whole = "Segment",
        total_segments: Whole = "TotalSegments",
        exclusive_start_key: Attributes = "ExclusiveStartKey",
        select: Text = "Select",
        consistent_read: Flag = "ConsistentRead",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
        attributes_to_get: List<Text> = "AttributesToGet",
        scan_filter: Map<GivenCondition> = "ScanFilter",
        conditional_operator: Text = "ConditionalOperator",
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().scan(&request)?;
    let counts = (output.count, output.scanned_count);
    json::write(&Page::new(&output.items, counts, &output.last_evaluated_key, &output.consumed_capacity))
}

fn read(given: Request) -> Result<ScanRequest, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let table_name = checks.table_name(given.table_name);
    let select = checks.choice_if_any(given.select, "select");
    let conditional_operator = checks.conditional_operator(given.conditional_operator);
    let scan_filter = checks.conditions(given.scan_filter, "scanFilter");
    checks.finish()?;
    Ok(ScanRequest {
        table_name,
        index_name: checks::text(given.index_name),
        filter_expression: checks::text(given.filter_expression),
        projection_expression: checks::text(given.projection_expression),
        conditional_operator,
        scan_filter: scan_filter.map(Conditions::read).transpose()?,
        attributes_to_get: names(given.attributes_to_get),
        expression_attribute_names: checks::names(given.expression_attribute_names),
        expression_attribute_values: checks::values(given.expression_attribute_values)?,
        limit: given.limit.map(|limit| limit.0),
        segment: given.segment.map(|segment| segment.0),
        total_segments: given.total_segments.map(|total| total.0),
        exclusive_start_key: given.exclusive_start_key.map(Attributes::starting_key).transpose()?,
        select,
        consistent_read: checks::flag(given.consistent_read).unwrap_or_default(),
        return_consumed_capacity,
    })
}
