//! The only file that knows keys and values on disk. Integers are big-endian.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `stream.logs` | `00` | u64: the highest log id ever given |
//! | `stream.logs` | `01` log id (u64) | the log's record (see `record.rs`) |
//! | `stream.logs` | `02` log id (u64) | empty: the log is removed, records of it may be left |
//! | `stream.logs` | `03` log id (u64), shard (u32) | a position (u64): the records before it may be removed, and the one right before it was there |
//! | `stream.records` | log id (u64), shard (u32), position (u64) | a version byte, then each record after its length (u32) |
//!
//! A row of records takes a position for each of them; its own is that of the first. Ids are never given twice, so what a
//! removed log left behind cannot show in another.

use bytes::Bytes;
use millpond_engine::Position;

use crate::{Error, LogId, Result, ShardId};

/// Keyspace of logs.
pub(crate) const LOGS: &str = "stream.logs";
/// Keyspace of records.
pub(crate) const RECORDS: &str = "stream.records";

/// Key of the highest log id ever given.
pub(crate) const LAST_LOG_ID: &[u8] = &[0];
/// Prefix of the keys of all logs.
pub(crate) const LOG_PREFIX: &[u8] = &[1];
/// Prefix of the keys that mark removed logs.
pub(crate) const REMOVED_PREFIX: &[u8] = &[2];
const TRIMMED: u8 = 3;
const BATCH_VERSION: u8 = 1;

pub(crate) fn log_key(log: LogId) -> Vec<u8> {
    [LOG_PREFIX, &log.get().to_be_bytes()].concat()
}

pub(crate) fn removed_key(log: LogId) -> Vec<u8> {
    [REMOVED_PREFIX, &log.get().to_be_bytes()].concat()
}

/// The log in the key of its record or of its mark.
pub(crate) fn log_id(key: &[u8]) -> Result<LogId> {
    read_u64(key.get(1..).unwrap_or_default()).map(LogId::new)
}

pub(crate) fn read_u64(value: &[u8]) -> Result<u64> {
    let bytes =
        value.try_into().map_err(|_| Error::Corrupt { keyspace: LOGS, detail: "a number is not eight bytes" })?;
    Ok(u64::from_be_bytes(bytes))
}

pub(crate) fn trimmed_key(log: LogId, shard: ShardId) -> Vec<u8> {
    [&[TRIMMED][..], &shard_prefix(log, shard)].concat()
}

/// Prefix of the keys that say how far the shards of a log are trimmed.
pub(crate) fn trimmed_prefix(log: LogId) -> Vec<u8> {
    [&[TRIMMED][..], &log.get().to_be_bytes()].concat()
}

/// Prefix of the keys of all records of a log.
pub(crate) fn records_prefix(log: LogId) -> [u8; 8] {
    log.get().to_be_bytes()
}

/// Prefix of the keys of all records of a shard.
pub(crate) fn shard_prefix(log: LogId, shard: ShardId) -> Vec<u8> {
    [&log.get().to_be_bytes()[..], &shard.get().to_be_bytes()].concat()
}

pub(crate) fn record_key(log: LogId, shard: ShardId, position: Position) -> Vec<u8> {
    [&shard_prefix(log, shard)[..], &position.to_bytes()].concat()
}

/// The position in the key of a row of records.
pub(crate) fn position(key: &[u8]) -> Result<Position> {
    Position::of_key(key).ok_or(Error::Corrupt { keyspace: RECORDS, detail: "a key has no position" })
}

/// The position after the last record of a row.
pub(crate) fn end_of_row(key: &[u8], batch: Bytes) -> Result<Position> {
    let records = u32::try_from(decode_batch(batch)?.len()).unwrap_or(u32::MAX);
    Ok(position(key)?.plus(records))
}

pub(crate) fn encode_batch(records: &[Bytes]) -> Vec<u8> {
    let mut batch = Vec::with_capacity(1 + records.iter().map(|record| 4 + record.len()).sum::<usize>());
    batch.push(BATCH_VERSION);
    for record in records {
        // A value of the engine is shorter than that, and it refuses longer ones.
        batch.extend_from_slice(&u32::try_from(record.len()).unwrap_or(u32::MAX).to_be_bytes());
        batch.extend_from_slice(record);
    }
    batch
}

/// The records of a row, as parts of it.
pub(crate) fn decode_batch(mut batch: Bytes) -> Result<Vec<Bytes>> {
    let bad = |detail| Error::Corrupt { keyspace: RECORDS, detail };
    if batch.first() != Some(&BATCH_VERSION) {
        return Err(bad("a row is of an unknown version"));
    }
    let mut records = Vec::new();
    let mut rest = batch.split_off(1);
    while let Some(length) = rest.first_chunk::<4>().copied().map(u32::from_be_bytes) {
        let mut record = rest.split_off(4);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > record.len() {
            return Err(bad("a record is cut off"));
        }
        rest = record.split_off(length);
        records.push(record);
    }
    if rest.is_empty() { Ok(records) } else { Err(bad("a row is cut off")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_back_as_it_was_written_or_not_at_all() {
        let records = [Bytes::from_static(b"one"), Bytes::new(), Bytes::from(vec![7; 1000])];
        let batch = Bytes::from(encode_batch(&records));
        assert_eq!(decode_batch(batch.clone()).unwrap(), records);
        assert_eq!(decode_batch(Bytes::from(encode_batch(&[]))).unwrap(), [] as [Bytes; 0]);
        for end in 0..batch.len() {
            // Where a record ends, what is cut off cannot be told; the engine's values are whole.
            let is_whole = [1, 8, 12].contains(&end);
            assert_eq!(decode_batch(batch.slice(..end)).is_ok(), is_whole, "{end}");
        }
        assert!(decode_batch(Bytes::from_static(&[9])).is_err());
    }
}
