//! Clearing away what is not needed any more. Nobody sees it, so none of it is urgent.

use std::{ops::Bound, time::Duration};

use millpond_engine::{Position, RangeRequest, Transaction, WriteBatch};

use super::{
    layout::{self, DELETED, Kind, NAMES, Place, QueueRow},
    schedule::{self, Schedule},
};
use crate::{Error, Result, ShardId, shared::Shared};

/// How often a queue is looked at.
const EVERY: Duration = Duration::from_secs(60);
/// Rows of records that are gone are looked for once there may be those of so long.
const STRETCH: Duration = Duration::from_secs(3600);
/// How many rows a transaction removes at most.
const BATCH_ROWS: usize = 500;

/// Gives how many rows were removed.
pub(crate) fn run(shared: &Shared) -> Result<u64> {
    let mut removed = 0;
    let snapshot = shared.engine.snapshot()?;
    for entry in snapshot.scan(&shared.queues, &RangeRequest::prefix(DELETED))? {
        removed += clear_deleted(shared, layout::number(&entry?.0)?)?;
    }
    let now = shared.engine.clock().now();
    for entry in snapshot.scan(&shared.queues, &RangeRequest::prefix(NAMES))? {
        let id = entry?.1;
        let id = std::str::from_utf8(&id).unwrap_or_default();
        let Some(queue) = layout::queue(shared, &mut shared.engine.latest(), id)? else { continue };
        if shared.lives.of(queue.number).is_to_clear(now, EVERY) {
            removed += clear_expired(shared, &queue)?;
            move_marks(shared, &queue)?;
        }
    }
    Ok(removed)
}

/// Removes what a deleted queue left behind.
fn clear_deleted(shared: &Shared, number: u64) -> Result<u64> {
    shared.lives.forget(number);
    let mut rows = 0;
    let snapshot = shared.engine.snapshot()?;
    for prefix in layout::leftovers(number) {
        let mut found = snapshot.scan(&shared.queues, &RangeRequest::prefix(&prefix))?;
        loop {
            let mut batch = WriteBatch::new();
            for entry in found.by_ref().take(BATCH_ROWS) {
                batch.delete(&shared.queues, entry?.0);
            }
            if batch.is_empty() {
                break;
            }
            rows += batch.len() as u64;
            shared.engine.write(batch)?;
        }
    }
    let mut batch = WriteBatch::new();
    batch.delete(&shared.queues, layout::deleted_key(number));
    shared.engine.write(batch)?;
    Ok(rows)
}

/// Remembers how far there are no entries any more, so that the next opening of the store does not walk over what was removed
/// before.
fn move_marks(shared: &Shared, queue: &QueueRow) -> Result<()> {
    for kind in [Kind::Live, Kind::Dead] {
        let front = shared.lives.of(queue.number).front(shared, queue.number, kind)?;
        shared.engine.transact(|tx| -> Result<()> {
            let mark = schedule::mark(shared, tx, queue.number, kind)?;
            // Nobody can add an entry before a time that is past but who has begun before it, and conflicts with this.
            let to = front.min(tx.began());
            let (from, end) =
                (layout::entries_from(queue.number, kind, mark), layout::entries_from(queue.number, kind, to));
            if to.saturating_since(mark) < EVERY || layout::queue_of(shared, tx, queue)?.is_none() {
                return Ok(());
            }
            let before = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&end)).limit(1);
            if tx.range(&shared.queues, &before)?.entries.is_empty() {
                let key = layout::mark_key(queue.number, kind);
                tx.put(&shared.queues, key, layout::write_u64(to.as_millis()))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Removes what is known of records that are not kept any more.
fn clear_expired(shared: &Shared, queue: &QueueRow) -> Result<u64> {
    let mut reader = shared.engine.latest();
    let horizon = shared.logs.horizon(&mut reader, queue.log())?;
    let view = shared.logs.view(&mut reader, queue.log())?;
    let mut rows = 0;
    for shard in lanes(shared, queue)? {
        rows += clear_shard(shared, queue, shard, horizon)?;
        if view.shard(shard).is_none() {
            shared.engine.transact(|tx| forget_shard(shared, tx, queue, shard))?;
        }
    }
    Ok(rows)
}

/// The shards of which a queue has received anything.
fn lanes(shared: &Shared, queue: &QueueRow) -> Result<Vec<ShardId>> {
    let [lanes, ..] = layout::leftovers(queue.number);
    let corrupt = Error::Corrupt { keyspace: layout::KEYSPACE, detail: "a key has no shard" };
    let mut shards = Vec::new();
    for entry in shared.engine.snapshot()?.scan(&shared.queues, &RangeRequest::prefix(&lanes))? {
        let (key, _) = entry?;
        let Some(shard) = key.last_chunk() else { return Err(corrupt) };
        shards.push(ShardId::new(u32::from_be_bytes(*shard)));
    }
    Ok(shards)
}

fn clear_shard(shared: &Shared, queue: &QueueRow, shard: ShardId, horizon: Position) -> Result<u64> {
    let cleared = shared.engine.get(&shared.queues, &layout::cleared_key(queue.number, shard))?;
    let mut from = Position::new(cleared.map_or(Ok(0), |cleared| layout::read_u64(&cleared))?);
    let mut rows = 0;
    if horizon.time().saturating_since(from.time()) < STRETCH {
        return Ok(rows);
    }
    while from < horizon {
        let (next, removed) = shared.engine.transact(|tx| clear_some(shared, tx, queue, shard, (from, horizon)))?;
        from = next;
        rows += removed;
    }
    Ok(rows)
}

/// Removes rows between two positions; gives where to go on, and how many.
fn clear_some(
    shared: &Shared,
    tx: &mut Transaction,
    queue: &QueueRow,
    shard: ShardId,
    (from, to): (Position, Position),
) -> Result<(Position, u64)> {
    if layout::queue_of(shared, tx, queue)?.is_none() {
        return Ok((to, 0));
    }
    let key = |position| layout::row_key(queue.number, Place { shard, position });
    let (first, end) = (key(from), key(to));
    let old = RangeRequest::between(Bound::Included(&first), Bound::Excluded(&end)).limit(BATCH_ROWS);
    let page = tx.range(&shared.queues, &old)?;
    let mut schedule = Schedule::new(shared, queue.number);
    let rows = page.entries.len() as u64;
    for (key, _) in &page.entries {
        let corrupt = Error::Corrupt { keyspace: layout::KEYSPACE, detail: "a key has no position" };
        let place = Place { shard, position: Position::of_key(key).ok_or(corrupt)? };
        if let Some(row) = layout::row(shared, tx, queue.number, place)? {
            schedule.remove(tx, place, row)?;
        }
    }
    schedule.finish(tx);
    let next = match &page.resume {
        Some(last) => Position::of_key(last).unwrap_or(to).next(),
        None => to,
    };
    tx.put(&shared.queues, layout::cleared_key(queue.number, shard), layout::write_u64(next.get()))?;
    Ok((next, rows))
}

/// Removes the rest of a shard that is not there any more.
fn forget_shard(shared: &Shared, tx: &mut Transaction, queue: &QueueRow, shard: ShardId) -> Result<()> {
    tx.delete(&shared.queues, layout::lane_key(queue.number, shard))?;
    Ok(tx.delete(&shared.queues, layout::cleared_key(queue.number, shard))?)
}
