//! Requests and outputs of the operations on the labels of tables.

use super::Tag;

/// Sets labels of a table; those it has under other keys stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagResourceRequest {
    /// The table's ARN.
    pub resource_arn: String,
    /// The labels, at least one. A table has at most 50.
    pub tags: Vec<Tag>,
}

/// Removes labels of a table. Keys that it does not have are no error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UntagResourceRequest {
    /// The table's ARN.
    pub resource_arn: String,
    /// The keys of the labels, at least one.
    pub tag_keys: Vec<String>,
}

/// Lists the labels of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListTagsOfResourceRequest {
    /// The table's ARN.
    pub resource_arn: String,
}

/// The labels of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListTagsOfResourceOutput {
    /// All labels, in order of their keys.
    pub tags: Vec<Tag>,
    /// Always `None`: a table's labels fit one answer.
    pub next_token: Option<String>,
}
