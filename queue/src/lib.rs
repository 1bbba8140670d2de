//! A durable queue with SQS's model, embedded in a Rust program.

mod attempt;
mod check_message;
mod create_queue;
mod dead_letter;
mod deduplication;
mod delete;
mod delete_queue;
mod error;
mod expire;
mod front;
mod handle;
mod layout;
mod list_queues;
mod message;
mod metrics;
mod move_batch;
mod move_task;
mod moves;
mod options;
mod policy;
mod purge;
mod queue;
mod queues;
mod ready;
mod receive;
mod receive_fifo;
mod send;
mod set_attributes;
mod settings;
mod shared;
mod typed;
mod visibility;
mod wait;
mod worker;

pub use error::{Error, Result};
pub use message::{
    AttributeValue, ChangeVisibility, Message, MessageAttribute, MessageId, ReceiptHandle, Receive, SendMessage, Sent,
    SequenceNumber,
};
pub use moves::{CancelledMove, MoveStatus, MoveTask, MoveTaskHandle, MoveTaskId, QueuePage, StartMove};
pub use options::Options;
pub use queue::Queue;
pub use queues::Queues;
pub use settings::{
    Changes, Counts, CreateOptions, DeduplicationScope, Description, FifoSettings, FifoThroughputLimit, Metrics,
    RedriveAllowPolicy, RedrivePolicy, Settings,
};

pub use typed::TypedQueue;
pub use worker::{Worker, WorkerBuilder};

/// The longest message, and the longest batch: 1 MiB.
///
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
pub const MAX_MESSAGE_BYTES: usize = 1 << 20;
/// The most entries of a batch. Over the wire the service allows 10.
pub const MAX_BATCH_ENTRIES: usize = 1000;
