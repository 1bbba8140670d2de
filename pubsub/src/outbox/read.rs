//! Reading what was captured.

use millpond_engine::{Position, RangeRequest, Snapshot};

use super::{Captured, CapturedFilter, Outbox, OutboxEntry, OutboxPage};
use crate::{
    Result,
    layout::{
        self,
        outbox::{CAPTURED_PREFIX, OUTBOX, address_prefix, captured_key},
    },
};

/// So many bytes of texts end a page.
const PAGE_BYTES: usize = 1 << 20;

pub(super) fn page(outbox: &Outbox, which: &CapturedFilter, after: Option<Position>, max: usize) -> Result<OutboxPage> {
    let mut page = OutboxPage::default();
    let (mut last, mut bytes) = (None, 0);
    for found in all(outbox, &outbox.engine.snapshot()?, which, after)? {
        let entry = found?;
        if page.entries.len() >= max.max(1) || bytes >= PAGE_BYTES {
            page.next = last;
            break;
        }
        last = Some(entry.position);
        bytes += entry.message.body.len();
        page.entries.push(entry);
    }
    Ok(page)
}

/// What is asked for, one by one, by way of the address if one is known.
fn all<'a>(
    outbox: &'a Outbox,
    snapshot: &'a Snapshot,
    which: &'a CapturedFilter,
    after: Option<Position>,
) -> Result<impl Iterator<Item = Result<OutboxEntry>> + 'a> {
    let prefix = which.address.as_deref().map_or(CAPTURED_PREFIX.to_vec(), address_prefix);
    let mut request = RangeRequest::prefix(&prefix);
    if let Some(after) = after {
        request = request.resume_after(&[&prefix[..], &after.to_bytes()].concat());
    }
    let rows = snapshot.scan(&outbox.rows, &request)?;
    Ok(rows.filter_map(move |row| read(outbox, snapshot, which, row).transpose()))
}

fn read(
    outbox: &Outbox,
    snapshot: &Snapshot,
    which: &CapturedFilter,
    row: millpond_engine::Result<(bytes::Bytes, bytes::Bytes)>,
) -> Result<Option<OutboxEntry>> {
    let (key, value) = row?;
    let Some(position) = Position::of_key(&key) else { return Ok(None) };
    let stored = match which.address {
        None => Some(value),
        Some(_) => snapshot.get(&outbox.rows, &captured_key(position))?,
    };
    let Some(stored) = stored else { return Ok(None) };
    let message: Captured = layout::decode(OUTBOX, &stored)?;
    let entry = OutboxEntry { position, captured_at: position.time(), message };
    Ok(Some(entry).filter(|entry| which.wants(&entry.message)))
}
