use millpond::kv::check_table_name;
use serde::Serialize;

use super::{
    Answered,
    checks::{self, Checks},
    import::{Import, Summary},
    transfers::IMPORTS,
};
use crate::aws::{
    Call,
    json::{self, Text, Whole, members},
};

members! {
    Request { table_arn: Text = "TableArn", page_size: Whole = "PageSize", next_token: Text = "NextToken" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    import_summary_list: Vec<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let page_size = given.page_size.map(|most| most.0);
    checks.between(page_size, "pageSize", 1..=25);
    checks.finish()?;
    let table = checks::text(given.table_arn);
    let table = table.as_deref().map(check_table_name).transpose()?;
    let token = checks::text(given.next_token);
    let (imports, next_token) = IMPORTS.list::<Import>(call.pond.engine(), table, page_size, token.as_deref())?;
    let import_summary_list = imports.iter().map(|import| import.summarize(call.region)).collect();
    json::write(&Output { import_summary_list, next_token })
}
