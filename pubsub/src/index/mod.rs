//! Which subscriptions of a topic want a message: a hint, made from the topic's subscriptions and kept up with their changes.
//!
//! What is kept stands for a number of changes that was committed: a topic's subscriptions are changed one transaction after
//! the other, and each counts. A transaction that publishes reads that count, by which it conflicts with a change that it
//! does not see; so what is kept may be used if it stands for that count or a later one. A transaction that has itself changed the
//! subscriptions sees a count that was not committed, and looks at all of them.

mod entries;
mod target;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use millpond_engine::{RangeRequest, Read, Transaction};
use parking_lot::{Mutex, RwLock};

use crate::{
    Notification, Result, SubscriptionId,
    layout::{self, SUBSCRIPTIONS, SubscriptionRecord, TopicRecord},
    shared::Shared,
};

use entries::Entries;
pub(crate) use target::{Target, To};

/// So many topics have an index.
const MOST_TOPICS: usize = 16 << 10;
/// So many changes wait for a message to be published before the index is rather made anew.
const MOST_CHANGES: usize = 4096;

/// The indexes of topics, by their ids. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indexes(Arc<RwLock<HashMap<u64, Arc<Slot>>>>);

/// What is known of one topic.
#[derive(Debug, Default)]
struct Slot {
    index: RwLock<Option<Index>>,
    /// Changes that were committed and are not in the index, in their order.
    changes: Mutex<VecDeque<Change>>,
}

#[derive(Debug)]
struct Index {
    /// The count of changes that it stands for.
    version: u64,
    entries: Entries,
}

/// One change of a topic's subscriptions.
#[derive(Debug)]
struct Change {
    /// The count of changes with this one.
    version: u64,
    id: SubscriptionId,
    /// What it is now, if it gets messages.
    target: Option<Arc<Target>>,
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
    if let Some(index) = &*slot.index.read()
        && index.version >= version
    {
        return Ok(index.entries.matching(message));
    }
    if let Some(matched) = slot.catch_up(shared, topic.id, version, message)? {
        return Ok(matched);
    }
    Ok(read(shared, tx, topic.id)?.matching(message))
}

/// Tells the index of a change that the transaction makes, with which there are so many.
pub(crate) fn changed(
    shared: &Shared,
    tx: &mut Transaction,
    topic: u64,
    version: u64,
    id: SubscriptionId,
    record: Option<&SubscriptionRecord>,
) {
    let Some(slot) = shared.indexes.known(topic) else { return };
    let target = record.and_then(|record| Target::of(shared, record)).map(Arc::new);
    tx.on_commit(move || {
        let mut changes = slot.changes.lock();
        if changes.len() >= MOST_CHANGES {
            // What follows finds a gap, and has the index made anew.
            changes.clear();
        }
        changes.push_back(Change { version, id, target });
    });
}

impl Indexes {
    fn known(&self, topic: u64) -> Option<Arc<Slot>> {
        self.0.read().get(&topic).cloned()
    }

    fn slot(&self, topic: u64) -> Arc<Slot> {
        if let Some(slot) = self.known(topic) {
            return slot;
        }
        let mut slots = self.0.write();
        if slots.len() >= MOST_TOPICS && !slots.contains_key(&topic) {
            slots.clear();
        }
        Arc::clone(slots.entry(topic).or_default())
    }
}

impl Slot {
    /// What matches by the index, once that is brought up to the version. `None` if it stands for less: what was committed
    /// last cannot be seen yet, or never, because the transaction has made it itself.
    fn catch_up(&self, shared: &Shared, topic: u64, version: u64, message: &Notification) -> Result<Option<Matched>> {
        let mut kept = self.index.write();
        let changes: Vec<Change> = self.changes.lock().drain(..).collect();
        if let Some(index) = &mut *kept
            && !index.apply(changes)
        {
            *kept = None;
        }
        if kept.as_ref().is_none_or(|index| index.version < version) {
            let mut snapshot = shared.engine.snapshot()?;
            let seen = shared.changes(&mut snapshot, topic)?;
            if kept.as_ref().is_none_or(|index| index.version < seen) {
                *kept = Some(Index { version: seen, entries: read(shared, &mut snapshot, topic)? });
            }
        }
        let found = kept.as_ref().filter(|index| index.version >= version);
        Ok(found.map(|index| index.entries.matching(message)))
    }
}

impl Index {
    /// Applies changes in their order. `false` if one is missing before one of them.
    fn apply(&mut self, changes: Vec<Change>) -> bool {
        for change in changes {
            if change.version <= self.version {
                continue;
            }
            if change.version != self.version + 1 {
                return false;
            }
            self.entries.set(change.id, change.target);
            self.version = change.version;
        }
        true
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
