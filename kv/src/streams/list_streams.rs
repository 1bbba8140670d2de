//! Listing streams.

use std::ops::Bound;

use millpond_engine::{RangeRequest, Read, key::prefix_end};

use super::names;
use crate::catalog::Catalog;
use crate::constraints::Constraints;
use crate::model::{ListStreamsOutput, ListStreamsRequest};
use crate::{Result, constraints, layout};

const MAX_STREAMS: i64 = 100;

pub(crate) fn run(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &ListStreamsRequest,
) -> Result<ListStreamsOutput> {
    let table = request.table_name.as_deref().map(constraints::named_table).transpose()?;
    let mut broken = Constraints::default();
    if let Some(limit) = request.limit {
        broken.between(limit, "limit", 1, MAX_STREAMS);
    }
    broken.finish()?;
    let limit = usize::try_from(request.limit.unwrap_or(MAX_STREAMS)).unwrap_or(1);
    let prefix = table.map_or_else(|| layout::STREAM_PREFIX.to_vec(), layout::table_streams_prefix);
    let start = request.exclusive_start_stream_arn.as_deref().map(names::stream).transpose()?;
    let start = start.map(|start| layout::stream_key(&start));
    // A start before the table asked for is no start.
    let from =
        start.as_deref().filter(|start| *start > &prefix[..]).map_or(Bound::Included(&prefix[..]), Bound::Excluded);
    let end = prefix_end(&prefix);
    let range = RangeRequest::between(from, end.as_deref().map_or(Bound::Unbounded, Bound::Excluded));
    let rows = reader.range(&catalog.tables, &range.limit(limit + 1).limit_bytes(usize::MAX))?.entries;
    let mut output = ListStreamsOutput::default();
    for (key, _) in rows.iter().take(limit) {
        output.streams.push(layout::stream(key)?);
    }
    if rows.len() > limit {
        output.last_evaluated_stream = output.streams.last().cloned();
    }
    Ok(output)
}
