//! What running operations read from.

use bytes::Bytes;
use millpond_engine::{Keyspace, Page, RangeRequest, Read, Snapshot, Transaction};

/// Where an operation reads: a moment of the store, or the caller's transaction.
pub(crate) enum Reader<'e> {
    Snapshot(&'e Snapshot),
    Transaction(&'e mut Transaction),
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
}
