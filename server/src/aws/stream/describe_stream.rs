use millpond::stream::{Description, Distribution, Status};
use serde::Serialize;

use super::{
    Answered, Call, limits,
    member::{Integer, Text},
    monitoring, names,
    request::request,
    settings::ShownThroughput,
    shard::ShownShard,
    shown::Time,
};

/// Shards of a page, whatever is asked for.
const MOST: usize = 100;

request! {
    Request<'a> {
        limit: Integer = "Limit" => limits::MAX_RESULTS,
        exclusive_start_shard_id: Text<'a> = "ExclusiveStartShardId" => limits::SHARD_ID,
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
    SummaryRequest<'a> {
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    stream_description: WithShards<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WithShards<'a> {
    #[serde(flatten)]
    described: Described<'a>,
    shards: Vec<ShownShard>,
    has_more_shards: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SummaryOutput<'a> {
    stream_description_summary: Summary<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary<'a> {
    #[serde(flatten)]
    described: Described<'a>,
    open_shard_count: u32,
    consumer_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_throughput: Option<ShownThroughput>,
    #[serde(rename = "MaxRecordSizeInKiB")]
    max_record_size_in_kib: u32,
    channel_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_distribution_strategy: Option<&'static str>,
    queue_count: u32,
}

/// What both ways of describing a stream tell.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    retention_period_hours: u32,
    enhanced_monitoring: [EnhancedMetrics; 1],
    encryption_type: &'static str,
    /// Null without one.
    key_id: Option<&'a str>,
}

/// What a list of streams tells of each too.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed<'a> {
    stream_name: &'a str,
    #[serde(rename = "StreamARN")]
    stream_arn: String,
    stream_status: &'static str,
    stream_mode_details: ShownMode,
    stream_creation_timestamp: Time,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownMode {
    stream_mode: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EnhancedMetrics {
    shard_level_metrics: Vec<&'static str>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(given.stream_name, given.stream_arn)?)?;
    let after = given.exclusive_start_shard_id.map(|id| names::shard(&id, stream.name())).transpose()?;
    let limit = given.limit.map_or(MOST, Integer::size).min(MOST);
    let described = stream.describe()?;
    let shards = stream.shards(None)?;
    let mut shards = shards.iter().filter(|shard| after.is_none_or(|after| shard.id > after)).map(ShownShard::from);
    let page = shards.by_ref().take(limit).collect();
    let description =
        WithShards { described: describe(call, &described), shards: page, has_more_shards: shards.next().is_some() };
    call.write(&Output { stream_description: description })
}

pub(super) fn summary(call: &Call<'_>) -> Answered {
    let given: SummaryRequest<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(given.stream_name, given.stream_arn)?)?;
    let described = stream.describe()?;
    let distribution = match described.distribution {
        Distribution::Auto => "AUTO",
        Distribution::UserPartitionKey => "USER_PARTITION_KEY",
    };
    let summary = Summary {
        described: describe(call, &described),
        open_shard_count: described.open_shards,
        consumer_count: described.consumers,
        warm_throughput: described.warm_throughput.map(Into::into),
        max_record_size_in_kib: described.max_record_kib,
        channel_count: described.channels,
        record_distribution_strategy: described.is_on_demand.then_some(distribution),
        queue_count: described.queues,
    };
    call.write(&SummaryOutput { stream_description_summary: summary })
}

fn describe<'a>(call: &Call<'_>, stream: &'a Description) -> Described<'a> {
    Described {
        listed: list(call, stream),
        retention_period_hours: stream.retention_hours,
        enhanced_monitoring: [EnhancedMetrics { shard_level_metrics: monitoring::show(&stream.monitoring) }],
        encryption_type: if stream.encryption_key.is_some() { "KMS" } else { "NONE" },
        key_id: stream.encryption_key.as_deref(),
    }
}

/// What a list of streams tells.
pub(super) fn list<'a>(call: &Call<'_>, stream: &'a Description) -> Listed<'a> {
    Listed {
        stream_name: &stream.name,
        stream_arn: call.arn(&stream.name),
        stream_status: match stream.status {
            Status::Active => "ACTIVE",
            // Streams may come to have other states; who can be told of one finds it working.
            _ => "UPDATING",
        },
        stream_mode_details: ShownMode { stream_mode: if stream.is_on_demand { "ON_DEMAND" } else { "PROVISIONED" } },
        stream_creation_timestamp: Time::seconds(stream.created),
    }
}
