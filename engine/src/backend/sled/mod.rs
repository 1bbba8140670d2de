//! sled 0.34, for those who want it.
//!
//! # Power cuts
//! On Linux sled 0.34 ends its flush with `sync_file_range`, which neither orders the disk's own cache nor makes a
//! file's size durable: of 60 images of simulated power cuts of a program that used sled alone, 34 had lost acknowledged
//! data or did not open, and 14 when it synced sled's log itself. This adapter syncs the log, the files of large values
//! and their directory after each flush, see [`files`]; its campaign of 1,000 images found no loss. Yet sled moves and
//! overwrites what it stored earlier in an order that no sync afterwards can promise to mend, so it is offered behind a
//! cargo feature, never as the default. A crash of the process alone loses nothing.
//!
//! # How it is used
//! Everything is in one tree, since only batches of one tree are atomic: a keyspace is a prefix of four bytes, its id,
//! and the names of the keyspaces stand under a prefix of their own. sled has no snapshots; [`versions`] adds them.
mod files;
#[cfg(test)]
mod tests;
mod versions;
mod view;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use parking_lot::RwLock;
use sled::Db;

use self::{files::Files, versions::Versions, view::View};
use super::{Backend, BackendKind, BackendSnapshot, Batch, Capabilities, Limits, catch_damage, checkpoint::checkpoint};
use crate::{
    Error, Result,
    directory::{Directory, io_error},
    keyspace::KeyspaceId,
};

/// The prefix of the keyspaces' names: an id that no keyspace gets.
const NAMES: KeyspaceId = KeyspaceId(u32::MAX);
/// sled refuses a smaller cache than 256 bytes and works badly with little more.
const LEAST_CACHE: u64 = 1 << 20;
/// How often, and how long apart, opening is tried while threads of an engine just dropped let go of sled's lock.
const OPEN_ATTEMPTS: u32 = 400;
const OPEN_PAUSE: Duration = Duration::from_millis(5);

pub(crate) struct Sled {
    store: Arc<Store>,
    names: RwLock<Vec<String>>,
    /// A failed flush or sync says nothing of what the disk holds, and repeating it would report success.
    failed: AtomicBool,
    cache_bytes: u64,
}

/// What snapshots share with the backend. The directory comes last: it must be held until sled is gone.
struct Store {
    db: Db,
    versions: Versions,
    files: Files,
    path: PathBuf,
    _directory: Directory,
}

impl Sled {
    pub(crate) fn open(path: &Path, cache_bytes: u64) -> Result<Sled> {
        let directory = Directory::open(path, BackendKind::Sled)?;
        let store = directory.store();
        let is_new = directory.prepare()?;
        if !is_new {
            files::check(&store)?;
        }
        let db = open_db(&store, cache_bytes)?;
        let names = read_names(&db, &store)?;
        db.flush().map_err(|error| storage_error("open the store", &store, error))?;
        let files = Files::open(&store)?;
        if is_new {
            directory.finish()?;
        }
        let store = Store { db, versions: Versions::default(), files, path: path.to_owned(), _directory: directory };
        let (store, names, failed) = (Arc::new(store), RwLock::new(names), AtomicBool::new(false));
        Ok(Sled { store, names, failed, cache_bytes })
    }

    /// Hands what was written to the system, which is as much as a crash of the process asks for, and with `sync` to
    /// the disk.
    fn flush(&self, sync: bool) -> Result<()> {
        self.store.db.flush().map_err(|error| self.store.error("flush", error))?;
        if sync { self.store.files.sync() } else { Ok(()) }
    }

    /// Nothing is written after a failure, as nobody knows what the disk holds of it.
    fn unless_failed(&self, write: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.failed.load(Ordering::Acquire) {
            return Err(Error::Poisoned { reason: "an earlier write to sled failed".to_owned() });
        }
        let written = write();
        if written.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        written
    }

    fn write(&self, batch: &Batch, sync: bool) -> Result<()> {
        if batch.ops.is_empty() {
            return if sync { self.flush(true) } else { Ok(()) };
        }
        let mut write = sled::Batch::default();
        let mut before = Vec::with_capacity(batch.ops.len());
        for op in &batch.ops {
            let key = stored_key(op.keyspace, &op.key);
            before.push((Bytes::copy_from_slice(&key), self.store.stored(&key)?));
            match &op.value {
                Some(value) => write.insert(key, value.as_ref()),
                None => write.remove(key),
            }
        }
        // From here on readers that meet the new values find the old ones, until the new ones are durable.
        let version = self.store.versions.begin(before);
        self.store.db.apply_batch(write).map_err(|error| self.store.error("commit", error))?;
        self.flush(sync)?;
        self.store.versions.publish(version);
        Ok(())
    }
}

impl Store {
    fn error(&self, doing: &str, error: sled::Error) -> Error {
        storage_error(doing, &self.path, error)
    }

    /// What sled holds now, visible or not.
    fn stored(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let value = self.db.get(key).map_err(|error| self.error("read", error))?;
        Ok(value.map(|value| Bytes::copy_from_slice(&value)))
    }
}

fn open_db(store: &Path, cache_bytes: u64) -> Result<Db> {
    // The committer flushes; a thread of sled's own would only get in its way.
    let config = sled::Config::new().path(store).cache_capacity(cache_bytes.max(LEAST_CACHE)).flush_every_ms(None);
    let mut attempts = 1;
    loop {
        match catch_damage(store, || config.open())? {
            Ok(db) => return Ok(db),
            Err(sled::Error::Io(error)) if is_lock_held(&error) && attempts < OPEN_ATTEMPTS => {
                // Our own lock keeps other engines out, so this is the end of one that has just been dropped here.
                attempts += 1;
                std::thread::sleep(OPEN_PAUSE);
            }
            Err(error) => return Err(storage_error("open the store", store, error)),
        }
    }
}

fn is_lock_held(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

fn read_names(db: &Db, store: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in db.scan_prefix(prefix(NAMES)) {
        let (key, name) = entry.map_err(|error| storage_error("read the keyspaces", store, error))?;
        let corrupt = |detail: String| Error::Corrupt { file: store.to_owned(), detail };
        let id = key.get(PREFIX_BYTES..).and_then(|id| Some(u32::from_be_bytes(id.try_into().ok()?)));
        if id.map(|id| id as usize) != Some(names.len()) {
            return Err(corrupt(format!("keyspace {} is missing", names.len())));
        }
        match std::str::from_utf8(&name) {
            Ok(name) => names.push(name.to_owned()),
            Err(_) => return Err(corrupt(format!("keyspace {} has a name that is not text", names.len()))),
        }
    }
    Ok(names)
}

const PREFIX_BYTES: usize = size_of::<u32>();

fn prefix(keyspace: KeyspaceId) -> [u8; PREFIX_BYTES] {
    keyspace.0.to_be_bytes()
}

/// Where a key of a keyspace stands in the tree.
fn stored_key(keyspace: KeyspaceId, key: &[u8]) -> Vec<u8> {
    [&prefix(keyspace), key].concat()
}

fn storage_error(doing: &str, path: &Path, error: sled::Error) -> Error {
    match error {
        sled::Error::Io(source) => match source.kind() {
            // Files of an open store do not go missing or end early by themselves.
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
                Error::Corrupt { file: path.to_owned(), detail: format!("could not {doing}: {source}") }
            }
            _ if is_lock_held(&source) => Error::Locked { path: path.to_owned() },
            _ => io_error(doing, path, source),
        },
        other => Error::Corrupt { file: path.to_owned(), detail: format!("could not {doing}: {other}") },
    }
}

impl Backend for Sled {
    fn kind(&self) -> BackendKind {
        BackendKind::Sled
    }

    fn keyspaces(&self) -> Vec<(KeyspaceId, String)> {
        (0..).map(KeyspaceId).zip(self.names.read().iter().cloned()).collect()
    }

    fn create_keyspace(&self, id: KeyspaceId, name: &str) -> Result<()> {
        let mut names = self.names.write();
        debug_assert_eq!(id.0 as usize, names.len(), "ids are dense");
        self.unless_failed(|| {
            let key = stored_key(NAMES, &id.0.to_be_bytes());
            self.store.db.insert(key, name).map_err(|error| self.store.error("make a keyspace", error))?;
            self.flush(true)
        })?;
        names.push(name.to_owned());
        Ok(())
    }

    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>> {
        let key = stored_key(keyspace, key);
        let stored = self.store.stored(&key)?;
        Ok(self.store.versions.latest(&key, stored))
    }

    fn snapshot(&self) -> Result<Box<dyn BackendSnapshot>> {
        Ok(Box::new(View::new(&self.store)))
    }

    fn apply(&self, batch: &Batch, sync: bool) -> Result<()> {
        let known = self.names.read().len();
        // Leaving a change out would tear its transaction apart.
        if let Some(op) = batch.ops.iter().find(|op| op.keyspace.0 as usize >= known) {
            let source = io::Error::from(io::ErrorKind::NotFound);
            return Err(Error::Io { context: format!("could not commit to keyspace {}", op.keyspace.0), source });
        }
        self.unless_failed(|| self.write(batch, sync))
    }

    fn checkpoint(&self, dir: &Path) -> Result<()> {
        checkpoint(self, dir, |copy| Sled::open(copy, self.cache_bytes))
    }

    fn fork(&self) -> Result<Box<dyn Backend>> {
        Err(Error::Unsupported { what: "fork", backend: BackendKind::Sled })
    }

    fn stored_bytes(&self) -> u64 {
        self.store.db.size_on_disk().unwrap_or_default()
    }

    fn limits(&self) -> Limits {
        Limits::COMMON
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { persistent: true, fork: false, checkpoint: true, multi_process: false, visible_after_sync: true }
    }
}
