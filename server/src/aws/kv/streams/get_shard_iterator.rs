use millpond::kv::{GetShardIteratorRequest, ShardIteratorType};
use serde::Serialize;

use super::{ARN_CHARACTERS, Answered, SEQUENCE_NUMBER_CHARACTERS, SHARD_ID_CHARACTERS, show_iterator};
use crate::aws::{
    Call,
    json::{self, Failure, Moment, Text, members},
    kv::checks::{self, Checks},
};

members! {
    Request {
        stream_arn: Text = "StreamArn",
        shard_id: Text = "ShardId",
        shard_iterator_type: Text = "ShardIteratorType",
        sequence_number: Text = "SequenceNumber",
        timestamp: Moment = "Timestamp",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    shard_iterator: String,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let request = read(json::parse(call.body)?)?;
    let output = call.pond.kv().get_shard_iterator(&request)?;
    json::write(&Output { shard_iterator: show_iterator(&output.shard_iterator, call.region) })
}

fn read(given: Request) -> Result<GetShardIteratorRequest, Failure> {
    let mut checks = Checks::default();
    let sequence_number = checks::text(given.sequence_number);
    checks.length(sequence_number.as_deref(), "sequenceNumber", SEQUENCE_NUMBER_CHARACTERS);
    let (shard_id, stream_arn) = (checks::text(given.shard_id), checks::text(given.stream_arn));
    checks.length(shard_id.as_deref(), "shardId", SHARD_ID_CHARACTERS);
    checks.length(stream_arn.as_deref(), "streamArn", ARN_CHARACTERS);
    let (shard_id, stream_arn) = (checks.required(shard_id, "shardId"), checks.required(stream_arn, "streamArn"));
    let shard_iterator_type =
        checks.required_choice(given.shard_iterator_type, "shardIteratorType", ShardIteratorType::Latest);
    checks.finish()?;
    let timestamp = given.timestamp.map(Moment::timestamp);
    Ok(GetShardIteratorRequest { stream_arn, shard_id, shard_iterator_type, sequence_number, timestamp })
}
