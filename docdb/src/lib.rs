//! A document store with MongoDB's model.
#![allow(dead_code, unused_imports, reason = "under construction")]

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

pub use cursor::{RawCursor, TransactionCursor};
pub use docdb::{Docdb, DroppedCollection};
pub use error::{BulkWriteError, Code, DuplicateKey, Error, InsertManyError, Result};
pub use model::*;
pub use typed::*;
pub use update::UpdateModifications;
pub use value::{Decimal, Doc};
