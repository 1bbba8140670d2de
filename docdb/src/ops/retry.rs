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
    let begins = last(store, tx, retry)?.is_some_and(|(last, _)| last < retry.transaction);
    forget_earlier(store, tx, retry, if begins { MOST_FORGOTTEN } else { 2 })?;
    let mut row = retry.transaction.to_be_bytes().to_vec();
    row.extend_from_slice(&now.to_be_bytes());
    tx.put(&store.sessions, session_key(retry), row)?;
    Ok(tx.put(&store.sessions, statement_key(retry, statement), bson::serialize_to_vec(kept)?)?)
}

/// The most statements of earlier numbers that are forgotten in one transaction.
const MOST_FORGOTTEN: usize = 1000;

/// Deletes what is kept of earlier numbers of the session: many where a number begins, and with each statement more than it adds,
/// since a number may have more statements than a transaction can delete.
fn forget_earlier(store: &Store, tx: &mut Transaction, retry: &Retry, most: usize) -> Result<()> {
    let hash = hash(retry);
    let (low, high) = (statements_prefix(&hash, i64::MIN), statements_prefix(&hash, retry.transaction));
    let request = RangeRequest::between(Bound::Included(&low), Bound::Excluded(&high)).limit(most);
    for (key, _) in tx.range(&store.sessions, &request)?.entries {
        tx.delete(&store.sessions, key)?;
    }
    Ok(())
}

/// How long a session's results are kept after its last write: as long as sessions live.
const KEPT_MILLIS: u64 = 30 * 60 * 1000;

/// Deletes what is kept of sessions that are over. Says how many there were.
pub(crate) fn sweep(store: &Store, now: Timestamp) -> Result<u64> {
    let mut swept = 0;
    let snapshot = store.engine.snapshot()?;
    for entry in snapshot.scan(&store.sessions, &RangeRequest::prefix(&[SESSION]))? {
        let (key, row) = entry?;
        let is_over = decode(&row).is_none_or(|(_, used)| used.saturating_add(KEPT_MILLIS) < now.as_millis());
        if is_over && end(store, &key, &row)? {
            swept += 1;
        }
    }
    Ok(swept)
}

/// Deletes what is kept of a session, unless it has gone on: its statements first, some at a time. Who retries one of them
/// meanwhile is half an hour late.
fn end(store: &Store, key: &bytes::Bytes, row: &bytes::Bytes) -> Result<bool> {
    let mut prefix = vec![STATEMENT];
    prefix.extend_from_slice(key.get(1..).unwrap_or_default());
    let request = RangeRequest::prefix(&prefix).limit(MOST_FORGOTTEN);
    loop {
        let more = store.engine.transact(|tx| -> Result<Option<bool>> {
            if tx.get(&store.sessions, key)?.is_none_or(|now| now != *row) {
                return Ok(None);
            }
            let page = tx.range(&store.sessions, &request)?;
            for (statement, _) in page.entries {
                tx.delete(&store.sessions, statement)?;
            }
            if page.resume.is_none() {
                tx.delete(&store.sessions, key.clone())?;
            }
            Ok(Some(page.resume.is_some()))
        })?;
        match more {
            None => return Ok(false),
            Some(false) => return Ok(true),
            Some(true) => {}
        }
    }
}
