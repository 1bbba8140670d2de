//! The storage engine under Millpond's services: named ordered maps from bytes to bytes, serializable transactions
//! over all of them, and a durable acknowledgement that many commits share.
//!
//! ```
//! use millpond_engine::{Engine, Error};
//!
//! let engine = Engine::in_memory(); // or Engine::open("./data")?
//! let accounts = engine.keyspace("accounts")?;
//! engine.transact(|tx| tx.put(&accounts, "alice", "100"))?;
//!
//! // Reads are validated when the transaction commits; after a conflict the closure runs again.
//! engine.transact(|tx| -> Result<(), Error> {
//!     if let Some(balance) = tx.get(&accounts, b"alice")? {
//!         tx.put(&accounts, "bob", balance)?;
//!         tx.delete(&accounts, "alice")?;
//!     }
//!     Ok(())
//! })?;
//! assert_eq!(engine.get(&accounts, b"bob")?.as_deref(), Some(&b"100"[..]));
//! # Ok::<(), Error>(())
//! ```
//!
//! # Guarantees
//! - **Durability**: with [`Durability::Sync`], the default, `Ok` from a write means that a power cut no longer takes it
//!   away. Commits that wait at the same time share one backend batch and one sync.
//! - **Isolation**: [`Engine::transact`] is serializable; point reads and ranges are both validated. A [`Snapshot`] is
//!   one moment over all keyspaces. Nothing is visible to others before it is durable, where
//!   [`Capabilities::visible_after_sync`] says so.
//! - **Failure**: after a failed commit or sync the engine is poisoned: each call returns [`Error::Poisoned`] until
//!   the store is opened again.
//! - **Limits**: keys, values and transactions are bounded by [`Limits`]; pages of ranges by count and bytes.
//! - **Threads**: handles are cheap to clone and can be used from any thread. Calls block; [`Engine::submit`] gives a
//!   [`Ticket`] that is also a future, for any runtime.
//!
//! It is not a server, does not replicate, and holds one store open for one process at a time.

mod active;
mod backend;
mod batch;
mod clock;
mod commit;
#[cfg(feature = "conformance")]
pub mod conformance;
mod deferred;
#[cfg(any(feature = "fjall", feature = "sled"))]
mod directory;
mod engine;
mod error;
#[cfg(test)]
mod faults;
mod history;
pub mod key;
mod keyspace;
mod options;
mod overlay;
mod position;
mod range;
mod snapshot;
mod statistics;
mod ticket;
mod transaction;
pub mod wait;

pub use backend::{BackendKind, Capabilities, Limits};
pub use batch::WriteBatch;
pub use clock::{Clock, Timestamp};
pub use deferred::{Appended, read_counter};
pub use engine::{Engine, TransactOptions};
pub use error::{Error, ErrorKind, Result};
pub use keyspace::Keyspace;
pub use options::{Durability, Options};
pub use position::Position;
pub use range::{Page, RangeRequest};
pub use snapshot::{Latest, Read, Scan, Snapshot};
pub use statistics::Statistics;
pub use ticket::Ticket;
pub use transaction::Transaction;
