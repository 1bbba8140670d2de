//! Counts and sizes: `collStats`, `dbStats`, `dataSize`, `validate`, `dbHash`, `top`.

use bson::{RawBson, RawBsonRef, RawDocumentBuf, raw::cstr, rawdoc};
use md5::{Digest as _, Md5};
use millpond::docdb::{Code, CollectionKind, Find, Namespace};

use super::super::{
    arguments::{self, Arguments},
    call::{Call, Outcome},
    failure::Failure,
    reply,
};

fn scale(arguments: &Arguments<'_>) -> Result<u64, Failure> {
    match arguments.integer("scale")? {
        None => Ok(1),
        Some(scale) => u64::try_from(scale).ok().filter(|scale| *scale > 0).ok_or_else(|| {
            Failure::new(Code::BAD_VALUE, format!("BSON field 'scale' value must be >= 1, actual value '{scale}'"))
        }),
    }
}

fn shown_scale(scale: u64) -> RawBson {
    reply::count(scale)
}

pub(super) fn collection(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let scale = scale(&arguments)?;
    arguments.ignore(&["waitForLock", "verbose"]);
    arguments.finish()?;
    let statistics = call.face.docdb.collection_statistics(&namespace)?;
    let scaled = |bytes: u64| reply::count(bytes / scale);
    let index_bytes: u64 = statistics.indexes.iter().map(|(_, bytes)| bytes).sum();
    let mut sizes = RawDocumentBuf::new();
    let mut details = RawDocumentBuf::new();
    for (name, bytes) in &statistics.indexes {
        reply::append(&mut sizes, name, scaled(*bytes));
        reply::append(&mut details, name, rawdoc! {});
    }
    let mut document = rawdoc! {
        "ns": namespace.to_string(), "size": scaled(statistics.size_bytes), "count": reply::count(statistics.documents),
    };
    if let Some(average) = statistics.size_bytes.checked_div(statistics.documents) {
        document.append(cstr!("avgObjSize"), reply::count(average));
    }
    let rest = rawdoc! {
        "numOrphanDocs": 0,
        "storageSize": scaled(statistics.size_bytes),
        "freeStorageSize": 0,
        "capped": statistics.capped.is_some(),
    };
    reply::append_all(&mut document, &rest);
    if let Some(capped) = statistics.capped {
        document.append(cstr!("max"), reply::count(capped.max_documents));
        document.append(cstr!("maxSize"), scaled(capped.size_bytes));
    }
    let rest = rawdoc! {
        "nindexes": i32::try_from(statistics.indexes.len()).unwrap_or(i32::MAX),
        "indexDetails": details,
        "indexBuilds": [],
        "totalIndexSize": scaled(index_bytes),
        "totalSize": scaled(statistics.size_bytes.saturating_add(index_bytes)),
        "indexSizes": sizes,
        "scaleFactor": shown_scale(scale),
    };
    reply::append_all(&mut document, &rest);
    Ok(document.into())
}

pub(super) fn database(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let scale = scale(&arguments)?;
    arguments.ignore(&["freeStorage"]);
    arguments.finish()?;
    let statistics = call.face.docdb.database_statistics(call.database)?;
    #[allow(clippy::cast_precision_loss, reason = "statistics are doubles")]
    let scaled = |bytes: u64| (bytes / scale) as f64;
    #[allow(clippy::cast_precision_loss, reason = "statistics are doubles")]
    let average = match statistics.documents {
        0 => 0.0,
        documents => statistics.size_bytes as f64 / documents as f64,
    };
    let long = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(rawdoc! {
        "db": call.database,
        "collections": long(statistics.collections),
        "views": long(statistics.views),
        "objects": long(statistics.documents),
        "avgObjSize": average,
        "dataSize": scaled(statistics.size_bytes),
        "storageSize": scaled(statistics.size_bytes),
        "indexes": long(statistics.indexes),
        "indexSize": scaled(statistics.index_size_bytes),
        "totalSize": scaled(statistics.size_bytes.saturating_add(statistics.index_size_bytes)),
        "scaleFactor": long(scale),
        "fsUsedSize": 0.0,
        "fsTotalSize": 0.0,
    }
    .into())
}

/// The size of a collection, `{ dataSize: "database.collection" }`.
pub(super) fn data_size(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let full = call.target().and_then(|target| target.as_str()).unwrap_or_default();
    arguments.ignore(&["keyPattern", "min", "max", "estimate"]);
    arguments.finish()?;
    let Some((database, collection)) = full.split_once('.') else {
        return Err(Failure::new(Code::INVALID_NAMESPACE, format!("Invalid namespace specified '{full}'")));
    };
    let statistics = call.face.docdb.collection_statistics(&Namespace::new(database, collection)?)?;
    Ok(rawdoc! {
        "estimate": false, "size": reply::count(statistics.size_bytes), "numObjects": reply::count(statistics.documents), "millis": 0,
    }
    .into())
}

pub(super) fn validate(call: &Call<'_>) -> Result<Outcome, Failure> {
    let namespace = call.namespace()?;
    let arguments = call.arguments();
    let is = |name: &str| arguments.any(name).is_some_and(is_true);
    arguments.ignore(&["enforceFastCount", "fixMultikey", "scandata"]);
    let [full, repair, metadata, background, conformance] =
        ["full", "repair", "metadata", "background", "checkBSONConformance"].map(is);
    if metadata && (full || repair || conformance || background)
        || conformance && repair
        || background && (full || repair)
    {
        let message = "Running the validate command with these options together is not supported";
        return Err(Failure::new(Code::INVALID_OPTIONS, message));
    }
    arguments.finish()?;
    let validated = call.face.docdb.validate(&namespace)?;
    let mut keys = RawDocumentBuf::new();
    let mut details = RawDocumentBuf::new();
    for (name, count) in &validated.keys_per_index {
        reply::append(&mut keys, name, reply::count(*count));
        reply::append(&mut details, name, rawdoc! { "valid": true });
    }
    let mut errors = bson::RawArrayBuf::new();
    validated.errors.iter().for_each(|error| errors.push(&**error));
    Ok(rawdoc! {
        "ns": namespace.to_string(),
        "nInvalidDocuments": reply::count(validated.invalid_documents),
        "nNonCompliantDocuments": 0,
        "nrecords": reply::count(validated.documents),
        "nIndexes": i32::try_from(validated.keys_per_index.len()).unwrap_or(i32::MAX),
        "keysPerIndex": keys,
        "indexDetails": details,
        "valid": validated.errors.is_empty(),
        "repaired": false,
        "warnings": [],
        "errors": errors,
        "extraIndexEntries": [],
        "missingIndexEntries": [],
        "corruptRecords": [],
    }
    .into())
}

/// Options of `validate` may be of any type.
fn is_true(value: RawBsonRef<'_>) -> bool {
    match value {
        RawBsonRef::Boolean(value) => value,
        other => arguments::number(other).is_none_or(|number| number != 0.0),
    }
}

/// A digest of each collection's documents, in the order of their ids.
pub(super) fn database_hash(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments = call.arguments();
    let asked = arguments.array("collections")?;
    arguments.ignore(&["skipTempCollections", "excludePatterns"]);
    arguments.finish()?;
    let is_asked = |name: &str| {
        asked.is_none_or(|asked| asked.is_empty() || reply::items(asked).any(|item| item.as_str() == Some(name)))
    };
    let mut collections = RawDocumentBuf::new();
    let mut all = Md5::new();
    for info in call.face.docdb.list_collections(call.database)? {
        if info.kind != CollectionKind::Collection || !is_asked(&info.name) {
            continue;
        }
        let find = Find { sort: Some(rawdoc! { "_id": 1 }), allow_disk_use: true, ..Find::default() };
        let mut hash = Md5::new();
        for document in call.face.docdb.find(&Namespace::new(call.database, &info.name)?, &find)? {
            hash.update(document?.bytes());
        }
        let text = hexadecimal(&hash.finalize());
        all.update(&text);
        reply::append(&mut collections, &info.name, text);
    }
    Ok(rawdoc! {
        "host": call.face.topology.host(call.client.reached),
        "collections": collections,
        "md5": hexadecimal(&all.finalize()),
        "timeMillis": 0,
    }
    .into())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Usage by collection is not counted.
pub(super) fn top(_call: &Call<'_>) -> Result<Outcome, Failure> {
    Ok(rawdoc! { "totals": { "note": "all times in microseconds" } }.into())
}
