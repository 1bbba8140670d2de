//! fjall 3, a log-structured merge tree: the default store on disk.
//!
//! A group is one fjall batch. fjall writes and syncs its journal before a batch enters the memtables, so nothing is
//! visible before it is durable. Each engine keyspace is a fjall keyspace, named by its id and its name.
//!
//! After a power cut the journal may end in a batch that was never synced and is torn; [`repair`] cuts it off before
//! fjall reads it, and refuses a journal that is damaged anywhere else. To tell the two apart, a batch that is written
//! when all before it are synced says so by writing [`SYNCED_KEY`].

mod overwrites;
mod repair;
#[cfg(test)]
mod tests;

use std::{
    io,
    ops::Bound,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use fjall::{Database, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode, Readable};
use parking_lot::{Mutex, RwLock};

use self::overwrites::Overwrites;
use super::{
    Backend, BackendKind, BackendSnapshot, Batch, Capabilities, Entries, Limits, catch_damage, checkpoint::checkpoint,
};
use crate::{
    Error, Result,
    directory::{Directory, io_error, sync_directory},
    keyspace::KeyspaceId,
};

/// Written by a batch whose predecessors are all synced. Buffered batches, which have no sync to hide its cost behind,
/// seldom write it.
const SYNCED_KEY: &[u8] = b"synced";
/// How long journals may grow in all before keyspaces that seldom write are flushed too. fjall's own 512 MiB take seconds
/// to read back after a crash, and as much disk for a store of a few rows.
const JOURNAL_BYTES: u64 = 128 << 20;
/// fjall's name of the keyspace for the backend's own facts, and the id that it has because it is made first.
const OWN_KEYSPACE: &str = "backend";
const OWN_KEYSPACE_ID: u64 = 1;
/// fjall's file that says a store is there, and its directory of keyspaces.
const FJALL_VERSION: &str = "version";
const FJALL_KEYSPACES: &str = "keyspaces";

pub(crate) struct Fjall {
    database: Database,
    own: fjall::Keyspace,
    /// By id. A snapshot takes the list as it is; making a keyspace replaces it.
    keyspaces: RwLock<Arc<Vec<Named>>>,
    /// By id, as `keyspaces`.
    overwrites: Mutex<Vec<Overwrites>>,
    /// Whether something was applied since the last sync.
    unsynced: AtomicBool,
    path: PathBuf,
    cache_bytes: u64,
    directory: Directory,
}

struct Named {
    name: String,
    keyspace: fjall::Keyspace,
}

impl Fjall {
    pub(crate) fn open(path: &Path, cache_bytes: u64) -> Result<Fjall> {
        let directory = Directory::open(path, BackendKind::Fjall)?;
        let store = directory.store();
        let is_new = directory.prepare()?;
        if !is_new {
            let version = store.join(FJALL_VERSION);
            if !version.exists() {
                return Err(Error::Corrupt { file: version, detail: "it is missing".to_owned() });
            }
            repair::repair(&store)?;
        }
        let database = open_database(&store, cache_bytes)?;
        let wrong = |error| storage_error("open the store", &store, error);
        let own = database.keyspace(OWN_KEYSPACE, KeyspaceCreateOptions::default).map_err(wrong)?;
        if own.id() != OWN_KEYSPACE_ID {
            let detail = format!("the keyspace {OWN_KEYSPACE:?} has id {}", own.id());
            return Err(Error::Corrupt { file: store, detail });
        }
        let keyspaces = open_keyspaces(&database, &store)?;
        // Whatever the journal holds was read back and may still be on its way to the disk.
        database.persist(PersistMode::SyncAll).map_err(wrong)?;
        if is_new {
            let synced = sync_directory(&store.join(FJALL_KEYSPACES)).and_then(|()| sync_directory(&store));
            synced.map_err(|error| io_error("make the store", path, error))?;
            directory.finish()?;
        }
        Ok(Fjall {
            database,
            own,
            keyspaces: RwLock::new(Arc::new(keyspaces)),
            overwrites: Mutex::default(),
            unsynced: AtomicBool::new(false),
            path: path.to_owned(),
            cache_bytes,
            directory,
        })
    }

    fn error(&self, doing: &str, error: fjall::Error) -> Error {
        storage_error(doing, &self.path, error)
    }

    fn list(&self) -> Arc<Vec<Named>> {
        Arc::clone(&self.keyspaces.read())
    }

    fn write(&self, batch: &Batch, mode: PersistMode) -> Result<()> {
        let wrong = |error| self.error("commit", error);
        if batch.ops.is_empty() {
            return self.database.persist(mode).map_err(wrong);
        }
        let mut write =
            OwnedWriteBatch::with_capacity(self.database.clone(), batch.ops.len() + 1).durability(Some(mode));
        let keyspaces = self.list();
        for op in &batch.ops {
            // Leaving a change out would tear its transaction apart.
            let Some(Named { keyspace, .. }) = keyspaces.get(op.keyspace.0 as usize) else {
                let source = io::Error::from(io::ErrorKind::NotFound);
                return Err(Error::Io { context: format!("could not commit to keyspace {}", op.keyspace.0), source });
            };
            match &op.value {
                Some(value) => write.insert(keyspace, op.key.clone(), value.clone()),
                None => write.remove(keyspace, op.key.clone()),
            }
        }
        if !self.unsynced.load(Ordering::Relaxed) {
            write.insert(&self.own, SYNCED_KEY, Bytes::new());
        }
        write.commit().map_err(wrong)?;
        self.write_out_overwritten(&keyspaces, batch).map_err(wrong)
    }

    /// Has the memtables written out that hold mostly outdated versions.
    fn write_out_overwritten(&self, keyspaces: &[Named], batch: &Batch) -> fjall::Result<()> {
        let mut overwrites = self.overwrites.lock();
        overwrites.resize_with(keyspaces.len(), Overwrites::default);
        for op in &batch.ops {
            if let Some(overwrites) = overwrites.get_mut(op.keyspace.0 as usize) {
                overwrites.count(&op.key, op.key.len() + op.value.as_ref().map_or(0, Bytes::len));
            }
        }
        for (overwrites, Named { keyspace, .. }) in overwrites.iter_mut().zip(keyspaces) {
            if overwrites.are_too_many() {
                // Not in fjall's documentation, but what it does itself when a memtable is full.
                keyspace.rotate_memtable()?;
            }
        }
        Ok(())
    }
}

fn open_database(store: &Path, cache_bytes: u64) -> Result<Database> {
    let builder = Database::builder(store).cache_size(cache_bytes).max_journaling_size(JOURNAL_BYTES);
    catch_damage(store, || builder.open())?.map_err(|error| storage_error("open the store", store, error))
}

fn open_keyspaces(database: &Database, store: &Path) -> Result<Vec<Named>> {
    let mut names = Vec::new();
    for name in database.list_keyspace_names() {
        let name = name.to_string();
        if name != OWN_KEYSPACE {
            names.push((parse_name(&name, store)?, name));
        }
    }
    names.sort();
    let mut keyspaces = Vec::with_capacity(names.len());
    for (expected, ((id, plain), full)) in names.into_iter().enumerate() {
        if id as usize != expected {
            return Err(Error::Corrupt { file: store.to_owned(), detail: format!("keyspace {expected} is missing") });
        }
        let keyspace = database.keyspace(&full, KeyspaceCreateOptions::default);
        let keyspace = keyspace.map_err(|error| storage_error("open a keyspace", store, error))?;
        keyspaces.push(Named { name: plain, keyspace });
    }
    Ok(keyspaces)
}

fn full_name(id: KeyspaceId, name: &str) -> String {
    format!("{:08}-{name}", id.0)
}

fn parse_name(full: &str, store: &Path) -> Result<(u32, String)> {
    let parsed = full.split_once('-').and_then(|(id, name)| Some((id.parse().ok()?, name.to_owned())));
    parsed.ok_or_else(|| Error::Corrupt { file: store.to_owned(), detail: format!("unknown keyspace {full:?}") })
}

fn storage_error(doing: &str, path: &Path, error: fjall::Error) -> Error {
    match error {
        fjall::Error::Io(source) | fjall::Error::Storage(fjall::LsmError::Io(source)) => match source.kind() {
            // Files of a store do not go missing or end early by themselves; one that is too short makes fjall seek to
            // before its start, which is an invalid input.
            io::ErrorKind::NotFound
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput => {
                Error::Corrupt { file: path.to_owned(), detail: format!("could not {doing}: {source}") }
            }
            _ => io_error(doing, path, source),
        },
        fjall::Error::Locked => Error::Locked { path: path.to_owned() },
        fjall::Error::Poisoned => {
            Error::Poisoned { reason: format!("fjall stopped after a failed write ({})", path.display()) }
        }
        other => Error::Corrupt { file: path.to_owned(), detail: format!("could not {doing}: {other:?}") },
    }
}

impl Backend for Fjall {
    fn kind(&self) -> BackendKind {
        BackendKind::Fjall
    }

    fn keyspaces(&self) -> Vec<(KeyspaceId, String)> {
        (0..).map(KeyspaceId).zip(self.list().iter().map(|named| named.name.clone())).collect()
    }

    fn create_keyspace(&self, id: KeyspaceId, name: &str) -> Result<()> {
        let mut keyspaces = self.keyspaces.write();
        debug_assert_eq!(id.0 as usize, keyspaces.len(), "ids are dense");
        let keyspace = self
            .database
            .keyspace(&full_name(id, name), KeyspaceCreateOptions::default)
            .map_err(|error| self.error("make a keyspace", error))?;
        // fjall syncs what is in the keyspace's directory, not the directory's own name.
        let folder = self.directory.store().join(FJALL_KEYSPACES);
        sync_directory(&folder).map_err(|error| io_error("make a keyspace", &folder, error))?;
        let list = keyspaces.iter().map(|named| Named { name: named.name.clone(), keyspace: named.keyspace.clone() });
        *keyspaces = Arc::new(list.chain([Named { name: name.to_owned(), keyspace }]).collect());
        Ok(())
    }

    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>> {
        let keyspaces = self.keyspaces.read();
        let Some(Named { keyspace, .. }) = keyspaces.get(keyspace.0 as usize) else { return Ok(None) };
        let value = keyspace.get(key).map_err(|error| self.error("read", error))?;
        Ok(value.map(Bytes::from))
    }

    fn snapshot(&self) -> Result<Box<dyn BackendSnapshot>> {
        // The list comes after, so that it has each keyspace that a visible transaction wrote to.
        let snapshot = self.database.snapshot();
        Ok(Box::new(View { snapshot, keyspaces: self.list(), path: self.path.clone() }))
    }

    fn apply(&self, batch: &Batch, sync: bool) -> Result<()> {
        self.write(batch, if sync { PersistMode::SyncData } else { PersistMode::Buffer })?;
        self.unsynced.store(!sync, Ordering::Relaxed);
        Ok(())
    }

    fn checkpoint(&self, dir: &Path) -> Result<()> {
        checkpoint(self, dir, |copy| Fjall::open(copy, self.cache_bytes))
    }

    fn fork(&self) -> Result<Box<dyn Backend>> {
        Err(Error::Unsupported { what: "fork", backend: BackendKind::Fjall })
    }

    fn stored_bytes(&self) -> u64 {
        self.database.disk_space().unwrap_or_default()
    }

    fn limits(&self) -> Limits {
        Limits::COMMON
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { persistent: true, fork: false, checkpoint: true, multi_process: false, visible_after_sync: true }
    }
}

struct View {
    snapshot: fjall::Snapshot,
    keyspaces: Arc<Vec<Named>>,
    path: PathBuf,
}

impl BackendSnapshot for View {
    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>> {
        let Some(Named { keyspace, .. }) = self.keyspaces.get(keyspace.0 as usize) else { return Ok(None) };
        let value = self.snapshot.get(keyspace, key).map_err(|error| storage_error("read", &self.path, error))?;
        Ok(value.map(Bytes::from))
    }

    fn range<'a>(&'a self, keyspace: KeyspaceId, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Entries<'a> {
        let Some(Named { keyspace, .. }) = self.keyspaces.get(keyspace.0 as usize) else {
            return Box::new(std::iter::empty());
        };
        let bounds: (Bound<Vec<u8>>, Bound<Vec<u8>>) = (from.map(<[u8]>::to_vec), to.map(<[u8]>::to_vec));
        let range = self.snapshot.range(keyspace, bounds);
        let entry = |guard: fjall::Guard| match guard.into_inner() {
            Ok((key, value)) => Ok((Bytes::from(key), Bytes::from(value))),
            Err(error) => Err(storage_error("read", &self.path, error)),
        };
        if reverse { Box::new(range.rev().map(entry)) } else { Box::new(range.map(entry)) }
    }
}
