//! How long what was captured is kept.

use std::sync::atomic::{AtomicU64, Ordering};

use millpond_engine::{Page, Position, RangeRequest, Read, Transaction};

use super::{Captured, CapturedFilter, Outbox};
use crate::{
    Result,
    layout::{
        self,
        outbox::{BYTES, CAPTURED_PREFIX, MESSAGES, OUTBOX, address_prefix},
    },
};

/// So many messages are recorded between two looks at the limits, or so many bytes: fewer than one look can remove.
const EVERY: u64 = 64;
const EVERY_BYTES: u64 = 256 << 10;
/// So many rows are removed by one look, or those that have so many bytes: not many more than are recorded, as a transaction that
/// records very many looks often, and does not see what it has removed.
const A_LOOK: usize = 128;
/// So many rows are looked at in one transaction where they are cleared.
const AT_ONCE: usize = 500;
const AT_ONCE_BYTES: usize = 1 << 20;

/// What a row counts for: itself and its keys.
pub(super) fn row_size(row: &[u8]) -> i64 {
    i64::try_from(row.len() + 64).unwrap_or(i64::MAX)
}

/// Removes the oldest messages where there are too many. It looks only now and then, and past the transaction, so that
/// recording does not conflict with recording.
pub(super) fn trim(outbox: &Outbox, tx: &mut Transaction, recorded: i64) -> Result<()> {
    let limits = &outbox.limits;
    let size = u64::try_from(recorded).unwrap_or(0);
    let bytes_before = limits.recorded_bytes.fetch_add(size, Ordering::Relaxed);
    let are_many = limits.recorded.fetch_add(1, Ordering::Relaxed).is_multiple_of(EVERY);
    let are_big = bytes_before / EVERY_BYTES != bytes_before.wrapping_add(size) / EVERY_BYTES;
    if !are_many && !are_big {
        return Ok(());
    }
    let over = |counter, limit: &AtomicU64| -> Result<u64> {
        let kept = outbox.engine.latest().counter(&outbox.rows, counter)?;
        Ok(u64::try_from(kept).unwrap_or(0).saturating_sub(limit.load(Ordering::Relaxed)))
    };
    let mut messages = over(MESSAGES, &limits.messages)?;
    let mut bytes = over(BYTES, &limits.bytes)?;
    if messages == 0 && bytes == 0 {
        return Ok(());
    }
    let oldest =
        tx.range(&outbox.rows, &RangeRequest::prefix(CAPTURED_PREFIX).limit(A_LOOK).limit_bytes(AT_ONCE_BYTES))?;
    remove(outbox, tx, &oldest, |_, row| {
        let goes = messages > 0 || bytes > 0;
        messages = messages.saturating_sub(1);
        bytes = bytes.saturating_sub(u64::try_from(row_size(row)).unwrap_or(0));
        goes
    })?;
    Ok(())
}

/// Removes what is asked for and was captured until now, some rows in one transaction after the other: what is captured meanwhile
/// stays.
pub(super) fn clear(outbox: &Outbox, which: &CapturedFilter) -> Result<u64> {
    let newest =
        outbox.engine.snapshot()?.range(&outbox.rows, &RangeRequest::prefix(CAPTURED_PREFIX).reverse().limit(1))?;
    let Some(last) = newest.entries.first().map(|(key, _)| key.clone()) else { return Ok(0) };
    let (mut removed, mut after) = (0, None::<bytes::Bytes>);
    loop {
        let mut request = RangeRequest::prefix(CAPTURED_PREFIX).limit(AT_ONCE).limit_bytes(AT_ONCE_BYTES);
        if let Some(after) = &after {
            request = request.resume_after(after);
        }
        let (count, resume) = outbox.engine.transact(|tx| -> Result<_> {
            let mut page = tx.range(&outbox.rows, &request)?;
            page.entries.retain(|(key, _)| *key <= last);
            let count = remove(outbox, tx, &page, |captured, _| which.wants(captured))?;
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
        bytes += row_size(row);
    }
    if count > 0 {
        tx.add(&outbox.rows, MESSAGES, -i64::from(count))?;
        tx.add(&outbox.rows, BYTES, -bytes)?;
    }
    Ok(count.into())
}
