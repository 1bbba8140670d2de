use millpond::kv::{DescribeStreamRequest, Shard, ShardFilterType, StreamDescription};
use serde::Serialize;

use super::{ARN_CHARACTERS, Answered, SHARD_ID_CHARACTERS, arn};
use crate::aws::{
    Call,
    json::{self, Failure, Text, Whole, members},
    kv::{
        checks::{self, Checks},
        table::{Key, seconds},
    },
};

members! {
    Request {
        stream_arn: Text = "StreamArn",
        limit: Whole = "Limit",
        exclusive_start_shard_id: Text = "ExclusiveStartShardId",
        shard_filter: Filter = "ShardFilter",
    }
}
members! {
    Filter { filter_type: Text = "Type", shard_id: Text = "ShardId" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    stream_description: Description<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Description<'a> {
    stream_arn: String,
    stream_label: &'a str,
    stream_status: &'static str,
    stream_view_type: &'static str,
    creation_request_date_time: f64,
    table_name: &'a str,
    key_schema: Vec<Key<'a>>,
    shards: Vec<DescribedShard<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_evaluated_shard_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DescribedShard<'a> {
    shard_id: &'a str,
    sequence_number_range: Range<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_shard_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Range<'a> {
    starting_sequence_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ending_sequence_number: Option<&'a str>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().describe_stream(&request)?;
    let stream_description = Description::new(&output.stream_description, call.region);
    json::write(&Output { stream_description })
}

fn read(given: Request) -> Result<DescribeStreamRequest, Failure> {
    let mut checks = Checks::default();
    let stream_arn = checks::text(given.stream_arn);
    checks.length(stream_arn.as_deref(), "streamArn", ARN_CHARACTERS);
    let exclusive_start_shard_id = checks::text(given.exclusive_start_shard_id);
    checks.length(exclusive_start_shard_id.as_deref(), "exclusiveStartShardId", SHARD_ID_CHARACTERS);
    let mut child_shards_of = None;
    if let Some(filter) = given.shard_filter {
        let kind: Option<ShardFilterType> = checks.choice_if_any(filter.filter_type, "shardFilter.type");
        child_shards_of = checks::text(filter.shard_id);
        checks.length(child_shards_of.as_deref(), "shardFilter.shardId", SHARD_ID_CHARACTERS);
        child_shards_of = child_shards_of.filter(|_| kind.is_some());
    }
    let stream_arn = checks.required(stream_arn, "streamArn");
    checks.finish()?;
    let limit = given.limit.map(|limit| limit.0);
    Ok(DescribeStreamRequest { stream_arn, limit, exclusive_start_shard_id, child_shards_of })
}

impl<'a> Description<'a> {
    fn new(description: &'a StreamDescription, region: &str) -> Description<'a> {
        Description {
            stream_arn: arn(&description.stream, region),
            stream_label: &description.stream.stream_label,
            stream_status: description.stream_status.as_str(),
            stream_view_type: description.stream_view_type.as_str(),
            creation_request_date_time: seconds(description.creation_request_date_time),
            table_name: &description.stream.table_name,
            key_schema: description.key_schema.iter().map(Key::from).collect(),
            shards: description.shards.iter().map(DescribedShard::from).collect(),
            last_evaluated_shard_id: description.last_evaluated_shard_id.as_deref(),
        }
    }
}

impl<'a> From<&'a Shard> for DescribedShard<'a> {
    fn from(shard: &'a Shard) -> DescribedShard<'a> {
        let range = &shard.sequence_number_range;
        DescribedShard {
            shard_id: &shard.shard_id,
            sequence_number_range: Range {
                starting_sequence_number: &range.starting_sequence_number,
                ending_sequence_number: range.ending_sequence_number.as_deref(),
            },
            parent_shard_id: shard.parent_shard_id.as_deref(),
        }
    }
}
