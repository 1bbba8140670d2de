//! Records that hold several, in the format of the Kinesis Producer Library (KPL): what producers with many small records put, so
//! that they pay for one. The service itself does not look into them; readers take them apart.
//!
//! ```
//! use std::time::Duration;
//! use millpond_engine::Engine;
//! use millpond_stream::{CreateOptions, ShardId, StartingPosition, Streams, kpl};
//!
//! let streams = Streams::open(&Engine::in_memory())?;
//! let clicks = streams.create("clicks", &CreateOptions::shards(1))?;
//! let user_records = [("alice", "page 1").into(), ("bob", "page 2").into()];
//! if let Some(record) = kpl::aggregate(&user_records) {
//!     clicks.append(record)?;
//! }
//! let mut reader = clicks.reader(ShardId::new(0), &StartingPosition::TrimHorizon)?;
//! let read = reader.read(10, Duration::ZERO)?;
//! let keys: Vec<_> = read.user_records().map(|user| user.partition_key().to_owned()).collect();
//! assert_eq!((read.records.len(), keys), (1, vec!["alice".to_owned(), "bob".to_owned()]));
//! # Ok::<(), millpond_stream::Error>(())
//! ```
//!
//! Whatever bytes a record has, taking it apart fails nowhere and takes memory in proportion to them: what is not in the format, to
//! the last byte, is one user record as it is.
//!
//! Source: <https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md>

mod aggregate;
mod format;

use std::ops::RangeInclusive;

use bytes::Bytes;
use millpond_engine::Timestamp;

use crate::{Record, SequenceNumber, hash_key};
use format::{Aggregate, Parts};

pub use aggregate::{Aggregator, aggregate};

/// One of the records that a record holds, or a record that holds no others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserRecord {
    /// That of the record it came in.
    pub sequence_number: SequenceNumber,
    /// Its place in that record, from 0 on. The two numbers together are in the order in which user records were put.
    pub sub_sequence_number: u64,
    /// What its producer has given as hash key in the place of that of its partition key.
    pub explicit_hash_key: Option<u128>,
    /// Its data, as a part of what was stored.
    pub data: Bytes,
    /// When the record it came in was committed.
    pub arrived: Timestamp,
    /// Whether it came in a record that holds others.
    pub is_aggregated: bool,
    key: Bytes,
}

impl UserRecord {
    /// Its partition key.
    #[must_use]
    pub fn partition_key(&self) -> &str {
        // It was checked when its record was taken apart.
        std::str::from_utf8(&self.key).unwrap_or_default()
    }

    /// The hash key that its producer has meant it for.
    #[must_use]
    pub fn hash_key(&self) -> u128 {
        self.explicit_hash_key.unwrap_or_else(|| hash_key(self.partition_key()))
    }
}

/// The user records of a record, one at a time.
#[derive(Debug, Clone)]
pub struct UserRecords {
    sequence_number: SequenceNumber,
    arrived: Timestamp,
    next: u64,
    held: Held,
}

#[derive(Debug, Clone)]
enum Held {
    Itself(Option<(Bytes, Bytes)>),
    Others(Parts),
}

impl UserRecords {
    fn new(record: &Record, held: Held) -> Self {
        UserRecords { sequence_number: record.sequence_number, arrived: record.arrived, next: 0, held }
    }

    fn itself(record: &Record) -> Self {
        UserRecords::new(record, Held::Itself(Some((record.key(), record.data.clone()))))
    }
}

impl Iterator for UserRecords {
    type Item = UserRecord;

    fn next(&mut self) -> Option<UserRecord> {
        let (key, explicit_hash_key, data, is_aggregated) = match &mut self.held {
            Held::Itself(itself) => itself.take().map(|(key, data)| (key, None, data, false))?,
            Held::Others(parts) => parts.next().map(|part| (part.key, part.hash_key, part.data, true))?,
        };
        let sub_sequence_number = self.next;
        self.next += 1;
        let UserRecords { sequence_number, arrived, .. } = *self;
        Some(UserRecord { sequence_number, sub_sequence_number, explicit_hash_key, data, arrived, is_aggregated, key })
    }
}

/// The user records that a record holds; itself where it holds none.
#[must_use]
pub fn deaggregate(record: &Record) -> UserRecords {
    match Aggregate::parse(&record.data) {
        Some(aggregate) => UserRecords::new(record, Held::Others(aggregate.parts())),
        None => UserRecords::itself(record),
    }
}

/// [`deaggregate`], but nothing where one of the user records is meant for a hash key outside of these: those of the shard that the
/// record was read from. So the Kinesis Client Library does it: a producer that did not know yet of a split or a merge notices that
/// such a record came into the wrong shard, and puts its user records again. Producers that do not, as those that use [`aggregate`],
/// would lose them.
#[must_use]
pub fn deaggregate_within(record: &Record, hash_keys: &RangeInclusive<u128>) -> UserRecords {
    let all = deaggregate(record);
    let is_within = |user: UserRecord| !user.is_aggregated || hash_keys.contains(&user.hash_key());
    match all.clone().all(is_within) {
        true => all,
        false => UserRecords::new(record, Held::Itself(None)),
    }
}
