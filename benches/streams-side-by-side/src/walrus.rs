//! walrus-rust in this process, as its own benchmarks use it: a topic for each producer, for a topic takes one append at a
//! time and refuses a batch while another is under way.

use std::{
    fs,
    path::{Path, PathBuf},
};

use walrus_rust::{FsyncSchedule, ReadConsistency, Walrus};

use crate::{
    Failure,
    record::{BYTES, Record},
    store::{Producer, Promise, Reader, See, Store, Subject},
};

/// How far a reader has come is not written down: the others' readers do not do that either.
const READS: ReadConsistency = ReadConsistency::AtLeastOnce { persist_every: u32::MAX };
/// A whole batch of reads, which ends by its count. One that ends by its bytes in the last block that is full goes on in the block
/// that is being written, and what lies between is never read.
const PAGE_BYTES: usize = 2000 * (BYTES + 64);
/// As many as there may be producers.
const TOPICS: usize = 16;

/// Takes the working directory for its own: that is where walrus puts its files.
pub(crate) fn start(dir: &Path) -> Result<Subject, Failure> {
    if std::env::var_os("WALRUS_QUIET").is_none() {
        return Err("WALRUS_QUIET has to be set, or walrus prints what it does among the tables".into());
    }
    let dir = dir.join("walrus");
    fs::create_dir(&dir)?;
    std::env::set_current_dir(&dir)?;
    // The first instance decides for the process. Were it one that syncs each append, all files would be opened with
    // O_SYNC, each append would be synced twice, and a batch once for each of its records.
    let first = Walrus::with_consistency_and_schedule_for_key("first", READS, FsyncSchedule::NoFsync)?;
    let store = Walrused { log: open(0)?, dir: dir.join("wal_files"), clears: 0, _first: first };
    let settings =
        "0.2.0; `FsyncSchedule::SyncEach` without O_SYNC (see the README); its default file backend, which gives \
        batches to io_uring; a topic for each producer; read by `batch_read_for_topic`, 2,000 records at once (see the README)"
            .to_owned();
    Ok(Subject { name: "walrus", promise: Promise::Synced, settings, store: Box::new(store) })
}

fn open(clears: u32) -> Result<Walrus, Failure> {
    Ok(Walrus::with_consistency_and_schedule_for_key(&key(clears), READS, FsyncSchedule::SyncEach)?)
}

fn key(clears: u32) -> String {
    format!("log-{clears}")
}

fn topic(number: usize) -> String {
    format!("t{number}")
}

struct Walrused {
    log: Walrus,
    dir: PathBuf,
    clears: u32,
    _first: Walrus,
}

impl Store for Walrused {
    fn clear(&mut self) -> Result<(), Failure> {
        let old = self.dir.join(key(self.clears));
        self.clears += 1;
        self.log = open(self.clears)?;
        // walrus keeps its files open until the process ends, so that only a cut gives their space back.
        for entry in fs::read_dir(&old)? {
            fs::OpenOptions::new().write(true).open(entry?.path())?.set_len(0)?;
        }
        Ok(fs::remove_dir_all(old)?)
    }

    fn producer(&self, number: usize) -> Result<Box<dyn Producer + '_>, Failure> {
        Ok(Box::new(Writer { log: &self.log, topic: topic(number) }))
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, Failure> {
        Ok(Box::new(Pages { log: &self.log, topics: (0..TOPICS).map(topic).collect(), at: 0 }))
    }
}

struct Writer<'a> {
    log: &'a Walrus,
    topic: String,
}

impl Producer for Writer<'_> {
    fn append(&mut self, records: &[Record]) -> Result<(), Failure> {
        if let [record] = records {
            return Ok(self.log.append_for_topic(&self.topic, record)?);
        }
        let records: Vec<_> = records.iter().map(Record::as_slice).collect();
        Ok(self.log.batch_append_for_topic(&self.topic, &records)?)
    }
}

/// Topic by topic.
struct Pages<'a> {
    log: &'a Walrus,
    topics: Vec<String>,
    at: usize,
}

impl Reader for Pages<'_> {
    fn page(&mut self, see: &mut See<'_>) -> Result<usize, Failure> {
        while let Some(topic) = self.topics.get(self.at) {
            let entries = self.log.batch_read_for_topic(topic, PAGE_BYTES, true)?;
            if !entries.is_empty() {
                entries.iter().try_for_each(|entry| see(&entry.data))?;
                return Ok(entries.len());
            }
            self.at += 1;
        }
        // More may come: the next page looks at all topics again.
        self.at = 0;
        Ok(0)
    }
}
