//! Collections of documents of one type.

use std::{borrow::Borrow, marker::PhantomData};

use bson::{Document, RawDocumentBuf};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    action::{self, Pending, documents},
    docdb::Docdb,
    error::{Error, Result},
    model::{self, DeleteStatement, IndexSelection, Namespace, UpdateStatement},
    typed::{IndexModel, InsertOneModel, Name, ReplaceOneModel},
    update::UpdateModifications,
};

/// A collection, or a view, of documents that are read and written as `T`. Cheap to clone.
///
/// Filters, updates and pipelines are documents, as everywhere with MongoDB; see its manual on
/// [filters](https://www.mongodb.com/docs/manual/reference/operator/query/),
/// [updates](https://www.mongodb.com/docs/manual/reference/operator/update/) and
/// [pipelines](https://www.mongodb.com/docs/manual/reference/operator/aggregation-pipeline/).
#[derive(Debug)]
pub struct Collection<T = Document> {
    docdb: Docdb,
    name: Name,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Collection<T> {
    fn clone(&self) -> Self {
        self.clone_with_type()
    }
}

/// A document, or why it is none.
type Given<D> = std::result::Result<RawDocumentBuf, <D as TryInto<RawDocumentBuf>>::Error>;

impl<T> Collection<T> {
    pub(crate) fn new(docdb: Docdb, name: Name) -> Self {
        Collection { docdb, name, of: PhantomData }
    }

    /// The same collection with documents of another type.
    #[must_use]
    pub fn clone_with_type<U>(&self) -> Collection<U> {
        Collection::new(self.docdb.clone(), self.name.clone())
    }

    /// Its name within the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name.collection
    }

    /// Its full name.
    ///
    /// # Errors
    /// Those of [`Namespace::new`].
    pub fn namespace(&self) -> Result<Namespace> {
        self.name.namespace()
    }

    /// The documents that match a filter.
    pub fn find<D>(&self, filter: D) -> action::Find<'_, T>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let mut pending = Pending::new(model::Find::default());
        pending.set(filter.try_into() as Given<D>, |command, filter| command.filter = filter);
        action::Find { docdb: &self.docdb, name: &self.name, pending, of: PhantomData }
    }

    /// The first document that matches a filter.
    pub fn find_one<D>(&self, filter: D) -> action::FindOne<'_, T>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let action::Find { docdb, name, pending, of } = self.find(filter);
        action::FindOne { docdb, name, pending, of }
    }

    /// Updates the first document that matches a filter, by a document of operators or a pipeline.
    pub fn update_one<D, U>(&self, filter: D, update: U) -> action::Update<'_>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
        U: TryInto<UpdateModifications, Error: Into<Error>>,
    {
        let pending = self.updating(filter, update.try_into().map_err(Into::into), false);
        action::Update { docdb: &self.docdb, name: &self.name, pending }
    }

    /// Updates all documents that match a filter, by a document of operators or a pipeline. Many documents are many
    /// commits, unless it runs in the caller's transaction.
    pub fn update_many<D, U>(&self, filter: D, update: U) -> action::Update<'_>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
        U: TryInto<UpdateModifications, Error: Into<Error>>,
    {
        let pending = self.updating(filter, update.try_into().map_err(Into::into), true);
        action::Update { docdb: &self.docdb, name: &self.name, pending }
    }

    fn updating<D>(&self, filter: D, update: Result<UpdateModifications>, multi: bool) -> Pending<action::UpdateCommand>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let mut pending =
            Pending::new(action::UpdateCommand::new(UpdateStatement { multi, ..UpdateStatement::default() }));
        pending.set(filter.try_into() as Given<D>, |command, filter| command.statement.filter = filter);
        pending.set(update, |command, update| command.statement.update = update);
        pending
    }

    /// Deletes the first document that matches a filter.
    pub fn delete_one<D>(&self, filter: D) -> action::Delete<'_>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        self.delete(filter, false)
    }

    /// Deletes all documents that match a filter. Many documents are many commits, unless it runs in the caller's
    /// transaction.
    pub fn delete_many<D>(&self, filter: D) -> action::Delete<'_>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        self.delete(filter, true)
    }

    fn delete<D>(&self, filter: D, multi: bool) -> action::Delete<'_>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let mut pending =
            Pending::new(action::DeleteCommand::new(DeleteStatement { multi, ..DeleteStatement::default() }));
        pending.set(filter.try_into() as Given<D>, |command, filter| command.statement.filter = filter);
        action::Delete { docdb: &self.docdb, name: &self.name, pending }
    }

    /// Runs a pipeline on it. Its results are documents; see [`with_type`](action::Aggregate::with_type).
    pub fn aggregate<D>(&self, pipeline: impl IntoIterator<Item = D>) -> action::Aggregate<'_>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let mut pending = Pending::new(model::Aggregate::default());
        pending.set(documents(pipeline), |command, stages| command.pipeline = stages);
        action::Aggregate {
            docdb: &self.docdb,
            database: &self.name.database,
            collection: Some(&self.name.collection),
            pending,
            of: PhantomData,
        }
    }

    /// How many documents match a filter.
    pub fn count_documents<D>(&self, filter: D) -> action::CountDocuments<'_>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let mut pending = Pending::new(model::Count::default());
        pending.set(filter.try_into() as Given<D>, |command, filter| command.filter = filter);
        action::CountDocuments { docdb: &self.docdb, name: &self.name, pending }
    }

    /// How many documents there are. Here it is exact: the number is kept with each write.
    pub fn estimated_document_count(&self) -> action::EstimatedDocumentCount<'_> {
        action::EstimatedDocumentCount { docdb: &self.docdb, name: &self.name }
    }

    /// The values that a field has in the documents that match a filter, each once; of arrays, their items.
    pub fn distinct<D>(&self, field_name: impl AsRef<str>, filter: D) -> action::Distinct<'_>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let key = field_name.as_ref().to_owned();
        let mut pending = Pending::new(model::Distinct { key, ..model::Distinct::default() });
        pending.set(filter.try_into() as Given<D>, |command, filter| command.filter = filter);
        action::Distinct { docdb: &self.docdb, name: &self.name, pending }
    }

    /// Makes an index. Writes go on while it is built, unless it runs in the caller's transaction.
    pub fn create_index(&self, index: IndexModel) -> action::CreateIndex<'_> {
        action::CreateIndex { docdb: &self.docdb, all: self.create_indexes([index]) }
    }

    /// Makes indexes, all of them or none.
    pub fn create_indexes(&self, indexes: impl IntoIterator<Item = IndexModel>) -> action::CreateIndexes<'_> {
        let models = Pending::new(indexes.into_iter().collect());
        action::CreateIndexes { docdb: &self.docdb, name: &self.name, models }
    }

    /// Drops the index of a name.
    pub fn drop_index(&self, name: impl AsRef<str>) -> action::DropIndex<'_> {
        let selection = IndexSelection::Name(name.as_ref().to_owned());
        action::DropIndex { docdb: &self.docdb, name: &self.name, selection }
    }

    /// Drops all indexes but that of `_id`.
    pub fn drop_indexes(&self) -> action::DropIndex<'_> {
        self.drop_index("*")
    }

    /// The indexes, in the order in which they were made.
    pub fn list_indexes(&self) -> action::ListIndexes<'_> {
        action::ListIndexes { docdb: &self.docdb, name: &self.name }
    }

    /// The names of the indexes, in the order in which they were made.
    pub fn list_index_names(&self) -> action::ListIndexNames<'_> {
        action::ListIndexNames { docdb: &self.docdb, name: &self.name }
    }

    /// Gives it another name, also in another database.
    pub fn rename(&self, to: &Namespace) -> action::Rename<'_> {
        action::Rename { docdb: &self.docdb, name: &self.name, to: to.clone(), drop_target: false }
    }

    /// Drops it, with its indexes.
    #[allow(clippy::should_implement_trait, reason = "the driver's name")]
    pub fn drop(&self) -> action::DropCollection<'_> {
        action::DropCollection { docdb: &self.docdb, name: &self.name }
    }
}

fn serialized<T: Serialize>(value: impl Borrow<T>) -> Result<RawDocumentBuf> {
    Ok(bson::serialize_to_raw_document_buf(value.borrow())?)
}

impl<T: Serialize> Collection<T> {
    /// Inserts a document. One without `_id` gets one.
    pub fn insert_one(&self, document: impl Borrow<T>) -> action::InsertOne<'_> {
        let mut pending = Pending::new(model::Insert::default());
        pending.set(serialized(document), |command, document| command.documents.push(document));
        action::InsertOne { docdb: &self.docdb, name: &self.name, pending }
    }

    /// Inserts documents. Those without `_id` get one. Each stands for itself, unless it runs in the caller's transaction
    /// and that is given up.
    pub fn insert_many(&self, documents: impl IntoIterator<Item = impl Borrow<T>>) -> action::InsertMany<'_> {
        let mut pending = Pending::new(model::Insert::default());
        for document in documents {
            pending.set(serialized(document), |command, document| command.documents.push(document));
        }
        action::InsertMany { docdb: &self.docdb, name: &self.name, pending }
    }

    /// Puts a document in the place of the first one that matches a filter. It keeps that one's `_id`.
    pub fn replace_one<D>(&self, filter: D, replacement: impl Borrow<T>) -> action::ReplaceOne<'_>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let replacement = serialized(replacement).map(UpdateModifications::Document);
        let pending = self.updating(filter, replacement, false);
        action::ReplaceOne { docdb: &self.docdb, name: &self.name, pending }
    }

    /// An insert into this collection, for [`Docdb::bulk_write_models`].
    ///
    /// # Errors
    /// [`Error::Bson`] for what is not a document.
    pub fn insert_one_model(&self, document: impl Borrow<T>) -> Result<InsertOneModel> {
        let document = bson::serialize_to_document(document.borrow())?;
        Ok(InsertOneModel::builder().namespace(self.namespace()?).document(document).build())
    }

    /// A replacement in this collection, for [`Docdb::bulk_write_models`].
    ///
    /// # Errors
    /// [`Error::Bson`] for what is not a document.
    pub fn replace_one_model(&self, filter: Document, replacement: impl Borrow<T>) -> Result<ReplaceOneModel> {
        let replacement = bson::serialize_to_document(replacement.borrow())?;
        Ok(ReplaceOneModel::builder().namespace(self.namespace()?).filter(filter).replacement(replacement).build())
    }
}

impl<T: DeserializeOwned> Collection<T> {
    /// Deletes the first document that matches a filter, and returns it.
    pub fn find_one_and_delete<D>(&self, filter: D) -> action::FindOneAndDelete<'_, T>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let pending = self.modifying(filter, Ok(None));
        action::FindOneAndDelete { docdb: &self.docdb, name: &self.name, pending, of: PhantomData }
    }

    /// Updates the first document that matches a filter, and returns it as it was before, or as it is after.
    pub fn find_one_and_update<D, U>(&self, filter: D, update: U) -> action::FindOneAndUpdate<'_, T>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
        U: TryInto<UpdateModifications, Error: Into<Error>>,
    {
        let pending = self.modifying(filter, update.try_into().map(Some).map_err(Into::into));
        action::FindOneAndUpdate { docdb: &self.docdb, name: &self.name, pending, of: PhantomData }
    }

    fn modifying<D>(&self, filter: D, update: Result<Option<UpdateModifications>>) -> Pending<action::ModifyCommand>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let mut pending = Pending::new(action::ModifyCommand::new());
        pending.set(filter.try_into() as Given<D>, |command, filter| command.command.filter = filter);
        pending.set(update, |command, update| command.update = update);
        pending
    }
}

impl<T: Serialize + DeserializeOwned> Collection<T> {
    /// Puts a document in the place of the first one that matches a filter, and returns that, or what is there after.
    pub fn find_one_and_replace<D>(&self, filter: D, replacement: impl Borrow<T>) -> action::FindOneAndReplace<'_, T>
    where
        D: TryInto<RawDocumentBuf, Error: Into<Error>>,
    {
        let replacement = serialized(replacement).map(|replacement| Some(UpdateModifications::Document(replacement)));
        let pending = self.modifying(filter, replacement);
        action::FindOneAndReplace { docdb: &self.docdb, name: &self.name, pending, of: PhantomData }
    }
}
