//! Requests and outputs of the operations on the expiry of items.

use super::TimeToLiveStatus;

/// Which attribute tells when an item expires, and whether items do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeToLiveSpecification {
    /// The name of a top-level attribute, 1 to 255 characters. It holds seconds since 1970, as a number.
    pub attribute_name: String,
    /// Whether items expire.
    pub enabled: bool,
}

/// Switches the expiry of a table's items on or off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateTimeToLiveRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// What is wanted.
    pub time_to_live_specification: TimeToLiveSpecification,
}

/// What [`UpdateTimeToLiveRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateTimeToLiveOutput {
    /// What was asked for.
    pub time_to_live_specification: TimeToLiveSpecification,
}

/// Asks for the expiry of a table's items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeTimeToLiveRequest {
    /// Name or ARN of the table.
    pub table_name: String,
}

/// The expiry of a table's items.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeToLiveDescription {
    /// Whether items expire.
    pub time_to_live_status: TimeToLiveStatus,
    /// The attribute that tells when; `None` if they do not.
    pub attribute_name: Option<String>,
}

/// What [`DescribeTimeToLiveRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribeTimeToLiveOutput {
    /// The expiry of the table's items.
    pub time_to_live_description: TimeToLiveDescription,
}
