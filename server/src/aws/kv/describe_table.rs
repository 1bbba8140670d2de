use millpond::kv::DescribeTableRequest;
use serde::Serialize;

use super::{Answered, checks, table::Description};
use crate::aws::{
    Call,
    json::{self, Text, members},
};

members! {
    Request {
        table_name: Text = "TableName",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    table: Description<'a>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let request = DescribeTableRequest { table_name: checks::table_name(given.table_name)? };
    let output = call.pond.kv().describe_table(&request)?;
    json::write(&Output { table: Description::new(&output.table, call.region) })
}
