//! Describing and listing queues.

use std::{ops::Bound, time::Duration};

use millpond_engine::{RangeRequest, Read, Timestamp};

use super::{
    QueueDescription, QueuePage,
    layout::{self, NAMES, QueueRow},
};
use crate::{ACCOUNT, Error, Result, shared::Shared};

/// The queue of that id.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub(crate) fn need(shared: &Shared, reader: &mut impl Read, id: &str) -> Result<QueueRow> {
    layout::queue(shared, reader, id)?.ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> Error {
    Error::NotFound(format!("Queue {id} under account {ACCOUNT} not found."))
}

pub(crate) fn describe(shared: &Shared, reader: &mut impl Read, id: &str) -> Result<QueueDescription> {
    let row = need(shared, reader, id)?;
    show(shared, reader, id.to_owned(), row)
}

fn show(shared: &Shared, reader: &mut impl Read, id: String, row: QueueRow) -> Result<QueueDescription> {
    // A stream is not deleted before its queues are.
    let stream_created = match shared.find(reader, &row.stream)? {
        Some(stream) => stream.created(),
        None => return Err(not_found(&id)),
    };
    Ok(QueueDescription {
        id,
        name: row.name,
        created: Timestamp::from_millis(row.created),
        stream: row.stream,
        stream_created,
        start: row.start.into(),
        start_time: Timestamp::from_millis(row.start_millis),
        visibility_timeout: Duration::from_secs(u64::from(row.visibility_secs)),
        dead_letters: row.dead_letters,
    })
}

/// The queues after a name, of some streams if they are given.
pub(crate) fn run(shared: &Shared, streams: &[String], after: Option<&str>, max: usize) -> Result<QueuePage> {
    let mut snapshot = shared.engine.snapshot()?;
    let from = layout::name_key(after.unwrap_or_default());
    let to = [NAMES.first().map_or(0, |byte| byte + 1)];
    let names = RangeRequest::between(Bound::Excluded(&from), Bound::Excluded(&to));
    let mut page = QueuePage { queues: Vec::new(), has_more: false };
    let ids = shared.engine.snapshot()?;
    for entry in ids.scan(&shared.queues, &names)? {
        let id = String::from_utf8(entry?.1.to_vec());
        let id =
            id.map_err(|_| Error::Corrupt { keyspace: layout::KEYSPACE, detail: "the id of a queue is no text" })?;
        // Between the two looks it may have been deleted.
        let Some(row) = layout::queue(shared, &mut snapshot, &id)? else { continue };
        if !streams.is_empty() && !streams.contains(&row.stream) {
            continue;
        }
        if page.queues.len() >= max.max(1) {
            page.has_more = true;
            break;
        }
        page.queues.push(show(shared, &mut snapshot, id, row)?);
    }
    Ok(page)
}
