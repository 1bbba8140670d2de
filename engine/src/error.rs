//! What can go wrong in the engine, and what a caller should do about it.

use std::{io, path::PathBuf};

use crate::BackendKind;

/// The result of an engine call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An engine failure. [`Error::kind`] says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The transaction read something that another one changed before it could commit, each time it was tried.
    #[error("the transaction conflicted with others in each of {attempts} attempts")]
    Conflict {
        /// How often the transaction ran.
        attempts: u32,
    },
    /// The commit may or may not have happened; only an idempotency token of the caller's can tell.
    #[error("it is not known whether the commit happened")]
    CommitUnknown {
        /// What cut the commit off.
        source: io::Error,
    },
    /// A sync or a commit failed earlier; what the disk holds is known only after the store is opened again.
    #[error("the engine stopped after a failed commit and must be opened again: {reason}")]
    Poisoned {
        /// What failed.
        reason: String,
    },
    /// Another engine, of this process or another one, holds the directory.
    #[error("the store at {} is in use by another process; close that one first", path.display())]
    Locked {
        /// The store's directory.
        path: PathBuf,
    },
    /// The store was written by a later version of Millpond.
    #[error("the store at {} has format version {found}, this build reads up to {supported}; use a newer Millpond", path.display())]
    NewerFormat {
        /// The version the store carries.
        found: u32,
        /// The newest version that this build reads.
        supported: u32,
        /// The store's directory.
        path: PathBuf,
    },
    /// The directory holds something that this engine did not write, or another backend's store.
    #[error("{} is not a store that can be opened here: {detail}", path.display())]
    UnknownStore {
        /// The directory.
        path: PathBuf,
        /// What was found in it.
        detail: String,
    },
    /// A file of the store is damaged.
    #[error("the store is damaged in {}: {detail}", file.display())]
    Corrupt {
        /// The damaged file, or the store's directory when the file is not known.
        file: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// There is no space left where the store lives.
    #[error("no space is left on the disk that holds {}", path.display())]
    DiskFull {
        /// The file or directory that could not grow.
        path: PathBuf,
    },
    /// The store's directory cannot be written.
    #[error("{} cannot be written: the directory or its file system is read-only or not permitted", path.display())]
    ReadOnly {
        /// The file or directory.
        path: PathBuf,
    },
    /// Another failure of the operating system.
    #[error("{context}")]
    Io {
        /// What was being done.
        context: String,
        /// The system's error.
        source: io::Error,
    },
    /// Keys are at most [`Limits::key_bytes`](crate::Limits::key_bytes) long.
    #[error("the key has {bytes} bytes, the most is {limit}")]
    KeyTooLarge {
        /// The key's length in bytes.
        bytes: usize,
        /// The longest allowed, in bytes.
        limit: usize,
    },
    /// A key has at least one byte.
    #[error("a key must not be empty")]
    KeyEmpty,
    /// Values are at most [`Limits::value_bytes`](crate::Limits::value_bytes) long.
    #[error("the value has {bytes} bytes, the most is {limit}")]
    ValueTooLarge {
        /// The value's length in bytes.
        bytes: usize,
        /// The longest allowed, in bytes.
        limit: usize,
    },
    /// One transaction or batch writes more than [`Limits`](crate::Limits) allow.
    #[error("the transaction writes more than {limit_bytes} bytes or {limit_operations} keys")]
    TransactionTooLarge {
        /// The most bytes of keys and values.
        limit_bytes: usize,
        /// The most keys.
        limit_operations: usize,
    },
    /// A keyspace name is 1 to 64 characters of `a-z`, `0-9`, `_`, `.` and `-`.
    #[error("{name:?} is not a keyspace name: 1 to 64 characters of a-z 0-9 _ . - are allowed")]
    InvalidKeyspaceName {
        /// The refused name.
        name: String,
    },
    /// What is added to has been set to something that is no counter.
    #[error("a value of {bytes} bytes is no counter and cannot be added to")]
    NotACounter {
        /// The value's length in bytes.
        bytes: usize,
    },
    /// A row can refer only to rows that were appended in the same transaction before it.
    #[error("the row that is referred to was not appended in this transaction")]
    ForeignRow,
    /// The keyspace handle belongs to another engine.
    #[error("the keyspace {name:?} was opened by another engine")]
    ForeignKeyspace {
        /// The keyspace's name.
        name: String,
    },
    /// The backend cannot do this; [`Capabilities`](crate::Capabilities) says so beforehand.
    #[error("the {backend} backend does not support {what}")]
    Unsupported {
        /// The operation.
        what: &'static str,
        /// The backend asked.
        backend: BackendKind,
    },
    /// The engine was closed.
    #[error("the engine is closed")]
    Closed,
    /// The system clock cannot be moved by the program.
    #[error("only a manual clock can be moved")]
    ClockNotManual,
    /// Clocks do not run backwards.
    #[error("the clock stands at {now_millis} ms and cannot go back to {asked_millis} ms")]
    ClockBackwards {
        /// Where the clock stands, in milliseconds since 1970.
        now_millis: u64,
        /// Where it should have gone, in milliseconds since 1970.
        asked_millis: u64,
    },
}

/// What a caller can do about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Try the whole transaction again.
    Retry,
    /// Find out by an idempotency token whether it happened.
    Unknown,
    /// The call is wrong and will stay wrong.
    Caller,
    /// The environment must change first: space, permission, the other process.
    Environment,
    /// The engine must be opened again.
    Reopen,
    /// The store is damaged or not ours.
    Damaged,
}

impl Error {
    /// What to do about this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Conflict { .. } => ErrorKind::Retry,
            Error::CommitUnknown { .. } => ErrorKind::Unknown,
            Error::Poisoned { .. } | Error::Closed => ErrorKind::Reopen,
            Error::Locked { .. } | Error::DiskFull { .. } | Error::ReadOnly { .. } | Error::Io { .. } => {
                ErrorKind::Environment
            }
            Error::NewerFormat { .. } | Error::UnknownStore { .. } | Error::Corrupt { .. } => ErrorKind::Damaged,
            Error::KeyTooLarge { .. }
            | Error::KeyEmpty
            | Error::ValueTooLarge { .. }
            | Error::TransactionTooLarge { .. }
            | Error::InvalidKeyspaceName { .. }
            | Error::ForeignKeyspace { .. }
            | Error::Unsupported { .. }
            | Error::ClockNotManual
            | Error::NotACounter { .. }
            | Error::ForeignRow
            | Error::ClockBackwards { .. } => ErrorKind::Caller,
        }
    }

    /// Whether running the same transaction again may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind() == ErrorKind::Retry
    }
}

impl Error {
    /// The same failure once more, for each member of a group that shared it.
    pub(crate) fn repeat(&self) -> Error {
        match self {
            Error::DiskFull { path } => Error::DiskFull { path: path.clone() },
            Error::ReadOnly { path } => Error::ReadOnly { path: path.clone() },
            Error::Corrupt { file, detail } => Error::Corrupt { file: file.clone(), detail: detail.clone() },
            Error::Closed => Error::Closed,
            Error::Poisoned { reason } => Error::Poisoned { reason: reason.clone() },
            Error::CommitUnknown { source } => Error::CommitUnknown { source: again(source) },
            Error::Io { context, source } => Error::Io { context: context.clone(), source: again(source) },
            other => Error::Poisoned { reason: other.to_string() },
        }
    }
}

fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
