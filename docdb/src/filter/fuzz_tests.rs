//! Whatever is given as a filter, it is parsed or refused, and then matched, printed and explained without a panic.

#![allow(clippy::unwrap_used)]

use bson::{Bson, Document};
use proptest::prelude::*;

use super::tests::{context, parse, raw};
use crate::value::testing::any_bson;

const NAMES: [&str; 64] = [
    "a",
    "b",
    "a.b",
    "a.0",
    "",
    "$eq",
    "$ne",
    "$gt",
    "$lte",
    "$in",
    "$nin",
    "$and",
    "$or",
    "$nor",
    "$not",
    "$exists",
    "$type",
    "$regex",
    "$options",
    "$mod",
    "$all",
    "$elemMatch",
    "$size",
    "$bitsAllSet",
    "$bitsAnyClear",
    "$expr",
    "$jsonSchema",
    "$comment",
    "$alwaysTrue",
    "$alwaysFalse",
    "$sampleRate",
    "$where",
    "$text",
    "$near",
    "$geoWithin",
    "$geoIntersects",
    "$geometry",
    "$center",
    "$maxDistance",
    "$ref",
    "$id",
    "$search",
    "type",
    "bsonType",
    "enum",
    "allOf",
    "oneOf",
    "not",
    "minimum",
    "multipleOf",
    "maxLength",
    "pattern",
    "items",
    "additionalItems",
    "uniqueItems",
    "properties",
    "patternProperties",
    "additionalProperties",
    "required",
    "minProperties",
    "dependencies",
    "title",
    "coordinates",
    "$literal",
];

fn any_filter() -> impl Strategy<Value = Document> {
    let leaf = prop_oneof![
        any_bson(),
        (-2..70_i32).prop_map(Bson::Int32),
        prop::sample::select(&NAMES[..]).prop_map(Bson::from)
    ];
    let value = leaf.prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Bson::Array),
            3 => prop::collection::vec((prop::sample::select(&NAMES[..]), inner), 0..3).prop_map(|fields| {
                Bson::Document(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    });
    prop::collection::vec((prop::sample::select(&NAMES[..]), value), 0..3)
        .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn nothing_panics(filter in any_filter(), value in any_bson()) {
        let document = raw(&bson::doc! { "a": value });
        if let Ok(filter) = parse(&filter) {
            let _ = filter.to_bson();
            let _ = filter.position(&document, &context());
            if let Ok(false) = filter.matches(&document, &context()) {
                filter.explain_failure(&document, &context()).unwrap();
            }
        }
    }
}

/// Parts of a reference are compared whole, whatever is in them: their explanation must not take that for operators.
#[test]
fn a_part_of_a_reference_is_explained_as_a_value() {
    let filter = parse(&bson::doc! { "$ref": { "$jsonSchema": 0 } });
    let document = raw(&bson::doc! { "a": 1 });
    if let Ok(filter) = filter {
        filter.explain_failure(&document, &context()).unwrap();
    }
}
