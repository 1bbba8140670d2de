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
