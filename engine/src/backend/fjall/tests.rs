use std::{fs, ops::Bound, path::Path};

use bytes::Bytes;

use super::Fjall;
use crate::{
    Error, Result,
    backend::{Backend, BackendSnapshot, Batch, Op},
    directory::UNFINISHED,
    keyspace::KeyspaceId,
};

const LEFT: KeyspaceId = KeyspaceId(0);
const RIGHT: KeyspaceId = KeyspaceId(1);

fn open(path: &Path) -> Result<Fjall> {
    Fjall::open(path, 1 << 20)
}

/// A store with two keyspaces.
fn store(path: &Path) -> Fjall {
    let store = open(path).unwrap();
    store.create_keyspace(LEFT, "left").unwrap();
    store.create_keyspace(RIGHT, "right").unwrap();
    store
}

fn put(keyspace: KeyspaceId, key: &str, value: &str) -> Op {
    Op { keyspace, key: key.to_owned().into(), value: Some(value.to_owned().into()) }
}

fn apply(store: &Fjall, ops: Vec<Op>, sync: bool) {
    store.apply(&Batch { ops }, sync).unwrap();
}

fn keys(view: &dyn BackendSnapshot, from: Bound<&str>, to: Bound<&str>, reverse: bool) -> String {
    let range = view.range(LEFT, from.map(str::as_bytes), to.map(str::as_bytes), reverse);
    let keys: Vec<String> = range.map(|entry| String::from_utf8(entry.unwrap().0.to_vec()).unwrap()).collect();
    keys.concat()
}

#[test]
fn keyspaces_and_their_contents_are_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = store(dir.path());
    apply(&first, vec![put(LEFT, "k", "1"), put(RIGHT, "k", "2")], true);
    apply(&first, vec![put(LEFT, "buffered", "3")], false);
    drop(first);
    let again = open(dir.path()).unwrap();
    assert_eq!(again.keyspaces(), [(LEFT, "left".to_owned()), (RIGHT, "right".to_owned())]);
    assert_eq!(again.get(LEFT, b"k").unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(again.get(RIGHT, b"k").unwrap().as_deref(), Some(&b"2"[..]));
    assert_eq!(again.get(LEFT, b"buffered").unwrap().as_deref(), Some(&b"3"[..]));
    assert_eq!(again.get(RIGHT, b"buffered").unwrap(), None);
}

#[test]
fn ranges_go_both_ways_within_their_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    apply(&store, ["a", "b", "c", "d"].map(|key| put(LEFT, key, "")).to_vec(), true);
    apply(&store, vec![Op { keyspace: LEFT, key: "b".into(), value: None }, put(RIGHT, "bb", "")], true);
    let view = store.snapshot().unwrap();
    let cases = [
        (Bound::Unbounded, Bound::Unbounded, "acd"),
        (Bound::Included("a"), Bound::Excluded("c"), "a"),
        (Bound::Excluded("a"), Bound::Included("c"), "c"),
        (Bound::Included("b"), Bound::Unbounded, "cd"),
        (Bound::Included("x"), Bound::Unbounded, ""),
    ];
    for (from, to, expected) in cases {
        assert_eq!(keys(&*view, from, to, false), expected, "{from:?} {to:?}");
        let reversed: String = expected.chars().rev().collect();
        assert_eq!(keys(&*view, from, to, true), reversed, "{from:?} {to:?}");
    }
}

#[test]
fn a_snapshot_does_not_see_what_is_applied_later() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    apply(&store, vec![put(LEFT, "a", "old")], true);
    let view = store.snapshot().unwrap();
    apply(&store, vec![put(LEFT, "a", "new"), put(LEFT, "b", "new")], true);
    assert_eq!(view.get(LEFT, b"a").unwrap().as_deref(), Some(&b"old"[..]));
    assert_eq!(view.get(LEFT, b"b").unwrap(), None);
    assert_eq!(keys(&*view, Bound::Unbounded, Bound::Unbounded, false), "a");
    assert_eq!(store.get(LEFT, b"a").unwrap().as_deref(), Some(&b"new"[..]));
}

#[test]
fn a_value_of_the_largest_size_survives() {
    let dir = tempfile::tempdir().unwrap();
    let first = store(dir.path());
    let value = Bytes::from(vec![7; first.limits().value_bytes]);
    let key = Bytes::from(vec![b'k'; first.limits().key_bytes]);
    apply(&first, vec![Op { keyspace: LEFT, key: key.clone(), value: Some(value.clone()) }], true);
    drop(first);
    assert_eq!(open(dir.path()).unwrap().get(LEFT, &key).unwrap(), Some(value));
}

#[test]
fn a_group_for_a_keyspace_that_is_not_there_is_refused_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let batch = Batch { ops: vec![put(LEFT, "a", "1"), put(KeyspaceId(9), "a", "1")] };
    assert!(store.apply(&batch, true).is_err());
    assert_eq!(store.get(LEFT, b"a").unwrap(), None);
}

#[test]
fn a_store_that_was_not_made_to_its_end_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    drop(store(dir.path()));
    fs::remove_file(dir.path().join("store/version")).unwrap();
    match open(dir.path()) {
        Err(Error::Corrupt { file, .. }) => assert_eq!(file, dir.path().join("store/version")),
        other => panic!("{:?}", other.err()),
    }
    // The same directory, while it is being made.
    fs::write(dir.path().join(UNFINISHED), "").unwrap();
    let made = store(dir.path());
    apply(&made, vec![put(LEFT, "a", "1")], true);
    drop(made);
    assert!(!dir.path().join(UNFINISHED).exists());
    assert!(open(dir.path()).unwrap().get(LEFT, b"a").unwrap().is_some());
}

#[test]
fn a_store_is_held_by_one_engine_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let held = store(dir.path());
    assert!(matches!(open(dir.path()), Err(Error::Locked { .. })));
    drop(held);
    open(dir.path()).unwrap();
}

#[test]
fn damaged_files_are_errors_that_name_the_store() {
    let pristine = tempfile::tempdir().unwrap();
    drop(store(pristine.path()));
    let mut files = vec!["version".to_owned()];
    for keyspace in 0..=3 {
        let folder = pristine.path().join(format!("store/keyspaces/{keyspace}"));
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        // A number after the "v": the list of tables, of which the last one made counts.
        let lists = names.filter_map(|name| name.strip_prefix('v')?.parse::<u32>().ok());
        files.push(format!("keyspaces/{keyspace}/v{}", lists.max().unwrap()));
        files.push(format!("keyspaces/{keyspace}/current"));
    }
    for name in files {
        for content in [&b""[..], b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"] {
            let dir = tempfile::tempdir().unwrap();
            drop(store(dir.path()));
            let file = dir.path().join("store").join(&name);
            assert!(file.exists(), "{name}");
            fs::write(&file, content).unwrap();
            match open(dir.path()) {
                Err(Error::Corrupt { file, .. }) => assert!(file.starts_with(dir.path()), "{name}: {}", file.display()),
                other => panic!("{name}: {:?}", other.err()),
            }
        }
    }
}

#[test]
fn a_checkpoint_opens_as_the_store_it_was_taken_from() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir.path().join("store"));
    store.create_keyspace(KeyspaceId(2), "empty").unwrap();
    let big = "x".repeat(1 << 20);
    for number in 0..20 {
        apply(&store, vec![put(LEFT, &format!("{number:02}"), &big)], number % 2 == 0);
    }
    apply(&store, vec![put(RIGHT, "gone", "1")], true);
    apply(&store, vec![Op { keyspace: RIGHT, key: "gone".into(), value: None }, put(RIGHT, "kept", "1")], true);

    let target = dir.path().join("a/b/copy");
    store.checkpoint(&target).unwrap();
    apply(&store, vec![put(RIGHT, "later", "1")], true);

    let copy = open(&target).unwrap();
    assert_eq!(copy.keyspaces(), store.keyspaces());
    let view = copy.snapshot().unwrap();
    assert_eq!(view.range(LEFT, Bound::Unbounded, Bound::Unbounded, false).count(), 20);
    assert_eq!(view.get(LEFT, b"07").unwrap().as_deref(), Some(big.as_bytes()));
    assert_eq!(view.get(RIGHT, b"kept").unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(view.get(RIGHT, b"gone").unwrap(), None);
    assert_eq!(view.get(RIGHT, b"later").unwrap(), None);
    let beside = fs::read_dir(target.parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "nothing is left beside the copy");
}

#[test]
fn a_checkpoint_does_not_touch_what_is_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir.path().join("store"));
    let target = dir.path().join("copy");
    fs::create_dir(&target).unwrap();
    store.checkpoint(&target).unwrap();
    assert!(matches!(store.checkpoint(&target), Err(Error::UnknownStore { .. })));
    open(&target).unwrap();

    let other = dir.path().join("other");
    fs::create_dir(dir.path().join("other.unfinished")).unwrap();
    assert!(matches!(store.checkpoint(&other), Err(Error::UnknownStore { .. })));
    assert!(matches!(store.checkpoint(&dir.path().join("..")), Err(Error::UnknownStore { .. })));
}
