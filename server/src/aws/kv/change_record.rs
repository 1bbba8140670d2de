//! Changes of items as they are written into Kinesis streams.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds_gettingstarted.html>

use millpond::kv::{ApproximateCreationDateTimePrecision as Precision, ChangeFormat, Item, TableChange};
use serde::Serialize;
use uuid::Uuid;

use super::value::Shown;
use crate::aws::{json, kv::streams::Identity};

/// The region that changes name: a change has no client that has signed for one.
const REGION: &str = "us-east-1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shape<'a> {
    aws_region: &'static str,
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: &'static str,
    user_identity: Option<Identity>,
    record_format: &'static str,
    table_name: &'a str,
    dynamodb: Change<'a>,
    event_source: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Change<'a> {
    approximate_creation_date_time: u64,
    keys: Shown<&'a Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_image: Option<Shown<&'a Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_image: Option<Shown<&'a Item>>,
    size_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate_creation_date_time_precision: Option<&'static str>,
}

/// The service's format.
pub(crate) fn format() -> ChangeFormat {
    // What cannot be written is empty: there is no such change.
    ChangeFormat::new(|change| json::write(&shape(change)).unwrap_or_default())
}

fn shape<'a>(change: &'a TableChange<'_>) -> Shape<'a> {
    let millis = change.time.as_millis();
    let (time, precision) = match change.precision {
        Precision::Microsecond => (millis.saturating_mul(1000), Some(change.precision.as_str())),
        _ => (millis, None),
    };
    Shape {
        aws_region: REGION,
        event_id: Uuid::new_v4().to_string(),
        event_name: change.event_name.as_str(),
        user_identity: change.user_identity.map(Identity::from),
        record_format: "application/json",
        table_name: change.table_name,
        dynamodb: Change {
            approximate_creation_date_time: time,
            keys: Shown(&change.keys),
            new_image: change.new_image.map(Shown),
            old_image: change.old_image.map(Shown),
            size_bytes: change.size_bytes,
            approximate_creation_date_time_precision: precision,
        },
        event_source: "aws:dynamodb",
    }
}
