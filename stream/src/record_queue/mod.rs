//! Queues of the records of a stream: each record is handed to one of many consumers, until one has acknowledged it.
//!
//! A queue is a place in each shard, and what is known of the records before that place that are not done with. Records themselves
//! stay where they are, and readers and other queues do not notice.
//!
//! - What is before the place of a shard and has no row was acknowledged, or is not to be delivered. So what is done takes no
//!   room, and the lowest row is the offset below which all is done.
//! - A record that was received has a row, and an entry in an index by the time at which it is visible again. One that was received
//!   for the last time has its entry among the dead letters: it becomes one by time passing alone.
//! - Positions rise over all shards of a stream, so one place where a queue begins holds for all of them, and for those that are
//!   split and merged from them later.
//!
//! Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateQueue.html>

mod acknowledge;
mod clear;
mod create;
mod delete;
mod handle;
mod layout;
mod list;
mod live;
mod model;
mod queue;
mod queues;
mod receive;
mod schedule;
mod update;
mod wait;

pub(crate) use clear::run as clear;
pub(crate) use layout::KEYSPACE;
pub(crate) use list::need;
pub(crate) use live::Lives;

pub use handle::ReceiptHandle;
pub use model::{CreateQueue, DeadLetters, QueueChanges, QueueDescription, QueuePage, QueueRecord, QueueStart};
pub use queue::RecordQueue;
