//! Tickets, reopening, the clock, statistics, and copies. What survives a power cut is shown by the program in
//! `examples/powercut.rs`.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use bytes::Bytes;

use super::{Subject, all_keys, get, put};
use crate::{
    Clock, Durability, Engine, Error, Keyspace, Options, RangeRequest, Result, Ticket, TransactOptions, WriteBatch,
};

/// The smallest runtime there is.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

fn submit(engine: &Engine, keyspace: &Keyspace, key: u32) -> Ticket<u32> {
    let write = |tx: &mut crate::Transaction| -> Result<u32> {
        tx.put(keyspace, key.to_be_bytes().to_vec(), "value")?;
        Ok(key)
    };
    engine.submit(write).unwrap()
}

pub(super) fn tickets_can_be_waited_for_and_awaited(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    let tickets: Vec<_> = (0..20).map(|key| submit(&engine, &keyspace, key)).collect();
    for (key, ticket) in (0..).zip(tickets) {
        let told = if key % 2 == 0 { ticket.wait() } else { block_on(ticket) };
        assert_eq!(told.unwrap(), key);
        assert!(engine.get(&keyspace, &key.to_be_bytes()).unwrap().is_some());
    }
    let mut batch = WriteBatch::new();
    batch.put(&keyspace, "batch", "1");
    block_on(engine.write_ticket(batch).unwrap()).unwrap();
    assert_eq!(get(&engine, &keyspace, "batch").unwrap(), "1");
    // Nothing to commit is committed at once, and a failed closure is told at once.
    engine.write_ticket(WriteBatch::new()).unwrap().wait().unwrap();
    assert_eq!(block_on(engine.submit(|_| Ok::<_, Error>(7)).unwrap()).unwrap(), 7);
    let failed = engine.submit(|tx| tx.put(&keyspace, "", ""));
    assert!(matches!(failed, Err(Error::KeyEmpty)));
}

pub(super) fn a_dropped_ticket_still_commits(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    for key in 0..10 {
        drop(submit(&engine, &keyspace, key));
    }
    // A sync comes after all that was handed over before it.
    engine.sync().unwrap();
    let page = engine.snapshot().unwrap().range(&keyspace, &RangeRequest::all()).unwrap();
    assert_eq!(page.entries.len(), 10);
}

pub(super) fn everything_is_there_after_opening_again(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    if !engine.capabilities().persistent {
        return;
    }
    let (a, b) = (engine.keyspace("a").unwrap(), engine.keyspace("b").unwrap());
    engine.keyspace("empty").unwrap();
    put(&engine, &a, "synced", "1");
    put(&engine, &b, "deleted", "1");
    engine.transact(|tx| tx.delete(&b, "deleted")).unwrap();
    let large = Bytes::from(vec![5; 300_000]);
    engine.transact(|tx| tx.put(&b, "large", large.clone())).unwrap();
    let buffered = TransactOptions::default().durability(Durability::Buffered);
    engine.transact_with(&buffered, |tx| tx.put(&a, "buffered", "2")).unwrap();
    drop(engine);

    for _ in 0..2 {
        let engine = store.open();
        assert_eq!(engine.keyspaces(), ["a", "b"]);
        let (a, b) = (engine.keyspace("a").unwrap(), engine.keyspace("b").unwrap());
        assert_eq!(all_keys(&engine, &a), ["buffered", "synced"]);
        assert_eq!(all_keys(&engine, &b), ["large"]);
        assert_eq!(engine.get(&b, b"large").unwrap(), Some(large.clone()));
    }
    let engine = store.open_with(Options::default().durability(Durability::Buffered)).unwrap();
    put(&engine, &engine.keyspace("a").unwrap(), "later", "3");
    engine.close().unwrap();
    let engine = store.open();
    assert_eq!(all_keys(&engine, &engine.keyspace("a").unwrap()), ["buffered", "later", "synced"]);
}

pub(super) fn a_store_is_open_once(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    if !engine.capabilities().persistent || engine.capabilities().multi_process {
        return;
    }
    let locked = || matches!(store.open_with(Options::default()), Err(Error::Locked { .. }));
    assert!(locked());
    let snapshot = engine.snapshot().unwrap();
    engine.close().unwrap();
    assert!(locked(), "a snapshot still reads it");
    drop(snapshot);
    store.open();
}

pub(super) fn a_closed_engine_refuses_everything(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    let ticket = submit(&engine, &keyspace, 1);
    engine.clone().close().unwrap();
    ticket.wait().unwrap();
    let mut batch = WriteBatch::new();
    batch.put(&keyspace, "k", "v");
    let refusals = [
        engine.get(&keyspace, b"k").map(drop),
        engine.snapshot().map(drop),
        engine.keyspace("test").map(drop),
        engine.keyspace("other").map(drop),
        engine.transact(|tx| tx.put(&keyspace, "k", "v")),
        engine.submit(|tx| tx.put(&keyspace, "k", "v")).map(drop),
        engine.write(batch),
        engine.sync(),
        engine.checkpoint(store.directory.path().join("copy")),
        engine.fork().map(drop),
        engine.clone().close(),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(Error::Closed)), "{refusal:?}");
    }
}

pub(super) fn the_clock_does_not_run_backwards(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    let clock = engine.clock();
    let start = clock.now();
    clock.advance(Duration::from_millis(1_500)).unwrap();
    let shown = start.saturating_add(Duration::from_millis(1_500));
    assert_eq!(clock.now(), shown);
    assert!(matches!(clock.set(start), Err(Error::ClockBackwards { .. })));
    assert_eq!(engine.transact(|tx| Ok::<_, Error>(tx.clock().now())).unwrap(), shown);
    put(&engine, &keyspace, "k", "v");
    if !engine.capabilities().persistent {
        return;
    }
    drop(engine);
    let engine = store.open_with(Options::default().clock(Clock::manual(start))).unwrap();
    assert_eq!(engine.clock().now(), shown, "lifted to what the store has seen");
    drop(engine);
    let later = shown.saturating_add(Duration::from_secs(60));
    let engine = store.open_with(Options::default().clock(Clock::manual(later))).unwrap();
    assert_eq!(engine.clock().now(), later);
    drop(engine);
    // The system's time is far ahead of this store's.
    let engine = store.open_with(Options::default().clock(Clock::system())).unwrap();
    let system = engine.clock().now();
    assert!(system > later && engine.clock().now() >= system);
    assert!(matches!(engine.clock().advance(Duration::ZERO), Err(Error::ClockNotManual)));
}

pub(super) fn statistics_count_what_was_done(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    let before = engine.statistics();
    for key in ["a", "b", "c"] {
        put(&engine, &keyspace, key, "12345");
    }
    engine.transact(|tx| tx.delete(&keyspace, "a")).unwrap();
    engine.transact(|tx| tx.get(&keyspace, b"a").map(drop)).unwrap();
    let buffered = TransactOptions::default().durability(Durability::Buffered);
    engine.transact_with(&buffered, |tx| tx.put(&keyspace, "d", "")).unwrap();
    let after = engine.statistics();
    assert_eq!(after.commits - before.commits, 5, "what wrote nothing is no commit");
    assert_eq!((after.groups - before.groups, after.syncs - before.syncs), (5, 4), "one after the other");
    assert_eq!(after.bytes_written - before.bytes_written, 3 * 6 + 1 + 1);
    // The engine may store the time along with a group.
    assert!((5..=6).contains(&(after.keys_written - before.keys_written)));
    assert!(after.sync_time >= before.sync_time && after.stored_bytes > 0);
    assert_eq!((after.conflicts, after.serialized), (0, 0));
}

/// Two keyspaces are always changed together, also while the copy is made.
pub(super) fn a_checkpoint_is_a_store_of_one_moment(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let copy = store.directory.path().join("copy");
    if !engine.capabilities().checkpoint {
        assert!(matches!(engine.checkpoint(&copy), Err(Error::Unsupported { .. })));
        return;
    }
    let (a, b) = (engine.keyspace("a").unwrap(), engine.keyspace("b").unwrap());
    let write = |number: u32| {
        let write = |tx: &mut crate::Transaction| -> Result<()> {
            tx.put(&a, "number", number.to_be_bytes().to_vec())?;
            tx.put(&b, (number % 100).to_be_bytes().to_vec(), number.to_be_bytes().to_vec())
        };
        engine.transact(write).unwrap();
    };
    (0..150).for_each(write);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            (150..).take_while(|_| !done.load(Ordering::SeqCst)).for_each(write);
        });
        let copied = engine.checkpoint(&copy);
        done.store(true, Ordering::SeqCst);
        copied.unwrap();
    });
    let again = engine.checkpoint(&copy).unwrap_err();
    assert!(matches!(again, Error::UnknownStore { .. }), "{again}");

    let copy = (store.subject.opens)(&copy, Options::default()).unwrap();
    let (a, b) = (copy.keyspace("a").unwrap(), copy.keyspace("b").unwrap());
    let number = copy.get(&a, b"number").unwrap().unwrap();
    let entries = copy.snapshot().unwrap().range(&b, &RangeRequest::all()).unwrap().entries;
    assert_eq!(entries.len(), 100);
    assert_eq!(entries.into_iter().map(|(_, value)| value).max(), Some(number));
    assert!(copy.clock().now() >= engine.clock().now());
    put(&copy, &a, "its own", "1");
    assert_eq!(get(&engine, &engine.keyspace("a").unwrap(), "its own"), None);
}

pub(super) fn a_fork_goes_its_own_way(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    if !engine.capabilities().fork {
        assert!(matches!(engine.fork(), Err(Error::Unsupported { .. })));
        return;
    }
    let keyspace = engine.keyspace("test").unwrap();
    put(&engine, &keyspace, "both", "1");
    let fork = engine.fork().unwrap();
    let forked = fork.keyspace("test").unwrap();
    put(&engine, &keyspace, "original", "2");
    put(&fork, &forked, "fork", "3");
    fork.transact(|tx| tx.delete(&forked, "both")).unwrap();
    assert_eq!(all_keys(&engine, &keyspace), ["both", "original"]);
    assert_eq!(all_keys(&fork, &forked), ["fork"]);
    assert!(matches!(fork.get(&keyspace, b"both"), Err(Error::ForeignKeyspace { .. })));
    let now = engine.clock().now();
    fork.clock().advance(Duration::from_secs(5)).unwrap();
    assert_eq!((engine.clock().now(), fork.clock().now()), (now, now.saturating_add(Duration::from_secs(5))));
    assert_eq!(engine.keyspaces(), fork.keyspaces());
}
