//! Many policies against one message.

use std::collections::BTreeMap;

use super::{Event, FilterPolicy};

/// The policies of one scope, by keys: which of them want a message.
#[derive(Debug)]
pub struct Matcher<K> {
    policies: BTreeMap<K, FilterPolicy>,
}

impl<K> Default for Matcher<K> {
    fn default() -> Self {
        Matcher { policies: BTreeMap::new() }
    }
}

impl<K: Copy + Ord> Matcher<K> {
    /// Without policies.
    #[must_use]
    pub fn new() -> Self {
        Matcher::default()
    }

    /// Adds a policy, in place of the one that the key had.
    pub fn insert(&mut self, key: K, policy: &FilterPolicy) {
        self.policies.insert(key, policy.clone());
    }

    /// Removes the policy of a key. False if it had none.
    pub fn remove(&mut self, key: K) -> bool {
        self.policies.remove(&key).is_some()
    }

    /// How many policies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.policies.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// Puts the keys of the policies that want a message in place of what is in `found`, in their order.
    pub fn matching(&self, event: &Event<'_>, found: &mut Vec<K>) {
        found.clear();
        found.extend(self.policies.iter().filter(|(_, policy)| policy.matches_event(event)).map(|(key, _)| *key));
    }
}
