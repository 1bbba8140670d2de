//! Databases: collections under one name.

use std::marker::PhantomData;

use bson::RawDocumentBuf;

use crate::{
    action::{self, Pending, documents},
    docdb::Docdb,
    error::Error,
    model,
    typed::{Collection, Name, WriteModel},
};

/// A database. It is there when it has a collection. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    docdb: Docdb,
    name: Box<str>,
}

impl Docdb {
    /// A database by its name, which is checked when an operation runs.
    #[must_use]
    pub fn database(&self, name: &str) -> Database {
        Database { docdb: self.clone(), name: name.into() }
    }

    /// The names of all databases, in alphabetical order.
    pub fn list_database_names(&self) -> action::ListDatabaseNames<'_> {
        action::ListDatabaseNames { docdb: self }
    }

    /// Writes on several collections, one after the other. Each stands for itself, unless all are in the caller's
    /// transaction.
    ///
    /// ```
    /// # use millpond_docdb::{Docdb, InsertOneModel, Namespace, UpdateOneModel, WriteModel};
    /// # use bson::doc;
    /// # let docdb = Docdb::open(&millpond_engine::Engine::in_memory())?;
    /// let (films, log) = (Namespace::new("cinema", "films")?, Namespace::new("cinema", "log")?);
    /// let done = docdb
    ///     .bulk_write_models([
    ///         WriteModel::from(InsertOneModel::builder().namespace(films.clone()).document(doc! { "_id": "Amélie" }).build()),
    ///         UpdateOneModel::builder()
    ///             .namespace(log)
    ///             .filter(doc! { "_id": "inserts" })
    ///             .update(doc! { "$inc": { "n": 1 } })
    ///             .upsert(true)
    ///             .build()
    ///             .into(),
    ///     ])
    ///     .run()?;
    /// assert_eq!((done.inserted_count, done.upserted_count), (1, 1));
    /// # Ok::<(), millpond_docdb::Error>(())
    /// ```
    pub fn bulk_write_models(&self, models: impl IntoIterator<Item = impl Into<WriteModel>>) -> action::BulkWrite<'_> {
        action::BulkWrite {
            docdb: self,
            models: models.into_iter().map(Into::into).collect(),
            pending: Pending::new(model::BulkWrite::default()),
            of: PhantomData,
        }
    }
}

impl Database {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A collection by its name, of documents of a type. It is made by the first insert, or by
    /// [`create_collection`](Database::create_collection).
    #[must_use]
    pub fn collection<T>(&self, name: &str) -> Collection<T> {
        Collection::new(self.docdb.clone(), self.named(name))
    }

    fn named(&self, collection: &str) -> Name {
        Name { database: self.name.clone(), collection: collection.into() }
    }

    /// Makes a collection or a view. One that is there and is the same is no error.
    pub fn create_collection(&self, name: impl AsRef<str>) -> action::CreateCollection<'_> {
        action::CreateCollection {
            docdb: &self.docdb,
            name: self.named(name.as_ref()),
            pending: Pending::new(Default::default()),
            of: PhantomData,
        }
    }

    /// Its collections and views, in alphabetical order.
    pub fn list_collections(&self) -> action::ListCollections<'_> {
        action::ListCollections { docdb: &self.docdb, database: &self.name }
    }

    /// The names of its collections and views, in alphabetical order.
    pub fn list_collection_names(&self) -> action::ListCollectionNames<'_> {
        action::ListCollectionNames { docdb: &self.docdb, database: &self.name }
    }

    /// Drops it, with all of its collections.
    #[allow(clippy::should_implement_trait, reason = "the driver's name")]
    pub fn drop(&self) -> action::DropDatabase<'_> {
        action::DropDatabase { docdb: &self.docdb, database: &self.name }
    }

    /// Runs a pipeline that begins with a stage of its own source, such as `$documents`.
    pub fn aggregate<D>(&self, pipeline: impl IntoIterator<Item = D>) -> action::Aggregate<'_>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let mut pending = Pending::new(model::Aggregate::default());
        pending.set(documents(pipeline), |command, stages| command.pipeline = stages);
        action::Aggregate { docdb: &self.docdb, database: &self.name, collection: None, pending, of: PhantomData }
    }
}
