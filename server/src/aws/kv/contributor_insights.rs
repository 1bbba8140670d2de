use millpond::kv::{
    ContributorInsightsAction, DescribeContributorInsightsRequest, ListContributorInsightsRequest,
    UpdateContributorInsightsRequest,
};
use serde::Serialize;

use super::{
    Answered,
    checks::{self, Checks},
    table::seconds,
};
use crate::aws::{
    Call,
    json::{self, Text, Whole, members},
};

members! {
    UpdateRequest {
        table_name: Text = "TableName",
        index_name: Text = "IndexName",
        contributor_insights_action: Text = "ContributorInsightsAction",
        contributor_insights_mode: Text = "ContributorInsightsMode",
    }
}
members! {
    DescribeRequest { table_name: Text = "TableName", index_name: Text = "IndexName" }
}
members! {
    ListRequest { table_name: Text = "TableName", next_token: Text = "NextToken", max_results: Whole = "MaxResults" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    table_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_name: Option<&'a str>,
    contributor_insights_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    contributor_insights_mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_date_time: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    contributor_insights_summaries: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

pub(super) fn update(call: &Call<'_>) -> Answered {
    let given: UpdateRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.named_table(given.table_name);
    let action = given.contributor_insights_action;
    let action = checks.required_choice(action, "contributorInsightsAction", ContributorInsightsAction::Enable);
    let mode = checks.choice_if_any(given.contributor_insights_mode, "contributorInsightsMode");
    checks.finish()?;
    let index_name = checks::text(given.index_name);
    let request = UpdateContributorInsightsRequest { table_name, index_name, action, mode };
    let output = call.pond.kv().update_contributor_insights(&request)?;
    json::write(&Shown {
        table_name: &output.table_name,
        index_name: output.index_name.as_deref(),
        contributor_insights_status: output.status.as_str(),
        contributor_insights_mode: output.mode.map(|mode| mode.as_str()),
        last_update_date_time: None,
    })
}

pub(super) fn describe(call: &Call<'_>) -> Answered {
    let given: DescribeRequest = json::parse(call.body)?;
    let mut checks = Checks::default();
    let table_name = checks.named_table(given.table_name);
    checks.finish()?;
    let request = DescribeContributorInsightsRequest { table_name, index_name: checks::text(given.index_name) };
    let output = call.pond.kv().describe_contributor_insights(&request)?;
    json::write(&Shown {
        table_name: &output.table_name,
        index_name: output.index_name.as_deref(),
        contributor_insights_status: output.status.as_str(),
        contributor_insights_mode: output.mode.map(|mode| mode.as_str()),
        last_update_date_time: output.last_update_date_time.map(seconds),
    })
}

pub(super) fn list(call: &Call<'_>) -> Answered {
    let given: ListRequest = json::parse(call.body)?;
    let output = call.pond.kv().list_contributor_insights(&ListContributorInsightsRequest {
        table_name: checks::text(given.table_name),
        next_token: checks::text(given.next_token),
        max_results: given.max_results.map(|most| most.0),
    })?;
    let summaries = output.summaries.iter().map(|summary| Shown {
        table_name: &summary.table_name,
        index_name: summary.index_name.as_deref(),
        contributor_insights_status: summary.status.as_str(),
        contributor_insights_mode: Some(summary.mode.as_str()),
        last_update_date_time: None,
    });
    let contributor_insights_summaries = summaries.collect();
    json::write(&Listed { contributor_insights_summaries, next_token: output.next_token.as_deref() })
}
