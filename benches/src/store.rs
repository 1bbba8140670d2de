//! The stores that are compared, behind the operations that are measured.

use std::{
    env, fs, io,
    ops::Bound,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use fjall::{Database, KeyspaceCreateOptions, PersistMode, Readable};
use millpond_engine::{BackendKind, Durability, Engine, Keyspace, RangeRequest, WriteBatch};
use tempfile::TempDir;

use crate::Failure;

/// The same for each store.
const CACHE_BYTES: u64 = 64 << 20;

/// The hot paths of a store. One `Store` is buffered or durable in all that it writes.
pub trait Store: Send + Sync {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// Length of the value of a key.
    ///
    /// # Errors
    /// Those of the store.
    fn get(&self, key: &[u8]) -> Result<Option<usize>, Failure>;

    /// Sets one key, reading nothing.
    ///
    /// # Errors
    /// Those of the store.
    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), Failure>;

    /// Sets many keys in one commit.
    ///
    /// # Errors
    /// Those of the store.
    fn put_all(&self, entries: &[([u8; 16], &[u8])]) -> Result<(), Failure>;

    /// Bytes of the values of the first `limit` keys from `from` on.
    ///
    /// # Errors
    /// Those of the store.
    fn range(&self, from: &[u8], limit: usize) -> Result<usize, Failure>;

    /// Reads keys, then sets keys, in one commit: serializable where the store can.
    ///
    /// # Errors
    /// Those of the store.
    fn read_and_write(&self, reads: &[[u8; 16]], writes: &[[u8; 16]], value: &[u8]) -> Result<(), Failure>;
}

/// Millpond's engine.
pub struct Millpond {
    /// The engine itself, for what only it has.
    pub engine: Engine,
    rows: Keyspace,
    name: &'static str,
    directory: Option<TempDir>,
}

impl Millpond {
    /// A new store on fjall.
    ///
    /// # Errors
    /// Those of the engine and the file system.
    pub fn on_fjall(durability: Durability) -> Result<Self, Failure> {
        let directory = directory()?;
        let engine = Engine::options().path(directory.path()).cache_bytes(CACHE_BYTES).durability(durability).open()?;
        let rows = engine.keyspace("rows")?;
        Ok(Millpond { engine, rows, name: "millpond", directory: Some(directory) })
    }

    /// A new store in memory.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn in_memory() -> Result<Self, Failure> {
        let engine = Engine::options().backend(BackendKind::Memory).open()?;
        let rows = engine.keyspace("rows")?;
        Ok(Millpond { engine, rows, name: "millpond-memory", directory: None })
    }

    /// Where its files are; the empty path in memory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.as_ref().map_or(Path::new(""), TempDir::path)
    }
}

impl Store for Millpond {
    fn name(&self) -> &'static str {
        self.name
    }

    fn get(&self, key: &[u8]) -> Result<Option<usize>, Failure> {
        Ok(self.engine.get(&self.rows, key)?.map(|value| value.len()))
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), Failure> {
        let mut batch = WriteBatch::new();
        batch.put(&self.rows, key.to_vec(), value.to_vec());
        Ok(self.engine.write(batch)?)
    }

    fn put_all(&self, entries: &[([u8; 16], &[u8])]) -> Result<(), Failure> {
        let mut batch = WriteBatch::new();
        for (key, value) in entries {
            batch.put(&self.rows, key.to_vec(), value.to_vec());
        }
        Ok(self.engine.write(batch)?)
    }

    fn range(&self, from: &[u8], limit: usize) -> Result<usize, Failure> {
        let request = RangeRequest::between(Bound::Included(from), Bound::Unbounded).limit(limit);
        let page = self.engine.snapshot()?.range(&self.rows, &request)?;
        Ok(page.entries.iter().map(|(_, value)| value.len()).sum())
    }

    fn read_and_write(&self, reads: &[[u8; 16]], writes: &[[u8; 16]], value: &[u8]) -> Result<(), Failure> {
        self.engine.transact(|tx| -> Result<(), millpond_engine::Error> {
            for key in reads {
                tx.get(&self.rows, key)?;
            }
            writes.iter().try_for_each(|key| tx.put(&self.rows, key.to_vec(), value.to_vec()))
        })?;
        Ok(())
    }
}

/// fjall as a program would use it by itself: each writer commits, and when durable syncs, for itself.
pub struct Bare {
    database: Database,
    rows: fjall::Keyspace,
    persist: PersistMode,
    directory: TempDir,
}

impl Bare {
    /// A new store.
    ///
    /// # Errors
    /// Those of fjall and the file system.
    pub fn new(durability: Durability) -> Result<Self, Failure> {
        let directory = directory()?;
        let database = Database::builder(directory.path().join("store")).cache_size(CACHE_BYTES).open()?;
        let rows = database.keyspace("rows", KeyspaceCreateOptions::default)?;
        let persist = match durability {
            Durability::Sync => PersistMode::SyncData,
            _ => PersistMode::Buffer,
        };
        Ok(Bare { database, rows, persist, directory })
    }

    /// Where its files are.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    fn batch(&self, capacity: usize) -> fjall::OwnedWriteBatch {
        fjall::OwnedWriteBatch::with_capacity(self.database.clone(), capacity).durability(Some(self.persist))
    }
}

impl Store for Bare {
    fn name(&self) -> &'static str {
        "fjall"
    }

    fn get(&self, key: &[u8]) -> Result<Option<usize>, Failure> {
        Ok(self.rows.get(key)?.map(|value| value.len()))
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), Failure> {
        if self.persist == PersistMode::Buffer {
            return Ok(self.rows.insert(key, value)?);
        }
        let mut batch = self.batch(1);
        batch.insert(&self.rows, key, value);
        Ok(batch.commit()?)
    }

    fn put_all(&self, entries: &[([u8; 16], &[u8])]) -> Result<(), Failure> {
        let mut batch = self.batch(entries.len());
        for (key, value) in entries {
            batch.insert(&self.rows, &key[..], *value);
        }
        Ok(batch.commit()?)
    }

    fn range(&self, from: &[u8], limit: usize) -> Result<usize, Failure> {
        let snapshot = self.database.snapshot();
        let mut bytes = 0;
        for entry in snapshot.range(&self.rows, from..).take(limit) {
            let (_, value) = entry.into_inner()?;
            bytes += value.len();
        }
        Ok(bytes)
    }

    /// A snapshot and a batch: nothing is validated.
    fn read_and_write(&self, reads: &[[u8; 16]], writes: &[[u8; 16]], value: &[u8]) -> Result<(), Failure> {
        let snapshot = self.database.snapshot();
        for key in reads {
            snapshot.get(&self.rows, key)?;
        }
        let mut batch = self.batch(writes.len());
        writes.iter().for_each(|key| batch.insert(&self.rows, &key[..], value));
        Ok(batch.commit()?)
    }
}

/// A directory for one store, removed when it is dropped.
///
/// # Errors
/// Those of the file system.
pub fn directory() -> io::Result<TempDir> {
    let target = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"));
    let parent = env::var_os("MILLPOND_BENCH_DIR").map_or_else(target, PathBuf::from);
    fs::create_dir_all(&parent)?;
    tempfile::Builder::new().prefix("bench-").tempdir_in(parent)
}

/// Bytes of the files below a directory. Files that vanish meanwhile count nothing.
#[must_use]
pub fn disk_bytes(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
            Ok(metadata) => stored_bytes(&metadata),
            Err(_) => 0,
        })
        .sum()
}

/// Journals are files made long in advance: what counts is what the disk holds of them.
#[cfg(unix)]
fn stored_bytes(metadata: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    metadata.blocks() * 512
}

#[cfg(not(unix))]
fn stored_bytes(metadata: &fs::Metadata) -> u64 {
    metadata.len()
}

/// Waits until the stores of this run have done their work in the background: their files no longer change. Gives up
/// after 30 seconds.
pub fn settle(stores: &[&Path]) {
    let began = Instant::now();
    let size = || stores.iter().map(|store| disk_bytes(store)).collect::<Vec<_>>();
    let mut before = size();
    let mut quiet = 0;
    while quiet < 3 && began.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_millis(300));
        let now = size();
        quiet = if now == before { quiet + 1 } else { 0 };
        before = now;
    }
}
