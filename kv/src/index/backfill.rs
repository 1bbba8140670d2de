//! Filling an index that was added to a table with items, and clearing one away that was removed.
//!
//! An index is added in the state of being filled, and from then on every write to the table keeps it. Filling adds the
//! entries of the rows that were there before, a bounded page at a time, each page a transaction: whoever changes a row
//! of it meanwhile comes before or after it as a whole. Only then can the index be read. If that is cut short, the next
//! opening of the service begins again.

use std::sync::Arc;

use bytes::Bytes;
use millpond_engine::{Engine, RangeRequest, Transaction, WriteBatch};

use super::expiry::{self, Expiry};
use super::{IndexRecord, entry};
use crate::Result;
use crate::catalog::Catalog;
use crate::layout::{self, IndexId, TableId};
use crate::sweep::clear;
use crate::table::TableRecord;

/// Rows that are read at a time.
const PAGE_ROWS: usize = 256;
/// Their bytes: an index copies each at most once, and a transaction has four times that room.
const PAGE_BYTES: usize = 8 << 20;

/// An index that is being filled.
#[derive(Clone)]
enum Filling {
    Secondary(Box<IndexRecord>),
    Expiry(Expiry),
}

impl Filling {
    fn of(table: &TableRecord, index: IndexId) -> Option<Filling> {
        let secondary = table.indexes.iter().find(|record| record.id == index && record.is_backfilling);
        let expiry = table.expiry.as_ref().filter(|expiry| expiry.index == index && expiry.is_backfilling);
        secondary
            .cloned()
            .map(|index| Filling::Secondary(index.into()))
            .or_else(|| expiry.cloned().map(Filling::Expiry))
    }
}

/// Fills an index and makes it readable. Gives up quietly if the table or the index is removed meanwhile.
pub(crate) fn fill(engine: &Engine, catalog: &Catalog, table_name: &str, index: IndexId) -> Result<()> {
    let mut resume = None;
    loop {
        let page = engine.transact(|tx| {
            let Some((table, record)) = filling(catalog, tx, table_name, index)? else { return Ok(None) };
            fill_page(catalog, tx, &table, &record, resume.as_ref()).map(Some)
        })?;
        match page {
            None => return Ok(()),
            Some(None) => break,
            Some(next) => resume = next,
        }
    }
    engine.transact(|tx| {
        let Some((table, _)) = filling(catalog, tx, table_name, index)? else { return Ok(()) };
        let mut table = TableRecord::clone(&table);
        finish(&mut table, index);
        tx.put(&catalog.tables, layout::table_key(table_name), table.encode())?;
        Ok(())
    })
}

/// Fills an index within one transaction, which has to have room for all of it.
pub(crate) fn fill_in(catalog: &Catalog, tx: &mut Transaction, table: &mut TableRecord, index: IndexId) -> Result<()> {
    let Some(record) = Filling::of(table, index) else { return Ok(()) };
    let mut resume = None;
    loop {
        resume = fill_page(catalog, tx, table, &record, resume.as_ref())?;
        if resume.is_none() {
            break;
        }
    }
    finish(table, index);
    tx.put(&catalog.tables, layout::table_key(&table.name), table.encode())?;
    Ok(())
}

/// The table and the index, if it is still being filled.
fn filling(
    catalog: &Catalog,
    tx: &mut Transaction,
    table_name: &str,
    index: IndexId,
) -> Result<Option<(Arc<TableRecord>, Filling)>> {
    let Some(table) = catalog.find(tx, table_name)? else { return Ok(None) };
    Ok(Filling::of(&table, index).map(|index| (table, index)))
}

/// Adds the entries of one page of rows; gives where to go on.
fn fill_page(
    catalog: &Catalog,
    tx: &mut Transaction,
    table: &TableRecord,
    index: &Filling,
    resume: Option<&Bytes>,
) -> Result<Option<Bytes>> {
    let rows = RangeRequest::prefix(&layout::items_prefix(table.id)).limit(PAGE_ROWS).limit_bytes(PAGE_BYTES);
    let rows = match resume {
        Some(key) => rows.resume_after(key),
        None => rows,
    };
    let page = tx.range(&catalog.items, &rows)?;
    for (row, stored) in &page.entries {
        let item = layout::decode(stored)?;
        match index {
            Filling::Secondary(index) => entry::add(tx, catalog, table, index, row, &item)?,
            Filling::Expiry(expiry) => expiry::add(tx, catalog, table, expiry, row, &item)?,
        }
    }
    Ok(page.resume)
}

fn finish(table: &mut TableRecord, index: IndexId) {
    for record in table.indexes.iter_mut().filter(|record| record.id == index) {
        record.is_backfilling = false;
    }
    for expiry in table.expiry.iter_mut().filter(|expiry| expiry.index == index) {
        expiry.is_backfilling = false;
    }
}

/// Removes the entries of an index that is in no record any more, and its mark.
pub(crate) fn sweep(engine: &Engine, catalog: &Catalog, table: TableId, index: IndexId) -> Result<()> {
    clear(engine, &catalog.indexes, &layout::index_prefix(table, index))?;
    let mut mark = WriteBatch::new();
    mark.delete(&catalog.tables, layout::dropped_key(table, index));
    Ok(engine.write(mark)?)
}

/// Ends what the last use of the store left half done.
pub(crate) fn resume_all(engine: &Engine, catalog: &Catalog) -> Result<()> {
    let snapshot = engine.snapshot()?;
    for mark in snapshot.scan(&catalog.tables, &RangeRequest::prefix(layout::DROPPED_PREFIX))? {
        let (table, index) = layout::dropped_ids(&mark?.0)?;
        sweep(engine, catalog, table, index)?;
    }
    for record in snapshot.scan(&catalog.tables, &RangeRequest::prefix(layout::TABLE_PREFIX))? {
        let table = TableRecord::decode(&record?.1)?;
        let secondary = table.indexes.iter().filter(|index| index.is_backfilling).map(|index| index.id);
        let expiry = table.expiry.iter().filter(|expiry| expiry.is_backfilling).map(|expiry| expiry.index);
        for index in secondary.chain(expiry) {
            fill(engine, catalog, &table.name, index)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::model::*;
    use crate::value::{AttributeValue, Item};
    use crate::{Kv, update_table};
    use millpond_engine::Engine;

    fn item(pk: &str, group: &str) -> Item {
        [("pk", pk), ("group", group)].map(|(name, text)| (name.to_owned(), AttributeValue::S(text.into()))).into()
    }

    fn scan_index(kv: &Kv) -> crate::Result<usize> {
        let request =
            ScanRequest { table_name: "tab".into(), index_name: Some("by-group".into()), ..Default::default() };
        Ok(kv.scan(&request)?.count)
    }

    /// A table of three items whose index was added, and is not filled yet.
    fn cut_short() -> Kv {
        let kv = Kv::open(&Engine::in_memory()).unwrap();
        let key = |name: &str| vec![KeySchemaElement { attribute_name: name.into(), key_type: KeyType::Hash }];
        let define = |name: &str| {
            vec![AttributeDefinition { attribute_name: name.into(), attribute_type: ScalarAttributeType::S }]
        };
        kv.create_table(&CreateTableRequest {
            table_name: "tab".into(),
            key_schema: key("pk"),
            attribute_definitions: define("pk"),
            billing_mode: Some(BillingMode::PayPerRequest),
            ..Default::default()
        })
        .unwrap();
        for pk in ["a", "b", "c"] {
            kv.put_item(&PutItemRequest { table_name: "tab".into(), item: item(pk, "old"), ..Default::default() })
                .unwrap();
        }
        let index = GlobalSecondaryIndex {
            index_name: "by-group".into(),
            key_schema: key("group"),
            projection: Projection { projection_type: Some(ProjectionType::All), non_key_attributes: None },
            ..Default::default()
        };
        let request = UpdateTableRequest {
            table_name: "tab".into(),
            attribute_definitions: Some(define("group")),
            global_secondary_index_updates: vec![GlobalSecondaryIndexUpdate::Create(index)],
            ..Default::default()
        };
        kv.engine().transact(|tx| update_table::run_in(kv.catalog(), tx, "tab", &request).map(drop)).unwrap();
        kv
    }

    #[test]
    fn an_index_that_is_being_filled_is_kept_but_cannot_be_read() {
        let kv = cut_short();
        let table = kv.describe_table(&DescribeTableRequest { table_name: "tab".into() }).unwrap().table;
        assert_eq!(table.table_status, TableStatus::Updating);
        let index = &table.global_secondary_indexes[0];
        assert_eq!((index.index_status, index.backfilling, index.item_count), (IndexStatus::Creating, true, 0));
        assert_eq!(
            scan_index(&kv).unwrap_err().to_string(),
            "Cannot read from backfilling global secondary index: by-group"
        );
        let put = PutItemRequest { table_name: "tab".into(), item: item("d", "new"), ..Default::default() };
        kv.put_item(&put).unwrap();
        let table = kv.describe_table(&DescribeTableRequest { table_name: "tab".into() }).unwrap().table;
        assert_eq!(table.global_secondary_indexes[0].item_count, 1);
        // A second one has to wait.
        let second = UpdateTableRequest {
            table_name: "tab".into(),
            global_secondary_index_updates: vec![GlobalSecondaryIndexUpdate::Create(GlobalSecondaryIndex {
                index_name: "by-pk".into(),
                key_schema: vec![KeySchemaElement { attribute_name: "pk".into(), key_type: KeyType::Hash }],
                projection: Projection { projection_type: Some(ProjectionType::All), non_key_attributes: None },
                ..Default::default()
            })],
            ..Default::default()
        };
        assert_eq!(kv.update_table(&second).unwrap_err().code(), "LimitExceededException");
    }

    #[test]
    fn the_next_opening_fills_an_index_whose_filling_was_cut_short() {
        let kv = cut_short();
        let delete = DeleteItemRequest {
            table_name: "tab".into(),
            key: Item::from([("pk".to_owned(), AttributeValue::S("b".into()))]),
            ..Default::default()
        };
        kv.delete_item(&delete).unwrap();
        let again = Kv::open(kv.engine()).unwrap();
        assert_eq!(scan_index(&again).unwrap(), 2);
        assert_eq!(scan_index(&kv).unwrap(), 2, "the older handle sees it too");
    }
}
