//! `distinct`.

use std::{collections::BTreeMap, sync::Arc};

use bson::{RawBson, RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    execution::Execution,
    index::encode::encode,
    model::{Distinct, Find, Namespace},
    ops,
    store::Store,
    value::{MAX_DOCUMENT_BYTES, Part, Path, field, item, items},
};

/// The values of a field, each once, in their order; items of arrays one by one.
pub(crate) fn distinct(
    store: &Arc<Store>,
    namespace: &Namespace,
    distinct: &Distinct,
    execution: &mut Execution<'_>,
) -> Result<Vec<RawBson>> {
    let path = path(&distinct.key)?;
    let collection = store.collection(&mut execution.reader, namespace)?;
    let context = ops::context(store, collection.as_deref(), distinct.collation.as_deref(), None)?
        .until(execution.deadline.as_ref());
    let find = Find {
        filter: distinct.filter.clone(),
        collation: distinct.collation.clone(),
        hint: distinct.hint.clone(),
        allow_disk_use: true,
        ..Find::default()
    };
    let mut rows = ops::find::open(store, namespace, &find, execution)?;
    let mut found: BTreeMap<Vec<u8>, RawBson> = BTreeMap::new();
    let mut bytes = 0;
    while let Some(row) = rows.next(execution)? {
        let mut too_large = false;
        each(&row.doc, path.parts(), &mut |value| {
            let mut key = Vec::with_capacity(16);
            encode(&mut key, value, context.collation.as_deref());
            bytes += if found.contains_key(&key) { 0 } else { key.len() };
            too_large |= bytes > MAX_DOCUMENT_BYTES;
            found.entry(key).or_insert_with(|| value.into());
        });
        if too_large {
            return refuse(Code(17217), "distinct too big, 16mb cap");
        }
    }
    Ok(found.into_values().collect())
}

fn path(key: &str) -> Result<Path> {
    if key.contains('\0') {
        return refuse(Code(31032), "Key field cannot contain an embedded null byte");
    }
    Path::parse(key)
}

/// Calls for each value under a path.
fn each<'a>(document: &'a RawDocument, parts: &[Part], f: &mut impl FnMut(RawBsonRef<'a>)) {
    let Some((part, rest)) = parts.split_first() else { return };
    if let Some(value) = field(document, &part.name) {
        below(value, rest, f);
    }
}

fn below<'a>(value: RawBsonRef<'a>, rest: &[Part], f: &mut impl FnMut(RawBsonRef<'a>)) {
    match (value, rest) {
        (RawBsonRef::Array(array), []) => items(array).for_each(f),
        (value, []) => f(value),
        (RawBsonRef::Document(document), rest) => each(document, rest, f),
        (RawBsonRef::Array(array), [part, deeper @ ..]) => {
            if let Some(value) = part.index.and_then(|index| item(array, index as usize)) {
                below(value, deeper, f);
            }
            for item in items(array) {
                if let RawBsonRef::Document(document) = item {
                    each(document, rest, f);
                }
            }
        }
        _ => {}
    }
}
