//! `listCollections`, `listDatabases` and `listIndexes`.

use std::sync::Arc;

use bson::RawBsonRef;
use millpond_engine::Read;

use crate::{
    catalog::not_found,
    error::Result,
    index::shown,
    model::{CollectionInfo, CollectionKind, DatabaseInfo, IndexInfo, Namespace, check_database},
    ops::refuse_view,
    store::Store,
    value::{DocumentBuilder, field},
};

/// The collections and views of a database, in alphabetical order.
pub(crate) fn collections(store: &Arc<Store>, reader: &mut impl Read, database: &str) -> Result<Vec<CollectionInfo>> {
    check_database(database)?;
    let found = store.collections(reader, Some(database))?;
    let info = |(namespace, row): (Namespace, crate::catalog::CollectionRow)| {
        let view = field(&row.options, "viewOn").is_some();
        let id_index = row.indexes.iter().map(|index| &index.definition);
        let is_id = |definition: &&bson::RawDocumentBuf| {
            field(definition, "name").and_then(|name| name.as_str()) == Some("_id_")
        };
        CollectionInfo {
            name: namespace.collection().to_owned(),
            kind: if view { CollectionKind::View } else { CollectionKind::Collection },
            uuid: (!view).then_some(row.uuid),
            id_index: id_index.clone().find(is_id).cloned(),
            options: row.options,
        }
    };
    Ok(found.into_iter().map(info).collect())
}

/// All databases that have a collection, in alphabetical order.
pub(crate) fn databases(store: &Arc<Store>, reader: &mut impl Read) -> Result<Vec<DatabaseInfo>> {
    let mut found: Vec<DatabaseInfo> = Vec::new();
    for (namespace, row) in store.collections(reader, None)? {
        let (documents, bytes) = store.counts(reader, row.id.cast_unsigned())?;
        match found.last_mut().filter(|database| database.name == namespace.database()) {
            Some(database) => {
                database.size_bytes += bytes;
                database.empty &= documents == 0;
            }
            None => found.push(DatabaseInfo {
                name: namespace.database().to_owned(),
                size_bytes: bytes,
                empty: documents == 0,
            }),
        }
    }
    Ok(found)
}

/// The indexes of a collection, in the order in which they were made.
///
/// # Errors
/// [`Code::NAMESPACE_NOT_FOUND`](crate::Code::NAMESPACE_NOT_FOUND).
pub(crate) fn indexes(store: &Arc<Store>, reader: &mut impl Read, namespace: &Namespace) -> Result<Vec<IndexInfo>> {
    let Some(collection) = store.collection(reader, namespace)? else {
        return Err(crate::error::Error::new(not_found(namespace).code(), format!("ns does not exist: {namespace}")));
    };
    refuse_view(&collection, "it has no indexes")?;
    let clustered = field(&collection.row.options, "clusteredIndex").and_then(|index| index.as_document());
    let clustered = clustered.map(|index| {
        let mut definition = DocumentBuilder::new();
        definition.append_all(index);
        definition.append("clustered", RawBsonRef::Boolean(true));
        let name = field(index, "name").and_then(|name| name.as_str()).unwrap_or("_id_");
        IndexInfo { name: name.to_owned(), definition: definition.finish() }
    });
    let ready = collection.indexes.iter().filter(|index| !index.row.building);
    let ready = ready.map(|index| IndexInfo { name: index.name.to_string(), definition: shown(&index.row.definition) });
    Ok(clustered.into_iter().chain(ready).collect())
}
