//! Retryable writes: statements that are done once, however often they are asked for.
//!
//! What a statement answered is kept in the commit that did it. Keyspace `docdb.sessions`:
//!
//! | key | value |
//! |---|---|
//! | `01`, the session's hash (16 bytes) | the last transaction number (8 bytes), and when it was used (8 bytes, milliseconds) |
//! | `02`, the session's hash, the transaction number, a statement (4 bytes) | a [`Kept`] as BSON |
//!
//! Source: <https://www.mongodb.com/docs/manual/core/retryable-writes/>.

use std::ops::Bound;

use bson::{RawBson, RawDocumentBuf};
use millpond_engine::{RangeRequest, Timestamp, Transaction};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Code, Result, refuse},
    model::Retry,
    store::Store,
};

/// What statements answered: one, or of an insert several that follow each other.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// How many statements it is of.
    pub(crate) statements: i32,
    pub(crate) n: i64,
    pub(crate) modified: i64,
    pub(crate) upserted: Option<RawBson>,
    pub(crate) value: Option<RawDocumentBuf>,
}

const SESSION: u8 = 1;
const STATEMENT: u8 = 2;

fn session_key(retry: &Retry) -> Vec<u8> {
    let mut key = vec![SESSION];
    key.extend_from_slice(hash(retry).as_slice());
    key
}

fn hash(retry: &Retry) -> Vec<u8> {
    blake3::hash(&retry.session).as_bytes().get(..16).unwrap_or_default().to_vec()
}

fn statements_prefix(hash: &[u8], transaction: i64) -> Vec<u8> {
    let mut key = vec![STATEMENT];
    key.extend_from_slice(hash);
    key.extend_from_slice(&(transaction ^ i64::MIN).to_be_bytes());
    key
}

fn statement_key(retry: &Retry, statement: i32) -> Vec<u8> {
    let mut key = statements_prefix(&hash(retry), retry.transaction);
    key.extend_from_slice(&(statement ^ i32::MIN).to_be_bytes());
    key
}

impl Retry {
    /// The number of the statement at an index.
    pub(crate) fn statement(&self, index: usize) -> i32 {
        let counted = i32::try_from(index).unwrap_or(i32::MAX);
        self.statements.as_ref().and_then(|statements| statements.get(index).copied()).unwrap_or(counted)
    }
}

/// What a statement answered when it was done before; `None` if it is to be done now.
///
/// # Errors
/// [`Code::TRANSACTION_TOO_OLD`] where the session has gone on to a later number.
pub(crate) fn before(store: &Store, tx: &mut Transaction, retry: &Retry, statement: i32) -> Result<Option<Kept>> {
    let Some((last, _)) = last(store, tx, retry)? else { return Ok(None) };
    if last > retry.transaction {
        return refuse(
            Code::TRANSACTION_TOO_OLD,
            format!(
                "Retryable write with txnNumber {} is prohibited on session because a newer retryable write with txnNumber {last} has already started on this session.",
                retry.transaction
            ),
        );
    }
    if last < retry.transaction {
        return Ok(None);
    }
    let prefix = statements_prefix(&hash(retry), retry.transaction);
    let key = statement_key(retry, statement);
    let request = RangeRequest::between(Bound::Included(&prefix), Bound::Included(&key)).reverse().limit(1);
    let page = tx.range(&store.sessions, &request)?;
    let Some((found, kept)) = page.entries.first() else { return Ok(None) };
    let kept: Kept = bson::deserialize_from_slice(kept)?;
    let first = found.get(prefix.len()..).and_then(|bytes| bytes.try_into().ok()).map(i32::from_be_bytes);
    let first = first.map_or(i32::MIN, |first| first ^ i32::MIN);
    Ok((statement.saturating_sub(first) < kept.statements.max(1)).then_some(kept))
}

fn last(store: &Store, tx: &mut Transaction, retry: &Retry) -> Result<Option<(i64, u64)>> {
    let row = tx.get(&store.sessions, &session_key(retry))?;
    Ok(row.and_then(|row| decode(&row)))
}

fn decode(row: &[u8]) -> Option<(i64, u64)> {
    let number = i64::from_be_bytes(row.get(..8)?.try_into().ok()?);
    let used = u64::from_be_bytes(row.get(8..16)?.try_into().ok()?);
    Some((number, used))
}

/// Keeps what statements answered, in the transaction that did them.
pub(crate) fn keep(store: &Store, tx: &mut Transaction, retry: &Retry, statement: i32, kept: &Kept) -> Result<()> {
    let now = tx.clock().now().as_millis();
    if let Some((last, _)) = last(store, tx, retry)?
        && last < retry.transaction
    {
        // Whatever is left is forgotten by later writes of the session, or with it.
        forget_statements(store, tx, &hash(retry), Some(retry.transaction))?;
    }
    let mut row = retry.transaction.to_be_bytes().to_vec();
    row.extend_from_slice(&now.to_be_bytes());
    tx.put(&store.sessions, session_key(retry), row)?;
    Ok(tx.put(&store.sessions, statement_key(retry, statement), bson::serialize_to_vec(kept)?)?)
}

/// How many statements are forgotten at a time: a command may have had more than a transaction can hold.
const FORGOTTEN: usize = 1000;

/// Forgets statements of a session, those before a transaction number or all of them. Says whether there are more.
fn forget_statements(store: &Store, tx: &mut Transaction, hash: &[u8], before: Option<i64>) -> Result<bool> {
    let first = statements_prefix(hash, i64::MIN);
    let mut last = statements_prefix(hash, before.unwrap_or(i64::MAX));
    if before.is_none() {
        last.extend_from_slice(&[u8::MAX; 5]);
    }
    let request = RangeRequest::between(Bound::Included(&first), Bound::Excluded(&last)).limit(FORGOTTEN);
    let page = tx.range(&store.sessions, &request)?;
    let count = page.entries.len();
    for (key, _) in page.entries {
        tx.delete(&store.sessions, key)?;
    }
    Ok(count == FORGOTTEN)
}

/// How long a session's results are kept after its last write: as long as sessions live.
const KEPT_MILLIS: u64 = 30 * 60 * 1000;

/// Deletes what is kept of sessions that are over. Says how many there were.
pub(crate) fn sweep(store: &Store, now: Timestamp) -> Result<u64> {
    const MOST: usize = 1000;
    let page = store.engine.snapshot()?.range(&store.sessions, &RangeRequest::prefix(&[SESSION]).limit(MOST))?;
    let over = |row: &[u8]| decode(row).is_none_or(|(_, used)| used.saturating_add(KEPT_MILLIS) < now.as_millis());
    let mut swept = 0;
    for (key, row) in page.entries.iter().filter(|(_, row)| over(row)) {
        let hash = key.get(1..).unwrap_or_default();
        loop {
            let (still, more) = store.engine.transact(|tx| -> Result<(bool, bool)> {
                let still = tx.get(&store.sessions, key)?.is_some_and(|now| now == *row);
                let more = still && forget_statements(store, tx, hash, None)?;
                if still && !more {
                    tx.delete(&store.sessions, key.clone())?;
                }
                Ok((still, more))
            })?;
            if !more {
                swept += u64::from(still);
                break;
            }
        }
    }
    Ok(swept)
}
