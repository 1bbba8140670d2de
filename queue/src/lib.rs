//! A durable queue with SQS's model, embedded in a Rust program, on the storage engine that all Millpond services share:
//! messages that are invisible while they are handled, and come back unless they are deleted.
//!
//! ```
//! use std::time::Duration;
//! use millpond_engine::Engine;
//! use millpond_queue::{CreateOptions, Queues};
//!
//! let engine = Engine::in_memory(); // or Engine::open("./data")?
//! let queues = Queues::open(&engine)?;
//! let jobs = queues.create("jobs", &CreateOptions::default())?;
//! jobs.send("resize pond.png")?;
//!
//! // Waits up to 20 seconds for the first message; others do not get it for the next 30.
//! for message in jobs.receive(10, Duration::from_secs(20))? {
//!     println!("{}", message.body());
//!     message.delete()?;
//! }
//! # Ok::<(), millpond_queue::Error>(())
//! ```
//!
//! What a message makes a program do, and that it is done with, can be one commit: exactly once.
//!
//! ```
//! # use std::time::Duration;
//! # use millpond_engine::Engine;
//! # use millpond_queue::{CreateOptions, Error, Queues};
//! # let engine = Engine::in_memory();
//! # let queues = Queues::open(&engine)?;
//! # let jobs = queues.create("jobs", &CreateOptions::default())?;
//! # let (done, mails) = (engine.keyspace("done")?, queues.create("mails", &CreateOptions::default())?);
//! # jobs.send("resize pond.png")?;
//! for message in jobs.receive(1, Duration::ZERO)? {
//!     engine.transact(|tx| -> Result<(), Error> {
//!         tx.put(&done, message.body().to_owned(), "")?;
//!         mails.send_in(tx, "pond.png is ready")?;
//!         message.delete_in(tx)
//!     })?;
//! }
//! # Ok::<(), Error>(())
//! ```
//!
//! [`Queue::typed`] sends and receives Rust values, [`Queue::worker`] has messages handled by threads. Receiving blocks, or is a
//! future for any runtime ([`Queue::receive_async`]).
//!
//! # Guarantees
//! - **Durability**: `Ok` from a change means that a power cut no longer takes it away (with the engine's default durability).
//!   Callers that wait at the same time share one sync. [`Options::receives`] relaxes that for receives.
//! - **Delivery**: no message is lost, and while one is in flight no other receive gets it. A message that is not deleted in time
//!   comes again; so handling is at least once, and exactly once with [`Message::delete_in`].
//! - **Order**: in a first-in-first-out queue (a name that ends in `.fifo`), within each message group. A standard queue gives the message first
//!   that has been ready for the longest; where messages have groups, groups take turns.
//! - **Time** is the engine's clock: visibility timeouts, delays, retention, the five minutes in which duplicates are known. A
//!   test moves it by hand, and receives that wait notice.
//! - **One commit across services**: each operation that changes messages has a form that ends in `_in` and joins the caller's
//!   transaction.
//! - **Errors**: [`Error::code`] is the service's exception name and `Display` its message, where that is known.
//! - **Threads**: handles are cheap to clone and can be used from any thread. Open the service once and clone it.
//!
//! # Limits
//! Messages, and batches together, of 1 MiB with their attributes, of which a message has 10; batches and receives of 1,000
//! messages (10 over the wire, as in the service); 120,000 messages in flight in a queue; delays of 15 minutes, visibility
//! timeouts of 12 hours, retention of 14 days. What is waiting takes no memory, whatever its number: opening a queue with ten
//! million messages takes no longer than opening an empty one.
//!
//! # What it is not
//! It has no accounts or regions, and encrypts and authorizes nothing: policies and keys are kept and shown. It is no broker:
//! one process holds the store, and the wire protocol is the server's.

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
