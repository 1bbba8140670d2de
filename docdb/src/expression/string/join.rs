//! `$concat`, `$split`, and how long strings are.

use bson::{RawBson, RawBsonRef};

use super::{check_length, made};
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{all_constant, between, finish, fixed, null, type_of, unary},
    },
    value::{ArrayBuilder, Value},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator { name: "$concat", parse: concat },
    Operator { name: "$split", parse: |value, names| fixed("$split", value, names, split) },
    Operator { name: "$strLenBytes", parse: |value, names| unary("$strLenBytes", value, names, length_bytes) },
    Operator { name: "$strLenCP", parse: |value, names| unary("$strLenCP", value, names, length_code_points) },
];

fn concat(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let parts = between("$concat", value, names, 0..=usize::MAX)?;
    let constant = all_constant(&parts);
    finish(Concat(parts), constant, names)
}

#[derive(Debug)]
struct Concat(Vec<Expression>);

impl Evaluate for Concat {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let mut joined = String::new();
        // A null among the strings ends it, even before one that is no string.
        for part in &self.0 {
            let part = part.evaluate(env)?;
            match part.get() {
                Some(RawBsonRef::String(text)) => {
                    check_length(joined.len() + text.len())?;
                    joined.push_str(text);
                }
                _ if part.is_nullish() => return Ok(null()),
                _ => return refuse(Code(16702), format!("$concat only supports strings, not {}", type_of(&part))),
            }
        }
        made(joined)
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(&self.0);
    }
}

fn split<'v>([text, separator]: [Value<'v>; 2], _: &Env<'_>) -> Result<Value<'v>> {
    if text.is_nullish() || separator.is_nullish() {
        return Ok(null());
    }
    let Some(RawBsonRef::String(whole)) = text.get() else {
        return refuse(
            Code(40085),
            format!(
                "$split requires an expression that evaluates to a string as a first argument, found: {}",
                type_of(&text)
            ),
        );
    };
    let Some(RawBsonRef::String(at)) = separator.get() else {
        return refuse(
            Code(40086),
            format!(
                "$split requires an expression that evaluates to a string as a second argument, found: {}",
                type_of(&separator)
            ),
        );
    };
    if at.is_empty() {
        return refuse(Code(40087), "$split requires a non-empty separator");
    }
    let mut parts = ArrayBuilder::new();
    for part in whole.split(at) {
        parts.push(part);
    }
    Ok(RawBson::Array(parts.finish()).into())
}

fn length_bytes<'v>(value: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    match value.get() {
        Some(RawBsonRef::String(text)) => Ok(count(text.len())),
        _ => refuse(Code(34473), format!("$strLenBytes requires a string argument, found: {}", type_of(&value))),
    }
}

fn length_code_points<'v>(value: Value<'v>, _: &Env<'_>) -> Result<Value<'v>> {
    match value.get() {
        Some(RawBsonRef::String(text)) => Ok(count(text.chars().count())),
        _ => refuse(Code(34471), format!("$strLenCP requires a string argument, found: {}", type_of(&value))),
    }
}

/// A number of things in a document, which is never near the largest integer.
pub(super) fn count(number: usize) -> Value<'static> {
    Value::Ref(RawBsonRef::Int32(i32::try_from(number).unwrap_or(i32::MAX)))
}
