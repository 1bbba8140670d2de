//! The libraries, called in this process.

mod dynoxide;
mod millpond;

use std::path::Path;

use ::millpond::engine::Durability;

use crate::{Failure, store::Subject};

pub(crate) fn on_file(dir: &Path) -> Result<Vec<Subject>, Failure> {
    Ok(vec![
        Subject {
            name: "Millpond",
            promise: "synced (its default)",
            store: Box::new(millpond::Linked::on_file(&dir.join("millpond"), Durability::Sync)?),
        },
        Subject {
            name: "dynoxide-rs",
            promise: "synced (its default: SQLite, WAL, synchronous=FULL)",
            store: Box::new(dynoxide::Linked::on_file(&dir.join("dynoxide.db"))?),
        },
    ])
}

/// A crash of the process loses nothing, a power cut the last moments.
pub(crate) fn unsynced(dir: &Path) -> Result<Vec<Subject>, Failure> {
    Ok(vec![
        Subject {
            name: "Millpond",
            promise: "Durability::Buffered",
            store: Box::new(millpond::Linked::on_file(&dir.join("millpond-buffered"), Durability::Buffered)?),
        },
        Subject {
            name: "dynoxide-rs",
            promise: "SQLite, WAL, synchronous=NORMAL",
            store: Box::new(dynoxide::Linked::on_file_unsynced(&dir.join("dynoxide-normal.db"))?),
        },
    ])
}

pub(crate) fn in_memory() -> Result<Vec<Subject>, Failure> {
    let promise = "nothing is kept";
    Ok(vec![
        Subject { name: "Millpond", promise, store: Box::new(millpond::Linked::in_memory()?) },
        Subject { name: "dynoxide-rs", promise, store: Box::new(dynoxide::Linked::in_memory()?) },
    ])
}
