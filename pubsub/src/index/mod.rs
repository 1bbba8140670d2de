//! Which subscriptions of a topic want a message: a hint, made from the topic's subscriptions and kept up with their
//! changes.
//!
//! A topic's subscriptions are changed by one transaction after the other; the changes are counted, and the last ones
//! stand in rows. What is kept stands for a count that was committed. A transaction that publishes reads the count, by
//! which it conflicts with a change that it does not see; so what stands for its count or a later one may be used. If
//! its own count is higher, because it has changed subscriptions itself or sees commits that are on their way, it looks
//! at what was changed since.

mod changes;
mod entries;
mod target;

use std::{collections::HashMap, sync::Arc};

use millpond_engine::{RangeRequest, Read, Transaction};
use parking_lot::RwLock;

use crate::{
    Notification, Result,
    layout::{self, SUBSCRIPTIONS, SubscriptionRecord, TopicRecord},
    shared::Shared,
};

pub(crate) use changes::note;
pub(crate) use target::{Target, To};

use entries::Entries;

/// So many topics have an index.
const MOST_TOPICS: usize = 16 << 10;

/// The indexes of topics, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Indexes(RwLock<HashMap<u64, Arc<Slot>>>);

/// The index of one topic, once it was asked for.
#[derive(Debug, Default)]
struct Slot(RwLock<Option<Index>>);

#[derive(Debug)]
struct Index {
    /// The count of changes that it stands for.
    version: u64,
    entries: Entries,
}

/// The subscriptions that want a message.
#[derive(Debug, Default)]
pub(crate) struct Matched {
    pub(crate) targets: Vec<Arc<Target>>,
    /// How many do not, because of their filter policies.
    pub(crate) filtered_out: u64,
}

/// The confirmed subscriptions that want a message.
pub(crate) fn matching(
    shared: &Shared,
    tx: &mut Transaction,
    topic: &TopicRecord,
    message: &Notification,
) -> Result<Matched> {
    let version = shared.changes(tx, topic.id)?;
    if version == 0 {
        return Ok(Matched::default());
    }
    let slot = shared.indexes.slot(topic.id);
    if let Some(index) = &*slot.0.read()
        && index.version >= version
    {
        return Ok(index.entries.matching(message));
    }
    slot.catch_up(shared, topic.id)?;
    if let Some(index) = &*slot.0.read() {
        if index.version >= version {
            return Ok(index.entries.matching(message));
        }
        if let Some(changed) = changes::between(shared, tx, topic.id, index.version, version)? {
            return Ok(index.entries.matching_with(message, &changed));
        }
    }
    Ok(read(shared, tx, topic.id)?.matching(message))
}

impl Indexes {
    fn slot(&self, topic: u64) -> Arc<Slot> {
        if let Some(slot) = self.0.read().get(&topic) {
            return Arc::clone(slot);
        }
        let mut slots = self.0.write();
        if slots.len() >= MOST_TOPICS && !slots.contains_key(&topic) {
            slots.clear();
        }
        Arc::clone(slots.entry(topic).or_default())
    }
}

impl Slot {
    /// Has the index stand for what was committed.
    fn catch_up(&self, shared: &Shared, topic: u64) -> Result<()> {
        let mut kept = self.0.write();
        let mut snapshot = shared.engine.snapshot()?;
        let version = shared.changes(&mut snapshot, topic)?;
        let changed = match &*kept {
            Some(index) if index.version >= version => return Ok(()),
            Some(index) => changes::between(shared, &mut snapshot, topic, index.version, version)?,
            None => None,
        };
        match (&mut *kept, changed) {
            (Some(index), Some(changed)) => {
                changed.into_iter().for_each(|(id, target)| index.entries.set(id, target));
                index.version = version;
            }
            _ => *kept = Some(Index { version, entries: read(shared, &mut snapshot, topic)? }),
        }
        Ok(())
    }
}

/// All subscriptions of a topic, as a reader sees them.
fn read(shared: &Shared, reader: &mut impl Read, topic: u64) -> Result<Entries> {
    let prefix = layout::subscriptions_prefix(topic);
    let mut request = RangeRequest::prefix(&prefix);
    let mut entries = Entries::default();
    loop {
        let page = reader.range(&shared.keyspaces.subscriptions, &request)?;
        for (_, row) in page.entries {
            let record: SubscriptionRecord = layout::decode(SUBSCRIPTIONS, &row)?;
            if let Some(target) = Target::of(shared, &record) {
                entries.set(record.id, Some(Arc::new(target)));
            }
        }
        match page.resume {
            Some(last) => request = RangeRequest::prefix(&prefix).resume_after(&last),
            None => return Ok(entries),
        }
    }
}
