use std::{fs, ops::Bound, path::Path};

use bytes::Bytes;

use super::Sled;
use crate::{
    Error, Result,
    backend::{Backend, Batch, Op},
    directory::UNFINISHED,
    keyspace::KeyspaceId,
};

const ONLY: KeyspaceId = KeyspaceId(0);

fn open(path: &Path) -> Result<Sled> {
    Sled::open(path, 1 << 20)
}

fn store(path: &Path) -> Sled {
    let store = open(path).unwrap();
    store.create_keyspace(ONLY, "only").unwrap();
    store
}

fn op(key: &[u8], value: Option<Bytes>) -> Op {
    Op { keyspace: ONLY, key: Bytes::copy_from_slice(key), value }
}

fn put(store: &Sled, key: &[u8], value: Bytes) {
    store.apply(&Batch { ops: vec![op(key, Some(value))] }, true).unwrap();
}

fn numbered(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

/// sled keeps what is too long for its log in files of their own.
#[test]
fn large_values_survive_and_can_be_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let first = store(dir.path());
    for number in 0..5 {
        put(&first, &numbered(number), vec![number as u8; 2 << 20].into());
    }
    put(&first, &numbered(1), vec![9; 3 << 20].into());
    assert!(fs::read_dir(dir.path().join("store/blobs")).unwrap().count() > 0);
    drop(first);
    let again = open(dir.path()).unwrap();
    assert_eq!(again.get(ONLY, &numbered(1)).unwrap().unwrap().len(), 3 << 20);
    assert_eq!(again.get(ONLY, &numbered(4)).unwrap().unwrap(), vec![4; 2 << 20]);
}

/// Changes of a snapshot's range are kept under many keys that are not in the store, before and after those that are.
#[test]
fn a_snapshots_range_goes_on_through_parts_that_are_all_changed() {
    const COUNT: u32 = 2_000;
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let all = |value: Option<&'static str>| Batch {
        ops: (0..COUNT).map(|number| op(&numbered(number), value.map(Bytes::from))).collect(),
    };
    let empty = store.snapshot().unwrap();
    store.apply(&all(Some("old")), false).unwrap();
    let full = store.snapshot().unwrap();
    store.apply(&all(None), false).unwrap();
    put(&store, &numbered(COUNT), Bytes::from("later"));
    for reverse in [false, true] {
        let count = |view: &dyn crate::backend::BackendSnapshot| {
            view.range(ONLY, Bound::Unbounded, Bound::Unbounded, reverse).map(Result::unwrap).count()
        };
        assert_eq!((count(&*empty), count(&*full)), (0, COUNT as usize));
        assert_eq!(count(&*store.snapshot().unwrap()), 1);
    }
    drop((empty, full));
    assert_eq!(store.store.versions.kept(), 0);
}

#[test]
fn a_store_whose_log_is_gone_or_damaged_is_not_taken_for_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    drop(store(dir.path()));
    let log = dir.path().join("store/db");
    let good = fs::read(&log).unwrap();
    fs::remove_file(&log).unwrap();
    match open(dir.path()) {
        Err(Error::Corrupt { file, .. }) => assert_eq!(file, log),
        other => panic!("{:?}", other.err()),
    }
    // sled notices some damages and reads an older state from others; it must not bring the process down.
    for at in [0, 20, good.len() / 2] {
        let mut bad = good.clone();
        bad.get_mut(at..).unwrap().iter_mut().take(64).for_each(|byte| *byte ^= 0xFF);
        fs::write(&log, bad).unwrap();
        match open(dir.path()) {
            Ok(_) | Err(Error::Corrupt { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_store_that_was_not_made_to_its_end_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    drop(store(dir.path()));
    fs::write(dir.path().join(UNFINISHED), "").unwrap();
    fs::write(dir.path().join("store/db"), "torn").unwrap();
    let made = store(dir.path());
    put(&made, b"k", Bytes::from("v"));
    drop(made);
    assert!(!dir.path().join(UNFINISHED).exists());
    assert!(open(dir.path()).unwrap().get(ONLY, b"k").unwrap().is_some());
}
