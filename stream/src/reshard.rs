//! Splitting and merging shards, one by one and to a number.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html>

use millpond_engine::Transaction;

use crate::{
    Error, Result, ShardId, account,
    log::{Error as LogError, LogId, Shard, View, even_shares},
    shared::{Found, Shared},
};

/// The most shards that a stream can be set to.
const MAX_TARGET: u32 = 10_000;
/// What equal shares of different counts may differ by where they end at the same key but for rounding: more than that, and less than any
/// share.
const NEAR: u128 = 1 << 20;

pub(crate) fn split(shared: &Shared, tx: &mut Transaction, stream: &str, shard: ShardId, at: u128) -> Result<()> {
    let found = provisioned(shared, tx, stream)?;
    let parent = shard_of(&found, stream, shard)?;
    account::check_shards(shared, tx, 1)?;
    let (first, last) = (*parent.hash_keys.start(), *parent.hash_keys.end());
    if at <= first.saturating_add(1) || at >= last {
        return Err(Error::InvalidArgument(format!(
            "NewStartingHashKey {at} used in SplitShard() on shard {shard} in stream {stream} under account {} is not both \
             greater than one plus the shard's StartingHashKey {first} and less than the shard's EndingHashKey {last}.",
            crate::ACCOUNT
        )));
    }
    shared.logs.split_in(tx, found.record.log(), shard, at).map_err(|error| over(error, stream))?;
    Ok(())
}

pub(crate) fn merge(shared: &Shared, tx: &mut Transaction, stream: &str, shard: ShardId, next: ShardId) -> Result<()> {
    let found = provisioned(shared, tx, stream)?;
    let (low, high) = (shard_of(&found, stream, shard)?, shard_of(&found, stream, next)?);
    if low.hash_keys.end().checked_add(1) != Some(*high.hash_keys.start()) {
        return Err(Error::InvalidArgument(format!(
            "Shards {shard} and {next} in stream {stream} under account {} are not an adjacent pair of shards eligible for \
             merging",
            crate::ACCOUNT
        )));
    }
    shared.logs.merge_in(tx, found.record.log(), shard, next).map_err(|error| over(error, stream))?;
    Ok(())
}

/// Gives how many shards were open before.
pub(crate) fn set_count(shared: &Shared, tx: &mut Transaction, stream: &str, target: u32) -> Result<u32> {
    let found = provisioned(shared, tx, stream)?;
    let open = u32::try_from(found.log.open_count()).unwrap_or(u32::MAX);
    let limit = u64::from(MAX_TARGET).min(shared.options.shard_limit);
    if u64::from(target) > limit {
        return Err(Error::LimitExceeded(format!(
            "Target shard count or number of open shards cannot be greater than {limit}. Current open shard count: {open}, Target \
             shard count: {target}"
        )));
    }
    let counts = format!("Current open shard count: {open} Target shard count: {target}");
    if target > open.saturating_mul(2) {
        let text = "UpdateShardCount cannot scale up over double your current open shard count.";
        return Err(Error::LimitExceeded(format!("{text} {counts}")));
    }
    if target.saturating_mul(2) < open || target == 0 {
        let text = "UpdateShardCount cannot scale down below half your current open shard count.";
        return Err(Error::LimitExceeded(format!("{text} {counts}")));
    }
    account::check_shards(shared, tx, u64::from(target.saturating_sub(open)))?;
    share_evenly(shared, tx, found.record.log(), target)?;
    Ok(open)
}

/// Splits shards until there are so many.
pub(crate) fn grow(shared: &Shared, tx: &mut Transaction, stream: &str, target: u32) -> Result<()> {
    let found = shared.look(tx, stream)?;
    let open = u32::try_from(found.log.open_count()).unwrap_or(u32::MAX);
    if target <= open {
        return Ok(());
    }
    account::check_shards(shared, tx, u64::from(target - open))?;
    share_evenly(shared, tx, found.record.log(), target)
}

/// Gives each of so many shards an equal share of the hash keys, from the lowest keys on: splits where a share ends within a
/// shard, and merges what has become one share.
fn share_evenly(shared: &Shared, tx: &mut Transaction, log: LogId, target: u32) -> Result<()> {
    let logs = &shared.logs;
    let mut first = 0;
    for (_, last) in even_shares(target) {
        let last = end_near(&logs.view(tx, log)?, last);
        let whole: Option<ShardId> = loop {
            let view = logs.view(tx, log)?;
            let mut pieces = view.open_shards().filter(|shard| shard.hash_keys.start() <= &last);
            let mut pieces = pieces.by_ref().filter(|shard| shard.hash_keys.end() >= &first);
            let Some(piece) = pieces.next() else { break None };
            if *piece.hash_keys.start() < first {
                logs.split_in(tx, log, piece.id, first)?;
                continue;
            }
            if *piece.hash_keys.end() > last {
                let [lower, _] = logs.split_in(tx, log, piece.id, last + 1)?;
                break Some(lower);
            }
            if *piece.hash_keys.end() == last {
                break Some(piece.id);
            }
            let Some(next) = pieces.next() else { break Some(piece.id) };
            match *next.hash_keys.end() > last {
                true => logs.split_in(tx, log, next.id, last + 1).map(drop)?,
                false => logs.merge_in(tx, log, piece.id, next.id).map(drop)?,
            }
        };
        debug_assert!(whole.is_some(), "the open shards have all hash keys");
        first = last.wrapping_add(1);
    }
    Ok(())
}

/// Where a share ends that should end at a hash key: where a shard ends already, if that is as near as rounding may have put it.
fn end_near(view: &View, last: u128) -> u128 {
    let ends = view.open_shards().map(|shard| *shard.hash_keys.end());
    ends.filter(|end| end.abs_diff(last) <= NEAR).min_by_key(|end| end.abs_diff(last)).unwrap_or(last)
}

fn provisioned(shared: &Shared, tx: &mut Transaction, stream: &str) -> Result<Found> {
    let found = shared.look(tx, stream)?;
    match found.record.is_on_demand {
        true => Err(Error::OnDemand { stream: stream.to_owned() }),
        false => Ok(found),
    }
}

fn shard_of(found: &Found, stream: &str, shard: ShardId) -> Result<Shard> {
    let not_found = || Error::ShardNotFound { stream: stream.to_owned(), shard: shard.to_string() };
    found.log.shard(shard).ok_or_else(not_found)
}

fn over(error: LogError, stream: &str) -> Error {
    match error {
        LogError::ShardClosed { shard, .. } => Error::ShardOver { stream: stream.to_owned(), shard },
        error => error.into(),
    }
}
