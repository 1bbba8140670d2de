//! Deleting topics.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html>

use millpond_engine::Transaction;

use crate::{Error, Result, layout, local, shared::Shared};

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, name: &str) -> Result<()> {
    let Some(record) = shared.find(tx, name)? else { return Ok(()) };
    if record.attributes.contains_key("ArchivePolicy") {
        return Err(Error::InvalidState {
            message: "Invalid state: Cannot delete a topic with an ArchivePolicy".into(),
        });
    }
    let topics = &shared.keyspaces.topics;
    tx.delete(topics, layout::topic_key(name))?;
    tx.delete(topics, layout::changes_key(record.id))?;
    tx.delete(topics, layout::sequence_key(record.id))?;
    // Its subscriptions are no longer found, and are cleared away in time.
    tx.put(topics, layout::deleted_key(record.id), "")?;
    local::topic_deleted(shared, tx, &record);
    Ok(())
}
