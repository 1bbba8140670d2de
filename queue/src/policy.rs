//! Changing a queue's access policy.

use crate::{Result, layout::QueueRecord, shared::Shared};

/// Makes a policy of the one that there is.
pub(crate) fn change(
    shared: &Shared,
    name: &str,
    mut change: impl FnMut(Option<&str>) -> Result<Option<String>>,
) -> Result<()> {
    shared.engine.transact(|tx| {
        let mut record = QueueRecord::clone(&*shared.need(tx, name)?);
        record.settings.policy = change(record.settings.policy.as_deref())?;
        record.modified = tx.began();
        shared.keep(tx, name, &record)
    })
}
