//! The parameters from before expressions.

use std::collections::BTreeMap;

use millpond::kv::{
    AttributeValue, AttributeValueUpdate, ComparisonOperator, Condition, ConditionalOperator, ExpectedAttributeValue,
};

use super::{
    checks::{self, Checks},
    value::Attribute,
};
use crate::aws::json::{Failure, Flag, List, Map, Text, members};

members! {
    GivenCondition { comparison_operator: Text = "ComparisonOperator", attribute_value_list: List<Attribute> = "AttributeValueList" }
}
members! {
    Expected {
        value: Attribute = "Value",
        exists: Flag = "Exists",
        comparison_operator: Text = "ComparisonOperator",
        attribute_value_list: List<Attribute> = "AttributeValueList",
    }
}
members! {
    Update { value: Attribute = "Value", action: Text = "Action" }
}

/// Conditions whose operators are known, and whose values are still to be looked at: the service does that later.
pub(super) struct Conditions(BTreeMap<String, (ComparisonOperator, Vec<Attribute>)>);

/// As [`Conditions`].
pub(super) struct Expectations(BTreeMap<String, (Expected, Option<ComparisonOperator>)>);

/// As [`Conditions`].
pub(super) struct Updates(BTreeMap<String, (Option<Attribute>, millpond::kv::AttributeAction)>);

impl Checks {
    pub(super) fn conditional_operator(&mut self, given: Option<Text>) -> Option<ConditionalOperator> {
        self.choice_if_any(given, "conditionalOperator")
    }

    pub(super) fn conditions(&mut self, given: Option<Map<GivenCondition>>, field: &str) -> Option<Conditions> {
        let read = |(name, given): (String, GivenCondition)| {
            let field = format!("{field}.{name}.member.comparisonOperator");
            let operator = self.required_choice(given.comparison_operator, &field, ComparisonOperator::Eq);
            (name, (operator, checks::list(given.attribute_value_list)))
        };
        Some(Conditions(given?.0.into_iter().map(read).collect()))
    }

    pub(super) fn expectations(&mut self, given: Option<Map<Expected>>) -> Option<Expectations> {
        let read = |(name, mut given): (String, Expected)| {
            let field = format!("expected.{name}.member.comparisonOperator");
            let operator = self.choice_if_any(given.comparison_operator.take(), &field);
            (name, (given, operator))
        };
        Some(Expectations(given?.0.into_iter().map(read).collect()))
    }

    pub(super) fn updates(&mut self, given: Option<Map<Update>>) -> Option<Updates> {
        let read = |(name, given): (String, Update)| {
            let action = self.choice(given.action, &format!("attributeUpdates.{name}.member.action"));
            (name, (given.value, action))
        };
        Some(Updates(given?.0.into_iter().map(read).collect()))
    }
}

impl Conditions {
    pub(super) fn read(self) -> Result<BTreeMap<String, Condition>, Failure> {
        let read = |(name, (comparison_operator, values))| {
            Ok((name, Condition { comparison_operator, attribute_value_list: read_all(values)? }))
        };
        self.0.into_iter().map(read).collect()
    }
}

impl Expectations {
    pub(super) fn read(self) -> Result<BTreeMap<String, ExpectedAttributeValue>, Failure> {
        let read = |(name, (given, comparison_operator)): (String, (Expected, _))| {
            let expected = ExpectedAttributeValue {
                value: given.value.map(Attribute::value).transpose()?,
                exists: checks::flag(given.exists),
                comparison_operator,
                attribute_value_list: given.attribute_value_list.map(|List(values)| read_all(values)).transpose()?,
            };
            Ok((name, expected))
        };
        self.0.into_iter().map(read).collect()
    }
}

impl Updates {
    pub(super) fn read(self) -> Result<BTreeMap<String, AttributeValueUpdate>, Failure> {
        let read = |(name, (value, action)): (String, (Option<Attribute>, _))| {
            Ok((name, AttributeValueUpdate { value: value.map(Attribute::value).transpose()?, action }))
        };
        self.0.into_iter().map(read).collect()
    }
}

fn read_all(values: Vec<Attribute>) -> Result<Vec<AttributeValue>, Failure> {
    values.into_iter().map(Attribute::value).collect()
}

/// `AttributesToGet`.
pub(super) fn names(given: Option<List<Text>>) -> Option<Vec<String>> {
    given.map(|List(names)| names.into_iter().map(|name| name.0).collect())
}
