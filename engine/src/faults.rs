//! What the committer does when its backend is slow or fails, shown on a backend that can be told to.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};

use crate::{
    BackendKind, Capabilities, Clock, Durability, Engine, Error, Keyspace, Limits, Result, Timestamp, WriteBatch,
    backend::{Backend, BackendSnapshot, Batch, memory::Memory},
    engine,
    keyspace::KeyspaceId,
};

/// A memory store whose commits can be held up or made to fail.
#[derive(Default)]
struct Faulty {
    memory: Memory,
    held: Mutex<bool>,
    released: Condvar,
    failing: Mutex<bool>,
    applied: AtomicUsize,
}

impl Faulty {
    fn hold(&self) {
        *self.held.lock() = true;
    }

    fn release(&self) {
        *self.held.lock() = false;
        self.released.notify_all();
    }
}

struct Shared(Arc<Faulty>);

impl Deref for Shared {
    type Target = Faulty;

    fn deref(&self) -> &Faulty {
        &self.0
    }
}

impl Backend for Shared {
    fn kind(&self) -> BackendKind {
        BackendKind::Memory
    }
    fn keyspaces(&self) -> Vec<(KeyspaceId, String)> {
        self.memory.keyspaces()
    }
    fn create_keyspace(&self, id: KeyspaceId, name: &str) -> Result<()> {
        self.memory.create_keyspace(id, name)
    }
    fn get(&self, keyspace: KeyspaceId, key: &[u8]) -> Result<Option<Bytes>> {
        self.memory.get(keyspace, key)
    }
    fn snapshot(&self) -> Result<Box<dyn BackendSnapshot>> {
        self.memory.snapshot()
    }
    fn apply(&self, batch: &Batch, sync: bool) -> Result<()> {
        self.applied.fetch_add(1, Ordering::SeqCst);
        let mut held = self.held.lock();
        while *held {
            self.released.wait(&mut held);
        }
        if *self.failing.lock() {
            return Err(Error::DiskFull { path: PathBuf::from("disk") });
        }
        self.memory.apply(batch, sync)
    }
    fn checkpoint(&self, dir: &Path) -> Result<()> {
        self.memory.checkpoint(dir)
    }
    fn fork(&self) -> Result<Box<dyn Backend>> {
        self.memory.fork()
    }
    fn stored_bytes(&self) -> u64 {
        self.memory.stored_bytes()
    }
    fn limits(&self) -> Limits {
        self.memory.limits()
    }
    fn capabilities(&self) -> Capabilities {
        self.memory.capabilities()
    }
}

fn faulty() -> (Arc<Faulty>, Engine, Keyspace) {
    let backend = Arc::new(Faulty::default());
    let clock = Clock::manual(Timestamp::from_secs(1));
    let engine = engine::over(Box::new(Shared(Arc::clone(&backend))), clock, Durability::Sync).unwrap();
    let keyspace = engine.keyspace("test").unwrap();
    (backend, engine, keyspace)
}

fn put(engine: &Engine, keyspace: &Keyspace, key: &'static str) -> Result<()> {
    let mut batch = WriteBatch::new();
    batch.put(keyspace, key, "value");
    engine.write(batch)
}

#[test]
fn a_failed_commit_is_told_to_its_caller_and_poisons_the_engine() {
    let (backend, engine, keyspace) = faulty();
    put(&engine, &keyspace, "before").unwrap();
    *backend.failing.lock() = true;
    assert!(matches!(put(&engine, &keyspace, "a"), Err(Error::DiskFull { .. })));
    *backend.failing.lock() = false;

    let poisoned = |result: Result<()>| matches!(result, Err(Error::Poisoned { .. }));
    assert!(poisoned(put(&engine, &keyspace, "b")));
    assert!(poisoned(engine.get(&keyspace, b"before").map(drop)));
    assert!(poisoned(engine.snapshot().map(drop)));
    assert!(poisoned(engine.transact(|tx| tx.get(&keyspace, b"before").map(drop))));
    assert!(poisoned(engine.keyspace("other").map(drop)));
    assert!(poisoned(engine.sync()));
    assert!(poisoned(engine.close()));
    assert_eq!(backend.applied.load(Ordering::SeqCst), 2, "nothing is applied after the failure");
}

#[test]
fn commits_that_wait_behind_a_failed_one_fail_too() {
    let (backend, engine, keyspace) = faulty();
    backend.hold();
    let first = engine.write_ticket(batch_of(&keyspace, "first")).unwrap();
    wait_for_applies(&backend, 1);
    let second = engine.write_ticket(batch_of(&keyspace, "second")).unwrap();
    *backend.failing.lock() = true;
    backend.release();
    assert!(matches!(first.wait(), Err(Error::DiskFull { .. })));
    assert!(matches!(second.wait(), Err(Error::Poisoned { .. })));
}

#[test]
fn commits_that_wait_during_a_sync_share_the_next_one() {
    let (backend, engine, keyspace) = faulty();
    backend.hold();
    let first = engine.write_ticket(batch_of(&keyspace, "first")).unwrap();
    wait_for_applies(&backend, 1);
    let rest: Vec<_> = (0..50)
        .map(|n: u32| {
            let mut batch = WriteBatch::new();
            batch.put(&keyspace, n.to_be_bytes().to_vec(), "value");
            engine.write_ticket(batch).unwrap()
        })
        .collect();
    backend.release();
    first.wait().unwrap();
    for ticket in rest {
        ticket.wait().unwrap();
    }
    assert_eq!(backend.applied.load(Ordering::SeqCst), 2);
    let statistics = engine.statistics();
    assert_eq!((statistics.commits, statistics.groups), (51, 2));
}

#[test]
fn a_contended_transaction_sees_commits_that_are_still_being_synced() {
    let (backend, engine, keyspace) = faulty();
    let append = |text: &'static str| {
        engine.submit(|tx| -> Result<Vec<u8>> {
            let mut value = tx.get(&keyspace, b"k")?.unwrap_or_default().to_vec();
            value.extend_from_slice(text.as_bytes());
            tx.put(&keyspace, "k", value.clone())?;
            Ok(value)
        })
    };
    backend.hold();
    let first = append("a").unwrap();
    wait_for_applies(&backend, 1);
    // The first one is not visible yet, so both of these lose until they run alone.
    let second = append("b").unwrap();
    let third = append("c").unwrap();
    assert_eq!(engine.get(&keyspace, b"k").unwrap(), None, "nothing is visible before its sync");
    backend.release();
    assert_eq!(first.wait().unwrap(), b"a");
    assert_eq!(second.wait().unwrap(), b"ab");
    assert_eq!(third.wait().unwrap(), b"abc");
    assert_eq!(engine.statistics().serialized, 2);
    assert_eq!(backend.applied.load(Ordering::SeqCst), 2);
}

#[test]
fn an_error_that_rests_on_an_unsynced_commit_waits_for_that_sync() {
    let (backend, engine, keyspace) = faulty();
    backend.hold();
    let first = engine
        .submit(|tx| -> Result<()> {
            tx.get(&keyspace, b"k")?;
            tx.put(&keyspace, "k", "1")
        })
        .unwrap();
    wait_for_applies(&backend, 1);
    let told = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let refused = scope.spawn(|| {
            let result = engine.transact(|tx| -> Result<()> {
                let taken = tx.get(&keyspace, b"k")?.is_some();
                tx.put(&keyspace, "k", "2")?;
                if taken { Err(Error::KeyEmpty) } else { Ok(()) }
            });
            told.fetch_add(1, Ordering::SeqCst);
            result
        });
        while engine.statistics().serialized == 0 {
            std::thread::yield_now();
        }
        assert_eq!(told.load(Ordering::SeqCst), 0);
        backend.release();
        assert!(matches!(refused.join().unwrap(), Err(Error::KeyEmpty)));
    });
    first.wait().unwrap();
    assert_eq!(engine.get(&keyspace, b"k").unwrap().as_deref(), Some(&b"1"[..]));
}

#[test]
fn a_panicking_effect_does_not_stop_commits() {
    let (_, engine, keyspace) = faulty();
    engine
        .transact(|tx| -> Result<()> {
            tx.on_commit(|| panic!("an effect that fails"));
            tx.put(&keyspace, "a", "1")
        })
        .unwrap();
    put(&engine, &keyspace, "b").unwrap();
    assert!(engine.get(&keyspace, b"a").unwrap().is_some());
}

fn batch_of(keyspace: &Keyspace, key: &'static str) -> WriteBatch {
    let mut batch = WriteBatch::new();
    batch.put(keyspace, key, "value");
    batch
}

fn wait_for_applies(backend: &Faulty, count: usize) {
    while backend.applied.load(Ordering::SeqCst) < count {
        std::thread::yield_now();
    }
}
