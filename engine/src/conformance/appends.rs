//! Rows that are placed by their commit.

use std::{thread, time::Duration};

use super::{Subject, conflicts, meanwhile};
use crate::{Engine, Error, Keyspace, Position, RangeRequest, Result};

/// The rows of a log in their order, as text, with their positions.
fn rows(engine: &Engine, log: &Keyspace, prefix: &str) -> Vec<(Position, String)> {
    let page = engine.snapshot().unwrap().range(log, &RangeRequest::prefix(prefix.as_bytes()).limit(100_000)).unwrap();
    assert_eq!(page.resume, None);
    let row = |(key, value): &(bytes::Bytes, bytes::Bytes)| {
        assert_eq!(key.len(), prefix.len() + 8);
        (Position::of_key(key).unwrap(), String::from_utf8(value.to_vec()).unwrap())
    };
    page.entries.iter().map(row).collect()
}

fn texts(rows: &[(Position, String)]) -> Vec<&str> {
    rows.iter().map(|(_, text)| text.as_str()).collect()
}

fn append(engine: &Engine, log: &Keyspace, prefix: &'static str, value: String) {
    engine.transact(|tx| tx.append(log, prefix, 1, value.clone())).unwrap();
}

pub(super) fn appended_rows_stand_in_the_order_of_their_commits(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let (log, counter) = (engine.keyspace("log").unwrap(), engine.keyspace("counter").unwrap());
    // All writers count on one key, so that most go through the serial lane: what they count is the order of commits.
    let step = || {
        engine.transact(|tx| -> Result<()> {
            let count =
                tx.get(&counter, b"count")?.map_or(0, |count| std::str::from_utf8(&count).unwrap().parse().unwrap());
            tx.put(&counter, "count", format!("{}", count + 1_u32))?;
            tx.append(&log, "a", 3, format!("{count:04} first"))?;
            tx.append(&log, "b", 1, "another log")?;
            tx.append(&log, "a", 1, format!("{count:04} second"))
        })
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| step().unwrap()));
        }
    });
    let found = rows(&engine, &log, "a");
    let expected: Vec<String> =
        (0..100).flat_map(|count| [format!("{count:04} first"), format!("{count:04} second")]).collect();
    assert_eq!(texts(&found), expected);
    assert_eq!(rows(&engine, &log, "b").len(), 100);
    for pair in found.chunks(2) {
        let [(first, _), (second, _)] = pair else { panic!("an odd number of rows") };
        assert_eq!(second.get() - first.get(), 4, "three positions were asked for, and one is the other log's");
    }
}

pub(super) fn appends_conflict_with_reads_of_their_range_alone(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let log = engine.keyspace("log").unwrap();
    let other = || meanwhile(|| append(&engine, &log, "a", "other".into()));
    assert!(!conflicts(&engine, |tx| {
        tx.append(&log, "a", 1, "mine")?;
        other();
        Ok(())
    }));
    assert_eq!(texts(&rows(&engine, &log, "a")), ["other", "mine"]);
    assert!(conflicts(&engine, |tx| {
        tx.range(&log, &RangeRequest::prefix(b"a"))?;
        tx.put(&log, "seen", "")?;
        other();
        Ok(())
    }));
}

pub(super) fn a_failed_step_appends_nothing(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let log = engine.keyspace("log").unwrap();
    engine
        .transact(|tx| -> Result<()> {
            tx.append(&log, "a", 1, "kept")?;
            let failed = tx.savepoint(|tx| -> Result<()> {
                tx.append(&log, "a", 1, "taken back")?;
                Err(Error::KeyEmpty)
            });
            assert!(failed.is_err());
            tx.savepoint(|tx| tx.append(&log, "a", 1, "kept too"))
        })
        .unwrap();
    assert_eq!(texts(&rows(&engine, &log, "a")), ["kept", "kept too"]);
    let limits = engine.limits();
    let refused = |prefix: Vec<u8>, value: Vec<u8>| {
        engine.transact(|tx| tx.append(&log, prefix.clone(), 1, value.clone())).unwrap_err()
    };
    assert!(matches!(refused(vec![], vec![]), Error::KeyEmpty));
    assert!(matches!(refused(vec![1; limits.key_bytes - 7], vec![]), Error::KeyTooLarge { .. }));
}

pub(super) fn positions_never_come_again(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let start = engine.clock().now();
    let log = engine.keyspace("log").unwrap();
    append(&engine, &log, "a", "1".into());
    append(&engine, &log, "a", "2".into());
    engine.clock().advance(Duration::from_secs(60)).unwrap();
    append(&engine, &log, "a", "3".into());
    let found = rows(&engine, &log, "a");
    let times: Vec<u64> = found.iter().map(|(position, _)| position.time().as_secs() - start.as_secs()).collect();
    assert_eq!(times, [0, 0, 60]);
    if let Ok(fork) = engine.fork() {
        append(&fork, &fork.keyspace("log").unwrap(), "a", "forked".into());
        assert!(rows(&fork, &fork.keyspace("log").unwrap(), "a").is_sorted());
    }
    if !engine.capabilities().persistent {
        return;
    }
    drop(engine);
    // The time stands still meanwhile.
    for text in ["4", "5"] {
        let engine = store.open();
        append(&engine, &engine.keyspace("log").unwrap(), "a", text.into());
    }
    let engine = store.open();
    let found = rows(&engine, &engine.keyspace("log").unwrap(), "a");
    assert_eq!(texts(&found), ["1", "2", "3", "4", "5"]);
}
