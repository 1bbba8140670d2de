//! The service's handle.

use std::sync::Arc;

use millpond_engine::{Engine, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::catalog::Catalog;
use crate::describe_table::Counts;
use crate::layout::{IndexId, TableId};
use crate::model::*;
use crate::options::Options;
use crate::throttle::Throttle;
use crate::tokens::Purges;
use crate::typed::Table;
use crate::wording::Wording;
use crate::{
    Result, backup, batch_get_item, batch_write_item, create_table, delete_item, delete_table, describe_table,
    get_item, index, item_collection, list_tables, put_item, query, scan, tags, transact_get_items,
    transact_write_items, transaction, update_item, update_table,
};

/// The key-value service of one engine. Cheap to clone, and usable from any thread.
///
/// Each operation has two forms. The plain one is a commit of its own: when it returns `Ok`, the change is as durable as
/// the engine promises. The one that ends in `_in` joins the caller's transaction: it reads what the transaction has
/// written, and commits or fails with it. After an error of an `_in` form nothing of that operation was written, and the
/// transaction may go on. What is measured after a commit, the sizes of item collections, only the plain forms report.
#[derive(Clone, Debug)]
pub struct Kv {
    engine: Engine,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    catalog: Catalog,
    counts: Counts,
    purges: Purges,
    throttle: Option<Throttle>,
}

impl Kv {
    /// Opens the service on an engine. Removes what deleted tables, indexes and backups may have left behind, what was being
    /// restored or backed up when the last use ended, and expired tokens, and fills indexes whose filling was cut short.
    ///
    /// Open it once and clone it: a second opening on the same engine takes for cut short what is being restored, backed up
    /// or loaded through the first one, and those calls then fail.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn open(engine: &Engine) -> Result<Kv> {
        Kv::open_with(engine, Options::default())
    }

    /// [`open`](Kv::open) with options of one's own.
    ///
    /// # Errors
    /// As [`open`](Kv::open).
    pub fn open_with(engine: &Engine, options: Options) -> Result<Kv> {
        let catalog = Catalog::open(engine, options.chosen_change_format())?;
        delete_table::sweep_all(engine, &catalog)?;
        backup::resume(engine, &catalog)?;
        index::backfill::resume_all(engine, &catalog)?;
        let purges = Purges::default();
        purges.purge_if_due(engine, &catalog)?;
        let throttle = options.throttles().then(Throttle::default);
        let shared = Shared { options, catalog, counts: Counts::default(), purges, throttle };
        Ok(Kv { engine: engine.clone(), shared: Arc::new(shared) })
    }

    /// The engine it is on.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What was chosen when it was opened.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// In which words malformed writes are refused.
    #[must_use]
    pub fn wording(&self) -> Wording {
        self.shared.options.chosen_wording()
    }

    pub(crate) fn throttle(&self) -> Option<&Throttle> {
        self.shared.throttle.as_ref()
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.shared.catalog
    }

    /// Removes expired tokens after a transaction that had one, from time to time.
    pub(crate) fn purge_tokens(&self) {
        if !self.engine.in_transaction()
            && let Err(error) = self.shared.purges.purge_if_due(&self.engine, self.catalog())
        {
            // The transaction is committed all the same.
            tracing::warn!(%error, "expired tokens stay for another minute");
        }
    }

    /// A table as a collection of Rust values; see [`Table`].
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound).
    pub fn table<T: Serialize + DeserializeOwned>(&self, name: &str) -> Result<Table<T>> {
        Table::open(self, name)
    }

    /// Creates a table; it is usable when this returns.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation), [`Error::ResourceInUse`](crate::Error::ResourceInUse) if the
    /// table exists, and those of the engine.
    pub fn create_table(&self, request: &CreateTableRequest) -> Result<CreateTableOutput> {
        let create = create_table::check(request)?;
        self.engine.transact(|tx| create_table::run_in(self.catalog(), tx, &create))
    }

    /// [`create_table`](Kv::create_table) in the caller's transaction.
    ///
    /// # Errors
    /// As [`create_table`](Kv::create_table).
    pub fn create_table_in(&self, tx: &mut Transaction, request: &CreateTableRequest) -> Result<CreateTableOutput> {
        let create = create_table::check(request)?;
        tx.savepoint(|tx| create_table::run_in(self.catalog(), tx, &create))
    }

    /// Describes a table. The items are counted for it, which takes as long as reading the table; the count is exact,
    /// but for a table of 100,000 items or more it may be up to a minute old.
    ///
    /// # Errors
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn describe_table(&self, request: &DescribeTableRequest) -> Result<DescribeTableOutput> {
        let mut reader = self.engine.latest();
        describe_table::run(&self.engine, self.catalog(), &self.shared.counts, &mut reader, request)
    }

    /// [`describe_table`](Kv::describe_table) in the caller's transaction. The count is of committed items: it leaves
    /// out what the transaction itself has written.
    ///
    /// # Errors
    /// As [`describe_table`](Kv::describe_table).
    pub fn describe_table_in(
        &self,
        tx: &mut Transaction,
        request: &DescribeTableRequest,
    ) -> Result<DescribeTableOutput> {
        describe_table::run(&self.engine, self.catalog(), &self.shared.counts, tx, request)
    }

    /// Lists the names of the tables.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation), and those of the engine.
    pub fn list_tables(&self, request: &ListTablesRequest) -> Result<ListTablesOutput> {
        list_tables::check(request)?;
        list_tables::run(self.catalog(), &mut self.engine.latest(), request)
    }

    /// [`list_tables`](Kv::list_tables) in the caller's transaction.
    ///
    /// # Errors
    /// As [`list_tables`](Kv::list_tables).
    pub fn list_tables_in(&self, tx: &mut Transaction, request: &ListTablesRequest) -> Result<ListTablesOutput> {
        list_tables::check(request)?;
        list_tables::run(self.catalog(), tx, request)
    }

    /// Changes settings of a table, and its global secondary indexes. An index that is added is filled before this returns,
    /// which takes as long as there are items; meanwhile others see it in creation, and cannot read it. If that is cut
    /// short, the next [`open`](Kv::open) fills it.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn update_table(&self, request: &UpdateTableRequest) -> Result<UpdateTableOutput> {
        if self.engine.in_transaction() {
            return self.engine.transact(|tx| self.update_table_in(tx, request));
        }
        let name = update_table::check(request)?;
        let updated = self.engine.transact(|tx| update_table::run_in(self.catalog(), tx, name, request))?;
        // Counting may take long, so it is not done within the transaction.
        let count = self.shared.counts.of(&self.engine, self.catalog(), updated.table.id)?;
        if let Some(index) = updated.indexes.created {
            index::backfill::fill(&self.engine, self.catalog(), name, index)?;
        }
        if let Some(index) = &updated.indexes.dropped {
            self.sweep_index(name, updated.table.id, index.id);
        }
        Ok(UpdateTableOutput { table_description: updated.describe(&count) })
    }

    /// [`update_table`](Kv::update_table) in the caller's transaction, which has to have room for the entries of an index
    /// that is added. Those of one that is removed stay, out of reach, until the next [`open`](Kv::open).
    ///
    /// # Errors
    /// As [`update_table`](Kv::update_table).
    pub fn update_table_in(&self, tx: &mut Transaction, request: &UpdateTableRequest) -> Result<UpdateTableOutput> {
        let name = update_table::check(request)?;
        let updated = tx.savepoint(|tx| {
            let mut updated = update_table::run_in(self.catalog(), tx, name, request)?;
            if let Some(index) = updated.indexes.created {
                index::backfill::fill_in(self.catalog(), tx, &mut updated.table, index)?;
            }
            Ok::<_, crate::Error>(updated)
        })?;
        let count = self.shared.counts.of(&self.engine, self.catalog(), updated.table.id)?;
        Ok(UpdateTableOutput { table_description: updated.describe(&count) })
    }

    /// Deletes a table and removes its items, which takes as long as there are items. If that is cut short, the table
    /// is gone all the same, and the next [`open`](Kv::open) removes the rest.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation) if it is protected,
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn delete_table(&self, request: &DeleteTableRequest) -> Result<DeleteTableOutput> {
        let (output, table) = self.engine.transact(|tx| delete_table::run_in(self.catalog(), tx, request))?;
        // Within a transaction of the caller's the deletion is not committed yet; else no failure undoes it any more.
        if !self.engine.in_transaction()
            && let Err(error) = delete_table::sweep(&self.engine, self.catalog(), table)
        {
            tracing::warn!(%error, table = request.table_name, "rows of a deleted table stay until the next opening");
        }
        Ok(output)
    }

    /// [`delete_table`](Kv::delete_table) in the caller's transaction. The items stop being reachable when it commits;
    /// the next [`open`](Kv::open) removes them.
    ///
    /// # Errors
    /// As [`delete_table`](Kv::delete_table).
    pub fn delete_table_in(&self, tx: &mut Transaction, request: &DeleteTableRequest) -> Result<DeleteTableOutput> {
        tx.savepoint(|tx| delete_table::run_in(self.catalog(), tx, request)).map(|(output, _)| output)
    }

    /// Clears an index away that is in no record any more. That is committed; no failure here undoes it.
    pub(crate) fn sweep_index(&self, table_name: &str, table: TableId, index: IndexId) {
        if let Err(error) = index::backfill::sweep(&self.engine, self.catalog(), table, index) {
            tracing::warn!(%error, table = table_name, "entries of a deleted index stay until the next opening");
        }
    }

    fn metrics_of_item(
        &self,
        asked: ReturnItemCollectionMetrics,
        table: &str,
        key: &crate::Item,
    ) -> Result<Option<ItemCollectionMetrics>> {
        item_collection::of_item(&self.engine, self.catalog(), asked, table, key)
    }

    /// Sets labels of a table.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn tag_resource(&self, request: &TagResourceRequest) -> Result<()> {
        self.engine.transact(|tx| self.tag_resource_in(tx, request))
    }

    /// [`tag_resource`](Kv::tag_resource) in the caller's transaction.
    ///
    /// # Errors
    /// As [`tag_resource`](Kv::tag_resource).
    pub fn tag_resource_in(&self, tx: &mut Transaction, request: &TagResourceRequest) -> Result<()> {
        tags::tag_in(self.catalog(), tx, request)
    }

    /// Removes labels of a table.
    ///
    /// # Errors
    /// As [`tag_resource`](Kv::tag_resource).
    pub fn untag_resource(&self, request: &UntagResourceRequest) -> Result<()> {
        self.engine.transact(|tx| self.untag_resource_in(tx, request))
    }

    /// [`untag_resource`](Kv::untag_resource) in the caller's transaction.
    ///
    /// # Errors
    /// As [`tag_resource`](Kv::tag_resource).
    pub fn untag_resource_in(&self, tx: &mut Transaction, request: &UntagResourceRequest) -> Result<()> {
        tags::untag_in(self.catalog(), tx, request)
    }

    /// Lists the labels of a table.
    ///
    /// # Errors
    /// As [`tag_resource`](Kv::tag_resource).
    pub fn list_tags_of_resource(&self, request: &ListTagsOfResourceRequest) -> Result<ListTagsOfResourceOutput> {
        tags::list(self.catalog(), &mut self.engine.latest(), request)
    }

    /// [`list_tags_of_resource`](Kv::list_tags_of_resource) in the caller's transaction.
    ///
    /// # Errors
    /// As [`tag_resource`](Kv::tag_resource).
    pub fn list_tags_of_resource_in(
        &self,
        tx: &mut Transaction,
        request: &ListTagsOfResourceRequest,
    ) -> Result<ListTagsOfResourceOutput> {
        tags::list(self.catalog(), tx, request)
    }

    /// Creates or replaces an item. Without a condition and without an asked old image or capacity no item is read.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound),
    /// [`Error::ConditionalCheckFailed`](crate::Error::ConditionalCheckFailed), and those of the engine.
    pub fn put_item(&self, request: &PutItemRequest) -> Result<PutItemOutput> {
        let mut output = match &self.shared.throttle {
            Some(throttle) => throttle.put_item(self, request)?,
            None => {
                let put = self.wording().checked(put_item::check(request))?;
                self.engine.transact(|tx| put_item::run_in(self.catalog(), tx, &put))?
            }
        };
        let asked = request.return_item_collection_metrics;
        output.item_collection_metrics = self.metrics_of_item(asked, &request.table_name, &request.item)?;
        Ok(output)
    }

    /// [`put_item`](Kv::put_item) in the caller's transaction.
    ///
    /// # Errors
    /// As [`put_item`](Kv::put_item).
    pub fn put_item_in(&self, tx: &mut Transaction, request: &PutItemRequest) -> Result<PutItemOutput> {
        put_item::run_in(self.catalog(), tx, &self.wording().checked(put_item::check(request))?)
    }

    /// Reads an item, as the latest commit left it.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn get_item(&self, request: &GetItemRequest) -> Result<GetItemOutput> {
        if let Some(throttle) = &self.shared.throttle {
            return throttle.get_item(self, request);
        }
        get_item::run(self.catalog(), &mut self.engine.latest(), &get_item::check(request)?)
    }

    /// [`get_item`](Kv::get_item) in the caller's transaction.
    ///
    /// # Errors
    /// As [`get_item`](Kv::get_item).
    pub fn get_item_in(&self, tx: &mut Transaction, request: &GetItemRequest) -> Result<GetItemOutput> {
        get_item::run(self.catalog(), tx, &get_item::check(request)?)
    }

    /// Changes attributes of an item, which is created if it is missing.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound),
    /// [`Error::ConditionalCheckFailed`](crate::Error::ConditionalCheckFailed), and those of the engine.
    pub fn update_item(&self, request: &UpdateItemRequest) -> Result<UpdateItemOutput> {
        let mut output = match &self.shared.throttle {
            Some(throttle) => throttle.update_item(self, request)?,
            None => {
                let update = self.wording().checked(update_item::check(request))?;
                self.engine.transact(|tx| update_item::run_in(self.catalog(), tx, &update))?
            }
        };
        let asked = request.return_item_collection_metrics;
        output.item_collection_metrics = self.metrics_of_item(asked, &request.table_name, &request.key)?;
        Ok(output)
    }

    /// [`update_item`](Kv::update_item) in the caller's transaction.
    ///
    /// # Errors
    /// As [`update_item`](Kv::update_item).
    pub fn update_item_in(&self, tx: &mut Transaction, request: &UpdateItemRequest) -> Result<UpdateItemOutput> {
        update_item::run_in(self.catalog(), tx, &self.wording().checked(update_item::check(request))?)
    }

    /// Deletes an item. Deleting a missing one is no error.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound),
    /// [`Error::ConditionalCheckFailed`](crate::Error::ConditionalCheckFailed), and those of the engine.
    pub fn delete_item(&self, request: &DeleteItemRequest) -> Result<DeleteItemOutput> {
        let mut output = match &self.shared.throttle {
            Some(throttle) => throttle.delete_item(self, request)?,
            None => {
                let delete = self.wording().checked(delete_item::check(request))?;
                self.engine.transact(|tx| delete_item::run_in(self.catalog(), tx, &delete))?
            }
        };
        let asked = request.return_item_collection_metrics;
        output.item_collection_metrics = self.metrics_of_item(asked, &request.table_name, &request.key)?;
        Ok(output)
    }

    /// [`delete_item`](Kv::delete_item) in the caller's transaction.
    ///
    /// # Errors
    /// As [`delete_item`](Kv::delete_item).
    pub fn delete_item_in(&self, tx: &mut Transaction, request: &DeleteItemRequest) -> Result<DeleteItemOutput> {
        delete_item::run_in(self.catalog(), tx, &self.wording().checked(delete_item::check(request))?)
    }

    /// Reads a page of the items of one partition key, as one moment saw them.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn query(&self, request: &QueryRequest) -> Result<QueryOutput> {
        if let Some(throttle) = &self.shared.throttle {
            return throttle.query(self, request);
        }
        let query = query::check(request)?;
        query::run(self.catalog(), &mut self.engine.snapshot()?, &query)
    }

    /// [`query`](Kv::query) in the caller's transaction, which then conflicts with any change of the range it read.
    ///
    /// # Errors
    /// As [`query`](Kv::query).
    pub fn query_in(&self, tx: &mut Transaction, request: &QueryRequest) -> Result<QueryOutput> {
        query::run(self.catalog(), tx, &query::check(request)?)
    }

    /// Reads a page of all items of a table or of a segment of it, as one moment saw them.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn scan(&self, request: &ScanRequest) -> Result<ScanOutput> {
        if let Some(throttle) = &self.shared.throttle {
            return throttle.scan(self, request);
        }
        let scan = scan::check(request)?;
        scan::run(self.catalog(), &mut self.engine.snapshot()?, &scan)
    }

    /// [`scan`](Kv::scan) in the caller's transaction, which then conflicts with any change of the range it read.
    ///
    /// # Errors
    /// As [`scan`](Kv::scan).
    pub fn scan_in(&self, tx: &mut Transaction, request: &ScanRequest) -> Result<ScanOutput> {
        scan::run(self.catalog(), tx, &scan::check(request)?)
    }

    /// Reads up to 100 items, as one moment saw them.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn batch_get_item(&self, request: &BatchGetItemRequest) -> Result<BatchGetItemOutput> {
        if let Some(throttle) = &self.shared.throttle {
            return throttle.batch_get_item(self, request);
        }
        let batch = batch_get_item::check(request)?;
        batch_get_item::run(self.catalog(), &mut self.engine.snapshot()?, &batch)
    }

    /// [`batch_get_item`](Kv::batch_get_item) in the caller's transaction.
    ///
    /// # Errors
    /// As [`batch_get_item`](Kv::batch_get_item).
    pub fn batch_get_item_in(&self, tx: &mut Transaction, request: &BatchGetItemRequest) -> Result<BatchGetItemOutput> {
        batch_get_item::run(self.catalog(), tx, &batch_get_item::check(request)?)
    }

    /// Puts and deletes up to 25 items, all or none.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn batch_write_item(&self, request: &BatchWriteItemRequest) -> Result<BatchWriteItemOutput> {
        let mut output = match &self.shared.throttle {
            Some(throttle) => throttle.batch_write_item(self, request)?,
            None => {
                let batch = batch_write_item::check(request)?;
                self.engine.transact(|tx| batch_write_item::run_in(self.catalog(), tx, &batch))?
            }
        };
        let asked = request.return_item_collection_metrics;
        let items = batch_write_item::items(request);
        output.item_collection_metrics = item_collection::of_items(&self.engine, self.catalog(), asked, items)?;
        Ok(output)
    }

    /// [`batch_write_item`](Kv::batch_write_item) in the caller's transaction.
    ///
    /// # Errors
    /// As [`batch_write_item`](Kv::batch_write_item).
    pub fn batch_write_item_in(
        &self,
        tx: &mut Transaction,
        request: &BatchWriteItemRequest,
    ) -> Result<BatchWriteItemOutput> {
        let batch = batch_write_item::check(request)?;
        tx.savepoint(|tx| batch_write_item::run_in(self.catalog(), tx, &batch))
    }

    /// Reads up to 100 items, as one moment saw them.
    ///
    /// # Errors
    /// [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound),
    /// [`Error::TransactionCanceled`](crate::Error::TransactionCanceled) for a key that does not fit its table, and those
    /// of the engine.
    pub fn transact_get_items(&self, request: &TransactGetItemsRequest) -> Result<TransactGetItemsOutput> {
        if let Some(throttle) = &self.shared.throttle {
            return throttle.transact_get_items(self, request);
        }
        let reads = transact_get_items::check(request)?;
        transact_get_items::run(self.catalog(), &mut self.engine.snapshot()?, &reads)
    }

    /// [`transact_get_items`](Kv::transact_get_items) in the caller's transaction.
    ///
    /// # Errors
    /// As [`transact_get_items`](Kv::transact_get_items).
    pub fn transact_get_items_in(
        &self,
        tx: &mut Transaction,
        request: &TransactGetItemsRequest,
    ) -> Result<TransactGetItemsOutput> {
        transact_get_items::run(self.catalog(), tx, &transact_get_items::check(request)?)
    }

    /// Does up to 100 writes and checks, all or none.
    ///
    /// # Errors
    /// [`Error::TransactionCanceled`](crate::Error::TransactionCanceled) if one of them cannot be done,
    /// [`Error::IdempotentParameterMismatch`](crate::Error::IdempotentParameterMismatch) for a token that stands for other
    /// actions, [`Error::Validation`](crate::Error::Validation),
    /// [`Error::ResourceNotFound`](crate::Error::ResourceNotFound), and those of the engine.
    pub fn transact_write_items(&self, request: &TransactWriteItemsRequest) -> Result<TransactWriteItemsOutput> {
        let done = match &self.shared.throttle {
            Some(throttle) => throttle.transact_write_items(self, request),
            None => {
                let writes = transact_write_items::check(request)?;
                self.engine.transact(|tx| transact_write_items::run_in(self.catalog(), tx, &writes))
            }
        };
        if request.client_request_token.is_some() && done.is_ok() {
            self.purge_tokens();
        }
        let mut output = done.map_err(|error| transaction::lost(error, request.transact_items.len()))?;
        let asked = request.return_item_collection_metrics;
        let items = request.transact_items.iter().filter_map(transact_write_items::written);
        output.item_collection_metrics = item_collection::of_items(&self.engine, self.catalog(), asked, items)?;
        Ok(output)
    }

    /// [`transact_write_items`](Kv::transact_write_items) in the caller's transaction. Its token, if it has one, is
    /// removed by a later plain call or [`open`](Kv::open), once it has expired.
    ///
    /// # Errors
    /// As [`transact_write_items`](Kv::transact_write_items).
    pub fn transact_write_items_in(
        &self,
        tx: &mut Transaction,
        request: &TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsOutput> {
        let writes = transact_write_items::check(request)?;
        tx.savepoint(|tx| transact_write_items::run_in(self.catalog(), tx, &writes))
    }
}
