//! `aggregate`.

use std::{marker::PhantomData, time::Duration};

use bson::Document;
use millpond_engine::Transaction;
use serde::de::DeserializeOwned;

use crate::{
    action::{Pending, setters},
    cursor::TransactionCursor,
    docdb::Docdb,
    error::Result,
    model,
    typed::Cursor,
};

/// A pipeline: [`Collection::aggregate`](crate::Collection::aggregate), [`Database::aggregate`](crate::Database::aggregate).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct Aggregate<'a, T = Document> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) database: &'a str,
    pub(crate) collection: Option<&'a str>,
    pub(crate) pending: Pending<model::Aggregate>,
    pub(crate) of: PhantomData<fn() -> T>,
}

impl<'a, T> Aggregate<'a, T> {
    setters! {
        /// How strings are compared, in the place of the collection's collation.
        collation: document => collation;
        /// Variables, to be used as `$$name`.
        let_vars: document => variables;
        /// Which index to use for the first stages.
        hint: hint => hint;
        /// Stages may hold more than 100 MiB. There is no disk to use instead: it is held in memory.
        allow_disk_use: bool => allow_disk_use;
        /// `$out` and `$merge` write what the validator would refuse.
        bypass_document_validation: bool => bypass_document_validation;
        /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long.
        max_time: (some Duration) => max_time;
    }

    /// The same with results of another type.
    pub fn with_type<U>(self) -> Aggregate<'a, U> {
        let Aggregate { docdb, database, collection, pending, .. } = self;
        Aggregate { docdb, database, collection, pending, of: PhantomData }
    }
}

impl<T: DeserializeOwned> Aggregate<'_, T> {
    /// Opens a cursor on the store as it is now: what is written later is not seen.
    ///
    /// # Errors
    /// Those of the pipeline, and of the engine.
    pub fn run(self) -> Result<Cursor<T>> {
        Ok(Cursor::new(self.docdb.aggregate(self.database, self.collection, &self.pending.finish()?)?))
    }

    /// Opens a cursor in the caller's transaction, which it sees as it goes.
    ///
    /// # Errors
    /// Those of [`run`](Aggregate::run).
    pub fn run_in(self, tx: &mut Transaction) -> Result<Cursor<T, TransactionCursor<'_>>> {
        Ok(Cursor::new(self.docdb.aggregate_in(tx, self.database, self.collection, &self.pending.finish()?)?))
    }
}
