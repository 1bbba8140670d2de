//! Logs through their public calls.

mod model;

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use millpond_engine::{Clock, Engine, Timestamp};
use millpond_stream::log::{Error, LogId, LogOptions, Logs, Most, Position, Records, Result, ShardId};

const DAY: Duration = Duration::from_secs(86_400);

fn engine() -> Engine {
    Engine::options().clock(Clock::manual(Timestamp::from_secs(1_700_000_000))).open().unwrap()
}

fn create(engine: &Engine, logs: &Logs, shards: u32, roll_after: Option<Duration>) -> LogId {
    engine.transact(|tx| logs.create_in(tx, &LogOptions { shards, retention: DAY, roll_after })).unwrap()
}

/// A log of one shard that is never rolled.
fn one_shard(engine: &Engine) -> (Logs, LogId, ShardId) {
    let logs = Logs::open(engine).unwrap();
    let log = create(engine, &logs, 1, None);
    let shard = shards(engine, &logs, log).remove(0);
    (logs, log, shard)
}

fn shards(engine: &Engine, logs: &Logs, log: LogId) -> Vec<ShardId> {
    logs.shards(&mut engine.snapshot().unwrap(), log).unwrap().into_iter().map(|shard| shard.id).collect()
}

fn append(engine: &Engine, logs: &Logs, log: LogId, hash_key: u128, record: &str) -> Result<()> {
    engine.transact(|tx| logs.append_in(tx, log, hash_key, record.to_owned()))
}

fn read(engine: &Engine, logs: &Logs, log: LogId, shard: ShardId, from: Position, most: Most) -> Records {
    logs.read(&mut engine.snapshot().unwrap(), log, shard, from, most).unwrap()
}

fn texts(records: &Records) -> Vec<&str> {
    records.records.iter().map(|record| std::str::from_utf8(&record.data).unwrap()).collect()
}

/// All that is kept of a shard.
fn all(engine: &Engine, logs: &Logs, log: LogId, shard: ShardId) -> Vec<String> {
    let most = Most { records: usize::MAX, bytes: usize::MAX };
    texts(&read(engine, logs, log, shard, Position::default(), most)).into_iter().map(str::to_owned).collect()
}

#[test]
fn records_come_in_the_order_of_commits_a_page_at_a_time() {
    let engine = engine();
    let (logs, log, shard) = one_shard(&engine);
    for nth in 0..10 {
        append(&engine, &logs, log, nth, &format!("record {nth}")).unwrap();
    }
    let by_three = Most { records: 3, ..Most::default() };
    let (mut from, mut seen) = (Position::default(), Vec::new());
    loop {
        let page = read(&engine, &logs, log, shard, from, by_three);
        assert!(!page.is_end, "an open shard has no end");
        if page.records.is_empty() {
            break;
        }
        assert!(page.records.is_sorted_by_key(|record| record.position));
        seen.extend(texts(&page).into_iter().map(str::to_owned));
        from = page.next;
    }
    assert_eq!(seen, (0..10).map(|nth| format!("record {nth}")).collect::<Vec<_>>());
    let by_bytes = read(&engine, &logs, log, shard, Position::default(), Most { bytes: 17, ..Most::default() });
    assert_eq!(by_bytes.records.len(), 3, "the record that reaches the bound is the last");
    append(&engine, &logs, log, 0, "later").unwrap();
    assert_eq!(texts(&read(&engine, &logs, log, shard, from, by_three)), ["later"]);
}

#[test]
fn a_batch_can_be_read_from_its_middle() {
    let engine = engine();
    let (logs, log, shard) = one_shard(&engine);
    let batch: Vec<Bytes> = (0..5).map(|nth| Bytes::from(format!("{nth}"))).collect();
    engine.transact(|tx| logs.append_batch_in(tx, log, 0, &batch)).unwrap();
    append(&engine, &logs, log, 0, "5").unwrap();
    let first = read(&engine, &logs, log, shard, Position::default(), Most { records: 2, ..Most::default() });
    assert_eq!(texts(&first), ["0", "1"]);
    assert_eq!(texts(&read(&engine, &logs, log, shard, first.next, Most::default())), ["2", "3", "4", "5"]);
    let end = logs.end(&mut engine.snapshot().unwrap(), log, shard).unwrap().unwrap();
    assert!(read(&engine, &logs, log, shard, end, Most::default()).records.is_empty());
}

#[test]
fn appends_commit_with_the_transaction_or_not_at_all() {
    let engine = engine();
    let (logs, log, shard) = one_shard(&engine);
    let failed = engine.transact(|tx| {
        logs.append_in(tx, log, 0, "lost")?;
        Err::<(), _>(Error::NoLog { log })
    });
    assert!(failed.is_err());
    assert_eq!(all(&engine, &logs, log, shard), [] as [&str; 0]);
    let unknown = LogId::new(99);
    assert!(matches!(append(&engine, &logs, unknown, 0, "x"), Err(Error::NoLog { log }) if log == unknown));
    for shards in [0, 10_001] {
        let options = LogOptions { shards, retention: DAY, roll_after: None };
        let refused = engine.transact(|tx| logs.create_in(tx, &options));
        assert!(matches!(refused, Err(Error::ShardCount { .. })));
    }
}

#[test]
fn what_is_older_than_the_retention_is_not_read_and_its_space_is_freed() {
    let engine = engine();
    let (logs, log, shard) = one_shard(&engine);
    append(&engine, &logs, log, 0, "old").unwrap();
    let first = read(&engine, &logs, log, shard, Position::default(), Most::default()).records[0].position;
    engine.clock().advance(Duration::from_millis(1)).unwrap();
    append(&engine, &logs, log, 0, "young").unwrap();
    engine.clock().advance(DAY).unwrap();
    assert_eq!(all(&engine, &logs, log, shard), ["young"], "it is a day old, and no older");
    let lost = |from| logs.has_lost(&mut engine.snapshot().unwrap(), log, shard, from).unwrap();
    for trimmed in [1, 0] {
        assert_eq!((lost(first), lost(first.next())), (true, false));
        assert_eq!(logs.trim().unwrap(), trimmed);
    }
    assert_eq!(all(&engine, &logs, log, shard), ["young"]);
    engine.clock().advance(DAY).unwrap();
    assert_eq!(logs.trim().unwrap(), 1);
    assert_eq!(shards(&engine, &logs, log), [shard], "an open shard stays");
    append(&engine, &logs, log, 0, "new").unwrap();
    assert_eq!(all(&engine, &logs, log, shard), ["new"]);
}

#[test]
fn an_old_shard_goes_on_in_its_child() {
    let engine = engine();
    let logs = Logs::open(&engine).unwrap();
    let log = create(&engine, &logs, 2, Some(DAY / 6));
    let before = shards(&engine, &logs, log);
    append(&engine, &logs, log, 0, "first").unwrap();
    engine.clock().advance(DAY / 6).unwrap();
    append(&engine, &logs, log, 0, "second").unwrap();
    let after = logs.shards(&mut engine.snapshot().unwrap(), log).unwrap();
    assert_eq!(after.len(), 3, "the other shard is rolled when something is appended to it");
    let child = &after[2];
    assert_eq!((child.parent, child.created), (Some(before[0]), engine.clock().now()));
    assert_eq!(after[0].closed, Some(engine.clock().now()));
    let parent = read(&engine, &logs, log, before[0], Position::default(), Most::default());
    assert_eq!((texts(&parent), parent.is_end), (vec!["first"], true));
    assert_eq!(all(&engine, &logs, log, child.id), ["second"]);

    engine.clock().advance(DAY).unwrap();
    let child = child.id;
    assert_eq!(shards(&engine, &logs, log), [before[1], child], "none of the parent's records is kept");
    assert_eq!(logs.trim().unwrap(), 1);
    let gone = logs.read(&mut engine.snapshot().unwrap(), log, before[0], Position::default(), Most::default());
    assert!(matches!(gone, Err(Error::NoShard { .. })));
}

#[test]
fn a_closed_log_is_read_to_its_end_and_a_removed_one_is_gone() {
    let engine = engine();
    let (logs, log, shard) = one_shard(&engine);
    append(&engine, &logs, log, 0, "last").unwrap();
    engine.transact(|tx| logs.close_in(tx, log)).unwrap();
    assert!(matches!(append(&engine, &logs, log, 0, "late"), Err(Error::Closed { .. })));
    let page = read(&engine, &logs, log, shard, Position::default(), Most { records: 1, ..Most::default() });
    assert_eq!(texts(&page), ["last"]);
    assert!(read(&engine, &logs, log, shard, page.next, Most::default()).is_end);
    engine.transact(|tx| logs.remove_in(tx, log)).unwrap();
    assert!(matches!(logs.shards(&mut engine.snapshot().unwrap(), log), Err(Error::NoLog { .. })));
    assert_eq!(logs.trim().unwrap(), 1);
    assert_eq!(logs.trim().unwrap(), 0);
    assert_ne!(create(&engine, &logs, 1, None), log, "an id is not given twice");
}

#[test]
fn many_writers_lose_nothing_while_shards_are_rolled() {
    let engine = engine();
    let logs = Logs::open(&engine).unwrap();
    let log = create(&engine, &logs, 3, Some(Duration::from_millis(1)));
    let (writers, each) = (8_u32, 50_u32);
    thread::scope(|scope| {
        for writer in 0..writers {
            let (engine, logs) = (&engine, &logs);
            scope.spawn(move || {
                for nth in 0..each {
                    let key = u128::MAX / u128::from(writers) * u128::from(writer);
                    append(engine, logs, log, key, &format!("{writer} {nth:03}")).unwrap();
                    engine.clock().advance(Duration::from_micros(1_000)).unwrap();
                }
            });
        }
    });
    // A child is read after its parent: that is the order of their numbers.
    let mut seen: Vec<Vec<String>> = vec![Vec::new(); writers as usize];
    for shard in shards(&engine, &logs, log) {
        for record in all(&engine, &logs, log, shard) {
            let writer: usize = record[..1].parse().unwrap();
            seen[writer].push(record);
        }
    }
    for (writer, records) in seen.iter().enumerate() {
        assert_eq!(*records, (0..each).map(|nth| format!("{writer} {nth:03}")).collect::<Vec<_>>());
    }
    assert!(shards(&engine, &logs, log).len() > 3);
}
