//! What is due: subscriptions that nobody has confirmed in time, and what deleted topics have left behind.

use millpond_engine::{RangeRequest, Transaction};

use crate::{
    Result, SubscriptionId, confirm,
    layout::{self, Counted, DELETED_PREFIX, SUBSCRIPTIONS, SubscriptionRecord, TokenRecord, UNTIL_PREFIX},
    shared::Shared,
    unsubscribe,
};

/// So many rows of deleted topics are cleared away in one call.
const ROWS: u64 = 20_000;
/// So many tokens and rows are looked after in one commit.
const BATCH: usize = 500;

/// Gives the number of subscriptions that were taken away.
pub(crate) fn run(shared: &Shared) -> Result<u64> {
    Ok(forget_tokens(shared)? + clear_deleted(shared)?)
}

/// Forgets tokens that are no longer good, with the subscriptions that waited for them.
fn forget_tokens(shared: &Shared) -> Result<u64> {
    let (now, rows) = (shared.engine.clock().now(), &shared.keyspaces.subscriptions);
    let due = RangeRequest::prefix(UNTIL_PREFIX).limit(1);
    let mut latest = shared.engine.latest();
    let is_due = |key: &[u8]| layout::until_of(key).is_ok_and(|until| confirm::is_over(until, now));
    let mut forgotten = 0;
    while millpond_engine::Read::range(&mut latest, rows, &due)?.entries.first().is_some_and(|(key, _)| is_due(key)) {
        forgotten += shared.engine.transact(|tx| forget_some(shared, tx))?;
    }
    Ok(forgotten)
}

fn forget_some(shared: &Shared, tx: &mut Transaction) -> Result<u64> {
    let (now, rows) = (tx.began(), &shared.keyspaces.subscriptions);
    let mut forgotten = 0;
    for (key, _) in tx.range(rows, &RangeRequest::prefix(UNTIL_PREFIX).limit(BATCH))?.entries {
        if !confirm::is_over(layout::until_of(&key)?, now) {
            break;
        }
        let token = layout::token_key(&layout::read_16(&key, 9)?);
        if let Some(stored) = tx.get(rows, &token)? {
            let record: TokenRecord = layout::decode(SUBSCRIPTIONS, &stored)?;
            forgotten += u64::from(end_pending(shared, tx, record.subscription)?);
        }
        tx.delete(rows, token)?;
        tx.delete(rows, key)?;
    }
    Ok(forgotten)
}

fn end_pending(shared: &Shared, tx: &mut Transaction, id: SubscriptionId) -> Result<bool> {
    let found = shared.find_any_subscription(tx, id)?.filter(|(_, record)| record.is_over(tx.began()));
    if let Some((topic, record)) = &found {
        unsubscribe::end(shared, tx, topic, record)?;
    }
    Ok(found.is_some())
}

/// Clears away the rows of deleted topics.
fn clear_deleted(shared: &Shared) -> Result<u64> {
    let deleted = RangeRequest::prefix(DELETED_PREFIX).limit(BATCH);
    let mut cleared = 0;
    for (key, _) in
        millpond_engine::Read::range(&mut shared.engine.latest(), &shared.keyspaces.topics, &deleted)?.entries
    {
        let topic = layout::topic_of_deleted(&key)?;
        while let count @ 1.. = shared.engine.transact(|tx| clear_some(shared, tx, topic))? {
            cleared += count;
            if cleared >= ROWS {
                return Ok(cleared);
            }
        }
    }
    Ok(cleared)
}

fn clear_some(shared: &Shared, tx: &mut Transaction, topic: u64) -> Result<u64> {
    let rows = &shared.keyspaces.subscriptions;
    let mut cleared = 0;
    for (key, stored) in
        tx.range(rows, &RangeRequest::prefix(&layout::subscriptions_prefix(topic)).limit(BATCH))?.entries
    {
        let record: SubscriptionRecord = layout::decode(SUBSCRIPTIONS, &stored)?;
        tx.delete(rows, layout::by_id_key(record.id))?;
        tx.delete(rows, layout::endpoint_key(topic, &record.endpoint))?;
        tx.delete(rows, key)?;
        cleared += 1;
    }
    if cleared == 0 {
        for counted in [Counted::Confirmed, Counted::Pending, Counted::Deleted, Counted::Filtered] {
            tx.delete(&shared.keyspaces.counters, layout::counter_key(topic, counted))?;
        }
        let topics = &shared.keyspaces.topics;
        // There are no more than so many.
        let changes = RangeRequest::prefix(&layout::changes::changes_prefix(topic))
            .limit(layout::changes::KNOWN_CHANGES as usize);
        tx.range(topics, &changes)?.entries.into_iter().try_for_each(|(key, _)| tx.delete(topics, key))?;
        tx.delete(topics, layout::deleted_key(topic))?;
    }
    Ok(cleared)
}
