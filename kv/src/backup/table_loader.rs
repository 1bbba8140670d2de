//! Making a table of items from outside of the store.

use millpond_engine::WriteBatch;

use super::copying::write_batch;
use super::loading::{self, Loading};
use crate::describe_table::Count;
use crate::layout;
use crate::model::{CreateTableRequest, TableDescription};
use crate::table::TableRecord;
use crate::value::Item;
use crate::write_item::{check_item, check_put_size};
use crate::{Kv, Result, create_table, key};

/// A new table that is being filled. Nobody else can use it before [`finish`](TableLoader::finish); dropped without that, it
/// is removed. See [`Kv::load_table`].
#[derive(Debug)]
pub struct TableLoader {
    kv: Kv,
    table: TableRecord,
    batch: WriteBatch,
    is_finished: bool,
}

impl Kv {
    /// Creates a table to be filled with many items at once, faster than by writing them one by one: they are written in
    /// large batches, and the table's indexes once they are all there. Until then its description says that it is being
    /// created, and it cannot be read or written.
    ///
    /// # Errors
    /// As [`create_table`](Kv::create_table). Not to be called within a transaction.
    pub fn load_table(&self, request: &CreateTableRequest) -> Result<TableLoader> {
        let create = create_table::check(request)?;
        let table = self.engine().transact(|tx| {
            let mut table = create_table::record_in(self.catalog(), tx, &create)?;
            let from = Loading { backup: None, table: None, at: table.created };
            loading::begin(self.catalog(), tx, &mut table, from)?;
            Ok::<_, crate::Error>(table)
        })?;
        Ok(TableLoader { kv: self.clone(), table, batch: WriteBatch::new(), is_finished: false })
    }
}

impl TableLoader {
    /// Adds an item. One of the same key that was added before is replaced.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation) if it is no item of this table; others may follow. Those of the
    /// engine.
    pub fn put(&mut self, item: &Item) -> Result<()> {
        check_item(item)?;
        let row = key::of_item(&self.table, item)?;
        check_put_size(item)?;
        self.batch.put(&self.kv.catalog().items, row, layout::encode(item));
        write_batch(self.kv.engine(), &mut self.batch, false)
    }

    /// The table, without a count of its items.
    #[must_use]
    pub fn table(&self) -> TableDescription {
        self.table.describe(self.kv.engine().clock().now(), &Count::default())
    }

    /// Fills the indexes and opens the table to all.
    ///
    /// # Errors
    /// Those of the engine; then the table is removed.
    pub fn finish(mut self) -> Result<TableDescription> {
        write_batch(self.kv.engine(), &mut self.batch, true)?;
        let table = loading::finish(self.kv.engine(), self.kv.catalog(), &self.table.name, self.table.id)?;
        self.is_finished = true;
        Ok(table.describe(self.kv.engine().clock().now(), &Count::default()))
    }
}

impl Drop for TableLoader {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        if let Err(error) = loading::abandon(self.kv.engine(), self.kv.catalog(), &self.table.name, self.table.id) {
            tracing::warn!(%error, table = self.table.name, "a table that was not filled stays until the next opening");
        }
    }
}
