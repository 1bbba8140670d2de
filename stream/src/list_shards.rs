//! Listing shards.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html>

use millpond_engine::{Read, Timestamp};

use crate::{
    Result, Shard, ShardFilter,
    log::{Shard as Stored, View},
    shared::Shared,
};

pub(crate) fn run(
    shared: &Shared,
    reader: &mut impl Read,
    stream: &str,
    filter: Option<&ShardFilter>,
) -> Result<Vec<Shard>> {
    let now = shared.engine.clock().now();
    let found = shared.look(reader, stream)?;
    let is_wanted = |shard: &Stored| filter.is_none_or(|filter| is_wanted(shard, filter, &found.log, now));
    Ok(found.log.shards(now).into_iter().filter(is_wanted).map(Shard::from).collect())
}

fn is_wanted(shard: &Stored, filter: &ShardFilter, log: &View, now: Timestamp) -> bool {
    let retention = u64::try_from(log.retention().as_millis()).unwrap_or(u64::MAX);
    let horizon = Timestamp::from_millis(now.as_millis().saturating_sub(retention));
    let was_open_after = |time: Timestamp| shard.closed.is_none_or(|closed| closed >= time);
    // A shard that closes as its children open is not one of both: the children are.
    let was_open_at = |time: Timestamp| shard.created <= time && shard.closed.is_none_or(|closed| closed > time);
    match *filter {
        ShardFilter::AfterShardId(id) => shard.id > id,
        // The stream may be younger: then it is where it began.
        ShardFilter::AtTrimHorizon => was_open_at(horizon.max(began(log, now))),
        ShardFilter::FromTrimHorizon => true,
        ShardFilter::AtLatest => shard.closed.is_none(),
        ShardFilter::AtTimestamp(time) => was_open_at(time.max(began(log, now))),
        ShardFilter::FromTimestamp(time) => was_open_after(time),
    }
}

/// When the oldest shard that is shown was opened.
fn began(log: &View, now: Timestamp) -> Timestamp {
    log.shards(now).iter().map(|shard| shard.created).min().unwrap_or(now)
}
