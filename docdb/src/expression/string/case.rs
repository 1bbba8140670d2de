//! `$toLower`, `$toUpper`, `$strcasecmp`: letters of ASCII only, as the server has it.

use bson::RawBsonRef;

use super::{coerce_to_string, made};
use crate::{
    error::Result,
    expression::{
        Env, Operator,
        arguments::{fixed, unary},
    },
    value::Value,
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator { name: "$toLower", parse: |value, names| unary("$toLower", value, names, lower) },
    Operator { name: "$toUpper", parse: |value, names| unary("$toUpper", value, names, upper) },
    Operator { name: "$strcasecmp", parse: |value, names| fixed("$strcasecmp", value, names, compare) },
];

fn lower<'v>(value: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    made(coerce_to_string(&value)?.to_ascii_lowercase())
}

fn upper<'v>(value: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    made(coerce_to_string(&value)?.to_ascii_uppercase())
}

fn compare<'v>([a, b]: [Value<'v>; 2], _: &Env<'_>) -> Result<Value<'v>> {
    let (a, b) = (coerce_to_string(&a)?, coerce_to_string(&b)?);
    let order = (a.bytes().map(|byte| byte.to_ascii_uppercase())).cmp(b.bytes().map(|byte| byte.to_ascii_uppercase()));
    Ok(Value::Ref(RawBsonRef::Int32(order as i32)))
}
