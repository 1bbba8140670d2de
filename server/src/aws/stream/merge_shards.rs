use super::{Answered, Call, limits, member::Text, names, nothing, request::request};

request! {
    Request<'a> {
        shard_to_merge: Text<'a> = "ShardToMerge" => limits::SHARD_ID.required(),
        adjacent_shard_to_merge: Text<'a> = "AdjacentShardToMerge" => limits::SHARD_ID.required(),
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let name = names::stream(given.stream_name, given.stream_arn)?;
    let shard = names::shard(&given.shard_to_merge.unwrap_or_default(), &name)?;
    let adjacent = names::shard(&given.adjacent_shard_to_merge.unwrap_or_default(), &name)?;
    call.streams().get(&name)?.merge_shards(shard, adjacent)?;
    nothing()
}
