//! The log under the stream service, and under the change streams of other services: records in the order of their commits, kept
//! for a time, read from any place.
//!
//! ```
//! use std::time::Duration;
//! use millpond_engine::Engine;
//! use millpond_stream::log::{Error, LogOptions, Logs, Most};
//!
//! let engine = Engine::in_memory(); // or Engine::open("./data")?
//! let logs = Logs::open(&engine)?;
//! let options = LogOptions { shards: 1, retention: Duration::from_secs(86_400), roll_after: None };
//! let log = engine.transact(|tx| logs.create_in(tx, &options))?;
//! engine.transact(|tx| logs.append_in(tx, log, 0, "first"))?;
//!
//! let mut reader = engine.snapshot()?;
//! let shard = logs.shards(&mut reader, log)?.remove(0);
//! let horizon = logs.horizon(&mut reader, log)?;
//! let records = logs.read(&mut reader, log, shard.id, horizon, Most::default())?;
//! assert_eq!(records.records[0].data, "first");
//! # Ok::<(), Error>(())
//! ```
//!
//! # Guarantees
//! - **Order**: the records of a shard stand in the order in which their transactions were committed, and so do those of all
//!   shards by their [`Position`]. Records of one hash key are in one shard, or in a shard and later in its child.
//! - **One commit**: appending joins the caller's transaction. Appends do not conflict with each other, however many
//!   write to one shard.
//! - **Retention**: a record older than the log's retention, by the engine's clock, is not read any more. Its space is freed
//!   by [`Logs::trim`].
//! - **Lineage**: a shard that is closed gets no more records. Its children begin where it ended, and name it as their parent.
//!
//! # Limits
//! 10,000 shards that are open at once in a log; records as large as a value of the engine.
//!
//! # What it is not
//! It has no names, consumers or iterators, which are those of whoever writes a log.

mod append;
mod error;
mod layout;
mod logs;
mod read;
mod record;
mod reshard;
mod tail;
mod trim;

pub(crate) use layout::RECORDS;
pub(crate) use record::even_shares;

pub use append::Rows;
pub use error::{Error, Result};
pub use logs::{LogId, LogOptions, Logs, Shard, ShardId, View};
pub use millpond_engine::Position;
pub use read::{Most, Record, Records};
pub use tail::Watch;
