//! Sharded logs on the storage engine that all Millpond services share: records in the order of their commits, kept for a
//! time, read from any place.
//!
//! ```
//! use std::time::Duration;
//! use millpond_engine::Engine;
//! use millpond_stream::{LogOptions, Logs, Most};
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
//! # Ok::<(), millpond_stream::Error>(())
//! ```
//!
//! It is the log that change streams of tables are written to, and it will be that of the stream service.
//!
//! # Guarantees
//! - **Order**: the records of a shard stand in the order in which their transactions were committed, and so do those of all
//!   shards by their [`Position`]. Records of one hash key are in one shard, or in a shard and later in its child.
//! - **One commit**: appending joins the caller's transaction. Appends do not conflict with each other, however many
//!   write to one shard.
//! - **Retention**: a record older than the log's retention, by the engine's clock, is not read any more. Its space is freed
//!   by [`Logs::trim`].
//! - **Lineage**: a shard that is closed names no more records. Its child begins where it ended, and names it as its parent.
//!
//! # Limits
//! 256 shards that are open at once in a log; records as large as a value of the engine.
//!
//! # What it is not
//! Not a service yet: no names, consumers or iterators, which are those of whoever writes a log.

mod append;
mod error;
mod layout;
mod logs;
mod read;
mod record;
mod trim;

pub use error::{Error, Result};
pub use logs::{LogId, LogOptions, Logs, Shard, ShardId};
pub use millpond_engine::Position;
pub use read::{Most, Record, Records};
