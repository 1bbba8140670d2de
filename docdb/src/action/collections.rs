//! Databases and collections: made, listed, renamed, dropped.

use std::time::Duration;

use bson::RawDocumentBuf;

use crate::{
    action::{Pending, runs, setters},
    docdb::Docdb,
    error::{Code, Result, refuse},
    model::{self, Capped, CollectionInfo, Namespace, ValidationAction, ValidationLevel, ViewDefinition},
    ops::{self, Runner},
    typed::Name,
};

/// A `create` with its parts apart.
#[derive(Debug, Default)]
pub(crate) struct Command {
    command: model::CreateCollection,
    capped: bool,
    size: Option<u64>,
    max: Option<u64>,
    view_on: Option<String>,
    pipeline: Vec<RawDocumentBuf>,
    expire_after: Option<Duration>,
}

/// A new collection or view: [`Database::create_collection`](crate::Database::create_collection).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct CreateCollection<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: Name,
    pub(crate) pending: Pending<Command>,
    pub(crate) of: std::marker::PhantomData<&'a ()>,
}

impl CreateCollection<'_> {
    setters! {
        /// Whether it drops its oldest documents; needs a size.
        capped: bool => capped;
        /// The most bytes of documents of a capped collection.
        size: (some u64) => size;
        /// The most documents of a capped collection.
        max: (some u64) => max;
        /// What documents must match.
        validator: document => command.validation.validator;
        /// Which writes are validated.
        validation_level: (some ValidationLevel) => command.validation.level;
        /// What becomes of documents that are not valid.
        validation_action: (some ValidationAction) => command.validation.action;
        /// The collection that a view is on; it becomes a view by this.
        view_on: (some String) => view_on;
        /// The stages of a view.
        pipeline: documents => pipeline;
        /// How strings are compared, where an operation does not say it.
        collation: document => command.collation;
        /// `{ key: { _id: 1 }, unique: true }`: documents are kept in the order of their `_id`s, without an index beside them.
        clustered_index: document => command.clustered_index;
        /// Of a clustered collection whose `_id`s are dates: documents are deleted so long after them, in whole seconds.
        expire_after_seconds: (some Duration) => expire_after;
        /// Kept and shown.
        change_stream_pre_and_post_images: (some bool) => command.change_stream_pre_and_post_images;
    }

    runs!(());

    fn execute(self, runner: &mut Runner<'_>) -> Result<()> {
        let Command { mut command, capped, size, max, view_on, pipeline, expire_after } = self.pending.finish()?;
        if capped {
            command.capped = Some(Capped { size_bytes: size.unwrap_or(0), max_documents: max.unwrap_or(0) });
        } else if size.is_some() || max.is_some() {
            return refuse(Code::INVALID_OPTIONS, "the 'capped' field needs to be true when 'size' or 'max' is given");
        }
        command.view = view_on.map(|on| ViewDefinition { on, pipeline });
        command.expire_after_seconds = expire_after.map(|after| i64::try_from(after.as_secs()).unwrap_or(i64::MAX));
        ops::create::create(&self.docdb.store, runner, &self.name.namespace()?, &command)
    }
}

/// A collection to be dropped: [`Collection::drop`](crate::Collection::drop). One that is not there is no error.
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct DropCollection<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
}

impl DropCollection<'_> {
    runs!(());

    fn execute(self, runner: &mut Runner<'_>) -> Result<()> {
        ops::drop::drop_collection(&self.docdb.store, runner, &self.name.namespace()?).map(|_| ())
    }
}

/// A database to be dropped: [`Database::drop`](crate::Database::drop). One that is not there is no error.
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct DropDatabase<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) database: &'a str,
}

impl DropDatabase<'_> {
    runs!(());

    fn execute(self, runner: &mut Runner<'_>) -> Result<()> {
        ops::drop::drop_database(&self.docdb.store, runner, self.database).map(|_| ())
    }
}

/// A collection that gets another name: [`Collection::rename`](crate::Collection::rename).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct Rename<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) to: Namespace,
    pub(crate) drop_target: bool,
}

impl Rename<'_> {
    /// Drop what has that name.
    pub fn drop_target(mut self, value: bool) -> Self {
        self.drop_target = value;
        self
    }

    runs!(());

    fn execute(self, runner: &mut Runner<'_>) -> Result<()> {
        ops::rename::rename(&self.docdb.store, runner, &self.name.namespace()?, &self.to, self.drop_target)
    }
}

/// Collections and views: [`Database::list_collections`](crate::Database::list_collections).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct ListCollections<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) database: &'a str,
}

impl ListCollections<'_> {
    runs!(Vec<CollectionInfo>);

    fn execute(self, runner: &mut Runner<'_>) -> Result<Vec<CollectionInfo>> {
        runner.read(|reader| ops::list::collections(&self.docdb.store, reader, self.database))
    }
}

/// Names of collections and views: [`Database::list_collection_names`](crate::Database::list_collection_names).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct ListCollectionNames<'a> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) database: &'a str,
}

impl ListCollectionNames<'_> {
    runs!(Vec<String>);

    fn execute(self, runner: &mut Runner<'_>) -> Result<Vec<String>> {
        let found = runner.read(|reader| ops::list::collections(&self.docdb.store, reader, self.database))?;
        Ok(found.into_iter().map(|collection| collection.name).collect())
    }
}

/// Names of databases: [`Docdb::list_database_names`].
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct ListDatabaseNames<'a> {
    pub(crate) docdb: &'a Docdb,
}

impl ListDatabaseNames<'_> {
    runs!(Vec<String>);

    fn execute(self, runner: &mut Runner<'_>) -> Result<Vec<String>> {
        let found = runner.read(|reader| ops::list::databases(&self.docdb.store, reader))?;
        Ok(found.into_iter().map(|database| database.name).collect())
    }
}
