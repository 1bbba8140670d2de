//! The catalog: which collections and views there are, and the indexes of each.
//!
//! Keyspace `docdb.catalog`:
//!
//! | key | value |
//! |---|---|
//! | `01`, the database, `00`, the collection | a [`CollectionRow`] as BSON |
//! | `02` | the last id that was given to a collection or an index, 8 bytes |
//! | `03`, id | a collection or an index that was dropped, with what is still to be deleted of it: `c` or `i` |
//!
//! Ids are never given twice, so what a drop leaves behind is out of sight at once and deleted later.

mod collection;
mod row;

use std::sync::Arc;

use bytes::Bytes;
use millpond_engine::{RangeRequest, Read, Transaction};

pub(crate) use collection::Collection;
pub(crate) use row::CollectionRow;

use crate::{
    error::{Code, Error, Result, refuse},
    model::Namespace,
    store::Store,
};

const COLLECTION: u8 = 1;
const LAST_ID: u8 = 2;
const GARBAGE: u8 = 3;

/// What is left of something that was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Garbage {
    /// The documents of a collection.
    Documents,
    /// The entries of an index.
    Entries,
}

fn collection_key(namespace: &Namespace) -> Vec<u8> {
    let mut key = database_prefix(namespace.database());
    key.extend_from_slice(namespace.collection().as_bytes());
    key
}

/// Names of databases have no NUL.
fn database_prefix(database: &str) -> Vec<u8> {
    let mut key = vec![COLLECTION];
    key.extend_from_slice(database.as_bytes());
    key.push(0);
    key
}

fn garbage_key(id: u64) -> Vec<u8> {
    let mut key = vec![GARBAGE];
    key.extend_from_slice(&id.to_be_bytes());
    key
}

impl Store {
    /// A collection or view, ready to be used. What was decoded before is used again while its row is the same.
    pub(crate) fn collection(&self, reader: &mut impl Read, namespace: &Namespace) -> Result<Option<Arc<Collection>>> {
        let Some(row) = reader.get(&self.catalog, &collection_key(namespace))? else { return Ok(None) };
        if let Some((known, collection)) = self.memory.decoded.lock().get(namespace)
            && *known == row
        {
            return Ok(Some(Arc::clone(collection)));
        }
        let collection = Arc::new(Collection::open(namespace.clone(), CollectionRow::decode(&row)?)?);
        self.memory.decoded.lock().insert(namespace.clone(), (row, Arc::clone(&collection)));
        Ok(Some(collection))
    }

    /// Writes a collection's row.
    pub(crate) fn put_collection(
        &self,
        tx: &mut Transaction,
        namespace: &Namespace,
        row: &CollectionRow,
    ) -> Result<()> {
        Ok(tx.put(&self.catalog, collection_key(namespace), row.encode()?)?)
    }

    pub(crate) fn delete_collection_row(&self, tx: &mut Transaction, namespace: &Namespace) -> Result<()> {
        Ok(tx.delete(&self.catalog, collection_key(namespace))?)
    }

    /// All collections and views of a database, or of all, in their order.
    pub(crate) fn collections(
        &self,
        reader: &mut impl Read,
        database: Option<&str>,
    ) -> Result<Vec<(Namespace, CollectionRow)>> {
        let prefix = database.map_or(vec![COLLECTION], database_prefix);
        let mut found = Vec::new();
        let mut request = RangeRequest::prefix(&prefix);
        loop {
            let page = reader.range(&self.catalog, &request)?;
            for (key, row) in &page.entries {
                if let Some(namespace) = parse_key(key) {
                    found.push((namespace, CollectionRow::decode(row)?));
                }
            }
            match page.resume {
                Some(resume) => request = request.resume_after(&resume),
                None => return Ok(found),
            }
        }
    }

    /// The names of all collections and views, in their order.
    pub(crate) fn names(&self, reader: &mut impl Read) -> Result<Vec<Namespace>> {
        let mut found = Vec::new();
        let mut request = RangeRequest::prefix(&[COLLECTION]);
        loop {
            let page = reader.range(&self.catalog, &request)?;
            found.extend(page.entries.iter().filter_map(|(key, _)| parse_key(key)));
            match page.resume {
                Some(resume) => request = request.resume_after(&resume),
                None => return Ok(found),
            }
        }
    }

    /// A new id for a collection or an index.
    pub(crate) fn new_id(&self, tx: &mut Transaction) -> Result<u64> {
        let last = tx.get(&self.catalog, &[LAST_ID])?;
        let last = last.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes);
        tx.put(&self.catalog, vec![LAST_ID], (last + 1).to_be_bytes().to_vec())?;
        Ok(last + 1)
    }

    /// Leaves something to be deleted later.
    pub(crate) fn put_garbage(&self, tx: &mut Transaction, id: u64, what: Garbage) -> Result<()> {
        let mark = match what {
            Garbage::Documents => b"c",
            Garbage::Entries => b"i",
        };
        Ok(tx.put(&self.catalog, garbage_key(id), Bytes::from_static(mark))?)
    }

    /// Something that is to be deleted.
    pub(crate) fn garbage(&self, reader: &mut impl Read) -> Result<Option<(u64, Garbage)>> {
        let page = reader.range(&self.catalog, &RangeRequest::prefix(&[GARBAGE]).limit(1))?;
        let Some((key, mark)) = page.entries.first() else { return Ok(None) };
        let id = key.get(1..).and_then(|id| id.try_into().ok()).map(u64::from_be_bytes);
        let what = match mark.as_ref() {
            b"c" => Garbage::Documents,
            b"i" => Garbage::Entries,
            _ => return refuse(Code::INTERNAL_ERROR, "the catalog has a row of an unknown kind"),
        };
        Ok(id.map(|id| (id, what)))
    }

    pub(crate) fn delete_garbage(&self, tx: &mut Transaction, id: u64) -> Result<()> {
        Ok(tx.delete(&self.catalog, garbage_key(id))?)
    }
}

fn parse_key(key: &[u8]) -> Option<Namespace> {
    let (database, collection) = std::str::from_utf8(key.get(1..)?).ok()?.split_once('\0')?;
    Namespace::new(database, collection).ok()
}

/// The error for a collection that is not there.
pub(crate) fn not_found(namespace: &Namespace) -> Error {
    Error::new(Code::NAMESPACE_NOT_FOUND, format!("ns not found: {namespace}"))
}
