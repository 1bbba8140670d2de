//! Putting and deleting many items at once. A batch is one commit: all of it is written, or none.

use std::collections::{BTreeMap, HashSet};

use millpond_engine::Transaction;

use crate::capacity::{self, Consumption};
use crate::catalog::Catalog;
use crate::model::{BatchWriteItemOutput, BatchWriteItemRequest, ReturnConsumedCapacity, WriteRequest};
use crate::table::TableRecord;
use crate::value::Item;
use crate::write_item::{self, write_item};
use crate::{Error, Result, constraints, key};

const MAX_WRITES: usize = 25;

/// A request whose own checks have passed.
pub(crate) struct BatchWrite<'a> {
    request: &'a BatchWriteItemRequest,
    tables: Vec<TableWrites<'a>>,
}

struct TableWrites<'a> {
    /// The table as the request names it.
    parameter: &'a str,
    name: &'a str,
    requests: &'a [WriteRequest],
}

/// The items and keys of a request, each with its table as the request names it.
pub(crate) fn items(request: &BatchWriteItemRequest) -> impl Iterator<Item = (&str, &Item)> {
    request.request_items.iter().flat_map(|(table, writes)| {
        writes.iter().map(move |write| match write {
            WriteRequest::Put { item } => (table.as_str(), item),
            WriteRequest::Delete { key } => (table.as_str(), key),
        })
    })
}

/// One write with its row.
struct Write<'a> {
    parameter: &'a str,
    table: std::sync::Arc<TableRecord>,
    row: Vec<u8>,
    /// The item or the key.
    key: &'a Item,
    new: Option<&'a Item>,
}

pub(crate) fn check(request: &BatchWriteItemRequest) -> Result<BatchWrite<'_>> {
    if request.request_items.is_empty() {
        return Err(Error::validation("The requestItems parameter is required for BatchWriteItem"));
    }
    let mut broken = constraints::Constraints::default();
    for (table, writes) in &request.request_items {
        let field = format!("RequestItems.{table}.member");
        if writes.len() > MAX_WRITES {
            broken.breaks_at(&field, "Member must have length less than or equal to 25");
        } else if writes.is_empty() {
            broken.breaks_at(&field, "Member must have length greater than or equal to 1");
        }
    }
    broken.finish()?;
    if request.request_items.values().map(Vec::len).sum::<usize>() > MAX_WRITES {
        return Err(Error::validation("Too many items requested for the BatchWriteItem call"));
    }
    let mut tables = Vec::with_capacity(request.request_items.len());
    for (parameter, writes) in &request.request_items {
        for write in writes {
            if let WriteRequest::Put { item } = write {
                constraints::check_names_in_batch(item)?;
                write_item::check_item(item)?;
            }
        }
        tables.push(TableWrites { parameter, name: constraints::table_name(parameter)?, requests: writes });
    }
    Ok(BatchWrite { request, tables })
}

fn writes<'a>(catalog: &Catalog, tx: &mut Transaction, batch: &BatchWrite<'a>) -> Result<Vec<Write<'a>>> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for TableWrites { parameter, name, requests } in &batch.tables {
        let table = catalog.need(tx, name)?;
        for request in *requests {
            let (row, key, new) = match request {
                WriteRequest::Put { item } => (key::of_item(&table, item)?, item, Some(item)),
                WriteRequest::Delete { key } => (key::of_request(&table, key)?, key, None),
            };
            if !seen.insert(row.clone()) {
                return Err(Error::validation("Provided list of item keys contains duplicates"));
            }
            new.map_or(Ok(()), write_item::check_put_size)?;
            found.push(Write { parameter, table: std::sync::Arc::clone(&table), row, key, new });
        }
    }
    Ok(found)
}

pub(crate) fn run_in(catalog: &Catalog, tx: &mut Transaction, batch: &BatchWrite<'_>) -> Result<BatchWriteItemOutput> {
    let mut tables: BTreeMap<&str, Consumption> = BTreeMap::new();
    let mut found = Vec::new();
    let asked = batch.request.return_consumed_capacity;
    let needed = asked != ReturnConsumedCapacity::None;
    for write in writes(catalog, tx, batch)? {
        let before = write_item::before(tx, catalog, &write.table, &write.row, write.key, needed)?;
        found.push((write, before)); // all is read before anything is written, so an error leaves nothing half done
    }
    for (write, before) in found {
        let consumption = write_item(tx, catalog, &write.table, write.row, &before, write.new)?;
        tables.entry(write.parameter).or_default().add(consumption);
    }
    let consumed_capacity = capacity::report_tables(asked, tables, None);
    Ok(BatchWriteItemOutput { consumed_capacity, ..BatchWriteItemOutput::default() })
}
