//! Conditions with their names and values put in, and the checks that need those.
//!
//! The service checks comparison by comparison, from left to right, and in each in this order: undefined names and
//! values, counts of operands, operands that must differ, types of operands that are known without an item.

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use super::Kind;
use super::ast::{Call, Comparator, ConditionNode, Operand};
use super::cache::Cache;
use super::error::{ExpressionError, Fault};
use super::evaluate::order;
use super::parse_condition::parse;
use super::path::Path;
use super::substitutions::Substitutions;
use crate::value::AttributeValue;

static CACHE: LazyLock<Cache<ConditionNode>> = LazyLock::new(Cache::new);

/// Operands the list of one `IN` may have.
const MAX_IN_OPERANDS: usize = 100;

/// The names `attribute_type` knows.
const TYPE_NAMES: [&str; 10] = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"];

/// What the service prints for the type of an operand that could be anything.
const ANY_TYPE: &str =
    "{SS,M,DECIMAL,DOUBLESET,HDS,N,B,DICT,INTSET,BOOL,HD,BS,INT,DECIMALSET,NULL,FLOAT,FS,S,L,NS,DOUBLE}";

/// A condition, ready to be asked of items.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) root: Node,
    paths: Vec<Path>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Path(Path),
    Value(Arc<AttributeValue>),
    Size(Box<Term>),
    /// Whether a condition holds, as a boolean; only PartiQL compares conditions.
    Truth(Box<Node>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Or(Vec<Node>),
    And(Vec<Node>),
    Not(Box<Node>),
    Compare { comparator: Comparator, left: Term, right: Term },
    Between { operand: Term, low: Term, high: Term },
    In { operand: Term, list: Vec<Term> },
    Exists(Path),
    NotExists(Path),
    HasType(Path, String),
    BeginsWith(Term, Term),
    Contains(Term, Term),
}

/// Reads a `ConditionExpression` or a `FilterExpression`; `kind` only names the parameter in messages.
///
/// # Errors
/// A fault in the text, an undefined name or value, or operands a function or an operator does not take.
pub(crate) fn condition(
    kind: Kind,
    text: &str,
    substitutions: &mut Substitutions<'_>,
) -> Result<Condition, ExpressionError> {
    read(text, substitutions).map_err(|fault| fault.in_parameter(kind))
}

pub(crate) fn read(text: &str, substitutions: &mut Substitutions<'_>) -> Result<Condition, Fault> {
    let written = CACHE.get_or_parse(text, parse)?;
    let mut binder = Binder { substitutions, paths: Vec::new(), operand_count: None };
    let root = binder.node(&written)?;
    Ok(Condition { root, paths: binder.paths })
}

impl Condition {
    /// The names of the top-level attributes that it looks inside of.
    pub(crate) fn nested_names(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().filter(|path| path.is_nested()).map(Path::head)
    }

    pub(crate) fn of(root: Node, paths: Vec<Path>) -> Self {
        Condition { root, paths }
    }

    /// One condition of two.
    pub(crate) fn join(mut self, other: Condition, join: impl FnOnce(Node, Node) -> Node) -> Self {
        self.paths.extend(other.paths);
        Condition { root: join(self.root, other.root), paths: self.paths }
    }

    /// Another condition on the same attributes.
    pub(crate) fn map(self, map: impl FnOnce(Node) -> Node) -> Self {
        Condition { root: map(self.root), paths: self.paths }
    }

    /// The names of the top-level attributes the condition reads, in the order written; a name may repeat.
    pub(crate) fn top_level_names(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(Path::head)
    }
}

struct Binder<'s, 'a> {
    substitutions: &'s mut Substitutions<'a>,
    paths: Vec<Path>,
    /// The first wrong count of operands in this comparison: told once its names and values are known to be defined.
    operand_count: Option<Fault>,
}

impl Binder<'_, '_> {
    /// Recursion is at most 300 deep, a level an operator; what is not recursive is kept out of its frame.
    fn node(&mut self, node: &ConditionNode) -> Result<Node, Fault> {
        match node {
            ConditionNode::Or(nodes) => self.nodes(nodes).map(Node::Or),
            ConditionNode::And(nodes) => self.nodes(nodes).map(Node::And),
            ConditionNode::Not(node) => self.node(node).map(|node| Node::Not(Box::new(node))),
            ConditionNode::Compare { comparator, left, right } => self.compare(*comparator, left, right),
            ConditionNode::Between { operand, low, high } => self.between(operand, low, high),
            ConditionNode::In { operand, list } => self.one_of(operand, list),
            ConditionNode::Call(call) => self.call(call),
        }
    }

    fn compare(&mut self, comparator: Comparator, left: &Operand, right: &Operand) -> Result<Node, Fault> {
        let (left, right) = (self.term(left)?, self.term(right)?);
        self.check_counts()?;
        compare(comparator, left, right)
    }

    fn between(&mut self, operand: &Operand, low: &Operand, high: &Operand) -> Result<Node, Fault> {
        let (operand, low, high) = (self.term(operand)?, self.term(low)?, self.term(high)?);
        self.check_counts()?;
        between(operand, low, high)
    }

    fn one_of(&mut self, operand: &Operand, list: &[Operand]) -> Result<Node, Fault> {
        let operand = self.term(operand)?;
        let list = self.terms(list)?;
        self.check_counts()?;
        one_of(operand, list)
    }

    fn nodes(&mut self, nodes: &[ConditionNode]) -> Result<Vec<Node>, Fault> {
        nodes.iter().map(|node| self.node(node)).collect()
    }

    fn terms(&mut self, operands: &[Operand]) -> Result<Vec<Term>, Fault> {
        operands.iter().map(|operand| self.term(operand)).collect()
    }

    fn term(&mut self, operand: &Operand) -> Result<Term, Fault> {
        match operand {
            Operand::Path(written) => {
                let path = self.substitutions.path(written)?;
                self.paths.push(path.clone());
                Ok(Term::Path(path))
            }
            Operand::Value(placeholder) => Ok(Term::Value(self.substitutions.value(placeholder)?)),
            Operand::Call(call) => {
                let mut terms = self.terms(&call.operands)?;
                self.count(call, 1);
                terms.truncate(1);
                terms.pop().map(|term| Term::Size(Box::new(term))).ok_or_else(|| wrong_count(call))
            }
        }
    }

    fn count(&mut self, call: &Call, expected: usize) {
        if call.operands.len() != expected && self.operand_count.is_none() {
            self.operand_count = Some(wrong_count(call));
        }
    }

    fn check_counts(&mut self) -> Result<(), Fault> {
        self.operand_count.take().map_or(Ok(()), Err)
    }

    fn call(&mut self, call: &Call) -> Result<Node, Fault> {
        let terms = self.terms(&call.operands)?;
        self.count(call, operand_count(&call.function));
        self.check_counts()?;
        function(&call.function, terms)
    }
}

/// A comparison of two terms, if they can be compared.
pub(crate) fn compare(comparator: Comparator, left: Term, right: Term) -> Result<Node, Fault> {
    check_distinct(comparator.symbol(), &left, [&right])?;
    check_sizes([&left, &right])?;
    if comparator.is_ordering() {
        check_types(comparator.symbol(), &["S", "N", "B"], [&left, &right])?;
    }
    Ok(Node::Compare { comparator, left, right })
}

/// `BETWEEN`, if the terms have an order.
pub(crate) fn between(operand: Term, low: Term, high: Term) -> Result<Node, Fault> {
    check_distinct("BETWEEN", &operand, [&low, &high])?;
    check_sizes([&operand, &low, &high])?;
    check_types("BETWEEN", &["S", "N", "B"], [&operand, &low, &high])?;
    check_bounds(&low, &high)?;
    Ok(Node::Between { operand, low, high })
}

/// `IN`, if the list is not too long.
pub(crate) fn one_of(operand: Term, list: Vec<Term>) -> Result<Node, Fault> {
    if list.len() > MAX_IN_OPERANDS {
        return Err(Fault::TooManyInOperands(list.len()));
    }
    check_distinct("IN", &operand, &list)?;
    check_sizes(std::iter::once(&operand).chain(&list))?;
    Ok(Node::In { operand, list })
}

/// A call of a function that is a condition, if it takes such operands.
pub(crate) fn function(name: &str, terms: Vec<Term>) -> Result<Node, Fault> {
    let count = terms.len();
    let wrong_count = || Fault::OperandCount { function: name.to_owned(), count };
    if count != operand_count(name) {
        return Err(wrong_count());
    }
    if let [first, second] = terms.as_slice() {
        check_distinct(name, first, [second])?;
    }
    check_sizes(&terms)?;
    let mut terms = terms.into_iter();
    let first = terms.next().ok_or_else(wrong_count)?;
    if name == "attribute_exists" {
        return Ok(Node::Exists(required_path(name, first)?));
    }
    if name == "attribute_not_exists" {
        return Ok(Node::NotExists(required_path(name, first)?));
    }
    let second = terms.next().ok_or_else(wrong_count)?;
    match name {
        "attribute_type" => Ok(Node::HasType(required_path(name, first)?, type_name(name, second)?)),
        "begins_with" => {
            check_types(name, &["S", "B"], [&first, &second])?;
            Ok(Node::BeginsWith(first, second))
        }
        "contains" => Ok(Node::Contains(first, second)),
        _ => Err(Fault::UnknownFunction(name.to_owned())),
    }
}

fn operand_count(function: &str) -> usize {
    if matches!(function, "attribute_exists" | "attribute_not_exists") { 1 } else { 2 }
}

fn wrong_count(call: &Call) -> Fault {
    Fault::OperandCount { function: call.function.clone(), count: call.operands.len() }
}

/// The type of a term when it does not depend on the item.
fn static_type(term: &Term) -> Option<&'static str> {
    match term {
        Term::Path(_) => None,
        Term::Value(value) => Some(value.type_name()),
        Term::Size(_) => Some("N"),
        Term::Truth(_) => Some("BOOL"),
    }
}

fn check_types<'t>(function: &str, allowed: &[&str], terms: impl IntoIterator<Item = &'t Term>) -> Result<(), Fault> {
    match terms.into_iter().filter_map(static_type).find(|found| !allowed.contains(found)) {
        Some(found) => Err(Fault::OperandType { function: function.to_owned(), found }),
        None => Ok(()),
    }
}

fn check_sizes<'t>(terms: impl IntoIterator<Item = &'t Term>) -> Result<(), Fault> {
    terms.into_iter().try_for_each(|term| match term {
        Term::Size(sized) => {
            check_sizes([sized.as_ref()])?;
            check_types("size", &["S", "B", "SS", "NS", "BS", "L", "M"], [sized.as_ref()])
        }
        _ => Ok(()),
    })
}

fn check_distinct<'t>(operator: &str, first: &Term, rest: impl IntoIterator<Item = &'t Term>) -> Result<(), Fault> {
    match first {
        Term::Path(path) if rest.into_iter().any(|other| other == first) => {
            Err(Fault::NotDistinct { operator: operator.to_owned(), operand: path.clone() })
        }
        _ => Ok(()),
    }
}

fn check_bounds(low: &Term, high: &Term) -> Result<(), Fault> {
    let (Term::Value(low), Term::Value(high)) = (low, high) else {
        return Ok(());
    };
    match order(low, high) {
        None => Err(Fault::BoundsOfTwoTypes { low: bound_text(low), high: bound_text(high) }),
        Some(Ordering::Greater) => Err(Fault::BoundsReversed { low: bound_text(low), high: bound_text(high) }),
        Some(_) => Ok(()),
    }
}

/// A bound as the service prints it, binary included.
fn bound_text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::S(text) => format!("S:{text}"),
        AttributeValue::N(number) => format!("N:{number}"),
        AttributeValue::B(bytes) => format!("B:java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", bytes.len()),
        other => other.type_name().to_owned(),
    }
}

fn required_path(function: &str, term: Term) -> Result<Path, Fault> {
    match term {
        Term::Path(path) => Ok(path),
        _ => Err(Fault::PathRequired(function.to_owned())),
    }
}

fn type_name(function: &str, term: Term) -> Result<String, Fault> {
    if let Term::Value(value) = &term
        && let AttributeValue::S(name) = &**value
    {
        let known = TYPE_NAMES.contains(&name.as_str());
        return if known { Ok(name.clone()) } else { Err(Fault::UnknownTypeName(name.clone())) };
    }
    Err(Fault::OperandType { function: function.to_owned(), found: static_type(&term).unwrap_or(ANY_TYPE) })
}
