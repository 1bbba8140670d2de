//! Where to begin to read a shard.

use millpond_engine::{Position, Read, Timestamp};

use super::describe_stream::no_shard;
use super::iterator::ShardIterator;
use super::{names, record};
use crate::catalog::Catalog;
use crate::model::{GetShardIteratorOutput, GetShardIteratorRequest, ShardIteratorType};
use crate::{Error, Result};

pub(crate) fn run(
    catalog: &Catalog,
    reader: &mut impl Read,
    now: Timestamp,
    request: &GetShardIteratorRequest,
) -> Result<GetShardIteratorOutput> {
    let kind = request.shard_iterator_type;
    check(request, now)?;
    let stream = names::stream(&request.stream_arn)?;
    let log = record::need(catalog, reader, &request.stream_arn, &stream)?.log;
    let shards = catalog.logs.shards(reader, log)?;
    let shard = names::read_shard(log, &request.shard_id);
    let shard = shard.filter(|id| shards.iter().any(|shard| shard.id == *id));
    let shard = shard.ok_or_else(|| no_shard(&request.shard_id))?;
    let horizon = catalog.logs.horizon(reader, log)?;
    let position = match kind {
        ShardIteratorType::TrimHorizon => horizon,
        // With nothing in the shard, all that will come is new.
        ShardIteratorType::Latest => catalog.logs.end(reader, log, shard)?.unwrap_or(horizon),
        ShardIteratorType::AtTimestamp => Position::first_at(request.timestamp.unwrap_or(now)).max(horizon),
        ShardIteratorType::AtSequenceNumber | ShardIteratorType::AfterSequenceNumber => {
            let position = names::read_sequence_number(request.sequence_number.as_deref().unwrap_or_default())?;
            let position = if kind == ShardIteratorType::AtSequenceNumber { position } else { position.next() };
            if catalog.logs.has_lost(reader, log, shard, position)? {
                return Err(Error::TrimmedDataAccess);
            }
            position
        }
    };
    Ok(GetShardIteratorOutput { shard_iterator: ShardIterator { stream, shard, position, issued: now } })
}

fn is_at_number(kind: ShardIteratorType) -> bool {
    matches!(kind, ShardIteratorType::AtSequenceNumber | ShardIteratorType::AfterSequenceNumber)
}

/// Refuses a place that is not told, or not yet there.
fn check(request: &GetShardIteratorRequest, now: Timestamp) -> Result<()> {
    let kind = request.shard_iterator_type;
    if is_at_number(kind) && request.sequence_number.is_none() {
        return Err(Error::validation(format!("SequenceNumber is required for the ShardIteratorType {kind}")));
    }
    if kind == ShardIteratorType::AtTimestamp {
        match request.timestamp {
            None => return Err(Error::validation("Timestamp is required for the ShardIteratorType AT_TIMESTAMP")),
            Some(timestamp) if timestamp > now => {
                return Err(Error::validation("The timestamp of a shard iterator must not be in the future"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
