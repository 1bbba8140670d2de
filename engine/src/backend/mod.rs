//! The line between the engine and what stores its bytes. Concurrency control, grouping and durability rules live
//! above it, once; a backend only has to take a consistent view, apply one batch atomically, and sync.

#[cfg(any(feature = "fjall", feature = "sled"))]
mod checkpoint;
#[cfg(feature = "fjall")]
pub(crate) mod fjall;
pub(crate) mod memory;
#[cfg(feature = "sled")]
pub(crate) mod sled;

#[cfg(any(feature = "fjall", feature = "sled"))]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{collections::HashSet, fmt, ops::Bound, path::Path};

use bytes::Bytes;

use crate::{Result, keyspace::KeyspaceId};

/// What stores the bytes of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendKind {
    /// Persistent ordered maps in memory: for tests and caches. Nothing survives the process.
    Memory,
    /// fjall, a log-structured merge tree: the default on disk.
    Fjall,
    /// sled 0.34, behind the cargo feature `sled`. sled itself does not sync its files; the engine does so after each of
    /// its flushes, and its simulated power cuts lose nothing, but sled promises no order in which it reuses space.
    Sled,
}

impl fmt::Display for BackendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BackendKind::Memory => "memory",
            BackendKind::Fjall => "fjall",
            BackendKind::Sled => "sled",
        })
    }
}

/// The largest things that an engine takes, in bytes and counts. Each is checked before a commit is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest key, in bytes.
    pub key_bytes: usize,
    /// Longest value, in bytes.
    pub value_bytes: usize,
    /// Most bytes of keys and values that one transaction writes.
    pub transaction_bytes: usize,
    /// Most keys that one transaction writes.
    pub transaction_operations: usize,
}

impl Limits {
    /// The limits every present backend has: keys of 1,331 bytes, values of 16 MiB, transactions of 64 MiB and
    /// 100,000 keys.
    pub(crate) const COMMON: Limits =
        Limits { key_bytes: 1331, value_bytes: 16 << 20, transaction_bytes: 64 << 20, transaction_operations: 100_000 };
}

/// What a backend can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Whether data outlives the process.
    pub persistent: bool,
    /// Whether [`Engine::fork`](crate::Engine::fork) works.
    pub fork: bool,
    /// Whether [`Engine::checkpoint`](crate::Engine::checkpoint) works.
    pub checkpoint: bool,
    /// Whether several processes may share one store.
    pub multi_process: bool,
    /// Whether a synced commit becomes visible to others only once it is durable.
    pub visible_after_sync: bool,
}

/// One change of one key. `value: None` deletes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) keyspace: KeyspaceId,
    pub(crate) key: Bytes,
    pub(crate) value: Option<Bytes>,
}

/// The changes of one group of transactions, in commit order. A backend gets each key at most once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) ops: Vec<Op>,
}

impl Batch {
    /// Drops the changes that later ones of the same key outdo.
    pub(crate) fn keep_last(&mut self) {
        if self.ops.len() < 2 {
            return;
        }
        let mut seen = HashSet::with_capacity(self.ops.len());
        let keep: Vec<bool> = self.ops.iter().rev().map(|op| seen.insert((op.keyspace, &op.key))).collect();
        if keep.contains(&false) {
            let mut keep = keep.into_iter().rev();
            self.ops.retain(|_| keep.next().unwrap_or(true));
        }
    }
}

/// Opens a store by a library that panics where its records contradict each other: damage may end in either way.
#[cfg(any(feature = "fjall", feature = "sled"))]
fn catch_damage<T>(store: &Path, open: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(open)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("its records disagree");
        crate::Error::Corrupt { file: store.to_owned(), detail: format!("could not open the store: {said}") }
    })
}

pub(crate) type Entries<'a> = Box<dyn Iterator<Item = Result<(Bytes, Bytes)>> + 'a>;

/// A store of ordered byte maps.
pub(crate) trait Backend: Send + Sync {
    fn kind(&self) -> BackendKind;

    /// The keyspaces that the store already has.
    fn keyspaces(&self) -> Vec<(KeyspaceId, String)>;

    /// Creates a keyspace under an id that the caller chose; durable when it returns.
    fn create_keyspace(&self, id: KeyspaceId, name: &str) -> Result<()>;

    /// The latest visible value.
    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>>;

    /// A consistent view over all keyspaces.
    fn snapshot(&self) -> Result<Box<dyn BackendSnapshot>>;

    /// Applies a group atomically. With `sync`, it and everything before it is durable on return, and becomes visible
    /// to others only then where `capabilities().visible_after_sync`; so an empty group makes earlier ones durable.
    /// Calls never overlap.
    fn apply(&self, batch: &Batch, sync: bool) -> Result<()>;

    /// Writes a consistent copy, taken from a snapshot, to `dir`, which then opens as a store. Groups are applied meanwhile.
    fn checkpoint(&self, dir: &Path) -> Result<()>;

    /// An independent copy (memory only).
    fn fork(&self) -> Result<Box<dyn Backend>>;

    /// Bytes that the store takes, as far as the backend knows.
    fn stored_bytes(&self) -> u64;

    fn limits(&self) -> Limits;
    fn capabilities(&self) -> Capabilities;
}

/// A consistent view of a store.
pub(crate) trait BackendSnapshot: Send + Sync {
    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>>;

    fn range<'a>(&'a self, keyspace: KeyspaceId, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool) -> Entries<'a>;
}
