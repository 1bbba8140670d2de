//! Describing tables, and counting their items.
//!
//! No counter is kept: a row that every write to a table changes would make all of them conflict. The items are counted
//! when they are asked for, in one snapshot. The count is used again while nothing at all was committed since; and for a
//! table that was found large, for a minute, so that a client that polls a description does not read the table over and
//! over. (The service itself counts about every six hours.)

use std::collections::HashMap;
use std::time::Duration;

use millpond_engine::{Engine, RangeRequest, Read, Timestamp};
use parking_lot::Mutex;

use crate::catalog::Catalog;
use crate::layout::{self, TableId};
use crate::model::{DescribeTableOutput, DescribeTableRequest};
use crate::{Result, constraints};

const LARGE_TABLE_ITEMS: u64 = 100_000;
const LARGE_TABLE_RECOUNT: Duration = Duration::from_secs(60);
const MAX_REMEMBERED_COUNTS: usize = 4096;

/// Items of a table, and when they were counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    pub(crate) items: u64,
    pub(crate) bytes: u64,
    commits: u64,
    at: Timestamp,
}

/// The latest count of each table; a hint that can be thrown away.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<HashMap<TableId, Count>>);

impl Counts {
    pub(crate) fn of(&self, engine: &Engine, catalog: &Catalog, table: TableId) -> Result<Count> {
        // Taken before the snapshot, so a commit between the two only makes the count be taken anew next time.
        let (commits, now) = (engine.statistics().commits, engine.clock().now());
        if let Some(count) = self.0.lock().get(&table) {
            let is_recent = now.saturating_since(count.at) < LARGE_TABLE_RECOUNT;
            if count.commits == commits || (count.items >= LARGE_TABLE_ITEMS && is_recent) {
                return Ok(*count);
            }
        }
        let mut count = Count { items: 0, bytes: 0, commits, at: now };
        let snapshot = engine.snapshot()?;
        for row in snapshot.scan(&catalog.items, &RangeRequest::prefix(&layout::items_prefix(table)))? {
            let (_, value) = row?;
            count.items += 1;
            count.bytes += layout::view(value)?.size_bytes() as u64;
        }
        let mut counts = self.0.lock();
        if counts.len() >= MAX_REMEMBERED_COUNTS {
            counts.clear();
        }
        counts.insert(table, count);
        Ok(count)
    }
}

pub(crate) fn run(
    engine: &Engine,
    catalog: &Catalog,
    counts: &Counts,
    reader: &mut impl Read,
    request: &DescribeTableRequest,
) -> Result<DescribeTableOutput> {
    let table = catalog.need_named(reader, constraints::table_name(&request.table_name)?)?;
    let count = counts.of(engine, catalog, table.id)?;
    Ok(DescribeTableOutput { table: table.describe(engine.clock().now(), count.items, count.bytes) })
}
