//! How many messages a queue has, and how old they are, without reading them.

use std::{ops::Bound, time::Duration};

use millpond_engine::{Position, RangeRequest, Read, Snapshot, Timestamp};

use crate::{
    Counts, Description, Metrics, Result, expire, front, layout,
    layout::{Lane, QueueRecord, StoreId},
    ready::Live,
    shared::Shared,
};

pub(crate) fn describe(shared: &Shared, name: &str) -> Result<Description> {
    let record = shared.need(&mut shared.latest(), name)?;
    let counts = counts(shared, name, &record)?;
    Ok(Description { settings: record.settings.clone(), counts, created: record.created, modified: record.modified })
}

pub(crate) fn run(shared: &Shared, name: &str) -> Result<Metrics> {
    let record = shared.need(&mut shared.latest(), name)?;
    let counts = counts(shared, name, &record)?;
    let oldest = oldest(shared, &record)?;
    let now = shared.engine.clock().now();
    Ok(Metrics { counts, oldest_age: oldest.map(|sent| now.saturating_since(sent)) })
}

fn counts(shared: &Shared, name: &str, record: &QueueRecord) -> Result<Counts> {
    // What is too old is not there any more, whether it was cleared away already or not.
    expire::expire_named(shared, name, record)?;
    let live = shared.stores.live(record.store, record.is_fifo())?;
    let mut snapshot = shared.engine.snapshot()?;
    let now = shared.engine.clock().now();
    let total = snapshot.counter(&shared.keyspaces.counters, &layout::total_key(record.store))?;
    let total = u64::try_from(total).unwrap_or_default();
    let in_flight = (live.in_flight(now) as u64).min(total);
    let delayed = match record.is_fifo() {
        true => delayed_fifo(shared, &snapshot, record, now, &live)?,
        false => delayed(shared, &snapshot, record.store, now)?,
    };
    let delayed = delayed.min(total - in_flight);
    Ok(Counts { visible: total - in_flight - delayed, in_flight, delayed })
}

/// Messages that wait for their time: whole seconds are counted as they are sent, and only those of the present one are looked at.
fn delayed(shared: &Shared, snapshot: &Snapshot, store: StoreId, now: Timestamp) -> Result<u64> {
    let second = now.as_secs();
    let next = layout::due_key(store, second.saturating_add(1));
    let later = RangeRequest::prefix(&layout::due_prefix(store)).start_at(&next);
    let mut delayed = 0;
    for entry in snapshot.scan(&shared.keyspaces.counters, &later)? {
        let (_, count) = entry?;
        delayed += u64::try_from(millpond_engine::read_counter(Some(&count))?).unwrap_or_default();
    }
    let from = layout::timed_from(store, now.saturating_add(Duration::from_millis(1)));
    let to = layout::timed_from(store, Timestamp::from_secs(second.saturating_add(1)));
    let range = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to));
    for entry in snapshot.scan(&shared.keyspaces.messages, &range)? {
        entry?;
        delayed += 1;
    }
    Ok(delayed)
}

/// Messages of a first-in-first-out queue that came so lately that the queue's delay is not over.
fn delayed_fifo(
    shared: &Shared,
    snapshot: &Snapshot,
    record: &QueueRecord,
    now: Timestamp,
    live: &Live,
) -> Result<u64> {
    let delay = record.settings.delay;
    if delay.is_zero() {
        return Ok(0);
    }
    let since = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    // The delay of what came at that time is just over.
    let first = Timestamp::from_millis(now.as_millis().saturating_sub(since).saturating_add(1));
    let first = Position::first_at(first);
    let from = layout::arrival_key(record.store, first);
    let later = RangeRequest::prefix(&layout::store_prefix(record.store)).start_at(&from);
    let mut delayed: u64 = 0;
    for entry in snapshot.scan(&shared.keyspaces.arrivals, &later)? {
        entry?;
        delayed += 1;
    }
    // The delay may have been set after they were received.
    Ok(delayed.saturating_sub(live.in_flight_from(first) as u64))
}

/// When the oldest message was sent.
fn oldest(shared: &Shared, record: &QueueRecord) -> Result<Option<Timestamp>> {
    let lanes: &[Lane] = if record.is_fifo() { &[Lane::Arrivals] } else { &[Lane::Plain, Lane::Arrivals] };
    let mut oldest = Vec::new();
    for lane in lanes {
        oldest.extend(front::first(shared, record.store, *lane)?.map(Position::time));
    }
    if !record.is_fifo()
        && let Some((_, row)) = front::first_timed(shared, record.store)?
    {
        oldest.push(layout::decode_message(row)?.sent);
    }
    Ok(oldest.into_iter().min())
}
