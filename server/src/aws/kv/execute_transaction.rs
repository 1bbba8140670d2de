use millpond::kv::{ExecuteTransactionRequest, ParameterizedStatement};
use serde::Serialize;

use super::{
    Answered,
    capacity::{Consumed, consumed_all},
    checks::{self, Checks},
    transact_get_items::Response,
    value::{Attribute, Shown},
};
use crate::aws::{
    Call,
    json::{self, Failure, List, Text, members},
};

members! {
    Request {
        transact_statements: List<Member> = "TransactStatements",
        client_request_token: Text = "ClientRequestToken",
        return_consumed_capacity: Text = "ReturnConsumedCapacity",
    }
}
members! {
    Member {
        statement: Text = "Statement",
        parameters: List<Attribute> = "Parameters",
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

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().execute_transaction(&request)?;
    json::write(&Output {
        responses: output.responses.iter().map(|item| Response { item: item.as_ref().map(Shown) }).collect(),
        consumed_capacity: consumed_all(&output.consumed_capacity),
    })
}

fn read(given: Request) -> Result<ExecuteTransactionRequest, Failure> {
    let mut checks = Checks::default();
    let return_consumed_capacity = checks.choice(given.return_consumed_capacity, "returnConsumedCapacity");
    let members = checks.required(given.transact_statements, "transactStatements").0;
    let mut read = Vec::with_capacity(members.len());
    for (number, member) in (1..).zip(members) {
        let field = |name: &str| format!("transactStatements.{number}.member.{name}");
        let statement = checks.required(checks::text(member.statement), &field("statement"));
        let on_failure = checks
            .choice(member.return_values_on_condition_check_failure, &field("returnValuesOnConditionCheckFailure"));
        read.push((statement, member.parameters, on_failure));
    }
    checks.finish()?;
    let statement = |(statement, parameters, return_values_on_condition_check_failure)| {
        let parameters = checks::parameters(parameters)?;
        Ok(ParameterizedStatement { statement, parameters, return_values_on_condition_check_failure })
    };
    Ok(ExecuteTransactionRequest {
        transact_statements: read.into_iter().map(statement).collect::<Result<_, Failure>>()?,
        client_request_token: checks::text(given.client_request_token),
        return_consumed_capacity,
    })
}
