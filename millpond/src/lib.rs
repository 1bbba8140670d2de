//! Millpond: an embedded storage and messaging suite. One engine, one directory, one commit; the services of a cloud
//! beside your code.
//!
//! ```
//! use millpond::{Pond, engine, kv};
//!
//! let pond = Pond::in_memory()?; // or Pond::open("./data")?
//! let audit = pond.engine().keyspace("audit")?;
//!
//! // Services and keyspaces commit together, or not at all.
//! pond.transact(|tx| tx.put(&audit, "1", "opened"))?;
//! # Ok::<(), millpond::Error>(())
//! ```
//!
//! A [`Pond`] owns one [`engine::Engine`] and the services that are turned on by cargo features: `docdb`, `kv`, `pubsub`, `queue`, `stream` and
//! `triggers` (all on by default; `pubsub` needs `queue` and `stream`, `triggers` these and `kv`).
//! Each operation of a service that reads or changes data has a form ending in `_in` that joins the transaction of
//! [`Pond::transact`].
//!
//! # Guarantees
//! - What is acknowledged survives a power cut, unless [`Durability::Buffered`] was asked for.
//! - Transactions are serializable, over all services at once.
//! - All time is read from [`Pond::clock`], which a test can move by hand.
//! - Calls block the calling thread; no async runtime is needed or started. Handles are cheap to clone and `Send + Sync`.
//!
//! It is not a server: the `millpond` binary (crate `millpond-server`) is, and is built on this crate alone.

mod error;
mod pond;

pub use error::{Error, Result};
#[cfg(feature = "docdb")]
pub use millpond_docdb as docdb;
pub use millpond_engine as engine;
pub use millpond_engine::{BackendKind, Clock, Durability, Timestamp, Transaction};
#[cfg(feature = "kv")]
pub use millpond_kv as kv;
#[cfg(feature = "pubsub")]
pub use millpond_pubsub as pubsub;
#[cfg(feature = "queue")]
pub use millpond_queue as queue;
#[cfg(feature = "stream")]
pub use millpond_stream as stream;
#[cfg(feature = "triggers")]
pub use millpond_triggers as triggers;
pub use pond::{Options, Pond};

#[cfg(all(doctest, feature = "triggers", feature = "fjall"))]
#[doc = include_str!("../../README.md")]
struct Readme;
