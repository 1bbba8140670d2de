//! Copying many rows: of one snapshot and in bounded batches, or within one transaction.

use bytes::Bytes;
use millpond_engine::{Engine, Keyspace, RangeRequest, Read, Snapshot, Transaction, WriteBatch};

use crate::Result;

const BATCH_ROWS: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;

/// What rows are read from and written to.
pub(crate) enum Copying<'a> {
    /// Reads one moment and writes a batch at a time, each a commit. Nobody may see the rows before all of them are there.
    Steps {
        /// What is written to.
        engine: &'a Engine,
        /// What is read.
        snapshot: Snapshot,
        /// What is to be written next.
        batch: WriteBatch,
    },
    /// The transaction has to have room for all of them.
    Within(&'a mut Transaction),
}

impl<'a> Copying<'a> {
    pub(crate) fn steps(engine: &'a Engine) -> Result<Self> {
        Ok(Self::steps_from(engine, engine.snapshot()?))
    }

    pub(crate) fn steps_from(engine: &'a Engine, snapshot: Snapshot) -> Self {
        Copying::Steps { engine, snapshot, batch: WriteBatch::new() }
    }

    /// Calls `f` with each row of a range.
    pub(crate) fn each(
        &mut self,
        keyspace: &Keyspace,
        mut range: RangeRequest,
        mut f: impl FnMut(&mut Self, Bytes, Bytes) -> Result<()>,
    ) -> Result<()> {
        loop {
            let page = self.range(keyspace, &range)?;
            for (key, value) in page.entries {
                f(self, key, value)?;
            }
            let Some(last) = page.resume else { return Ok(()) };
            range = range.resume_after(&last);
        }
    }

    pub(crate) fn put(&mut self, keyspace: &Keyspace, key: impl Into<Bytes>, value: impl Into<Bytes>) -> Result<()> {
        match self {
            Copying::Steps { batch, .. } => batch.put(keyspace, key, value),
            Copying::Within(tx) => tx.put(keyspace, key, value)?,
        }
        self.write(false)
    }

    pub(crate) fn delete(&mut self, keyspace: &Keyspace, key: impl Into<Bytes>) -> Result<()> {
        match self {
            Copying::Steps { batch, .. } => batch.delete(keyspace, key),
            Copying::Within(tx) => tx.delete(keyspace, key)?,
        }
        self.write(false)
    }

    /// Writes what is left.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.write(true)
    }

    fn write(&mut self, all: bool) -> Result<()> {
        match self {
            Copying::Steps { engine, batch, .. } => write_batch(engine, batch, all),
            Copying::Within(_) => Ok(()),
        }
    }
}

/// Writes a batch that has become large enough; with `all`, what there is of it.
pub(crate) fn write_batch(engine: &Engine, batch: &mut WriteBatch, all: bool) -> Result<()> {
    let is_full = batch.len() >= BATCH_ROWS || batch.size_bytes() >= BATCH_BYTES;
    if is_full || (all && !batch.is_empty()) {
        engine.write(std::mem::take(batch))?;
    }
    Ok(())
}

impl Read for Copying<'_> {
    fn get(&mut self, keyspace: &Keyspace, key: &[u8]) -> millpond_engine::Result<Option<Bytes>> {
        match self {
            Copying::Steps { snapshot, .. } => snapshot.get(keyspace, key),
            Copying::Within(tx) => tx.get(keyspace, key),
        }
    }

    fn range(&mut self, keyspace: &Keyspace, request: &RangeRequest) -> millpond_engine::Result<millpond_engine::Page> {
        match self {
            Copying::Steps { snapshot, .. } => snapshot.range(keyspace, request),
            Copying::Within(tx) => tx.range(keyspace, request),
        }
    }
}
