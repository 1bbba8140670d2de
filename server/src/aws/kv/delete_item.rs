use millpond::kv::{DeleteItemRequest, Wording};

use super::{
    Answered,
    checks::{self, Checks},
    legacy::{Expectations, Expected},
    value::Attributes,
    written::Written,
};
use crate::aws::{
    Call,
    json::{self, Failure, Map, Text, members},
};

members! {
    Request {
        table_name: Text = "TableName",
        key: Attributes = "Key",
        condition_expression: Text = "ConditionExpression",
        expression_attribute_names: Map<Text> = "ExpressionAttributeNames",
        expression_attribute_values: Attributes = "ExpressionAttributeValues",
        return_values: Text = "ReturnValues",
        return_values_on_condition_check_failure: Text = "ReturnValuesOnConditionCheckFailure",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
        return_item_collection_metrics: Text = "ReturnItemCollectionMetrics",
        expected: Map<Expected> = "Expected",
        conditional_operator: Text = "ConditionalOperator",
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let wording = call.pond.kv().wording();
    let request = read(json::parse(call.body)?, wording).map_err(|refused| refused.of_malformed_write(wording))?;
    let output = call.pond.kv().delete_item(&request)?;
    json::write(&Written::new(&output.attributes, &output.consumed_capacity, &output.item_collection_metrics))
}

fn read(given: Request, wording: Wording) -> Result<DeleteItemRequest, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let table_name = checks.table_name(given.table_name);
    let key = checks.required(given.key, "key");
    let return_values = checks.return_values(given.return_values, wording);
    let return_item_collection_metrics = checks.return_metrics(given.return_item_collection_metrics, wording);
    let return_values_on_condition_check_failure =
        checks.choice(given.return_values_on_condition_check_failure, "returnValuesOnConditionCheckFailure");
    let conditional_operator = checks.conditional_operator(given.conditional_operator);
    let expected = checks.expectations(given.expected);
    checks.finish()?;
    Ok(DeleteItemRequest {
        table_name,
        key: key.item()?,
        condition_expression: checks::text(given.condition_expression),
        conditional_operator,
        expected: expected.map(Expectations::read).transpose()?,
        expression_attribute_names: checks::names(given.expression_attribute_names),
        expression_attribute_values: checks::values(given.expression_attribute_values)?,
        return_values,
        return_values_on_condition_check_failure,
        return_consumed_capacity,
        return_item_collection_metrics,
    })
}
