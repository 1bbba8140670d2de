use millpond::kv::{DescribeTimeToLiveRequest, TimeToLiveSpecification, UpdateTimeToLiveRequest};
use serde::Serialize;

use super::{
    Answered,
    checks::{self, Checks},
};
use crate::aws::{
    Call,
    json::{self, Flag, Text, members},
};

members! {
    UpdateRequest {
        table_name: Text = "TableName",
        time_to_live_specification: Specification = "TimeToLiveSpecification",
    }
}
members! {
    Specification { attribute_name: Text = "AttributeName", enabled: Flag = "Enabled" }
}
members! {
    DescribeRequest { table_name: Text = "TableName" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Updated<'a> {
    time_to_live_specification: ShownSpecification<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownSpecification<'a> {
    attribute_name: &'a str,
    enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    time_to_live_description: Description<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Description<'a> {
    time_to_live_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute_name: Option<&'a str>,
}

pub(super) fn update(call: &Call<'_>) -> Answered {
    let given: UpdateRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.named_table(given.table_name);
    let specification = checks.required(given.time_to_live_specification, "timeToLiveSpecification");
    let field = |member: &str| format!("timeToLiveSpecification.{member}");
    let attribute_name = checks.required(checks::text(specification.attribute_name), &field("attributeName"));
    let enabled = checks.required(checks::flag(specification.enabled), &field("enabled"));
    checks.finish()?;
    let time_to_live_specification = TimeToLiveSpecification { attribute_name, enabled };
    let output =
        call.pond.kv().update_time_to_live(&UpdateTimeToLiveRequest { table_name, time_to_live_specification })?;
    let TimeToLiveSpecification { attribute_name, enabled } = &output.time_to_live_specification;
    let time_to_live_specification = ShownSpecification { attribute_name, enabled: *enabled };
    json::write(&Updated { time_to_live_specification })
}

pub(super) fn describe(call: &Call<'_>) -> Answered {
    let given: DescribeRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.named_table(given.table_name);
    checks.finish()?;
    let output = call.pond.kv().describe_time_to_live(&DescribeTimeToLiveRequest { table_name })?;
    let description = &output.time_to_live_description;
    json::write(&Described {
        time_to_live_description: Description {
            time_to_live_status: description.time_to_live_status.as_str(),
            attribute_name: description.attribute_name.as_deref(),
        },
    })
}
