//! Putting records.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use millpond_engine::Transaction;

use crate::{
    Distribution, Error, NewRecord, Placed, Result, ShardId,
    layout::StreamRecord,
    log::{Error as LogError, Rows, View},
    shared::{Found, Shared},
};

/// The most records of one call, and their bytes.
const MAX_RECORDS: usize = 10_000;
const MAX_BYTES: usize = 32 << 20;

/// Steps through the hash keys so that any few that follow each other are far apart.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
static NEXT_SPREAD: AtomicU64 = AtomicU64::new(0);

/// Puts records, each of which was checked, or is refused here as a whole.
pub(crate) fn run(shared: &Shared, tx: &mut Transaction, stream: &str, records: &[NewRecord]) -> Result<Vec<Placed>> {
    let found = shared.look(tx, stream)?;
    check(&found.record, records)?;
    put(shared, tx, &found, records)
}

/// Puts a record of another service, which may be longer than the stream's own records.
pub(crate) fn run_unbounded(
    shared: &Shared,
    tx: &mut Transaction,
    stream: &str,
    records: &[NewRecord],
) -> Result<Vec<Placed>> {
    let found = shared.look(tx, stream)?;
    put(shared, tx, &found, records)
}

fn put(shared: &Shared, tx: &mut Transaction, found: &Found, records: &[NewRecord]) -> Result<Vec<Placed>> {
    let is_encrypted = found.record.encryption_key.is_some();
    let mut rows = Rows::default();
    let mut places = Vec::with_capacity(records.len());
    for record in records {
        let (shard, generation) = shard_of(&found.record, &found.log, record)?;
        let parts = [&record.head(is_encrypted)[..], record.partition_key.as_bytes(), &record.data];
        places.push((shard, generation, rows.add(shard, &parts)));
    }
    let log = found.record.log();
    let appended = shared.logs.append_rows_in(tx, log, rows)?;
    if found.record.is_on_demand && shared.options.splits_hot_shards {
        let written: Vec<_> =
            places.iter().zip(records).map(|((shard, ..), record)| (*shard, record.size_bytes())).collect();
        let (loads, now) = (Arc::clone(&shared.loads), tx.began());
        tx.on_commit(move || loads.note(log, &written, now));
    }
    let placed = places.into_iter().filter_map(|(shard, generation, (row, nth))| {
        Some(Placed { shard, generation, row: appended.get(row)?.clone(), nth, is_encrypted })
    });
    Ok(placed.collect())
}

/// Whether records would be put.
pub(crate) fn check_all(shared: &Shared, stream: &str, records: &[NewRecord]) -> Result<()> {
    let found = shared.look(&mut shared.engine.latest(), stream)?;
    check(&found.record, records)
}

fn check(stream: &StreamRecord, records: &[NewRecord]) -> Result<()> {
    let bytes: usize = records.iter().map(NewRecord::size_bytes).sum();
    if records.len() > MAX_RECORDS || bytes > MAX_BYTES {
        return Err(Error::InvalidArgument(format!(
            "A batch has at most {MAX_RECORDS} records and {MAX_BYTES} bytes, not {} and {bytes}.",
            records.len()
        )));
    }
    let (max_bytes, needs_key) =
        (stream.max_record_kib as usize * 1024, stream.distribution == Distribution::UserPartitionKey);
    records.iter().try_for_each(|record| record.check(max_bytes, needs_key))
}

fn shard_of(stream: &StreamRecord, log: &View, record: &NewRecord) -> Result<(ShardId, u64)> {
    let hash_key = match stream.distribution {
        Distribution::UserPartitionKey => record.hash_key(),
        Distribution::Auto => u128::from(NEXT_SPREAD.fetch_add(1, Ordering::Relaxed).wrapping_mul(SPREAD)) << 64,
    };
    log.open_shard(hash_key).ok_or(Error::Log(LogError::Closed { log: stream.log() }))
}

/// Draws what records cost from the limits of their shards, in their order; gives for each the shard that has none
/// left, if it may not be put.
pub(crate) fn draw(shared: &Shared, stream: &str, records: &[NewRecord]) -> Result<Vec<Option<ShardId>>> {
    let Found { record: stored, log } = shared.look(&mut shared.engine.latest(), stream)?;
    let now = shared.engine.clock().now();
    let drawn = records.iter().map(|record| {
        // One that each shard takes in turn is not looked at twice: the shard found here need not be the one it is put into.
        let (shard, _) = shard_of(&stored, &log, record)?;
        let may_be_put = shared.throttle.write(stored.log(), shard, record.size_bytes(), now);
        Ok((!may_be_put).then_some(shard))
    });
    drawn.collect()
}
