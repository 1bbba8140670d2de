use millpond::kv::{ExecuteStatementRequest, Item};
use serde::Serialize;

use super::{
    Answered,
    capacity::{Consumed, consumed},
    checks::{self, Checks},
    value::{Attribute, Shown},
};
use crate::aws::{
    Call,
    json::{self, Failure, Flag, List, Text, Whole, members},
};

members! {
    Request {
        statement: Text = "Statement",
        parameters: List<Attribute> = "Parameters",
        consistent_read: Flag = "ConsistentRead",
        next_token: Text = "NextToken",
        limit: Whole = "Limit",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
        return_values_on_condition_check_failure: Text = "ReturnValuesOnConditionCheckFailure",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    items: Shown<&'a Vec<Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_evaluated_key: Option<Shown<&'a Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumed_capacity: Option<Consumed<'a>>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().execute_statement(&request)?;
    json::write(&Output {
        items: Shown(&output.items),
        next_token: output.next_token.as_deref(),
        last_evaluated_key: output.last_evaluated_key.as_ref().map(Shown),
        consumed_capacity: consumed(&output.consumed_capacity),
    })
}

fn read(given: Request) -> Result<ExecuteStatementRequest, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let statement = checks.required(checks::text(given.statement), "statement");
    let return_values_on_condition_check_failure =
        checks.choice(given.return_values_on_condition_check_failure, "returnValuesOnConditionCheckFailure");
    checks.finish()?;
    Ok(ExecuteStatementRequest {
        statement,
        parameters: checks::parameters(given.parameters)?,
        consistent_read: checks::flag(given.consistent_read).unwrap_or_default(),
        next_token: checks::text(given.next_token),
        limit: given.limit.map(|limit| limit.0),
        return_consumed_capacity,
        return_values_on_condition_check_failure,
    })
}
