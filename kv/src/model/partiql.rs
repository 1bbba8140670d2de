//! Requests and outputs of the operations that take PartiQL statements.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html>

use super::{BatchStatementErrorCode, ConsumedCapacity, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use crate::value::{AttributeValue, Item};

/// Does what a statement says: reads a page of items, or changes one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExecuteStatementRequest {
    /// The statement, 1 to 8,192 characters.
    pub statement: String,
    /// A value for each `?` of the statement, in their order; not empty if given.
    pub parameters: Option<Vec<AttributeValue>>,
    /// Accepted for its capacity cost, as every read is strongly consistent; refused on a global index.
    pub consistent_read: bool,
    /// `next_token` of the page before, of the same statement with the same parameters.
    pub next_token: Option<String>,
    /// The most items to evaluate, at least 1. A page also ends at 1 MB of evaluated items.
    pub limit: Option<i64>,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
    /// What a failed condition gives back.
    pub return_values_on_condition_check_failure: ReturnValuesOnConditionCheckFailure,
}

/// What [`ExecuteStatementRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ExecuteStatementOutput {
    /// The items of a read, or what the `RETURNING` clause of a write asks for.
    pub items: Vec<Item>,
    /// Where to go on; `None` after the last page. A page may be empty and still have it.
    pub next_token: Option<String>,
    /// The key of the last item that was evaluated, if there may be more after it.
    pub last_evaluated_key: Option<Item>,
    /// Consumed capacity, if asked for.
    pub consumed_capacity: Option<ConsumedCapacity>,
}

/// One statement of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchStatementRequest {
    /// The statement, 1 to 8,192 characters. A read names the whole primary key and nothing else.
    pub statement: String,
    /// A value for each `?` of the statement, in their order; not empty if given.
    pub parameters: Option<Vec<AttributeValue>>,
    /// Accepted for its capacity cost; every read is strongly consistent.
    pub consistent_read: bool,
    /// What a failed condition gives back, in [`BatchStatementError::item`].
    pub return_values_on_condition_check_failure: ReturnValuesOnConditionCheckFailure,
}

/// Does what 1 to 25 statements say, all of them reads or all of them writes. One that fails does not hinder the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchExecuteStatementRequest {
    /// The statements.
    pub statements: Vec<BatchStatementRequest>,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

/// What [`BatchExecuteStatementRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BatchExecuteStatementOutput {
    /// One for each statement, in their order.
    pub responses: Vec<BatchStatementResponse>,
    /// Consumed capacity of each table, if asked for.
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
}

/// What came of one statement of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BatchStatementResponse {
    /// Why it failed, if it did.
    pub error: Option<BatchStatementError>,
    /// The table, unless the statement was refused before it got there.
    pub table_name: Option<String>,
    /// The item that was read, or what the `RETURNING` clause asks for; `None` if there is none.
    pub item: Option<Item>,
}

/// Why a statement of a batch failed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BatchStatementError {
    /// The service's name of the fault.
    pub code: BatchStatementErrorCode,
    /// The service's text.
    pub message: String,
    /// The item on which the condition failed, if asked for.
    pub item: Option<Item>,
}

/// One statement of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct ParameterizedStatement {
    /// The statement, 1 to 8,192 characters. A read names the whole primary key and nothing else.
    pub statement: String,
    /// A value for each `?` of the statement, in their order; not empty if given.
    pub parameters: Option<Vec<AttributeValue>>,
    /// What a failed condition gives back, in the [`CancellationReason`](super::CancellationReason).
    pub return_values_on_condition_check_failure: ReturnValuesOnConditionCheckFailure,
}

/// Does what 1 to 100 statements say, all or nothing; all of them are reads, or all of them writes, among which may be
/// `EXISTS(SELECT ...)`. No two may name the same item, and the items may have 4 MB together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExecuteTransactionRequest {
    /// The statements; their conditions are all evaluated on what was there before the transaction.
    pub transact_statements: Vec<ParameterizedStatement>,
    /// For ten minutes a request with this token and the same statements succeeds without doing them again. 1 to 36
    /// characters.
    pub client_request_token: Option<String>,
    /// Whether consumed capacity is reported.
    pub return_consumed_capacity: ReturnConsumedCapacity,
}

/// What [`ExecuteTransactionRequest`] gives back.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ExecuteTransactionOutput {
    /// The found items or the asked parts of them, in the order of the statements; empty for writes.
    pub responses: Vec<Option<Item>>,
    /// Consumed capacity of each table, if asked for.
    pub consumed_capacity: Option<Vec<ConsumedCapacity>>,
}
