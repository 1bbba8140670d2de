//! Listing tables.

use millpond_engine::{RangeRequest, Read};

use crate::catalog::Catalog;
use crate::constraints::Constraints;
use crate::model::{ListTablesOutput, ListTablesRequest};
use crate::{Result, constraints, layout};

const MAX_NAMES: i64 = 100;

pub(crate) fn check(request: &ListTablesRequest) -> Result<()> {
    let mut broken = Constraints::default();
    if let Some(limit) = request.limit {
        broken.between(limit, "limit", 1, MAX_NAMES);
    }
    if let Some(name) = &request.exclusive_start_table_name {
        constraints::start_name(&mut broken, name, "exclusiveStartTableName");
    }
    broken.finish()
}

pub(crate) fn run(catalog: &Catalog, reader: &mut impl Read, request: &ListTablesRequest) -> Result<ListTablesOutput> {
    let limit = usize::try_from(request.limit.unwrap_or(MAX_NAMES)).unwrap_or(1);
    // One more than asked for tells whether there are more; a hundred records are far below a page's bytes.
    let mut range = RangeRequest::prefix(layout::TABLE_PREFIX).limit(limit + 1).limit_bytes(usize::MAX);
    if let Some(start) = &request.exclusive_start_table_name {
        range = range.resume_after(&layout::table_key(start));
    }
    let rows = reader.range(&catalog.tables, &range)?.entries;
    let mut output = ListTablesOutput::default();
    for (key, _) in rows.iter().take(limit) {
        output.table_names.push(layout::table_name(key)?);
    }
    if rows.len() > limit {
        output.last_evaluated_table_name = output.table_names.last().cloned();
    }
    Ok(output)
}
