//! Between arrays and objects: `$arrayToObject`, `$objectToArray`.

use bson::{RawArray, RawBson, RawBsonRef, RawDocument};

use super::wrong_type;
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Operator,
        arguments::{array_of, document_of, null, unary},
        object::Fields,
    },
    value::{ArrayBuilder, DocumentBuilder, Value, fields, items, type_name},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator { name: "$arrayToObject", parse: |value, names| unary("$arrayToObject", value, names, array_to_object) },
    Operator { name: "$objectToArray", parse: |value, names| unary("$objectToArray", value, names, object_to_array) },
];

fn array_to_object<'v>(array: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    if array.is_nullish() {
        return Ok(null());
    }
    let Some(array) = array_of(&array) else {
        return wrong_type(40386, "$arrayToObject requires an array input", &array);
    };
    let mut built = Fields::default();
    let mut pairs = None;
    for item in items(array) {
        let (name, value) = match (item, *pairs.get_or_insert(matches!(item, RawBsonRef::Array(_)))) {
            (RawBsonRef::Array(pair), true) => of_pair(pair)?,
            (RawBsonRef::Document(entry), false) => of_entry(entry)?,
            (RawBsonRef::Array(_), false) => {
                return refuse(
                    Code(40391),
                    "$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects. \
                     Object was detected, now found: array",
                );
            }
            (other, true) => {
                return refuse(
                    Code(40396),
                    format!(
                        "$arrayToObject requires a consistent input format. Elements must all be arrays or all be \
                         objects. Array was detected, now found: {}",
                        type_name(other)
                    ),
                );
            }
            (other, false) => {
                let found = type_name(other);
                return match built.is_empty() {
                    true => refuse(Code(40398), format!("Unrecognised input type format for $arrayToObject: {found}")),
                    false => refuse(
                        Code(40391),
                        format!(
                            "$arrayToObject requires a consistent input format. Elements must all be arrays or all be \
                             objects. Object was detected, now found: {found}"
                        ),
                    ),
                };
            }
        };
        built.set(name, value);
    }
    Ok(RawBson::Document(built.finish()).into())
}

fn of_pair(pair: &RawArray) -> Result<(&str, RawBsonRef<'_>)> {
    let mut parts = items(pair);
    let (Some(name), Some(value), None) = (parts.next(), parts.next(), parts.next()) else {
        return refuse(
            Code(40397),
            format!("$arrayToObject requires an array of size 2 arrays,found array of size: {}", items(pair).count()),
        );
    };
    let RawBsonRef::String(name) = name else {
        return refuse(
            Code(40395),
            format!(
                "$arrayToObject requires an array of key-value pairs, where the key must be of type string. Found key \
                 type: {}",
                type_name(name)
            ),
        );
    };
    if name.contains('\0') {
        return refuse(Code(4_940_400), "Key field cannot contain an embedded null byte");
    }
    Ok((name, value))
}

fn of_entry(entry: &RawDocument) -> Result<(&str, RawBsonRef<'_>)> {
    let count = fields(entry).count();
    if count != 2 {
        return refuse(
            Code(40392),
            format!("$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:{count}"),
        );
    }
    let (Some(name), Some(value)) = (crate::value::field(entry, "k"), crate::value::field(entry, "v")) else {
        return refuse(
            Code(40393),
            "$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys",
        );
    };
    let RawBsonRef::String(name) = name else {
        return refuse(
            Code(40394),
            format!(
                "$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type \
                 string. Found type: {}",
                type_name(name)
            ),
        );
    };
    if name.contains('\0') {
        return refuse(Code(4_940_401), "Key field cannot contain an embedded null byte");
    }
    Ok((name, value))
}

fn object_to_array<'v>(object: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    if object.is_nullish() {
        return Ok(null());
    }
    let Some(object) = document_of(&object) else {
        let found = object.get().map_or("missing", type_name);
        return refuse(Code(40390), format!("$objectToArray requires a document input, found: {found}"));
    };
    let mut array = ArrayBuilder::new();
    for (name, value) in fields(object) {
        let mut entry = DocumentBuilder::new();
        entry.append("k", RawBsonRef::String(name));
        entry.append("v", value);
        array.push(RawBsonRef::Document(&entry.finish()));
    }
    Ok(RawBson::Array(array.finish()).into())
}

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, check_types, fails, nullish, yields};

    #[test]
    fn objects_are_made_of_pairs_or_of_entries() {
        let of = |array: Bson| doc! { "$arrayToObject": { "$literal": array } };
        check(
            &doc! {},
            [
                yields(of(bson!([["a", 1], ["b", [2]]])), bson!({ "a": 1, "b": [2] })),
                yields(of(bson!([{ "k": "a", "v": 1 }, { "v": 2, "k": "b" }])), bson!({ "a": 1, "b": 2 })),
                yields(of(bson!([["a", 1], ["b", 2], ["a", 3]])), bson!({ "a": 3, "b": 2 })),
                yields(of(bson!([["a.b", 1], ["$c", 2], ["", 3]])), bson!({ "a.b": 1, "$c": 2, "": 3 })),
                yields(of(bson!([])), bson!({})),
                fails(of(bson!([1])), 40398),
                fails(of(bson!([null])), 40398),
                fails(of(bson!([{ "k": "a" }])), 40392),
                fails(of(bson!([{ "k": "a", "v": 1, "x": 1 }])), 40392),
                fails(of(bson!([{}])), 40392),
                fails(of(bson!([{ "K": "a", "v": 1 }])), 40393),
                fails(of(bson!([{ "k": 1, "v": 1 }])), 40394),
                fails(of(bson!([[1, 1]])), 40395),
                fails(of(bson!([["a"]])), 40397),
                fails(of(bson!([["a", 1, 2]])), 40397),
                fails(of(bson!([[]])), 40397),
                fails(of(bson!([{ "k": "a", "v": 1 }, ["b", 1]])), 40391),
                fails(of(bson!([["b", 1], { "k": "a", "v": 1 }])), 40396),
                fails(of(bson!([["b", 1], 1])), 40396),
                fails(of(bson!([["a\0b", 1]])), 4_940_400),
                fails(of(bson!([{ "k": "a\0b", "v": 1 }])), 4_940_401),
                fails(doc! { "$arrayToObject": [[["a", 1]], [["b", 1]]] }, 16020),
            ],
        );
        check_types("$arrayToObject", nullish, None);
        check_types("$objectToArray", |value| nullish(value) || matches!(value, Bson::Document(_)), 40390);
    }

    #[test]
    fn arrays_are_made_of_fields() {
        check(
            &doc! { "o": { "a": 1, "b": { "c": 2 } } },
            [
                yields(doc! { "$objectToArray": "$o" }, bson!([{ "k": "a", "v": 1 }, { "k": "b", "v": { "c": 2 } }])),
                yields(doc! { "$objectToArray": {} }, bson!([])),
                yields(doc! { "$objectToArray": "$none" }, Bson::Null),
            ],
        );
    }
}
