//! What running operations read from, and write to.

use std::sync::Arc;

use bson::{RawDocument, RawDocumentBuf};
use bytes::Bytes;
use millpond_engine::{Clock, Keyspace, Page, RangeRequest, Read, Snapshot, Timestamp, Transaction};

use crate::{
    aggregation::{Pipeline, Rows, Statistics},
    context::Context,
    error::Result,
    value::{Doc, Path},
};

/// Where an operation reads: a moment of the store, or the caller's transaction.
pub(crate) enum Reader<'e> {
    Snapshot(&'e Snapshot),
    Transaction(&'e mut Transaction),
}

impl Reader<'_> {
    /// The same reader for a shorter while.
    pub(crate) fn reborrow(&mut self) -> Reader<'_> {
        match self {
            Reader::Snapshot(snapshot) => Reader::Snapshot(snapshot),
            Reader::Transaction(tx) => Reader::Transaction(tx),
        }
    }
}

impl Read for Reader<'_> {
    fn get(&mut self, keyspace: &Keyspace, key: &[u8]) -> millpond_engine::Result<Option<Bytes>> {
        match self {
            Reader::Snapshot(snapshot) => snapshot.get(keyspace, key),
            Reader::Transaction(tx) => tx.get(keyspace, key),
        }
    }

    fn range(&mut self, keyspace: &Keyspace, request: &RangeRequest) -> millpond_engine::Result<Page> {
        match self {
            Reader::Snapshot(snapshot) => snapshot.range(keyspace, request),
            Reader::Transaction(tx) => tx.range(keyspace, request),
        }
    }
}

/// An operation that is running.
pub(crate) struct Execution<'e> {
    pub(crate) reader: Reader<'e>,
    /// The other collections that a pipeline reads and writes.
    pub(crate) collections: &'e dyn Collections,
    /// Whether stages may hold more than 100 MiB. There is no disk to use instead: they hold it in memory.
    pub(crate) allow_disk_use: bool,
    /// When the operation has to be over, by this clock.
    pub(crate) deadline: Option<(Clock, Timestamp)>,
    /// Whether the keys of indexes that documents were found by are asked for.
    pub(crate) wants_keys: bool,
}

/// A collection that a pipeline names. Without a database it is in the one that the command runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CollectionName {
    pub(crate) database: Option<Box<str>>,
    pub(crate) collection: Box<str>,
}

/// What a pipeline needs of the collections around it.
pub(crate) trait Collections {
    /// Opens a pipeline on a collection or a view. One that does not exist is empty.
    fn open(
        &self,
        reader: &mut Reader<'_>,
        from: &CollectionName,
        pipeline: &Arc<Pipeline>,
        context: &Context,
    ) -> Result<Box<dyn Rows>>;

    /// The documents of `$collStats`, `$indexStats` and their kin on the collection that the pipeline runs on.
    fn statistics(&self, reader: &mut Reader<'_>, of: &Statistics, context: &Context) -> Result<Vec<RawDocumentBuf>>;

    /// The unique index on exactly these fields, in any order, of the context's collation: what `$merge` finds documents
    /// by. A partial index does not count. `_id` alone always is one.
    fn unique_index(
        &self,
        reader: &mut Reader<'_>,
        of: &CollectionName,
        fields: &[Path],
        context: &Context,
    ) -> Result<Option<UniqueIndex>>;

    /// Changes at most one document, in a transaction of its own or in the caller's: finds one by a filter, asks what to do
    /// about it and does that. `decide` may be asked again after a conflict.
    fn change(
        &self,
        reader: &mut Reader<'_>,
        of: &CollectionName,
        filter: &RawDocument,
        context: &Context,
        decide: &mut dyn FnMut(Option<&RawDocument>) -> Result<Change>,
    ) -> Result<()>;

    /// Replaces all documents of a collection at once, keeping its indexes and options, and makes it if it does not exist.
    /// Nothing is changed if a document is refused.
    fn swap(&self, reader: &mut Reader<'_>, of: &CollectionName, documents: Vec<Doc>) -> Result<()>;
}

/// A unique index that `$merge` finds documents by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UniqueIndex {
    /// A sparse one does not hold documents without the fields.
    pub(crate) sparse: bool,
}

/// What becomes of a document that [`Collections::change`] found, or did not find.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    Keep,
    Insert(RawDocumentBuf),
    /// With a document of the same `_id`.
    Replace(RawDocumentBuf),
}
