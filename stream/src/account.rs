//! What counts over all streams: limits, and the commitment.
//!
//! Source: <https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html>

use std::time::Duration;

use millpond_engine::{Read, Timestamp, Transaction};

use crate::{
    AccountLimits, Commitment, Error, Result,
    layout::{self, COMMITMENT_KEY, CommitmentRecord},
    list_streams,
    shared::Shared,
};

const ON_DEMAND_LIMIT: u64 = 50;
const CHANNEL_LIMIT: u64 = 50;
/// How long a commitment lasts at least.
const SHORTEST_COMMITMENT: Duration = Duration::from_secs(24 * 3600);
const MAX_CONSUMERS: u32 = 20;
const MAX_CONSUMERS_WITH_COMMITMENT: u32 = 50;

pub(crate) fn limits(shared: &Shared, reader: &mut impl Read) -> Result<AccountLimits> {
    let mut limits = AccountLimits {
        shard_limit: shared.options.shard_limit,
        open_shards: 0,
        on_demand_streams: 0,
        on_demand_limit: ON_DEMAND_LIMIT,
        channels: 0,
        channel_limit: CHANNEL_LIMIT,
    };
    for (_, record, log) in list_streams::all(shared, reader)? {
        limits.open_shards += log.open_count() as u64;
        limits.on_demand_streams += u64::from(record.is_on_demand);
        limits.channels += u64::from(record.channels);
    }
    Ok(limits)
}

/// Whether so many more shards may be open.
pub(crate) fn check_shards(shared: &Shared, tx: &mut Transaction, more: u64) -> Result<()> {
    let AccountLimits { shard_limit: limit, open_shards: open, .. } = limits(shared, tx)?;
    if open.saturating_add(more) > limit { Err(Error::ShardLimit { open, limit, more }) } else { Ok(()) }
}

/// Whether there may be another stream that decides on its shards itself.
pub(crate) fn check_on_demand(shared: &Shared, tx: &mut Transaction) -> Result<()> {
    let AccountLimits { on_demand_streams, on_demand_limit, .. } = limits(shared, tx)?;
    if on_demand_streams < on_demand_limit {
        return Ok(());
    }
    Err(Error::LimitExceeded(format!(
        "Limit for on-demand streams has been reached. Current on-demand streams: {on_demand_streams}. Limit: {on_demand_limit}."
    )))
}

/// How many consumers and queues a stream may have together.
pub(crate) fn max_consumers(shared: &Shared, reader: &mut impl Read) -> Result<u32> {
    let is_on = commitment(shared, reader)?.is_on();
    Ok(if is_on { MAX_CONSUMERS_WITH_COMMITMENT } else { MAX_CONSUMERS })
}

pub(crate) fn check_warm_throughput(
    shared: &Shared,
    reader: &mut impl Read,
    is_on_demand: bool,
    stream: &str,
) -> Result<()> {
    if !is_on_demand {
        return Err(Error::Validation(format!(
            "Warm throughput is only supported for streams in on-demand capacity mode; stream {stream} is in provisioned \
             capacity mode."
        )));
    }
    if commitment(shared, reader)?.is_on() {
        return Ok(());
    }
    Err(Error::Validation(
        "Warm throughput is only supported for accounts that have MinimumThroughputBillingCommitment enabled."
            .to_owned(),
    ))
}

pub(crate) fn commitment(shared: &Shared, reader: &mut impl Read) -> Result<Commitment> {
    let stored = reader.get(&shared.catalog, COMMITMENT_KEY)?;
    let record = stored.map_or(Ok(CommitmentRecord::default()), |stored| layout::decode(&stored))?;
    Ok(state(&record, shared.engine.clock().now()))
}

fn state(record: &CommitmentRecord, now: Timestamp) -> Commitment {
    let ends = record.ends.map(Timestamp::from_millis);
    match (record.started.map(Timestamp::from_millis), ends) {
        (Some(started), None) => {
            Commitment::Enabled { started, earliest_end: started.saturating_add(SHORTEST_COMMITMENT) }
        }
        (Some(started), Some(earliest_end)) if now < earliest_end => Commitment::Ending { started, earliest_end },
        (_, ended) => Commitment::Disabled { ended },
    }
}

/// Begins or ends the commitment; one that is not a day old ends when it is.
pub(crate) fn set_commitment(shared: &Shared, tx: &mut Transaction, is_on: bool) -> Result<Commitment> {
    let now = tx.began();
    let record = match (commitment(shared, tx)?, is_on) {
        (Commitment::Disabled { .. }, true) => CommitmentRecord { started: Some(now.as_millis()), ends: None },
        (Commitment::Ending { started, .. }, true) => {
            CommitmentRecord { started: Some(started.as_millis()), ends: None }
        }
        (Commitment::Enabled { started, earliest_end }, false) => {
            CommitmentRecord { started: Some(started.as_millis()), ends: Some(earliest_end.max(now).as_millis()) }
        }
        (unchanged, _) => return Ok(unchanged),
    };
    tx.put(&shared.catalog, COMMITMENT_KEY, layout::encode(&record)?)?;
    Ok(state(&record, now))
}
