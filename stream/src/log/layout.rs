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

use super::{Error, LogId, Result, ShardId};

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
/// Of the length before each record.
const LENGTH_BYTES: usize = 4;

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
pub(crate) fn end_of_row(key: &[u8], batch: &Bytes) -> Result<Position> {
    Ok(position(key)?.plus(count_records(batch)?))
}

/// A row without records, with room for some of so many bytes.
pub(crate) fn new_batch(bytes: usize) -> Vec<u8> {
    let mut batch = Vec::with_capacity(1 + LENGTH_BYTES + bytes);
    batch.push(BATCH_VERSION);
    batch
}

/// Adds a record to a row: the parts follow each other.
pub(crate) fn push_record(batch: &mut Vec<u8>, parts: &[impl AsRef<[u8]>]) {
    let length: usize = parts.iter().map(|part| part.as_ref().len()).sum();
    // A value of the engine is shorter than that, and it refuses longer ones.
    batch.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    parts.iter().for_each(|part| batch.extend_from_slice(part.as_ref()));
}

/// How many bytes the records of a row have that is so long and has so many.
pub(crate) fn record_bytes(row: usize, records: u64) -> usize {
    let lengths = usize::try_from(records).unwrap_or(usize::MAX).saturating_mul(LENGTH_BYTES);
    row.saturating_sub(1).saturating_sub(lengths)
}

/// How many records a row has.
fn count_records(batch: &Bytes) -> Result<u32> {
    let mut records = 0;
    for record in Records::of(batch)? {
        record?;
        records += 1;
    }
    Ok(records)
}

/// The records of a row, as parts of it.
pub(crate) struct Records<'a> {
    batch: &'a Bytes,
    at: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn of(batch: &'a Bytes) -> Result<Self> {
        match batch.first() {
            Some(&BATCH_VERSION) => Ok(Records { batch, at: 1 }),
            _ => Err(Error::Corrupt { keyspace: RECORDS, detail: "a row is of an unknown version" }),
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        let from = self.at + LENGTH_BYTES;
        let length = self.batch.get(self.at..from)?.first_chunk().copied().map(u32::from_be_bytes)?;
        let to = from.checked_add(usize::try_from(length).ok()?).filter(|to| *to <= self.batch.len())?;
        self.at = to;
        Some(self.batch.slice(from..to))
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Result<Bytes>> {
        if self.at >= self.batch.len() {
            return None;
        }
        let record = self.take().ok_or(Error::Corrupt { keyspace: RECORDS, detail: "a record is cut off" });
        if record.is_err() {
            self.at = self.batch.len();
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_back_as_it_was_written_or_not_at_all() {
        let records = [Bytes::from_static(b"one"), Bytes::new(), Bytes::from(vec![7; 1000])];
        let encode = |records: &[Bytes]| {
            let mut batch = new_batch(0);
            records.iter().for_each(|record| push_record(&mut batch, &[record]));
            Bytes::from(batch)
        };
        let decode = |batch: &Bytes| Records::of(batch)?.collect::<Result<Vec<_>>>();
        let batch = encode(&records);
        assert_eq!(decode(&batch).unwrap(), records);
        assert_eq!(count_records(&batch).unwrap(), 3);
        assert_eq!(decode(&encode(&[])).unwrap(), [] as [Bytes; 0]);
        for end in 0..batch.len() {
            // Where a record ends, what is cut off cannot be told; the engine's values are whole.
            let is_whole = [1, 8, 12].contains(&end);
            assert_eq!(decode(&batch.slice(..end)).is_ok(), is_whole, "{end}");
        }
        assert!(decode(&Bytes::from_static(&[9])).is_err());
    }
}
