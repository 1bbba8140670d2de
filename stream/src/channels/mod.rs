//! Channels: what is put into a stream is delivered to a bucket, in objects of many records.
//!
//! A channel has a place in each shard, before which all was delivered. What is due is taken from there in
//! [batches](ChannelBatch), and the place moves on when whoever takes them says that they were delivered: at least once, since
//! nothing is remembered of a batch that was taken. This crate knows no buckets.
//!
//! Channels to streaming tables (Apache Iceberg) are kept and shown; nothing is delivered by them.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateChannel.html>

mod batch;
mod channel;
mod checks;
mod create;
mod delete;
mod layout;
mod list;
mod model;
mod streams;
mod template;
mod update;

pub(crate) use layout::KEYSPACE;
pub(crate) use list::need;

pub use batch::ChannelBatch;
pub use channel::Channel;
pub use model::{
    ChannelChanges, ChannelDescription, ChannelLogging, ChannelPage, Compression, CreateChannel, DeadLetterBucket,
    Destination, DestinationKind, PartitionField, RecordFormat, S3Destination, S3TablesDestination, StorageClass,
    StreamingTable, TableCompression,
};
