//! `createIndexes` and `dropIndexes`.
//!
//! An index is built while writes go on: first it is in the catalog and every write keeps it, then the documents that were
//! there before are gone through, some at a time, and at last queries may use it.

use std::sync::Arc;

use bson::{RawDocument, RawDocumentBuf};
use millpond_engine::{RangeRequest, Transaction};

use crate::{
    catalog::{Collection, CollectionRow, Garbage, not_found},
    context::Context,
    error::{Code, Error, Result, refuse},
    index::{self, Index, IndexRow, keys},
    model::{CreateIndexes, IndexSelection, Namespace},
    ops::{self, Runner, batches::is_too_large, create},
    plan::same_keys,
    store::{Store, record_of},
    value::{Doc, field, fields, values_equal},
};

/// The most indexes of a collection.
///
/// Source: <https://www.mongodb.com/docs/manual/reference/limits/#number-of-indexes-per-collection>.
const MOST_INDEXES: usize = 64;
/// How many documents are put into a new index in one transaction.
const BATCH: usize = 500;

/// Makes indexes, and the collection if there is none. Those that are there already are no error.
pub(crate) fn create(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    definitions: &[RawDocumentBuf],
) -> Result<CreateIndexes> {
    if definitions.is_empty() {
        return refuse(Code::BAD_VALUE, "Must specify at least one index to create");
    }
    let mut unfinished = store.unfinished();
    let (mut done, ids) = runner.transact(|tx| {
        let registered = register(store, tx, namespace, definitions)?;
        registered.1.iter().for_each(|id| unfinished.add(id.cast_unsigned()));
        Ok(registered)
    })?;
    if ids.is_empty() {
        return Ok(done);
    }
    let built = ids.iter().try_for_each(|id| build(store, runner, namespace, *id));
    match built.and_then(|()| runner.transact(|tx| publish(store, tx, namespace, &ids))) {
        Ok(()) => {}
        Err(error) => {
            runner.transact(|tx| abandon(store, tx, namespace, &ids))?;
            return Err(error);
        }
    }
    done.after = done.before + ids.len();
    Ok(done)
}

/// Puts new indexes into the catalog, to be built.
fn register(
    store: &Arc<Store>,
    tx: &mut Transaction,
    namespace: &Namespace,
    definitions: &[RawDocumentBuf],
) -> Result<(CreateIndexes, Vec<i64>)> {
    let existed = store.collection(tx, namespace)?.is_some();
    let collection = create::ensure(store, tx, namespace)?;
    ops::refuse_view(&collection, "it cannot have indexes")?;
    let mut row = collection.row.clone();
    let before = row.indexes.len();
    let mut ids = Vec::new();
    for definition in definitions {
        let definition = index::parse(definition, collection.collation.as_deref())?;
        if exists(&row, &definition, &collection)? {
            continue;
        }
        if row.indexes.len() >= MOST_INDEXES {
            return refuse(
                Code::CANNOT_CREATE_INDEX,
                format!("add index fails, too many indexes for {namespace}, limit: {MOST_INDEXES}"),
            );
        }
        let id = store.new_id(tx)?.cast_signed();
        ids.push(id);
        row.indexes.push(IndexRow { id, definition, multikey: Vec::new(), truncated: false, building: true });
    }
    if !ids.is_empty() {
        store.put_collection(tx, namespace, &row)?;
    }
    Ok((CreateIndexes { before, after: before, created_collection: !existed }, ids))
}

/// Whether there is such an index.
///
/// # Errors
/// [`Code::INDEX_OPTIONS_CONFLICT`] and [`Code::INDEX_KEY_SPECS_CONFLICT`] where there is one that is nearly the same.
fn exists(row: &CollectionRow, definition: &RawDocument, collection: &Collection) -> Result<bool> {
    let key = |of: &RawDocument| field(of, "key").and_then(|key| key.as_document().map(RawDocument::to_owned));
    let name = |of: &RawDocument| field(of, "name").and_then(|name| name.as_str().map(str::to_owned));
    let (wanted_key, wanted_name) = (key(definition).unwrap_or_default(), name(definition));
    if collection.clustered && fields(&wanted_key).map(|(name, _)| name).eq(["_id"]) {
        return Ok(true);
    }
    // Indexes of one key pattern may differ in their collations, and in what tells documents apart.
    let distinct = |a: &RawDocument, b: &RawDocument| {
        ["collation", "sparse", "unique", "partialFilterExpression"].iter().any(|option| !same_option(a, b, option))
    };
    let is_text = |of: &RawDocument| field(of, "textIndexVersion").is_some();
    for other in &row.indexes {
        let same_key = same_keys(&key(&other.definition).unwrap_or_default(), &wanted_key);
        let same_name = name(&other.definition) == wanted_name;
        if same_key && !distinct(&other.definition, definition) {
            if !same_options(&other.definition, definition) {
                return refuse(
                    Code::INDEX_OPTIONS_CONFLICT,
                    format!(
                        "An equivalent index already exists with the same name but different options. Requested index: {definition:?}, existing index: {:?}",
                        other.definition
                    ),
                );
            }
            if !same_name {
                return refuse(
                    Code::INDEX_OPTIONS_CONFLICT,
                    format!(
                        "Index already exists with a different name: {}",
                        name(&other.definition).unwrap_or_default()
                    ),
                );
            }
            return Ok(true);
        }
        if same_name {
            return refuse(
                Code::INDEX_KEY_SPECS_CONFLICT,
                format!(
                    "An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: {definition:?}, existing index: {:?}",
                    other.definition
                ),
            );
        }
        if is_text(definition) && is_text(&other.definition) {
            return refuse(
                Code::INDEX_OPTIONS_CONFLICT,
                format!(
                    "only one text index per collection allowed, found existing text index \"{}\"",
                    name(&other.definition).unwrap_or_default()
                ),
            );
        }
    }
    Ok(false)
}

fn same_option(a: &RawDocument, b: &RawDocument, option: &str) -> bool {
    match (field(a, option), field(b, option)) {
        (None, None) => true,
        (Some(a), Some(b)) => values_equal(a, b),
        _ => false,
    }
}

fn same_options(a: &RawDocument, b: &RawDocument) -> bool {
    let others = |document: &RawDocument| -> Vec<String> {
        fields(document)
            .map(|(name, _)| name.to_owned())
            .filter(|name| !matches!(&**name, "v" | "key" | "name" | "background"))
            .collect()
    };
    let (mut left, mut right) = (others(a), others(b));
    left.sort_unstable();
    right.sort_unstable();
    left == right && left.iter().all(|option| same_option(a, b, option))
}

/// Puts the documents that there are into a new index, some at a time.
fn build(store: &Arc<Store>, runner: &mut Runner<'_>, namespace: &Namespace, id: i64) -> Result<()> {
    let context = ops::context(store, None, None, None)?;
    let mut after: Option<bytes::Bytes> = None;
    let mut most = BATCH;
    loop {
        match runner.transact(|tx| batch(store, tx, namespace, id, most, after.as_deref(), &context)) {
            Ok(Some(next)) => after = Some(next),
            Ok(None) => return Ok(()),
            // Documents may have more keys than their bytes tell.
            Err(error) if is_too_large(&error) && most > 1 => most /= 2,
            Err(error) => return Err(error),
        }
    }
}

fn gone() -> Error {
    Error::new(Code::INTERRUPTED, "the collection or the index was dropped while the index was built")
}

fn batch(
    store: &Arc<Store>,
    tx: &mut Transaction,
    namespace: &Namespace,
    id: i64,
    most: usize,
    after: Option<&[u8]>,
    context: &Context,
) -> Result<Option<bytes::Bytes>> {
    let collection = store.collection(tx, namespace)?.ok_or_else(gone)?;
    let Some(index) = collection.indexes.iter().find(|index| index.row.id == id) else { return Err(gone()) };
    let prefix = collection.id.to_be_bytes();
    let mut request = RangeRequest::prefix(&prefix).limit(most).limit_bytes(4 << 20);
    if let Some(after) = after {
        request = request.resume_after(after);
    }
    let page = tx.range(&store.documents, &request)?;
    for (key, document) in &page.entries {
        let (record, document) = (record_of(key), Doc::from_bytes(document.clone()));
        let keys = keys(index, &document, context)?;
        store.check_unique(tx, &collection, index, &keys.entries, &record)?;
        for entry in &keys.entries {
            store.put_entry(tx, index, entry, &record, keys.entries.len() > 1)?;
        }
        store.mark(tx, &collection, index, &keys)?;
    }
    Ok(page.resume)
}

fn publish(store: &Arc<Store>, tx: &mut Transaction, namespace: &Namespace, ids: &[i64]) -> Result<()> {
    let collection = store.collection(tx, namespace)?.ok_or_else(gone)?;
    let mut row = collection.row.clone();
    let mut published = 0;
    for index in row.indexes.iter_mut().filter(|index| ids.contains(&index.id)) {
        index.building = false;
        published += 1;
    }
    if published < ids.len() {
        return Err(gone());
    }
    store.put_collection(tx, namespace, &row)
}

/// Takes indexes out of the catalog that could not be built.
fn abandon(store: &Arc<Store>, tx: &mut Transaction, namespace: &Namespace, ids: &[i64]) -> Result<()> {
    let Some(collection) = store.collection(tx, namespace)? else { return Ok(()) };
    let mut row = collection.row.clone();
    // One that has been finished since it was looked at stays.
    let unfinished = |index: &IndexRow| index.building && ids.contains(&index.id);
    for index in row.indexes.iter().filter(|index| unfinished(index)) {
        store.put_garbage(tx, index.id.cast_unsigned(), Garbage::Entries)?;
    }
    row.indexes.retain(|index| !unfinished(index));
    store.put_collection(tx, namespace, &row)
}

/// Takes out of the catalog what an earlier process did not finish: indexes that it built, and collections that it filled to put
/// them in the place of others. Nobody was told of them.
pub(crate) fn abandon_unfinished(store: &Arc<Store>) -> Result<()> {
    let all = store.collections(&mut store.engine.latest(), None)?;
    for (namespace, row) in all {
        if create::is_staging(&namespace) && !store.is_making(row.id.cast_unsigned()) {
            store.engine.transact(|tx| drop_unfinished(store, tx, &namespace, row.id))?;
            continue;
        }
        let unfinished =
            row.indexes.iter().filter(|index| index.building && !store.is_making(index.id.cast_unsigned()));
        let ids: Vec<i64> = unfinished.map(|index| index.id).collect();
        if !ids.is_empty() {
            store.engine.transact(|tx| abandon(store, tx, &namespace, &ids))?;
        }
    }
    Ok(())
}

fn drop_unfinished(store: &Arc<Store>, tx: &mut Transaction, namespace: &Namespace, id: i64) -> Result<()> {
    match store.collection(tx, namespace)? {
        Some(collection) if collection.row.id == id => ops::drop::remove(store, tx, namespace, &collection.row),
        _ => Ok(()),
    }
}

/// Drops indexes. Says how many there were before.
pub(crate) fn drop(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
    selection: &IndexSelection,
) -> Result<usize> {
    runner.transact(|tx| {
        let Some(collection) = store.collection(tx, namespace)? else { return Err(not_found(namespace)) };
        ops::refuse_view(&collection, "it has no indexes")?;
        let mut row = collection.row.clone();
        let before = row.indexes.len();
        let chosen = select(&collection, selection)?;
        row.indexes.retain(|index| !chosen.contains(&index.id));
        for id in chosen {
            store.put_garbage(tx, id.cast_unsigned(), Garbage::Entries)?;
        }
        store.put_collection(tx, namespace, &row)?;
        Ok(before)
    })
}

fn select(collection: &Collection, selection: &IndexSelection) -> Result<Vec<i64>> {
    let not_id = |index: &Arc<Index>| -> Result<i64> {
        if index.is_id() {
            return refuse(Code::INVALID_OPTIONS, "cannot drop _id index");
        }
        Ok(index.row.id)
    };
    let clustered = field(&collection.row.options, "clusteredIndex").and_then(|index| index.as_document());
    let clustered_name = clustered.and_then(|index| field(index, "name")).and_then(|name| name.as_str());
    let is_clustered = match selection {
        IndexSelection::Name(name) => clustered_name == Some(name),
        IndexSelection::Names(names) => names.iter().any(|name| clustered_name == Some(name)),
        IndexSelection::Keys(keys) => clustered.is_some() && fields(keys).map(|(name, _)| name).eq(["_id"]),
    };
    if is_clustered {
        return refuse(Code(5_979_800), "It is illegal to drop the clusteredIndex");
    }
    let by_name = |name: &str| match collection.indexes.iter().find(|index| &*index.name == name) {
        Some(index) => not_id(index),
        None => refuse(Code::INDEX_NOT_FOUND, format!("index not found with name [{name}]")),
    };
    match selection {
        IndexSelection::Name(name) if name == "*" => {
            Ok(collection.indexes.iter().filter(|index| !index.is_id()).map(|index| index.row.id).collect())
        }
        IndexSelection::Name(name) => Ok(vec![by_name(name)?]),
        IndexSelection::Names(names) => names.iter().map(|name| by_name(name)).collect(),
        IndexSelection::Keys(keys) => {
            let mut found = collection.indexes.iter().filter(|index| same_keys(&index.key_pattern, keys));
            match (found.next(), found.next()) {
                (Some(index), None) => Ok(vec![not_id(index)?]),
                (None, _) => refuse(Code::INDEX_NOT_FOUND, format!("can't find index with key: {keys:?}")),
                (Some(_), Some(_)) => refuse(
                    Code(181),
                    format!("{} indexes found for key: {keys:?}, identify by name instead", collection.indexes.len()),
                ),
            }
        }
    }
}

/// Whether an index holds what a rebuild of it would: each key of each document, and no other.
pub(crate) fn check(store: &Arc<Store>, collection: &Collection, index: &Index) -> Result<(u64, Vec<String>)> {
    let context = ops::context(store, None, None, None)?;
    let snapshot = store.engine.snapshot()?;
    let mut expected = std::collections::BTreeMap::new();
    let documents = RangeRequest::prefix(&collection.id.to_be_bytes());
    for entry in snapshot.scan(&store.documents, &documents)? {
        let (key, document) = entry?;
        let record = record_of(&key);
        let keys = keys(index, &Doc::from_bytes(document), &context)?;
        for entry in &keys.entries {
            let key = index::entry_key(index.id, &entry.components, (!index.unique).then_some(&record));
            expected.insert(key, record.clone());
        }
    }
    let (mut found, mut errors) = (0, Vec::new());
    for entry in snapshot.scan(&store.entries, &RangeRequest::prefix(&index.id.to_be_bytes()))? {
        let (key, value) = entry?;
        found += 1;
        let record = index::Stored::decode(&value).map(|stored| stored.record);
        if expected.remove(&key[..]) != record || record.is_none() {
            errors.push(format!("index {} has a key that no document has", index.name));
        }
    }
    for record in expected.values() {
        errors.push(format!("index {} lacks a key of {record:?}", index.name));
    }
    Ok((found, errors))
}
