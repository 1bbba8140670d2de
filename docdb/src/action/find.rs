//! `find`.

use std::{marker::PhantomData, time::Duration};

use millpond_engine::Transaction;
use serde::de::DeserializeOwned;

use crate::{
    action::{Pending, setters},
    cursor::TransactionCursor,
    docdb::Docdb,
    error::Result,
    model::{self, Tailable},
    typed::{Cursor, Name},
};

/// A search for documents: [`Collection::find`](crate::Collection::find).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct Find<'a, T> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) pending: Pending<model::Find>,
    pub(crate) of: PhantomData<fn() -> T>,
}

impl<T> Find<'_, T> {
    setters! {
        /// Which fields are shown.
        projection: document => projection;
        /// The order.
        sort: document => sort;
        /// How many are left out in front.
        skip: u64 => skip;
        /// At most so many; 0 is no limit.
        limit: u64 => limit;
        /// Which index to use.
        hint: hint => hint;
        /// The least key of the hinted index, inclusive.
        min: document => min;
        /// The end of the hinted index's keys, exclusive.
        max: document => max;
        /// How strings are compared, in the place of the collection's collation.
        collation: document => collation;
        /// Variables, to be used as `$$name` within `$expr`.
        let_vars: document => variables;
        /// Show the index keys by which documents were found in the place of documents.
        return_key: bool => return_key;
        /// Add `$recordId`, the place in the collection.
        show_record_id: bool => show_record_id;
        /// Sorts may hold more than 100 MiB. There is no disk to use instead: it is held in memory.
        allow_disk_use: bool => allow_disk_use;
        /// Whether the cursor stays open at the end of a capped collection.
        cursor_type: Tailable => tailable;
        /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long.
        max_time: (some Duration) => max_time;
    }
}

impl<T: DeserializeOwned> Find<'_, T> {
    /// Opens a cursor on the store as it is now: what is written later is not seen.
    ///
    /// # Errors
    /// Those of the filter, the sort, the projection and the hint, and of the engine.
    pub fn run(self) -> Result<Cursor<T>> {
        Ok(Cursor::new(self.docdb.find(&self.name.namespace()?, &self.pending.finish()?)?))
    }

    /// Opens a cursor in the caller's transaction, which it sees as it goes.
    ///
    /// # Errors
    /// Those of [`run`](Find::run).
    pub fn run_in(self, tx: &mut Transaction) -> Result<Cursor<T, TransactionCursor<'_>>> {
        Ok(Cursor::new(self.docdb.find_in(tx, &self.name.namespace()?, &self.pending.finish()?)?))
    }
}

/// A search for one document: [`Collection::find_one`](crate::Collection::find_one).
#[derive(Debug)]
#[must_use = "nothing happens until it runs"]
pub struct FindOne<'a, T> {
    pub(crate) docdb: &'a Docdb,
    pub(crate) name: &'a Name,
    pub(crate) pending: Pending<model::Find>,
    pub(crate) of: PhantomData<fn() -> T>,
}

impl<T> FindOne<'_, T> {
    setters! {
        /// Which fields are shown.
        projection: document => projection;
        /// The order in which the document is the first.
        sort: document => sort;
        /// How many are left out in front.
        skip: u64 => skip;
        /// Which index to use.
        hint: hint => hint;
        /// The least key of the hinted index, inclusive.
        min: document => min;
        /// The end of the hinted index's keys, exclusive.
        max: document => max;
        /// How strings are compared, in the place of the collection's collation.
        collation: document => collation;
        /// Variables, to be used as `$$name` within `$expr`.
        let_vars: document => variables;
        /// Show the index key by which the document was found in its place.
        return_key: bool => return_key;
        /// Add `$recordId`, the place in the collection.
        show_record_id: bool => show_record_id;
        /// Refuse with [`Code::MAX_TIME_MS_EXPIRED`](crate::Code::MAX_TIME_MS_EXPIRED) after so long.
        max_time: (some Duration) => max_time;
    }
}

impl<'a, T: DeserializeOwned> FindOne<'a, T> {
    fn first(self) -> Find<'a, T> {
        let FindOne { docdb, name, pending, of } = self;
        Find { docdb, name, pending, of }.limit(1)
    }

    /// The first document, if there is one.
    ///
    /// # Errors
    /// Those of [`Find::run`], and [`Error::Bson`](crate::Error::Bson) for a document that is not a `T`.
    pub fn run(self) -> Result<Option<T>> {
        self.first().run()?.next().transpose()
    }

    /// The first document that the caller's transaction sees.
    ///
    /// # Errors
    /// Those of [`run`](FindOne::run).
    pub fn run_in(self, tx: &mut Transaction) -> Result<Option<T>> {
        self.first().run_in(tx)?.next().transpose()
    }
}
