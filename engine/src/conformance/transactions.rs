//! Isolation, conflicts, nesting and effects.

use std::{
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use parking_lot::Mutex;

use super::{Subject, all_keys, conflicts, get, keys, meanwhile, put};
use crate::{Engine, Error, Keyspace, RangeRequest, Result, TransactOptions, Transaction, WriteBatch};

pub(super) fn a_transaction_reads_its_own_writes(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    for key in ["b", "d", "f"] {
        put(&engine, &keyspace, key, "stored");
    }
    engine
        .transact(|tx| -> Result<()> {
            tx.put(&keyspace, "a", "1")?;
            tx.put(&keyspace, "d", "2")?;
            tx.put(&keyspace, "g", "3")?;
            tx.delete(&keyspace, "b")?;
            tx.delete(&keyspace, "never")?;
            tx.put(&keyspace, "c", "4")?;
            tx.delete(&keyspace, "c")?;
            let values = tx.multi_get(&keyspace, &["a", "b", "c", "d", "f"])?;
            let values: Vec<Option<&[u8]>> = values.iter().map(|value| value.as_deref()).collect();
            assert_eq!(values, [Some(&b"1"[..]), None, None, Some(b"2"), Some(b"stored")]);

            let forward = tx.range(&keyspace, &RangeRequest::all())?;
            assert_eq!(keys(&forward.entries), ["a", "d", "f", "g"]);
            assert_eq!(forward.entries.get(1).unwrap().1, "2");
            let backward = tx.range(&keyspace, &RangeRequest::all().reverse())?;
            assert_eq!(keys(&backward.entries), ["g", "f", "d", "a"]);
            let first = tx.range(&keyspace, &RangeRequest::all().limit(2))?;
            assert_eq!(keys(&first.entries), ["a", "d"]);
            let rest = tx.range(&keyspace, &RangeRequest::all().resume_after(&first.resume.unwrap()))?;
            assert_eq!(keys(&rest.entries), ["f", "g"]);
            Ok(())
        })
        .unwrap();
    assert_eq!(all_keys(&engine, &keyspace), ["a", "d", "f", "g"]);
}

pub(super) fn a_failed_transaction_leaves_nothing(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let (a, b) = (engine.keyspace("a").unwrap(), engine.keyspace("b").unwrap());
    put(&engine, &a, "kept", "1");
    let failed = engine.transact(|tx| -> Result<()> {
        tx.put(&b, "new", "1")?;
        tx.delete(&a, "kept")?;
        Err(Error::KeyEmpty)
    });
    assert!(matches!(failed, Err(Error::KeyEmpty)));
    assert_eq!(all_keys(&engine, &a), ["kept"]);
    assert_eq!(all_keys(&engine, &b), [""; 0]);
}

pub(super) fn a_transaction_sees_one_moment(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    put(&engine, &keyspace, "a", "1");
    put(&engine, &keyspace, "b", "1");
    let seen = engine
        .transact(|tx| -> Result<_> {
            let a = tx.get(&keyspace, b"a")?;
            meanwhile(|| {
                put(&engine, &keyspace, "a", "2");
                put(&engine, &keyspace, "b", "2");
                put(&engine, &keyspace, "c", "2");
            });
            Ok((a, tx.get(&keyspace, b"b")?, keys(&tx.range(&keyspace, &RangeRequest::all())?.entries)))
        })
        .unwrap();
    assert_eq!(seen, (Some("1".into()), Some("1".into()), vec!["a".into(), "b".into()]));
}

pub(super) fn a_transaction_has_one_time(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    let times = engine
        .transact(|tx| -> Result<_> {
            let first = tx.began();
            engine.clock().advance(std::time::Duration::from_secs(1))?;
            tx.put(&keyspace, "a", "1")?;
            let nested = tx.savepoint(|tx| Ok::<_, Error>(tx.began()))?;
            Ok((first, nested, tx.began()))
        })
        .unwrap();
    assert!(times.0 == times.1 && times.1 == times.2);
    assert!(engine.transact(|tx| Ok::<_, Error>(tx.began())).unwrap() > times.0);
}

pub(super) fn a_changed_read_is_a_conflict(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    for changed in ["overwritten", "deleted", "absent"] {
        put(&engine, &keyspace, "overwritten", "1");
        put(&engine, &keyspace, "deleted", "1");
        engine.transact(|tx| tx.delete(&keyspace, "absent")).unwrap();
        let lost = conflicts(&engine, |tx| {
            tx.get(&keyspace, changed.as_bytes())?;
            meanwhile(|| match changed {
                "deleted" => engine.transact(|tx| tx.delete(&keyspace, changed)).unwrap(),
                _ => put(&engine, &keyspace, changed, "2"),
            });
            tx.put(&keyspace, "result", changed)
        });
        assert!(lost, "{changed}");
    }
    assert_eq!(get(&engine, &keyspace, "result"), None);
    assert_eq!(engine.statistics().conflicts, 3);
}

pub(super) fn a_phantom_is_a_conflict(subject: &Subject) {
    for reverse in [false, true] {
        let store = subject.store();
        let engine = store.open();
        let keyspace = engine.keyspace("test").unwrap();
        let appears = |key: &'static str, request: &RangeRequest| {
            engine.transact(|tx| tx.delete(&keyspace, key)).unwrap();
            conflicts(&engine, |tx| {
                tx.range(&keyspace, request)?;
                meanwhile(|| put(&engine, &keyspace, key, "phantom"));
                tx.put(&keyspace, "result", "1")
            })
        };
        let range = RangeRequest::between(Bound::Included(b"b"), Bound::Excluded(b"f")).reverse_if(reverse);
        assert!(appears("c", &range), "in a range that was empty");
        assert!(appears("b", &range), "at its included bound");
        assert!(!appears("f", &range), "at its excluded bound");
        assert!(!appears("a", &range), "outside");
        // A page has looked at nothing beyond its last entry.
        engine.transact(|tx| tx.delete(&keyspace, "b")).unwrap();
        put(&engine, &keyspace, "c", "1");
        put(&engine, &keyspace, "d", "1");
        let page = range.limit(1);
        assert!(appears(if reverse { "e" } else { "bb" }, &page), "before the page's entry");
        assert!(!appears("cc", &page), "beyond the page");
    }
}

pub(super) fn what_was_not_looked_at_does_not_conflict(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let (a, b) = (engine.keyspace("a").unwrap(), engine.keyspace("b").unwrap());
    let lost = conflicts(&engine, |tx| {
        tx.get(&a, b"k")?;
        tx.range(&a, &RangeRequest::prefix(b"p"))?;
        // Its own write is not a read of what was there.
        tx.put(&a, "own", "1")?;
        tx.get(&a, b"own")?;
        meanwhile(|| {
            put(&engine, &a, "other", "2");
            put(&engine, &a, "own", "2");
            put(&engine, &b, "k", "2");
            put(&engine, &b, "p", "2");
        });
        Ok(())
    });
    assert!(!lost);
    assert_eq!(get(&engine, &a, "own").unwrap(), "1", "the later commit wins");
}

pub(super) fn writes_that_read_nothing_do_not_conflict(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    let lost = conflicts(&engine, |tx| {
        tx.put(&keyspace, "k", "transaction")?;
        meanwhile(|| {
            let mut batch = WriteBatch::new();
            batch.put(&keyspace, "k", "batch");
            engine.write(batch).unwrap();
        });
        Ok(())
    });
    assert!(!lost);
    assert_eq!(get(&engine, &keyspace, "k").unwrap(), "transaction");
    assert_eq!(engine.statistics().conflicts, 0);
}

/// Each of two transactions reads both keys and takes one away if both are there: one has to stay.
pub(super) fn write_skew_does_not_happen(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    put(&engine, &keyspace, "left", "here");
    put(&engine, &keyspace, "right", "here");
    let leave = |key: &'static str, inside: &(dyn Fn() + Sync)| {
        conflicts(&engine, |tx| {
            let both = tx.range(&keyspace, &RangeRequest::all())?.entries.len() == 2;
            inside();
            if both { tx.delete(&keyspace, key) } else { Ok(()) }
        })
    };
    let outer_lost = leave("left", &|| {
        let inner_lost = meanwhile(|| leave("right", &|| ()));
        assert!(!inner_lost, "the first to commit wins");
    });
    assert!(outer_lost);
    assert_eq!(all_keys(&engine, &keyspace), ["left"]);
}

pub(super) fn a_conflict_runs_the_transaction_again(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    put(&engine, &keyspace, "k", "first");
    let runs = AtomicU32::new(0);
    let seen = engine
        .transact(|tx| -> Result<_> {
            let seen = tx.get(&keyspace, b"k")?;
            if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                meanwhile(|| put(&engine, &keyspace, "k", "second"));
            }
            tx.put(&keyspace, "k", "third")?;
            Ok(seen)
        })
        .unwrap();
    assert_eq!(seen.unwrap(), "second");
    assert_eq!((runs.load(Ordering::SeqCst), engine.statistics().conflicts), (2, 1));

    // One that always loses ends with an error that says how often it was tried.
    let ended = engine.transact_with(&TransactOptions::default().optimistic_only(4), |tx| -> Result<()> {
        tx.get(&keyspace, b"k")?;
        meanwhile(|| put(&engine, &keyspace, "k", "again"));
        tx.put(&keyspace, "k", "never")
    });
    assert!(matches!(ended, Err(Error::Conflict { attempts: 4 })));
    assert_eq!(get(&engine, &keyspace, "k").unwrap(), "again");
}

pub(super) fn concurrent_increments_are_all_counted(subject: &Subject) {
    const THREADS: u64 = 4;
    const EACH: u64 = 50;
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..EACH).for_each(|_| increment(&engine, &keyspace)));
        }
    });
    let total = engine.get(&keyspace, b"counter").unwrap().unwrap();
    assert_eq!(total.as_ref(), (THREADS * EACH).to_be_bytes());
}

fn increment(engine: &Engine, keyspace: &Keyspace) {
    let add = |tx: &mut crate::Transaction| -> Result<()> {
        let before =
            tx.get(keyspace, b"counter")?.map_or(0, |value| u64::from_be_bytes(value.as_ref().try_into().unwrap()));
        tx.put(keyspace, "counter", (before + 1).to_be_bytes().to_vec())
    };
    engine.transact(add).unwrap();
}

pub(super) fn a_nested_transaction_joins_the_outer_one(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    put(&engine, &keyspace, "stored", "1");
    let inner = |fails: bool| {
        engine.transact(|tx| -> Result<()> {
            tx.put(&keyspace, "inner", "1")?;
            tx.delete(&keyspace, "stored")?;
            tx.put(&keyspace, "outer", "overwritten")?;
            if fails { Err(Error::KeyEmpty) } else { Ok(()) }
        })
    };
    let commits = engine.statistics().commits;
    assert!(!engine.in_transaction());
    let run = |fails: bool| {
        engine.transact(|tx| -> Result<()> {
            assert!(engine.in_transaction());
            tx.put(&keyspace, "outer", "1")?;
            inner(true).unwrap_err();
            assert_eq!(keys(&tx.range(&keyspace, &RangeRequest::all())?.entries), ["outer", "stored"]);
            assert_eq!(tx.get(&keyspace, b"outer")?.unwrap(), "1", "what it overwrote is back");
            inner(false)?;
            assert_eq!(keys(&tx.range(&keyspace, &RangeRequest::all())?.entries), ["inner", "outer"]);
            let mut batch = WriteBatch::new();
            batch.put(&keyspace, "batch", "1");
            engine.write(batch)?;
            assert!(tx.get(&keyspace, b"batch")?.is_some(), "a batch joins too");
            assert_eq!(meanwhile(|| get(&engine, &keyspace, "inner")), None, "nothing is visible yet");
            let refused = engine.submit(|tx| tx.put(&keyspace, "k", "v"));
            assert!(matches!(refused, Err(Error::Unsupported { .. })));
            if fails { Err(Error::KeyEmpty) } else { Ok(()) }
        })
    };
    run(true).unwrap_err();
    assert_eq!(all_keys(&engine, &keyspace), ["stored"]);
    run(false).unwrap();
    assert_eq!(all_keys(&engine, &keyspace), ["batch", "inner", "outer"]);
    assert_eq!(get(&engine, &keyspace, "outer").unwrap(), "overwritten");
    assert_eq!(engine.statistics().commits, commits + 1);
}

pub(super) fn a_savepoint_takes_back_what_fails(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    let ran = Arc::new(Mutex::new(Vec::new()));
    let effect = |name: &'static str| {
        let ran = Arc::clone(&ran);
        move || ran.lock().push(name)
    };
    let too_many = engine.limits().transaction_operations;
    let run = |tx: &mut Transaction| -> Result<()> {
        tx.put(&keyspace, "k", "outer")?;
        let failed = tx.savepoint(|tx| -> Result<()> {
            tx.on_commit(effect("failed"));
            tx.put(&keyspace, "k", "inner")?;
            tx.savepoint(|tx| tx.put(&keyspace, "deeper", "1"))?;
            Err(Error::KeyEmpty)
        });
        assert!(matches!(failed, Err(Error::KeyEmpty)));
        assert_eq!(keys(&tx.range(&keyspace, &RangeRequest::all())?.entries), ["k"]);
        let mut batch = WriteBatch::new();
        (0..too_many).for_each(|number| batch.put(&keyspace, number.to_be_bytes().to_vec(), "1"));
        assert!(
            matches!(engine.write(batch), Err(Error::TransactionTooLarge { .. })),
            "one more than there is room for"
        );
        assert_eq!(keys(&tx.range(&keyspace, &RangeRequest::all())?.entries), ["k"]);
        tx.savepoint(|tx| -> Result<()> {
            tx.on_commit(effect("kept"));
            tx.put(&keyspace, "kept", "1")
        })
    };
    engine.transact(run).unwrap();
    assert_eq!(all_keys(&engine, &keyspace), ["k", "kept"]);
    assert_eq!(get(&engine, &keyspace, "k").unwrap(), "outer");
    assert_eq!(*ran.lock(), ["kept"]);
}

pub(super) fn effects_run_after_the_commit_and_only_then(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    let ran = Arc::new(Mutex::new(Vec::new()));
    let effect = |name: &'static str| {
        let (ran, engine, keyspace) = (Arc::clone(&ran), engine.clone(), keyspace.clone());
        move || {
            let seen = engine.get(&keyspace, b"k").unwrap();
            ran.lock().push((name, seen));
        }
    };
    let runs = AtomicU32::new(0);
    engine
        .transact(|tx| -> Result<()> {
            tx.get(&keyspace, b"k")?;
            tx.on_commit(effect("first"));
            if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                meanwhile(|| put(&engine, &keyspace, "k", "0"));
            }
            let failed = engine.transact(|inner| -> Result<()> {
                inner.on_commit(effect("of the failed one"));
                Err(Error::KeyEmpty)
            });
            assert!(failed.is_err());
            engine.transact(|inner| -> Result<()> {
                inner.on_commit(effect("second"));
                Ok(())
            })?;
            assert_eq!(ran.lock().len(), 0);
            tx.put(&keyspace, "k", "1")
        })
        .unwrap();
    let committed = Some(bytes::Bytes::from("1"));
    assert_eq!(*ran.lock(), [("first", committed.clone()), ("second", committed)], "once, though it ran twice");
    let failed = engine.transact(|tx| -> Result<()> {
        tx.on_commit(effect("never"));
        Err(Error::KeyEmpty)
    });
    assert!(failed.is_err());
    assert_eq!(ran.lock().len(), 2);
}
