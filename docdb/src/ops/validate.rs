//! `validate`: whether a collection holds what it should.

use std::sync::Arc;

use millpond_engine::RangeRequest;

use crate::{
    catalog::not_found,
    error::Result,
    execution::Reader,
    model::{Namespace, Validated},
    ops::{self, indexes},
    record,
    store::Store,
    value::{self, Doc},
};

/// Reads every document and every key of a collection.
///
/// # Errors
/// [`Code::NAMESPACE_NOT_FOUND`](crate::Code::NAMESPACE_NOT_FOUND).
pub(crate) fn validate(store: &Arc<Store>, namespace: &Namespace) -> Result<Validated> {
    let Some(collection) = store.collection(&mut store.engine.latest(), namespace)? else {
        return Err(not_found(namespace));
    };
    ops::refuse_view(&collection, "there is nothing of its own to validate")?;
    let mut found = Validated::default();
    let context = ops::context(store, None, None, None)?;
    let snapshot = store.engine.snapshot()?;
    for entry in snapshot.scan(&store.documents, &RangeRequest::prefix(&collection.id.to_be_bytes()))? {
        let document = Doc::from_bytes(entry?.1);
        found.documents += 1;
        let malformed = value::validate(&document).and_then(|()| record::check(&document)).is_err();
        if malformed {
            found.errors.push("a document is not valid BSON".to_owned());
        }
        if malformed || record::validate(&collection, &document, None, &context).is_err() {
            found.invalid_documents += 1;
        }
    }
    let counted = store.counts(&mut Reader::Snapshot(&snapshot), collection.id)?.0;
    if counted != found.documents {
        found.errors.push(format!("the collection counts {counted} documents and has {}", found.documents));
    }
    for index in collection.indexes.iter().filter(|index| !index.row.building) {
        let (keys, errors) = indexes::check(store, &collection, index)?;
        found.keys_per_index.push((index.name.to_string(), keys));
        found.errors.extend(errors);
    }
    Ok(found)
}
