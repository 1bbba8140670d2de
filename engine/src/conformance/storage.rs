//! Keyspaces, values, ranges, snapshots and batches.

use std::{collections::BTreeMap, ops::Bound};

use bytes::Bytes;

use super::{Subject, all_keys, conflicts, get, keys, meanwhile, put};
use crate::{Engine, Error, Keyspace, Page, RangeRequest, WriteBatch};

pub(super) fn keyspaces_are_separate_and_found_again_by_name(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let (a, b) = (engine.keyspace("a").unwrap(), engine.keyspace("b-2_.x").unwrap());
    put(&engine, &a, "k", "of a");
    put(&engine, &b, "k", "of b");
    put(&engine, &b, "only", "b");
    assert_eq!(get(&engine, &engine.keyspace("a").unwrap(), "k").unwrap(), "of a");
    assert_eq!(get(&engine, &b, "k").unwrap(), "of b");
    assert_eq!(all_keys(&engine, &a), ["k"]);
    assert_eq!(engine.keyspaces(), ["a", "b-2_.x"]);

    for name in ["", "A", "with space", "ä", "a/b", &"x".repeat(65)] {
        assert!(matches!(engine.keyspace(name), Err(Error::InvalidKeyspaceName { .. })), "{name:?}");
    }
    engine.keyspace(&"x".repeat(64)).unwrap();
    let foreign = Engine::in_memory().keyspace("a").unwrap();
    assert!(matches!(engine.get(&foreign, b"k"), Err(Error::ForeignKeyspace { .. })));
    let written = engine.transact(|tx| tx.put(&foreign, "k", "v"));
    assert!(matches!(written, Err(Error::ForeignKeyspace { .. })));
}

pub(super) fn a_keyspace_is_made_when_it_is_written_to(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let [before, written, after] = ["before", "written", "after"].map(|name| engine.keyspace(name).unwrap());
    let snapshot = engine.snapshot().unwrap();
    assert_eq!((all_keys(&engine, &written), get(&engine, &written, "k")), (Vec::new(), None));
    assert_eq!(engine.keyspaces(), [] as [&str; 0]);
    // What was read before a keyspace was there is validated as well.
    assert!(conflicts(&engine, |tx| {
        tx.get(&written, b"k")?;
        tx.put(&after, "k", "seen")?;
        meanwhile(|| put(&engine, &written, "k", "v"));
        Ok(())
    }));
    assert!(snapshot.get(&written, b"k").unwrap().is_none());
    assert_eq!(get(&engine, &written, "k").unwrap(), "v");
    assert_eq!((all_keys(&engine, &before), all_keys(&engine, &after)), (Vec::new(), Vec::new()));
    drop(snapshot);
    if engine.capabilities().persistent {
        drop(engine);
        let engine = store.open();
        let [other, written, before] = ["other", "written", "before"].map(|name| engine.keyspace(name).unwrap());
        put(&engine, &other, "k", "of another");
        assert_eq!(get(&engine, &written, "k").unwrap(), "v");
        assert_eq!(all_keys(&engine, &before), [] as [&str; 0]);
    }
}

pub(super) fn a_value_is_what_was_put_last(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    assert_eq!(get(&engine, &keyspace, "k"), None);
    engine.transact(|tx| tx.delete(&keyspace, "k")).unwrap();
    for value in ["first", "", "third"] {
        put(&engine, &keyspace, "k", value);
        assert_eq!(get(&engine, &keyspace, "k").unwrap(), value);
    }
    put(&engine, &keyspace, "k2", "another");
    engine.transact(|tx| tx.delete(&keyspace, "k")).unwrap();
    assert_eq!(get(&engine, &keyspace, "k"), None);
    let read = engine.snapshot().unwrap().multi_get(&keyspace, &["k2", "k", "k2"]).unwrap();
    assert_eq!(read, [Some(Bytes::from("another")), None, Some(Bytes::from("another"))]);
}

pub(super) fn limits_are_met_at_their_edges(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    let limits = engine.limits();
    let longest_key = Bytes::from(vec![0xFF; limits.key_bytes]);
    let longest_value = Bytes::from(vec![7; limits.value_bytes]);
    engine.transact(|tx| tx.put(&keyspace, longest_key.clone(), longest_value.clone())).unwrap();
    assert_eq!(engine.get(&keyspace, &longest_key).unwrap(), Some(longest_value));

    let write = |key: Vec<u8>, value: Vec<u8>| {
        let mut batch = WriteBatch::new();
        batch.put(&keyspace, "innocent", "value");
        batch.put(&keyspace, key.clone(), value.clone());
        let by_batch = engine.write(batch).unwrap_err();
        let by_transaction = engine
            .transact(|tx| {
                tx.put(&keyspace, "innocent", "value")?;
                tx.put(&keyspace, key.clone(), value.clone())
            })
            .unwrap_err();
        assert_eq!(by_batch.to_string(), by_transaction.to_string());
        by_batch
    };
    assert!(matches!(write(vec![], vec![]), Error::KeyEmpty));
    let (key_bytes, value_bytes) = (limits.key_bytes + 1, limits.value_bytes + 1);
    assert!(matches!(write(vec![1; key_bytes], vec![]), Error::KeyTooLarge { bytes, .. } if bytes == key_bytes));
    assert!(matches!(write(vec![1], vec![1; value_bytes]), Error::ValueTooLarge { bytes, .. } if bytes == value_bytes));

    let numbered = |count: usize, value: &Bytes| {
        let mut batch = WriteBatch::new();
        (0..count as u32).for_each(|key| batch.put(&keyspace, key.to_be_bytes().to_vec(), value.clone()));
        batch
    };
    engine.write(numbered(limits.transaction_operations, &Bytes::new())).unwrap();
    let too_large = |batch| matches!(engine.write(batch), Err(Error::TransactionTooLarge { .. }));
    assert!(too_large(numbered(limits.transaction_operations + 1, &Bytes::new())));
    let value = Bytes::from(vec![0; limits.value_bytes]);
    assert!(too_large(numbered(limits.transaction_bytes / limits.value_bytes + 1, &value)));
    assert_eq!(get(&engine, &keyspace, "innocent"), None);
}

const KEYS: [&str; 7] = ["\0", "a", "a\0", "ab", "b", "b\u{7f}", "\u{10ffff}"];

/// A keyspace with [`KEYS`] between two others that are not to be met.
fn with_keys(engine: &Engine) -> Keyspace {
    let before = engine.keyspace("before").unwrap();
    let keyspace = engine.keyspace("test").unwrap();
    let after = engine.keyspace("after").unwrap();
    for other in [&before, &after] {
        put(engine, other, "\0", "other");
        put(engine, other, "\u{10ffff}\u{10ffff}", "other");
    }
    for key in KEYS {
        put(engine, &keyspace, key, "value");
    }
    keyspace
}

pub(super) fn keys_longer_than_any_are_not_there_and_bound_ranges(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("long").unwrap();
    let longest = vec![b'm'; engine.limits().key_bytes];
    let longer = vec![b'm'; 100_000];
    for key in [&b"a"[..], &longest, b"z"] {
        engine.transact(|tx| tx.put(&keyspace, key.to_vec(), "")).unwrap();
    }
    assert_eq!(engine.get(&keyspace, &longer).unwrap(), None);
    let snapshot = engine.snapshot().unwrap();
    assert_eq!(snapshot.get(&keyspace, &longer).unwrap(), None);
    assert_eq!(engine.transact(|tx| tx.get(&keyspace, &longer)).unwrap(), None);
    let keys = |from: Bound<&[u8]>, to: Bound<&[u8]>| {
        let request = RangeRequest::between(from, to);
        let keys = |page: Page| page.entries.into_iter().map(|(key, _)| key[..1].to_vec()).collect::<Vec<_>>().concat();
        let in_transaction = keys(engine.transact(|tx| tx.range(&keyspace, &request)).unwrap());
        assert_eq!(keys(snapshot.range(&keyspace, &request).unwrap()), in_transaction);
        String::from_utf8(in_transaction).unwrap()
    };
    for long in [Bound::Included(&longer[..]), Bound::Excluded(&longer[..])] {
        assert_eq!(keys(long, Bound::Unbounded), "z");
        assert_eq!(keys(Bound::Unbounded, long), "am");
        assert_eq!(keys(long, long), "");
    }
    assert_eq!(snapshot.scan(&keyspace, &RangeRequest::prefix(&longer)).unwrap().count(), 0);
}

pub(super) fn ranges_hold_what_lies_between_their_bounds(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = with_keys(&engine);
    let model: BTreeMap<&[u8], ()> = KEYS.iter().map(|key| (key.as_bytes(), ())).collect();
    let places = ["\0", "\u{1}", "a", "a\0", "aa", "b", "c", "\u{10ffff}", "\u{10ffff}a"];
    let mut bounds = vec![Bound::Unbounded];
    bounds.extend(places.iter().flat_map(|at| [Bound::Included(at.as_bytes()), Bound::Excluded(at.as_bytes())]));
    for from in &bounds {
        for to in &bounds {
            let request = RangeRequest::between(*from, *to);
            let mut expected: Vec<&[u8]> = model.keys().copied().filter(|key| contains(*from, *to, key)).collect();
            for reverse in [false, true] {
                let snapshot = engine.snapshot().unwrap();
                let page = snapshot.range(&keyspace, &request.clone().reverse_if(reverse)).unwrap();
                let found: Vec<&[u8]> = page.entries.iter().map(|(key, _)| key.as_ref()).collect();
                assert_eq!(found, expected, "{from:?} {to:?} reverse {reverse}");
                assert_eq!(page.resume, None);
                expected.reverse();
            }
        }
    }
    let prefixed = |prefix: &[u8]| {
        keys(&engine.snapshot().unwrap().range(&keyspace, &RangeRequest::prefix(prefix)).unwrap().entries)
    };
    assert_eq!(prefixed(b"a"), ["a", "a\0", "ab"]);
    assert_eq!(prefixed(b""), KEYS);
    assert_eq!(prefixed(b"\xff\xff"), [""; 0]);
}

pub(super) fn contains(from: Bound<&[u8]>, to: Bound<&[u8]>, key: &[u8]) -> bool {
    let after_start = match from {
        Bound::Unbounded => true,
        Bound::Included(from) => key >= from,
        Bound::Excluded(from) => key > from,
    };
    let before_end = match to {
        Bound::Unbounded => true,
        Bound::Included(to) => key <= to,
        Bound::Excluded(to) => key < to,
    };
    after_start && before_end
}

pub(super) fn pages_make_up_the_range(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let keyspace = with_keys(&engine);
    let snapshot = engine.snapshot().unwrap();
    for reverse in [false, true] {
        let range = RangeRequest::all().reverse_if(reverse);
        let mut whole = KEYS.to_vec();
        if reverse {
            whole.reverse();
        }
        let limits = (1..=KEYS.len() + 1).map(|entries| range.clone().limit(entries));
        let byte_limits = [0, 1, 6, 12, 1 << 20].map(|bytes| range.clone().limit_bytes(bytes));
        for request in limits.chain(byte_limits) {
            let (mut found, mut next) = (Vec::new(), Some(request.clone()));
            while let Some(request_now) = next.take() {
                let page = snapshot.range(&keyspace, &request_now).unwrap();
                assert!(page.entries.len() <= request.limit && !page.entries.is_empty(), "{request_now:?}");
                found.extend(keys(&page.entries));
                assert!(found.len() <= whole.len(), "{request_now:?} does not go on");
                next = page.resume.map(|resume| request.clone().resume_after(&resume));
            }
            assert_eq!(found, whole, "{request:?}");
        }
    }
    let page = snapshot.range(&keyspace, &RangeRequest::all().limit(KEYS.len())).unwrap();
    assert_eq!(page.resume, None, "a page that holds the last entry is the last page");
    let scanned: Vec<_> =
        snapshot.scan(&keyspace, &RangeRequest::all().limit(1)).unwrap().map(Result::unwrap).collect();
    assert_eq!(keys(&scanned), KEYS);
}

pub(super) fn a_snapshot_is_one_moment_of_all_keyspaces(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let (a, b) = (engine.keyspace("a").unwrap(), engine.keyspace("b").unwrap());
    put(&engine, &a, "k", "old");
    put(&engine, &b, "gone", "old");
    let snapshot = engine.snapshot().unwrap();
    engine
        .transact(|tx| {
            tx.put(&a, "k", "new")?;
            tx.put(&a, "l", "new")?;
            tx.delete(&b, "gone")
        })
        .unwrap();
    let later = engine.snapshot().unwrap();
    let seen = |snapshot: &crate::Snapshot| {
        let of = |keyspace| keys(&snapshot.range(keyspace, &RangeRequest::all()).unwrap().entries);
        (snapshot.get(&a, b"k").unwrap().unwrap(), of(&a), of(&b))
    };
    assert_eq!(seen(&snapshot), (Bytes::from("old"), vec!["k".into()], vec!["gone".into()]));
    assert_eq!(seen(&later), (Bytes::from("new"), vec!["k".into(), "l".into()], vec![]));
    assert_eq!(snapshot.get(&a, b"l").unwrap(), None);
    drop(engine);
    assert_eq!(snapshot.get(&a, b"k").unwrap().unwrap(), "old", "a snapshot outlives the engine's handles");
}

/// Long enough that a backend reads the range in parts and moves what it stores.
pub(super) fn a_snapshot_outlives_the_change_of_everything(subject: &Subject) {
    const COUNT: u32 = 3_000;
    let store = subject.store();
    let engine = store.open();
    let keyspace = engine.keyspace("test").unwrap();
    let key = |number: u32| number.to_be_bytes().to_vec();
    let write_all = |step: usize, value: Option<&'static str>| {
        let mut batch = WriteBatch::new();
        for number in (0..COUNT).step_by(step) {
            match value {
                Some(value) => batch.put(&keyspace, key(number), value),
                None => batch.delete(&keyspace, key(number)),
            }
        }
        engine.write(batch).unwrap();
    };
    write_all(2, Some("old"));
    let snapshot = engine.snapshot().unwrap();
    write_all(1, Some("new"));
    write_all(3, None);
    write_all(4, Some("newest"));
    for reverse in [false, true] {
        let request = RangeRequest::all().reverse_if(reverse);
        let scanned: Vec<_> = snapshot.scan(&keyspace, &request).unwrap().map(Result::unwrap).collect();
        let mut expected: Vec<_> = (0..COUNT).step_by(2).map(|at| (Bytes::from(key(at)), Bytes::from("old"))).collect();
        if reverse {
            expected.reverse();
        }
        assert!(scanned == expected, "reverse {reverse}: {} entries", scanned.len());
    }
    assert_eq!(snapshot.get(&keyspace, &key(1)).unwrap(), None);
    assert_eq!(snapshot.get(&keyspace, &key(6)).unwrap().unwrap(), "old");
    assert_eq!(engine.get(&keyspace, &key(6)).unwrap(), None);
    assert_eq!(engine.get(&keyspace, &key(12)).unwrap().unwrap(), "newest");
}

pub(super) fn a_batch_is_all_or_nothing_and_its_last_change_counts(subject: &Subject) {
    let store = subject.store();
    let engine = store.open();
    let (a, b) = (engine.keyspace("a").unwrap(), engine.keyspace("b").unwrap());
    put(&engine, &b, "gone", "x");
    let mut batch = WriteBatch::new();
    assert!(batch.is_empty());
    batch.put(&a, "k", "1");
    batch.delete(&a, "k");
    batch.put(&a, "k", "3");
    batch.put(&b, "k", "4");
    batch.put(&b, "gone", "5");
    batch.delete(&b, "gone");
    assert_eq!((batch.len(), batch.size_bytes()), (6, 16));
    engine.write(batch).unwrap();
    engine.write(WriteBatch::new()).unwrap();
    assert_eq!(get(&engine, &a, "k").unwrap(), "3");
    assert_eq!(get(&engine, &b, "k").unwrap(), "4");
    assert_eq!(get(&engine, &b, "gone"), None);

    let foreign = Engine::in_memory().keyspace("a").unwrap();
    let mut batch = WriteBatch::new();
    batch.put(&a, "torn", "1");
    batch.put(&foreign, "k", "2");
    assert!(matches!(engine.write(batch), Err(Error::ForeignKeyspace { .. })));
    assert_eq!(get(&engine, &a, "torn"), None);
}
