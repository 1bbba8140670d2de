//! Clearing away what streams do not keep any more.

use millpond_engine::{Engine, RangeRequest};

use super::record::StreamRecord;
use super::switch::RETENTION;
use crate::catalog::Catalog;
use crate::{Result, layout};

/// Frees the space of old records, and forgets the streams that were disabled so long ago that they have none.
pub(crate) fn run(engine: &Engine, catalog: &Catalog) -> Result<u64> {
    let now = engine.clock().now();
    for row in engine.snapshot()?.scan(&catalog.tables, &RangeRequest::prefix(layout::STREAM_PREFIX))? {
        let (key, value) = row?;
        let stream = StreamRecord::decode(&value)?;
        if stream.disabled.is_some_and(|at| at.saturating_add(RETENTION) <= now) {
            engine.transact(|tx| {
                tx.delete(&catalog.tables, key.clone())?;
                Ok::<_, crate::Error>(catalog.logs.remove_in(tx, stream.log)?)
            })?;
        }
    }
    Ok(catalog.logs.trim()?)
}
