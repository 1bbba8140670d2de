//! The interface that is shaped like MongoDB's driver for Rust: databases, collections typed over serde, and what their
//! operations take and give.

mod collation;
mod collection;
mod cursor;
mod database;
mod index_model;
mod results;
mod write_model;

pub use collation::{
    Collation, CollationAlternate, CollationCaseFirst, CollationMaxVariable, CollationStrength, ReturnDocument,
};
pub use collection::Collection;
pub use cursor::Cursor;
pub use database::Database;
pub use index_model::{IndexModel, IndexOptions};
pub use results::{
    CreateIndexResult, CreateIndexesResult, DeleteResult, InsertManyResult, InsertOneResult, SummaryBulkWriteResult,
    UpdateResult, VerboseBulkWriteResult,
};
pub use write_model::{
    DeleteManyModel, DeleteOneModel, InsertOneModel, ReplaceOneModel, UpdateManyModel, UpdateOneModel, WriteModel,
};

use crate::{error::Result, model::Namespace};

/// The name of a collection before it is checked, which is when an operation runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) database: Box<str>,
    pub(crate) collection: Box<str>,
}

impl Name {
    pub(crate) fn namespace(&self) -> Result<Namespace> {
        Namespace::new(&self.database, &self.collection)
    }
}
