//! What has to be done from time to time: documents whose time has come, what drops left behind, sessions that are over.

use std::sync::Arc;

use bson::{RawBsonRef, RawDocument};
use millpond_engine::{RangeRequest, Timestamp};

use crate::{
    catalog::{Collection, Garbage},
    context::Context,
    error::Result,
    index::{FieldKind, RecordId, Stored, entry_key},
    model::Namespace,
    ops::{Runner, batches::in_batches, retry},
    plan::interval::component,
    store::{Store, count_key, document_key, record_of},
    value::{Kind, field},
};

/// How many rows are deleted in one transaction, and how many batches of them in one call.
const BATCH: usize = 500;
const MOST_BATCHES: usize = 200;

/// Does what is due. Says how many documents and rows were deleted.
pub(crate) fn maintain(store: &Arc<Store>) -> Result<u64> {
    let now = store.engine.clock().now();
    // What one of them cannot do must not keep the others from their work.
    let (expired, collected, swept) = (expire(store, now), collect(store), retry::sweep(store, now));
    Ok(expired? + collected? + swept?)
}

/// Deletes documents by their TTL indexes, and those of clustered collections that expire.
///
/// Source: <https://www.mongodb.com/docs/manual/core/index-ttl/>.
fn expire(store: &Arc<Store>, now: Timestamp) -> Result<u64> {
    let (mut deleted, mut failed) = (0, Ok(()));
    for namespace in store.names(&mut store.engine.latest())? {
        let Some(collection) = store.collection(&mut store.engine.latest(), &namespace)? else { continue };
        let by_index = collection.indexes.iter().any(|index| index.expire_after_seconds.is_some());
        if !by_index && collection.expire_after_seconds.is_none() {
            continue;
        }
        for _ in 0..MOST_BATCHES {
            match expire_batch(store, &namespace, &collection, now) {
                Ok(0) => break,
                Ok(batch) => deleted += batch,
                Err(error) => {
                    failed = Err(error);
                    break;
                }
            }
        }
    }
    failed.map(|()| deleted)
}

fn expire_batch(store: &Arc<Store>, namespace: &Namespace, collection: &Collection, now: Timestamp) -> Result<u64> {
    let snapshot = store.engine.snapshot()?;
    let context = Context::new(now);
    let mut due: Vec<RecordId> = Vec::new();
    for index in collection.indexes.iter().filter(|index| !index.row.building) {
        let (Some(seconds), Some(ttl)) = (index.expire_after_seconds, index.fields.first()) else { continue };
        // Dates up to the one that has just become old enough; an array counts by its earliest.
        let before = component(RawBsonRef::DateTime(before(now, seconds)), None);
        let (low, high) = match ttl.kind {
            FieldKind::Ascending => (vec![Kind::Date as u8], past(before)),
            FieldKind::Descending => (inverted(before), past(inverted(vec![Kind::Date as u8]))),
            _ => continue,
        };
        let request = RangeRequest::between(
            std::ops::Bound::Included(&entry_key(index.id, &low, None)),
            std::ops::Bound::Excluded(&entry_key(index.id, &high, None)),
        );
        let page = snapshot.range(&store.entries, &request.limit(BATCH))?;
        due.extend(page.entries.iter().filter_map(|(_, value)| Some(Stored::decode(value)?.record)));
    }
    if let Some(seconds) = collection.expire_after_seconds.filter(|_| collection.clustered) {
        let low = RecordId(vec![Kind::Date as u8].into());
        let high = RecordId(past(component(RawBsonRef::DateTime(before(now, seconds)), None)).into());
        let request = RangeRequest::between(
            std::ops::Bound::Included(&document_key(collection.id, &low)),
            std::ops::Bound::Excluded(&document_key(collection.id, &high)),
        );
        let page = snapshot.range(&store.documents, &request.limit(BATCH))?;
        due.extend(page.entries.iter().map(|(key, _)| record_of(key)));
    }
    due.sort_unstable();
    due.dedup();
    if due.is_empty() {
        return Ok(0);
    }
    let mut deleted = 0;
    in_batches(
        &mut Runner::Own(&store.engine),
        &due,
        |batch: u64| deleted += batch,
        |tx, record, batch| {
            let Some(current) = store.collection(tx, namespace)? else { return Ok(0) };
            // It may have been given a later date since.
            let Some(document) = store.document(tx, current.id, record)? else { return Ok(0) };
            if is_due(&current, &document, now) {
                store.delete_record(tx, &current, record, &document, &context)?;
                *batch += 1;
            }
            Ok(document.as_bytes().len())
        },
    )?;
    Ok(deleted)
}

fn before(now: Timestamp, seconds: i64) -> bson::DateTime {
    let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    bson::DateTime::from_millis(now.saturating_sub(seconds.saturating_mul(1000)))
}

fn past(component: Vec<u8>) -> Vec<u8> {
    millpond_engine::key::prefix_end(&component).unwrap_or(component)
}

fn inverted(mut component: Vec<u8>) -> Vec<u8> {
    crate::index::encode::invert(&mut component);
    component
}

fn is_due(collection: &Collection, document: &RawDocument, now: Timestamp) -> bool {
    let old = |value: RawBsonRef<'_>, seconds: i64| matches!(value, RawBsonRef::DateTime(date) if date.timestamp_millis() <= before(now, seconds).timestamp_millis());
    let by_index = collection.indexes.iter().any(|index| {
        let (Some(seconds), Some(ttl)) = (index.expire_after_seconds, index.fields.first()) else { return false };
        let context = Context::new(now);
        let indexed = index.partial.as_ref().is_none_or(|partial| partial.matches(document, &context).unwrap_or(false));
        let dates = crate::index::expand(document, &[&ttl.path]);
        indexed && dates.is_ok_and(|found| found.tuples.iter().flatten().flatten().any(|value| old(*value, seconds)))
    });
    let by_cluster = collection.expire_after_seconds.filter(|_| collection.clustered);
    by_index || by_cluster.is_some_and(|seconds| field(document, "_id").is_some_and(|id| old(id, seconds)))
}

/// Deletes what drops left behind.
fn collect(store: &Arc<Store>) -> Result<u64> {
    let mut deleted = 0;
    for _ in 0..MOST_BATCHES {
        let Some((id, what)) = store.garbage(&mut store.engine.latest())? else { break };
        let keyspace = match what {
            Garbage::Documents => &store.documents,
            Garbage::Entries => &store.entries,
        };
        let page = store.engine.snapshot()?.range(keyspace, &RangeRequest::prefix(&id.to_be_bytes()).limit(BATCH))?;
        deleted += page.entries.len() as u64;
        store.engine.transact(|tx| -> Result<()> {
            for (key, _) in &page.entries {
                tx.delete(keyspace, key.clone())?;
            }
            if page.resume.is_none() {
                store.delete_garbage(tx, id)?;
                if what == Garbage::Documents {
                    tx.delete(&store.counts, count_key(id, b'n'))?;
                    tx.delete(&store.counts, count_key(id, b'b'))?;
                }
            }
            Ok(())
        })?;
    }
    Ok(deleted)
}
