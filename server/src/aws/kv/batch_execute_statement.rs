use millpond::kv::{
    BatchExecuteStatementOutput, BatchExecuteStatementRequest, BatchStatementRequest, BatchStatementResponse, Item,
    ReturnConsumedCapacity,
};
use serde::Serialize;

use super::{
    Answered,
    capacity::{Consumed, consumed_all},
    checks::{self, Checks},
    value::{Attribute, Shown},
};
use crate::aws::{
    Call,
    json::{self, Failure, Flag, List, Text, members},
};

members! {
    Request {
        statements: List<Member> = "Statements",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
    }
}
members! {
    Member {
        statement: Text = "Statement",
        parameters: List<Attribute> = "Parameters",
        consistent_read: Flag = "ConsistentRead",
        return_values_on_condition_check_failure: Text = "ReturnValuesOnConditionCheckFailure",
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
struct Response<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Shown<&'a Item>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Fault<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Shown<&'a Item>>,
}

impl<'a> From<&'a BatchStatementResponse> for Response<'a> {
    fn from(response: &'a BatchStatementResponse) -> Response<'a> {
        let error = response.error.as_ref().map(|error| Fault {
            code: error.code.as_str(),
            message: &error.message,
            item: error.item.as_ref().map(Shown),
        });
        Response { error, table_name: response.table_name.as_deref(), item: response.item.as_ref().map(Shown) }
    }
}

/// A statement, or what is wrong with its parameters: that is its own fault, and not the batch's.
type Given = Result<BatchStatementRequest, String>;

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let (given, return_consumed_capacity) = read(json::parse(call.body)?)?;
    let statements: Vec<_> = given.iter().flatten().cloned().collect();
    let output = match statements.is_empty() && !given.is_empty() {
        true => BatchExecuteStatementOutput::default(),
        false => {
            let request = BatchExecuteStatementRequest { statements, return_consumed_capacity };
            call.pond.kv().batch_execute_statement(&request)?
        }
    };
    let mut responses = output.responses.iter();
    let response = |given| match given {
        Ok(_) => responses.next().map(Response::from),
        Err(message) => {
            let error = Some(Fault { code: "ValidationError", message, item: None });
            Some(Response { error, table_name: None, item: None })
        }
    };
    json::write(&Output {
        responses: given.iter().map(|given| given.as_ref().map_err(String::as_str)).map_while(response).collect(),
        consumed_capacity: consumed_all(&output.consumed_capacity),
    })
}

fn read(given: Request) -> Result<(Vec<Given>, ReturnConsumedCapacity), Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let members = checks.required(given.statements, "statements").0;
    let mut read = Vec::with_capacity(members.len());
    for (number, member) in (1..).zip(members) {
        let field = |name: &str| format!("statements.{number}.member.{name}");
        let statement = checks.required(checks::text(member.statement), &field("statement"));
        let return_values_on_condition_check_failure = checks
            .choice(member.return_values_on_condition_check_failure, &field("returnValuesOnConditionCheckFailure"));
        let consistent_read = checks::flag(member.consistent_read).unwrap_or_default();
        let parameters = checks::parameters(member.parameters);
        read.push(parameters.map_err(|failure| failure.message().to_owned()).map(|parameters| {
            let on_failure = return_values_on_condition_check_failure;
            BatchStatementRequest {
                statement,
                parameters,
                consistent_read,
                return_values_on_condition_check_failure: on_failure,
            }
        }));
    }
    checks.finish()?;
    Ok((read, return_consumed_capacity))
}
