//! Reading many items as one moment saw them.

use std::collections::BTreeMap;

use millpond_engine::Read;

use crate::capacity::{self, Consumption, Transactional};
use crate::catalog::Catalog;
use crate::constraints::{self, Constraints};
use crate::expression::Projection;
use crate::get_item::{self, Get};
use crate::model::{CancellationReason, TransactGetItemsOutput, TransactGetItemsRequest};
use crate::read_item::read_row;
use crate::table::TableRecord;
use crate::transaction::{MAX_TRANSACTION_BYTES, check_count, reason, too_large};
use crate::value::Item;
use crate::{Error, Result, key};

/// A request whose own checks have passed.
pub(crate) struct TransactGet<'a> {
    request: &'a TransactGetItemsRequest,
    gets: Vec<Get<'a>>,
}

pub(crate) fn check(request: &TransactGetItemsRequest) -> Result<TransactGet<'_>> {
    check_count(request.transact_items.len())?;
    let mut broken = Constraints::default();
    for (number, get) in (1..).zip(&request.transact_items) {
        let field = format!("transactItems.{number}.member.get.tableName");
        constraints::table_name_at(&mut broken, &get.table_name, &field);
    }
    broken.finish()?;
    let gets = request.transact_items.iter().map(get_item::check).collect::<Result<_>>()?;
    Ok(TransactGet { request, gets })
}

pub(crate) fn run(
    catalog: &Catalog,
    reader: &mut impl Read,
    reads: &TransactGet<'_>,
) -> Result<TransactGetItemsOutput> {
    let tables = reads.gets.iter().map(|get| catalog.need(reader, get.table_name)).collect::<Result<Vec<_>>>()?;
    let mut tables_read: BTreeMap<&str, Consumption> = BTreeMap::new();
    let (mut responses, mut reasons) = (Vec::new(), Vec::new());
    let mut all_bytes = 0;
    for (get, table) in reads.gets.iter().zip(&tables) {
        match read(catalog, reader, get, table) {
            Ok((item, bytes)) => {
                all_bytes += bytes;
                let consumption = Consumption::of_table(capacity::read_units(bytes, true)).in_transaction();
                tables_read.entry(get.request.table_name.as_str()).or_default().add(consumption);
                responses.push(item);
                reasons.push(CancellationReason::NONE);
            }
            Err(error) => reasons.push(reason(error)?),
        }
        if all_bytes > MAX_TRANSACTION_BYTES {
            return Err(too_large());
        }
    }
    if responses.len() < reads.gets.len() {
        return Err(Error::TransactionCanceled { reasons });
    }
    let consumed_capacity =
        capacity::report_tables(reads.request.return_consumed_capacity, tables_read, Some(Transactional::Read));
    Ok(TransactGetItemsOutput { responses, consumed_capacity })
}

/// The asked parts of an item, if there is one, and the size of the whole of reads.
fn read(
    catalog: &Catalog,
    reader: &mut impl Read,
    get: &Get<'_>,
    table: &TableRecord,
) -> Result<(Option<Item>, usize)> {
    let row = key::of_request(table, &get.request.key)?;
    key::check_paths(table, get.projection.iter().flat_map(Projection::nested_names))?;
    match reader.get(&catalog.items, &row)? {
        Some(value) => {
            let (item, bytes) = read_row(table, value, &get.request.key, get.projection.as_ref())?;
            Ok((Some(item), bytes))
        }
        None => Ok((None, 0)),
    }
}
