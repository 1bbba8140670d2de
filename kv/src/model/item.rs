//! Requests and outputs of the operations on one item.

use std::collections::BTreeMap;

use super::{
    AttributeValueUpdate, ConditionalOperator, ConsumedCapacity, ExpectedAttributeValue, ReturnConsumedCapacity,
    ReturnItemCollectionMetrics, ReturnValues, ReturnValuesOnConditionCheckFailure,
};
use crate::value::{AttributeValue, Item};

/// The size of the collection of items under one partition key; only tables with local secondary indexes report it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ItemCollectionMetrics {
    /// The partition key of the collection.
    pub item_collection_key: Item,
    /// Lower and upper estimate, in gigabytes.
    pub size_estimate_range_gb: Vec<f64>,
}

/// Creates an item or replaces the whole of it.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct PutItemRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The item, its key attributes included; at most 400 KB.
    pub item: Item,
    /// Must hold for the present item (or its absence), or nothing is written.
    pub condition_expression: Option<String>,
    /// In the place of `condition_expression`: what attributes must be like.
    pub expected: Option<BTreeMap<String, ExpectedAttributeValue>>,
    /// How `expected` is joined.
    pub conditional_operator: Option<ConditionalOperator>,
    /// Names that stand for `#name` in expressions.
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    /// Values that stand for `:name` in expressions.
    pub expression_attribute_values: Option<BTreeMap<String, AttributeValue>>,
    /// `None` or `AllOld`.
    pub return_values: ReturnValues,
    /// What a failed condition gives back.
    pub return_values_on_condition_check_failure: ReturnValuesOnConditionCheckFailure,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
    /// Whether item collection sizes are reported.
    pub return_item_collection_metrics: ReturnItemCollectionMetrics,
}

/// What [`PutItemRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PutItemOutput {
    /// The replaced item, if asked for and there was one.
    pub attributes: Option<Item>,
    /// Consumed capacity, if asked for.
    pub consumed_capacity: Option<ConsumedCapacity>,
    /// Item collection sizes, if asked for and the table has collections.
    pub item_collection_metrics: Option<ItemCollectionMetrics>,
}

/// Reads one item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GetItemRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The primary key, nothing else.
    pub key: Item,
    /// Accepted for its capacity cost; every read is strongly consistent.
    pub consistent_read: bool,
    /// The parts of the item to return; all if absent.
    pub projection_expression: Option<String>,
    /// In the place of `projection_expression`: the top-level attributes to return.
    pub attributes_to_get: Option<Vec<String>>,
    /// Names that stand for `#name` in expressions.
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

/// What [`GetItemRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct GetItemOutput {
    /// The item or the asked parts of it; `None` if there is no such item.
    pub item: Option<Item>,
    /// Consumed capacity, if asked for.
    pub consumed_capacity: Option<ConsumedCapacity>,
}

/// Changes attributes of one item, creating it if it is missing.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct UpdateItemRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The primary key, nothing else.
    pub key: Item,
    /// What to change; without it an item of the key alone is created if none exists.
    pub update_expression: Option<String>,
    /// In the place of `update_expression`: what becomes of top-level attributes.
    pub attribute_updates: Option<BTreeMap<String, AttributeValueUpdate>>,
    /// Must hold for the present item (or its absence), or nothing is written.
    pub condition_expression: Option<String>,
    /// In the place of `condition_expression`: what attributes must be like.
    pub expected: Option<BTreeMap<String, ExpectedAttributeValue>>,
    /// How `expected` is joined.
    pub conditional_operator: Option<ConditionalOperator>,
    /// Names that stand for `#name` in expressions.
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    /// Values that stand for `:name` in expressions.
    pub expression_attribute_values: Option<BTreeMap<String, AttributeValue>>,
    /// Which image is given back.
    pub return_values: ReturnValues,
    /// What a failed condition gives back.
    pub return_values_on_condition_check_failure: ReturnValuesOnConditionCheckFailure,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
    /// Whether item collection sizes are reported.
    pub return_item_collection_metrics: ReturnItemCollectionMetrics,
}

/// What [`UpdateItemRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct UpdateItemOutput {
    /// The asked image; `None` if it was not asked for or would be empty.
    pub attributes: Option<Item>,
    /// Consumed capacity, if asked for.
    pub consumed_capacity: Option<ConsumedCapacity>,
    /// Item collection sizes, if asked for and the table has collections.
    pub item_collection_metrics: Option<ItemCollectionMetrics>,
}

/// Deletes one item; deleting a missing item is no error.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct DeleteItemRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The primary key, nothing else.
    pub key: Item,
    /// Must hold for the present item (or its absence), or nothing is deleted.
    pub condition_expression: Option<String>,
    /// In the place of `condition_expression`: what attributes must be like.
    pub expected: Option<BTreeMap<String, ExpectedAttributeValue>>,
    /// How `expected` is joined.
    pub conditional_operator: Option<ConditionalOperator>,
    /// Names that stand for `#name` in expressions.
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    /// Values that stand for `:name` in expressions.
    pub expression_attribute_values: Option<BTreeMap<String, AttributeValue>>,
    /// `None` or `AllOld`.
    pub return_values: ReturnValues,
    /// What a failed condition gives back.
    pub return_values_on_condition_check_failure: ReturnValuesOnConditionCheckFailure,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
    /// Whether item collection sizes are reported.
    pub return_item_collection_metrics: ReturnItemCollectionMetrics,
}

/// What [`DeleteItemRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DeleteItemOutput {
    /// The deleted item, if asked for and there was one.
    pub attributes: Option<Item>,
    /// Consumed capacity, if asked for.
    pub consumed_capacity: Option<ConsumedCapacity>,
    /// Item collection sizes, if asked for and the table has collections.
    pub item_collection_metrics: Option<ItemCollectionMetrics>,
}
