//! Records, as they are given, stored and read.

use bytes::Bytes;
use md5::{Digest, Md5};
use millpond_engine::{Appended, Timestamp};

use crate::{Error, Result, SequenceNumber, ShardId, log};

/// The most characters of a partition key.
const MAX_KEY_CHARS: usize = 256;
/// Before a record's key and data: what it is like, and how long the key is.
const HEAD_BYTES: usize = 3;
const IS_ENCRYPTED: u8 = 1;

/// A record that is to be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// Records of one key are in one shard, in the order in which they are put: 1 to 256 characters. A stream that distributes
    /// records itself takes an empty one, and does not look at any.
    pub partition_key: String,
    /// Decides on the shard in the place of the key.
    pub explicit_hash_key: Option<u128>,
    /// At most 1 MiB with the key, or what the stream is set to.
    pub data: Bytes,
}

impl<K: Into<String>, D: Into<Bytes>> From<(K, D)> for NewRecord {
    fn from((key, data): (K, D)) -> Self {
        NewRecord { partition_key: key.into(), explicit_hash_key: None, data: data.into() }
    }
}

impl NewRecord {
    pub(crate) fn size_bytes(&self) -> usize {
        self.partition_key.len() + self.data.len()
    }

    /// The hash key that decides on its shard: the MD5 of its partition key, unless it has one of its own.
    pub(crate) fn hash_key(&self) -> u128 {
        self.explicit_hash_key.unwrap_or_else(|| hash_key(&self.partition_key))
    }

    pub(crate) fn check(&self, max_bytes: usize, needs_key: bool) -> Result<()> {
        if needs_key && self.partition_key.is_empty() {
            return Err(Error::Validation(
                "1 validation error detected: Value null at 'partitionKey' failed to satisfy constraint: Member must not be null"
                    .to_owned(),
            ));
        }
        if self.partition_key.len() > MAX_KEY_CHARS && self.partition_key.chars().count() > MAX_KEY_CHARS {
            return Err(too_long("partitionKey", MAX_KEY_CHARS));
        }
        if self.size_bytes() > max_bytes { Err(too_long("data", max_bytes)) } else { Ok(()) }
    }

    /// What stands before its data in the log.
    pub(crate) fn head(&self, is_encrypted: bool) -> [u8; HEAD_BYTES] {
        // A key of 256 characters has at most four times as many bytes.
        let [high, low] = u16::try_from(self.partition_key.len()).unwrap_or(u16::MAX).to_be_bytes();
        [if is_encrypted { IS_ENCRYPTED } else { 0 }, high, low]
    }
}

fn too_long(member: &str, limit: usize) -> Error {
    Error::Validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less than or \
         equal to {limit}"
    ))
}

/// The hash key of a partition key: its MD5.
///
/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html>
#[must_use]
pub fn hash_key(partition_key: &str) -> u128 {
    u128::from_be_bytes(Md5::digest(partition_key.as_bytes()).into())
}

/// Where a record was put.
#[derive(Debug, Clone)]
pub struct Placed {
    pub(crate) shard: ShardId,
    pub(crate) generation: u64,
    pub(crate) row: Appended,
    pub(crate) nth: u32,
    pub(crate) is_encrypted: bool,
}

impl Placed {
    /// The shard that it is in.
    #[must_use]
    pub fn shard(&self) -> ShardId {
        self.shard
    }

    /// Its sequence number; `None` while its transaction is under way, and if that failed.
    #[must_use]
    pub fn sequence_number(&self) -> Option<SequenceNumber> {
        Some(SequenceNumber::new(self.generation, self.shard, self.row.position()?.plus(self.nth)))
    }

    /// Whether the stream is set to be encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }
}

/// A record of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its number: higher than that of all before it in its shard.
    pub sequence_number: SequenceNumber,
    /// What was put, as a part of what was stored: keeping it keeps its batch.
    pub data: Bytes,
    /// When it was committed.
    pub arrived: Timestamp,
    /// Whether the stream was set to be encrypted when it was put.
    pub is_encrypted: bool,
    key: Bytes,
}

impl Record {
    /// Its partition key; empty where it was put without one.
    #[must_use]
    pub fn partition_key(&self) -> &str {
        // It was a string when it was put.
        std::str::from_utf8(&self.key).unwrap_or_default()
    }

    pub(crate) fn key(&self) -> Bytes {
        self.key.clone()
    }

    pub(crate) fn decode(generation: u64, shard: ShardId, stored: log::Record) -> Result<Record> {
        let bad = Error::Corrupt { keyspace: log::RECORDS, detail: "a record of a stream is cut off" };
        let log::Record { position, mut data } = stored;
        let Some(&[flags, high, low]) = data.first_chunk::<HEAD_BYTES>() else { return Err(bad) };
        let end = HEAD_BYTES + usize::from(u16::from_be_bytes([high, low]));
        if data.len() < end {
            return Err(bad);
        }
        let key = data.slice(HEAD_BYTES..end);
        bytes::Buf::advance(&mut data, end);
        let sequence_number = SequenceNumber::new(generation, shard, position);
        Ok(Record { sequence_number, data, arrived: position.time(), is_encrypted: flags & IS_ENCRYPTED != 0, key })
    }
}

#[cfg(test)]
mod tests {
    use millpond_engine::Position;

    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_put() {
        for (key, data) in [("k", &b"data"[..]), ("", b""), ("\u{1F9A2}", b"x")] {
            let record = NewRecord::from((key, data));
            let stored = [&record.head(true)[..], key.as_bytes(), data].concat();
            let stored = log::Record { position: Position::new(9), data: stored.into() };
            let read = Record::decode(7, ShardId::new(3), stored.clone()).unwrap();
            assert_eq!((read.partition_key(), &read.data[..], read.is_encrypted), (key, data, true));
            assert_eq!(read.sequence_number.shard(), ShardId::new(3));
            let cut = log::Record { position: Position::new(9), data: stored.data.slice(..2) };
            assert!(Record::decode(7, ShardId::new(3), cut).is_err());
        }
    }

    #[test]
    fn the_hash_key_is_the_services() {
        assert_eq!(hash_key("a"), 0x0cc1_75b9_c0f1_b6a8_31c3_99e2_6977_2661);
        let explicit = NewRecord { explicit_hash_key: Some(5), ..("a", "").into() };
        assert_eq!(explicit.hash_key(), 5);
    }
}
