//! Changing what a channel is set to.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateChannel.html>

use millpond_engine::Transaction;

use super::{ChannelChanges, ChannelLogging, checks, layout, list};
use crate::{Error, Result, layout as catalog, shared::Shared};

pub(crate) fn run(shared: &Shared, tx: &mut Transaction, id: &str, changes: &ChannelChanges) -> Result<()> {
    let mut row = list::need(shared, tx, id)?;
    if let Some((kind, secs)) = changes.freshness {
        if kind != row.destination.kind() {
            return Err(Error::Validation(format!("Channel {} has another kind of destination.", row.name)));
        }
        checks::freshness(secs)?;
        row.destination.set_freshness(secs);
    }
    if let Some(ChannelLogging { is_enabled, group, stream }) = &changes.logging {
        row.logging.is_enabled = *is_enabled;
        row.logging.group = group.clone().or(row.logging.group);
        row.logging.stream = stream.clone().or(row.logging.stream);
    }
    Ok(tx.put(&shared.channels, layout::channel_key(id), catalog::encode(&row)?)?)
}
