//! Where the messages of a store begin. What was consumed from its front is not walked over again: a log-structured store keeps
//! what was deleted until it is compacted.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use millpond_engine::{Durability, Keyspace, Position, RangeRequest, Snapshot, Timestamp, TransactOptions};
use parking_lot::Mutex;

use crate::{
    Result, layout,
    layout::{GroupHash, Lane, Place, StoreId},
    shared::Shared,
};

/// How often a front is stored. It only saves work after a restart.
const STORED_EVERY: Duration = Duration::from_secs(10);

/// The fronts of the lanes of stores. No message stands before one, nor ever will: later ones have higher positions.
#[derive(Debug, Default)]
pub(crate) struct Fronts(Mutex<HashMap<(StoreId, u8), Front>>);

#[derive(Debug, Clone, Copy)]
struct Front {
    position: Position,
    stored: Position,
    stored_at: Timestamp,
}

/// The first message of a lane, if it has any.
pub(crate) fn first(shared: &Shared, store: StoreId, lane: Lane) -> Result<Option<Position>> {
    let key = (store, lane as u8);
    let known = shared.fronts.0.lock().get(&key).copied();
    let mut front = match known {
        Some(front) => front,
        None => stored(shared, store, lane)?,
    };
    // In this order: what the snapshot does not show comes after this position.
    let last = shared.engine.last_position();
    let snapshot = shared.engine.snapshot()?;
    let found = seek(shared, &snapshot, store, lane, front.position)?;
    front.position = found.unwrap_or_else(|| last.next()).max(front.position);
    shared.fronts.0.lock().insert(key, front);
    Ok(found)
}

/// Stores the fronts that have moved, from time to time and all at once. A power cut may take that away: it only saves work.
pub(crate) fn store(shared: &Shared) -> Result<()> {
    let now = shared.engine.clock().now();
    let mut batch = Vec::new();
    for ((store, lane), front) in shared.fronts.0.lock().iter_mut() {
        if front.position != front.stored && now >= front.stored_at.saturating_add(STORED_EVERY) {
            let lane = if *lane == Lane::Plain as u8 { Lane::Plain } else { Lane::Arrivals };
            batch.push((layout::front_key(*store, lane), front.position));
            (front.stored, front.stored_at) = (front.position, now);
        }
    }
    if batch.is_empty() {
        return Ok(());
    }
    let options = TransactOptions::default().durability(Durability::Buffered);
    shared.engine.transact_with(&options, |tx| -> Result<()> {
        for (key, position) in &batch {
            tx.put(&shared.keyspaces.queues, key.clone(), position.to_bytes().to_vec())?;
        }
        Ok(())
    })
}

fn stored(shared: &Shared, store: StoreId, lane: Lane) -> Result<Front> {
    let stored = shared.engine.get(&shared.keyspaces.queues, &layout::front_key(store, lane))?;
    let position = Position::new(stored.map_or(Ok(0), |front| layout::read_u64(&front))?);
    Ok(Front { position, stored: position, stored_at: shared.engine.clock().now() })
}

fn seek(shared: &Shared, snapshot: &Snapshot, store: StoreId, lane: Lane, from: Position) -> Result<Option<Position>> {
    let (keyspace, from, prefix) = match lane {
        Lane::Plain => {
            let from = Place::Lane(GroupHash::NONE, from).key(store);
            (&shared.keyspaces.messages, from, layout::lane_prefix(store, GroupHash::NONE))
        }
        Lane::Arrivals => {
            let from = layout::arrival_key(store, from);
            (&shared.keyspaces.arrivals, from, layout::store_prefix(store).to_vec())
        }
    };
    let found = first_of(snapshot, keyspace, &from, &prefix)?;
    found.map(|(key, _)| layout::position(&key)).transpose()
}

/// The first row with a prefix, from a key on.
pub(crate) fn first_of(
    snapshot: &Snapshot,
    keyspace: &Keyspace,
    from: &[u8],
    prefix: &[u8],
) -> Result<Option<(Bytes, Bytes)>> {
    let range = RangeRequest::prefix(prefix).start_at(from).limit(1);
    Ok(snapshot.range(keyspace, &range)?.entries.pop())
}

/// Forgets a store that belongs to no queue any more.
pub(crate) fn forget(shared: &Shared, store: StoreId) {
    shared.fronts.0.lock().retain(|(other, _), _| *other != store);
}

/// The first message that waits for its time, or waited, if there is any: where it stands, and its row. What is known of it is kept with the hints, for such a
/// message may come to stand before all others.
pub(crate) fn first_timed(shared: &Shared, store: StoreId) -> Result<Option<(Place, Bytes)>> {
    // Where nobody receives, nothing is known, and not much was consumed.
    let live = shared.stores.peek(store);
    let known = live.as_ref().map(|live| live.timed_front()).unwrap_or_default();
    let snapshot = shared.engine.snapshot()?;
    let prefix = layout::timed_prefix(store);
    let from = known.place.map_or_else(|| prefix.clone(), |place| place.key(store));
    let Some((key, row)) = first_of(&snapshot, &shared.keyspaces.messages, &from, &prefix)? else { return Ok(None) };
    let place = Place::of_key(&key)?;
    if let Some(live) = live {
        live.advance_timed_front(known, place);
    }
    Ok(Some((place, row)))
}
