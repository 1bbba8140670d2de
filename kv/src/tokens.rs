//! The tokens of transactions: for ten minutes a request that is repeated under its token is not done again.
//!
//! A token and what it stood for are written in the transaction they belong to. Expired ones are removed about once a
//! minute, by an index in order of their expiry.

use std::hash::{Hash, Hasher};
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use millpond_engine::{Engine, RangeRequest, Timestamp, Transaction};

use crate::catalog::Catalog;
use crate::constraints::Constraints;
use crate::layout::{self, TokenRecord};
use crate::sweep::next_keys;
use crate::{Error, Result};

const MAX_TOKEN_CHARACTERS: usize = 36;
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
const VALID: Duration = Duration::from_secs(600);
const PURGE_EVERY: Duration = Duration::from_secs(60);
/// How many expired tokens are removed in one transaction.
const PURGED_AT_ONCE: usize = 500;

/// Whether a request was done before under its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Never,
    Before,
}

/// When expired tokens were last removed. Losing it costs a look at an index that may be empty.
#[derive(Debug, Default)]
pub(crate) struct Purges {
    next: AtomicU64,
    /// All tokens that expire before it are removed: looking there again would only step over what was deleted.
    front: AtomicU64,
}

pub(crate) fn check(token: &str) -> Result<()> {
    let characters = token.chars().count();
    let mut broken = Constraints::default();
    if characters == 0 {
        broken.breaks(token, "clientRequestToken", "Member must have length greater than or equal to 1");
    } else if characters > MAX_TOKEN_CHARACTERS {
        broken.breaks(token, "clientRequestToken", "Member must have length less than or equal to 36");
    }
    broken.finish()
}

/// Looks a token up.
///
/// # Errors
/// [`Error::IdempotentParameterMismatch`] if it stands for other actions.
pub(crate) fn see(catalog: &Catalog, tx: &mut Transaction, token: &str, actions: &impl Hash) -> Result<Seen> {
    let Some(stored) = tx.get(&catalog.tokens, &layout::token_key(token))? else { return Ok(Seen::Never) };
    let record = layout::read_token(&stored)?;
    if record.expires <= tx.clock().now() {
        return Ok(Seen::Never);
    }
    if record.digest == digest(actions) { Ok(Seen::Before) } else { Err(Error::IdempotentParameterMismatch) }
}

/// Keeps a token for the next ten minutes.
pub(crate) fn remember(catalog: &Catalog, tx: &mut Transaction, token: &str, actions: &impl Hash) -> Result<()> {
    let expires = tx.clock().now().saturating_add(VALID);
    let record = TokenRecord { expires, digest: digest(actions) };
    tx.put(&catalog.tokens, layout::token_key(token), layout::token_value(&record))?;
    tx.put(&catalog.tokens, layout::token_expiry_key(expires, token), Bytes::new())?;
    Ok(())
}

impl Purges {
    /// Removes expired tokens, if none were removed in the last minute. Not to be called within a transaction.
    pub(crate) fn purge_if_due(&self, engine: &Engine, catalog: &Catalog) -> Result<()> {
        let now = engine.clock().now();
        let next = self.next.load(Ordering::Relaxed);
        let later = now.saturating_add(PURGE_EVERY).as_millis();
        // Of several threads that come at once, one goes on.
        if now.as_millis() < next
            || self.next.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return Ok(());
        }
        let front = Timestamp::from_millis(self.front.load(Ordering::Relaxed));
        let (from, to) = (layout::token_expiry_key(front, ""), layout::token_expiry_key(now, ""));
        let expired = RangeRequest::between(Bound::Included(&from), Bound::Excluded(&to));
        let snapshot = engine.snapshot()?;
        let mut rows = snapshot.scan(&catalog.tokens, &expired)?;
        loop {
            let keys = next_keys(&mut rows, PURGED_AT_ONCE)?;
            if keys.is_empty() {
                break;
            }
            engine.transact(|tx| keys.iter().try_for_each(|key| remove(catalog, tx, key)))?;
        }
        self.front.fetch_max(now.as_millis(), Ordering::Relaxed);
        Ok(())
    }
}

fn remove(catalog: &Catalog, tx: &mut Transaction, expiry_key: &Bytes) -> Result<()> {
    let (expires, token) = layout::read_token_expiry(expiry_key)?;
    let key = layout::token_key(token);
    // A token that was used again after it had expired lives on under its new expiry.
    if let Some(stored) = tx.get(&catalog.tokens, &key)?
        && layout::read_token(&stored)?.expires == expires
    {
        tx.delete(&catalog.tokens, key)?;
    }
    tx.delete(&catalog.tokens, expiry_key.clone())?;
    Ok(())
}

/// What stands for the actions: different ones have different digests.
fn digest(actions: &impl Hash) -> [u8; 32] {
    let mut hasher = Blake3::default();
    actions.hash(&mut hasher);
    hasher.digest()
}

/// [`Hash`] writes lengths and discriminants too, so that no two values write the same bytes.
#[derive(Default)]
pub(crate) struct Blake3(blake3::Hasher);

impl Blake3 {
    pub(crate) fn digest(&self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }
}

impl Hasher for Blake3 {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        self.digest().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}
