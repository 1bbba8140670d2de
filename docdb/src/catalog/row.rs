//! A collection or a view as the catalog keeps it.

use bson::{RawDocumentBuf, Uuid};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Code, Error, Result},
    index::IndexRow,
};

/// The row's format; another one is refused.
const VERSION: i32 = 1;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CollectionRow {
    version: i32,
    pub(crate) id: i64,
    pub(crate) uuid: Uuid,
    /// As `listCollections` shows them: `capped`, `size`, `max`, `validator`, `viewOn`, `pipeline`, `collation`, …
    pub(crate) options: RawDocumentBuf,
    pub(crate) indexes: Vec<IndexRow>,
}

impl CollectionRow {
    pub(crate) fn new(id: u64, uuid: Uuid, options: RawDocumentBuf) -> Self {
        CollectionRow { version: VERSION, id: id.cast_signed(), uuid, options, indexes: Vec::new() }
    }

    pub(crate) fn encode(&self) -> Result<Bytes> {
        Ok(bson::serialize_to_vec(self)?.into())
    }

    pub(crate) fn decode(row: &[u8]) -> Result<Self> {
        let row: CollectionRow = bson::deserialize_from_slice(row)?;
        if row.version != VERSION {
            return Err(Error::new(
                Code::UNSUPPORTED_FORMAT,
                format!("a collection has the format {}, and this version reads {VERSION}", row.version),
            ));
        }
        Ok(row)
    }
}
