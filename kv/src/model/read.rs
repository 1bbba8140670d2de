//! Requests and outputs of the reads of many items.

use std::collections::BTreeMap;

use super::{Condition, ConditionalOperator, ConsumedCapacity, ReturnConsumedCapacity, Select};
use crate::value::{AttributeValue, Item};

/// Reads items of one partition key in order of their sort key, a page at a time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The index to read instead of the table.
    pub index_name: Option<String>,
    /// The partition key and, optionally, a range of the sort key. Required, here or as `key_conditions`.
    pub key_condition_expression: Option<String>,
    /// In the place of `key_condition_expression`.
    pub key_conditions: Option<BTreeMap<String, Condition>>,
    /// Which of the read items to return; does not lower the capacity consumed.
    pub filter_expression: Option<String>,
    /// In the place of `filter_expression`: what attributes must be like.
    pub query_filter: Option<BTreeMap<String, Condition>>,
    /// How that is joined.
    pub conditional_operator: Option<ConditionalOperator>,
    /// The parts of the items to return; all if absent.
    pub projection_expression: Option<String>,
    /// In the place of `projection_expression`: the top-level attributes to return.
    pub attributes_to_get: Option<Vec<String>>,
    /// Names that stand for `#name` in expressions.
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    /// Values that stand for `:name` in expressions.
    pub expression_attribute_values: Option<BTreeMap<String, AttributeValue>>,
    /// The most items to evaluate, at least 1. A page also ends at 1 MB of evaluated items.
    pub limit: Option<i64>,
    /// Whether the sort key ascends; `None` is `true`.
    pub scan_index_forward: Option<bool>,
    /// `last_evaluated_key` of the page before.
    pub exclusive_start_key: Option<Item>,
    /// What to return of each item.
    pub select: Option<Select>,
    /// Accepted for its capacity cost; every read is strongly consistent.
    pub consistent_read: bool,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

/// A page of a query.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct QueryOutput {
    /// The items; `None` if only their count was asked for.
    pub items: Option<Vec<Item>>,
    /// How many items passed the filter.
    pub count: usize,
    /// How many items were evaluated.
    pub scanned_count: usize,
    /// Where to go on; `None` after the last page. A page may be empty and still have it.
    pub last_evaluated_key: Option<Item>,
    /// Consumed capacity, if asked for.
    pub consumed_capacity: Option<ConsumedCapacity>,
}

/// Reads all items of a table, or of one segment of it, a page at a time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScanRequest {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The index to read instead of the table.
    pub index_name: Option<String>,
    /// Which of the read items to return; does not lower the capacity consumed.
    pub filter_expression: Option<String>,
    /// In the place of `filter_expression`: what attributes must be like.
    pub scan_filter: Option<BTreeMap<String, Condition>>,
    /// How that is joined.
    pub conditional_operator: Option<ConditionalOperator>,
    /// The parts of the items to return; all if absent.
    pub projection_expression: Option<String>,
    /// In the place of `projection_expression`: the top-level attributes to return.
    pub attributes_to_get: Option<Vec<String>>,
    /// Names that stand for `#name` in expressions.
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    /// Values that stand for `:name` in expressions.
    pub expression_attribute_values: Option<BTreeMap<String, AttributeValue>>,
    /// The most items to evaluate, at least 1. A page also ends at 1 MB of evaluated items.
    pub limit: Option<i64>,
    /// Which segment to read, from 0; together with `total_segments`.
    pub segment: Option<i64>,
    /// Into how many segments, 1 to 1,000,000, the table is divided.
    pub total_segments: Option<i64>,
    /// `last_evaluated_key` of the page before.
    pub exclusive_start_key: Option<Item>,
    /// What to return of each item.
    pub select: Option<Select>,
    /// Accepted for its capacity cost; every read is strongly consistent.
    pub consistent_read: bool,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

/// A page of a scan.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ScanOutput {
    /// The items; `None` if only their count was asked for.
    pub items: Option<Vec<Item>>,
    /// How many items passed the filter.
    pub count: usize,
    /// How many items were evaluated.
    pub scanned_count: usize,
    /// Where to go on; `None` after the last page. A page may be empty and still have it.
    pub last_evaluated_key: Option<Item>,
    /// Consumed capacity, if asked for.
    pub consumed_capacity: Option<ConsumedCapacity>,
}
