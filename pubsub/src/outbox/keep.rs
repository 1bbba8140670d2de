//! How long what was captured is kept.

use std::sync::atomic::Ordering;

use millpond_engine::{Page, Position, RangeRequest, Read, Transaction};

use super::{Captured, CapturedFilter, Outbox};
use crate::{
    Result,
    layout::{
        self,
        outbox::{BYTES, CAPTURED_PREFIX, MESSAGES, OUTBOX, address_prefix},
    },
};

/// So many messages are recorded between two looks at the limits.
const EVERY: u64 = 64;
/// So many rows are looked at, and removed at most, in one transaction.
const AT_ONCE: usize = 500;

/// What a row counts for: itself and its keys.
pub(super) fn size(row: &[u8]) -> i64 {
    i64::try_from(row.len() + 64).unwrap_or(i64::MAX)
}

/// Removes the oldest messages where there are too many. It looks only now and then, and past the transaction, so that
/// recording does not conflict with recording.
pub(super) fn trim(outbox: &Outbox, tx: &mut Transaction) -> Result<()> {
    let limits = &outbox.limits;
    if !limits.recorded.fetch_add(1, Ordering::Relaxed).is_multiple_of(EVERY) {
        return Ok(());
    }
    let over = |counter, limit: &std::sync::atomic::AtomicU64| -> Result<u64> {
        let kept = outbox.engine.latest().counter(&outbox.rows, counter)?;
        Ok(u64::try_from(kept).unwrap_or(0).saturating_sub(limit.load(Ordering::Relaxed)))
    };
    let mut messages = over(MESSAGES, &limits.messages)?;
    let mut bytes = over(BYTES, &limits.bytes)?;
    if messages == 0 && bytes == 0 {
        return Ok(());
    }
    let oldest = tx.range(&outbox.rows, &RangeRequest::prefix(CAPTURED_PREFIX).limit(AT_ONCE))?;
    remove(outbox, tx, &oldest, |_, row| {
        let goes = messages > 0 || bytes > 0;
        messages = messages.saturating_sub(1);
        bytes = bytes.saturating_sub(u64::try_from(size(row)).unwrap_or(0));
        goes
    })?;
    Ok(())
}

pub(super) fn clear(outbox: &Outbox, which: &CapturedFilter) -> Result<u64> {
    let newest =
        outbox.engine.snapshot()?.range(&outbox.rows, &RangeRequest::prefix(CAPTURED_PREFIX).reverse().limit(1))?;
    let Some(last) = newest.entries.first().map(|(key, _)| key.clone()) else { return Ok(0) };
    let (mut removed, mut after) = (0, None::<bytes::Bytes>);
    loop {
        let mut request = RangeRequest::prefix(CAPTURED_PREFIX).limit(AT_ONCE);
        if let Some(after) = &after {
            request = request.resume_after(after);
        }
        let (count, resume) = outbox.engine.transact(|tx| -> Result<_> {
            let page = tx.range(&outbox.rows, &request)?;
            let wanted = |captured: &Captured, _: &[u8]| which.wants(captured);
            let mut page = page;
            page.entries.retain(|(key, _)| *key <= last);
            let count = remove(outbox, tx, &page, wanted)?;
            Ok((count, page.entries.last().map(|(key, _)| key.clone())))
        })?;
        removed += count;
        match resume {
            Some(key) => after = Some(key),
            None => return Ok(removed),
        }
    }
}

/// Removes those rows of a page that are not to stay.
fn remove(
    outbox: &Outbox,
    tx: &mut Transaction,
    page: &Page,
    mut goes: impl FnMut(&Captured, &[u8]) -> bool,
) -> Result<u64> {
    let (mut count, mut bytes) = (0_u32, 0);
    for (key, row) in &page.entries {
        let captured: Captured = layout::decode(OUTBOX, row)?;
        if !goes(&captured, row) {
            continue;
        }
        let Some(position) = Position::of_key(key) else { continue };
        let beside = [&address_prefix(&captured.address)[..], &position.to_bytes()].concat();
        tx.delete(&outbox.rows, key.clone())?;
        tx.delete(&outbox.rows, beside)?;
        count += 1;
        bytes += size(row);
    }
    if count > 0 {
        tx.add(&outbox.rows, MESSAGES, -i64::from(count))?;
        tx.add(&outbox.rows, BYTES, -bytes)?;
    }
    Ok(count.into())
}
