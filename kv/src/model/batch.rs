//! Requests and outputs of the batches.

use std::collections::BTreeMap;

use super::{ConsumedCapacity, ItemCollectionMetrics, ReturnConsumedCapacity, ReturnItemCollectionMetrics};
use crate::value::Item;

/// The items of one table to read in a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeysAndAttributes {
    /// Primary keys, each once.
    pub keys: Vec<Item>,
    /// Accepted for its capacity cost; every read is strongly consistent.
    pub consistent_read: bool,
    /// The parts of the items to return; all if absent.
    pub projection_expression: Option<String>,
    /// In the place of `projection_expression`: the top-level attributes to return.
    pub attributes_to_get: Option<Vec<String>>,
    /// Names that stand for `#name` in the projection.
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
}

/// Reads up to 100 items of one or more tables, as one moment saw them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchGetItemRequest {
    /// What to read, by the name or ARN of the table.
    pub request_items: BTreeMap<String, KeysAndAttributes>,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

/// What [`BatchGetItemRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BatchGetItemOutput {
    /// The found items by table, under the names of the request; every requested table is there.
    pub responses: BTreeMap<String, Vec<Item>>,
    /// What did not fit into 16 MB, or what there was no capacity for: ask again with it. Empty if all was read.
    pub unprocessed_keys: BTreeMap<String, KeysAndAttributes>,
    /// Consumed capacity of each table, if asked for.
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
}

/// One change of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteRequest {
    /// Creates or replaces an item.
    Put {
        /// The item, its key attributes included.
        item: Item,
    },
    /// Deletes an item.
    Delete {
        /// The primary key.
        key: Item,
    },
}

/// Puts and deletes up to 25 items of one or more tables. All of them are written, or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchWriteItemRequest {
    /// What to write, by the name or ARN of the table.
    pub request_items: BTreeMap<String, Vec<WriteRequest>>,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
    /// Whether item collection sizes are reported.
    pub return_item_collection_metrics: ReturnItemCollectionMetrics,
}

/// What [`BatchWriteItemRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BatchWriteItemOutput {
    /// What there was no capacity for, where throttling was asked for: ask again with it. Else empty: a batch is one commit.
    pub unprocessed_items: BTreeMap<String, Vec<WriteRequest>>,
    /// Consumed capacity of each table, if asked for.
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
    /// Item collection sizes by table, if asked for and the tables have collections.
    pub item_collection_metrics: Option<BTreeMap<String, Vec<ItemCollectionMetrics>>>,
}
