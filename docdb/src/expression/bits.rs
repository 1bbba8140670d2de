//! `$bitAnd`, `$bitOr`, `$bitXor`, `$bitNot`: on integers only.

use bson::{RawBson, RawBsonRef};

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Operator,
        arguments::{null, type_of, unary, variadic},
    },
    value::Value,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "$bitAnd",
        parse: |value, names| {
            variadic("$bitAnd", value, names, 0..=usize::MAX, |values, _| fold("$bitAnd", &values, -1, |a, b| a & b))
        },
    },
    Operator {
        name: "$bitOr",
        parse: |value, names| {
            variadic("$bitOr", value, names, 0..=usize::MAX, |values, _| fold("$bitOr", &values, 0, |a, b| a | b))
        },
    },
    Operator {
        name: "$bitXor",
        parse: |value, names| {
            variadic("$bitXor", value, names, 0..=usize::MAX, |values, _| fold("$bitXor", &values, 0, |a, b| a ^ b))
        },
    },
    Operator { name: "$bitNot", parse: |value, names| unary("$bitNot", value, names, |value, _| not(&value)) },
];

/// One 64-bit integer makes the result one. Integers of 32 bits keep their sign in 64, so all is computed in those.
fn fold(operator: &str, values: &[Value<'_>], start: i32, apply: fn(i64, i64) -> i64) -> Result<Value<'static>> {
    let (mut result, mut long) = (i64::from(start), false);
    for value in values {
        match value.get() {
            None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => return Ok(null()),
            Some(RawBsonRef::Int32(bits)) => result = apply(result, bits.into()),
            Some(RawBsonRef::Int64(bits)) => (result, long) = (apply(result, bits), true),
            Some(_) => return wrong_type(operator, value),
        }
    }
    #[allow(clippy::cast_possible_truncation, reason = "bits of 32-bit integers with their sign")]
    Ok(Value::Owned(if long { RawBson::Int64(result) } else { RawBson::Int32(result as i32) }))
}

fn not(value: &Value<'_>) -> Result<Value<'static>> {
    match value.get() {
        None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => Ok(null()),
        Some(RawBsonRef::Int32(bits)) => Ok(Value::Owned(RawBson::Int32(!bits))),
        Some(RawBsonRef::Int64(bits)) => Ok(Value::Owned(RawBson::Int64(!bits))),
        Some(RawBsonRef::Double(_) | RawBsonRef::Decimal128(_)) => wrong_type("$bitNot", value),
        Some(_) => refuse(Code(28765), format!("$bitNot only supports numeric types, not {}", type_of(value))),
    }
}

fn wrong_type<T>(operator: &str, value: &Value<'_>) -> Result<T> {
    refuse(Code::TYPE_MISMATCH, format!("{operator} only supports int and long operands, not {}", type_of(value)))
}
