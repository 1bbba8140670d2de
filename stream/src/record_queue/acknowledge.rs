//! What becomes of records that were received: they are acknowledged, stay invisible for another time, or are restored.
//!
//! Sources: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_AcknowledgeQueueRecords.html>,
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateQueueRecordsVisibility.html>,
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RestoreDeadLetterQueueRecords.html>

use std::time::Duration;

use millpond_engine::Transaction;

use super::{
    ReceiptHandle,
    layout::{self, Kind, QueueRow, Row},
    list,
    model::check_visibility,
    schedule::Schedule,
};
use crate::{ACCOUNT, Error, Result, shared::Shared};

/// What is to become of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    /// It is done with.
    Acknowledged,
    /// It is visible again after this time.
    Invisible(Duration),
    /// It is no dead letter any more, and was never received.
    Restored,
}

/// Decides on records, each on its own. The results stand in the order of the handles.
pub(crate) fn run(
    shared: &Shared,
    tx: &mut Transaction,
    id: &str,
    kind: Kind,
    fates: &[(ReceiptHandle, Fate)],
) -> Result<Vec<Result<()>>> {
    let queue = list::need(shared, tx, id)?;
    let mut schedule = Schedule::new(shared, queue.number);
    let mut results = Vec::with_capacity(fates.len());
    for (handle, fate) in fates {
        results.push(match one(shared, tx, &mut schedule, &queue, kind, *handle, *fate) {
            // A store that fails, fails for all of them.
            Err(error @ (Error::Engine(_) | Error::Corrupt { .. } | Error::Log(_))) => return Err(error),
            result => result,
        });
    }
    schedule.finish(tx);
    Ok(results)
}

fn one(
    shared: &Shared,
    tx: &mut Transaction,
    schedule: &mut Schedule<'_>,
    queue: &QueueRow,
    kind: Kind,
    handle: ReceiptHandle,
    fate: Fate,
) -> Result<()> {
    let row = owned(shared, tx, queue, kind, handle)?;
    let now = tx.began();
    match fate {
        Fate::Acknowledged => schedule.remove(tx, handle.place, row),
        Fate::Invisible(timeout) => {
            check_visibility(timeout)?;
            let invisible = Row { visible: now.saturating_add(timeout), ..row };
            schedule.put(tx, handle.place, Some(row), invisible).map(drop)
        }
        Fate::Restored => {
            let restored = Row { was: Kind::Live, next: Kind::Live, count: 0, visible: now, ..row };
            schedule.put(tx, handle.place, Some(row), restored).map(drop)
        }
    }
}

/// The row of a record whose last receive a handle is for.
fn owned(shared: &Shared, tx: &mut Transaction, queue: &QueueRow, kind: Kind, handle: ReceiptHandle) -> Result<Row> {
    if handle.kind != kind {
        let of = if kind == Kind::Dead { "a record that is no dead-letter record" } else { "a dead-letter record" };
        return Err(Error::InvalidArgument(format!("The receipt handle is that of {of}.")));
    }
    let row = match handle.queue == queue.number {
        true => layout::row(shared, tx, queue.number, handle.place)?,
        false => None,
    };
    let now = tx.began();
    // One that was received for the last time, and is visible again, is a dead letter.
    let is_owner = |row: &Row| {
        let has_died = row.next != row.was && row.visible <= now;
        row.was == kind && row.serial == handle.serial && !has_died
    };
    row.filter(is_owner).ok_or_else(|| {
        Error::NotFound(format!(
            "The receipt handle is not that of the last receive of a record in queue {} under account {ACCOUNT}.",
            queue.name
        ))
    })
}
