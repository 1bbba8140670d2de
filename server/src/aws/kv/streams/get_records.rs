use millpond::kv::{self, GetRecordsRequest, Item, Record};
use serde::Serialize;

use super::{Answered, ITERATOR_CHARACTERS, read_iterator, show_iterator};
use crate::aws::{
    Call,
    json::{self, Text, Whole, members},
    kv::{
        checks::{self, Checks},
        table::seconds,
        value::Shown,
    },
};

/// Of the form of records.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html>
const EVENT_VERSION: &str = "1.1";
const EVENT_SOURCE: &str = "aws:dynamodb";
/// Of one answer.
const MAX_RECORDS: i64 = 1000;

members! {
    Request { shard_iterator: Text = "ShardIterator", limit: Whole = "Limit" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    records: Vec<Shape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_shard_iterator: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shape<'a> {
    #[serde(rename = "eventID")]
    event_id: &'a str,
    event_name: &'static str,
    event_version: &'static str,
    event_source: &'static str,
    aws_region: &'a str,
    dynamodb: Change<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_identity: Option<Identity>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Change<'a> {
    approximate_creation_date_time: f64,
    keys: Shown<&'a Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_image: Option<Shown<&'a Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_image: Option<Shown<&'a Item>>,
    sequence_number: &'a str,
    size_bytes: u64,
    stream_view_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::aws::kv) struct Identity {
    principal_id: &'static str,
    #[serde(rename = "Type")]
    identity_type: &'static str,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request = json::parse(call.body)?;
    let mut checks = Checks::default();
    let iterator = checks::text(given.shard_iterator);
    checks.length(iterator.as_deref(), "shardIterator", ITERATOR_CHARACTERS);
    let iterator = checks.required(iterator, "shardIterator");
    let limit = given.limit.map(|limit| limit.0);
    // Before the iterator is looked into.
    checks.between(limit, "limit", 1..=MAX_RECORDS);
    checks.finish()?;
    let shard_iterator = read_iterator(&iterator)?;
    let output = call.pond.kv().get_records(&GetRecordsRequest { shard_iterator, limit })?;
    json::write(&Output {
        records: output.records.iter().map(|record| Shape::new(record, call.region)).collect(),
        next_shard_iterator: output.next_shard_iterator.as_ref().map(|next| show_iterator(next, call.region)),
    })
}

impl From<kv::Identity> for Identity {
    fn from(identity: kv::Identity) -> Self {
        Identity { principal_id: identity.principal_id(), identity_type: identity.identity_type() }
    }
}

impl<'a> Shape<'a> {
    fn new(record: &'a Record, region: &'a str) -> Shape<'a> {
        Shape {
            event_id: &record.event_id,
            event_name: record.event_name.as_str(),
            event_version: EVENT_VERSION,
            event_source: EVENT_SOURCE,
            aws_region: region,
            dynamodb: Change {
                approximate_creation_date_time: seconds(record.approximate_creation_date_time),
                keys: Shown(&record.keys),
                new_image: record.new_image.as_ref().map(Shown),
                old_image: record.old_image.as_ref().map(Shown),
                sequence_number: &record.sequence_number,
                size_bytes: record.size_bytes,
                stream_view_type: record.stream_view_type.as_str(),
            },
            user_identity: record.user_identity.map(Identity::from),
        }
    }
}
