//! What callers ask for and get: plain types, in the vocabulary of MongoDB's commands. Filters, pipelines and what else
//! the query language is written in stay raw BSON.

mod collection;
mod namespace;
mod read;
mod write;

pub use collection::{
    Capped, CollectionInfo, CollectionKind, CollectionStatistics, CreateCollection, CreateIndexes, DatabaseInfo,
    DatabaseStatistics, IndexChange, IndexInfo, IndexSelection, ModifyCollection, Validated, Validation,
    ValidationAction, ValidationLevel, ViewDefinition,
};
pub use namespace::Namespace;
pub(crate) use namespace::check_database;
pub use read::{Aggregate, Count, Distinct, Find, Hint, Tailable, Verbosity};
pub use write::{
    BulkWrite, BulkWriteReply, BulkWriteResult, BulkWriteStatement, Delete, DeleteReply, DeleteStatement,
    FindAndModify, FindAndModifyReply, Insert, InsertReply, Modification, Retry, Update, UpdateReply, UpdateStatement,
    Upserted, WriteError,
};
