//! `collStats`, `dbStats`, and the stages that say the same.

use std::sync::Arc;

use bson::{RawBsonRef, RawDocumentBuf};
use millpond_engine::{RangeRequest, Read};

use crate::{
    aggregation::Statistics,
    error::Result,
    execution::Reader,
    model::{CollectionStatistics, DatabaseStatistics, Namespace, check_database},
    ops::refuse_view,
    store::Store,
    value::{DocumentBuilder, field},
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
            let mut shown = DocumentBuilder::new();
            shown.append("ns", RawBsonRef::String(&namespace.to_string()));
            if field(asked, "storageStats").is_some() {
                shown.append("storageStats", RawBsonRef::Document(&storage(&statistics)));
            }
            if field(asked, "count").is_some() {
                shown.append("count", RawBsonRef::Int64(statistics.documents.cast_signed()));
            }
            Ok(vec![shown.finish()])
        }
    }
}

/// `storageStats`, as far as there is something to say.
fn storage(statistics: &CollectionStatistics) -> RawDocumentBuf {
    let long = |number: u64| RawBsonRef::Int64(number.cast_signed());
    let mut shown = DocumentBuilder::new();
    shown.append("size", long(statistics.size_bytes));
    shown.append("count", long(statistics.documents));
    if let Some(average) = statistics.size_bytes.checked_div(statistics.documents) {
        shown.append("avgObjSize", long(average));
    }
    shown.append("storageSize", long(statistics.size_bytes));
    shown.append("capped", RawBsonRef::Boolean(statistics.capped.is_some()));
    shown.append("nindexes", long(u64::try_from(statistics.indexes.len()).unwrap_or(u64::MAX)));
    let mut sizes = DocumentBuilder::new();
    for (name, bytes) in &statistics.indexes {
        sizes.append(name, long(*bytes));
    }
    shown.append("indexSizes", RawBsonRef::Document(&sizes.finish()));
    shown.append("totalIndexSize", long(statistics.indexes.iter().map(|(_, bytes)| bytes).sum()));
    shown.finish()
}
