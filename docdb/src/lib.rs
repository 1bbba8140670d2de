//! A document store with the model of MongoDB 8, embedded in a Rust program, on the storage engine that all Millpond services
//! share: collections of BSON documents with indexes, MongoDB's filters, updates and aggregation pipelines, through an interface like that
//! of its driver.
//!
//! ```
//! use bson::doc;
//! use millpond_docdb::{Docdb, Error, IndexModel, ReturnDocument};
//! use millpond_engine::Engine;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Film {
//!     #[serde(rename = "_id")]
//!     title: String,
//!     year: i32,
//!     #[serde(default)]
//!     tags: Vec<String>,
//! }
//!
//! let engine = Engine::in_memory(); // or Engine::open("./data")?
//! let docdb = Docdb::open(&engine)?;
//! let films = docdb.database("cinema").collection::<Film>("films");
//!
//! let by_year = IndexModel::builder().keys(doc! { "year": 1, "_id": 1 }).build();
//! films.create_index(by_year).run()?;
//! films.insert_one(Film { title: "Amélie".into(), year: 2001, tags: vec![] }).run()?;
//! films.insert_one(Film { title: "Alien".into(), year: 1979, tags: vec![] }).run()?;
//!
//! for film in films.find(doc! { "year": { "$lt": 2010 } }).sort(doc! { "year": 1 }).limit(10).run()? {
//!     println!("{}", film?.title);
//! }
//! let tagged = films
//!     .find_one_and_update(doc! { "_id": "Amélie" }, doc! { "$addToSet": { "tags": "Paris" } })
//!     .return_document(ReturnDocument::After)
//!     .run()?;
//! assert_eq!(tagged.map(|film| film.tags), Some(vec!["Paris".to_owned()]));
//!
//! let decades = [
//!     doc! { "$group": { "_id": { "$subtract": ["$year", { "$mod": ["$year", 10] }] }, "films": { "$sum": 1 } } },
//!     doc! { "$sort": { "_id": 1 } },
//! ];
//! let decades: Vec<_> = films.aggregate(decades).run()?.collect::<Result<_, _>>()?;
//! assert_eq!(decades, [doc! { "_id": 1970, "films": 1 }, doc! { "_id": 2000, "films": 1 }]);
//! # Ok::<(), Error>(())
//! ```
//!
//! Each operation ends in `run()`, or in `run_in(tx)`, by which it joins the caller's transaction: documents commit with rows of
//! other keyspaces and with what other services do, over any number of collections.
//!
//! ```
//! # use bson::{Document, doc};
//! # use millpond_docdb::{Docdb, Error};
//! # use millpond_engine::Engine;
//! # let engine = Engine::in_memory();
//! # let docdb = Docdb::open(&engine)?;
//! let accounts = docdb.database("bank").collection::<Document>("accounts");
//! accounts.insert_many([doc! { "_id": "ann", "sum": 100 }, doc! { "_id": "bob", "sum": 0 }]).run()?;
//!
//! let ledger = engine.keyspace("ledger")?;
//! engine.transact(|tx| -> Result<(), Error> {
//!     accounts.update_one(doc! { "_id": "ann" }, doc! { "$inc": { "sum": -30 } }).run_in(tx)?;
//!     accounts.update_one(doc! { "_id": "bob" }, doc! { "$inc": { "sum": 30 } }).run_in(tx)?;
//!     tx.put(&ledger, "1", "ann to bob: 30")?;
//!     Ok(())
//! })?;
//! # Ok::<(), Error>(())
//! ```
//!
//! The methods of [`Docdb`] are MongoDB's commands, with raw BSON and what drivers leave out: retryable writes, `collMod`, `validate`,
//! statistics. Errors have the server's numbers: [`Error::code`].
//!
//! # Guarantees
//! - **Durability**: `Ok` from a write means that a power cut no longer takes it away (with the engine's default durability).
//!   Callers that wait at the same time share one sync.
//! - **Isolation**: a write of one document is one serializable transaction, indexes included. A cursor sees one moment of
//!   the store, however long it is read. A write of many documents is several transactions, as on the server; in the caller's
//!   transaction it is part of that one. Upserts of one key at the same time insert one document if a unique index has the
//!   key, as on the server.
//! - **Failure**: a statement that is refused leaves nothing behind, and what was written before it in the same transaction
//!   stays.
//! - **Time** is the engine's clock, also in `$$NOW`, `$currentDate` and new ids. Documents with a TTL, what drops left, and
//!   results of sessions that are over are deleted by [`Docdb::maintain`], which has to be called from time to time.
//! - **Limits**: documents have at most 16 MiB and 100 levels; names of databases at most 63 bytes, and with the collection 255.
//!   A sort or a group holds what it needs in memory: 100 MiB a stage, unless `allow_disk_use` is set. What one transaction
//!   writes is bounded by the engine's `Limits`.
//! - **Threads**: handles are cheap to clone and `Send + Sync`. Calls block; no runtime is needed.
//!
//! It is not a server: the crate `millpond-server` speaks MongoDB's wire protocol on it. It has no change streams, no time
//! series, no search or vector indexes, no server-side JavaScript and no GridFS yet, and one process has the store open. Drivers have no
//! transactions of several documents over the wire yet; Rust has them.

pub mod action;
mod aggregation;
mod catalog;
mod collation;
mod context;
mod cursor;
mod docdb;
mod error;
mod exec;
mod execution;
mod expression;
mod filter;
mod geo;
mod index;
mod model;
mod ops;
mod plan;
mod projection;
mod record;
mod regex;
mod sort;
mod store;
mod text;
mod typed;
mod update;
mod value;

pub use bson;
pub use cursor::{RawCursor, TransactionCursor};
pub use docdb::{Docdb, DroppedCollection};
pub use error::{BulkWriteError, Code, DuplicateKey, Error, InsertManyError, Result};
pub use model::*;
pub use typed::*;
pub use update::UpdateModifications;
pub use value::{Decimal, Doc};
