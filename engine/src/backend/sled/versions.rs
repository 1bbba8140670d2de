//! Snapshots for a store that has none: before a batch changes a key, the value it had is kept here under the batch's
//! version, for as long as a reader of an earlier version may ask for it.
//!
//! A reader of version `v` reads the store first and then asks here: the value kept under the smallest version above
//! `v` is the one the key had at `v`. If there is none, no later batch has touched the key, for a batch's old values
//! are here before the store has its new ones. So what was read from the store holds.
//!
//! Invariants:
//! - one batch is in flight at a time, with the version after the visible one;
//! - the visible version moves once that batch is as durable as it is going to be;
//! - values are dropped only when neither a snapshot nor the visible version is below theirs.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ops::Bound,
};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

/// The values a key had, each under the version of the batch that replaced it, in ascending order. `None`: it was absent.
type Replaced = Vec<(u64, Option<Bytes>)>;

#[derive(Default)]
pub(super) struct Versions {
    state: RwLock<State>,
    /// How many snapshots read which version. Locked before `state` where both are.
    live: Mutex<BTreeMap<u64, usize>>,
}

#[derive(Default)]
struct State {
    visible: u64,
    replaced: BTreeMap<Bytes, Replaced>,
    /// Which keys each batch replaced, oldest batch first.
    batches: VecDeque<(u64, Vec<Bytes>)>,
}

/// Keys that a version sees differently from the store, and whether there may be more.
pub(super) struct Changes {
    pub(super) values: HashMap<Bytes, Option<Bytes>>,
    /// The last key looked at, if the number asked for was reached before the end.
    pub(super) cut_at: Option<Bytes>,
}

impl Versions {
    /// Keeps the values that a batch is about to replace, and gives the batch's version.
    pub(super) fn begin(&self, before: Vec<(Bytes, Option<Bytes>)>) -> u64 {
        let mut state = self.state.write();
        let version = state.visible + 1;
        let keys = before.iter().map(|(key, _)| key.clone()).collect();
        for (key, value) in before {
            state.replaced.entry(key).or_default().push((version, value));
        }
        state.batches.push_back((version, keys));
        version
    }

    /// Lets readers see the batch.
    pub(super) fn publish(&self, version: u64) {
        let live = self.live.lock();
        let mut state = self.state.write();
        state.visible = version;
        state.prune(live.keys().next().copied());
    }

    /// Begins to keep everything that a snapshot of this moment needs; gives its version.
    pub(super) fn retain(&self) -> u64 {
        let mut live = self.live.lock();
        let version = self.state.read().visible;
        *live.entry(version).or_insert(0) += 1;
        version
    }

    /// Ends a snapshot of that version.
    pub(super) fn release(&self, version: u64) {
        let mut live = self.live.lock();
        let Some(count) = live.get_mut(&version) else { return };
        *count -= 1;
        if *count > 0 {
            return;
        }
        live.remove(&version);
        let oldest = live.keys().next().copied();
        if oldest.is_none_or(|oldest| oldest > version) {
            self.state.write().prune(oldest);
        }
    }

    /// The value of a key at a retained version, when the store had `stored` a moment ago.
    pub(super) fn at(&self, version: u64, key: &[u8], stored: Option<Bytes>) -> Option<Bytes> {
        self.state.read().at(version, key).unwrap_or(stored)
    }

    /// The visible value of a key, when the store had `stored` a moment ago.
    pub(super) fn latest(&self, key: &[u8], stored: Option<Bytes>) -> Option<Bytes> {
        let state = self.state.read();
        state.at(state.visible, key).unwrap_or(stored)
    }

    /// What a retained version has in a range where the store, read before, may have something else: of at most `most`
    /// keys, in the direction of travel. The bounds must not be crossed.
    pub(super) fn changes(
        &self,
        version: u64,
        (from, to): (Bound<&[u8]>, Bound<&[u8]>),
        reverse: bool,
        most: usize,
    ) -> Changes {
        let state = self.state.read();
        let range = state.replaced.range::<[u8], _>((from, to));
        let keys: Box<dyn Iterator<Item = (&Bytes, &Replaced)>> =
            if reverse { Box::new(range.rev()) } else { Box::new(range) };
        let mut changes = Changes { values: HashMap::new(), cut_at: None };
        for (looked_at, (key, replaced)) in keys.enumerate() {
            if let Some(value) = of_version(replaced, version) {
                changes.values.insert(key.clone(), value);
            }
            if looked_at + 1 >= most {
                changes.cut_at = Some(key.clone());
                break;
            }
        }
        changes
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.state.read().replaced.values().map(Vec::len).sum()
    }
}

impl State {
    /// What a key had at a version, if a later batch has replaced it.
    fn at(&self, version: u64, key: &[u8]) -> Option<Option<Bytes>> {
        if self.replaced.is_empty() {
            return None;
        }
        of_version(self.replaced.get(key)?, version)
    }

    fn prune(&mut self, oldest: Option<u64>) {
        let floor = oldest.map_or(self.visible, |oldest| oldest.min(self.visible));
        while self.batches.front().is_some_and(|(version, _)| *version <= floor) {
            let Some((_, keys)) = self.batches.pop_front() else { return };
            for key in keys {
                if let Some(replaced) = self.replaced.get_mut(&key) {
                    replaced.retain(|(version, _)| *version > floor);
                    if replaced.is_empty() {
                        self.replaced.remove(&key);
                    }
                }
            }
        }
    }
}

fn of_version(replaced: &Replaced, version: u64) -> Option<Option<Bytes>> {
    let later = replaced.partition_point(|(at, _)| *at <= version);
    replaced.get(later).map(|(_, value)| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    /// Replaces `before` of key "k" in a batch of its own.
    fn replace(versions: &Versions, before: Option<&'static str>) {
        let version = versions.begin(vec![(bytes("k"), before.map(bytes))]);
        versions.publish(version);
    }

    #[test]
    fn each_snapshot_finds_the_value_of_its_version() {
        let versions = Versions::default();
        let absent = versions.retain();
        replace(&versions, None);
        let one = versions.retain();
        replace(&versions, Some("1"));
        replace(&versions, Some("2"));
        let three = versions.retain();
        let stored = Some(bytes("3"));
        assert_eq!(versions.at(absent, b"k", stored.clone()), None);
        assert_eq!(versions.at(one, b"k", stored.clone()), Some(bytes("1")));
        assert_eq!(versions.at(three, b"k", stored.clone()), stored);
        assert_eq!(versions.latest(b"k", stored.clone()), stored);
    }

    #[test]
    fn a_batch_in_flight_is_not_visible() {
        let versions = Versions::default();
        replace(&versions, None);
        let version = versions.begin(vec![(bytes("k"), Some(bytes("old")))]);
        let snapshot = versions.retain();
        let stored = Some(bytes("new"));
        assert_eq!(versions.latest(b"k", stored.clone()), Some(bytes("old")));
        versions.publish(version);
        assert_eq!(versions.latest(b"k", stored.clone()), stored);
        assert_eq!(versions.at(snapshot, b"k", stored), Some(bytes("old")));
    }

    #[test]
    fn what_no_snapshot_needs_is_dropped() {
        let versions = Versions::default();
        replace(&versions, None);
        assert_eq!(versions.kept(), 0);
        let first = versions.retain();
        let twin = versions.retain();
        replace(&versions, Some("1"));
        let second = versions.retain();
        replace(&versions, Some("2"));
        replace(&versions, Some("3"));
        assert_eq!(versions.kept(), 3);
        versions.release(first);
        assert_eq!(versions.kept(), 3, "its twin still reads");
        versions.release(twin);
        assert_eq!(versions.kept(), 2);
        versions.release(second);
        assert_eq!(versions.kept(), 0);
    }

    #[test]
    fn changes_of_a_range_stop_at_the_number_asked_for() {
        let versions = Versions::default();
        let snapshot = versions.retain();
        let before = ["a", "b", "c", "d"].map(|key| (bytes(key), Some(bytes(key))));
        let version = versions.begin(before.to_vec());
        versions.publish(version);
        let keys = |reverse, most| {
            let changes = versions.changes(snapshot, (Bound::Excluded(b"a"), Bound::Unbounded), reverse, most);
            let mut keys: Vec<_> = changes.values.into_keys().collect();
            keys.sort();
            (keys, changes.cut_at)
        };
        assert_eq!(keys(false, 2), (vec![bytes("b"), bytes("c")], Some(bytes("c"))));
        assert_eq!(keys(true, 2), (vec![bytes("c"), bytes("d")], Some(bytes("c"))));
        assert_eq!(keys(false, 9), (vec![bytes("b"), bytes("c"), bytes("d")], None));
    }
}
