//! The plain types of channels.

use std::collections::BTreeMap;

use millpond_engine::Timestamp;
use serde::{Deserialize, Serialize};

/// How old undelivered records may become, unless told otherwise.
pub(crate) const DEFAULT_FRESHNESS_SECS: u32 = 300;

/// A channel that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateChannel {
    /// 1 to 128 letters, digits, underscores, dots and hyphens. No two channels have one.
    pub name: String,
    /// The role that the service takes on. It is kept and shown.
    pub role_arn: String,
    /// The stream whose records it delivers: one that is on demand.
    pub stream: String,
    /// What the records are.
    pub format: RecordFormat,
    /// The schema of the records, which tables need.
    pub schema_arn: Option<String>,
    /// Where they go.
    pub destination: Destination,
    /// By which key they are to be encrypted there. It is kept and shown.
    pub encryption_key: Option<String>,
    /// What is to be logged. It is kept and shown.
    pub logging: ChannelLogging,
    /// At most 50.
    pub tags: BTreeMap<String, String>,
}

/// What records are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordFormat {
    /// JSON by a schema of Glue. Of tables only.
    GsrJson,
    /// JSON.
    Json,
    /// Text. Of buckets only.
    String,
    /// Bytes. Of buckets only.
    ByteArray,
}

/// Where records go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// Objects of a bucket.
    S3(S3Destination),
    /// A table. Nothing is delivered to it.
    S3Tables(S3TablesDestination),
}

/// What a destination is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DestinationKind {
    /// Objects of a bucket.
    S3,
    /// A table.
    S3Tables,
}

impl Destination {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> DestinationKind {
        match self {
            Destination::S3(_) => DestinationKind::S3,
            Destination::S3Tables(_) => DestinationKind::S3Tables,
        }
    }

    /// How old undelivered records may become, in seconds.
    #[must_use]
    pub fn freshness_secs(&self) -> u32 {
        match self {
            Destination::S3(bucket) => bucket.freshness_secs,
            Destination::S3Tables(table) => table.freshness_secs,
        }
    }

    pub(crate) fn set_freshness(&mut self, secs: u32) {
        match self {
            Destination::S3(bucket) => bucket.freshness_secs = secs,
            Destination::S3Tables(table) => table.freshness_secs = secs,
        }
    }
}

/// A bucket that records are delivered to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3Destination {
    /// The bucket.
    pub bucket_arn: String,
    /// Whose it is to be.
    pub expected_owner: String,
    /// How objects are compressed.
    pub compression: Compression,
    /// How objects are called; `None` is the service's own way.
    pub key_template: Option<String>,
    /// The class of objects. It is kept and shown.
    pub storage_class: StorageClass,
    /// How old undelivered records may become: 300 to 900 seconds.
    pub freshness_secs: u32,
    /// Where records go that are not what they should be; `None` is the same bucket.
    pub dead_letters: Option<DeadLetterBucket>,
}

impl S3Destination {
    /// A bucket, and whose it is: everything else as the service does it.
    #[must_use]
    pub fn new(bucket_arn: impl Into<String>, expected_owner: impl Into<String>, compression: Compression) -> Self {
        S3Destination {
            bucket_arn: bucket_arn.into(),
            expected_owner: expected_owner.into(),
            compression,
            key_template: None,
            storage_class: StorageClass::Standard,
            freshness_secs: DEFAULT_FRESHNESS_SECS,
            dead_letters: None,
        }
    }
}

/// A bucket for records that are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterBucket {
    /// The bucket.
    pub bucket_arn: String,
    /// Whose it is to be.
    pub expected_owner: String,
    /// What the keys there begin with; `None` is the service's own way.
    pub error_prefix: Option<String>,
}

/// How objects are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compression {
    /// Not at all.
    None,
    /// By gzip.
    Gzip,
    /// By Zstandard.
    Zstd,
}

/// The class of objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StorageClass {
    /// For what is often read.
    #[default]
    Standard,
    /// As they are read.
    IntelligentTiering,
    /// For what is rarely read.
    GlacierIr,
}

/// A table that records are to be delivered to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3TablesDestination {
    /// The table.
    pub table: StreamingTable,
    /// How old undelivered records may become: 300 to 900 seconds.
    pub freshness_secs: u32,
    /// Where records go that are not what they should be.
    pub dead_letters: DeadLetterBucket,
}

/// A table in a bucket of tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamingTable {
    /// The bucket of tables.
    pub bucket_arn: String,
    /// The namespace.
    pub namespace: String,
    /// The table.
    pub name: String,
    /// How its files are compressed.
    pub compression: TableCompression,
    /// What it is partitioned by.
    pub partition_fields: Option<Vec<PartitionField>>,
}

/// How the files of a table are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableCompression {
    /// Not at all.
    None,
    /// By Zstandard.
    Zstd,
    /// By Snappy.
    Snappy,
}

/// What a table is partitioned by: the hours of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionField {
    /// The column.
    pub source_name: String,
}

/// What is to be logged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelLogging {
    /// Whether anything is.
    pub is_enabled: bool,
    /// Where; `None` is the service's own way.
    pub group: Option<String>,
    /// In which stream of logs; `None` is the service's own way.
    pub stream: Option<String>,
}

/// What of a channel is to be changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelChanges {
    /// How old undelivered records may become, for what the destination is.
    pub freshness: Option<(DestinationKind, u32)>,
    /// What is to be logged; what is `None` in it stays.
    pub logging: Option<ChannelLogging>,
}

/// What a channel is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelDescription {
    /// What identifies it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// The role that the service takes on.
    pub role_arn: String,
    /// The stream whose records it delivers.
    pub stream: String,
    /// When that was made.
    pub stream_created: Timestamp,
    /// What the records are.
    pub format: RecordFormat,
    /// The schema of the records.
    pub schema_arn: Option<String>,
    /// Where they go. What was left to the service is filled in, but the template of keys.
    pub destination: Destination,
    /// By which key they are to be encrypted there.
    pub encryption_key: Option<String>,
    /// What is to be logged.
    pub logging: ChannelLogging,
}

/// Channels in order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPage {
    /// The channels.
    pub channels: Vec<ChannelDescription>,
    /// Whether there are more.
    pub has_more: bool,
}
