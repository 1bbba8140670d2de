//! The parameters from before expressions, as the conditions, updates and projections that they stand for.
//!
//! They name top-level attributes only, and have no operators of their own: what reads and applies expressions does it
//! for them too. Their faults have other texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ExpressionError;
use super::ast::Comparator;
use super::condition::{Condition, Node, Term};
use super::evaluate::order;
use super::key_condition::{KeyCondition, SortCondition};
use super::path::Path;
use super::projection::Projection;
use super::update::{Change, Source, Update};
use crate::model::{
    self, AttributeAction, AttributeValueUpdate, ComparisonOperator, ConditionalOperator, ExpectedAttributeValue,
};
use crate::value::AttributeValue;

type Result<T> = std::result::Result<T, ExpressionError>;

fn invalid(reason: impl std::fmt::Display) -> ExpressionError {
    ExpressionError::new(format!("One or more parameter values were invalid: {reason}"))
}

/// Reads `Expected`.
///
/// # Errors
/// Members that do not go together, or values that the operator does not take.
pub(crate) fn expected(
    expected: &BTreeMap<String, ExpectedAttributeValue>,
    operator: Option<ConditionalOperator>,
) -> Result<Option<Condition>> {
    let nodes = expected.iter().map(|(name, expected)| expected_node(name, expected)).collect::<Result<Vec<_>>>()?;
    Ok(joined(expected.keys(), nodes, operator))
}

/// Reads `QueryFilter` or `ScanFilter`.
///
/// # Errors
/// Values that the operator does not take.
pub(crate) fn filter(
    filter: &BTreeMap<String, model::Condition>,
    operator: Option<ConditionalOperator>,
) -> Result<Option<Condition>> {
    let node = |(name, condition): (&String, &model::Condition)| {
        node(name, condition.comparison_operator, &condition.attribute_value_list)
    };
    let nodes = filter.iter().map(node).collect::<Result<Vec<_>>>()?;
    Ok(joined(filter.keys(), nodes, operator))
}

/// Checks that `ConditionalOperator` has something to join; `conditions` are those it could.
///
/// # Errors
/// It has not.
pub(crate) fn check_operator(operator: Option<ConditionalOperator>, conditions: usize) -> Result<()> {
    match (operator, conditions) {
        (Some(_), 0) => Err(ExpressionError::new("ConditionalOperator cannot be used without Filter or Expected")),
        (Some(_), 1) => Err(ExpressionError::new(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements",
        )),
        _ => Ok(()),
    }
}

/// Reads `AttributesToGet`.
///
/// # Errors
/// No name, or one twice.
pub(crate) fn attributes_to_get(names: &[String]) -> Result<Projection> {
    if names.is_empty() {
        return Err(ExpressionError::new(
            "1 validation error detected: Value '[]' at 'attributesToGet' failed to satisfy constraint: Member must \
             have length greater than or equal to 1",
        ));
    }
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        let name = pair.first().copied().unwrap_or_default();
        return Err(invalid(format_args!("Duplicate value in attribute name: {name}")));
    }
    Ok(Projection::of(names.iter().map(|name| Path::name(name.as_str())).collect()))
}

/// Reads `KeyConditions`.
///
/// # Errors
/// Values that the operator does not take, or an operator that is not for keys.
pub(crate) fn key_conditions(conditions: &BTreeMap<String, model::Condition>) -> Result<KeyCondition> {
    let mut read = Vec::with_capacity(conditions.len());
    for (name, condition) in conditions {
        let (operator, values) = (condition.comparison_operator, &condition.attribute_value_list);
        check_values(operator, values)?;
        let mut values = values.iter().cloned();
        let (first, second) = (values.next(), values.next());
        let not_for_keys = || ExpressionError::new("Attempted conditional constraint is not an indexable operation");
        let first = first.ok_or_else(not_for_keys)?;
        let condition = match (operator, second) {
            (ComparisonOperator::Eq, _) => SortCondition::Equal(first),
            (ComparisonOperator::Le, _) => SortCondition::LessOrEqual(first),
            (ComparisonOperator::Lt, _) => SortCondition::Less(first),
            (ComparisonOperator::Ge, _) => SortCondition::GreaterOrEqual(first),
            (ComparisonOperator::Gt, _) => SortCondition::Greater(first),
            (ComparisonOperator::BeginsWith, _) => SortCondition::BeginsWith(first),
            (ComparisonOperator::Between, Some(second)) => SortCondition::Between(first, second),
            _ => return Err(not_for_keys()),
        };
        read.push((name.clone(), condition));
    }
    Ok(KeyCondition::of(read))
}

/// Reads `AttributeUpdates`; `None` if it is empty.
///
/// # Errors
/// A value that is missing, or that the action does not take.
pub(crate) fn updates(updates: &BTreeMap<String, AttributeValueUpdate>) -> Result<Option<Update>> {
    let changes = updates.iter().map(|(name, update)| change(name, update)).collect::<Result<Vec<_>>>()?;
    Ok((!changes.is_empty()).then(|| Update::of_actions(changes)))
}

fn change(name: &str, update: &AttributeValueUpdate) -> Result<Change> {
    let path = Path::name(name);
    let Some(value) = &update.value else {
        return match update.action {
            AttributeAction::Delete => Ok(Change::Remove(path)),
            _ => Err(invalid("Only DELETE action is allowed when no attribute value is specified")),
        };
    };
    let kind = value.type_name();
    let is_set = matches!(kind, "SS" | "NS" | "BS");
    let value = Arc::new(value.clone());
    match update.action {
        AttributeAction::Put => Ok(Change::Set(path, Source::Value(value))),
        AttributeAction::Add if is_set || kind == "N" => Ok(Change::Add(path, value)),
        // Not documented, but the service appends to lists too.
        AttributeAction::Add if kind == "L" => {
            let empty = Source::Value(Arc::new(AttributeValue::L(Vec::new())));
            let present = Source::IfNotExists(path.clone(), Box::new(empty));
            Ok(Change::Set(path, Source::ListAppend(Box::new(present), Box::new(Source::Value(value)))))
        }
        AttributeAction::Add => Err(invalid(format_args!("ADD action is not supported for the type {kind}"))),
        AttributeAction::Delete if is_set => Ok(Change::Delete(path, value)),
        AttributeAction::Delete => {
            Err(invalid(format_args!("DELETE action with value is not supported for the type {kind}")))
        }
    }
}

fn joined<'n>(
    names: impl Iterator<Item = &'n String>,
    nodes: Vec<Node>,
    operator: Option<ConditionalOperator>,
) -> Option<Condition> {
    if nodes.is_empty() {
        return None;
    }
    let root = match operator.unwrap_or_default() {
        ConditionalOperator::And => Node::And(nodes),
        ConditionalOperator::Or => Node::Or(nodes),
    };
    Some(Condition::of(root, names.map(|name| Path::name(name.as_str())).collect()))
}

fn expected_node(name: &str, expected: &ExpectedAttributeValue) -> Result<Node> {
    let ExpectedAttributeValue { value, exists, comparison_operator, attribute_value_list } = expected;
    if value.is_some() && attribute_value_list.is_some() {
        return Err(invalid(format_args!(
            "Value and AttributeValueList cannot be used together for Attribute: {name}"
        )));
    }
    if let Some(operator) = *comparison_operator {
        if exists.is_some() {
            return Err(invalid(format_args!(
                "Exists and ComparisonOperator cannot be used together for Attribute: {name}"
            )));
        }
        let without_values = matches!(operator, ComparisonOperator::Null | ComparisonOperator::NotNull);
        if !without_values && value.is_none() && attribute_value_list.is_none() {
            return Err(invalid(format_args!(
                "Value or AttributeValueList must be used with ComparisonOperator: {operator} for Attribute: {name}"
            )));
        }
        let one = value.as_ref().map(std::slice::from_ref);
        return node(name, operator, attribute_value_list.as_deref().or(one).unwrap_or_default());
    }
    if attribute_value_list.is_some() {
        return Err(invalid(format_args!(
            "AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}"
        )));
    }
    match (exists, value) {
        (Some(false), None) => Ok(Node::NotExists(Path::name(name))),
        (Some(false), Some(_)) => {
            Err(invalid(format_args!("Value cannot be used when Exists is false for Attribute: {name}")))
        }
        (_, Some(value)) => node(name, ComparisonOperator::Eq, std::slice::from_ref(value)),
        (_, None) => {
            let exists = exists.map_or_else(|| "null".to_owned(), |exists| exists.to_string());
            Err(invalid(format_args!("Value must be provided when Exists is {exists} for Attribute: {name}")))
        }
    }
}

fn node(name: &str, operator: ComparisonOperator, values: &[AttributeValue]) -> Result<Node> {
    check_values(operator, values)?;
    let path = || Path::name(name);
    let attribute = || Term::Path(path());
    let mut terms = values.iter().map(|value| Term::Value(Arc::new(value.clone())));
    let compare = |comparator, right| Node::Compare { comparator, left: attribute(), right };
    Ok(match (operator, terms.next(), terms.next()) {
        (ComparisonOperator::NotNull, ..) => Node::Exists(path()),
        (ComparisonOperator::Eq, Some(value), _) => compare(Comparator::Equal, value),
        (ComparisonOperator::Ne, Some(value), _) => compare(Comparator::NotEqual, value),
        (ComparisonOperator::Le, Some(value), _) => compare(Comparator::LessOrEqual, value),
        (ComparisonOperator::Lt, Some(value), _) => compare(Comparator::Less, value),
        (ComparisonOperator::Ge, Some(value), _) => compare(Comparator::GreaterOrEqual, value),
        (ComparisonOperator::Gt, Some(value), _) => compare(Comparator::Greater, value),
        (ComparisonOperator::Contains, Some(value), _) => Node::Contains(attribute(), value),
        // Unlike `NOT contains`, it does not hold where the attribute is missing.
        (ComparisonOperator::NotContains, Some(value), _) => {
            Node::And(vec![Node::Exists(path()), Node::Not(Box::new(Node::Contains(attribute(), value)))])
        }
        (ComparisonOperator::BeginsWith, Some(value), _) => Node::BeginsWith(attribute(), value),
        (ComparisonOperator::Between, Some(low), Some(high)) => Node::Between { operand: attribute(), low, high },
        (ComparisonOperator::In, Some(first), second) => {
            Node::In { operand: attribute(), list: std::iter::once(first).chain(second).chain(terms).collect() }
        }
        // No other operator is left without its values: their number has been checked.
        _ => Node::NotExists(path()),
    })
}

fn check_values(operator: ComparisonOperator, values: &[AttributeValue]) -> Result<()> {
    let fits = match operator {
        ComparisonOperator::Null | ComparisonOperator::NotNull => values.is_empty(),
        ComparisonOperator::In => !values.is_empty(),
        ComparisonOperator::Between => values.len() == 2,
        _ => values.len() == 1,
    };
    if !fits {
        return Err(invalid(format_args!("Invalid number of argument(s) for the {operator} ComparisonOperator")));
    }
    if let Some((first, rest)) = values.split_first()
        && rest.iter().any(|value| value.type_name() != first.type_name())
    {
        return Err(invalid("AttributeValues inside AttributeValueList must be of same type"));
    }
    let takes = |kind: &str| match operator {
        ComparisonOperator::Eq | ComparisonOperator::Ne => true,
        ComparisonOperator::BeginsWith => matches!(kind, "S" | "B"),
        _ => matches!(kind, "S" | "N" | "B"),
    };
    if let Some(kind) = values.iter().map(AttributeValue::type_name).find(|kind| !takes(kind)) {
        return Err(invalid(format_args!("ComparisonOperator {operator} is not valid for {kind} AttributeValue type")));
    }
    if let (ComparisonOperator::Between, [low, high]) = (operator, values)
        && order(low, high).is_some_and(std::cmp::Ordering::is_gt)
    {
        return Err(ExpressionError::new(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
        ));
    }
    Ok(())
}
