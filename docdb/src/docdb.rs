//! The service's handle: each method runs one operation of one file.

use bson::{RawBson, RawDocument, RawDocumentBuf};
use millpond_engine::{Engine, Transaction};

use crate::{
    cursor::RawCursor,
    error::{Code, Result, refuse},
    model::*,
};

/// The document store on an engine. Cheap to clone; all clones share one store.
#[derive(Debug, Clone)]
pub struct Docdb {
    engine: Engine,
}

fn later<T>() -> Result<T> {
    refuse(Code::INTERNAL_ERROR, "not built yet")
}

#[allow(missing_docs, unused_variables, clippy::missing_errors_doc)]
impl Docdb {
    /// Opens the service on an engine.
    pub fn open(engine: &Engine) -> Result<Docdb> {
        Ok(Docdb { engine: engine.clone() })
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    // Reading
    pub fn find(&self, namespace: &Namespace, find: &Find) -> Result<RawCursor> {
        later()
    }
    /// On a collection, or with `None` on the database (`aggregate: 1`).
    pub fn aggregate(&self, database: &str, collection: Option<&str>, aggregate: &Aggregate) -> Result<RawCursor> {
        later()
    }
    pub fn count(&self, namespace: &Namespace, count: &Count) -> Result<u64> {
        later()
    }
    pub fn distinct(&self, namespace: &Namespace, distinct: &Distinct) -> Result<Vec<RawBson>> {
        later()
    }
    /// The explanation of a command, given as the command itself: `{ find: …, filter: … }` (find, aggregate, count, distinct,
    /// update, delete, findAndModify). The answer has `queryPlanner`, `executionStats`, … but not `serverInfo`.
    pub fn explain_find(&self, namespace: &Namespace, find: &Find, verbosity: Verbosity) -> Result<RawDocumentBuf> {
        later()
    }
    pub fn explain_aggregate(
        &self,
        database: &str,
        collection: Option<&str>,
        aggregate: &Aggregate,
        verbosity: Verbosity,
    ) -> Result<RawDocumentBuf> {
        later()
    }
    pub fn explain_count(&self, namespace: &Namespace, count: &Count, verbosity: Verbosity) -> Result<RawDocumentBuf> {
        later()
    }
    pub fn explain_distinct(
        &self,
        namespace: &Namespace,
        distinct: &Distinct,
        verbosity: Verbosity,
    ) -> Result<RawDocumentBuf> {
        later()
    }
    pub fn explain_update(
        &self,
        namespace: &Namespace,
        update: &Update,
        verbosity: Verbosity,
    ) -> Result<RawDocumentBuf> {
        later()
    }
    pub fn explain_delete(
        &self,
        namespace: &Namespace,
        delete: &Delete,
        verbosity: Verbosity,
    ) -> Result<RawDocumentBuf> {
        later()
    }
    pub fn explain_find_and_modify(
        &self,
        namespace: &Namespace,
        command: &FindAndModify,
        verbosity: Verbosity,
    ) -> Result<RawDocumentBuf> {
        later()
    }

    // Writing. `Err` where the command as a whole is refused; what single statements fail with is in the reply.
    pub fn insert(&self, namespace: &Namespace, insert: Insert) -> Result<InsertReply> {
        later()
    }
    pub fn update(&self, namespace: &Namespace, update: &Update) -> Result<UpdateReply> {
        later()
    }
    pub fn delete(&self, namespace: &Namespace, delete: &Delete) -> Result<DeleteReply> {
        later()
    }
    pub fn find_and_modify(&self, namespace: &Namespace, command: &FindAndModify) -> Result<FindAndModifyReply> {
        later()
    }
    pub fn bulk_write(&self, bulk: &BulkWrite) -> Result<BulkWriteReply> {
        later()
    }

    // Collections and indexes
    pub fn create_collection(&self, namespace: &Namespace, create: &CreateCollection) -> Result<()> {
        later()
    }
    /// Whether it was there.
    pub fn drop_collection(&self, namespace: &Namespace) -> Result<Option<DroppedCollection>> {
        later()
    }
    pub fn drop_database(&self, database: &str) -> Result<bool> {
        later()
    }
    pub fn rename_collection(&self, from: &Namespace, to: &Namespace, drop_target: bool) -> Result<()> {
        later()
    }
    /// In alphabetical order.
    pub fn list_collections(&self, database: &str) -> Result<Vec<CollectionInfo>> {
        later()
    }
    pub fn list_databases(&self) -> Result<Vec<DatabaseInfo>> {
        later()
    }
    /// The old and new values of the options that changed, as `collMod` answers (`expireAfterSeconds_old`, …).
    pub fn modify_collection(&self, namespace: &Namespace, modify: &ModifyCollection) -> Result<RawDocumentBuf> {
        later()
    }
    /// `indexes` are the documents of `createIndexes`: `{ key: …, name: …, unique: … }`.
    pub fn create_indexes(&self, namespace: &Namespace, indexes: &[RawDocumentBuf]) -> Result<CreateIndexes> {
        later()
    }
    /// How many there were before.
    pub fn drop_indexes(&self, namespace: &Namespace, indexes: &IndexSelection) -> Result<usize> {
        later()
    }
    pub fn list_indexes(&self, namespace: &Namespace) -> Result<Vec<IndexInfo>> {
        later()
    }
    pub fn collection_statistics(&self, namespace: &Namespace) -> Result<CollectionStatistics> {
        later()
    }
    pub fn database_statistics(&self, database: &str) -> Result<DatabaseStatistics> {
        later()
    }
    pub fn validate(&self, namespace: &Namespace) -> Result<Validated> {
        later()
    }

    // Maintenance
    /// Deletes documents whose TTL has passed, rows of sessions that are over, and what dropped collections left. To be
    /// called from time to time; says how much there was.
    pub fn maintain(&self) -> Result<u64> {
        later()
    }
}

/// What a drop took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedCollection {
    /// How many indexes it had.
    pub indexes: usize,
}
