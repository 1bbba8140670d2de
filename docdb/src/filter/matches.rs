//! Whether a document matches.

use std::cmp::Ordering;

use bson::{RawArray, RawBson, RawBsonRef, RawDocument};

use crate::{
    collation::Collation,
    context::{Context, Metadata},
    error::Result,
    expression::{Env, Expression, truth::truthy},
    filter::{
        Compare, Node, bits,
        walk::{self, Leaf},
    },
    regex::Regex,
    value::{Comparator, Kind, Number, Path, items},
};

/// What is matched: a document, or, within `$elemMatch`, an item of an array.
#[derive(Clone, Copy)]
enum Subject<'d> {
    Document(&'d RawDocument),
    Value(RawBsonRef<'d>),
}

/// The index of the item that matched in the outermost array on the way.
type Position = Option<u32>;

/// Matches one document.
#[derive(Clone, Copy)]
pub(super) struct Matcher<'m> {
    context: &'m Context,
    comparator: Comparator<'m>,
    /// What `$expr` is evaluated on.
    root: &'m RawDocument,
}

impl<'m> Matcher<'m> {
    pub(super) fn new(context: &'m Context, collation: Option<&'m Collation>, root: &'m RawDocument) -> Self {
        Matcher { context, comparator: Comparator::new(collation), root }
    }

    /// Whether a document matches; `position` is set by conditions that went through an array, the last one winning.
    pub(super) fn document(&self, node: &Node, document: &RawDocument, position: &mut Position) -> Result<bool> {
        self.subject(node, Subject::Document(document), position)
    }

    /// Whether an item of an array matches conditions whose paths are empty.
    pub(super) fn value(&self, node: &Node, value: RawBsonRef<'_>) -> Result<bool> {
        self.subject(node, Subject::Value(value), &mut None)
    }

    fn subject(&self, node: &Node, subject: Subject<'_>, position: &mut Position) -> Result<bool> {
        match node {
            Node::And(all) => {
                for one in all {
                    if !self.subject(one, subject, position)? {
                        *position = None;
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Node::Or(all) => self.any(all, subject),
            Node::Nor(all) => Ok(!self.any(all, subject)?),
            Node::Not(inner) => Ok(!self.subject(inner, subject, &mut None)?),
            Node::False => Ok(false),
            Node::Text(_) => Ok(true),
            Node::Expr(expression) => self.expression(expression),
            Node::JsonSchema(schema) => schema.matches(match subject {
                Subject::Document(document) => RawBsonRef::Document(document),
                Subject::Value(value) => value,
            }),
            // Documents come from the index that has answered it.
            Node::Sample(rate) => Ok(sampled(*rate)),
            Node::Compare { path, op, value } => {
                let operand = value.as_raw_bson_ref();
                leaf(path, Leaf::Items, subject, position, |value| Ok(compare(self.comparator, *op, value, operand)))
            }
            Node::In { path, values, regexes } => {
                leaf(path, Leaf::Items, subject, position, |value| is_in(self.comparator, value, values, regexes))
            }
            Node::Exists { path } => leaf(path, Leaf::Items, subject, position, |value| Ok(value.is_some())),
            Node::Type { path, types } => leaf(path, Leaf::Items, subject, position, |value| {
                Ok(value.is_some_and(|value| types.contains(value.element_type())))
            }),
            Node::Regex { path, regex } => leaf(path, Leaf::Items, subject, position, |value| match value {
                Some(value) => matches_regex(value, regex),
                None => Ok(false),
            }),
            Node::Mod { path, divisor, remainder } => leaf(path, Leaf::Items, subject, position, |value| {
                let whole = value.and_then(Number::of).and_then(Number::to_i64);
                Ok(whole.is_some_and(|whole| whole.checked_rem(*divisor).unwrap_or(0) == *remainder))
            }),
            Node::Bits { path, test, mask } => leaf(path, Leaf::Items, subject, position, |value| {
                Ok(value.is_some_and(|value| bits::matches(value, *test, mask)))
            }),
            Node::GeoWithin { path, shape } => {
                leaf(path, Leaf::Whole, subject, position, |value| Ok(value.is_some_and(|value| shape.matches(value))))
            }
            Node::GeoIntersects { path, shape } => {
                leaf(path, Leaf::Whole, subject, position, |value| Ok(value.is_some_and(|value| shape.matches(value))))
            }
            Node::Near { path, near } => {
                leaf(path, Leaf::Whole, subject, position, |value| Ok(value.is_some_and(|value| near.matches(value))))
            }
            Node::Size { path, size } => leaf(path, Leaf::Whole, subject, position, |value| {
                let Some(RawBsonRef::Array(array)) = value else { return Ok(false) };
                Ok(u32::try_from(items(array).count()) == Ok(*size))
            }),
            Node::ElemMatchObject { path, filter } => within(path, subject, position, |array| {
                first(array, |item| match walk::item_document(item) {
                    Some(document) => self.document(filter, document, &mut None),
                    None => Ok(false),
                })
            }),
            Node::ElemMatchValue { path, filter } => {
                within(path, subject, position, |array| first(array, |item| self.value(filter, item)))
            }
        }
    }

    fn any(&self, nodes: &[Node], subject: Subject<'_>) -> Result<bool> {
        for node in nodes {
            if self.subject(node, subject, &mut None)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn expression(&self, expression: &Expression) -> Result<bool> {
        let metadata = Metadata::default();
        let value = expression.evaluate(&Env::new(self.context, self.root, &metadata))?;
        Ok(truthy(value.get()))
    }
}

/// Shows each value that a path leads to, and notes the position where one passes.
fn leaf(
    path: &Path,
    leaf: Leaf,
    subject: Subject<'_>,
    position: &mut Position,
    mut test: impl FnMut(Option<RawBsonRef<'_>>) -> Result<bool>,
) -> Result<bool> {
    match subject {
        Subject::Value(value) => test(Some(value)),
        Subject::Document(document) => walk::document(document, path.parts(), leaf, None, &mut |value, outer| {
            let matches = test(value)?;
            if matches && outer.is_some() {
                *position = outer;
            }
            Ok(matches)
        }),
    }
}

/// Shows each array that a path leads to; `find` says which item passes.
fn within(
    path: &Path,
    subject: Subject<'_>,
    position: &mut Position,
    mut find: impl FnMut(&RawArray) -> Result<Option<u32>>,
) -> Result<bool> {
    let mut found = None;
    let mut test = |value: Option<RawBsonRef<'_>>, outer: Option<u32>| {
        let Some(RawBsonRef::Array(array)) = value else { return Ok(false) };
        found = find(array)?.map(|index| outer.unwrap_or(index));
        Ok(found.is_some())
    };
    let matches = match subject {
        Subject::Value(value) => test(Some(value), None)?,
        Subject::Document(document) => walk::document(document, path.parts(), Leaf::Whole, None, &mut test)?,
    };
    if matches {
        *position = found;
    }
    Ok(matches)
}

fn first(array: &RawArray, mut test: impl FnMut(RawBsonRef<'_>) -> Result<bool>) -> Result<Option<u32>> {
    for (index, item) in (0..).zip(items(array)) {
        if test(item)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// A comparison with the type bracketing of queries: values of another class than the operand do not match, but all
/// classes lie between `MinKey` and `MaxKey`.
pub(super) fn compare(
    comparator: Comparator<'_>,
    op: Compare,
    value: Option<RawBsonRef<'_>>,
    operand: RawBsonRef<'_>,
) -> bool {
    let Some(value) = value else {
        return match operand {
            RawBsonRef::Null => matches!(op, Compare::Eq | Compare::Lte | Compare::Gte),
            operand => against_extremes(op, operand),
        };
    };
    if Kind::of(value) != Kind::of(operand) {
        return against_extremes(op, operand);
    }
    match (is_nan(value), is_nan(operand)) {
        (false, false) => {}
        (true, true) => return matches!(op, Compare::Eq | Compare::Lte | Compare::Gte),
        (_, _) => return false,
    }
    let order = comparator.compare(value, operand);
    match op {
        Compare::Eq => order == Ordering::Equal,
        Compare::Lt => order == Ordering::Less,
        Compare::Lte => order != Ordering::Greater,
        Compare::Gt => order == Ordering::Greater,
        Compare::Gte => order != Ordering::Less,
    }
}

fn against_extremes(op: Compare, operand: RawBsonRef<'_>) -> bool {
    match operand {
        RawBsonRef::MinKey => matches!(op, Compare::Gt | Compare::Gte),
        RawBsonRef::MaxKey => matches!(op, Compare::Lt | Compare::Lte),
        _ => false,
    }
}

fn is_nan(value: RawBsonRef<'_>) -> bool {
    Number::of(value).is_some_and(Number::is_nan)
}

fn is_in(
    comparator: Comparator<'_>,
    value: Option<RawBsonRef<'_>>,
    values: &[RawBson],
    regexes: &[Regex],
) -> Result<bool> {
    // A field that is not there is null.
    let wanted = value.unwrap_or(RawBsonRef::Null);
    if values.binary_search_by(|one| comparator.compare(one.as_raw_bson_ref(), wanted)).is_ok() {
        return Ok(true);
    }
    for regex in regexes {
        if value.is_some() && matches_regex(wanted, regex)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Strings that match, and the same regular expression as a value.
pub(super) fn matches_regex(value: RawBsonRef<'_>, regex: &Regex) -> Result<bool> {
    match value {
        RawBsonRef::String(text) | RawBsonRef::Symbol(text) => regex.is_match(text),
        RawBsonRef::RegularExpression(value) => {
            Ok(value.pattern.as_str() == &*regex.pattern && value.options.as_str() == &*regex.options)
        }
        _ => Ok(false),
    }
}

fn sampled(rate: f64) -> bool {
    // The bytes of a new id's counter are as good as random for this.
    let bytes = blake3::hash(&bson::oid::ObjectId::new().bytes());
    let [a, b, c, d, ..] = *bytes.as_bytes();
    f64::from(u32::from_le_bytes([a, b, c, d])) / 4_294_967_296.0 < rate
}
