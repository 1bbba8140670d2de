//! Wildcard patterns, found by what they begin or end with.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    super::wildcard::Wildcard,
    prefixes::{Prefixes, reversed},
};

type Patterns<T> = BTreeMap<Wildcard, T>;

#[derive(Debug)]
pub(super) struct Wildcards<T> {
    by_prefix: Prefixes<Patterns<T>>,
    /// Those that begin with an asterisk, by what they end with, reversed.
    by_suffix: Prefixes<Patterns<T>>,
    /// Those that begin and end with one: they are tried.
    others: Patterns<T>,
}

impl<T> Default for Wildcards<T> {
    fn default() -> Self {
        Wildcards { by_prefix: Prefixes::default(), by_suffix: Prefixes::default(), others: Patterns::new() }
    }
}

impl<T: Default> Wildcards<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.by_prefix.is_empty() && self.by_suffix.is_empty() && self.others.is_empty()
    }

    /// Whether [`find`](Wildcards::find) asks for the reversed text.
    pub(super) fn need_reversed(&self) -> bool {
        !self.by_suffix.is_empty()
    }

    /// Changes what belongs to a pattern; it is made for this, and removed when it is empty afterwards.
    pub(super) fn at(&mut self, wildcard: &Wildcard, is_empty: impl Fn(&T) -> bool, change: impl FnOnce(&mut T)) {
        let change_in = |patterns: &mut Patterns<T>| {
            let value = patterns.entry(wildcard.clone()).or_default();
            change(value);
            if is_empty(value) {
                patterns.remove(wildcard);
            }
        };
        let (prefixes, text) = match (wildcard.prefix(), wildcard.suffix()) {
            ("", "") => return change_in(&mut self.others),
            ("", suffix) => (&mut self.by_suffix, reversed(suffix)),
            (prefix, _) => (&mut self.by_prefix, prefix.to_owned()),
        };
        match prefixes.entry(&text) {
            Entry::Occupied(mut entry) => {
                change_in(entry.get_mut());
                if entry.get().is_empty() {
                    entry.remove();
                }
            }
            Entry::Vacant(entry) => {
                let mut patterns = Patterns::new();
                change_in(&mut patterns);
                if !patterns.is_empty() {
                    entry.insert(patterns);
                }
            }
        }
    }

    /// Adds what belongs to the patterns of a text.
    pub(super) fn find<'n>(&'n self, text: &str, reversed: &str, next: &mut Vec<&'n T>) {
        let mut try_all = |patterns: &'n Patterns<T>| {
            next.extend(patterns.iter().filter(|(pattern, _)| pattern.holds(text)).map(|(_, value)| value));
        };
        self.by_prefix.find(text, &mut try_all);
        self.by_suffix.find(reversed, &mut try_all);
        try_all(&self.others);
    }
}
