use millpond::stream::{CreateOptions, Distribution, Mode};

use super::{
    Answered, Call,
    failure::failure,
    limits,
    member::{Integer, Tags, Text},
    nothing,
    request::request,
    settings::{self, ModeDetails},
};
use crate::aws::json::Failure;

request! {
    Request<'a> {
        shard_count: Integer = "ShardCount" => limits::POSITIVE,
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME.required(),
        stream_mode_details: ModeDetails<'a> = "StreamModeDetails",
        tags: Tags = "Tags" => limits::TAGS,
        warm_throughput_mibps: Integer = "WarmThroughputMiBps" => limits::NATURAL,
        max_record_size_in_kib: Integer = "MaxRecordSizeInKiB" => limits::RECORD_KIB,
        record_distribution_strategy: Text<'a> = "RecordDistributionStrategy" => limits::DISTRIBUTION,
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let options = CreateOptions {
        mode: mode(given.stream_mode_details, given.shard_count)?,
        warm_throughput_mibps: given.warm_throughput_mibps.map(Integer::count),
        max_record_kib: given.max_record_size_in_kib.map(Integer::count),
        distribution: given.record_distribution_strategy.map_or(Distribution::UserPartitionKey, settings::distributed),
        tags: given.tags.unwrap_or_default().0,
    };
    let created = call.streams().create(&given.stream_name.unwrap_or_default(), &options);
    created.map_err(|error| call.failure(error))?;
    nothing()
}

/// Who names no mode gets the one of the shard count, if there is one.
fn mode(details: Option<ModeDetails<'_>>, shard_count: Option<Integer>) -> Result<Mode, Failure> {
    let is_on_demand = details.map(|details| details.is_on_demand());
    match (is_on_demand, shard_count) {
        (None | Some(true), None) => Ok(Mode::OnDemand),
        (Some(true), Some(_)) => Err(failure(
            "ValidationException",
            "Setting the ShardCount parameter is not supported for data streams with the on-demand capacity mode.",
        )),
        (_, Some(count)) => Ok(Mode::Provisioned { shards: count.count() }),
        (Some(false), None) => Err(failure(
            "ValidationException",
            "1 validation error detected: Value null at 'shardCount' failed to satisfy constraint: Member must not be null",
        )),
    }
}
