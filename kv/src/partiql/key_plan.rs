//! What a `WHERE` says of keys: which ranges of which partitions have to be read.
//!
//! The condition is spread into branches, of which a row must be in one: `pk IN ['a', 'b'] AND (sk < 1 OR sk > 5)` has
//! four. A branch may pin the partition key and bound the sort key. Where each branch pins the partition, each is one read
//! of a range; where one does not, all rows are read. In either case the whole condition still decides about each row.
//!
//! Which statements are refused here, and with what text, was taken from public suites that were checked against the
//! service.

use std::ops::Bound;
use std::sync::Arc;

use crate::expression::{Comparator, Condition, KeySelection, Node, SortCondition, Term, hash_set_slot, order};
use crate::key::{Keys, check_size, has_type};
use crate::page::Walk;
use crate::query;
use crate::source::Source;
use crate::value::AttributeValue;
use crate::{Error, Result};

/// More branches than this are not looked at one by one.
const MAX_BRANCHES: usize = 1000;
/// Ranges that one statement may read.
const MAX_READS: usize = 50;

/// One range of one partition.
#[derive(Debug)]
pub(super) struct KeyedRead {
    pub(super) partition: AttributeValue,
    pub(super) walk: Walk,
}

/// What has to be read.
#[derive(Debug)]
pub(super) enum Plan {
    /// All rows.
    All,
    Keyed {
        /// In order of partition key and range.
        reads: Vec<KeyedRead>,
        /// Whether every row of the ranges meets the condition.
        is_exact: bool,
        /// How many partition keys there are conditions on.
        partitions: usize,
    },
}

/// A condition on a key attribute; many branches may share one.
#[derive(Clone, Debug)]
enum KeyTerm {
    Partition(Arc<AttributeValue>),
    Sort(Arc<SortCondition>),
}

/// The conditions that hold together in one branch.
#[derive(Clone, Debug, Default)]
struct Branch<'c> {
    keys: Vec<KeyTerm>,
    filters: Vec<&'c Node>,
}

impl<'c> Branch<'c> {
    fn and(&self, other: &Branch<'c>) -> Branch<'c> {
        let mut both = self.clone();
        both.keys.extend(other.keys.iter().cloned());
        both.filters.extend(&other.filters);
        both
    }

    /// The one value of the partition key; `None` if there is none, or several.
    fn partition(&self) -> Option<&AttributeValue> {
        let mut values = self.keys.iter().filter_map(|key| match key {
            KeyTerm::Partition(value) => Some(&**value),
            KeyTerm::Sort(_) => None,
        });
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }
}

/// Works out what to read for a condition.
///
/// # Errors
/// A key compared with what it cannot be, ranges that overlap, or more ranges than are allowed.
pub(super) fn plan(source: Source<'_>, condition: Option<&Condition>) -> Result<Plan> {
    let Some(condition) = condition else { return Ok(Plan::All) };
    let keys = source.keys();
    let spreader =
        Spreader { partition: &keys.partition.name, sort: keys.sort.as_ref().map(|sort| sort.name.as_str()) };
    spreader.check_types(keys, &condition.root)?;
    let Some(branches) = spreader.spread(&condition.root) else {
        return if spreader.pins(&condition.root) { Err(too_many_reads()) } else { Ok(Plan::All) };
    };
    let Some(partitions) = branches.iter().map(Branch::partition).collect::<Option<Vec<_>>>() else {
        return Ok(Plan::All);
    };
    partitions.iter().try_for_each(|partition| check_size(&keys.partition.name, partition, true))?;
    let ranges = branches.iter().zip(partitions);
    let ranges = ranges.map(|(branch, partition)| Range::of(source, partition, branch, spreader.sort));
    let mut ranges = ranges.collect::<Result<Vec<_>>>()?;
    check_overlaps(&mut ranges)?;
    if branches.len() > MAX_READS {
        return Err(too_many_reads());
    }
    check_projected(source, &branches)?;
    let partitions = ranges.chunk_by(|one, two| one.partition == two.partition).count();
    let is_exact = branches.iter().all(|branch| branch.filters.is_empty());
    Ok(Plan::Keyed { reads: reads(source, ranges)?, is_exact, partitions })
}

fn too_many_reads() -> Error {
    Error::validation("Too many decomposed read operations for a given query.")
}

struct Spreader<'k> {
    partition: &'k str,
    sort: Option<&'k str>,
}

impl Spreader<'_> {
    /// Whether a leaf is a condition on keys, as far as they can be asked for: the partition key by equality only.
    fn is_key_term(&self, node: &Node) -> bool {
        let is_equality = matches!(node, Node::Compare { comparator: Comparator::Equal, .. } | Node::In { .. });
        key_name(node).is_some_and(|name| self.sort == Some(name) || (is_equality && name == self.partition))
    }

    /// The conditions on keys in a leaf, one for each alternative; `None` if it is none.
    fn key_terms(&self, node: &Node) -> Option<Vec<KeyTerm>> {
        if !self.is_key_term(node) {
            return None;
        }
        let is_sort = self.sort == key_name(node);
        let term = |condition| match condition {
            SortCondition::Equal(value) if !is_sort => KeyTerm::Partition(Arc::new(value)),
            condition => KeyTerm::Sort(Arc::new(condition)),
        };
        Some(key_conditions(node)?.into_iter().map(term).collect())
    }

    /// Whether a condition has one on keys that is not negated.
    fn names_key(&self, node: &Node) -> bool {
        match node {
            Node::And(nodes) | Node::Or(nodes) => nodes.iter().any(|node| self.names_key(node)),
            leaf => self.is_key_term(leaf),
        }
    }

    /// Whether a condition pins the partition key in each of its branches.
    fn pins(&self, node: &Node) -> bool {
        match node {
            Node::And(nodes) => nodes.iter().any(|node| self.pins(node)),
            Node::Or(nodes) => nodes.iter().all(|node| self.pins(node)),
            leaf => key_name(leaf) == Some(self.partition) && self.is_key_term(leaf),
        }
    }

    /// The branches of a condition; `None` if there are too many to look at.
    fn spread<'c>(&self, node: &'c Node) -> Option<Vec<Branch<'c>>> {
        if let Some(terms) = self.key_terms(node) {
            return Some(terms.into_iter().map(|term| Branch { keys: vec![term], filters: Vec::new() }).collect());
        }
        match node {
            Node::And(nodes) => nodes.iter().try_fold(vec![Branch::default()], |left, node| {
                let right = self.spread(node)?;
                if left.len().saturating_mul(right.len()) > MAX_BRANCHES {
                    return None;
                }
                Some(left.iter().flat_map(|left| right.iter().map(|right| left.and(right))).collect())
            }),
            Node::Or(nodes) if self.names_key(node) => {
                let mut all = Vec::new();
                for node in nodes {
                    all.extend(self.spread(node)?);
                    if all.len() > MAX_BRANCHES {
                        return None;
                    }
                }
                Some(all)
            }
            filter => Some(vec![Branch { keys: Vec::new(), filters: vec![filter] }]),
        }
    }

    /// Refuses conditions on keys with values of other types than the keys have.
    fn check_types(&self, keys: &Keys, node: &Node) -> Result<()> {
        match node {
            Node::And(nodes) | Node::Or(nodes) => nodes.iter().try_for_each(|node| self.check_types(keys, node)),
            leaf => self.key_terms(leaf).into_iter().flatten().try_for_each(|term| check_type(keys, &term)),
        }
    }
}

fn check_type(keys: &Keys, term: &KeyTerm) -> Result<()> {
    let (attribute, values): (_, Vec<&AttributeValue>) = match term {
        KeyTerm::Partition(value) => (Some(&keys.partition), vec![value]),
        KeyTerm::Sort(condition) => (keys.sort.as_ref(), condition.operands().collect()),
    };
    let Some(attribute) = attribute else { return Ok(()) };
    let name = &attribute.name;
    for value in values {
        let found = value.type_name();
        if !matches!(found, "S" | "N" | "B") {
            return Err(Error::validation(format!(
                "Key value must be of type S, N, or B. Key name: {name}, Key type: {found}"
            )));
        }
        if !has_type(value, attribute.attribute_type) {
            return Err(wrong_key_type(name));
        }
    }
    Ok(())
}

/// A key is compared with a value of another type.
pub(super) fn wrong_key_type(name: &str) -> Error {
    Error::validation(format!("Key attribute's data type should match its data type in table's schema: Key {name}"))
}

/// The top-level attribute that a leaf compares with values, in the way that keys can be asked for.
fn key_name(node: &Node) -> Option<&str> {
    let is_value = |term: &Term| matches!(term, Term::Value(_));
    match node {
        Node::Compare { comparator: Comparator::NotEqual, .. } => None,
        Node::Compare { left, right, .. } if is_value(right) => bare_name(left),
        Node::Compare { left, right, .. } if is_value(left) => bare_name(right),
        Node::Between { operand, low, high } if is_value(low) && is_value(high) => bare_name(operand),
        Node::BeginsWith(operand, start) if is_value(start) => bare_name(operand),
        Node::In { operand, list } if list.iter().all(is_value) => bare_name(operand),
        _ => None,
    }
}

/// The name of a top-level attribute.
fn bare_name(term: &Term) -> Option<&str> {
    match term {
        Term::Path(path) if !path.is_nested() => Some(path.head()),
        _ => None,
    }
}

/// What a leaf demands of that attribute; several are alternatives.
fn key_conditions(node: &Node) -> Option<Vec<SortCondition>> {
    let value = |term: &Term| match term {
        Term::Value(value) => Some(AttributeValue::clone(value)),
        _ => None,
    };
    Some(match node {
        Node::Compare { comparator, left, right } => match (left, right) {
            (_, Term::Value(_)) => vec![comparison(*comparator, value(right)?)?],
            _ => vec![comparison(comparator.reversed(), value(left)?)?],
        },
        Node::Between { low, high, .. } => vec![SortCondition::Between(value(low)?, value(high)?)],
        Node::BeginsWith(_, start) => vec![SortCondition::BeginsWith(value(start)?)],
        Node::In { list, .. } => {
            list.iter().map(|term| value(term).map(SortCondition::Equal)).collect::<Option<_>>()?
        }
        _ => return None,
    })
}

fn comparison(comparator: Comparator, value: AttributeValue) -> Option<SortCondition> {
    Some(match comparator {
        Comparator::Equal => SortCondition::Equal(value),
        Comparator::NotEqual => return None,
        Comparator::Less => SortCondition::Less(value),
        Comparator::LessOrEqual => SortCondition::LessOrEqual(value),
        Comparator::Greater => SortCondition::Greater(value),
        Comparator::GreaterOrEqual => SortCondition::GreaterOrEqual(value),
    })
}

/// A range of the rows of a partition.
#[derive(Debug)]
struct Range {
    partition: AttributeValue,
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    /// Whether the branch has a negated condition on the sort key, for which the service allows ranges to overlap.
    is_negated: bool,
}

impl Range {
    fn of(source: Source<'_>, partition: &AttributeValue, branch: &Branch<'_>, sort: Option<&str>) -> Result<Range> {
        let select =
            |sort| query::walk(source, &KeySelection { partition: vec![partition.clone()], equal: Vec::new(), sort });
        let Walk { mut from, mut to, .. } = select(None)?;
        for key in &branch.keys {
            if let (KeyTerm::Sort(condition), Some(sort)) = (key, &source.keys().sort) {
                condition.operands().try_for_each(|operand| check_size(&sort.name, operand, false))?;
                let narrower = select(Some(SortCondition::clone(condition)))?;
                (from, to) = (later(from, narrower.from), earlier(to, narrower.to));
            }
        }
        let is_negated = branch.filters.iter().any(|filter| negates(filter, sort));
        Ok(Range { partition: partition.clone(), from, to, is_negated })
    }

    fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
            _ => false,
        }
    }
}

/// Whether a condition is `<>` or `NOT` on the sort key.
fn negates(node: &Node, sort: Option<&str>) -> bool {
    let is_sort = |term: &Term| matches!(term, Term::Path(path) if Some(path.head()) == sort);
    match node {
        Node::Compare { comparator: Comparator::NotEqual, left, right } => is_sort(left) || is_sort(right),
        Node::Not(inner) => sort.is_some() && key_name(inner) == sort,
        _ => false,
    }
}

fn later(one: Bound<Vec<u8>>, two: Bound<Vec<u8>>) -> Bound<Vec<u8>> {
    if start_key(&one) >= start_key(&two) { one } else { two }
}

fn earlier(one: Bound<Vec<u8>>, two: Bound<Vec<u8>>) -> Bound<Vec<u8>> {
    if end_key(&one) <= end_key(&two) { one } else { two }
}

/// Orders the starts of ranges: one that excludes its key begins after one that includes it.
fn start_key(bound: &Bound<Vec<u8>>) -> (bool, &[u8], bool) {
    match bound {
        Bound::Unbounded => (false, &[], false),
        Bound::Included(key) => (true, key, false),
        Bound::Excluded(key) => (true, key, true),
    }
}

/// Orders the ends of ranges: one that excludes its key ends before one that includes it.
fn end_key(bound: &Bound<Vec<u8>>) -> (bool, &[u8], bool) {
    match bound {
        Bound::Unbounded => (true, &[], false),
        Bound::Excluded(key) => (false, key, false),
        Bound::Included(key) => (false, key, true),
    }
}

/// Whether a range begins before another has ended.
fn begins_before(from: &Bound<Vec<u8>>, end: &Bound<Vec<u8>>) -> bool {
    match (from, end) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => true,
        (Bound::Included(from), Bound::Included(end)) => from <= end,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(end) | Bound::Excluded(end)) => from < end,
    }
}

/// Sorts the ranges by partition key and start, and refuses those that overlap.
fn check_overlaps(ranges: &mut [Range]) -> Result<()> {
    ranges.sort_by(|one, two| {
        let partitions = order(&one.partition, &two.partition).unwrap_or(std::cmp::Ordering::Equal);
        partitions.then_with(|| start_key(&one.from).cmp(&start_key(&two.from)))
    });
    for partition in ranges.chunk_by(|one, two| one.partition == two.partition) {
        let mut reach: Option<&Bound<Vec<u8>>> = None;
        for range in partition.iter().filter(|range| !range.is_negated && !range.is_empty()) {
            if reach.is_some_and(|reach| begins_before(&range.from, reach)) {
                return Err(Error::validation(
                    "Overlapping conditions with range keys are not supported in where clause",
                ));
            }
            if reach.is_none_or(|reach| end_key(&range.to) > end_key(reach)) {
                reach = Some(&range.to);
            }
        }
    }
    Ok(())
}

/// Refuses filters on what an index does not hold, unless a branch has none of them. The names are those of the last
/// branch, in the order of the service.
fn check_projected(source: Source<'_>, branches: &[Branch<'_>]) -> Result<()> {
    let Some(index) = source.index else { return Ok(()) };
    let mut sorted: Vec<&Branch<'_>> = branches.iter().collect();
    sorted.sort_by(|one, two| match (one.partition(), two.partition()) {
        (Some(one), Some(two)) => order(one, two).unwrap_or(std::cmp::Ordering::Equal),
        _ => std::cmp::Ordering::Equal,
    });
    let mut missing = Vec::new();
    for branch in sorted {
        missing.clear();
        branch.filters.iter().for_each(|filter| collect_names(filter, &mut missing));
        missing.retain(|name| !index.holds(&source.table.keys, name));
        if missing.is_empty() {
            return Ok(());
        }
    }
    let mut names: Vec<String> = Vec::new();
    for name in missing {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let count = names.len();
    names.sort_by_key(|name| hash_set_slot(name, count));
    Err(Error::invalid_parameters(format_args!(
        "Secondary index {} does not project one or more filter attributes: [{}]",
        index.name(),
        names.join(", ")
    )))
}

/// The top-level attributes that a condition reads.
fn collect_names(node: &Node, names: &mut Vec<String>) {
    let mut term = |term: &Term| collect_term(term, names);
    match node {
        Node::Or(nodes) | Node::And(nodes) => nodes.iter().for_each(|node| collect_names(node, names)),
        Node::Not(node) => collect_names(node, names),
        Node::Compare { left, right, .. } => [left, right].into_iter().for_each(term),
        Node::Between { operand, low, high } => [operand, low, high].into_iter().for_each(term),
        Node::In { operand, list } => std::iter::once(operand).chain(list).for_each(term),
        Node::Exists(path) | Node::NotExists(path) | Node::HasType(path, _) => names.push(path.head().to_owned()),
        Node::BeginsWith(one, two) | Node::Contains(one, two) => {
            term(one);
            term(two);
        }
    }
}

fn collect_term(term: &Term, names: &mut Vec<String>) {
    match term {
        Term::Path(path) => names.push(path.head().to_owned()),
        Term::Value(_) => {}
        Term::Size(inner) => collect_term(inner, names),
        Term::Truth(node) => collect_names(node, names),
    }
}

/// One read for each range that is not empty. Where ranges may overlap, one read of the partition stands for them.
fn reads(source: Source<'_>, ranges: Vec<Range>) -> Result<Vec<KeyedRead>> {
    let mut reads = Vec::with_capacity(ranges.len());
    for partition in ranges.chunk_by(|one, two| one.partition == two.partition) {
        let walk = |from: &Bound<Vec<u8>>, to: &Bound<Vec<u8>>| Walk {
            from: from.clone(),
            to: to.clone(),
            reverse: false,
            resume_after: None,
            limit: usize::MAX,
        };
        match partition {
            [first, _, ..] if partition.iter().any(|range| range.is_negated) => {
                let value = first.partition.clone();
                let whole = KeySelection { partition: vec![value.clone()], equal: Vec::new(), sort: None };
                reads.push(KeyedRead { partition: value, walk: query::walk(source, &whole)? });
            }
            several => reads.extend(
                several
                    .iter()
                    .filter(|range| !range.is_empty())
                    .map(|range| KeyedRead { partition: range.partition.clone(), walk: walk(&range.from, &range.to) }),
            ),
        }
    }
    Ok(reads)
}
