//! Nodes of the tree.

use std::{collections::BTreeSet, collections::HashMap, sync::Arc};

use super::{
    super::{
        evaluate::{Field, field_may_hold},
        event::Event,
    },
    branch::Branch,
};

/// How many policies are tried one by one before they are parted.
const MOST_WAITING: usize = 8;

/// How deep the tree may be: what asks more fields is tried.
const MOST_DEPTH: usize = 16;

/// A policy, or one of the alternatives of its `$or`, with its fields in the order in which they are asked.
#[derive(Debug, PartialEq)]
pub(super) struct Asking<K> {
    pub(super) key: K,
    pub(super) fields: Box<[Field]>,
}

/// What is left to ask when the first fields hold.
#[derive(Debug)]
pub(super) struct Node<K> {
    /// Those that ask nothing more, sorted.
    done: Vec<K>,
    /// Those that ask more, tried one by one.
    waiting: Vec<Arc<Asking<K>>>,
    /// Those that ask more, by the field that they ask next.
    parted: Option<Box<Parted<K>>>,
}

#[derive(Debug)]
struct Parted<K> {
    branches: HashMap<Arc<str>, Branch<K>>,
    /// The fields that may be absent.
    may_be_absent: BTreeSet<Arc<str>>,
}

impl<K> Default for Node<K> {
    fn default() -> Self {
        Node { done: Vec::new(), waiting: Vec::new(), parted: None }
    }
}

impl<K: Copy + Ord> Node<K> {
    pub(super) fn is_empty(&self) -> bool {
        self.done.is_empty() && self.waiting.is_empty() && self.parted.is_none()
    }

    pub(super) fn that_ask_nothing(&self) -> &[K] {
        &self.done
    }

    /// Adds what has held in its first `depth` fields.
    pub(super) fn insert(&mut self, asking: &Arc<Asking<K>>, depth: usize) {
        let Some(field) = asking.fields.get(depth) else {
            let place = self.done.partition_point(|key| *key < asking.key);
            return self.done.insert(place, asking.key);
        };
        if let Some(parted) = &mut self.parted {
            return parted.insert(field, asking, depth);
        }
        self.waiting.push(Arc::clone(asking));
        if self.waiting.len() > MOST_WAITING && depth < MOST_DEPTH {
            let mut parted = Box::new(Parted { branches: HashMap::new(), may_be_absent: BTreeSet::new() });
            for asking in std::mem::take(&mut self.waiting) {
                if let Some(field) = asking.fields.get(depth) {
                    parted.insert(field, &asking, depth);
                }
            }
            self.parted = Some(parted);
        }
    }

    /// Removes what was inserted.
    pub(super) fn remove(&mut self, asking: &Asking<K>, depth: usize) {
        let Some(field) = asking.fields.get(depth) else {
            if let Ok(place) = self.done.binary_search(&asking.key) {
                self.done.remove(place);
            }
            return;
        };
        if let Some(place) = self.waiting.iter().position(|waiting| **waiting == *asking) {
            self.waiting.swap_remove(place);
            return;
        }
        let Some(parted) = &mut self.parted else { return };
        parted.remove(field, asking, depth);
        if parted.branches.is_empty() {
            self.parted = None;
        }
    }

    /// Adds the keys of all that hold to `found`, some more than once.
    pub(super) fn find(&self, event: &Event<'_>, depth: usize, found: &mut Vec<K>) {
        found.extend_from_slice(&self.done);
        for asking in &self.waiting {
            if asking.fields.iter().skip(depth).all(|field| field_may_hold(field, event)) {
                found.push(asking.key);
            }
        }
        let Some(parted) = &self.parted else { return };
        let mut next = Vec::new();
        if parted.branches.len() <= event.fields().len() {
            for (path, branch) in &parted.branches {
                branch.find(event.values(path), event, &mut next);
            }
        } else {
            for (path, values) in event.fields() {
                if let Some(branch) = parted.branches.get(path) {
                    branch.find(values, event, &mut next);
                }
            }
            for path in &parted.may_be_absent {
                if let (Some(branch), []) = (parted.branches.get(path), event.values(path)) {
                    branch.find(&[], event, &mut next);
                }
            }
        }
        // Several values of a field may lead to one node.
        if next.len() > 1 {
            next.sort_unstable_by_key(|node| std::ptr::from_ref(*node).addr());
            next.dedup_by(|one, other| std::ptr::eq(*one, *other));
        }
        for node in next {
            node.find(event, depth + 1, found);
        }
    }
}

impl<K: Copy + Ord> Parted<K> {
    fn insert(&mut self, field: &Field, asking: &Arc<Asking<K>>, depth: usize) {
        if !self.branches.contains_key(&field.path) {
            self.branches.insert(Arc::clone(&field.path), Branch::default());
        }
        let Some(branch) = self.branches.get_mut(&field.path) else { return };
        for pattern in distinct(field) {
            branch.at(pattern, |node| node.insert(asking, depth + 1));
        }
        if branch.may_be_absent() {
            self.may_be_absent.insert(Arc::clone(&field.path));
        }
    }

    fn remove(&mut self, field: &Field, asking: &Asking<K>, depth: usize) {
        let Some(branch) = self.branches.get_mut(&field.path) else { return };
        for pattern in distinct(field) {
            branch.at(pattern, |node| node.remove(asking, depth + 1));
        }
        if !branch.may_be_absent() {
            self.may_be_absent.remove(&field.path);
        }
        if branch.is_empty() {
            self.branches.remove(&field.path);
        }
    }
}

/// The patterns of a field, each once.
fn distinct(field: &Field) -> impl Iterator<Item = &super::Pattern> {
    field.patterns.iter().enumerate().filter_map(|(nth, pattern)| {
        let before = field.patterns.iter().take(nth);
        (!before.into_iter().any(|other| other == pattern)).then_some(pattern)
    })
}
