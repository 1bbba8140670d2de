//! Capped collections: the oldest documents make room for new ones.
//!
//! Source: <https://www.mongodb.com/docs/manual/core/capped-collections/>.

use std::sync::Arc;

use millpond_engine::{RangeRequest, Transaction};

use crate::{
    catalog::Collection,
    context::Context,
    error::Result,
    store::{Store, record_of},
    value::Doc,
};

/// How many documents make room for one: more of them, where a bound has been lowered, go with the next ones, since a transaction
/// has its limits.
const MOST: usize = 100;

/// Deletes the oldest documents until the collection is within its bounds, and wakes who waits for new ones.
pub(crate) fn trim(
    store: &Arc<Store>,
    tx: &mut Transaction,
    collection: &Arc<Collection>,
    context: &Context,
) -> Result<()> {
    let Some(capped) = collection.capped else { return Ok(()) };
    for _ in 0..MOST {
        let (documents, bytes) = store.counts(tx, collection.id)?;
        let over = bytes > capped.size_bytes || (capped.max_documents > 0 && documents > capped.max_documents);
        if !over || documents <= 1 {
            break;
        }
        let oldest = RangeRequest::prefix(&collection.id.to_be_bytes()).limit(1);
        let page = tx.range(&store.documents, &oldest)?;
        let Some((key, value)) = page.entries.into_iter().next() else { break };
        store.delete_record(tx, collection, &record_of(&key), &Doc::from_bytes(value), context)?;
    }
    let arrivals = store.arrivals(collection.id);
    tx.on_commit(move || arrivals.wake(usize::MAX));
    Ok(())
}
