use std::path::{Path, PathBuf};

use crate::{BackendKind, Clock, Engine, Error, Result, engine};

/// When a commit is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// When a power cut no longer takes it away.
    #[default]
    Sync,
    /// When it is applied: a crash of the process keeps it, a power cut may take the last moments.
    Buffered,
}

/// How to open an [`Engine`].
///
/// ```
/// use millpond_engine::{BackendKind, Clock, Engine, Timestamp};
///
/// let engine = Engine::options()
///     .backend(BackendKind::Memory)
///     .clock(Clock::manual(Timestamp::from_secs(0)))
///     .open()?;
/// # Ok::<(), millpond_engine::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) path: Option<PathBuf>,
    pub(crate) backend: Option<BackendKind>,
    pub(crate) durability: Durability,
    pub(crate) clock: Clock,
    pub(crate) cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            path: None,
            backend: None,
            durability: Durability::Sync,
            clock: Clock::system(),
            cache_bytes: 64 << 20,
        }
    }
}

impl Options {
    /// The store's directory; it is created if it is not there. Without one the engine lives in memory.
    #[must_use]
    pub fn path(mut self, path: impl AsRef<Path>) -> Self {
        self.path = Some(path.as_ref().to_owned());
        self
    }

    /// What stores the bytes: fjall where there is a path and memory where there is none, unless told otherwise.
    #[must_use]
    pub fn backend(mut self, backend: BackendKind) -> Self {
        self.backend = Some(backend);
        self
    }

    /// When commits are acknowledged, unless a transaction says otherwise.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// The source of time.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many bytes of blocks the backend may cache; 64 MiB unless told otherwise.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Opens the engine.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::NewerFormat`], [`Error::UnknownStore`], [`Error::Corrupt`], [`Error::ReadOnly`],
    /// [`Error::DiskFull`] for what the directory holds, [`Error::Unsupported`] for a backend that this build lacks or
    /// a path that does not go with it.
    pub fn open(self) -> Result<Engine> {
        engine::open(self)
    }

    pub(crate) fn backend_kind(&self) -> Result<BackendKind> {
        match (self.backend, &self.path) {
            (Some(BackendKind::Memory), Some(_)) => {
                Err(Error::Unsupported { what: "a directory", backend: BackendKind::Memory })
            }
            (Some(kind), Some(_)) | (Some(kind @ BackendKind::Memory), None) => Ok(kind),
            (Some(kind), None) => Err(Error::Unsupported { what: "a store without a directory", backend: kind }),
            (None, Some(_)) => Ok(BackendKind::Fjall),
            (None, None) => Ok(BackendKind::Memory),
        }
    }
}
