//! Deleting queues.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteQueue.html>

use std::sync::Arc;

use millpond_engine::Transaction;

use super::{layout, list};
use crate::{Resource, Result, attached, shared::Shared};

/// What is known of its records is left behind, and cleared away later.
pub(crate) fn run(shared: &Shared, tx: &mut Transaction, id: &str) -> Result<()> {
    let row = list::need(shared, tx, id)?;
    tx.delete(&shared.queues, layout::queue_key(id))?;
    tx.delete(&shared.queues, layout::name_key(&row.name))?;
    tx.put(&shared.queues, layout::deleted_key(row.number), "")?;
    attached::clear(shared, tx, &Resource::Queue { id: id.to_owned() })?;
    shared.change(tx, &row.stream, |record| {
        record.queues = record.queues.saturating_sub(1);
        Ok(())
    })?;
    let lives = Arc::clone(&shared.lives);
    tx.on_commit(move || lives.forget(row.number));
    Ok(())
}
