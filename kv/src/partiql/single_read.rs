//! Reads of one item, as batches and transactions have them.

use millpond_engine::Read as EngineRead;

use super::bind::Read;
use super::fault::Result;
use super::item_key::ItemKey;
use super::key_plan;
use crate::Error;
use crate::catalog::Catalog;
use crate::expression::Projection;
use crate::key;
use crate::read_item::read_row;
use crate::source::Source;
use crate::table::TableRecord;
use crate::value::Item;

/// A `SELECT` of the item under a key.
#[derive(Debug)]
pub(crate) struct SingleRead {
    key: Item,
    pub(crate) row: Vec<u8>,
    projection: Option<Projection>,
}

impl Read {
    /// What a statement of a batch reads.
    ///
    /// # Errors
    /// It does not name the whole primary key, or anything else beside it.
    pub(crate) fn of_batch(&self, table: &TableRecord, consistent_read: bool) -> Result<SingleRead> {
        let source = self.source(table, consistent_read)?;
        key_plan::plan(source, self.condition.as_ref())?;
        let found = ItemKey::of(table, self.condition.as_ref(), true);
        if !self.has_index() && found.is_all(table) {
            let projection = self.checked_projection(table)?;
            return SingleRead::new(table, found.key, projection);
        }
        Err(Error::validation(
            "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
        ))
    }

    /// What a statement of a transaction reads; the inner error is the reason of a cancellation.
    ///
    /// # Errors
    /// It reads an index, or does not name the whole primary key, or anything else beside it.
    pub(crate) fn of_transaction(&self, table: &TableRecord) -> Result<Result<SingleRead>> {
        if self.has_index() {
            return Err(Error::validation("Reads on indices are not supported within transactions."));
        }
        let found = ItemKey::of(table, self.condition.as_ref(), true);
        let is_mismatch = found.mismatch(table).is_some();
        if !is_mismatch {
            key_plan::plan(Source { table, index: None }, self.condition.as_ref())?;
        }
        if !found.is_all(table) {
            return Err(Error::validation(
                "Select statements within ExecuteTransaction must specify the primary key in the where clause.",
            ));
        }
        let projection = self.checked_projection(table)?;
        Ok(SingleRead::new(table, found.key, projection))
    }

    fn checked_projection(&self, table: &TableRecord) -> Result<Option<Projection>> {
        let projection = self.projection()?;
        self.check_paths(table, projection.as_ref())?;
        Ok(projection)
    }
}

impl SingleRead {
    /// Fails for a key that is not the table's.
    fn new(table: &TableRecord, key: Item, projection: Option<Projection>) -> Result<SingleRead> {
        let row = key::of_request(table, &key)?;
        Ok(SingleRead { key, row, projection })
    }

    /// The asked parts of the item, if there is one, and the bytes of the whole of it.
    pub(crate) fn run(
        &self,
        catalog: &Catalog,
        reader: &mut impl EngineRead,
        table: &TableRecord,
    ) -> Result<(Option<Item>, usize)> {
        match reader.get(&catalog.items, &self.row)? {
            Some(value) => {
                let (item, bytes) = read_row(table, value, &self.key, self.projection.as_ref())?;
                Ok((Some(item), bytes))
            }
            None => Ok((None, 0)),
        }
    }
}
