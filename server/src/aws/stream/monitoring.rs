use std::collections::BTreeSet;

use millpond::stream::{self, MonitoringChange, ShardMetric, Stream};
use serde::Serialize;

use super::{
    Answered, Call,
    checks::Limits,
    limits,
    member::{List, Text},
    names,
    request::request,
};

const ALL: &str = "ALL";
const METRICS: Limits = Limits::one_of(&[
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
    ALL,
]);

request! {
    Request<'a> {
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        shard_level_metrics: List<Text<'a>> = "ShardLevelMetrics" => Limits::between(1, 7).of(&METRICS).required(),
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    stream_name: &'a str,
    current_shard_level_metrics: Vec<&'static str>,
    desired_shard_level_metrics: Vec<&'static str>,
    #[serde(rename = "StreamARN")]
    stream_arn: String,
}

pub(super) fn enable(call: &Call<'_>) -> Answered {
    change(call, Stream::enable_monitoring)
}

pub(super) fn disable(call: &Call<'_>) -> Answered {
    change(call, Stream::disable_monitoring)
}

fn change(
    call: &Call<'_>,
    change: fn(&Stream, &BTreeSet<ShardMetric>) -> stream::Result<MonitoringChange>,
) -> Answered {
    let given: Request<'_> = call.read()?;
    let stream = call.streams().get(&names::stream(given.stream_name, given.stream_arn)?)?;
    let names = given.shard_level_metrics.unwrap_or_default().elements;
    let metrics = match names.iter().any(|name| &**name == ALL) {
        true => ShardMetric::ALL.into(),
        false => names.iter().filter_map(|name| ShardMetric::parse(name)).collect(),
    };
    let changed = change(&stream, &metrics)?;
    call.write(&Output {
        stream_name: stream.name(),
        current_shard_level_metrics: show(&changed.before),
        desired_shard_level_metrics: show(&changed.after),
        stream_arn: call.arn(stream.name()),
    })
}

pub(super) fn show(metrics: &BTreeSet<ShardMetric>) -> Vec<&'static str> {
    metrics.iter().map(|metric| metric.as_str()).collect()
}
