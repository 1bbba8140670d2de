//! `renameCollection`.

use std::sync::Arc;

use crate::{
    catalog::not_found,
    error::{Code, Result, refuse},
    model::Namespace,
    ops::{Runner, drop::remove, refuse_view},
    store::Store,
};

/// Gives a collection another name, in another database too.
///
/// # Errors
/// [`Code::NAMESPACE_NOT_FOUND`], [`Code::NAMESPACE_EXISTS`] where the new name is taken and not to be dropped,
/// [`Code::ILLEGAL_OPERATION`] for the same name.
pub(crate) fn rename(
    store: &Arc<Store>,
    runner: &mut Runner<'_>,
    from: &Namespace,
    to: &Namespace,
    drop_target: bool,
) -> Result<()> {
    if from == to {
        return refuse(Code::ILLEGAL_OPERATION, "Can't rename a collection to itself");
    }
    runner.transact(|tx| {
        let Some(collection) = store.collection(tx, from)? else {
            return Err(crate::error::Error::new(
                not_found(from).code(),
                format!("Source collection {from} does not exist"),
            ));
        };
        refuse_view(&collection, "views cannot be renamed")?;
        // Who builds an index looks for it under the collection's name.
        if collection.row.indexes.iter().any(|index| index.building) {
            return refuse(
                Code(12587),
                format!("cannot perform operation: an index build is currently running for collection '{from}'"),
            );
        }
        if let Some(target) = store.collection(tx, to)? {
            refuse_view(&target, "a view cannot be replaced")?;
            if !drop_target {
                return refuse(Code::NAMESPACE_EXISTS, "target namespace exists");
            }
            remove(store, tx, to, &target.row)?;
        }
        store.delete_collection_row(tx, from)?;
        store.put_collection(tx, to, &collection.row)?;
        let (store, from) = (Arc::clone(store), from.clone());
        tx.on_commit(move || store.forget(&from));
        Ok(())
    })
}
