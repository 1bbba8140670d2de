//! What a condition leaves of an index: the intervals that values matching it are in.
//!
//! Intervals may hold more than what matches, never less: what is found is looked at again.

use std::ops::Bound;

use bson::RawBsonRef;

use crate::{
    collation::Collation,
    filter::{Compare, Node},
    index::Index,
    plan::interval::{Interval, Intervals, component, show},
    value::Kind,
};

/// The intervals of a condition on one path; `None` if an index says nothing of it.
pub(crate) fn intervals(node: &Node, index: &Index, collation: Option<&Collation>) -> Option<Intervals> {
    if index.sparse && matches_missing(node) {
        return None;
    }
    let same_order = index.collation.as_ref() == collation;
    let order = Order { collation, same: same_order };
    order.intervals(node)
}

/// Whether a condition may hold for a document without the field.
pub(crate) fn matches_missing(node: &Node) -> bool {
    match node {
        Node::Compare { op, value, .. } => {
            matches!(value.as_raw_bson_ref(), RawBsonRef::Null | RawBsonRef::Undefined)
                && !matches!(op, Compare::Lt | Compare::Gt)
                || matches!(
                    (op, value.as_raw_bson_ref()),
                    (Compare::Lt | Compare::Lte, RawBsonRef::MaxKey) | (Compare::Gt | Compare::Gte, RawBsonRef::MinKey)
                )
        }
        Node::In { values, .. } => {
            values.iter().any(|value| matches!(value.as_raw_bson_ref(), RawBsonRef::Null | RawBsonRef::Undefined))
        }
        Node::Regex { .. }
        | Node::Exists { .. }
        | Node::Mod { .. }
        | Node::Size { .. }
        | Node::Bits { .. }
        | Node::Type { .. }
        | Node::ElemMatchObject { .. }
        | Node::ElemMatchValue { .. } => false,
        Node::And(all) => all.iter().all(matches_missing),
        _ => true,
    }
}

/// The intervals of a condition on the `_id` of a clustered collection.
pub(crate) fn record_intervals(node: &Node, same_order: bool, collation: Option<&Collation>) -> Option<Intervals> {
    if matches_missing(node) {
        return None;
    }
    Order { collation, same: same_order }.intervals(node)
}

/// How strings are ordered by the query, and whether the index has the same order.
struct Order<'c> {
    collation: Option<&'c Collation>,
    same: bool,
}

impl Order<'_> {
    fn intervals(&self, node: &Node) -> Option<Intervals> {
        match node {
            Node::Compare { op, value, .. } => self.compare(*op, value.as_raw_bson_ref()),
            Node::In { values, regexes, .. } => {
                let mut found = Intervals::none();
                for value in values {
                    found = found.union(self.compare(Compare::Eq, value.as_raw_bson_ref())?);
                }
                for regex in regexes {
                    found = found.union(self.regex(regex));
                }
                Some(found)
            }
            Node::Regex { regex, .. } => Some(self.regex(regex)),
            Node::Exists { .. } | Node::Size { .. } => Some(Intervals::all()),
            Node::Mod { .. } => Some(Intervals(vec![Interval::class(Kind::Number)])),
            Node::Not(inner) => match &**inner {
                Node::Exists { .. } => Some(Intervals(vec![Interval::point(RawBsonRef::Null, None)])),
                // Of these the intervals hold more than what matches.
                Node::Compare { value, .. }
                    if !matches!(
                        value.as_raw_bson_ref(),
                        RawBsonRef::Array(_) | RawBsonRef::MinKey | RawBsonRef::MaxKey
                    ) =>
                {
                    Some(self.intervals(inner)?.complement())
                }
                Node::In { values, regexes, .. }
                    if regexes.is_empty() && !values.iter().any(|value| value.as_array().is_some()) =>
                {
                    Some(self.intervals(inner)?.complement())
                }
                _ => None,
            },
            Node::ElemMatchValue { filter, .. } => match &**filter {
                Node::And(all) => {
                    let mut found = Intervals::all();
                    for node in all {
                        if let Some(intervals) = self.intervals(node) {
                            found = found.intersect(&intervals);
                        }
                    }
                    Some(found)
                }
                node => self.intervals(node),
            },
            _ => None,
        }
    }

    fn compare(&self, op: Compare, value: RawBsonRef<'_>) -> Option<Intervals> {
        if !self.same && has_strings(value) {
            return None;
        }
        let edge = || component(value, self.collation);
        match (op, value) {
            (Compare::Eq, RawBsonRef::Array(array)) => {
                // Either an item of the indexed array is this array, or the indexed array starts with its first item.
                let first = crate::value::items(array).next().unwrap_or(RawBsonRef::Undefined);
                let points = vec![Interval::point(first, self.collation), Interval::point(value, self.collation)];
                Some(Intervals::none().union(Intervals(points)))
            }
            (Compare::Eq, _) => Some(Intervals(vec![Interval::point(value, self.collation)])),
            (Compare::Lte | Compare::Gte, RawBsonRef::Null | RawBsonRef::Undefined) => {
                Some(Intervals(vec![Interval::point(RawBsonRef::Null, None)]))
            }
            (Compare::Lt | Compare::Gt, RawBsonRef::Null | RawBsonRef::Undefined) => Some(Intervals::none()),
            (_, RawBsonRef::MinKey | RawBsonRef::MaxKey | RawBsonRef::Array(_)) => Some(Intervals::all()),
            (_, value) if is_nan(value) => match op {
                Compare::Lte | Compare::Gte => Some(Intervals(vec![Interval::point(value, None)])),
                _ => Some(Intervals::none()),
            },
            (Compare::Lt | Compare::Lte, value) => {
                let class = Interval::class(Kind::of(value));
                let (low, first) = if Kind::of(value) == Kind::Number {
                    (Bound::Excluded(component(RawBsonRef::Double(f64::NAN), None)), "[-inf".to_owned())
                } else {
                    (class.low, class.shown.0)
                };
                let (high, close) = match op {
                    Compare::Lt => (Bound::Excluded(edge()), ')'),
                    _ => (Bound::Included(edge()), ']'),
                };
                Some(Intervals(vec![Interval { low, high, shown: (first, format!("{}{close}", show(value))) }]))
            }
            (Compare::Gt | Compare::Gte, value) => {
                let class = Interval::class(Kind::of(value));
                let (low, open) = match op {
                    Compare::Gt => (Bound::Excluded(edge()), '('),
                    _ => (Bound::Included(edge()), '['),
                };
                let shown = (format!("{open}{}", show(value)), class.shown.1);
                Some(Intervals(vec![Interval { low, high: class.high, shown }]))
            }
        }
    }

    fn regex(&self, regex: &crate::regex::Regex) -> Intervals {
        let own = component_of_regex(&regex.pattern, &regex.options);
        let own = Interval {
            low: Bound::Included(own.clone()),
            high: Bound::Included(own),
            shown: (format!("[/{}/{}", regex.pattern, regex.options), format!("/{}/{}]", regex.pattern, regex.options)),
        };
        let strings = if regex.prefix.is_empty() || !self.same || self.collation.is_some() {
            Interval::class(Kind::String)
        } else {
            prefixed(&regex.prefix)
        };
        Intervals(vec![strings]).union(Intervals(vec![own]))
    }
}

/// The strings that begin with a prefix.
fn prefixed(prefix: &str) -> Interval {
    let mut low = component(RawBsonRef::String(prefix), None);
    // Without the two bytes that end a string.
    low.truncate(low.len().saturating_sub(2));
    let high = millpond_engine::key::prefix_end(&low).unwrap_or_else(|| vec![Kind::String as u8 + 1]);
    let mut after: Vec<char> = prefix.chars().collect();
    if let Some(last) = after.last_mut() {
        *last = char::from_u32(u32::from(*last) + 1).unwrap_or(char::MAX);
    }
    let after: String = after.into_iter().collect();
    let shown = (format!("[{prefix:?}"), format!("{after:?})"));
    Interval { low: Bound::Included(low), high: Bound::Excluded(high), shown }
}

fn component_of_regex(pattern: &str, options: &str) -> Vec<u8> {
    let mut component = vec![Kind::Regex as u8];
    crate::index::encode::delimited(&mut component, pattern.as_bytes());
    crate::index::encode::delimited(&mut component, options.as_bytes());
    component
}

fn is_nan(value: RawBsonRef<'_>) -> bool {
    crate::value::Number::of(value).is_some_and(crate::value::Number::is_nan)
}

/// Whether a collation concerns a value.
pub(crate) fn has_strings(value: RawBsonRef<'_>) -> bool {
    matches!(Kind::of(value), Kind::String | Kind::Document | Kind::Array)
}
