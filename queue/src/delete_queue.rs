//! Deleting queues.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html>

use millpond_engine::Transaction;

use crate::{Result, layout, shared::Shared};

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, name: &str) -> Result<()> {
    let record = shared.need(tx, name)?;
    let queues = &shared.keyspaces.queues;
    tx.delete(queues, layout::queue_key(name))?;
    tx.put(queues, layout::deleted_key(name), layout::millis(tx.began()))?;
    shared.abandon(tx, record.store)
}
