//! A document store with MongoDB's model.
#![allow(dead_code, unused_imports, reason = "under construction")]

mod aggregation;
mod collation;
mod context;
mod error;
mod execution;
mod expression;
mod filter;
mod geo;
mod projection;
mod text;
mod update;
mod value;

pub use error::{Code, DuplicateKey, Error, Result};
pub use update::UpdateModifications;
