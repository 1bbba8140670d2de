//! The parameters from before expressions, which the service still takes.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html>

use super::{AttributeAction, ComparisonOperator};
use crate::value::AttributeValue;

/// What an attribute must be like: of a key, or for an item to pass a filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// How it is compared.
    pub comparison_operator: ComparisonOperator,
    /// What with: as many values as the operator takes.
    pub attribute_value_list: Vec<AttributeValue>,
}

/// What an attribute must be like for a write to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExpectedAttributeValue {
    /// The value that it must have; with `comparison_operator`, what it is compared with.
    pub value: Option<AttributeValue>,
    /// Whether it must be there; `None` is `true`, with `value`.
    pub exists: Option<bool>,
    /// How it is compared.
    pub comparison_operator: Option<ComparisonOperator>,
    /// What with, where that is not one `value`.
    pub attribute_value_list: Option<Vec<AttributeValue>>,
}

/// What becomes of an attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AttributeValueUpdate {
    /// What is put, added or taken away; only a deletion may do without.
    pub value: Option<AttributeValue>,
    /// What is done.
    pub action: AttributeAction,
}
