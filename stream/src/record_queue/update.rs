//! Changing what a queue is set to.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateQueue.html>

use millpond_engine::Transaction;

use super::{QueueChanges, layout, list, model::check_visibility};
use crate::{Result, layout as catalog, shared::Shared};

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, id: &str, changes: &QueueChanges) -> Result<()> {
    let mut row = list::need(shared, tx, id)?;
    if let Some(timeout) = changes.visibility_timeout {
        check_visibility(timeout)?;
        row.visibility_secs = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX);
    }
    if let Some(dead_letters) = changes.dead_letters {
        dead_letters.check()?;
        row.dead_letters = dead_letters;
    }
    Ok(tx.put(&shared.queues, layout::queue_key(id), catalog::encode(&row)?)?)
}
