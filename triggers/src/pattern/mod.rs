//! Event patterns: which records a trigger's handler sees.
//!
//! A pattern is JSON. Each of its names has to be in the event with a value that the pattern allows, and what the pattern does
//! not name does not matter. A pattern is compiled once, when its trigger is made.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>,
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>

mod matching;
mod number;
mod parse;
#[cfg(test)]
mod tests;

use number::Comparison;
use serde_json::Value;

/// Characters that a pattern may have.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Filter.html>
pub(crate) const MAX_PATTERN_CHARS: usize = 4096;

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    root: Fields,
}

/// What an object has to have: all of these fields, and of each group one alternative.
#[derive(Debug, Clone, PartialEq, Default)]
struct Fields {
    named: Vec<(String, Node)>,
    /// The groups of `$or`.
    alternatives: Vec<Vec<Fields>>,
}

/// What a field has to be.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// An object with such fields.
    Object(Fields),
    /// A value that one of these allows.
    Leaf(Vec<Matcher>),
}

/// What a value has to be.
#[derive(Debug, Clone, PartialEq)]
enum Matcher {
    /// This string, number, truth value or null.
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    PrefixIgnoreCase(String),
    Suffix(String),
    SuffixIgnoreCase(String),
    /// A value that none of these allows.
    AnythingBut(Vec<Matcher>),
    Numeric(Vec<Comparison>),
    /// Whether there is a value.
    Exists(bool),
}

/// How a field of the pattern's root is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As an object: it looks into the field.
    Object,
    /// As a list of what its value may be.
    Values,
}

impl Pattern {
    /// How the fields of that name are written, those within `$or` included.
    pub(crate) fn shapes(&self, name: &str) -> Vec<Shape> {
        let mut shapes = Vec::new();
        self.root.collect_shapes(name, &mut shapes);
        shapes
    }
}

impl Fields {
    fn collect_shapes(&self, wanted: &str, shapes: &mut Vec<Shape>) {
        for (_, node) in self.named.iter().filter(|(name, _)| name == wanted) {
            shapes.push(match node {
                Node::Object(_) => Shape::Object,
                Node::Leaf(_) => Shape::Values,
            });
        }
        for fields in self.alternatives.iter().flatten() {
            fields.collect_shapes(wanted, shapes);
        }
    }
}
