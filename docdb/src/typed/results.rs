//! What operations answer.

use std::collections::HashMap;

use bson::Bson;

/// The answer to an insert of one document.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct InsertOneResult {
    /// The document's `_id`.
    pub inserted_id: Bson,
}

/// The answer to an insert of many documents.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct InsertManyResult {
    /// The documents' `_id`s, by their places from 0.
    pub inserted_ids: HashMap<usize, Bson>,
}

/// The answer to an update or a replacement.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct UpdateResult {
    /// How many documents matched; an upsert's insert is not counted.
    pub matched_count: u64,
    /// How many were changed by it.
    pub modified_count: u64,
    /// The `_id` of the document that an upsert inserted.
    pub upserted_id: Option<Bson>,
}

/// The answer to a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DeleteResult {
    /// How many documents were deleted.
    pub deleted_count: u64,
}

/// The answer to a new index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CreateIndexResult {
    /// Its name.
    pub index_name: String,
}

/// The answer to new indexes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CreateIndexesResult {
    /// Their names.
    pub index_names: Vec<String>,
}

/// What writes on several collections did, all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SummaryBulkWriteResult {
    /// How many documents were inserted; upserts are counted apart.
    pub inserted_count: u64,
    /// How many documents matched updates.
    pub matched_count: u64,
    /// How many documents were changed by updates.
    pub modified_count: u64,
    /// How many documents upserts inserted.
    pub upserted_count: u64,
    /// How many documents were deleted.
    pub deleted_count: u64,
}

/// What writes on several collections did, each by its place from 0.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct VerboseBulkWriteResult {
    /// All together.
    pub summary: SummaryBulkWriteResult,
    /// The inserts.
    pub insert_results: HashMap<usize, InsertOneResult>,
    /// The updates and replacements.
    pub update_results: HashMap<usize, UpdateResult>,
    /// The deletes.
    pub delete_results: HashMap<usize, DeleteResult>,
}
