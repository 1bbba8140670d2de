use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond::stream::ShardIterator;
use serde::Serialize;

use super::{
    Answered, Call,
    failure::{dry_run, invalid},
    get_shard_iterator::show,
    limits,
    member::{Flag, Integer, Text},
    names,
    record::ShownRecord,
    request::request,
    shard::ShownChild,
};
use crate::aws::json::Failure;

const MOST: usize = 10_000;

request! {
    Request<'a> {
        limit: Integer = "Limit" => limits::MAX_RESULTS,
        shard_iterator: Text<'a> = "ShardIterator" => limits::ITERATOR.required(),
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        dry_run: Flag = "DryRun",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    records: Vec<ShownRecord<'a>>,
    /// Absent where a shard has ended. The documentation says null, which some clients do not take for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_shard_iterator: Option<String>,
    millis_behind_latest: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    child_shards: Vec<ShownChild>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let given: Request<'_> = call.read()?;
    let iterator = read(&given.shard_iterator.unwrap_or_default())?;
    if let Some(arn) = given.stream_arn {
        let text = arn.0.clone();
        if names::stream(None, Some(arn))? != iterator.stream() {
            return Err(invalid(format!("StreamARN {text} does not match the stream of the ShardIterator.")));
        }
    }
    let limit = given.limit.map_or(MOST, Integer::size);
    let got = call.streams().get_records(&iterator, limit)?;
    if given.dry_run.unwrap_or_default().0 {
        return Err(dry_run());
    }
    call.write(&Output {
        records: got.records.iter().map(ShownRecord::from).collect(),
        next_shard_iterator: got.next.as_ref().map(show),
        millis_behind_latest: got.millis_behind_latest,
        child_shards: got.child_shards.iter().map(ShownChild::from).collect(),
    })
}

/// Clients that take the iterator out of JSON by hand leave its quotation marks on, and the service does not mind.
fn read(text: &str) -> Result<ShardIterator, Failure> {
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let bytes = STANDARD.decode(bare).map_err(|_| invalid("Invalid ShardIterator."))?;
    Ok(ShardIterator::from_bytes(&bytes)?)
}
