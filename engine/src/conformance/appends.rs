//! Rows that are placed by their commit.

use std::{thread, time::Duration};

use super::{Subject, conflicts, meanwhile};
use crate::{Engine, Error, Keyspace, Position, RangeRequest, Read, Result, TransactOptions, Transaction};

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
            tx.append(&log, "a", 1, format!("{count:04} second")).map(drop)
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
            tx.savepoint(|tx| tx.append(&log, "a", 1, "kept too")).map(drop)
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

pub(super) fn rows_beside_an_appended_one_name_its_place(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let log = engine.keyspace("log").unwrap();
    let mut known = Vec::new();
    for text in ["one", "two"] {
        let row = engine.transact(|tx| -> Result<_> {
            tx.append(&log, "other", 1, "")?;
            let row = tx.append(&log, "a", 1, text)?;
            assert_eq!(row.position(), None);
            tx.append(&log, "other", 1, "")?;
            tx.append_beside(&log, "by-", &row, text)?;
            tx.put(&log, "latest", "before")?;
            tx.put_pointing(&log, "latest", "at ", &row)?;
            Ok(row)
        });
        known.push(row.unwrap().position().unwrap());
        assert!(engine.last_position() > *known.last().unwrap(), "another row came after it");
    }
    let found = rows(&engine, &log, "a");
    assert_eq!(found, [(known[0], "one".into()), (known[1], "two".into())]);
    assert_eq!(rows(&engine, &log, "by-"), found);
    let latest = engine.get(&log, b"latest").unwrap().unwrap();
    assert_eq!(latest, [b"at ".as_slice(), &known[1].to_bytes()].concat());

    let failed = engine.transact(|tx| {
        let row = tx.append(&log, "a", 1, "failed")?;
        known.clear();
        tx.put(&log, "", "")?;
        Ok(row)
    });
    assert!(matches!(failed, Err(Error::KeyEmpty)));
    let foreign = engine.transact(|tx| tx.append(&log, "a", 1, "mine")).unwrap();
    let refused = engine.transact(|tx| tx.append_beside(&log, "by-", &foreign, ""));
    assert!(matches!(refused, Err(Error::ForeignRow)));
}

pub(super) fn counters_are_added_to_by_all_at_once(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let counters = engine.keyspace("counters").unwrap();
    let read = |engine: &Engine, key: &str| engine.snapshot().unwrap().counter(&counters, key.as_bytes()).unwrap();
    thread::scope(|scope| {
        for thread in 0..4_i64 {
            let (engine, counters) = (&engine, &counters);
            scope.spawn(move || {
                for _ in 0..50 {
                    let add = |tx: &mut Transaction| -> Result<()> {
                        tx.add(counters, "all", 1)?;
                        tx.add(counters, "all", thread)?;
                        let failed = tx.savepoint(|tx| -> Result<()> {
                            tx.add(counters, "all", 1_000_000)?;
                            Err(Error::KeyEmpty)
                        });
                        assert!(failed.is_err());
                        tx.add(counters, format!("of {thread}"), -2)
                    };
                    engine.transact_with(&TransactOptions::default().optimistic_only(1), add).unwrap();
                }
            });
        }
    });
    assert_eq!(read(&engine, "all"), 200 + 50 * 6);
    assert_eq!((read(&engine, "of 3"), read(&engine, "of nobody")), (-100, 0));
    assert_eq!(engine.statistics().conflicts, 0);
    let seen = engine.transact(|tx| {
        tx.add(&counters, "of 3", 101)?;
        tx.add(&counters, "of 3", -1)?;
        tx.counter(&counters, b"of 3")
    });
    assert_eq!(seen.unwrap(), 0, "a transaction sees what it has added");
    assert_eq!(engine.get(&counters, b"of 3").unwrap(), None, "zero takes no row");
    engine.transact(|tx| tx.put(&counters, "all", 7_i64.to_be_bytes().to_vec())).unwrap();
    engine.transact(|tx| tx.add(&counters, "all", 1)).unwrap();
    assert_eq!(read(&engine, "all"), 8);
    engine.transact(|tx| tx.delete(&counters, "all")).unwrap();
    engine.transact(|tx| tx.add(&counters, "all", i64::MAX)).unwrap();
    engine.transact(|tx| tx.add(&counters, "all", 9)).unwrap();
    assert_eq!(read(&engine, "all"), i64::MAX);

    engine.transact(|tx| tx.put(&counters, "text", "not a number")).unwrap();
    let before = read(&engine, "of 1");
    let refused = engine.transact(|tx| {
        tx.put(&counters, "beside", "")?;
        tx.put(&counters, "of 1", 5_i64.to_be_bytes().to_vec())?;
        tx.add(&counters, "text", 1)
    });
    assert!(matches!(refused, Err(Error::NotACounter { bytes: 12 })));
    assert_eq!(engine.get(&counters, b"beside").unwrap(), None);
    engine.transact(|tx| tx.add(&counters, "of 1", 0)).unwrap();
    assert_eq!(read(&engine, "of 1"), before, "what failed has changed nothing");

    if engine.capabilities().persistent {
        engine.transact(|tx| tx.add(&counters, "of 1", -3)).unwrap();
        drop(engine);
        let engine = store.open();
        let counters = engine.keyspace("counters").unwrap();
        engine.transact(|tx| tx.add(&counters, "of 1", -4)).unwrap();
        assert_eq!(engine.snapshot().unwrap().counter(&counters, b"of 1").unwrap(), -107);
    }
}
