//! Messages that are sent twice: within five minutes of the first time, a deduplication id names one message.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html>

use std::{collections::HashMap, time::Duration};

use millpond_engine::{Appended, Position, Timestamp, Transaction};

use crate::{
    DeduplicationScope, Result, layout,
    layout::{DeduplicationRow, QueueRecord, StoreId},
    message::MessageId,
    shared::Shared,
};

/// For how long an id is known, from when it was first used.
pub(crate) const KNOWN: Duration = Duration::from_secs(300);

/// Where a message stands: known already, or once its transaction is committed.
#[derive(Debug, Clone)]
pub(crate) enum Placed {
    At(Position),
    Appended(Appended),
}

impl Placed {
    pub(crate) fn position(&self) -> Option<Position> {
        match self {
            Placed::At(position) => Some(*position),
            Placed::Appended(row) => row.position(),
        }
    }
}

/// What was sent first under an id, as a transaction sees it.
#[derive(Debug, Clone)]
pub(crate) struct First {
    pub(crate) id: MessageId,
    pub(crate) placed: Option<Placed>,
}

/// The ids of the messages that one call sends, beside those that are known.
#[derive(Debug, Default)]
pub(crate) struct Sending(HashMap<u128, First>);

impl Sending {
    pub(crate) fn add(&mut self, token: u128, first: First) {
        self.0.insert(token, first);
    }
}

/// What stands for an id, within its scope.
pub(crate) fn token(record: &QueueRecord, group_id: &str, deduplication_id: &str) -> u128 {
    match record.deduplicates_within {
        DeduplicationScope::Queue => layout::hash(&[deduplication_id.as_bytes()]),
        DeduplicationScope::MessageGroup => layout::hash(&[deduplication_id.as_bytes(), group_id.as_bytes()]),
    }
}

/// The message that was sent first under an id, if that was within the last five minutes.
pub(crate) fn find(
    shared: &Shared,
    tx: &mut Transaction,
    store: StoreId,
    token: u128,
    sending: &Sending,
) -> Result<Option<First>> {
    if let Some(first) = sending.0.get(&token) {
        return Ok(Some(first.clone()));
    }
    let row = tx.get(&shared.keyspaces.tokens, &layout::deduplication_key(store, token))?;
    let Some(row) = row.map(DeduplicationRow::decode).transpose()? else { return Ok(None) };
    let is_known = tx.began() < row.expires;
    Ok(is_known.then(|| First { id: row.id, placed: row.position.map(Placed::At) }))
}

/// Keeps an id for five minutes.
pub(crate) fn keep(
    shared: &Shared,
    tx: &mut Transaction,
    (store, token): (StoreId, u128),
    id: MessageId,
    row: &Appended,
) -> Result<()> {
    let tokens = &shared.keyspaces.tokens;
    let key = layout::deduplication_key(store, token);
    let expires = expiry(tx.began());
    let start = DeduplicationRow { expires, id, position: None }.encode_start();
    // What follows in the same transaction sees it without the position, which only the commit has.
    tx.put(tokens, key.clone(), start.clone())?;
    tx.put_pointing(tokens, key.clone(), start, row)?;
    Ok(tx.put(tokens, layout::expiry_key(expires, &key), "")?)
}

pub(crate) fn expiry(now: Timestamp) -> Timestamp {
    now.saturating_add(KNOWN)
}
