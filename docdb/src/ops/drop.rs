//! `drop` and `dropDatabase`.

use std::sync::Arc;

use millpond_engine::Transaction;

use crate::{
    catalog::{CollectionRow, Garbage},
    docdb::DroppedCollection,
    error::Result,
    model::Namespace,
    ops::Runner,
    store::Store,
};

/// Drops a collection or a view. What it held is out of sight at once and deleted later.
pub(crate) fn drop_collection(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    namespace: &Namespace,
) -> Result<Option<DroppedCollection>> {
    runner.transact(|tx| {
        let Some(collection) = store.collection(tx, namespace)? else { return Ok(None) };
        remove(store, tx, namespace, &collection.row)?;
        Ok(Some(DroppedCollection { indexes: collection.indexes.len() }))
    })
}

/// Takes a collection out of the catalog.
pub(crate) fn remove(
    store: &Arc<Store>,
    tx: &mut Transaction,
    namespace: &Namespace,
    row: &CollectionRow,
) -> Result<()> {
    store.delete_collection_row(tx, namespace)?;
    store.put_garbage(tx, row.id.cast_unsigned(), Garbage::Documents)?;
    for index in &row.indexes {
        store.put_garbage(tx, index.id.cast_unsigned(), Garbage::Entries)?;
    }
    let (store, namespace, id) = (Arc::clone(store), namespace.clone(), row.id.cast_unsigned());
    tx.on_commit(move || {
        store.forget(&namespace);
        store.forget_id(id);
    });
    Ok(())
}

/// Drops all collections and views of a database.
pub(crate) fn drop_database(store: &Arc<Store>, runner: &mut Runner<'_>, database: &str) -> Result<bool> {
    crate::model::check_database(database)?;
    runner.transact(|tx| {
        let collections = store.collections(tx, Some(database))?;
        for (namespace, row) in &collections {
            remove(store, tx, namespace, row)?;
        }
        Ok(!collections.is_empty())
    })
}
