use millpond::{
    Timestamp,
    stream::{ShardFilter, ShardId},
};
use serde::{Deserialize, Serialize};

use super::{
    Answered, Call,
    checks::Limits,
    failure::invalid,
    limits,
    member::{Integer, Moment, Text},
    names,
    request::request,
    shard::ShownShard,
    token,
};
use crate::aws::json::Failure;

/// Shards of a page.
const DEFAULT: usize = 1000;
const OPERATION: &str = "ListShards";

request! {
    Request<'a> {
        stream_name: Text<'a> = "StreamName" => limits::STREAM_NAME,
        next_token: Text<'a> = "NextToken" => limits::NEXT_TOKEN,
        exclusive_start_shard_id: Text<'a> = "ExclusiveStartShardId" => limits::SHARD_ID,
        max_results: Integer = "MaxResults" => limits::MAX_RESULTS,
        stream_creation_timestamp: Moment = "StreamCreationTimestamp",
        shard_filter: Filter<'a> = "ShardFilter",
        stream_arn: Text<'a> = "StreamARN" => limits::STREAM_ARN,
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
    }
    Filter<'a> {
        kind: Text<'a> = "Type" => Limits::one_of(&[
            "AFTER_SHARD_ID",
            "AT_TRIM_HORIZON",
            "FROM_TRIM_HORIZON",
            "AT_LATEST",
            "AT_TIMESTAMP",
            "FROM_TIMESTAMP",
        ]).required(),
        shard_id: Text<'a> = "ShardId" => limits::SHARD_ID,
        timestamp: Moment = "Timestamp",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    shards: Vec<ShownShard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Which page of which shards is asked for; a token says it of the next one.
#[derive(Serialize, Deserialize)]
struct Asked {
    stream: String,
    /// In seconds: a stream of that name that was made later is another one.
    created: u64,
    filter: Option<Wanted>,
    after: Option<u32>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Wanted {
    AfterShardId(u32),
    AtTrimHorizon,
    FromTrimHorizon,
    AtLatest,
    AtTimestamp(u64),
    FromTimestamp(u64),
}

impl From<Wanted> for ShardFilter {
    fn from(wanted: Wanted) -> ShardFilter {
        match wanted {
            Wanted::AfterShardId(id) => ShardFilter::AfterShardId(ShardId::new(id)),
            Wanted::AtTrimHorizon => ShardFilter::AtTrimHorizon,
            Wanted::FromTrimHorizon => ShardFilter::FromTrimHorizon,
            Wanted::AtLatest => ShardFilter::AtLatest,
            Wanted::AtTimestamp(millis) => ShardFilter::AtTimestamp(Timestamp::from_millis(millis)),
            Wanted::FromTimestamp(millis) => ShardFilter::FromTimestamp(Timestamp::from_millis(millis)),
        }
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let mut given: Request<'_> = call.read()?;
    let max = given.max_results.map_or(DEFAULT, Integer::size);
    let asked = match given.next_token.take() {
        Some(token) => {
            check_alone(&given)?;
            token::read(OPERATION, &token, call.now())?
        }
        None => read(call, given)?,
    };
    let stream = call.streams().get(&asked.stream)?;
    if stream.describe()?.created.as_secs() != asked.created {
        return Err(millpond::stream::Error::StreamNotFound { stream: asked.stream }.into());
    }
    let shards = stream.shards(asked.filter.map(ShardFilter::from).as_ref())?;
    let mut rest = shards.iter().filter(|shard| asked.after.is_none_or(|after| shard.id > ShardId::new(after)));
    let page: Vec<_> = rest.by_ref().take(max).collect();
    let last = page.last().filter(|_| rest.next().is_some()).map(|shard| shard.id.get());
    let next_token = last.map(|last| token::show(OPERATION, call.now(), Asked { after: Some(last), ..asked }));
    let next_token = next_token.transpose()?;
    call.write(&Output { shards: page.into_iter().map(ShownShard::from).collect(), next_token })
}

/// A token says all that others would.
fn check_alone(given: &Request<'_>) -> Result<(), Failure> {
    let others = [
        ("StreamName", given.stream_name.is_some()),
        ("StreamARN", given.stream_arn.is_some()),
        ("ExclusiveStartShardId", given.exclusive_start_shard_id.is_some()),
        ("ShardFilter", given.shard_filter.is_some()),
        ("StreamCreationTimestamp", given.stream_creation_timestamp.is_some()),
    ];
    match others.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(invalid(format!("NextToken and {name} cannot be provided together."))),
        None => Ok(()),
    }
}

fn read(call: &Call<'_>, given: Request<'_>) -> Result<Asked, Failure> {
    if given.stream_name.is_none() && given.stream_arn.is_none() {
        return Err(invalid("Either NextToken or StreamName should be provided."));
    }
    let stream = names::stream(given.stream_name, given.stream_arn)?;
    let created = call.streams().get(&stream)?.describe()?.created.as_secs();
    if given.stream_creation_timestamp.is_some_and(|time| time.timestamp().as_secs() != created) {
        return Err(millpond::stream::Error::StreamNotFound { stream }.into());
    }
    let filter = given.shard_filter.map(|filter| wanted(&filter, &stream)).transpose()?;
    if given.exclusive_start_shard_id.is_some() && matches!(filter, Some(Wanted::AfterShardId(_))) {
        return Err(invalid(
            "ExclusiveStartShardId and ShardFilter of type AFTER_SHARD_ID cannot be provided together.",
        ));
    }
    let after = given.exclusive_start_shard_id.map(|id| names::shard(&id, &stream)).transpose()?;
    Ok(Asked { stream, created, filter, after: after.map(|id| id.get()) })
}

fn wanted(filter: &Filter<'_>, stream: &str) -> Result<Wanted, Failure> {
    let kind = filter.kind.as_deref().unwrap_or_default();
    let (takes_shard, takes_time) = (kind == "AFTER_SHARD_ID", matches!(kind, "AT_TIMESTAMP" | "FROM_TIMESTAMP"));
    let must = |what: &str, is_taken: bool| {
        let words = if is_taken { "must be provided" } else { "cannot be provided" };
        invalid(format!("{what} {words} when ShardFilter type is {kind}."))
    };
    if takes_shard != filter.shard_id.is_some() {
        return Err(must("ShardId", takes_shard));
    }
    if takes_time != filter.timestamp.is_some() {
        return Err(must("Timestamp", takes_time));
    }
    let millis = filter.timestamp.unwrap_or_default().timestamp().as_millis();
    Ok(match (kind, &filter.shard_id) {
        ("AFTER_SHARD_ID", Some(id)) => Wanted::AfterShardId(names::shard(id, stream)?.get()),
        ("AT_TRIM_HORIZON", _) => Wanted::AtTrimHorizon,
        ("AT_LATEST", _) => Wanted::AtLatest,
        ("AT_TIMESTAMP", _) => Wanted::AtTimestamp(millis),
        ("FROM_TIMESTAMP", _) => Wanted::FromTimestamp(millis),
        _ => Wanted::FromTrimHorizon,
    })
}
