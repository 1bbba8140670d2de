use millpond::kv::check_table_name;
use serde::Serialize;

use super::{
    Answered,
    checks::{self, Checks},
    export::Export,
    transfers::EXPORTS,
};
use crate::aws::{
    Call,
    json::{self, Text, Whole, members},
};

members! {
    Request { table_arn: Text = "TableArn", max_results: Whole = "MaxResults", next_token: Text = "NextToken" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    export_summaries: Vec<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary<'a> {
    export_arn: String,
    export_status: &'a str,
    export_type: &'static str,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let max_results = given.max_results.map(|most| most.0);
    checks.between(max_results, "maxResults", 1..=25);
    checks.finish()?;
    let table = checks::text(given.table_arn);
    let table = table.as_deref().map(check_table_name).transpose()?;
    let token = checks::text(given.next_token);
    let (exports, next_token) = EXPORTS.list::<Export>(call.pond.engine(), table, max_results, token.as_deref())?;
    let export_summaries = exports.iter().map(|export| Summary {
        export_arn: EXPORTS.arn(call.region, &export.transfer),
        export_status: &export.transfer.status,
        export_type: export.kind(),
    });
    json::write(&Output { export_summaries: export_summaries.collect(), next_token })
}
