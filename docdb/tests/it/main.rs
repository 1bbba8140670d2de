//! The document store through its public interface.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod commands;
mod crud;
mod indexes;
mod limits;
mod modify;
mod plans;
mod reading;
mod smoke;
mod soundness;
mod storage;
mod time;
mod transactions;

use bson::Document;
use millpond_docdb::{Collection, Cursor, Docdb, Error};
use millpond_engine::Engine;

/// A collection of a store in memory.
fn collection() -> Collection {
    Docdb::open(&Engine::in_memory()).unwrap().database("test").collection("things")
}

/// The documents that an operation found.
fn all(cursor: Result<Cursor, Error>) -> Vec<Document> {
    cursor.unwrap().map(Result::unwrap).collect()
}

/// The integers of `_id`.
fn ids(cursor: Result<Cursor, Error>) -> Vec<i32> {
    all(cursor).iter().map(|document| document.get_i32("_id").unwrap()).collect()
}
