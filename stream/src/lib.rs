//! A sharded, durable log with the model of Kinesis, embedded in a Rust program, on the storage engine that all Millpond services
//! share: records in the order of their commits, kept for a time, read from any place by any number of readers.
//!
//! ```
//! use std::time::Duration;
//! use millpond_engine::Engine;
//! use millpond_stream::{CreateOptions, StartingPosition, Streams};
//!
//! let engine = Engine::in_memory(); // or Engine::open("./data")?
//! let streams = Streams::open(&engine)?;
//! let clicks = streams.create("clicks", &CreateOptions::shards(2))?;
//! clicks.append(("alice", "page 1"))?; // a partition key, and data
//!
//! for shard in clicks.shards(None)? {
//!     let mut reader = clicks.reader(shard.id, &StartingPosition::TrimHorizon)?;
//!     for record in reader.read(100, Duration::ZERO)?.records {
//!         assert_eq!((record.partition_key(), &record.data[..]), ("alice", &b"page 1"[..]));
//!     }
//! }
//! # Ok::<(), millpond_stream::Error>(())
//! ```
//!
//! Members of a [`ConsumerGroup`] share the shards of a stream, and remember together how far they have come. What records make a
//! program do, and that they are done with, can be one commit: exactly once.
//!
//! ```
//! # use std::time::Duration;
//! # use millpond_engine::Engine;
//! # use millpond_stream::{CreateOptions, Error, Streams};
//! # let engine = Engine::in_memory();
//! # let streams = Streams::open(&engine)?;
//! # let clicks = streams.create("clicks", &CreateOptions::shards(2))?;
//! let totals = engine.keyspace("totals")?;
//! clicks.append(("alice", "page 1"))?;
//!
//! let member = clicks.consumer_group("totals").join("worker-1")?;
//! while let Some(batch) = member.poll(1000, Duration::ZERO)? {
//!     engine.transact(|tx| -> Result<(), Error> {
//!         for record in batch.records() {
//!             tx.add(&totals, record.partition_key().to_owned(), 1)?;
//!         }
//!         batch.checkpoint_in(tx)
//!     })?;
//! }
//! // Or by threads: clicks.consumer_group("totals").run_in(4, |tx, batch| ...)?
//! # Ok::<(), Error>(())
//! ```
//!
//! [`kpl`] puts many small records into one and takes them apart, as the Kinesis Producer Library does.
//! A [`RecordQueue`] hands each record of a stream to one of many consumers, until one has acknowledged it; a [`Channel`] tells what is due
//! to be delivered elsewhere. [`log`] is the layer below: logs without names, which other services write their changes to.
//!
//! # Guarantees
//! - **Durability**: `Ok` from a change means that a power cut no longer takes it away (with the engine's default durability).
//!   Callers that wait at the same time share one sync, over all shards and streams.
//! - **Order**: records of one partition key are read in the order in which they were committed, across splits and merges if a
//!   shard is read before its children. Sequence numbers rise in that order.
//! - **Groups**: each record is given to one member of a [`ConsumerGroup`] until it is checkpointed; a second time only after a member
//!   was not heard of for the duration of its leases, or has given it back.
//! - **One commit across services**: [`Stream::append_in`] and [`Batch::checkpoint_in`] join the caller's transaction.
//! - **Retention**: records are kept for 24 hours to 365 days, by the engine's clock.
//! - **Time** is the engine's clock. A test moves it by hand, and readers that wait notice.
//! - **Errors**: [`Error::code`] is the service's exception name and `Display` its message, where that is known.
//! - **Threads**: handles are cheap to clone and can be used from any thread. Reading blocks, or is a future for any runtime.
//!
//! # Limits
//! Records of 1 MiB with their key, or up to 10 MiB if the stream is set to that; batches of 10,000 records and 32 MiB (500 and
//! 10 MiB over the wire, as in the service); 10,000 open shards.
//!
//! # What it is not
//! It has no accounts or regions, and encrypts and authorizes nothing: policies and keys are kept and shown. It does not replicate:
//! one process holds the store, and the wire protocol is the server's.

mod account;
mod append;
mod attached;
mod channels;
mod consumers;
mod create_stream;
mod delete_stream;
mod error;
mod follow;
mod get_records;
mod group;
mod iterator;
pub mod kpl;
mod layout;
mod list_shards;
mod list_streams;
mod load;
pub mod log;
mod model;
mod options;
mod reader;
mod record;
mod record_queue;
mod reshard;
mod sequence;
mod settings;
mod shared;
mod stream;
mod streams;
mod subscription;
mod throttle;

pub use channels::{
    Channel, ChannelBatch, ChannelChanges, ChannelDescription, ChannelLogging, ChannelPage, Compression, CreateChannel,
    DeadLetterBucket, Destination, DestinationKind, PartitionField, RecordFormat, S3Destination, S3TablesDestination,
    StorageClass, StreamingTable, TableCompression,
};
pub use error::{ACCOUNT, Error, Result};
pub use follow::RecordLog;
pub use get_records::GotRecords;
pub use group::{Batch, ConsumerGroup, GroupMember, GroupMetrics, Member, Running, ShardLag};
pub use iterator::{ShardIterator, unreadable_sequence_number};
pub use log::ShardId;
pub use millpond_engine::{Position, Timestamp};
pub use model::{
    AccountLimits, ChildShard, Commitment, Consumer, CreateOptions, Description, Distribution, Mode, MonitoringChange,
    Resource, Shard, ShardFilter, ShardMetric, StartingPosition, Status, StreamPage, WarmThroughput,
};
pub use options::Options;
pub use reader::{Read, Reader, RecordStream};
pub use record::{NewRecord, Placed, Record, hash_key};
pub use record_queue::{
    CreateQueue, DeadLetters, QueueChanges, QueueDescription, QueuePage, QueueRecord, QueueStart, ReceiptHandle,
    RecordQueue,
};
pub use sequence::{ParseSequenceError, SequenceNumber};
pub use stream::Stream;
pub use streams::Streams;
pub use subscription::{Subscription, SubscriptionEvent};
