//! What has changed since an index was made.

use std::{collections::BTreeMap, sync::Arc};

use millpond_engine::{Read, Transaction};

use crate::{
    Result, SubscriptionId,
    layout::{
        self, SUBSCRIPTIONS, SubscriptionRecord,
        changes::{KNOWN_CHANGES, change_key, decode_change, encode_change},
    },
    shared::Shared,
};

use super::Target;

/// Subscriptions that were changed, as they are now: `None` if they get no messages.
pub(super) type Changed = BTreeMap<SubscriptionId, Option<Arc<Target>>>;

/// Notes a change of a topic's subscriptions, with which there are so many.
pub(crate) fn note(shared: &Shared, tx: &mut Transaction, topic: u64, version: u64, id: SubscriptionId) -> Result<()> {
    Ok(tx.put(&shared.keyspaces.topics, change_key(topic, version), encode_change(version, id))?)
}

/// What the changes after `from` up to `to` have left. `None` if not all of them are known any more.
pub(super) fn between(
    shared: &Shared,
    reader: &mut impl Read,
    topic: u64,
    from: u64,
    to: u64,
) -> Result<Option<Changed>> {
    if to.saturating_sub(from) > KNOWN_CHANGES {
        return Ok(None);
    }
    let mut changed = Changed::new();
    for version in from + 1..=to {
        let Some(row) = reader.get(&shared.keyspaces.topics, &change_key(topic, version))? else { return Ok(None) };
        let (noted, id) = decode_change(&row)?;
        if noted != version {
            return Ok(None);
        }
        changed.insert(id, None);
    }
    for (id, target) in &mut changed {
        let row = reader.get(&shared.keyspaces.subscriptions, &layout::subscription_key(topic, *id))?;
        let record: Option<SubscriptionRecord> = row.map(|row| layout::decode(SUBSCRIPTIONS, &row)).transpose()?;
        *target = record.and_then(|record| Target::of(shared, &record)).map(Arc::new);
    }
    Ok(Some(changed))
}
