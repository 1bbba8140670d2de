//! Equality of values as schemas have it: the order of fields does not matter.

use std::cmp::Ordering;

use bson::{RawBson, RawBsonRef};

use crate::value::{ArrayBuilder, DocumentBuilder, compare, fields, items, values_equal};

/// The value with the fields of its documents in the order of their names.
pub(super) fn canonical(value: RawBsonRef<'_>) -> RawBson {
    match value {
        RawBsonRef::Document(document) => {
            let mut all: Vec<_> = fields(document).collect();
            all.sort_by_key(|(name, _)| *name);
            let mut sorted = DocumentBuilder::new();
            for (name, value) in all {
                sorted.append_owned(name, &canonical(value));
            }
            RawBson::Document(sorted.finish())
        }
        RawBsonRef::Array(array) => {
            let mut result = ArrayBuilder::new();
            for item in items(array) {
                result.push(canonical(item).as_raw_bson_ref());
            }
            RawBson::Array(result.finish())
        }
        value => value.into(),
    }
}

/// Whether a value is one of some canonical ones.
pub(super) fn is_one_of(value: RawBsonRef<'_>, values: &[RawBson]) -> bool {
    let one = |value| values.iter().any(|known| values_equal(known.as_raw_bson_ref(), value));
    match value {
        RawBsonRef::Document(_) | RawBsonRef::Array(_) => one(canonical(value).as_raw_bson_ref()),
        value => one(value),
    }
}

/// An item that is there twice.
pub(super) fn duplicate<'a>(values: impl Iterator<Item = RawBsonRef<'a>>) -> Option<RawBson> {
    let mut sorted: Vec<RawBson> = values.map(canonical).collect();
    let order = |a: &RawBson, b: &RawBson| compare(a.as_raw_bson_ref(), b.as_raw_bson_ref());
    sorted.sort_by(order);
    let twice = sorted.windows(2).position(|pair| match pair {
        [a, b] => order(a, b) == Ordering::Equal,
        _ => false,
    })?;
    sorted.into_iter().nth(twice)
}
