//! Key condition expressions: which part of a table or an index a `Query` reads.

use std::sync::Arc;

use super::Kind;
use super::ast::Comparator;
use super::condition::{Node, Term, read};
use super::error::ExpressionError;
use super::substitutions::Substitutions;
use crate::key::Keys;
use crate::value::AttributeValue;

/// A key condition whose form is legal; which names are keys is known once the table is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyCondition {
    conditions: Vec<(String, SortCondition)>,
}

/// What a key condition selects in a table or an index with known keys.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeySelection {
    /// The values the attributes of the partition key must equal.
    pub(crate) partition: Vec<AttributeValue>,
    /// The values the first attributes of the sort key must equal, where that has several.
    pub(crate) equal: Vec<AttributeValue>,
    /// What the next attribute of the sort key must satisfy; `None` selects all.
    pub(crate) sort: Option<SortCondition>,
}

/// What a key attribute must satisfy, the attribute being on the left.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SortCondition {
    /// `=`
    Equal(AttributeValue),
    /// `<`
    Less(AttributeValue),
    /// `<=`
    LessOrEqual(AttributeValue),
    /// `>`
    Greater(AttributeValue),
    /// `>=`
    GreaterOrEqual(AttributeValue),
    /// `BETWEEN … AND …`, both bounds included; the lower bound comes first and is not above the upper one.
    Between(AttributeValue, AttributeValue),
    /// `begins_with`, with a string or a binary.
    BeginsWith(AttributeValue),
}

impl SortCondition {
    /// The values compared with, one or two.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &AttributeValue> {
        let (first, second) = match self {
            Self::Equal(value)
            | Self::Less(value)
            | Self::LessOrEqual(value)
            | Self::Greater(value)
            | Self::GreaterOrEqual(value)
            | Self::BeginsWith(value) => (value, None),
            Self::Between(low, high) => (low, Some(high)),
        };
        std::iter::once(first).chain(second)
    }
}

/// Reads a `KeyConditionExpression`.
///
/// # Errors
/// What [`condition`](super::condition) refuses, and what a key condition may not hold: operators other than `AND`,
/// comparisons and `begins_with`; nested paths; two conditions on one attribute.
pub(crate) fn key_condition(
    text: &str,
    substitutions: &mut Substitutions<'_>,
) -> Result<KeyCondition, ExpressionError> {
    let condition = read(text, substitutions).map_err(|fault| fault.in_parameter(Kind::KeyCondition))?;
    let mut conditions = Vec::new();
    collect(condition.root, &mut conditions)?;
    Ok(KeyCondition { conditions })
}

impl KeyCondition {
    pub(crate) fn of(conditions: Vec<(String, SortCondition)>) -> Self {
        KeyCondition { conditions }
    }

    /// Refuses more conditions than a key of one or two attributes has.
    ///
    /// # Errors
    /// There are.
    pub(crate) fn check_count(&self) -> Result<(), ExpressionError> {
        match self.conditions.len() {
            1 | 2 => Ok(()),
            _ => Err(ExpressionError::new("Conditions can be of length 1 or 2 only")),
        }
    }

    /// Splits the condition for the keys of a table or an index.
    ///
    /// # Errors
    /// A key attribute without a condition, a condition on an attribute that is no key, or a partition key compared
    /// other than by `=`.
    pub(crate) fn resolve(&self, keys: &Keys) -> Result<KeySelection, ExpressionError> {
        let is_simple = keys.more_partition.is_empty() && keys.more_sort.is_empty();
        if is_simple {
            self.check_count()?;
        }
        let missed = |key: &str| ExpressionError::new(format!("Query condition missed key schema element: {key}"));
        let unsupported = || ExpressionError::new("Query key condition not supported");
        if keys.sort.is_none() && self.conditions.len() > keys.partition_attributes().count() {
            return Err(unsupported());
        }
        let mut partition = Vec::new();
        for attribute in keys.partition_attributes() {
            let SortCondition::Equal(value) = self.on(&attribute.name).ok_or_else(|| missed(&attribute.name))? else {
                return Err(unsupported());
            };
            partition.push(value.clone());
        }
        let (equal, sort) = self.resolve_sort(keys)?;
        let used = partition.len() + equal.len() + usize::from(sort.is_some());
        let without = keys.sort_attributes().find(|attribute| self.on(&attribute.name).is_none());
        match without {
            Some(attribute) if used < self.conditions.len() => Err(missed(&attribute.name)),
            _ if used < self.conditions.len() => Err(unsupported()),
            _ => Ok(KeySelection { partition, equal, sort }),
        }
    }

    /// The leading equalities of the sort key's attributes, and the condition on the one after them.
    fn resolve_sort(&self, keys: &Keys) -> Result<(Vec<AttributeValue>, Option<SortCondition>), ExpressionError> {
        let attributes: Vec<&str> = keys.sort_attributes().map(|attribute| attribute.name.as_str()).collect();
        let Some(last) = attributes.iter().rposition(|name| self.on(name).is_some()) else {
            return Ok((Vec::new(), None));
        };
        let (before, from) = attributes.split_at(last);
        let name = from.first().copied().unwrap_or_default();
        let mut equal = Vec::new();
        let mut open = Vec::new();
        for name in before {
            match self.on(name) {
                Some(SortCondition::Equal(value)) => equal.push(value.clone()),
                _ => open.push(*name),
            }
        }
        if !open.is_empty() {
            return Err(ExpressionError::new(format!(
                "RANGE key attributes {} must have equality conditions specified in the query because a condition is \
                 present on key attribute {name}",
                open.join(", ")
            )));
        }
        Ok((equal, self.on(name).cloned()))
    }

    fn on(&self, name: &str) -> Option<&SortCondition> {
        self.conditions.iter().find(|(key, _)| key == name).map(|(_, condition)| condition)
    }
}

fn invalid_operator(operator: &str) -> ExpressionError {
    ExpressionError::new(format!("Invalid operator used in KeyConditionExpression: {operator}"))
}

fn invalid_condition(reason: &str) -> ExpressionError {
    ExpressionError::new(format!("Invalid condition in KeyConditionExpression: {reason}"))
}

fn collect(node: Node, conditions: &mut Vec<(String, SortCondition)>) -> Result<(), ExpressionError> {
    let (name, condition) = match node {
        Node::And(nodes) => return nodes.into_iter().try_for_each(|node| collect(node, conditions)),
        Node::Or(_) => return Err(invalid_operator("OR")),
        Node::Not(_) => return Err(invalid_operator("NOT")),
        Node::In { .. } => return Err(invalid_operator("IN")),
        Node::Compare { comparator: Comparator::NotEqual, .. } => return Err(invalid_operator("<>")),
        Node::Exists(_) => return Err(invalid_operator("attribute_exists")),
        Node::NotExists(_) => return Err(invalid_operator("attribute_not_exists")),
        Node::HasType(..) => return Err(invalid_operator("attribute_type")),
        Node::Contains(..) => return Err(invalid_operator("contains")),
        Node::Compare { comparator, left, right } => {
            let comparator = if matches!(left, Term::Path(_)) { comparator } else { comparator.reversed() };
            let (name, values) = split(vec![left, right])?;
            let [value] = <[AttributeValue; 1]>::try_from(values).map_err(|_| no_key())?;
            (name, comparison(comparator, value))
        }
        Node::Between { operand, low, high } => {
            require_path_first("BETWEEN", &operand)?;
            let (name, values) = split(vec![operand, low, high])?;
            let [low, high] = <[AttributeValue; 2]>::try_from(values).map_err(|_| no_key())?;
            (name, SortCondition::Between(low, high))
        }
        Node::BeginsWith(operand, prefix) => {
            require_path_first("begins_with", &operand)?;
            let (name, values) = split(vec![operand, prefix])?;
            let [prefix] = <[AttributeValue; 1]>::try_from(values).map_err(|_| no_key())?;
            (name, SortCondition::BeginsWith(prefix))
        }
    };
    if conditions.iter().any(|(other, _)| *other == name) {
        return Err(ExpressionError::new("KeyConditionExpressions must only contain one condition per key"));
    }
    conditions.push((name, condition));
    Ok(())
}

fn comparison(comparator: Comparator, value: AttributeValue) -> SortCondition {
    match comparator {
        Comparator::Less => SortCondition::Less(value),
        Comparator::LessOrEqual => SortCondition::LessOrEqual(value),
        Comparator::Greater => SortCondition::Greater(value),
        Comparator::GreaterOrEqual => SortCondition::GreaterOrEqual(value),
        Comparator::Equal | Comparator::NotEqual => SortCondition::Equal(value),
    }
}

fn require_path_first(operator: &str, operand: &Term) -> Result<(), ExpressionError> {
    match operand {
        Term::Value(_) => {
            Err(invalid_condition(&format!("{operator} operator must have the key attribute as its first operand")))
        }
        Term::Path(_) | Term::Size(_) | Term::Truth(_) => Ok(()),
    }
}

fn no_key() -> ExpressionError {
    invalid_condition("No key attribute specified")
}

/// The one attribute name among the operands of a condition, and its values in their order.
fn split(terms: Vec<Term>) -> Result<(String, Vec<AttributeValue>), ExpressionError> {
    let mut key = None;
    let mut values = Vec::new();
    for term in terms {
        match term {
            Term::Size(_) | Term::Truth(_) => {
                return Err(ExpressionError::new("KeyConditionExpressions cannot contain nested operations"));
            }
            Term::Value(value) => values.push(Arc::unwrap_or_clone(value)),
            Term::Path(_) if key.is_some() => {
                return Err(invalid_condition("Multiple attribute names used in one condition"));
            }
            Term::Path(path) if path.is_nested() => {
                return Err(ExpressionError::new(
                    "KeyConditionExpressions cannot have conditions on nested attributes",
                ));
            }
            Term::Path(path) => key = Some(path.head().to_owned()),
        }
    }
    Ok((key.ok_or_else(no_key)?, values))
}
