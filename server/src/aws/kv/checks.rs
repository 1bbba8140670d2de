//! What is checked before the service is asked: members that must be there, names of choices, and older parameters.

use std::{collections::BTreeMap, fmt::Display, ops::RangeInclusive};

use millpond::kv::{
    ApproximateCreationDateTimePrecision, AttributeAction, AttributeValue, BackupTypeFilter, BillingMode,
    ComparisonOperator, ConditionalOperator, Constraints, ContributorInsightsAction, ContributorInsightsMode, Item,
    KeyType, ProjectionType, ReturnConsumedCapacity, ReturnItemCollectionMetrics, ReturnValues,
    ReturnValuesOnConditionCheckFailure, ScalarAttributeType, Select, ShardFilterType, ShardIteratorType, SseType,
    StreamViewType, TableClass, Wording, check_named_table, check_table_name,
};

use super::value::{Attribute, Attributes};
use crate::aws::json::{Failure, Flag, List, Map, Text};

/// Constraints that a request breaks. The service reports all of them at once.
#[derive(Default)]
pub(super) struct Checks {
    constraints: Constraints,
    /// A malformed table name hides everything else.
    table_name: Option<millpond::kv::Error>,
    /// What is told alone, if the table name can be one.
    alone: Option<&'static str>,
}

impl Checks {
    pub(super) fn table_name(&mut self, member: Option<Text>) -> String {
        self.table_name = member.as_ref().and_then(|name| check_table_name(&name.0).err());
        self.required(text(member), "tableName")
    }

    /// As [`table_name`](Self::table_name), in operations on tables.
    pub(super) fn named_table(&mut self, member: Option<Text>) -> String {
        self.table_name = member.as_ref().and_then(|name| check_named_table(&name.0).err());
        self.required(text(member), "tableName")
    }

    /// A member that must be there.
    pub(super) fn required<T: Default>(&mut self, member: Option<T>, field: &str) -> T {
        member.unwrap_or_else(|| {
            self.constraints.is_null(field);
            T::default()
        })
    }

    /// A text of so many characters, which may be absent.
    pub(super) fn length(&mut self, member: Option<&str>, field: &str, (at_least, at_most): (usize, usize)) {
        let Some(text) = member else { return };
        let characters = text.chars().count();
        if characters < at_least {
            let constraint = format!("Member must have length greater than or equal to {at_least}");
            self.constraints.breaks(text, field, &constraint);
        } else if characters > at_most {
            let constraint = format!("Member must have length less than or equal to {at_most}");
            self.constraints.breaks(text, field, &constraint);
        }
    }

    /// One of a closed set of names; absent is the default.
    pub(super) fn choice<T: Choice + Default>(&mut self, member: Option<Text>, field: &str) -> T {
        self.choice_if_any(member, field).unwrap_or_default()
    }

    /// Which images a write gives back.
    pub(super) fn return_values(&mut self, member: Option<Text>, wording: Wording) -> ReturnValues {
        if is_unknown(member.as_ref(), ReturnValues::from_name) && wording == Wording::Current {
            self.constraints.says(RETURN_VALUES);
            return ReturnValues::None;
        }
        self.choice(member, "returnValues")
    }

    /// As [`return_values`](Self::return_values), where a fault is told alone.
    pub(super) fn return_values_alone(&mut self, member: Option<Text>, wording: Wording) -> ReturnValues {
        if is_unknown(member.as_ref(), ReturnValues::from_name) && wording == Wording::Current {
            self.alone = Some(RETURN_VALUES);
        }
        self.return_values(member, wording)
    }

    /// Whether a write tells of its item collection.
    pub(super) fn return_metrics(&mut self, member: Option<Text>, wording: Wording) -> ReturnItemCollectionMetrics {
        if is_unknown(member.as_ref(), ReturnItemCollectionMetrics::from_name) && wording == Wording::Current {
            self.constraints.says("ReturnItemCollectionMetrics can only be SIZE or NONE");
            return ReturnItemCollectionMetrics::None;
        }
        self.choice(member, "returnItemCollectionMetrics")
    }

    /// One of a closed set of names, which may be absent.
    pub(super) fn choice_if_any<T: Choice>(&mut self, member: Option<Text>, field: &str) -> Option<T> {
        let Text(name) = member?;
        let choice = T::from_name(&name);
        if choice.is_none() {
            let constraint = format!("Member must satisfy enum value set: [{}]", T::NAMES.join(", "));
            self.constraints.breaks(&name, field, &constraint);
        }
        choice
    }

    /// One of these names, which may be absent.
    pub(super) fn one_of(&mut self, member: Option<Text>, field: &str, names: &[&'static str]) -> Option<&'static str> {
        let Text(given) = member?;
        let found = names.iter().find(|name| **name == given).copied();
        if found.is_none() {
            let constraint = format!("Member must satisfy enum value set: [{}]", names.join(", "));
            self.constraints.breaks(&given, field, &constraint);
        }
        found
    }

    /// One of these names, which must be there.
    pub(super) fn required_one_of(
        &mut self,
        member: Option<Text>,
        field: &str,
        names: &[&'static str],
    ) -> &'static str {
        if member.is_none() {
            self.constraints.is_null(field);
        }
        self.one_of(member, field, names).unwrap_or_default()
    }

    /// One of a closed set of names that must be there; `instead` stands for it where it is not, until the checks end.
    pub(super) fn required_choice<T: Choice>(&mut self, member: Option<Text>, field: &str, instead: T) -> T {
        if member.is_none() {
            self.constraints.is_null(field);
        }
        self.choice_if_any(member, field).unwrap_or(instead)
    }

    /// An ARN of something that is no table.
    pub(super) fn arn(&mut self, member: Option<Text>, field: &str) -> String {
        let arn = self.required(text(member), field);
        self.check_arn(Some(arn.as_str()).filter(|arn| !arn.is_empty()), field);
        arn
    }

    /// As [`arn`](Self::arn), where there may be none.
    pub(super) fn check_arn(&mut self, arn: Option<&str>, field: &str) {
        self.length(arn, field, (37, 1024));
    }

    /// A pattern that a text must satisfy, if there is one. `matches` tells whether it does.
    pub(super) fn pattern(&mut self, text: Option<&str>, field: &str, matches: fn(&str) -> bool, pattern: &str) {
        if let Some(text) = text.filter(|text| !matches(text)) {
            self.breaks(text, field, &format!("Member must satisfy regular expression pattern: {pattern}"));
        }
    }

    /// `field` holds `value` and breaks `constraint`.
    pub(super) fn breaks(&mut self, value: impl Display, field: &str, constraint: &str) {
        self.constraints.breaks(value, field, constraint);
    }

    /// Bounds of a number, if there is one.
    pub(super) fn between(&mut self, number: Option<i64>, field: &str, bounds: RangeInclusive<i64>) {
        if let Some(number) = number {
            self.constraints.between(number, field, *bounds.start(), *bounds.end());
        }
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// All that was found.
    pub(super) fn finish(self) -> Result<(), Failure> {
        self.table_name.map_or(Ok(()), Err)?;
        if let Some(alone) = self.alone {
            return Err(Failure::validation(format!("1 validation error detected: {alone}")));
        }
        Ok(self.constraints.finish()?)
    }
}

/// UPDATE_NEW is the service's own slip.
const RETURN_VALUES: &str = "Failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, \
                             ALL_NEW, UPDATE_NEW, NONE]";

fn is_unknown<T>(member: Option<&Text>, from_name: fn(&str) -> Option<T>) -> bool {
    member.is_some_and(|Text(name)| from_name(name).is_none())
}

/// A closed set of names.
pub(super) trait Choice: Sized {
    const NAMES: &'static [&'static str];

    fn from_name(name: &str) -> Option<Self>;
}

macro_rules! choices {
    ($($name:ident),* $(,)?) => {$(
        impl Choice for $name {
            const NAMES: &'static [&'static str] = $name::NAMES;

            fn from_name(name: &str) -> Option<Self> {
                $name::from_name(name)
            }
        }
    )*};
}
choices!(
    ApproximateCreationDateTimePrecision,
    AttributeAction,
    BackupTypeFilter,
    BillingMode,
    ComparisonOperator,
    ConditionalOperator,
    ContributorInsightsAction,
    ContributorInsightsMode,
    KeyType,
    ProjectionType,
    ReturnConsumedCapacity,
    ReturnItemCollectionMetrics,
    ReturnValues,
    ReturnValuesOnConditionCheckFailure,
    ScalarAttributeType,
    Select,
    ShardFilterType,
    ShardIteratorType,
    SseType,
    StreamViewType,
    TableClass,
);

/// A table name in the requests on tables, which say that it is missing in their own way.
pub(super) fn table_name(member: Option<Text>) -> Result<String, Failure> {
    let missing = "The parameter 'TableName' is required but was not present in the request";
    member.map(|text| text.0).ok_or_else(|| Failure::validation(missing))
}

/// Names that stand for `#name`.
pub(super) fn names(member: Option<Map<Text>>) -> Option<BTreeMap<String, String>> {
    member.map(|Map(names)| names.into_iter().map(|(alias, name)| (alias, name.0)).collect())
}

/// Values that stand for `:name`.
pub(super) fn values(member: Option<Attributes>) -> Result<Option<Item>, Failure> {
    member.map(Attributes::expression_values).transpose()
}

/// Values that stand for the `?` of a statement.
pub(super) fn parameters(member: Option<List<Attribute>>) -> Result<Option<Vec<AttributeValue>>, Failure> {
    member.map(|List(values)| values.into_iter().map(Attribute::value).collect()).transpose()
}

pub(super) fn text(member: Option<Text>) -> Option<String> {
    member.map(|text| text.0)
}

pub(super) fn flag(member: Option<Flag>) -> Option<bool> {
    member.map(|flag| flag.0)
}

pub(super) fn list<T>(member: Option<List<T>>) -> Vec<T> {
    member.map(|list| list.0).unwrap_or_default()
}
