//! Functions on sources of records: a handler is called with batches of what comes into a queue, a stream or a table, and what it
//! does and how far it has come are one commit.
//!
//! ```
//! use millpond_engine::Engine;
//! use millpond_stream::{CreateOptions, Streams};
//! use millpond_triggers::Triggers;
//!
//! let engine = Engine::in_memory(); // or Engine::open("./data")?
//! let clicks = Streams::open(&engine)?.create("clicks", &CreateOptions::shards(2))?;
//! let counts = engine.keyspace("counts")?;
//!
//! let triggers = Triggers::open(&engine)?;
//! let counted = counts.clone();
//! triggers.on_stream("count-clicks", &clicks)?.batch_size(500).run_in(move |tx, batch| {
//!     for record in batch {
//!         tx.add(&counted, record.text().unwrap_or_default().to_owned(), 1)?;
//!     }
//!     Ok(())
//! })?;
//!
//! clicks.append(("alice", "page 1"))?;
//! clicks.append(("bob", "page 1"))?;
//! triggers.wait_until_idle();
//! assert_eq!(millpond_engine::Read::counter(&mut engine.snapshot()?, &counts, b"page 1")?, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A trigger has the settings of an event source mapping of AWS Lambda, with their defaults and limits: see [`TriggerBuilder`]. Its handler is a
//! closure ([`run_in`](TriggerBuilder::run_in), [`run`](TriggerBuilder::run)) or a function behind an address that takes the
//! service's events (`run_http`, cargo feature `http`).
//!
//! # Guarantees
//! - **Delivery**: each record is handled exactly once by a handler that [joins the transaction](TriggerBuilder::run_in) of the
//!   checkpoint, and at least once by any other, whatever fails in between. Records are given up only where the settings say so, or when
//!   they are not kept any more.
//! - **Order**: records of one partition key are handled in the order of their commits, across splits and merges: a shard begins once
//!   its parents are done. Messages of a first-in-first-out queue are handled in the order of their group, and nothing of a
//!   group after a message that has failed.
//! - **Durability**: the trigger, its checkpoints and the states of its windows are in the store. Forgotten when the program ends are how
//!   often a batch was tried and how it was halved, batches that are not full yet, and what [`Status`] counts.
//! - **Time** is the engine's clock: batching and tumbling windows, waits between attempts, ages. A test moves it by hand, and
//!   [`Triggers::wait_until_idle`] tells when all is done. Only the timeouts of a function over HTTP are those of the system.
//! - **Threads**: all triggers share a pool. A handler runs on one of its threads and may block; nothing else is held up as long as
//!   there are more.
//!
//! # Limits
//! Batches of 10,000 records and 6 MB, windows and retries as [`Config`] has them; 10 filters of 4,096 characters; states of 1 MiB.
//!
//! # What it is not
//! It starts no processes and runs no containers: a function is a closure, or answers HTTP. One process holds the store, so each
//! trigger runs in one place.

mod batch;
mod builder;
mod config;
mod destination;
mod error;
mod event;
mod filter;
mod handler;
#[cfg(feature = "http")]
mod http;
mod job;
mod lane;
mod layout;
mod meter;
mod options;
mod outcome;
mod pattern;
mod queue;
mod record;
mod retry;
mod runner;
mod shard;
mod source;
mod trigger;
mod triggers;
mod window;

pub use batch::{Batch, WindowCall};
pub use builder::TriggerBuilder;
pub use config::{Config, StartingPosition};
pub use error::{BoxError, Error, Result};
#[cfg(feature = "http")]
pub use http::Endpoint;
pub use layout::Registered;
pub use meter::{LaneStatus, Status};
pub use options::Options;
pub use outcome::Outcome;
pub use record::{Content, Record};
pub use retry::{FIRST_RETRY, LONGEST_RETRY};
pub use trigger::Trigger;
pub use triggers::Triggers;
pub use window::{MAX_STATE_BYTES, Window};
