//! Records as they are shown.

use millpond::stream::Record;
use serde::{Serialize, Serializer};

use super::shown::{Data, Time};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownRecord<'a> {
    #[serde(serialize_with = "as_text")]
    sequence_number: millpond::stream::SequenceNumber,
    approximate_arrival_timestamp: Time,
    data: Data<'a>,
    /// A stream that distributes records by itself takes some without.
    #[serde(skip_serializing_if = "str::is_empty")]
    partition_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_type: Option<&'static str>,
}

impl<'a> From<&'a Record> for ShownRecord<'a> {
    fn from(record: &'a Record) -> ShownRecord<'a> {
        ShownRecord {
            sequence_number: record.sequence_number,
            approximate_arrival_timestamp: Time(record.arrived),
            data: Data(&record.data),
            partition_key: record.partition_key(),
            encryption_type: encryption_type(record.is_encrypted),
        }
    }
}

/// What is told of how a record is encrypted: nothing if it is not.
pub(super) fn encryption_type(is_encrypted: bool) -> Option<&'static str> {
    is_encrypted.then_some("KMS")
}

/// Writes as text without making one first.
pub(super) fn as_text<S: Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
