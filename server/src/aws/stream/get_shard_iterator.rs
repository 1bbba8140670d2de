use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond::stream::ShardIterator;
use serde::Serialize;

use super::{
    Answered, Call,
    failure::dry_run,
    limits,
    member::{Flag, Moment, Text},
    names,
    request::request,
    starting_position::{self, Given},
};

request! {
    Request<'a> {
        shard_id: Text<'a> = "ShardId" => limits::SHARD_ID.required(),
        shard_iterator_type: Text<'a> = "ShardIteratorType" => limits::ITERATOR_TYPE.required(),
        starting_sequence_number: Text<'a> = "StartingSequenceNumber" => limits::SEQUENCE_NUMBER,
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        timestamp: Moment = "Timestamp",
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        dry_run: Flag = "DryRun",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    shard_iterator: String,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let name = names::stream(given.stream_name, given.stream_arn)?;
    let shard = names::shard(&given.shard_id.unwrap_or_default(), &name)?;
    let stream = names::stream_of_shard(call, &name, shard)?;
    let start = Given {
        kind: given.shard_iterator_type.unwrap_or_default(),
        sequence_number: given.starting_sequence_number,
        timestamp: given.timestamp,
    };
    let start = starting_position::read(&start, shard, &name, call.now())?;
    let iterator = stream.iterator(shard, &start)?;
    if given.dry_run.unwrap_or_default().0 {
        return Err(dry_run());
    }
    call.write(&Output { shard_iterator: show(&iterator) })
}

pub(super) fn show(iterator: &ShardIterator) -> String {
    STANDARD.encode(iterator.to_bytes())
}
