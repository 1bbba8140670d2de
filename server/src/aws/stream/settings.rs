//! What a stream is set to, one setting an operation.

use millpond::stream::{Distribution, Mode, WarmThroughput};
use serde::Serialize;

use super::{
    Answered, Call, limits,
    member::{Integer, Text},
    names, nothing,
    request::request,
};

request! {
    ModeDetails<'a> { stream_mode: Text<'a> = "StreamMode" => limits::STREAM_MODE.required() }
    ModeRequest<'a> {
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN.required(),
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        stream_mode_details: ModeDetails<'a> = "StreamModeDetails" => super::checks::Limits::ANY.required(),
        warm_throughput_mibps: Integer = "WarmThroughputMiBps" => limits::NATURAL,
    }
    RecordSizeRequest<'a> {
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        max_record_size_in_kib: Integer = "MaxRecordSizeInKiB" => limits::RECORD_KIB.required(),
    }
    DistributionRequest<'a> {
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN.required(),
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        record_distribution_strategy: Text<'a> = "RecordDistributionStrategy" => limits::DISTRIBUTION.required(),
    }
    WarmRequest<'a> {
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        warm_throughput_mibps: Integer = "WarmThroughputMiBps" => limits::NATURAL.required(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WarmOutput<'a> {
    #[serde(rename = "StreamARN")]
    stream_arn: String,
    stream_name: &'a str,
    warm_throughput: ShownThroughput,
}

#[derive(Serialize)]
pub(super) struct ShownThroughput {
    #[serde(rename = "TargetMiBps")]
    target_mibps: u32,
    #[serde(rename = "CurrentMiBps")]
    current_mibps: u32,
}

impl From<WarmThroughput> for ShownThroughput {
    fn from(warm: WarmThroughput) -> ShownThroughput {
        ShownThroughput { target_mibps: warm.target_mibps, current_mibps: warm.current_mibps }
    }
}

impl ModeDetails<'_> {
    pub(super) fn is_on_demand(&self) -> bool {
        self.stream_mode.as_deref() == Some("ON_DEMAND")
    }
}

/// What is named by one of the two names that there are.
pub(super) fn distributed(name: Text<'_>) -> Distribution {
    if &*name == "AUTO" { Distribution::Auto } else { Distribution::UserPartitionKey }
}

pub(super) fn mode(call: &Call<'_>) -> Answered {
    let given: ModeRequest<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(None, given.stream_arn)?)?;
    let is_on_demand = given.stream_mode_details.unwrap_or_default().is_on_demand();
    let mode = if is_on_demand { Mode::OnDemand } else { Mode::Provisioned { shards: 0 } };
    stream.set_mode(mode, given.warm_throughput_mibps.map(Integer::count))?;
    nothing()
}

pub(super) fn max_record_size(call: &Call<'_>) -> Answered {
    let given: RecordSizeRequest<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(None, given.stream_arn)?)?;
    stream.set_max_record_kib(given.max_record_size_in_kib.unwrap_or_default().count())?;
    nothing()
}

pub(super) fn distribution(call: &Call<'_>) -> Answered {
    let given: DistributionRequest<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(None, given.stream_arn)?)?;
    stream.set_distribution(distributed(given.record_distribution_strategy.unwrap_or_default()))?;
    nothing()
}

pub(super) fn warm_throughput(call: &Call<'_>) -> Answered {
    let given: WarmRequest<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(given.stream_name, given.stream_arn)?)?;
    let warm = stream.set_warm_throughput(given.warm_throughput_mibps.unwrap_or_default().count())?;
    let (stream_arn, stream_name) = (call.arn(stream.name()), stream.name());
    call.write(&WarmOutput { stream_arn, stream_name, warm_throughput: warm.into() })
}
