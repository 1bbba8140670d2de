//! What is due: messages that are older than their queue keeps them, ids that are known no longer, what deleted and purged queues
//! have left behind, and the next messages of the tasks that move them.

use std::{ops::Bound, time::Duration};

use bytes::Bytes;
use millpond_engine::{Keyspace, Position, RangeRequest, Timestamp, Transaction, WriteBatch};

use crate::{
    Result, create_queue,
    dead_letter::Removed,
    front, layout,
    layout::{AttemptRow, DeduplicationRow, GroupHash, Lane, Place, QueueRecord, ReceivedRow, StoreId},
    list_queues, move_task, receive,
    shared::Shared,
};

/// So many messages are deleted in one commit.
const BATCH: usize = 100;
/// So many queues are looked after in one call; the next call goes on with others.
const QUEUES: usize = 200;
/// So many rows are cleared away in one call.
const ROWS: usize = 20_000;
/// The longest delay: a message was sent at most so long before it became due.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

pub(crate) fn maintain(shared: &Shared) -> Result<u64> {
    let mut done = move_task::run(shared)?;
    for (name, record) in some_queues(shared)? {
        done += expire_named(shared, &name, &record)?;
    }
    front::store(shared)?;
    clear_abandoned(shared)?;
    expire_tokens(shared)?;
    forget_deleted(shared)?;
    Ok(done)
}

/// The queues whose turn it is.
fn some_queues(shared: &Shared) -> Result<Vec<(String, QueueRecord)>> {
    let mut cursor = shared.maintained.lock();
    let after = cursor.take();
    let page = list_queues::run(shared, "", after.as_deref(), QUEUES)?;
    cursor.clone_from(&page.next);
    drop(cursor);
    let mut queues = Vec::with_capacity(page.names.len());
    for name in page.names {
        if let Some(record) = shared.find(&mut shared.latest(), &name)? {
            queues.push((name, QueueRecord::clone(&record)));
        }
    }
    Ok(queues)
}

/// Deletes the messages of a queue that are too old.
pub(crate) fn expire_named(shared: &Shared, name: &str, record: &QueueRecord) -> Result<u64> {
    let now = shared.engine.clock().now();
    let mut deleted = 0;
    let is_over = |position: Position| position.time().saturating_add(record.settings.retention) <= now;
    let lanes: &[Lane] = if record.is_fifo() { &[Lane::Arrivals] } else { &[Lane::Plain, Lane::Arrivals] };
    for lane in lanes {
        while let Some(first) = front::first(shared, record.store, *lane)?.filter(|first| is_over(*first)) {
            match delete_old(shared, name, record.store, *lane, first)? {
                0 => break,
                count => deleted += count,
            }
        }
    }
    if !record.is_fifo() {
        deleted += expire_timed(shared, name, record, now)?;
    }
    Ok(deleted)
}

/// Deletes the first messages of a lane that are too old.
fn delete_old(shared: &Shared, name: &str, store: StoreId, lane: Lane, first: Position) -> Result<u64> {
    shared.engine.transact(|tx| {
        // It may have been purged or deleted meanwhile, or its retention changed.
        let Some(record) = shared.find(tx, name)?.filter(|record| record.store == store) else { return Ok(0) };
        let now = tx.began();
        let mut removed = Removed::new(shared, name, &record);
        for place in first_places(shared, tx, store, lane, first)? {
            if place.position().time().saturating_add(record.settings.retention) > now {
                break;
            }
            delete(shared, tx, &record, place, &mut removed)?;
        }
        let count = removed.count();
        removed.finish(tx)?;
        Ok(count)
    })
}

fn first_places(
    shared: &Shared,
    tx: &mut Transaction,
    store: StoreId,
    lane: Lane,
    first: Position,
) -> Result<Vec<Place>> {
    match lane {
        Lane::Plain => {
            let from = Place::Lane(GroupHash::NONE, first).key(store);
            let rows = rows(tx, &shared.keyspaces.messages, &from, &layout::lane_prefix(store, GroupHash::NONE))?;
            rows.iter().map(|(key, _)| Place::of_key(key)).collect()
        }
        Lane::Arrivals => {
            let from = layout::arrival_key(store, first);
            let rows = rows(tx, &shared.keyspaces.arrivals, &from, &layout::store_prefix(store))?;
            let place = |(key, group): &(Bytes, Bytes)| {
                Ok(Place::Lane(layout::group_of_arrival(group)?, layout::position(key)?))
            };
            rows.iter().map(place).collect()
        }
    }
}

fn rows(tx: &mut Transaction, keyspace: &Keyspace, from: &[u8], prefix: &[u8]) -> Result<Vec<(Bytes, Bytes)>> {
    let range = RangeRequest::prefix(prefix).start_at(from).limit(BATCH);
    Ok(tx.range(keyspace, &range)?.entries)
}

/// Deletes a message, wherever it is in its life.
fn delete(
    shared: &Shared,
    tx: &mut Transaction,
    record: &QueueRecord,
    place: Place,
    removed: &mut Removed<'_>,
) -> Result<()> {
    let row = match record.is_fifo() {
        true => None,
        false => tx.get(&shared.keyspaces.received, &place.key(record.store))?,
    };
    let received = row.map(ReceivedRow::decode).transpose()?;
    removed.take_out(tx, place, received.map(|received| received.visible))
}

/// Deletes messages that are too old of those that wait for their time, or waited. They stand in the order of that time, and so only nearly
/// in that of their age.
fn expire_timed(shared: &Shared, name: &str, record: &QueueRecord, now: Timestamp) -> Result<u64> {
    let retention = record.settings.retention;
    let may_be_over = |due: Timestamp| {
        let sent = due.as_millis().saturating_sub(u64::try_from(LONGEST_DELAY.as_millis()).unwrap_or(u64::MAX));
        Timestamp::from_millis(sent).saturating_add(retention) <= now
    };
    let Some((first, _)) = front::first_timed(shared, record.store)?.filter(|(place, _)| may_be_over(place.ready()))
    else {
        return Ok(0);
    };
    let mut deleted = 0;
    let mut from = first.key(record.store);
    loop {
        let (count, next) = shared.engine.transact(|tx| -> Result<_> {
            let found = shared.find(tx, name)?.filter(|found| found.store == record.store);
            let Some(record) = found else { return Ok((0, None)) };
            let mut removed = Removed::new(shared, name, &record);
            let page = rows(tx, &shared.keyspaces.messages, &from, &layout::timed_prefix(record.store))?;
            let mut next = None;
            for (key, row) in page {
                let place = Place::of_key(&key)?;
                if !may_be_over(place.ready()) {
                    next = None;
                    break;
                }
                if receive::is_over(&record, &layout::decode_message(row)?, tx.began()) {
                    delete(shared, tx, &record, place, &mut removed)?;
                }
                next = Some(key);
            }
            let count = removed.count();
            removed.finish(tx)?;
            Ok((count, next))
        })?;
        deleted += count;
        match next {
            // The least key behind it.
            Some(next) if next.as_ref() != from.as_slice() => from = [&next[..], &[0]].concat(),
            _ => return Ok(deleted),
        }
    }
}

/// Clears away what stores have left behind that belong to no queue.
fn clear_abandoned(shared: &Shared) -> Result<()> {
    let abandoned = RangeRequest::prefix(layout::ABANDONED).limit(BATCH);
    let mut room = ROWS;
    for (key, _) in shared.engine.snapshot()?.range(&shared.keyspaces.queues, &abandoned)?.entries {
        let store = layout::abandoned_store(&key)?;
        let prefix = layout::store_prefix(store);
        let keyspaces = &shared.keyspaces;
        for keyspace in
            [&keyspaces.messages, &keyspaces.arrivals, &keyspaces.received, &keyspaces.groups, &keyspaces.counters]
        {
            room -= clear(shared, keyspace, &prefix, room)?;
            if room == 0 {
                return Ok(());
            }
        }
        front::forget(shared, store);
        let mut batch = WriteBatch::new();
        for lane in [Lane::Plain, Lane::Arrivals] {
            batch.delete(&keyspaces.queues, layout::front_key(store, lane));
        }
        batch.delete(&keyspaces.queues, key);
        shared.engine.write(batch)?;
    }
    Ok(())
}

/// Deletes rows with a prefix, at most so many. Gives how many there were.
fn clear(shared: &Shared, keyspace: &Keyspace, prefix: &[u8], most: usize) -> Result<usize> {
    let snapshot = shared.engine.snapshot()?;
    let mut found = snapshot.scan(keyspace, &RangeRequest::prefix(prefix))?.take(most);
    let mut cleared = 0;
    loop {
        let mut batch = WriteBatch::new();
        for entry in found.by_ref().take(10 * BATCH) {
            batch.delete(keyspace, entry?.0);
        }
        if batch.is_empty() {
            return Ok(cleared);
        }
        cleared += batch.len();
        shared.engine.write(batch)?;
    }
}

/// Forgets ids that were used five minutes ago.
fn expire_tokens(shared: &Shared) -> Result<()> {
    let tokens = &shared.keyspaces.tokens;
    let now = shared.engine.clock().now();
    // What expires comes later than what has expired: no row is added before the mark.
    let mut mark = shared.expired.lock();
    let from = layout::expiry_key(*mark, &[]);
    let to = layout::expiry_key(now.saturating_add(Duration::from_millis(1)), &[]);
    let range = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to)).limit(ROWS);
    let page = shared.engine.snapshot()?.range(tokens, &range.limit_bytes(usize::MAX))?;
    for keys in page.entries.chunks(10 * BATCH) {
        shared.engine.transact(|tx| -> Result<()> {
            for (key, _) in keys {
                let token = layout::token_of_expiry(key);
                // It may have been used anew since.
                if expires(tx, tokens, token)?.is_some_and(|expires| expires <= now) {
                    tx.delete(tokens, token.to_vec())?;
                }
                tx.delete(tokens, key.clone())?;
            }
            Ok(())
        })?;
    }
    if page.resume.is_none() {
        *mark = now;
    }
    Ok(())
}

fn expires(tx: &mut Transaction, tokens: &Keyspace, token: &[u8]) -> Result<Option<Timestamp>> {
    let Some(row) = tx.get(tokens, token)? else { return Ok(None) };
    Ok(Some(match token.first() {
        Some(1) => AttemptRow::decode(row)?.expires,
        _ => DeduplicationRow::decode(row)?.expires,
    }))
}

/// Forgets the names of queues that were deleted long ago.
fn forget_deleted(shared: &Shared) -> Result<()> {
    let queues = &shared.keyspaces.queues;
    let now = shared.engine.clock().now();
    let deleted = RangeRequest::prefix(&layout::deleted_key(""));
    for (key, since) in shared.engine.snapshot()?.range(queues, &deleted)?.entries {
        let is_long_ago = |since: u64| now >= Timestamp::from_millis(since).saturating_add(create_queue::DELETED);
        if is_long_ago(layout::read_u64(&since)?) {
            shared.engine.transact(|tx| -> Result<()> {
                if tx.get(queues, &key)?.as_ref() == Some(&since) {
                    tx.delete(queues, key.clone())?;
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}
