//! Removing many rows, a bounded batch at a time.
//!
//! What is to go is found by one scan of one snapshot, so that a batch does not walk again over what the batches before it
//! removed.

use bytes::Bytes;
use millpond_engine::{Engine, Keyspace, RangeRequest, Scan, WriteBatch};

use crate::Result;

const BATCH_ROWS: usize = 1000;

/// The next keys of a scan, as many as go into one write; none at its end.
pub(crate) fn next_keys(rows: &mut Scan<'_>, most: usize) -> Result<Vec<Bytes>> {
    rows.take(most).map(|row| Ok(row?.0)).collect()
}

/// Removes all keys that begin so.
pub(crate) fn clear(engine: &Engine, keyspace: &Keyspace, prefix: &[u8]) -> Result<()> {
    let snapshot = engine.snapshot()?;
    let mut rows = snapshot.scan(keyspace, &RangeRequest::prefix(prefix))?;
    loop {
        let mut batch = WriteBatch::new();
        for key in next_keys(&mut rows, BATCH_ROWS)? {
            batch.delete(keyspace, key);
        }
        if batch.is_empty() {
            return Ok(());
        }
        engine.write(batch)?;
    }
}
