//! sled's own files, and the syncs that sled leaves out.
//!
//! `db` is the log of everything, `conf` fixes its parameters, `snap.*` shortens recovery, and `blobs/` has a file for
//! each message that is too long for the log. sled syncs neither the blobs nor any directory, and the log only with
//! `sync_file_range`.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use parking_lot::Mutex;

use crate::{
    Error, Result,
    directory::{io_error, sync_directory},
};

const LOG: &str = "db";
const BLOBS: &str = "blobs";

pub(super) struct Files {
    /// Open for as long as the store is: the system tells a failed write-back only to files that were open then.
    log: File,
    blobs: PathBuf,
    /// A blob is written once; these need no further sync.
    synced_blobs: Mutex<HashSet<OsString>>,
}

/// Refuses a store whose log is gone, which sled would quietly start anew.
pub(super) fn check(store: &Path) -> Result<()> {
    let log = store.join(LOG);
    match log.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::Corrupt { file: log, detail: "it is missing".to_owned() }),
        Err(error) => Err(io_error("open the store", &log, error)),
    }
}

impl Files {
    /// Makes durable whatever is in a store that sled has just made or recovered.
    pub(super) fn open(store: &Path) -> Result<Files> {
        let open = || -> io::Result<Files> {
            for entry in fs::read_dir(store)? {
                let path = entry?.path();
                if path.is_file() {
                    File::open(path)?.sync_all()?;
                }
            }
            let log = File::open(store.join(LOG))?;
            let files = Files { log, blobs: store.join(BLOBS), synced_blobs: Mutex::default() };
            files.sync_files()?;
            sync_directory(store)?;
            Ok(files)
        };
        open().map_err(|error| io_error("sync the store", store, error))
    }

    /// Makes durable what sled has flushed.
    pub(super) fn sync(&self) -> Result<()> {
        self.sync_files().map_err(|error| io_error("sync the store", &self.blobs, error))
    }

    fn sync_files(&self) -> io::Result<()> {
        // Blobs before the log that refers to them.
        self.sync_blobs()?;
        self.log.sync_data()
    }

    fn sync_blobs(&self) -> io::Result<()> {
        let mut synced = self.synced_blobs.lock();
        let mut present = HashSet::new();
        let mut changed = false;
        for entry in fs::read_dir(&self.blobs)? {
            let entry = entry?;
            let name = entry.file_name();
            if !synced.contains(&name) {
                match File::open(entry.path()) {
                    Ok(blob) => blob.sync_all()?,
                    // sled collects blobs that nothing refers to any more.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
                changed = true;
            }
            present.insert(name);
        }
        *synced = present;
        if changed { sync_directory(&self.blobs) } else { Ok(()) }
    }
}
