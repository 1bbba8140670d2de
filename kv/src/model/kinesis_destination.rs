//! Requests and outputs of the operations on Kinesis streams as destinations of a table's changes.

use super::{ApproximateCreationDateTimePrecision, DestinationStatus};

/// Names a Kinesis stream as the destination of a table's changes. That is kept and shown; nothing is delivered yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnableKinesisStreamingDestinationRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The stream's ARN, 37 to 1,024 characters. Nobody looks whether there is one.
    pub stream_arn: String,
    /// How precise times are; `None` is milliseconds.
    pub precision: Option<ApproximateCreationDateTimePrecision>,
}

/// Takes a destination away from a table. It stays listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisableKinesisStreamingDestinationRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The stream's ARN.
    pub stream_arn: String,
}

/// Changes a destination of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateKinesisStreamingDestinationRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The stream's ARN.
    pub stream_arn: String,
    /// How precise times are from now on; other than the present precision.
    pub precision: Option<ApproximateCreationDateTimePrecision>,
}

/// What a change of a destination gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KinesisStreamingDestinationOutput {
    /// Name of the table.
    pub table_name: String,
    /// The stream's ARN.
    pub stream_arn: String,
    /// What the change leads to.
    pub destination_status: DestinationStatus,
    /// The precision as asked for.
    pub precision: Option<ApproximateCreationDateTimePrecision>,
}

/// Describes the destinations of a table's changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeKinesisStreamingDestinationRequest {
    /// Name or ARN of the table.
    pub table_name: String,
}

/// What [`DescribeKinesisStreamingDestinationRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribeKinesisStreamingDestinationOutput {
    /// Name of the table.
    pub table_name: String,
    /// At most one that is active, and the last ten that were: those named last come first.
    pub destinations: Vec<KinesisDataStreamDestination>,
}

/// A destination of a table's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KinesisDataStreamDestination {
    /// The stream's ARN.
    pub stream_arn: String,
    /// Whether it is active.
    pub destination_status: DestinationStatus,
    /// The precision that was asked for; `None` is milliseconds.
    pub precision: Option<ApproximateCreationDateTimePrecision>,
}
