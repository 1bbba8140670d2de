//! Requests and outputs of the operations on change streams.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html>

use std::fmt;

use millpond_engine::Timestamp;

use super::{KeySchemaElement, OperationType, ShardIteratorType, StreamStatus, StreamViewType};
pub use crate::streams::ShardIterator;
use crate::value::Item;

/// A change stream. Its ARN, which requests name it by, ends in what `Display` shows: `table/orders/stream/2026-11-21T10:43:51.000`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stream {
    /// The table whose changes it carries. That may be gone, or be another one of the same name by now.
    pub table_name: String,
    /// When it was enabled, which no two streams of a table name share.
    pub stream_label: String,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table/{}/stream/{}", self.table_name, self.stream_label)
    }
}

/// Lists change streams, a page at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListStreamsRequest {
    /// Only those of this table.
    pub table_name: Option<String>,
    /// The most streams, 1 to 100; `None` is 100.
    pub limit: Option<i64>,
    /// `last_evaluated_stream` of the page before: its ARN, or the part of it from `table/` on.
    pub exclusive_start_stream_arn: Option<String>,
}

/// A page of change streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListStreamsOutput {
    /// The streams, ordered by table and age.
    pub streams: Vec<Stream>,
    /// Where to go on; `None` after the last page.
    pub last_evaluated_stream: Option<Stream>,
}

/// Describes a change stream and its shards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeStreamRequest {
    /// The stream's ARN, or the part of it from `table/` on.
    pub stream_arn: String,
    /// The most shards, 1 to 100; `None` is 100.
    pub limit: Option<i64>,
    /// `last_evaluated_shard_id` of the page before.
    pub exclusive_start_shard_id: Option<String>,
    /// Only the children of this shard.
    pub child_shards_of: Option<String>,
}

/// What a shard has, from its first sequence number to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SequenceNumberRange {
    /// No record of the shard has a lower one.
    pub starting_sequence_number: String,
    /// No record has a higher one; `None` while the shard is open.
    pub ending_sequence_number: Option<String>,
}

/// A shard of a change stream. All changes of an item are in one shard and, after that was closed, in its child.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shard {
    /// Its name.
    pub shard_id: String,
    /// The shard that it goes on from, which may be gone by now.
    pub parent_shard_id: Option<String>,
    /// What it has.
    pub sequence_number_range: SequenceNumberRange,
}

/// A change stream as described.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamDescription {
    /// The stream.
    pub stream: Stream,
    /// Whether changes go to it.
    pub stream_status: StreamStatus,
    /// Which images its records carry.
    pub stream_view_type: StreamViewType,
    /// When it was enabled.
    pub creation_request_date_time: Timestamp,
    /// The key of its table.
    pub key_schema: Vec<KeySchemaElement>,
    /// A page of its shards, in the order in which they were opened.
    pub shards: Vec<Shard>,
    /// Where to go on; `None` after the last page.
    pub last_evaluated_shard_id: Option<String>,
}

/// What [`DescribeStreamRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribeStreamOutput {
    /// The stream.
    pub stream_description: StreamDescription,
}

/// Asks where to begin to read a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetShardIteratorRequest {
    /// The stream's ARN, or the part of it from `table/` on.
    pub stream_arn: String,
    /// The shard.
    pub shard_id: String,
    /// The kind of place.
    pub shard_iterator_type: ShardIteratorType,
    /// At or after which record, if the kind says so.
    pub sequence_number: Option<String>,
    /// The first record that was committed then or later, if the kind says so. It must not lie in the future.
    pub timestamp: Option<Timestamp>,
}

/// What [`GetShardIteratorRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetShardIteratorOutput {
    /// The place. It can be used for 15 minutes, as often as one likes.
    pub shard_iterator: ShardIterator,
}

/// Reads records of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetRecordsRequest {
    /// Where to begin.
    pub shard_iterator: ShardIterator,
    /// The most records, 1 to 1,000; `None` is 1,000. A page also ends at 1 MB.
    pub limit: Option<i64>,
}

/// What [`GetRecordsRequest`] gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetRecordsOutput {
    /// The records in the order of their commits.
    pub records: Vec<Record>,
    /// Where to go on, with records or without; `None` at the end of a closed shard.
    pub next_shard_iterator: Option<ShardIterator>,
}

impl OperationType {
    /// What makes what was what is; `None` where nothing was and nothing is.
    pub(crate) const fn of(was: bool, is: bool) -> Option<Self> {
        match (was, is) {
            (false, false) => None,
            (false, true) => Some(OperationType::Insert),
            (true, true) => Some(OperationType::Modify),
            (true, false) => Some(OperationType::Remove),
        }
    }
}

/// A change of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// An identifier that no other record has.
    pub event_id: String,
    /// What happened to the item.
    pub event_name: OperationType,
    /// When it was committed, to the second.
    pub approximate_creation_date_time: Timestamp,
    /// The key of the item.
    pub keys: Item,
    /// The item after the change, if the stream carries it and there is one.
    pub new_image: Option<Item>,
    /// The item before the change, if the stream carries it and there was one.
    pub old_image: Option<Item>,
    /// Higher than those of all records before.
    pub sequence_number: String,
    /// Of the key and the images, as the service counts them.
    pub size_bytes: u64,
    /// Which images it carries.
    pub stream_view_type: StreamViewType,
    /// Who did it; `None` for a caller of the service.
    pub user_identity: Option<Identity>,
}

/// Who changed an item, if no caller did.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// The expiry of items.
    TimeToLive,
}

impl Identity {
    /// The type of whoever did it.
    #[must_use]
    pub const fn identity_type(self) -> &'static str {
        match self {
            Identity::TimeToLive => "Service",
        }
    }

    /// The name of whoever did it.
    #[must_use]
    pub const fn principal_id(self) -> &'static str {
        match self {
            Identity::TimeToLive => "dynamodb.amazonaws.com",
        }
    }
}
