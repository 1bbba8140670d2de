//! Removing all messages of a queue at once.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html>

use std::time::Duration;

use millpond_engine::Transaction;

use crate::{Error, Result, layout::QueueRecord, shared::Shared};

/// How long a queue cannot be purged again.
const PURGED: Duration = Duration::from_secs(60);

/// The queue goes on in a new store: whatever the number of its messages, that is one row.
pub(crate) fn run(shared: &Shared, tx: &mut Transaction, name: &str) -> Result<()> {
    let mut record = QueueRecord::clone(&*shared.need(tx, name)?);
    let now = tx.began();
    let is_early = record.purged.is_some_and(|purged| now < purged.saturating_add(PURGED));
    if is_early && shared.options.has_cooldowns() {
        return Err(Error::PurgeQueueInProgress { queue: name.to_owned() });
    }
    shared.abandon(tx, record.store)?;
    record.store = shared.new_store(tx)?;
    record.purged = Some(now);
    shared.keep(tx, name, &record)
}
