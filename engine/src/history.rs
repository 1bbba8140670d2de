//! What was written lately: enough to tell whether a transaction's reads still hold.
//!
//! Commits are kept in order until no running transaction began before them. They are indexed only when somebody has
//! to be validated, so that a stream of blind writes pays nothing for an index.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    ops::Bound,
};

use bytes::Bytes;

use crate::keyspace::KeyspaceId;

/// The most keys that are remembered. A transaction so slow that more were written meanwhile is told to try again.
const MOST_KEYS: usize = 1 << 20;

/// What a transaction has read, so that it can be validated.
#[derive(Default)]
pub(crate) struct ReadSet {
    pub(crate) points: HashSet<(KeyspaceId, Bytes)>,
    pub(crate) ranges: Vec<(KeyspaceId, Bound<Bytes>, Bound<Bytes>)>,
}

struct Commit {
    sequence: u64,
    keys: Vec<(KeyspaceId, Bytes)>,
}

#[derive(Default)]
pub(crate) struct History {
    commits: VecDeque<Commit>,
    /// How many of `commits`, from the front, are in `last_write`.
    indexed: usize,
    last_write: HashMap<KeyspaceId, BTreeMap<Bytes, u64>>,
    keys: usize,
    /// Everything up to this sequence may have been forgotten.
    forgotten: u64,
}

impl History {
    pub(crate) fn record(&mut self, sequence: u64, keys: Vec<(KeyspaceId, Bytes)>) {
        self.keys += keys.len();
        self.commits.push_back(Commit { sequence, keys });
        while self.keys > MOST_KEYS {
            self.forget_oldest();
        }
    }

    /// Forgets the commits that every present and future transaction has in its snapshot.
    pub(crate) fn prune(&mut self, floor: u64) {
        while self.commits.front().is_some_and(|commit| commit.sequence <= floor) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(commit) = self.commits.pop_front() else { return };
        self.forgotten = commit.sequence;
        self.keys -= commit.keys.len();
        if self.indexed == 0 {
            return;
        }
        self.indexed -= 1;
        for (keyspace, key) in commit.keys {
            if let Some(writes) = self.last_write.get_mut(&keyspace)
                && writes.get(&key) == Some(&commit.sequence)
            {
                writes.remove(&key);
            }
        }
    }

    fn index(&mut self) {
        for commit in self.commits.range(self.indexed..) {
            for (keyspace, key) in &commit.keys {
                self.last_write.entry(*keyspace).or_default().insert(key.clone(), commit.sequence);
            }
        }
        self.indexed = self.commits.len();
    }

    /// Whether nothing in `reads` was written after `began`.
    pub(crate) fn still_holds(&mut self, reads: &ReadSet, began: u64) -> bool {
        if self.commits.back().is_none_or(|last| last.sequence <= began) && self.forgotten <= began {
            return true;
        }
        if self.forgotten > began {
            return false;
        }
        self.index();
        let newer = |sequence: &u64| *sequence > began;
        let points = reads.points.iter().all(|(keyspace, key)| {
            !self.last_write.get(keyspace).and_then(|writes| writes.get(key)).is_some_and(newer)
        });
        points
            && reads.ranges.iter().all(|(keyspace, from, to)| {
                let Some(writes) = self.last_write.get(keyspace) else { return true };
                !writes.range((from.clone(), to.clone())).any(|(_, sequence)| newer(sequence))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: KeyspaceId = KeyspaceId(0);

    fn keys(names: &[&'static str]) -> Vec<(KeyspaceId, Bytes)> {
        names.iter().map(|name| (A, Bytes::from_static(name.as_bytes()))).collect()
    }

    fn read(point: &'static str) -> ReadSet {
        ReadSet { points: keys(&[point]).into_iter().collect(), ranges: vec![] }
    }

    #[test]
    fn a_read_holds_until_its_key_is_written() {
        let mut history = History::default();
        history.record(1, keys(&["a"]));
        assert!(history.still_holds(&read("a"), 1));
        history.record(2, keys(&["b"]));
        assert!(history.still_holds(&read("a"), 1));
        history.record(3, keys(&["a"]));
        assert!(!history.still_holds(&read("a"), 1));
        assert!(history.still_holds(&read("a"), 3));
    }

    #[test]
    fn a_range_does_not_hold_when_a_key_appears_in_it() {
        let mut history = History::default();
        let between = |from: &'static str, to: &'static str| ReadSet {
            points: HashSet::new(),
            ranges: vec![(A, Bound::Included(Bytes::from(from)), Bound::Excluded(Bytes::from(to)))],
        };
        history.record(1, keys(&["m"]));
        assert!(!history.still_holds(&between("a", "z"), 0));
        assert!(history.still_holds(&between("a", "m"), 0));
        assert!(!history.still_holds(&between("m", "n"), 0));
    }

    #[test]
    fn what_was_forgotten_counts_as_changed() {
        let mut history = History::default();
        for sequence in 1..=5 {
            history.record(sequence, keys(&["a"]));
        }
        assert!(!history.still_holds(&read("a"), 4));
        history.prune(4);
        assert!(!history.still_holds(&read("b"), 3));
        assert!(history.still_holds(&read("b"), 4));
        assert!(!history.still_holds(&read("a"), 4));
        history.prune(5);
        assert!(history.last_write[&A].is_empty());
    }
}
