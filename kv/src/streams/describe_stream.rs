//! Describing a stream and its shards.

use std::collections::BTreeMap;

use millpond_engine::{Position, Read};
use millpond_stream::log::{Shard as Stored, ShardId};

use super::names;
use super::record::{self, StreamRecord};
use crate::catalog::Catalog;
use crate::constraints::Constraints;
use crate::model::{
    DescribeStreamOutput, DescribeStreamRequest, SequenceNumberRange, Shard, StreamDescription, StreamStatus,
};
use crate::{Error, Result};

const MAX_SHARDS: i64 = 100;

pub(crate) fn run(
    catalog: &Catalog,
    reader: &mut impl Read,
    request: &DescribeStreamRequest,
) -> Result<DescribeStreamOutput> {
    let mut broken = Constraints::default();
    if let Some(limit) = request.limit {
        broken.between(limit, "limit", 1, MAX_SHARDS);
    }
    broken.finish()?;
    let stream = names::stream(&request.stream_arn)?;
    let record = record::need(catalog, reader, &request.stream_arn, &stream)?;
    let mut shards = shards(catalog, reader, &record, request)?;
    let limit = usize::try_from(request.limit.unwrap_or(MAX_SHARDS)).unwrap_or(1);
    let has_more = shards.len() > limit;
    shards.truncate(limit);
    Ok(DescribeStreamOutput {
        stream_description: StreamDescription {
            stream,
            stream_status: if record.disabled.is_some() { StreamStatus::Disabled } else { StreamStatus::Enabled },
            stream_view_type: record.view_type,
            creation_request_date_time: record.created,
            key_schema: record.key_schema(),
            last_evaluated_shard_id: shards.last().filter(|_| has_more).map(|shard| shard.shard_id.clone()),
            shards,
        },
    })
}

/// The shards that are asked for, in the order in which they were opened.
fn shards(
    catalog: &Catalog,
    reader: &mut impl Read,
    record: &StreamRecord,
    request: &DescribeStreamRequest,
) -> Result<Vec<Shard>> {
    let named = |name: &Option<String>| {
        let read = |name: &String| names::read_shard(record.log, name).ok_or_else(|| no_shard(name));
        name.as_ref().map(read).transpose()
    };
    let (start, parent) = (named(&request.exclusive_start_shard_id)?, named(&request.child_shards_of)?);
    let mut ends = BTreeMap::new();
    let mut shards = Vec::new();
    for shard in catalog.logs.shards(reader, record.log)? {
        let starting = start_of(&shard, &ends);
        let ending = end_of(catalog, reader, record, &shard, starting)?;
        ends.extend(ending.map(|ending| (shard.id, ending)));
        let is_asked = start.is_none_or(|start| shard.id > start) && (parent.is_none() || shard.parent == parent);
        if is_asked {
            shards.push(Shard {
                shard_id: names::shard(record.log, shard.id),
                parent_shard_id: shard.parent.map(|parent| names::shard(record.log, parent)),
                sequence_number_range: SequenceNumberRange {
                    starting_sequence_number: names::sequence_number(starting),
                    ending_sequence_number: ending.map(names::sequence_number),
                },
            });
        }
    }
    Ok(shards)
}

pub(super) fn no_shard(name: &str) -> Error {
    Error::ResourceNotFound { message: format!("Requested resource not found: Shard: {name} not found") }
}

/// No record of a shard has a lower position: it was committed after the shard was opened, and after all of its parent.
fn start_of(shard: &Stored, ends: &BTreeMap<ShardId, Position>) -> Position {
    let after_parent = shard.parent.and_then(|parent| ends.get(&parent)).map(|end| end.next());
    Position::first_at(shard.created).max(after_parent.unwrap_or_default())
}

/// The last position of a closed shard, which is its first if nothing was ever written to it.
fn end_of(
    catalog: &Catalog,
    reader: &mut impl Read,
    record: &StreamRecord,
    shard: &Stored,
    starting: Position,
) -> Result<Option<Position>> {
    if shard.closed.is_none() {
        return Ok(None);
    }
    let end = catalog.logs.end(reader, record.log, shard.id)?;
    Ok(Some(end.map_or(starting, |end| Position::new(end.get().saturating_sub(1))).max(starting)))
}
