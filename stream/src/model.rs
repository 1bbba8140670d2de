//! The plain types of streams.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use millpond_engine::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{SequenceNumber, ShardId, log};

/// How a stream is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateOptions {
    /// Who decides on the shards.
    pub mode: Mode,
    /// MiB a second that an on-demand stream is ready for at once; a shard takes one of them.
    pub warm_throughput_mibps: Option<u32>,
    /// The longest record, with its key, in KiB: 1,024, which is the default, to 10,240.
    pub max_record_kib: Option<u32>,
    /// What decides on a record's shard.
    pub distribution: Distribution,
    /// At most 50.
    pub tags: BTreeMap<String, String>,
}

impl CreateOptions {
    /// A stream of so many shards.
    #[must_use]
    pub fn shards(shards: u32) -> Self {
        CreateOptions { mode: Mode::Provisioned { shards }, ..CreateOptions::default() }
    }
}

/// Who decides on the shards of a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Its owner: it has so many, until they are split and merged.
    Provisioned {
        /// How many. When the mode is changed it does not matter: the stream keeps those that it has.
        shards: u32,
    },
    /// The stream: it begins with four, and splits those that much is written to.
    #[default]
    OnDemand,
}

/// What decides on a record's shard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Distribution {
    /// Its partition key, or explicit hash key.
    #[default]
    UserPartitionKey,
    /// The stream, which spreads records evenly; keys are not needed. Of on-demand streams only.
    Auto,
}

/// What a stream is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// It can be written, read and changed. Changes are done when their call returns, so there is no other.
    Active,
}

/// A measure of a shard that the service can publish. That it is to is kept and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the service's, and say it")]
pub enum ShardMetric {
    IncomingBytes,
    IncomingRecords,
    OutgoingBytes,
    OutgoingRecords,
    WriteProvisionedThroughputExceeded,
    ReadProvisionedThroughputExceeded,
    IteratorAgeMilliseconds,
}

impl ShardMetric {
    /// All of them.
    pub const ALL: [ShardMetric; 7] = [
        ShardMetric::IncomingBytes,
        ShardMetric::IncomingRecords,
        ShardMetric::OutgoingBytes,
        ShardMetric::OutgoingRecords,
        ShardMetric::WriteProvisionedThroughputExceeded,
        ShardMetric::ReadProvisionedThroughputExceeded,
        ShardMetric::IteratorAgeMilliseconds,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ShardMetric::IncomingBytes => "IncomingBytes",
            ShardMetric::IncomingRecords => "IncomingRecords",
            ShardMetric::OutgoingBytes => "OutgoingBytes",
            ShardMetric::OutgoingRecords => "OutgoingRecords",
            ShardMetric::WriteProvisionedThroughputExceeded => "WriteProvisionedThroughputExceeded",
            ShardMetric::ReadProvisionedThroughputExceeded => "ReadProvisionedThroughputExceeded",
            ShardMetric::IteratorAgeMilliseconds => "IteratorAgeMilliseconds",
        }
    }

    /// Of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        ShardMetric::ALL.into_iter().find(|metric| metric.as_str() == name)
    }
}

/// What a stream is set to, and what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// What it is doing.
    pub status: Status,
    /// Whether it decides on its shards itself.
    pub is_on_demand: bool,
    /// How long records are kept: 24 to 8,760 hours.
    pub retention_hours: u32,
    /// By which key records are to be encrypted. It is kept and shown; nothing is encrypted.
    pub encryption_key: Option<String>,
    /// What of its shards is to be published.
    pub monitoring: BTreeSet<ShardMetric>,
    /// How many shards take records.
    pub open_shards: u32,
    /// How many consumers are registered.
    pub consumers: u32,
    /// How many queues it has.
    pub queues: u32,
    /// How many channels it has.
    pub channels: u32,
    /// Of on-demand streams of accounts with a commitment.
    pub warm_throughput: Option<WarmThroughput>,
    /// The longest record, with its key, in KiB.
    pub max_record_kib: u32,
    /// What decides on a record's shard.
    pub distribution: Distribution,
}

/// What an on-demand stream is ready for, in MiB a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmThroughput {
    /// What was asked for.
    pub target_mibps: u32,
    /// What it is: a shard takes one MiB a second.
    pub current_mibps: u32,
}

/// Streams by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPage {
    /// In order of their names.
    pub streams: Vec<Description>,
    /// Whether there are more.
    pub has_more: bool,
}

/// What was to be published before a change, and after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitoringChange {
    /// Before.
    pub before: BTreeSet<ShardMetric>,
    /// After.
    pub after: BTreeSet<ShardMetric>,
}

/// A shard of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shard {
    /// Its number.
    pub id: ShardId,
    /// The shard that it was split or merged from, if records of that one may still be kept.
    pub parent: Option<ShardId>,
    /// The other shard that it was merged from.
    pub adjacent_parent: Option<ShardId>,
    /// The hash keys whose records it takes, or took.
    pub hash_keys: RangeInclusive<u128>,
    /// No record of it has a lower one.
    pub starting: SequenceNumber,
    /// No record of it has a higher one, if it is closed.
    pub ending: Option<SequenceNumber>,
    /// When it was opened.
    pub created: Timestamp,
    /// When it was closed.
    pub closed: Option<Timestamp>,
}

impl From<log::Shard> for Shard {
    fn from(shard: log::Shard) -> Self {
        Shard {
            id: shard.id,
            parent: shard.parent,
            adjacent_parent: shard.adjacent_parent,
            hash_keys: shard.hash_keys,
            starting: SequenceNumber::first(shard.generation, shard.id),
            ending: shard.closed.map(|closed| SequenceNumber::last(shard.generation, shard.id, closed)),
            created: shard.created,
            closed: shard.closed,
        }
    }
}

/// A shard that goes on where another one ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildShard {
    /// Its number.
    pub id: ShardId,
    /// One, or two where they were merged.
    pub parents: Vec<ShardId>,
    /// The hash keys whose records it takes.
    pub hash_keys: RangeInclusive<u128>,
}

impl From<log::Shard> for ChildShard {
    fn from(shard: log::Shard) -> Self {
        let parents = shard.parent.into_iter().chain(shard.adjacent_parent).collect();
        ChildShard { id: shard.id, parents, hash_keys: shard.hash_keys }
    }
}

/// Which shards are asked for.
///
/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardFilter {
    /// Those that were opened after this one.
    AfterShardId(ShardId),
    /// Those that were open at the trim horizon.
    AtTrimHorizon,
    /// All of which records may be kept.
    FromTrimHorizon,
    /// Those that are open.
    AtLatest,
    /// Those that were open at that time.
    AtTimestamp(Timestamp),
    /// Those that were open at that time or later.
    FromTimestamp(Timestamp),
}

/// Where in a shard reading begins.
///
/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StartingPosition.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartingPosition {
    /// With the oldest record that is kept.
    TrimHorizon,
    /// With the first one that is put from now on.
    Latest,
    /// With this record.
    AtSequenceNumber(SequenceNumber),
    /// With the one after this record.
    AfterSequenceNumber(SequenceNumber),
    /// With the first one that was put at that time or later.
    AtTimestamp(Timestamp),
}

/// A reader that has a shard's full rate for itself: registered here, and named when it subscribes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consumer {
    /// Its name.
    pub name: String,
    /// The stream that it is registered with.
    pub stream: String,
    /// When it was registered: with the name it tells it from an earlier one.
    pub created: Timestamp,
}

/// Something that tags and a policy can be attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A stream.
    Stream {
        /// Its name.
        name: String,
    },
    /// A consumer of a stream.
    Consumer {
        /// The stream.
        stream: String,
        /// Its name.
        name: String,
    },
    /// A queue of records.
    Queue {
        /// What identifies it.
        id: String,
    },
    /// A channel.
    Channel {
        /// What identifies it.
        id: String,
    },
}

/// What there is, and what there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountLimits {
    /// How many shards may be open.
    pub shard_limit: u64,
    /// How many are.
    pub open_shards: u64,
    /// How many streams decide on their shards themselves.
    pub on_demand_streams: u64,
    /// How many may.
    pub on_demand_limit: u64,
    /// How many channels there are.
    pub channels: u64,
    /// How many there may be.
    pub channel_limit: u64,
}

/// Whether the account pays for a minimum of throughput, which unlocks warm throughput and more consumers.
///
/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateAccountSettings.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commitment {
    /// It does not.
    Disabled {
        /// When it last did so.
        ended: Option<Timestamp>,
    },
    /// It does.
    Enabled {
        /// Since when.
        started: Timestamp,
        /// Before that it cannot end: a day after it began.
        earliest_end: Timestamp,
    },
    /// It does until the day is over.
    Ending {
        /// Since when.
        started: Timestamp,
        /// When it ends.
        earliest_end: Timestamp,
    },
}

impl Commitment {
    /// Whether it holds now.
    #[must_use]
    pub const fn is_on(self) -> bool {
        !matches!(self, Commitment::Disabled { .. })
    }
}
