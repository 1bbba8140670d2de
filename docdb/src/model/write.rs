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
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/insert/>.
#[derive(Debug, Clone, Default)]
pub struct Insert {
    /// Documents without `_id` get one, in front.
    pub documents: Vec<RawDocumentBuf>,
    /// Go on after a document that cannot be inserted.
    pub unordered: bool,
    /// Write what the validator would refuse.
    pub bypass_document_validation: bool,
    /// What makes it one that is done once.
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
pub struct UpdateStatement {
    /// What documents must match.
    pub filter: RawDocumentBuf,
    /// What becomes of them.
    pub update: UpdateModifications,
    /// `c`: constants of a pipeline.
    pub constants: Option<RawDocumentBuf>,
    /// All that match, or one.
    pub multi: bool,
    /// Insert a document if none matches.
    pub upsert: bool,
    /// Which items of arrays `$[name]` stands for: a filter for each name.
    pub array_filters: Vec<RawDocumentBuf>,
    /// Which one to update, if not `multi`.
    pub sort: Option<RawDocumentBuf>,
    /// Which index to use.
    pub hint: Option<Hint>,
    /// How strings are compared, in the place of the collection's collation.
    pub collation: Option<RawDocumentBuf>,
}

/// An `update`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/update/>.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// The statements, one after the other.
    pub statements: Vec<UpdateStatement>,
    /// Go on after a statement that fails.
    pub unordered: bool,
    /// Write what the validator would refuse.
    pub bypass_document_validation: bool,
    /// `let`: variables, to be used as `$$name`, with constant expressions.
    pub variables: Option<RawDocumentBuf>,
    /// What makes it one that is done once. Not for statements on many documents.
    pub retry: Option<Retry>,
    /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long; `None` and zero are no limit.
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
pub struct DeleteStatement {
    /// What documents must match.
    pub filter: RawDocumentBuf,
    /// One document, or all that match.
    pub multi: bool,
    /// Which index to use.
    pub hint: Option<Hint>,
    /// How strings are compared, in the place of the collection's collation.
    pub collation: Option<RawDocumentBuf>,
}

/// A `delete`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/delete/>.
#[derive(Debug, Clone, Default)]
pub struct Delete {
    /// The statements, one after the other.
    pub statements: Vec<DeleteStatement>,
    /// Go on after a statement that fails.
    pub unordered: bool,
    /// `let`: variables, to be used as `$$name`, with constant expressions.
    pub variables: Option<RawDocumentBuf>,
    /// What makes it one that is done once. Not for statements on many documents.
    pub retry: Option<Retry>,
    /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long; `None` and zero are no limit.
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
pub enum Modification {
    /// Deletes it.
    Remove,
    /// Updates it, or inserts one.
    Update {
        /// What becomes of it.
        update: UpdateModifications,
        /// Which items of arrays `$[name]` stands for: a filter for each name.
        array_filters: Vec<RawDocumentBuf>,
        /// Insert a document if none matches.
        upsert: bool,
        /// Answer with the document after, not before.
        return_new: bool,
    },
}

/// A `findAndModify`.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/findAndModify/>.
#[derive(Debug, Clone)]
pub struct FindAndModify {
    /// What the document must match.
    pub filter: RawDocumentBuf,
    /// Which document: the first in this order.
    pub sort: Option<RawDocumentBuf>,
    /// What is done to it.
    pub modification: Modification,
    /// Which fields of the document are shown.
    pub projection: Option<RawDocumentBuf>,
    /// Which index to use.
    pub hint: Option<Hint>,
    /// How strings are compared, in the place of the collection's collation.
    pub collation: Option<RawDocumentBuf>,
    /// `let`: variables, to be used as `$$name`, with constant expressions.
    pub variables: Option<RawDocumentBuf>,
    /// Write what the validator would refuse.
    pub bypass_document_validation: bool,
    /// What makes it one that is done once.
    pub retry: Option<Retry>,
    /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long; `None` and zero are no limit.
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
pub enum BulkWriteStatement {
    /// An insert of one document.
    Insert {
        /// Where.
        namespace: Namespace,
        /// The document. Without `_id` it gets one, in front.
        document: RawDocumentBuf,
    },
    /// An update of one document or of many.
    Update {
        /// Where.
        namespace: Namespace,
        /// What is done.
        update: UpdateStatement,
    },
    /// A delete of one document or of many.
    Delete {
        /// Where.
        namespace: Namespace,
        /// What is deleted.
        delete: DeleteStatement,
    },
}

/// A `bulkWrite`: statements on several collections.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/command/bulkWrite/>.
#[derive(Debug, Clone, Default)]
pub struct BulkWrite {
    /// The statements, one after the other.
    pub statements: Vec<BulkWriteStatement>,
    /// Go on after a statement that fails.
    pub unordered: bool,
    /// Write what validators would refuse.
    pub bypass_document_validation: bool,
    /// `let`: variables, to be used as `$$name`, with constant expressions.
    pub variables: Option<RawDocumentBuf>,
    /// What makes it one that is done once.
    pub retry: Option<Retry>,
    /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long; `None` and zero are no limit.
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
