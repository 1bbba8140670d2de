//! Requests and outputs of the transactions.

use std::collections::BTreeMap;

use super::{
    CancellationCode, ConsumedCapacity, DeleteItemRequest, GetItemRequest, ItemCollectionMetrics, PutItemRequest,
    ReturnConsumedCapacity, ReturnItemCollectionMetrics, ReturnValuesOnConditionCheckFailure, UpdateItemRequest,
};
use crate::value::{AttributeValue, Item};

/// A condition on an item that a transaction does not change.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct ConditionCheck {
    /// Name or ARN of the table.
    pub table_name: String,
    /// The primary key, nothing else.
    pub key: Item,
    /// Must hold for the present item (or its absence).
    pub condition_expression: String,
    /// Names that stand for `#name` in the expression.
    pub expression_attribute_names: Option<BTreeMap<String, String>>,
    /// Values that stand for `:name` in the expression.
    pub expression_attribute_values: Option<BTreeMap<String, AttributeValue>>,
    /// What a failed condition gives back.
    pub return_values_on_condition_check_failure: ReturnValuesOnConditionCheckFailure,
}

/// One action of a transaction. Of what the requests ask back only a failed condition's item is given, in the
/// [`CancellationReason`].
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum TransactWriteItem {
    /// Checks a condition.
    ConditionCheck(ConditionCheck),
    /// Creates or replaces an item.
    Put(PutItemRequest),
    /// Deletes an item.
    Delete(DeleteItemRequest),
    /// Changes attributes of an item; the update expression is required.
    Update(UpdateItemRequest),
}

/// Up to 100 writes and checks in one or more tables: all of them happen, or none. No two may name the same item, and the
/// items may have 4 MB together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactWriteItemsRequest {
    /// The actions; their conditions are all evaluated on what was there before the transaction.
    pub transact_items: Vec<TransactWriteItem>,
    /// For ten minutes a request with this token and the same actions succeeds without doing them again. 1 to 36
    /// characters.
    pub client_request_token: Option<String>,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
    /// Whether item collection sizes are reported.
    pub return_item_collection_metrics: ReturnItemCollectionMetrics,
}

/// What [`TransactWriteItemsRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TransactWriteItemsOutput {
    /// Consumed capacity of each table, if asked for.
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
    /// Item collection sizes by table, if asked for and the tables have collections.
    pub item_collection_metrics: Option<BTreeMap<String, Vec<ItemCollectionMetrics>>>,
}

/// Reads up to 100 items of one or more tables, as one moment saw them; they may have 4 MB together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactGetItemsRequest {
    /// The reads. Their own wish for capacity and consistency counts for nothing.
    pub transact_items: Vec<GetItemRequest>,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

/// What [`TransactGetItemsRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TransactGetItemsOutput {
    /// The found items or the asked parts of them, in the order of the request.
    pub responses: Vec<Option<Item>>,
    /// Consumed capacity of each table, if asked for.
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
}

/// What one action contributed to the cancellation of its transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct CancellationReason {
    /// `None` for an action that could have been done.
    pub code: CancellationCode,
    /// The service's text, unless the code is `None`.
    pub message: Option<String>,
    /// The item on which the condition failed, if the action asked for it.
    pub item: Option<Item>,
}

impl CancellationReason {
    /// The action could have been done.
    pub(crate) const NONE: CancellationReason =
        CancellationReason { code: CancellationCode::None, message: None, item: None };
}
