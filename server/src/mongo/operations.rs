//! What is going on: `currentOp` shows it, `killOp` is told which.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI32, AtomicU64, Ordering},
    },
};

use bson::{RawArrayBuf, RawDocument, RawDocumentBuf, rawdoc};
use parking_lot::Mutex;

use super::client::Client;

/// A command that is shown no longer than this; a long one says how long it is instead.
const SHOWN_BYTES: usize = 4096;

/// The operations that are under way, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    next: AtomicI32,
    /// How many commands there were.
    pub(crate) total: AtomicU64,
    running: Arc<Mutex<BTreeMap<i32, Operation>>>,
}

#[derive(Debug)]
struct Operation {
    connection_id: i32,
    peer: SocketAddr,
    application: Option<String>,
    database: String,
    command: RawDocumentBuf,
    started: i64,
}

/// One that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    id: i32,
    running: Arc<Mutex<BTreeMap<i32, Operation>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.running.lock().remove(&self.id);
    }
}

impl Operations {
    pub(crate) fn begin(&self, client: &Client, command: &RawDocument, database: &str, now: i64) -> Running {
        self.total.fetch_add(1, Ordering::Relaxed);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let command = match command.as_bytes().len() {
            0..=SHOWN_BYTES => command.to_owned(),
            bytes => rawdoc! { "$truncated": format!("a command of {bytes} bytes") },
        };
        let operation = Operation {
            connection_id: client.connection_id,
            peer: client.peer,
            application: client.application().map(ToOwned::to_owned),
            database: database.to_owned(),
            command,
            started: now,
        };
        self.running.lock().insert(id, operation);
        Running { id, running: Arc::clone(&self.running) }
    }

    /// All of them, as `currentOp` shows them.
    pub(crate) fn shown(&self, now: i64) -> RawArrayBuf {
        let mut shown = RawArrayBuf::new();
        for (id, operation) in &*self.running.lock() {
            let millis = now.saturating_sub(operation.started).max(0);
            let mut document = rawdoc! {
                "type": "op", "host": "millpond", "desc": format!("conn{}", operation.connection_id),
                "connectionId": operation.connection_id, "client": operation.peer.to_string(), "active": true,
                "opid": *id, "secs_running": millis / 1000, "microsecs_running": millis.saturating_mul(1000),
                "op": "command", "ns": format!("{}.$cmd", operation.database), "command": operation.command.clone(),
            };
            if let Some(application) = &operation.application {
                document.append(bson::raw::cstr!("appName"), &**application);
            }
            shown.push(document);
        }
        shown
    }
}
