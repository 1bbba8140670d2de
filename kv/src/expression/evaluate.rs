//! Asks a condition of an item.
//!
//! An absent attribute makes every comparison false, save `<>`: what is absent differs from everything. Values of two
//! types are never equal and have no order.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::ast::Comparator;
use super::condition::{Condition, Node, Term};
use crate::value::{AttributeValue, Item, Number};

static NO_ITEM: Item = Item::new();

impl Condition {
    /// Whether the condition holds for `item`; `None` stands for an item that does not exist, which has no attributes.
    pub(crate) fn evaluate(&self, item: Option<&Item>) -> bool {
        holds(&self.root, item.unwrap_or(&NO_ITEM))
    }
}

fn holds(node: &Node, item: &Item) -> bool {
    match node {
        Node::Or(nodes) => nodes.iter().any(|node| holds(node, item)),
        Node::And(nodes) => nodes.iter().all(|node| holds(node, item)),
        Node::Not(node) => !holds(node, item),
        Node::Compare { comparator, left, right } => match (value(left, item), value(right, item)) {
            (Some(left), Some(right)) => compare(*comparator, &left, &right),
            _ => *comparator == Comparator::NotEqual,
        },
        Node::Between { operand, low, high } => value(operand, item).is_some_and(|operand| {
            let at_least = |low: &AttributeValue| compare(Comparator::GreaterOrEqual, &operand, low);
            let at_most = |high: &AttributeValue| compare(Comparator::LessOrEqual, &operand, high);
            value(low, item).is_some_and(|low| at_least(&low)) && value(high, item).is_some_and(|high| at_most(&high))
        }),
        Node::In { operand, list } => value(operand, item).is_some_and(|operand| {
            list.iter().any(|candidate| value(candidate, item).is_some_and(|found| found == operand))
        }),
        Node::Exists(path) => path.get(item).is_some(),
        Node::NotExists(path) => path.get(item).is_none(),
        Node::HasType(path, name) => path.get(item).is_some_and(|found| found.type_name() == name),
        Node::BeginsWith(operand, prefix) => match (value(operand, item), value(prefix, item)) {
            (Some(operand), Some(prefix)) => begins_with(&operand, &prefix),
            _ => false,
        },
        Node::Contains(operand, part) => match (value(operand, item), value(part, item)) {
            (Some(operand), Some(part)) => contains(&operand, &part),
            _ => false,
        },
    }
}

fn value<'v>(term: &'v Term, item: &'v Item) -> Option<Cow<'v, AttributeValue>> {
    match term {
        Term::Path(path) => path.get(item).map(Cow::Borrowed),
        Term::Value(value) => Some(Cow::Borrowed(value)),
        Term::Size(sized) => {
            let size = size(value(sized, item)?.as_ref())?;
            Some(Cow::Owned(AttributeValue::N(Number::from(u64::try_from(size).ok()?))))
        }
        Term::Truth(node) => Some(Cow::Owned(AttributeValue::Bool(holds(node, item)))),
    }
}

/// `size`: UTF-16 units of a string (the service counts as Java does), bytes of a binary, members of the others.
fn size(value: &AttributeValue) -> Option<usize> {
    match value {
        AttributeValue::S(text) => Some(text.encode_utf16().count()),
        AttributeValue::B(bytes) => Some(bytes.len()),
        AttributeValue::Ss(set) => Some(set.len()),
        AttributeValue::Ns(set) => Some(set.len()),
        AttributeValue::Bs(set) => Some(set.len()),
        AttributeValue::L(list) => Some(list.len()),
        AttributeValue::M(map) => Some(map.len()),
        AttributeValue::N(_) | AttributeValue::Bool(_) | AttributeValue::Null => None,
    }
}

/// The order of two strings (by UTF-8 bytes), numbers or binaries (by bytes); other values have none.
pub(crate) fn order(left: &AttributeValue, right: &AttributeValue) -> Option<Ordering> {
    match (left, right) {
        (AttributeValue::S(left), AttributeValue::S(right)) => Some(left.cmp(right)),
        (AttributeValue::N(left), AttributeValue::N(right)) => Some(left.cmp(right)),
        (AttributeValue::B(left), AttributeValue::B(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn compare(comparator: Comparator, left: &AttributeValue, right: &AttributeValue) -> bool {
    match comparator {
        Comparator::Equal => left == right,
        Comparator::NotEqual => left != right,
        Comparator::Less => order(left, right).is_some_and(Ordering::is_lt),
        Comparator::LessOrEqual => order(left, right).is_some_and(Ordering::is_le),
        Comparator::Greater => order(left, right).is_some_and(Ordering::is_gt),
        Comparator::GreaterOrEqual => order(left, right).is_some_and(Ordering::is_ge),
    }
}

fn begins_with(operand: &AttributeValue, prefix: &AttributeValue) -> bool {
    match (operand, prefix) {
        (AttributeValue::S(text), AttributeValue::S(prefix)) => text.starts_with(prefix.as_str()),
        (AttributeValue::B(bytes), AttributeValue::B(prefix)) => bytes.starts_with(prefix),
        _ => false,
    }
}

fn contains(operand: &AttributeValue, part: &AttributeValue) -> bool {
    match (operand, part) {
        (AttributeValue::S(text), AttributeValue::S(part)) => text.contains(part.as_str()),
        (AttributeValue::B(bytes), AttributeValue::B(part)) => has_subslice(bytes, part),
        (AttributeValue::Ss(set), AttributeValue::S(part)) => set.contains(part),
        (AttributeValue::Ns(set), AttributeValue::N(part)) => set.contains(part),
        (AttributeValue::Bs(set), AttributeValue::B(part)) => set.contains(part),
        (AttributeValue::L(list), part) => list.contains(part),
        _ => false,
    }
}

/// Whether `bytes` holds `part`.
fn has_subslice(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}
