//! Moving the checkpoint of a shard on, in the caller's transaction.

use millpond_engine::{Position, Transaction};

use super::{
    keeper::{Keeper, pass_on},
    state::Hold,
};
use crate::{Error, Result};

/// From where to where the records of a shard are done with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) from: Position,
    pub(crate) to: Position,
    /// Whether the shard is closed and nothing comes after these.
    pub(crate) is_end: bool,
}

/// Whether the member still has the shard then.
pub(crate) fn run(keeper: &Keeper, tx: &mut Transaction, hold: &Hold, step: Step) -> Result<bool> {
    let group = &keeper.group;
    let (stream, name) = (|| group.stream.to_string(), || group.name.to_string());
    let stored = group.lease(tx, hold.shard)?;
    let Some(mut lease) = stored.clone().filter(|lease| keeper.has(lease, hold.counter)) else {
        let owner = stored.and_then(|lease| lease.owner).map(String::into_boxed_str);
        let (stream, group, member) = (stream(), name(), keeper.name.as_str().into());
        return Err(Error::LeaseLost { stream, group, shard: hold.shard, member, owner });
    };
    // What was handed out twice, since it was not known whether the first commit had failed, counts once.
    if lease.checkpoint() != step.from {
        return Err(Error::AlreadyCheckpointed { stream: stream(), group: name(), shard: hold.shard });
    }
    lease.set_checkpoint(step.to);
    let mut is_kept = true;
    if step.is_end {
        lease.is_finished = true;
        lease.pass_to(None);
        is_kept = false;
    } else if pass_on(group, tx, &mut lease)? {
        is_kept = false;
    }
    group.put_lease(tx, hold.shard, &lease)?;
    if !is_kept {
        group.changes(tx);
    }
    Ok(is_kept)
}
