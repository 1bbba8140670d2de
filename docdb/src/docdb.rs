//! The service's handle: each method runs one operation of one file.

use std::sync::Arc;

use bson::{RawBson, RawDocumentBuf};
use millpond_engine::{Engine, Transaction};

use crate::{
    cursor::{RawCursor, TransactionCursor},
    error::Result,
    execution::Reader,
    model::{
        Aggregate, BulkWrite, BulkWriteReply, CollectionInfo, CollectionStatistics, Count, CreateCollection,
        CreateIndexes, DatabaseInfo, DatabaseStatistics, Delete, DeleteReply, Distinct, Find, FindAndModify,
        FindAndModifyReply, IndexInfo, IndexSelection, Insert, InsertReply, ModifyCollection, Namespace, Update,
        UpdateReply, Validated, Verbosity,
    },
    ops::{self, Runner, surroundings::Surroundings},
    store::Store,
};

/// The document store on an engine. Cheap to clone; all clones share one store.
///
/// Its methods are MongoDB's commands, with filters, updates and pipelines as raw BSON. [`Docdb::database`] leads to an
/// interface like that of MongoDB's driver, typed over serde. Each command has a form that ends in `_in` and joins the caller's
/// transaction.
#[derive(Debug, Clone)]
pub struct Docdb {
    pub(crate) store: Arc<Store>,
}

/// What a drop took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedCollection {
    /// How many indexes it had.
    pub indexes: usize,
}

impl Docdb {
    /// Opens the service on an engine.
    ///
    /// # Errors
    /// Those of the engine, and of a catalog that a later version has written.
    pub fn open(engine: &Engine) -> Result<Docdb> {
        let store = Arc::new(Store::open(engine)?);
        ops::indexes::abandon_unfinished(&store)?;
        Ok(Docdb { store })
    }

    /// The engine it is on.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.store.engine
    }

    /// A `find`.
    ///
    /// # Errors
    /// Those of the filter, the sort, the projection and the hint, and of the engine.
    pub fn find(&self, namespace: &Namespace, find: &Find) -> Result<RawCursor> {
        let surroundings = Surroundings::new(&self.store, namespace);
        let cursor = RawCursor::open(&self.store, surroundings, find.max_time, |execution| {
            ops::find::open(&self.store, namespace, find, execution)
        })?;
        cursor.tailing(&self.store, namespace, find)
    }

    /// [`find`](Docdb::find) in the caller's transaction.
    ///
    /// # Errors
    /// As [`find`](Docdb::find).
    pub fn find_in<'t>(
        &self,
        tx: &'t mut Transaction,
        namespace: &Namespace,
        find: &Find,
    ) -> Result<TransactionCursor<'t>> {
        let surroundings = Surroundings::new(&self.store, namespace);
        TransactionCursor::open(&self.store, tx, surroundings, find.max_time, |execution| {
            ops::find::open(&self.store, namespace, find, execution)
        })
    }

    /// An `aggregate`, on a collection or, with `None`, on the database.
    ///
    /// # Errors
    /// Those of the pipeline and of the engine.
    pub fn aggregate(&self, database: &str, collection: Option<&str>, aggregate: &Aggregate) -> Result<RawCursor> {
        let surroundings = self.surroundings(database, collection, aggregate);
        RawCursor::open(&self.store, surroundings, aggregate.max_time, |execution| {
            ops::aggregate::open(&self.store, database, collection, aggregate, execution)
        })
    }

    /// [`aggregate`](Docdb::aggregate) in the caller's transaction.
    ///
    /// # Errors
    /// As [`aggregate`](Docdb::aggregate).
    pub fn aggregate_in<'t>(
        &self,
        tx: &'t mut Transaction,
        database: &str,
        collection: Option<&str>,
        aggregate: &Aggregate,
    ) -> Result<TransactionCursor<'t>> {
        let surroundings = self.surroundings(database, collection, aggregate);
        TransactionCursor::open(&self.store, tx, surroundings, aggregate.max_time, |execution| {
            ops::aggregate::open(&self.store, database, collection, aggregate, execution)
        })
    }

    fn surroundings(&self, database: &str, collection: Option<&str>, aggregate: &Aggregate) -> Surroundings {
        Surroundings {
            store: Arc::clone(&self.store),
            database: database.into(),
            collection: collection.map(Into::into),
            bypass_document_validation: aggregate.bypass_document_validation,
        }
    }

    fn own(&self) -> Runner<'_> {
        Runner::Own(&self.store.engine)
    }

    /// A `count`.
    ///
    /// # Errors
    /// Those of the filter and of the engine.
    pub fn count(&self, namespace: &Namespace, count: &Count) -> Result<u64> {
        self.own().read(|reader| {
            let surroundings = Surroundings::new(&self.store, namespace);
            let deadline = ops::deadline(&self.store, count.max_time);
            ops::count::count(&self.store, namespace, count, &mut ops::execution(reader, &surroundings, deadline))
        })
    }

    /// [`count`](Docdb::count) in the caller's transaction.
    ///
    /// # Errors
    /// As [`count`](Docdb::count).
    pub fn count_in(&self, tx: &mut Transaction, namespace: &Namespace, count: &Count) -> Result<u64> {
        let reader = &mut Reader::Transaction(tx);
        let surroundings = Surroundings::new(&self.store, namespace);
        let deadline = ops::deadline(&self.store, count.max_time);
        ops::count::count(&self.store, namespace, count, &mut ops::execution(reader, &surroundings, deadline))
    }

    /// A `distinct`: the values in their order.
    ///
    /// # Errors
    /// Those of the filter and of the engine, and 17217 for more than 16 MiB of values.
    pub fn distinct(&self, namespace: &Namespace, distinct: &Distinct) -> Result<Vec<RawBson>> {
        self.own().read(|reader| {
            let surroundings = Surroundings::new(&self.store, namespace);
            let deadline = ops::deadline(&self.store, distinct.max_time);
            ops::distinct::distinct(
                &self.store,
                namespace,
                distinct,
                &mut ops::execution(reader, &surroundings, deadline),
            )
        })
    }

    /// [`distinct`](Docdb::distinct) in the caller's transaction.
    ///
    /// # Errors
    /// As [`distinct`](Docdb::distinct).
    pub fn distinct_in(
        &self,
        tx: &mut Transaction,
        namespace: &Namespace,
        distinct: &Distinct,
    ) -> Result<Vec<RawBson>> {
        let reader = &mut Reader::Transaction(tx);
        let surroundings = Surroundings::new(&self.store, namespace);
        let deadline = ops::deadline(&self.store, distinct.max_time);
        ops::distinct::distinct(&self.store, namespace, distinct, &mut ops::execution(reader, &surroundings, deadline))
    }

    /// A `listCollections`: in alphabetical order.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn list_collections(&self, database: &str) -> Result<Vec<CollectionInfo>> {
        self.own().read(|reader| ops::list::collections(&self.store, reader, database))
    }

    /// [`list_collections`](Docdb::list_collections) in the caller's transaction.
    ///
    /// # Errors
    /// As [`list_collections`](Docdb::list_collections).
    pub fn list_collections_in(&self, tx: &mut Transaction, database: &str) -> Result<Vec<CollectionInfo>> {
        let reader = &mut Reader::Transaction(tx);
        ops::list::collections(&self.store, reader, database)
    }

    /// A `listDatabases`: in alphabetical order.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn list_databases(&self) -> Result<Vec<DatabaseInfo>> {
        self.own().read(|reader| ops::list::databases(&self.store, reader))
    }

    /// [`list_databases`](Docdb::list_databases) in the caller's transaction.
    ///
    /// # Errors
    /// As [`list_databases`](Docdb::list_databases).
    pub fn list_databases_in(&self, tx: &mut Transaction) -> Result<Vec<DatabaseInfo>> {
        let reader = &mut Reader::Transaction(tx);
        ops::list::databases(&self.store, reader)
    }

    /// A `listIndexes`: in the order in which they were made.
    ///
    /// # Errors
    /// [`Code::NAMESPACE_NOT_FOUND`](crate::Code::NAMESPACE_NOT_FOUND), and those of the engine.
    pub fn list_indexes(&self, namespace: &Namespace) -> Result<Vec<IndexInfo>> {
        self.own().read(|reader| ops::list::indexes(&self.store, reader, namespace))
    }

    /// [`list_indexes`](Docdb::list_indexes) in the caller's transaction.
    ///
    /// # Errors
    /// As [`list_indexes`](Docdb::list_indexes).
    pub fn list_indexes_in(&self, tx: &mut Transaction, namespace: &Namespace) -> Result<Vec<IndexInfo>> {
        let reader = &mut Reader::Transaction(tx);
        ops::list::indexes(&self.store, reader, namespace)
    }

    /// A `collStats`. Sizes of indexes are estimates.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn collection_statistics(&self, namespace: &Namespace) -> Result<CollectionStatistics> {
        self.own().read(|reader| ops::statistics::collection(&self.store, reader, namespace))
    }

    /// [`collection_statistics`](Docdb::collection_statistics) in the caller's transaction.
    ///
    /// # Errors
    /// As [`collection_statistics`](Docdb::collection_statistics).
    pub fn collection_statistics_in(
        &self,
        tx: &mut Transaction,
        namespace: &Namespace,
    ) -> Result<CollectionStatistics> {
        let reader = &mut Reader::Transaction(tx);
        ops::statistics::collection(&self.store, reader, namespace)
    }

    /// A `dbStats`.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn database_statistics(&self, database: &str) -> Result<DatabaseStatistics> {
        self.own().read(|reader| ops::statistics::database(&self.store, reader, database))
    }

    /// [`database_statistics`](Docdb::database_statistics) in the caller's transaction.
    ///
    /// # Errors
    /// As [`database_statistics`](Docdb::database_statistics).
    pub fn database_statistics_in(&self, tx: &mut Transaction, database: &str) -> Result<DatabaseStatistics> {
        let reader = &mut Reader::Transaction(tx);
        ops::statistics::database(&self.store, reader, database)
    }

    /// An `insert`.
    ///
    /// # Errors
    /// Those of the namespace and the engine. What single documents were refused for is in the reply.
    pub fn insert(&self, namespace: &Namespace, insert: Insert) -> Result<InsertReply> {
        ops::insert::insert(&self.store, &mut self.own(), namespace, insert)
    }

    /// [`insert`](Docdb::insert) in the caller's transaction.
    ///
    /// # Errors
    /// As [`insert`](Docdb::insert).
    pub fn insert_in(&self, tx: &mut Transaction, namespace: &Namespace, insert: Insert) -> Result<InsertReply> {
        ops::insert::insert(&self.store, &mut Runner::Joined(tx), namespace, insert)
    }

    /// An `update`.
    ///
    /// # Errors
    /// As [`insert`](Docdb::insert).
    pub fn update(&self, namespace: &Namespace, update: &Update) -> Result<UpdateReply> {
        ops::update::update(&self.store, &mut self.own(), namespace, update)
    }

    /// [`update`](Docdb::update) in the caller's transaction.
    ///
    /// # Errors
    /// As [`update`](Docdb::update).
    pub fn update_in(&self, tx: &mut Transaction, namespace: &Namespace, update: &Update) -> Result<UpdateReply> {
        ops::update::update(&self.store, &mut Runner::Joined(tx), namespace, update)
    }

    /// A `delete`.
    ///
    /// # Errors
    /// As [`insert`](Docdb::insert).
    pub fn delete(&self, namespace: &Namespace, delete: &Delete) -> Result<DeleteReply> {
        ops::delete::delete(&self.store, &mut self.own(), namespace, delete)
    }

    /// [`delete`](Docdb::delete) in the caller's transaction.
    ///
    /// # Errors
    /// As [`delete`](Docdb::delete).
    pub fn delete_in(&self, tx: &mut Transaction, namespace: &Namespace, delete: &Delete) -> Result<DeleteReply> {
        ops::delete::delete(&self.store, &mut Runner::Joined(tx), namespace, delete)
    }

    /// A `findAndModify`.
    ///
    /// # Errors
    /// Those of its filter, its update and its projection, of unique indexes and validators, and of the engine.
    pub fn find_and_modify(&self, namespace: &Namespace, command: &FindAndModify) -> Result<FindAndModifyReply> {
        ops::find_and_modify::find_and_modify(&self.store, &mut self.own(), namespace, command)
    }

    /// [`find_and_modify`](Docdb::find_and_modify) in the caller's transaction.
    ///
    /// # Errors
    /// As [`find_and_modify`](Docdb::find_and_modify).
    pub fn find_and_modify_in(
        &self,
        tx: &mut Transaction,
        namespace: &Namespace,
        command: &FindAndModify,
    ) -> Result<FindAndModifyReply> {
        ops::find_and_modify::find_and_modify(&self.store, &mut Runner::Joined(tx), namespace, command)
    }

    /// A `bulkWrite`.
    ///
    /// # Errors
    /// As [`insert`](Docdb::insert).
    pub fn bulk_write(&self, bulk: &BulkWrite) -> Result<BulkWriteReply> {
        ops::bulk_write::bulk_write(&self.store, &mut self.own(), bulk)
    }

    /// [`bulk_write`](Docdb::bulk_write) in the caller's transaction.
    ///
    /// # Errors
    /// As [`bulk_write`](Docdb::bulk_write).
    pub fn bulk_write_in(&self, tx: &mut Transaction, bulk: &BulkWrite) -> Result<BulkWriteReply> {
        ops::bulk_write::bulk_write(&self.store, &mut Runner::Joined(tx), bulk)
    }

    /// A `create`. One that is there and is the same is no error.
    ///
    /// # Errors
    /// [`Code::NAMESPACE_EXISTS`](crate::Code::NAMESPACE_EXISTS), [`Code::INVALID_OPTIONS`](crate::Code::INVALID_OPTIONS), those of validators, collations and pipelines,
    /// and of the engine.
    pub fn create_collection(&self, namespace: &Namespace, create: &CreateCollection) -> Result<()> {
        ops::create::create(&self.store, &mut self.own(), namespace, create)
    }

    /// [`create_collection`](Docdb::create_collection) in the caller's transaction.
    ///
    /// # Errors
    /// As [`create_collection`](Docdb::create_collection).
    pub fn create_collection_in(
        &self,
        tx: &mut Transaction,
        namespace: &Namespace,
        create: &CreateCollection,
    ) -> Result<()> {
        ops::create::create(&self.store, &mut Runner::Joined(tx), namespace, create)
    }

    /// A `drop`: of a collection or a view. `None` if there was none.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn drop_collection(&self, namespace: &Namespace) -> Result<Option<DroppedCollection>> {
        ops::drop::drop_collection(&self.store, &mut self.own(), namespace)
    }

    /// [`drop_collection`](Docdb::drop_collection) in the caller's transaction.
    ///
    /// # Errors
    /// As [`drop_collection`](Docdb::drop_collection).
    pub fn drop_collection_in(&self, tx: &mut Transaction, namespace: &Namespace) -> Result<Option<DroppedCollection>> {
        ops::drop::drop_collection(&self.store, &mut Runner::Joined(tx), namespace)
    }

    /// A `dropDatabase`. Says whether there was one.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn drop_database(&self, database: &str) -> Result<bool> {
        ops::drop::drop_database(&self.store, &mut self.own(), database)
    }

    /// [`drop_database`](Docdb::drop_database) in the caller's transaction.
    ///
    /// # Errors
    /// As [`drop_database`](Docdb::drop_database).
    pub fn drop_database_in(&self, tx: &mut Transaction, database: &str) -> Result<bool> {
        ops::drop::drop_database(&self.store, &mut Runner::Joined(tx), database)
    }

    /// A `renameCollection`.
    ///
    /// # Errors
    /// [`Code::NAMESPACE_NOT_FOUND`](crate::Code::NAMESPACE_NOT_FOUND), [`Code::NAMESPACE_EXISTS`](crate::Code::NAMESPACE_EXISTS), and those of the engine.
    pub fn rename_collection(&self, from: &Namespace, to: &Namespace, drop_target: bool) -> Result<()> {
        ops::rename::rename(&self.store, &mut self.own(), from, to, drop_target)
    }

    /// [`rename_collection`](Docdb::rename_collection) in the caller's transaction.
    ///
    /// # Errors
    /// As [`rename_collection`](Docdb::rename_collection).
    pub fn rename_collection_in(
        &self,
        tx: &mut Transaction,
        from: &Namespace,
        to: &Namespace,
        drop_target: bool,
    ) -> Result<()> {
        ops::rename::rename(&self.store, &mut Runner::Joined(tx), from, to, drop_target)
    }

    /// A `collMod`. Answers with the old and new values of what changed (`expireAfterSeconds_old`, …).
    ///
    /// # Errors
    /// [`Code::NAMESPACE_NOT_FOUND`](crate::Code::NAMESPACE_NOT_FOUND), [`Code::INDEX_NOT_FOUND`](crate::Code::INDEX_NOT_FOUND), [`Code::INVALID_OPTIONS`](crate::Code::INVALID_OPTIONS), and
    /// those of the engine.
    pub fn modify_collection(&self, namespace: &Namespace, modify: &ModifyCollection) -> Result<RawDocumentBuf> {
        ops::modify::modify(&self.store, &mut self.own(), namespace, modify)
    }

    /// [`modify_collection`](Docdb::modify_collection) in the caller's transaction.
    ///
    /// # Errors
    /// As [`modify_collection`](Docdb::modify_collection).
    pub fn modify_collection_in(
        &self,
        tx: &mut Transaction,
        namespace: &Namespace,
        modify: &ModifyCollection,
    ) -> Result<RawDocumentBuf> {
        ops::modify::modify(&self.store, &mut Runner::Joined(tx), namespace, modify)
    }

    /// A `createIndexes`, of definitions such as `{ key: { a: 1 }, name: "a_1", unique: true }`. Writes go on while an index is built, unless
    /// it is in a transaction.
    ///
    /// # Errors
    /// Those of definitions, [`Error::DuplicateKey`](crate::Error::DuplicateKey) where a unique index cannot be, and those of the engine.
    pub fn create_indexes(&self, namespace: &Namespace, indexes: &[RawDocumentBuf]) -> Result<CreateIndexes> {
        ops::indexes::create(&self.store, &mut self.own(), namespace, indexes)
    }

    /// [`create_indexes`](Docdb::create_indexes) in the caller's transaction.
    ///
    /// # Errors
    /// As [`create_indexes`](Docdb::create_indexes).
    pub fn create_indexes_in(
        &self,
        tx: &mut Transaction,
        namespace: &Namespace,
        indexes: &[RawDocumentBuf],
    ) -> Result<CreateIndexes> {
        ops::indexes::create(&self.store, &mut Runner::Joined(tx), namespace, indexes)
    }

    /// A `dropIndexes`. Says how many there were before.
    ///
    /// # Errors
    /// [`Code::NAMESPACE_NOT_FOUND`](crate::Code::NAMESPACE_NOT_FOUND), [`Code::INDEX_NOT_FOUND`](crate::Code::INDEX_NOT_FOUND), and those of the engine.
    pub fn drop_indexes(&self, namespace: &Namespace, indexes: &IndexSelection) -> Result<usize> {
        ops::indexes::drop(&self.store, &mut self.own(), namespace, indexes)
    }

    /// [`drop_indexes`](Docdb::drop_indexes) in the caller's transaction.
    ///
    /// # Errors
    /// As [`drop_indexes`](Docdb::drop_indexes).
    pub fn drop_indexes_in(
        &self,
        tx: &mut Transaction,
        namespace: &Namespace,
        indexes: &IndexSelection,
    ) -> Result<usize> {
        ops::indexes::drop(&self.store, &mut Runner::Joined(tx), namespace, indexes)
    }

    /// A `validate`: reads every document and every key.
    ///
    /// # Errors
    /// [`Code::NAMESPACE_NOT_FOUND`](crate::Code::NAMESPACE_NOT_FOUND), and those of the engine.
    pub fn validate(&self, namespace: &Namespace) -> Result<Validated> {
        ops::validate::validate(&self.store, namespace)
    }

    /// Deletes documents whose TTL has passed, what dropped collections left, and results of sessions that are over. To be
    /// called from time to time; says how much there was.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn maintain(&self) -> Result<u64> {
        ops::maintain::maintain(&self.store)
    }
}

/// `explain`: how commands are answered. Answers have `queryPlanner` and, if that is asked for, `executionStats`; commands that
/// write are run without writing.
impl Docdb {
    /// Explains a [`find`](Docdb::find).
    ///
    /// # Errors
    /// As [`find`](Docdb::find).
    pub fn explain_find(&self, namespace: &Namespace, find: &Find, verbosity: Verbosity) -> Result<RawDocumentBuf> {
        self.own().read(|reader| ops::explain::find(&self.store, reader, namespace, find, verbosity))
    }

    /// Explains an [`aggregate`](Docdb::aggregate).
    ///
    /// # Errors
    /// As [`aggregate`](Docdb::aggregate), and 51029 for a pipeline that writes and would have to run.
    pub fn explain_aggregate(
        &self,
        database: &str,
        collection: Option<&str>,
        aggregate: &Aggregate,
        verbosity: Verbosity,
    ) -> Result<RawDocumentBuf> {
        self.own()
            .read(|reader| ops::explain::aggregate(&self.store, reader, database, collection, aggregate, verbosity))
    }

    /// Explains a [`count`](Docdb::count).
    ///
    /// # Errors
    /// As [`count`](Docdb::count).
    pub fn explain_count(&self, namespace: &Namespace, count: &Count, verbosity: Verbosity) -> Result<RawDocumentBuf> {
        self.own().read(|reader| ops::explain::count(&self.store, reader, namespace, count, verbosity))
    }

    /// Explains a [`distinct`](Docdb::distinct).
    ///
    /// # Errors
    /// As [`distinct`](Docdb::distinct).
    pub fn explain_distinct(
        &self,
        namespace: &Namespace,
        distinct: &Distinct,
        verbosity: Verbosity,
    ) -> Result<RawDocumentBuf> {
        self.own().read(|reader| ops::explain::distinct(&self.store, reader, namespace, distinct, verbosity))
    }

    /// Explains the statement of an [`update`](Docdb::update).
    ///
    /// # Errors
    /// Those of the statement and of the engine, and [`Code::INVALID_LENGTH`](crate::Code::INVALID_LENGTH) unless there is one.
    pub fn explain_update(
        &self,
        namespace: &Namespace,
        update: &Update,
        verbosity: Verbosity,
    ) -> Result<RawDocumentBuf> {
        self.own().read(|reader| ops::explain::update(&self.store, reader, namespace, update, verbosity))
    }

    /// Explains the statement of a [`delete`](Docdb::delete).
    ///
    /// # Errors
    /// As [`explain_update`](Docdb::explain_update).
    pub fn explain_delete(
        &self,
        namespace: &Namespace,
        delete: &Delete,
        verbosity: Verbosity,
    ) -> Result<RawDocumentBuf> {
        self.own().read(|reader| ops::explain::delete(&self.store, reader, namespace, delete, verbosity))
    }

    /// Explains a [`find_and_modify`](Docdb::find_and_modify).
    ///
    /// # Errors
    /// As [`find_and_modify`](Docdb::find_and_modify).
    pub fn explain_find_and_modify(
        &self,
        namespace: &Namespace,
        command: &FindAndModify,
        verbosity: Verbosity,
    ) -> Result<RawDocumentBuf> {
        self.own().read(|reader| ops::explain::find_and_modify(&self.store, reader, namespace, command, verbosity))
    }
}
