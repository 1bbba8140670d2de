//! Reading the records of a shard.

use std::time::Duration;

use millpond_engine::{Read, Timestamp};
use millpond_stream::log::{Error as LogError, Most};

use super::change::Change;
use super::describe_stream::no_shard;
use super::iterator::ShardIterator;
use super::{names, record};
use crate::catalog::Catalog;
use crate::constraints::Constraints;
use crate::model::{GetRecordsOutput, GetRecordsRequest};
use crate::{Error, Result};

const MAX_RECORDS: i64 = 1000;
const MAX_BYTES: usize = 1 << 20;
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html>
const ITERATOR_LIFE: Duration = Duration::from_secs(15 * 60);

pub(crate) fn run(
    catalog: &Catalog,
    reader: &mut impl Read,
    now: Timestamp,
    request: &GetRecordsRequest,
) -> Result<GetRecordsOutput> {
    let mut broken = Constraints::default();
    if let Some(limit) = request.limit {
        broken.between(limit, "limit", 1, MAX_RECORDS);
    }
    broken.finish()?;
    let iterator = &request.shard_iterator;
    if now.saturating_since(iterator.issued) > ITERATOR_LIFE {
        return Err(Error::ExpiredIterator);
    }
    let log = record::need(catalog, reader, &iterator.stream.to_string(), &iterator.stream)?.log;
    if catalog.logs.has_lost(reader, log, iterator.shard, iterator.position)? {
        return Err(Error::TrimmedDataAccess);
    }
    let records = usize::try_from(request.limit.unwrap_or(MAX_RECORDS)).unwrap_or(1);
    let most = Most { records, bytes: MAX_BYTES };
    let found = match catalog.logs.read(reader, log, iterator.shard, iterator.position, most) {
        Err(LogError::NoShard { shard, .. }) => return Err(no_shard(&names::shard(log, shard))),
        found => found?,
    };
    let next = ShardIterator { position: found.next, issued: now, ..iterator.clone() };
    let records = found.records.into_iter().map(|stored| Change::record(log, stored)).collect::<Result<_>>()?;
    Ok(GetRecordsOutput { records, next_shard_iterator: (!found.is_end).then_some(next) })
}
