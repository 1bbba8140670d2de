//! Describing tables, and counting their items.
//!
//! No counter is kept: a row that every write to a table changes would make all of them conflict. The items are counted
//! when they are asked for, in one snapshot. The count is used again while nothing at all was committed since; and for a
//! table that was found large, for a minute, so that a client that polls a description does not read the table over and
//! over. (The service itself counts about every six hours.)

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use millpond_engine::{Engine, RangeRequest, Read, Timestamp};
use parking_lot::Mutex;

use crate::catalog::Catalog;
use crate::layout::{self, IndexId, TableId};
use crate::model::{DescribeTableOutput, DescribeTableRequest};
use crate::{Result, constraints};

const LARGE_TABLE_ITEMS: u64 = 100_000;
const LARGE_TABLE_RECOUNT: Duration = Duration::from_secs(60);
const MAX_REMEMBERED_COUNTS: usize = 4096;

/// Items and their size.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    pub(crate) items: u64,
    pub(crate) bytes: u64,
}

impl Size {
    fn add(&mut self, value: Bytes) -> Result<()> {
        self.items += 1;
        self.bytes += layout::view(value)?.size_bytes() as u64;
        Ok(())
    }
}

/// What a table and its indexes hold, and when that was counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count {
    pub(crate) table: Size,
    indexes: BTreeMap<IndexId, Size>,
    commits: u64,
    at: Timestamp,
}

impl Count {
    pub(crate) fn of_index(&self, index: IndexId) -> Size {
        self.indexes.get(&index).copied().unwrap_or_default()
    }
}

/// The latest count of each table; a hint that can be thrown away.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<HashMap<TableId, Arc<Count>>>);

impl Counts {
    pub(crate) fn of(&self, engine: &Engine, catalog: &Catalog, table: TableId) -> Result<Arc<Count>> {
        // Taken before the snapshot, so a commit between the two only makes the count be taken anew next time.
        let (commits, now) = (engine.statistics().commits, engine.clock().now());
        if let Some(count) = self.0.lock().get(&table) {
            let is_recent = now.saturating_since(count.at) < LARGE_TABLE_RECOUNT;
            if count.commits == commits || (count.table.items >= LARGE_TABLE_ITEMS && is_recent) {
                return Ok(Arc::clone(count));
            }
        }
        let mut count = Count { commits, at: now, ..Count::default() };
        let snapshot = engine.snapshot()?;
        let all = RangeRequest::prefix(&layout::items_prefix(table));
        for row in snapshot.scan(&catalog.items, &all)? {
            count.table.add(row?.1)?;
        }
        for entry in snapshot.scan(&catalog.indexes, &all)? {
            let (key, value) = entry?;
            if value.is_empty() {
                continue; // of the index by expiry, which nobody asks about
            }
            count.indexes.entry(layout::index_id(&key)?).or_default().add(value)?;
        }
        let count = Arc::new(count);
        let mut counts = self.0.lock();
        if counts.len() >= MAX_REMEMBERED_COUNTS {
            counts.clear();
        }
        counts.insert(table, Arc::clone(&count));
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
    let name = constraints::named_table(&request.table_name)?;
    let table = catalog.find(reader, name)?.ok_or_else(|| Catalog::missing(name))?;
    let count = counts.of(engine, catalog, table.id)?;
    Ok(DescribeTableOutput { table: table.describe(engine.clock().now(), &count) })
}
