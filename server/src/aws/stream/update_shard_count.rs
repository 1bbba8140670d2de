use serde::Serialize;

use super::{
    Answered, Call,
    checks::Limits,
    limits,
    member::{Integer, Text},
    names,
    request::request,
};

request! {
    Request<'a> {
        scaling_type: Text<'a> = "ScalingType" => Limits::one_of(&["UNIFORM_SCALING"]).required(),
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        target_shard_count: Integer = "TargetShardCount" => limits::POSITIVE.required(),
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    stream_name: &'a str,
    current_shard_count: u32,
    target_shard_count: u32,
    #[serde(rename = "StreamARN")]
    stream_arn: String,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let name = names::stream(given.stream_name, given.stream_arn)?;
    let target = given.target_shard_count.unwrap_or_default().count();
    let before = call.streams().get(&name)?.update_shard_count(target).map_err(|error| call.failure(error))?;
    call.write(&Output {
        stream_name: &name,
        current_shard_count: before,
        target_shard_count: target,
        stream_arn: call.arn(&name),
    })
}
