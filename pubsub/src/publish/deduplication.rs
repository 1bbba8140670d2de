//! Messages that are published twice: within five minutes of the first time, a deduplication id names one message.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html>

use std::{borrow::Cow, ops::Bound, time::Duration};

use millpond_engine::{RangeRequest, Timestamp, Transaction};
use sha2::{Digest, Sha256};

use crate::{
    Body, Error, MessageId, PublishMessage, Published, Result, SequenceNumber,
    layout::{
        self,
        deduplication::{DEDUPLICATION, FirstRow, expiry_key, token_key, token_of_expiry},
    },
    shared::Shared,
};

use super::settings::Fifo;

/// For how long an id is known, from when it was first used.
const KNOWN: Duration = Duration::from_secs(300);
/// So many ids are forgotten in one transaction, and in one call.
const BATCH: usize = 1000;
const ROWS: usize = 100_000;

/// The deduplication id of a message: its own, or the SHA-256 of its text.
pub(crate) fn id_of(fifo: &Fifo, message: &PublishMessage) -> Result<String> {
    match &message.deduplication_id {
        Some(id) => Ok(id.clone()),
        None if fifo.is_content_based => {
            let hash = Sha256::digest(text(&message.body)?.as_bytes());
            Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
        }
        None => Err(no_deduplication()),
    }
}

pub(crate) fn no_deduplication() -> Error {
    Error::parameter(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
}

/// The text of a body as it is given over the wire.
fn text(body: &Body) -> Result<Cow<'_, str>> {
    Ok(match body {
        Body::Text(text) => Cow::Borrowed(text),
        Body::Structured(texts) => Cow::Owned(serde_json::to_string(texts)?),
    })
}

/// What stands for an id, within its scope.
pub(crate) fn token(fifo: &Fifo, id: &str, group_id: &str) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[u8::from(fifo.is_by_group)]);
    if fifo.is_by_group {
        hasher.update(&(group_id.len() as u64).to_be_bytes()).update(group_id.as_bytes());
    }
    let mut token = [0; 16];
    hasher.update(id.as_bytes()).finalize_xof().fill(&mut token);
    token
}

/// The message that was published first under an id, if that was within the last five minutes.
pub(crate) fn find(shared: &Shared, tx: &mut Transaction, topic: u64, token: [u8; 16]) -> Result<Option<Published>> {
    let Some(row) = tx.get(&shared.publisher.deduplication, &token_key(topic, token))? else { return Ok(None) };
    let first: FirstRow = layout::decode(DEDUPLICATION, &row)?;
    let is_known = tx.began().as_millis() < first.expires;
    Ok(is_known.then_some(Published { message_id: first.id, sequence_number: Some(first.sequence_number) }))
}

/// Keeps an id for five minutes.
pub(crate) fn keep(
    shared: &Shared,
    tx: &mut Transaction,
    topic: u64,
    token: [u8; 16],
    id: MessageId,
    sequence_number: SequenceNumber,
) -> Result<()> {
    let rows = &shared.publisher.deduplication;
    let expires = tx.began().saturating_add(KNOWN);
    let key = token_key(topic, token);
    let first = FirstRow { expires: expires.as_millis(), id, sequence_number };
    tx.put(rows, expiry_key(expires, &key), "")?;
    Ok(tx.put(rows, key, layout::encode(&first)?)?)
}

/// Forgets ids that were used five minutes ago.
pub(crate) fn expire(shared: &Shared) -> Result<()> {
    let rows = &shared.publisher.deduplication;
    let now = shared.engine.clock().now();
    // What expires comes later than what has expired: no row is added before the mark.
    let mut mark = shared.publisher.expired.lock();
    let (from, to) = (expiry_key(*mark, &[]), expiry_key(now.saturating_add(Duration::from_millis(1)), &[]));
    let range = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to)).limit(ROWS);
    let page = shared.engine.snapshot()?.range(rows, &range.limit_bytes(usize::MAX))?;
    for keys in page.entries.chunks(BATCH) {
        shared.engine.transact(|tx| -> Result<()> {
            for (key, _) in keys {
                let token = token_of_expiry(key);
                // It may have been used anew since.
                if expires(shared, tx, token)?.is_some_and(|expires| expires <= now) {
                    tx.delete(rows, token.to_vec())?;
                }
                tx.delete(rows, key.clone())?;
            }
            Ok(())
        })?;
    }
    if page.resume.is_none() {
        *mark = now;
    }
    Ok(())
}

fn expires(shared: &Shared, tx: &mut Transaction, token: &[u8]) -> Result<Option<Timestamp>> {
    let Some(row) = tx.get(&shared.publisher.deduplication, token)? else { return Ok(None) };
    let first: FirstRow = layout::decode(DEDUPLICATION, &row)?;
    Ok(Some(Timestamp::from_millis(first.expires)))
}
