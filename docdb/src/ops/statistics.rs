//! `collStats`, `dbStats`, and the stages that say the same.

use std::sync::Arc;

use bson::{RawBsonRef, RawDocument, RawDocumentBuf, rawdoc};
use millpond_engine::{RangeRequest, Read};

use crate::{
    aggregation::Statistics,
    error::Result,
    execution::Reader,
    model::{CollectionStatistics, DatabaseStatistics, Namespace, check_database},
    ops::refuse_view,
    store::Store,
    value::{DocumentBuilder, as_whole_i64, field},
};

/// Counts and sizes of a collection; zeros for one that does not exist.
pub(crate) fn collection(
    store: &Arc<Store>,
    reader: &mut impl Read,
    namespace: &Namespace,
) -> Result<CollectionStatistics> {
    let Some(collection) = store.collection(reader, namespace)? else { return Ok(CollectionStatistics::default()) };
    refuse_view(&collection, "it has no statistics of its own")?;
    let (documents, size_bytes) = store.counts(reader, collection.id)?;
    let mut indexes = Vec::new();
    for index in &collection.indexes {
        indexes.push((index.name.to_string(), index_bytes(store, reader, index.id, documents)?));
    }
    Ok(CollectionStatistics { documents, size_bytes, capped: collection.capped, indexes })
}

/// The bytes of an index's entries: those of its first page, and as much for each of the others.
fn index_bytes(store: &Arc<Store>, reader: &mut impl Read, index: u64, documents: u64) -> Result<u64> {
    const SAMPLE: usize = 64;
    let page = reader.range(&store.entries, &RangeRequest::prefix(&index.to_be_bytes()).limit(SAMPLE))?;
    let bytes: u64 = page.entries.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum();
    let seen = page.entries.len() as u64;
    Ok(if page.resume.is_none() || seen == 0 { bytes } else { bytes * documents.max(seen) / seen })
}

/// Counts and sizes of a database.
pub(crate) fn database(store: &Arc<Store>, reader: &mut impl Read, database: &str) -> Result<DatabaseStatistics> {
    check_database(database)?;
    let mut all = DatabaseStatistics::default();
    for (namespace, row) in store.collections(reader, Some(database))? {
        if field(&row.options, "viewOn").is_some() {
            all.views += 1;
            continue;
        }
        let statistics = collection(store, reader, &namespace)?;
        all.collections += 1;
        all.documents += statistics.documents;
        all.size_bytes += statistics.size_bytes;
        all.indexes += statistics.indexes.len() as u64;
        all.index_size_bytes += statistics.indexes.iter().map(|(_, bytes)| bytes).sum::<u64>();
    }
    Ok(all)
}

/// The documents of `$collStats` and `$indexStats`.
pub(crate) fn stage(
    store: &Arc<Store>,
    reader: &mut Reader<'_>,
    namespace: &Namespace,
    of: &Statistics,
) -> Result<Vec<RawDocumentBuf>> {
    match of {
        Statistics::Indexes => {
            let Some(collection) = store.collection(reader, namespace)? else { return Ok(Vec::new()) };
            Ok(collection
                .indexes
                .iter()
                .map(|index| {
                    let mut shown = DocumentBuilder::new();
                    shown.append("name", RawBsonRef::String(&index.name));
                    shown.append("key", RawBsonRef::Document(&index.key_pattern));
                    shown.append("spec", RawBsonRef::Document(&index.row.definition));
                    shown.finish()
                })
                .collect())
        }
        Statistics::Collection(asked) => {
            let statistics = collection(store, reader, namespace)?;
            Ok(vec![collection_stage(namespace, asked, &statistics)])
        }
    }
}

/// What `$collStats` tells of what it is asked for. Latencies are not measured: they are zeros.
fn collection_stage(namespace: &Namespace, asked: &RawDocument, statistics: &CollectionStatistics) -> RawDocumentBuf {
    let mut shown = DocumentBuilder::new();
    shown.append("ns", RawBsonRef::String(&namespace.to_string()));
    if field(asked, "latencyStats").is_some() {
        let zero = rawdoc! { "latency": 0_i64, "ops": 0_i64, "queryableEncryptionLatencyMicros": 0_i64 };
        let latencies =
            rawdoc! { "reads": zero.clone(), "writes": zero.clone(), "commands": zero.clone(), "transactions": zero };
        shown.append("latencyStats", RawBsonRef::Document(&latencies));
    }
    if let Some(options) = field(asked, "storageStats") {
        let scale = options.as_document().and_then(|options| field(options, "scale")).and_then(as_whole_i64);
        let scale = scale.and_then(|scale| u64::try_from(scale).ok()).unwrap_or(1).max(1);
        shown.append("storageStats", RawBsonRef::Document(&storage(statistics, scale)));
    }
    if field(asked, "count").is_some() {
        shown.append("count", integer(statistics.documents));
    }
    if field(asked, "queryExecStats").is_some() {
        let scans = rawdoc! { "collectionScans": { "total": 0_i64, "nonTailable": 0_i64 } };
        shown.append("queryExecStats", RawBsonRef::Document(&scans));
    }
    shown.finish()
}

fn storage(statistics: &CollectionStatistics, scale: u64) -> RawDocumentBuf {
    let scaled = |bytes: u64| integer(bytes / scale);
    let index_bytes: u64 = statistics.indexes.iter().map(|(_, bytes)| bytes).sum();
    let mut sizes = DocumentBuilder::new();
    for (name, bytes) in &statistics.indexes {
        sizes.append(name, scaled(*bytes));
    }
    let mut shown = DocumentBuilder::new();
    shown.append("size", scaled(statistics.size_bytes));
    shown.append("count", integer(statistics.documents));
    if let Some(average) = statistics.size_bytes.checked_div(statistics.documents) {
        shown.append("avgObjSize", integer(average));
    }
    shown.append("numOrphanDocs", RawBsonRef::Int32(0));
    shown.append("storageSize", scaled(statistics.size_bytes));
    shown.append("freeStorageSize", RawBsonRef::Int32(0));
    shown.append("capped", RawBsonRef::Boolean(statistics.capped.is_some()));
    if let Some(capped) = statistics.capped {
        shown.append("max", integer(capped.max_documents));
        shown.append("maxSize", scaled(capped.size_bytes));
    }
    shown.append("nindexes", integer(statistics.indexes.len() as u64));
    shown.append("totalIndexSize", scaled(index_bytes));
    shown.append("totalSize", scaled(statistics.size_bytes.saturating_add(index_bytes)));
    shown.append("indexSizes", RawBsonRef::Document(&sizes.finish()));
    shown.append("scaleFactor", integer(scale));
    shown.finish()
}

/// An int if it fits into one, as the server shows counts.
fn integer(count: u64) -> RawBsonRef<'static> {
    i32::try_from(count).map_or(RawBsonRef::Int64(count.cast_signed()), RawBsonRef::Int32)
}
