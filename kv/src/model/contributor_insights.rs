//! Requests and outputs of the operations on contributor insights.

use millpond_engine::Timestamp;

use super::{ContributorInsightsAction, ContributorInsightsMode, ContributorInsightsStatus};

/// Switches the contributor insights of a table or a global index on or off. That is kept and shown; no keys are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateContributorInsightsRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The global index; `None` is the table itself.
    pub index_name: Option<String>,
    /// On or off.
    pub action: ContributorInsightsAction,
    /// Which keys are told of; `None` is the default, not the present mode. It does not matter when switching off.
    pub mode: Option<ContributorInsightsMode>,
}

/// What [`UpdateContributorInsightsRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateContributorInsightsOutput {
    /// Name of the table.
    pub table_name: String,
    /// The index, as asked for.
    pub index_name: Option<String>,
    /// What the change leads to, or the present state if nothing changed.
    pub status: ContributorInsightsStatus,
    /// The mode; `None` if they were never on.
    pub mode: Option<ContributorInsightsMode>,
}

/// Describes the contributor insights of a table or a global index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeContributorInsightsRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The global index; `None` is the table itself.
    pub index_name: Option<String>,
}

/// What [`DescribeContributorInsightsRequest`] gives back. There are no rules, since nothing is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribeContributorInsightsOutput {
    /// Name of the table.
    pub table_name: String,
    /// The index, as asked for.
    pub index_name: Option<String>,
    /// Whether they are on.
    pub status: ContributorInsightsStatus,
    /// When that last changed; `None` if they were never on.
    pub last_update_date_time: Option<Timestamp>,
    /// The mode; `None` if they were never on.
    pub mode: Option<ContributorInsightsMode>,
}

/// Lists the contributor insights that are on, a page at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListContributorInsightsRequest {
    /// Name or ARN of a table, which are those of it and its indexes; `None` is all tables.
    pub table_name: Option<String>,
    /// `next_token` of the page before.
    pub next_token: Option<String>,
    /// The most of a page, 1 to 100; `None` is 100.
    pub max_results: Option<i64>,
}

/// A page of contributor insights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListContributorInsightsOutput {
    /// Those that are on, a table before its indexes. A page may hold fewer than asked for, or none, and have a next one.
    pub summaries: Vec<ContributorInsightsSummary>,
    /// Where to go on; `None` after the last page.
    pub next_token: Option<String>,
}

/// Contributor insights that are on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContributorInsightsSummary {
    /// Name of the table.
    pub table_name: String,
    /// The index; `None` is the table itself.
    pub index_name: Option<String>,
    /// Whether they are on.
    pub status: ContributorInsightsStatus,
    /// The mode.
    pub mode: ContributorInsightsMode,
}
