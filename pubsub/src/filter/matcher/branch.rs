//! The patterns of one field, by kind, each with the node that it leads to.

use std::collections::{BTreeMap, HashMap, btree_map, hash_map};

use super::{
    super::{
        address::address_of,
        event::{Event, Value},
        number::Number,
        pattern::{Exact, Pattern, Scalar, folded},
    },
    intervals::Intervals,
    node::Node,
    prefixes::{Prefixes, reversed},
    wildcards::Wildcards,
};

#[derive(Debug)]
pub(super) struct Branch<K> {
    texts: HashMap<Box<str>, Node<K>>,
    numbers: HashMap<Number, Node<K>>,
    nulls: Node<K>,
    trues: Node<K>,
    falses: Node<K>,
    ignoring_case: HashMap<Box<str>, Node<K>>,
    prefixes: Prefixes<Node<K>>,
    /// Reversed.
    suffixes: Prefixes<Node<K>>,
    ranges: Intervals<Node<K>>,
    addresses_v4: Intervals<Node<K>>,
    addresses_v6: Intervals<Node<K>>,
    wildcards: Wildcards<Node<K>>,
    anything_but: BTreeMap<Box<[Pattern]>, Node<K>>,
    exists: Node<K>,
    absent: Node<K>,
}

impl<K> Default for Branch<K> {
    fn default() -> Self {
        Branch {
            texts: HashMap::new(),
            numbers: HashMap::new(),
            nulls: Node::default(),
            trues: Node::default(),
            falses: Node::default(),
            ignoring_case: HashMap::new(),
            prefixes: Prefixes::default(),
            suffixes: Prefixes::default(),
            ranges: Intervals::default(),
            addresses_v4: Intervals::default(),
            addresses_v6: Intervals::default(),
            wildcards: Wildcards::default(),
            anything_but: BTreeMap::new(),
            exists: Node::default(),
            absent: Node::default(),
        }
    }
}

impl<K: Copy + Ord> Branch<K> {
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
            && self.numbers.is_empty()
            && self.ignoring_case.is_empty()
            && self.prefixes.is_empty()
            && self.suffixes.is_empty()
            && self.ranges.is_empty()
            && self.addresses_v4.is_empty()
            && self.addresses_v6.is_empty()
            && self.wildcards.is_empty()
            && self.anything_but.is_empty()
            && [&self.nulls, &self.trues, &self.falses, &self.exists, &self.absent].iter().all(|node| node.is_empty())
    }

    pub(super) fn may_be_absent(&self) -> bool {
        !self.absent.is_empty()
    }

    /// Changes the node that a pattern leads to; it is made for this, and removed when it is empty afterwards.
    pub(super) fn at(&mut self, pattern: &Pattern, change: impl FnOnce(&mut Node<K>)) {
        match pattern {
            Pattern::Exact(Exact::Null) => change(&mut self.nulls),
            Pattern::Exact(Exact::True) => change(&mut self.trues),
            Pattern::Exact(Exact::False) => change(&mut self.falses),
            Pattern::Exact(Exact::Text(text)) => at_hashed(&mut self.texts, text.clone(), change),
            Pattern::Exact(Exact::Number(number)) => at_hashed(&mut self.numbers, number.clone(), change),
            Pattern::EqualsIgnoreCase(text) => at_hashed(&mut self.ignoring_case, text.clone(), change),
            Pattern::Prefix(text) => at_ordered(self.prefixes.entry(text), change),
            Pattern::Suffix(text) => at_ordered(self.suffixes.entry(&reversed(text)), change),
            Pattern::Numeric(range) => at_interval(&mut self.ranges, range.first.into(), range.last.into(), change),
            Pattern::Cidr(range) if range.is_v4 => at_interval(&mut self.addresses_v4, range.first, range.last, change),
            Pattern::Cidr(range) => at_interval(&mut self.addresses_v6, range.first, range.last, change),
            Pattern::Wildcard(wildcard) => self.wildcards.at(wildcard, Node::is_empty, change),
            Pattern::AnythingBut(but) => at_ordered(self.anything_but.entry(but.clone()), change),
            Pattern::Exists => change(&mut self.exists),
            Pattern::Absent => change(&mut self.absent),
        }
    }

    /// Adds the nodes of the patterns that want one of the values of the field.
    pub(super) fn find<'n>(&'n self, values: &[Value<'_>], event: &Event<'_>, next: &mut Vec<&'n Node<K>>) {
        // Where arrays have elements, a field may be absent beside what the other fields were taken from.
        if values.is_empty() || !event.elements.is_empty() {
            next.extend(Some(&self.absent).filter(|node| !node.is_empty()));
        }
        if values.is_empty() {
            return;
        }
        next.extend(Some(&self.exists).filter(|node| !node.is_empty()));
        for value in values {
            match &value.scalar {
                Scalar::Null => next.extend(Some(&self.nulls).filter(|node| !node.is_empty())),
                Scalar::True => next.extend(Some(&self.trues).filter(|node| !node.is_empty())),
                Scalar::False => next.extend(Some(&self.falses).filter(|node| !node.is_empty())),
                Scalar::Number(number) => self.find_number(number, next),
                Scalar::Text(text) => self.find_text(text, next),
            }
        }
        for (but, node) in &self.anything_but {
            let is_other = |value: &Value<'_>| !but.iter().any(|pattern| pattern.wants(&value.scalar));
            next.extend(values.iter().any(is_other).then_some(node));
        }
    }

    fn find_number<'n>(&'n self, number: &Number, next: &mut Vec<&'n Node<K>>) {
        next.extend(self.numbers.get(number));
        if let Number::Ordered(place) = number {
            self.ranges.find((*place).into(), next);
        }
    }

    fn find_text<'n>(&'n self, text: &str, next: &mut Vec<&'n Node<K>>) {
        next.extend(self.texts.get(text));
        if !self.ignoring_case.is_empty() {
            next.extend(self.ignoring_case.get(&*folded(text)));
        }
        self.prefixes.find(text, |node| next.push(node));
        let reversed =
            if self.suffixes.is_empty() && !self.wildcards.need_reversed() { String::new() } else { reversed(text) };
        self.suffixes.find(&reversed, |node| next.push(node));
        self.wildcards.find(text, &reversed, next);
        if !(self.addresses_v4.is_empty() && self.addresses_v6.is_empty()) {
            match address_of(text) {
                Some((true, address)) => self.addresses_v4.find(address, next),
                Some((false, address)) => self.addresses_v6.find(address, next),
                None => {}
            }
        }
    }
}

fn at_hashed<Q: Eq + std::hash::Hash, K: Copy + Ord>(
    nodes: &mut HashMap<Q, Node<K>>,
    key: Q,
    change: impl FnOnce(&mut Node<K>),
) {
    match nodes.entry(key) {
        hash_map::Entry::Occupied(mut entry) => {
            change(entry.get_mut());
            if entry.get().is_empty() {
                entry.remove();
            }
        }
        hash_map::Entry::Vacant(entry) => {
            let mut node = Node::default();
            change(&mut node);
            if !node.is_empty() {
                entry.insert(node);
            }
        }
    }
}

fn at_ordered<Q: Ord, K: Copy + Ord>(entry: btree_map::Entry<'_, Q, Node<K>>, change: impl FnOnce(&mut Node<K>)) {
    match entry {
        btree_map::Entry::Occupied(mut entry) => {
            change(entry.get_mut());
            if entry.get().is_empty() {
                entry.remove();
            }
        }
        btree_map::Entry::Vacant(entry) => {
            let mut node = Node::default();
            change(&mut node);
            if !node.is_empty() {
                entry.insert(node);
            }
        }
    }
}

fn at_interval<K: Copy + Ord>(
    intervals: &mut Intervals<Node<K>>,
    first: u128,
    last: u128,
    change: impl FnOnce(&mut Node<K>),
) {
    intervals.at(first, last, Node::is_empty, change);
}
