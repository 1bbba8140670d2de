//! Collation: the order of strings by the rules of a language.

use std::cmp::Ordering;

/// A collation that is not the simple one.
#[derive(Debug, Clone, PartialEq)]
pub struct Collation;

impl Collation {
    /// Orders two strings.
    pub(crate) fn compare(&self, a: &str, b: &str) -> Ordering {
        a.cmp(b)
    }

    /// Bytes whose order is the collation's order of strings; equal strings have equal keys.
    pub(crate) fn sort_key(&self, text: &str) -> Vec<u8> {
        text.as_bytes().to_vec()
    }
}
