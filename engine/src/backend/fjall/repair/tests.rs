use std::{
    fs,
    path::{Path, PathBuf},
};

use super::journals;
use crate::{Durability, Engine, Error, Keyspace, Result, WriteBatch};

const SYNCED: Durability = Durability::Sync;
const BUFFERED: Durability = Durability::Buffered;

/// A store of commits `0..`, each of one key with `bytes` bytes that do not compress, and the offsets they end at.
fn store(commits: &[(Durability, usize)]) -> (tempfile::TempDir, PathBuf, Vec<u64>) {
    let dir = tempfile::tempdir().unwrap();
    let mut ends = Vec::new();
    for (number, (durability, bytes)) in commits.iter().enumerate() {
        // A commit an opening, so that the end of the journal can be seen; opening cuts the journal's zeros off.
        let engine = Engine::options().path(dir.path()).durability(*durability).open().unwrap();
        let keyspace = engine.keyspace("test").unwrap();
        engine.write(commit(&keyspace, number, *bytes)).unwrap();
        drop(engine);
        drop(Engine::open(dir.path()).unwrap());
        ends.push(fs::metadata(dir.path().join("store/0.jnl")).unwrap().len());
    }
    let journal = dir.path().join("store/0.jnl");
    (dir, journal, ends)
}

fn commit(keyspace: &Keyspace, number: usize, bytes: usize) -> WriteBatch {
    let mut state = number as u64 + 1;
    let value: Vec<u8> = (0..bytes)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    let mut batch = WriteBatch::new();
    batch.put(keyspace, vec![b'k', number as u8], value);
    batch
}

fn opens_with(dir: &tempfile::TempDir) -> Result<usize> {
    let engine = Engine::open(dir.path())?;
    let keyspace = engine.keyspace("test")?;
    Ok(engine.snapshot()?.range(&keyspace, &crate::RangeRequest::all())?.entries.len())
}

fn damage(journal: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(journal).unwrap();
    change(&mut bytes);
    fs::write(journal, bytes).unwrap();
}

#[test]
fn a_journal_number_is_read_as_fjall_names_it() {
    let (dir, journal, _) = store(&[(SYNCED, 10)]);
    assert_eq!(journals(&dir.path().join("store")).unwrap(), [(0, journal)]);
}

#[test]
fn the_last_commit_is_cut_off_wherever_it_is_torn() {
    let sizes = [(SYNCED, 100), (SYNCED, 100), (SYNCED, 20_000)];
    let (original, journal, ends) = store(&sizes);
    let whole = fs::read(&journal).unwrap();
    drop(original);
    let (start, end) = (ends[1] as usize, ends[2] as usize);
    let places = [start, start + 1, start + 13, start + 20, start + 4096, end - 13, end - 5, end - 1];
    for place in places {
        for shape in 0..4 {
            let (dir, journal, _) = store(&sizes);
            damage(&journal, |bytes| {
                assert_eq!(bytes.len(), whole.len());
                match shape {
                    0 => bytes.truncate(place),
                    1 => bytes[place] ^= 0x55,
                    2 => bytes[place..(place + 4096).min(end)].fill(0),
                    _ => {
                        bytes[place..].fill(0);
                        bytes.resize(1 << 20, 0);
                    }
                }
            });
            assert_eq!(opens_with(&dir).unwrap(), 2, "shape {shape} at {place} of {start}..{end}");
            assert_eq!(opens_with(&dir).unwrap(), 2, "once more");
        }
    }
}

#[test]
fn damage_before_an_acknowledged_commit_is_refused_and_named() {
    let (dir, journal, ends) = store(&[(SYNCED, 100), (SYNCED, 5_000), (SYNCED, 100)]);
    for place in [ends[0], ends[0] + 20, ends[0] + 3_000, ends[1] - 6] {
        damage(&journal, |bytes| bytes[place as usize] ^= 0xFF);
        match opens_with(&dir) {
            Err(Error::Corrupt { file, .. }) => assert_eq!(file, journal),
            other => panic!("{place}: {other:?}"),
        }
        damage(&journal, |bytes| bytes[place as usize] ^= 0xFF);
    }
    assert_eq!(opens_with(&dir).unwrap(), 3, "refusing it changed nothing");
}

#[test]
fn a_torn_buffered_commit_takes_only_its_unsynced_followers_along() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::options().path(dir.path()).durability(BUFFERED).open().unwrap();
    let keyspace = engine.keyspace("test").unwrap();
    engine.write(commit(&keyspace, 0, 100)).unwrap();
    engine.sync().unwrap();
    let journal = dir.path().join("store/0.jnl");
    let synced = fs::read(&journal).unwrap();
    let synced = synced.len() - synced.iter().rev().take_while(|byte| **byte == 0).count();
    for number in 1..5 {
        engine.write(commit(&keyspace, number, 100)).unwrap();
    }
    drop(engine);
    damage(&journal, |bytes| bytes[synced + 40] ^= 0xFF);
    assert_eq!(opens_with(&dir).unwrap(), 1);
}

#[test]
fn damage_before_a_commit_that_followed_a_sync_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::options().path(dir.path()).durability(BUFFERED).open().unwrap();
    let keyspace = engine.keyspace("test").unwrap();
    let journal = dir.path().join("store/0.jnl");
    let written = || {
        let bytes = fs::read(&journal).unwrap();
        bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count()
    };
    engine.write(commit(&keyspace, 0, 100)).unwrap();
    let first = written();
    engine.write(commit(&keyspace, 1, 100)).unwrap();
    engine.sync().unwrap();
    engine.write(commit(&keyspace, 2, 100)).unwrap();
    drop(engine);
    damage(&journal, |bytes| bytes[first + 40] ^= 0xFF);
    assert!(matches!(opens_with(&dir), Err(Error::Corrupt { .. })));
}

/// Pages of the unsynced end that did not reach the disk read as zeros, or are not part of the file.
#[test]
fn whichever_pages_of_the_last_commit_are_lost_the_store_opens() {
    let (dir, journal, ends) = store(&[(SYNCED, 100), (SYNCED, 9_000), (SYNCED, 70_000)]);
    let whole = fs::read(&journal).unwrap();
    let start = ends[1] as usize;
    let mut state = 11_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 33
    };
    for round in 0..60 {
        let mut bytes = whole.clone();
        let mut at = start;
        while at < bytes.len() {
            let end = (at / 4096 * 4096 + 4096).min(bytes.len());
            if next() % 3 == 0 {
                bytes[at..end].fill(0);
            }
            at = end;
        }
        match next() % 3 {
            0 => bytes.truncate(start + next() as usize % (whole.len() - start)),
            1 => bytes.resize(1 << 20, 0),
            _ => {}
        }
        let expected = if bytes.get(..whole.len()) == Some(&whole) { 3 } else { 2 };
        fs::write(&journal, &bytes).unwrap();
        assert_eq!(opens_with(&dir).unwrap(), expected, "round {round}");
    }
}

#[test]
fn a_wrong_length_in_the_last_commit_does_not_hide_or_invent_one() {
    let (dir, journal, ends) = store(&[(SYNCED, 100), (SYNCED, 100), (SYNCED, 5_000)]);
    let whole = fs::read(&journal).unwrap();
    // Of the start marker 1 + 4 + 8 bytes, then the item's tag, type, compression and keyspace: 1 + 1 + 1 + 8.
    let (items, key_bytes, value_bytes, stored_bytes) = (1, 24, 26, 30);
    for (field, width) in [(items, 4), (key_bytes, 2), (value_bytes, 4), (stored_bytes, 4)] {
        for byte in [0x00, 0x01, 0x7F, 0xFF] {
            for (commit, expected) in [(2, Some(2)), (1, None)] {
                let mut bytes = whole.clone();
                let at = ends[commit - 1] as usize + field;
                bytes[at..at + width].fill(byte);
                fs::write(&journal, &bytes).unwrap();
                assert_eq!(opens_with(&dir).ok(), expected, "{byte:#x} in the field at {field} of commit {commit}");
            }
        }
    }
}

#[test]
fn a_journal_kept_as_a_value_is_not_taken_for_later_commits() {
    let (_other, other, _) = store(&[(SYNCED, 100), (SYNCED, 100), (SYNCED, 100), (SYNCED, 100)]);
    let inner = fs::read(other).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).unwrap();
    let keyspace = engine.keyspace("test").unwrap();
    let mut batch = commit(&keyspace, 0, 3_000);
    // Too short to be compressed, so it stands in the journal as it is.
    assert!(inner.len() < 4_000);
    batch.put(&keyspace, "journal", inner);
    engine.write(batch).unwrap();
    drop(engine);
    let journal = dir.path().join("store/0.jnl");
    damage(&journal, |bytes| bytes[200] ^= 0xFF);
    assert_eq!(opens_with(&dir).unwrap(), 0);
}

#[test]
fn damage_in_a_sealed_journal_is_refused_and_named() {
    let (dir, journal, ends) = store(&[(SYNCED, 100), (SYNCED, 5_000)]);
    fs::write(dir.path().join("store/1.jnl"), vec![0; 1 << 16]).unwrap();
    damage(&journal, |bytes| bytes[ends[0] as usize + 1_000] ^= 0xFF);
    match opens_with(&dir) {
        Err(Error::Corrupt { file, .. }) => assert_eq!(file, journal),
        other => panic!("{other:?}"),
    }
    damage(&journal, |bytes| bytes[ends[0] as usize + 1_000] ^= 0xFF);
    assert_eq!(opens_with(&dir).unwrap(), 2, "a journal that was just begun is empty");
}

#[test]
fn random_bytes_are_never_taken_for_a_batch() {
    let (dir, journal, _) = store(&[(SYNCED, 100)]);
    damage(&journal, |bytes| {
        let mut state = 7_u64;
        bytes.extend((0..200_000).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 60) as u8
        }));
    });
    assert_eq!(opens_with(&dir).unwrap(), 1);
}
