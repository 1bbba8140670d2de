use millpond::kv::ListTablesRequest;
use serde::Serialize;

use super::{Answered, checks};
use crate::aws::{
    Call,
    json::{self, Text, Whole, members},
};

members! {
    Request {
        exclusive_start_table_name: Text = "ExclusiveStartTableName",
        limit: Whole = "Limit",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    table_names: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    last_evaluated_table_name: Option<&'a str>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let output = call.pond.kv().list_tables(&ListTablesRequest {
        exclusive_start_table_name: checks::text(given.exclusive_start_table_name),
        limit: given.limit.map(|limit| limit.0),
    })?;
    let last_evaluated_table_name = output.last_evaluated_table_name.as_deref();
    json::write(&Output { table_names: &output.table_names, last_evaluated_table_name })
}
