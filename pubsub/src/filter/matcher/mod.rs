//! Many policies against one message.
//!
//! The policies of a topic are one tree. A node of it is what has held so far: it has the policies that ask nothing
//! more, and those that do, up to a few as they are, which are tried one by one; more of them are parted by the field
//! that each asks next. For each of those fields the patterns are indexed by kind, each with the node that it leads to,
//! so that a value finds the patterns that want it, not the patterns the value. Policies that ask the same share the
//! nodes.
//!
//! A policy asks its fields in the order of how much they tell apart: a value first, a range later, and whatever most
//! values satisfy last. So the fields that many policies hold at once are asked of the few that are left. What an event
//! costs grows with its fields and with the policies that hold, not with those that are there.
//!
//! A policy stands in as many places as it has combinations of values at most, which is limited. See
//! <https://github.com/aws/event-ruler> for the machine whose idea this is, and that the service runs.

mod branch;
mod intervals;
mod node;
mod prefixes;
mod wildcards;

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Event, FilterPolicy,
    evaluate::{Alternative, Field},
    pattern::Pattern,
};
use node::{Asking, Node};

/// The policies of one scope, by keys: which of them want a message.
///
/// A topic has one for the attributes of messages and one for their bodies. What they find is what
/// [`FilterPolicy::matches_event`] says of each policy alone.
///
/// ```
/// use millpond_pubsub::filter::{Event, FilterPolicy, FilterScope, Forms, Matcher};
///
/// let mut matcher = Matcher::new();
/// for (key, policy) in [(1, r#"{"type": ["paid"]}"#), (2, r#"{"price": [{"numeric": ["<", 100]}]}"#)] {
///     matcher.insert(key, &FilterPolicy::parse(policy, FilterScope::MessageBody, Forms::Service)?);
/// }
/// let mut found = Vec::new();
/// matcher.matching(&Event::of_body(r#"{"type": "paid", "price": 120}"#), &mut found);
/// assert_eq!(found, [1]);
/// # Ok::<(), millpond_pubsub::filter::PolicyError>(())
/// ```
#[derive(Debug)]
pub struct Matcher<K> {
    policies: BTreeMap<K, FilterPolicy>,
    root: Node<K>,
}

impl<K> Default for Matcher<K> {
    fn default() -> Self {
        Matcher { policies: BTreeMap::new(), root: Node::default() }
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
        self.remove(key);
        for alternative in policy.alternatives.iter() {
            self.root.insert(&Arc::new(Asking { key, fields: in_order(alternative) }), 0);
        }
        self.policies.insert(key, policy.clone());
    }

    /// Removes the policy of a key. False if it had none.
    pub fn remove(&mut self, key: K) -> bool {
        let Some(policy) = self.policies.remove(&key) else { return false };
        for alternative in policy.alternatives.iter() {
            self.root.remove(&Asking { key, fields: in_order(alternative) }, 0);
        }
        true
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

    /// The policy of a key.
    #[must_use]
    pub fn get(&self, key: K) -> Option<&FilterPolicy> {
        self.policies.get(&key)
    }

    /// Puts the keys of the policies that want a message in place of what is in `found`, in their order.
    pub fn matching(&self, event: &Event<'_>, found: &mut Vec<K>) {
        found.clear();
        if event.is_unreadable() {
            found.extend_from_slice(self.root.that_ask_nothing());
        } else {
            self.root.find(event, 0, found);
        }
        found.sort_unstable();
        found.dedup();
        // The tree does not know which elements of arrays go together: it finds no policy too few then.
        if !event.elements.is_empty() {
            found.retain(|key| self.policies.get(key).is_some_and(|policy| policy.matches_event(event)));
        }
    }
}

/// The fields of an alternative in the order in which they are asked. It follows from the alternative alone: what is
/// removed is found where it was inserted.
fn in_order(alternative: &Alternative) -> Box<[Field]> {
    let mut fields = alternative.fields.clone();
    fields.sort_by_cached_key(|field| field.patterns.iter().map(breadth).max());
    fields
}

/// How much of all values a pattern wants, roughly.
fn breadth(pattern: &Pattern) -> u8 {
    match pattern {
        Pattern::Exact(_) => 0,
        Pattern::EqualsIgnoreCase(_) => 1,
        Pattern::Cidr(_) => 2,
        Pattern::Prefix(text) | Pattern::Suffix(text) if !text.is_empty() => 3,
        Pattern::Numeric(range) if range.has_two_sides() => 4,
        Pattern::Numeric(_) => 5,
        Pattern::Wildcard(wildcard) if !(wildcard.prefix().is_empty() && wildcard.suffix().is_empty()) => 5,
        // These part the policies in two at most, the following in as many as there are.
        Pattern::Exists | Pattern::Absent | Pattern::Prefix(_) | Pattern::Suffix(_) => 6,
        Pattern::Wildcard(_) => 7,
        Pattern::AnythingBut(_) => 8,
    }
}
