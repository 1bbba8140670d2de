use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What an engine has done since it was opened. Counters only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Transactions and batches committed.
    pub commits: u64,
    /// Groups they were committed in: one backend batch each.
    pub groups: u64,
    /// Groups that were synced.
    pub syncs: u64,
    /// Time spent applying and syncing those groups.
    pub sync_time: Duration,
    /// Attempts that lost to another transaction.
    pub conflicts: u64,
    /// Transactions that went through the serial lane after repeated conflicts.
    pub serialized: u64,
    /// Bytes of keys and values written.
    pub bytes_written: u64,
    /// Keys written, deletions included.
    pub keys_written: u64,
    /// Bytes that the store takes now, as far as the backend knows.
    pub stored_bytes: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) groups: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) sync_nanos: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    pub(crate) serialized: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) keys: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, stored_bytes: u64) -> Statistics {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            commits: of(&self.commits),
            groups: of(&self.groups),
            syncs: of(&self.syncs),
            sync_time: Duration::from_nanos(of(&self.sync_nanos)),
            conflicts: of(&self.conflicts),
            serialized: of(&self.serialized),
            bytes_written: of(&self.bytes),
            keys_written: of(&self.keys),
            stored_bytes,
        }
    }
}
