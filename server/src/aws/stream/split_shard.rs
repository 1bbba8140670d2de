use millpond::stream::Error;

use super::{Answered, Call, failure::invalid, limits, member::Text, names, nothing, request::request};

request! {
    Request<'a> {
        new_starting_hash_key: Text<'a> = "NewStartingHashKey" => limits::HASH_KEY.required(),
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        shard_to_split: Text<'a> = "ShardToSplit" => limits::SHARD_ID.required(),
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let name = names::stream(given.stream_name, given.stream_arn)?;
    let shard = names::shard(&given.shard_to_split.unwrap_or_default(), &name)?;
    let stream = call.streams().get(&name)?;
    let key = given.new_starting_hash_key.unwrap_or_default();
    // It is a number; one beyond all keys is beyond those of the shard too, and is told as it was given.
    let beyond = u128::MAX;
    stream.split_shard(shard, key.parse().unwrap_or(beyond)).map_err(|error| match error {
        Error::InvalidArgument(text) => invalid(text.replacen(
            &format!("NewStartingHashKey {beyond} "),
            &format!("NewStartingHashKey {} ", &*key),
            1,
        )),
        error => call.failure(error),
    })?;
    nothing()
}
