//! What a store's directory holds besides the backend's own files: a lock, and the version and kind of the store.
//!
//! The format file is written before the backend makes anything, so a directory is either empty, or says what it is.
//!
//! Making a store is not atomic in any backend. The file [`UNFINISHED`] stands beside it meanwhile: if it is still there when
//! the store is opened, a crash cut its making short, nobody was given it yet, and it is made anew.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use crate::{BackendKind, Error, Result};

/// The layout of stores that this build writes, and the newest that it reads.
const FORMAT_VERSION: u32 = 1;
const FORMAT_FILE: &str = "FORMAT";
const FORMAT_TEMPORARY: &str = "FORMAT.new";
/// Longer than any format file; a longer one is not ours.
const FORMAT_BYTES: u64 = 4096;
const LOCK_FILE: &str = "LOCK";
/// The backend's own files.
const STORE: &str = "store";
/// Stands in the directory while the backend's files are being made.
pub(crate) const UNFINISHED: &str = "UNFINISHED";

/// A store's directory, held for this engine alone until it is dropped.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    /// Opens or makes the directory for a store of that kind, and locks it. What is not ours is refused before anything
    /// is written to it.
    pub(crate) fn open(path: &Path, kind: BackendKind) -> Result<Directory> {
        create_directory(path).map_err(|error| io_error("create the store's directory", path, error))?;
        let (lock_path, format_path) = (path.join(LOCK_FILE), path.join(FORMAT_FILE));
        let is_store = format_path.try_exists().map_err(|error| io_error("find the store's format", path, error))?;
        if !is_store {
            refuse_strangers(path)?;
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|error| io_error("open the lock file", &lock_path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(io_error("lock the store", &lock_path, error)),
        }
        let directory = Directory { path: path.to_owned(), _lock: lock };
        match read_format(&format_path) {
            Ok(format) => directory.check(&format, kind)?,
            Err(error) if error.kind() == ErrorKind::NotFound => directory.create(kind)?,
            Err(error) => return Err(io_error("read the store's format", &format_path, error)),
        }
        Ok(directory)
    }

    /// Where the backend keeps its files.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join(STORE)
    }

    /// Removes what a crash left of a store that was being made. Says whether there is none now, and marks its making
    /// until [`finish`](Directory::finish).
    pub(crate) fn prepare(&self) -> Result<bool> {
        let (store, unfinished) = (self.store(), self.path.join(UNFINISHED));
        let prepare = || -> io::Result<bool> {
            if unfinished.try_exists()? {
                match fs::remove_dir_all(&store) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            } else if store.try_exists()? {
                return Ok(false);
            }
            File::create(&unfinished)?.sync_all()?;
            sync_directory(&self.path)?;
            Ok(true)
        };
        prepare().map_err(|error| io_error("prepare the store's directory", &self.path, error))
    }

    /// Says that a new store, whose files are durable, is whole.
    pub(crate) fn finish(&self) -> Result<()> {
        let finish = || {
            sync_directory(&self.path)?;
            fs::remove_file(self.path.join(UNFINISHED))?;
            sync_directory(&self.path)
        };
        finish().map_err(|error| io_error("make the store", &self.path, error))
    }

    fn create(&self, kind: BackendKind) -> Result<()> {
        let path = &self.path;
        refuse_strangers(path)?;
        let (temporary, format) = (path.join(FORMAT_TEMPORARY), path.join(FORMAT_FILE));
        let write = || -> io::Result<()> {
            let mut file = File::create(&temporary)?;
            file.write_all(format!("millpond {FORMAT_VERSION}\nbackend {kind}\n").as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, &format)?;
            sync_directory(path)
        };
        write().map_err(|error| io_error("write the store's format", &format, error))
    }

    fn check(&self, format: &[u8], kind: BackendKind) -> Result<()> {
        let unknown = |detail: String| Error::UnknownStore { path: self.path.clone(), detail };
        let text = std::str::from_utf8(format).unwrap_or_default();
        let mut lines = text.lines();
        let version = lines.next().and_then(|line| line.strip_prefix("millpond ")).and_then(|v| v.parse::<u32>().ok());
        let Some(found) = version.filter(|version| *version > 0) else {
            return Err(unknown(format!("its {FORMAT_FILE} file does not name a version")));
        };
        if found > FORMAT_VERSION {
            return Err(Error::NewerFormat { found, supported: FORMAT_VERSION, path: self.path.clone() });
        }
        match lines.next().and_then(|line| line.strip_prefix("backend ")) {
            Some(name) if name == kind.to_string() => Ok(()),
            Some(name) => Err(unknown(format!("it was made by the {name} backend and was opened with {kind}"))),
            None => Err(unknown(format!("its {FORMAT_FILE} file does not name a backend"))),
        }
    }
}

/// Refuses a directory that has no format file and holds anything but what a crash leaves of one being made.
fn refuse_strangers(path: &Path) -> Result<()> {
    let wrong = |error| io_error("list the directory", path, error);
    for entry in fs::read_dir(path).map_err(wrong)? {
        let name = entry.map_err(wrong)?.file_name();
        if name != LOCK_FILE && name != FORMAT_TEMPORARY {
            let detail = format!("it holds {} but no store; choose an empty directory", name.to_string_lossy());
            return Err(Error::UnknownStore { path: path.to_owned(), detail });
        }
    }
    Ok(())
}

fn read_format(path: &Path) -> io::Result<Vec<u8>> {
    let mut format = Vec::new();
    File::open(path)?.take(FORMAT_BYTES).read_to_end(&mut format)?;
    Ok(format)
}

/// Makes a directory and those above it that are missing, durably. One that is there is left as it is.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    let mut missing = Vec::new();
    for ancestor in path.ancestors().filter(|ancestor| !ancestor.as_os_str().is_empty()) {
        if ancestor.try_exists()? {
            break;
        }
        missing.push(ancestor);
    }
    fs::create_dir_all(path)?;
    missing.iter().filter_map(|made| made.parent()).try_for_each(sync_directory)
}

/// Makes the creation, renaming and removal of files in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    // Elsewhere directories cannot be opened as files, and their changes need no sync of their own.
    if cfg!(unix) {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

/// Names what the system's error means for a store.
pub(crate) fn io_error(doing: &str, path: &Path, source: io::Error) -> Error {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::DiskFull { path: path.to_owned() },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Error::ReadOnly { path: path.to_owned() },
        _ => Error::Io { context: format!("could not {doing} ({})", path.display()), source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_once_and_reopens_with_its_backend_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new").join("store");
        let held = Directory::open(&path, BackendKind::Fjall).unwrap();
        assert!(matches!(Directory::open(&path, BackendKind::Fjall), Err(Error::Locked { .. })));
        drop(held);
        assert!(matches!(Directory::open(&path, BackendKind::Sled), Err(Error::UnknownStore { .. })));
        Directory::open(&path, BackendKind::Fjall).unwrap();
    }

    #[test]
    fn a_newer_format_is_refused_with_both_versions() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FORMAT_FILE), "millpond 7\nbackend fjall\n").unwrap();
        let error = Directory::open(dir.path(), BackendKind::Fjall).unwrap_err();
        assert!(matches!(error, Error::NewerFormat { found: 7, supported: 1, .. }), "{error}");
    }

    #[test]
    fn a_directory_of_something_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "years of work").unwrap();
        assert!(matches!(Directory::open(dir.path(), BackendKind::Fjall), Err(Error::UnknownStore { .. })));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was added to it");
        for format in [
            "",
            "millpond",
            "millpond x\n",
            "millpond 0\nbackend fjall\n",
            "\u{0}\u{1}",
            "millpond 1\n",
            "millpond 1\nbackend\n",
        ] {
            fs::write(dir.path().join(FORMAT_FILE), format).unwrap();
            let error = Directory::open(dir.path(), BackendKind::Fjall).unwrap_err();
            assert!(matches!(error, Error::UnknownStore { .. }), "{format:?}: {error}");
        }
    }

    #[test]
    fn a_crash_while_a_store_is_made_leaves_a_directory_that_opens() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(LOCK_FILE), "").unwrap();
        fs::write(dir.path().join(FORMAT_TEMPORARY), "mill").unwrap();
        Directory::open(dir.path(), BackendKind::Fjall).unwrap();
    }

    #[test]
    fn a_file_in_the_directorys_place_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "").unwrap();
        for path in [path.clone(), path.join("below")] {
            let error = Directory::open(&path, BackendKind::Fjall).unwrap_err().to_string();
            assert!(error.contains("file"), "{error}");
        }
    }

    #[test]
    fn the_systems_refusals_have_names() {
        let path = Path::new("x");
        let of = |kind: ErrorKind| io_error("write", path, io::Error::from(kind));
        assert!(matches!(of(ErrorKind::StorageFull), Error::DiskFull { .. }));
        assert!(matches!(of(ErrorKind::ReadOnlyFilesystem), Error::ReadOnly { .. }));
        assert!(matches!(of(ErrorKind::PermissionDenied), Error::ReadOnly { .. }));
        assert!(matches!(of(ErrorKind::Interrupted), Error::Io { .. }));
    }
}
