//! Texts, and which of them another one begins with.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::Bound,
};

#[derive(Debug)]
pub(super) struct Prefixes<T> {
    by_text: BTreeMap<Box<str>, T>,
}

impl<T> Default for Prefixes<T> {
    fn default() -> Self {
        Prefixes { by_text: BTreeMap::new() }
    }
}

impl<T> Prefixes<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.by_text.is_empty()
    }

    pub(super) fn entry(&mut self, text: &str) -> Entry<'_, Box<str>, T> {
        self.by_text.entry(text.into())
    }

    /// Finds all that a text begins with, the longest first.
    ///
    /// The last of all texts up to this one either is what it begins with, and then what is left to find is shorter; or
    /// nothing that it begins with is longer than what it has in common with that one.
    pub(super) fn find<'n>(&'n self, text: &str, mut found: impl FnMut(&'n T)) {
        let mut end = text.len();
        while let Some(upto) = text.get(..end) {
            let range = (Bound::Unbounded, Bound::Included(upto));
            let Some((last, value)) = self.by_text.range::<str, _>(range).next_back() else { return };
            if upto.starts_with(&**last) {
                found(value);
                let Some((shorter, _)) = last.char_indices().next_back() else { return };
                end = shorter;
            } else {
                end = common(last, upto);
            }
        }
    }
}

/// How many bytes two texts have in common, in whole characters.
fn common(one: &str, other: &str) -> usize {
    let mut end = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    while !other.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// A text from its end to its beginning.
pub(super) fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_text_begins_with(texts in proptest::collection::vec("[aäb]{0,5}", 0..20), text in "[aäb]{0,8}") {
            let mut prefixes = Prefixes::default();
            for text in &texts {
                prefixes.entry(text).or_insert_with(|| text.clone());
            }
            let mut found = Vec::new();
            prefixes.find(&text, |prefix: &String| found.push(prefix.clone()));
            let mut expected: Vec<_> = texts.into_iter().filter(|prefix| text.starts_with(prefix.as_str())).collect();
            expected.sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
            expected.dedup();
            prop_assert_eq!(found, expected);
        }
    }
}
