//! Change streams: a table's is a log of the `stream` crate, which its changes are appended to in their own transactions.
//!
//! The record of a stream stands beside that of its table, and outlives it: what was written before a stream was disabled
//! can be read for as long as it is kept.

mod change;
mod describe_stream;
mod follow;
mod get_records;
mod get_shard_iterator;
mod iterator;
mod list_streams;
mod names;
mod operations;
mod record;
mod switch;
mod trim;

pub(crate) use change::Cause;
pub use follow::ChangeLog;
pub use iterator::ShardIterator;
pub(crate) use record::TableStream;
pub(crate) use switch::{change, check_change, check_new, disable, enable};

use millpond_engine::{Read, Transaction};

use crate::Result;
use crate::catalog::Catalog;
use crate::model::Stream;
use crate::table::TableRecord;
use crate::value::Item;
use change::Change;

/// Whether a table has, or had and still keeps, a stream of that label.
pub(crate) fn is_there(catalog: &Catalog, reader: &mut impl Read, table: &TableRecord, label: &str) -> Result<bool> {
    let stream = Stream { table_name: table.name.clone(), stream_label: label.to_owned() };
    Ok(record::find(catalog, reader, &stream)?.is_some())
}

/// Appends the change of a row to the stream of its table, if it has one.
pub(crate) fn capture(
    tx: &mut Transaction,
    catalog: &Catalog,
    table: &TableRecord,
    row: &[u8],
    (old, new): (Option<&Item>, Option<&Item>),
    cause: Cause,
) -> Result<()> {
    let Some(stream) = &table.stream else { return Ok(()) };
    let Some(change) = Change::of(table, stream.view_type, old, new, cause) else { return Ok(()) };
    // All rows of a partition are in one shard, as they are in one range of hashes.
    let hash = row.get(4..).and_then(|rest| rest.first_chunk()).copied().map_or(0, u128::from_be_bytes);
    Ok(catalog.logs.append_in(tx, stream.log, hash, change.encode())?)
}
