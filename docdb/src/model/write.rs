//! What writing commands are asked, and what they answer.

use std::time::Duration;

use bson::{RawBson, RawDocumentBuf};

use crate::{
    error::Error,
    model::{Hint, Namespace},
    update::UpdateModifications,
};

/// What makes a write retryable: the same session, transaction number and statement are done once, however often they are
/// asked for. What they answered is kept in the commit of the write.
///
/// Source: <https://www.mongodb.com/docs/manual/core/retryable-writes/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The session's `lsid`, as its bytes: the id, and the digest of the user if there is one.
    pub session: Vec<u8>,
    /// `txnNumber`.
    pub transaction: i64,
    /// `stmtIds`; by default they count from 0.
    pub statements: Option<Vec<i32>>,
}

/// An `insert`.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct Insert {
    /// Documents without `_id` get one, in front.
    pub documents: Vec<RawDocumentBuf>,
    /// Go on after a document that cannot be inserted.
    pub unordered: bool,
    pub bypass_document_validation: bool,
    pub retry: Option<Retry>,
}

/// A statement that failed.
#[derive(Debug)]
pub struct WriteError {
    /// Which statement, from 0.
    pub index: usize,
    /// Why.
    pub error: Error,
}

/// The answer to an [`Insert`].
#[derive(Debug, Default)]
pub struct InsertReply {
    /// How many were inserted.
    pub inserted: u64,
    /// Those that were not.
    pub errors: Vec<WriteError>,
    /// The statements that had been done before.
    pub retried: Vec<i32>,
}

/// One statement of an `update`.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct UpdateStatement {
    pub filter: RawDocumentBuf,
    pub update: UpdateModifications,
    /// `c`: constants of a pipeline.
    pub constants: Option<RawDocumentBuf>,
    pub multi: bool,
    pub upsert: bool,
    pub array_filters: Vec<RawDocumentBuf>,
    /// Which one to update, if not `multi`.
    pub sort: Option<RawDocumentBuf>,
    pub hint: Option<Hint>,
    pub collation: Option<RawDocumentBuf>,
}

/// An `update`.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct Update {
    pub statements: Vec<UpdateStatement>,
    pub unordered: bool,
    pub bypass_document_validation: bool,
    /// `let`.
    pub variables: Option<RawDocumentBuf>,
    pub retry: Option<Retry>,
    pub max_time: Option<Duration>,
}

/// A document that an upsert inserted.
#[derive(Debug, Clone, PartialEq)]
pub struct Upserted {
    /// Which statement, from 0.
    pub index: usize,
    /// The `_id` of the document.
    pub id: RawBson,
}

/// The answer to an [`Update`].
#[derive(Debug, Default)]
pub struct UpdateReply {
    /// How many documents matched; upserts are not counted.
    pub matched: u64,
    /// How many were changed by it.
    pub modified: u64,
    /// What was inserted.
    pub upserted: Vec<Upserted>,
    /// The statements that failed.
    pub errors: Vec<WriteError>,
    /// The statements that had been done before.
    pub retried: Vec<i32>,
}

/// One statement of a `delete`.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct DeleteStatement {
    pub filter: RawDocumentBuf,
    /// One document, or all that match.
    pub multi: bool,
    pub hint: Option<Hint>,
    pub collation: Option<RawDocumentBuf>,
}

/// A `delete`.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct Delete {
    pub statements: Vec<DeleteStatement>,
    pub unordered: bool,
    /// `let`.
    pub variables: Option<RawDocumentBuf>,
    pub retry: Option<Retry>,
    pub max_time: Option<Duration>,
}

/// The answer to a [`Delete`].
#[derive(Debug, Default)]
pub struct DeleteReply {
    /// How many documents were deleted.
    pub deleted: u64,
    /// The statements that failed.
    pub errors: Vec<WriteError>,
    /// The statements that had been done before.
    pub retried: Vec<i32>,
}

/// What a `findAndModify` does to the document.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub enum Modification {
    /// Deletes it.
    Remove,
    /// Updates it, or inserts one.
    Update { update: UpdateModifications, array_filters: Vec<RawDocumentBuf>, upsert: bool, return_new: bool },
}

/// A `findAndModify`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/findAndModify/>.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct FindAndModify {
    pub filter: RawDocumentBuf,
    pub sort: Option<RawDocumentBuf>,
    pub modification: Modification,
    pub projection: Option<RawDocumentBuf>,
    pub hint: Option<Hint>,
    pub collation: Option<RawDocumentBuf>,
    /// `let`.
    pub variables: Option<RawDocumentBuf>,
    pub bypass_document_validation: bool,
    pub retry: Option<Retry>,
    pub max_time: Option<Duration>,
}

/// The answer to a [`FindAndModify`].
#[derive(Debug, Default)]
pub struct FindAndModifyReply {
    /// The document before or after.
    pub value: Option<RawDocumentBuf>,
    /// Whether there was a document.
    pub found: bool,
    /// The `_id` of the document that was inserted.
    pub upserted: Option<RawBson>,
    /// Whether it had been done before.
    pub retried: bool,
}

/// One statement of a `bulkWrite`.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub enum BulkWriteStatement {
    Insert { namespace: Namespace, document: RawDocumentBuf },
    Update { namespace: Namespace, update: UpdateStatement },
    Delete { namespace: Namespace, delete: DeleteStatement },
}

/// A `bulkWrite`: statements on several collections.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/bulkWrite/>.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the command, under its names")]
pub struct BulkWrite {
    pub statements: Vec<BulkWriteStatement>,
    pub unordered: bool,
    pub bypass_document_validation: bool,
    /// `let`.
    pub variables: Option<RawDocumentBuf>,
    pub retry: Option<Retry>,
    pub max_time: Option<Duration>,
}

/// The answer to a [`BulkWrite`]: one result for each statement that was tried, in their order.
#[derive(Debug, Default)]
pub struct BulkWriteReply {
    /// Where it failed, the error.
    pub results: Vec<Result<BulkWriteResult, Error>>,
    /// The statements that had been done before.
    pub retried: Vec<i32>,
}

/// What one statement of a [`BulkWrite`] did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BulkWriteResult {
    /// How many were inserted, matched or deleted.
    pub n: u64,
    /// Of an update, how many were changed.
    pub modified: Option<u64>,
    /// Of an upsert that inserted, the `_id`.
    pub upserted: Option<RawBson>,
}
