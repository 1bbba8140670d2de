use millpond::kv::{BatchExecuteStatementRequest, BatchStatementRequest, BatchStatementResponse, Item};
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

/// What stands in the place of a statement whose parameters are refused. It does nothing, and is neither a read nor a write.
const REFUSED: &str = "?";

/// A batch as it was given.
struct Batch {
    request: BatchExecuteStatementRequest,
    /// What is wrong with the parameters of each statement: that is its own fault, and not the batch's.
    faults: Vec<Option<String>>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let Batch { request, faults } = read(json::parse(call.body)?)?;
    let output = call.pond.kv().batch_execute_statement(&request)?;
    json::write(&Output {
        responses: output.responses.iter().zip(&faults).map(told).collect(),
        consumed_capacity: consumed_all(&output.consumed_capacity),
    })
}

fn told<'a>((response, fault): (&'a BatchStatementResponse, &'a Option<String>)) -> Response<'a> {
    match fault {
        None => Response::from(response),
        Some(message) => {
            let error = Some(Fault { code: "ValidationError", message, item: None });
            Response { error, table_name: None, item: None }
        }
    }
}

fn read(given: Request) -> Result<Batch, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let members = checks.required(given.statements, "statements").0;
    let (mut statements, mut faults) = (Vec::with_capacity(members.len()), Vec::with_capacity(members.len()));
    for (number, member) in (1..).zip(members) {
        let field = |name: &str| format!("statements.{number}.member.{name}");
        let statement = checks.required(checks::text(member.statement), &field("statement"));
        let return_values_on_condition_check_failure = checks
            .choice(member.return_values_on_condition_check_failure, &field("returnValuesOnConditionCheckFailure"));
        let consistent_read = checks::flag(member.consistent_read).unwrap_or_default();
        let (statement, parameters, fault) = match checks::parameters(member.parameters) {
            Ok(parameters) => (statement, parameters, None),
            Err(failure) => (REFUSED.to_owned(), None, Some(failure.message().to_owned())),
        };
        faults.push(fault);
        statements.push(BatchStatementRequest {
            statement,
            parameters,
            consistent_read,
            return_values_on_condition_check_failure,
        });
    }
    checks.finish()?;
    Ok(Batch { request: BatchExecuteStatementRequest { statements, return_consumed_capacity }, faults })
}
