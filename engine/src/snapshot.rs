use std::{fmt, sync::Arc};

use bytes::Bytes;

use crate::{
    Engine, Keyspace, Page, RangeRequest, Result, backend::BackendSnapshot, deferred::read_counter, engine::Inner,
    range::take_page,
};

/// Reading, the same in a [`Snapshot`] and in a [`Transaction`](crate::Transaction), so that one look-up serves both.
pub trait Read {
    /// The value of a key.
    ///
    /// # Errors
    /// Those of the backend, and [`Error::ForeignKeyspace`](crate::Error::ForeignKeyspace).
    fn get(&mut self, keyspace: &Keyspace, key: &[u8]) -> Result<Option<Bytes>>;

    /// The values of several keys, in their order.
    ///
    /// # Errors
    /// As [`get`](Read::get).
    fn multi_get<K: AsRef<[u8]>>(&mut self, keyspace: &Keyspace, keys: &[K]) -> Result<Vec<Option<Bytes>>> {
        keys.iter().map(|key| self.get(keyspace, key.as_ref())).collect()
    }

    /// One page of a range.
    ///
    /// # Errors
    /// As [`get`](Read::get).
    fn range(&mut self, keyspace: &Keyspace, request: &RangeRequest) -> Result<Page>;

    /// A counter that is kept by [`Transaction::add`](crate::Transaction::add).
    ///
    /// # Errors
    /// As [`get`](Read::get), and [`Error::NotACounter`](crate::Error::NotACounter).
    fn counter(&mut self, keyspace: &Keyspace, key: &[u8]) -> Result<i64> {
        read_counter(self.get(keyspace, key)?.as_ref())
    }
}

/// A consistent view of the engine at one moment. It holds disk space that later deletions would free, so do not keep
/// one longer than it is used.
pub struct Snapshot {
    pub(crate) engine: Arc<Inner>,
    pub(crate) backend: Box<dyn BackendSnapshot>,
}

impl Snapshot {
    /// The value of a key.
    ///
    /// # Errors
    /// Those of the backend, and [`Error::ForeignKeyspace`](crate::Error::ForeignKeyspace).
    pub fn get(&self, keyspace: &Keyspace, key: &[u8]) -> Result<Option<Bytes>> {
        self.engine.check_keyspace(keyspace)?;
        if key.len() > self.engine.limits().key_bytes {
            return Ok(None);
        }
        self.backend.get(keyspace.id, key)
    }

    /// The values of several keys, in their order.
    ///
    /// # Errors
    /// As [`get`](Snapshot::get).
    pub fn multi_get<K: AsRef<[u8]>>(&self, keyspace: &Keyspace, keys: &[K]) -> Result<Vec<Option<Bytes>>> {
        keys.iter().map(|key| self.get(keyspace, key.as_ref())).collect()
    }

    /// One page of a range.
    ///
    /// # Errors
    /// As [`get`](Snapshot::get).
    pub fn range(&self, keyspace: &Keyspace, request: &RangeRequest) -> Result<Page> {
        self.engine.check_keyspace(keyspace)?;
        let request = request.within(self.engine.limits().key_bytes);
        if request.is_empty() {
            return Ok(Page::default());
        }
        let entries = self.entries(keyspace, &request);
        take_page(entries, request.limit, request.limit_bytes)
    }

    /// All entries of a range, whatever its limits, without holding more than one at a time.
    ///
    /// # Errors
    /// [`Error::ForeignKeyspace`](crate::Error::ForeignKeyspace); the iterator yields those of the backend.
    pub fn scan(&self, keyspace: &Keyspace, request: &RangeRequest) -> Result<Scan<'_>> {
        self.engine.check_keyspace(keyspace)?;
        let request = request.within(self.engine.limits().key_bytes);
        if request.is_empty() {
            return Ok(Scan { entries: Box::new(std::iter::empty()) });
        }
        Ok(Scan { entries: self.entries(keyspace, &request) })
    }

    fn entries(&self, keyspace: &Keyspace, request: &RangeRequest) -> crate::backend::Entries<'_> {
        self.backend.range(
            keyspace.id,
            request.from.as_ref().map(AsRef::as_ref),
            request.to.as_ref().map(AsRef::as_ref),
            request.reverse,
        )
    }
}

impl Read for Snapshot {
    fn get(&mut self, keyspace: &Keyspace, key: &[u8]) -> Result<Option<Bytes>> {
        Snapshot::get(self, keyspace, key)
    }

    fn range(&mut self, keyspace: &Keyspace, request: &RangeRequest) -> Result<Page> {
        Snapshot::range(self, keyspace, request)
    }
}

/// Reads the latest visible values, each for itself: see [`Engine::latest`].
#[derive(Debug)]
pub struct Latest<'a>(pub(crate) &'a Engine);

impl Read for Latest<'_> {
    fn get(&mut self, keyspace: &Keyspace, key: &[u8]) -> Result<Option<Bytes>> {
        self.0.get(keyspace, key)
    }

    fn range(&mut self, keyspace: &Keyspace, request: &RangeRequest) -> Result<Page> {
        self.0.snapshot()?.range(keyspace, request)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}

/// An iterator over a range of a [`Snapshot`].
pub struct Scan<'a> {
    entries: crate::backend::Entries<'a>,
}

impl Iterator for Scan<'_> {
    type Item = Result<(Bytes, Bytes)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.entries.next()
    }
}

impl fmt::Debug for Scan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan").finish_non_exhaustive()
    }
}
