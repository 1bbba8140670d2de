//! `$replaceOne`, `$replaceAll`.

use bson::RawBsonRef;

use super::{check_length, made};
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Expression, Names, Operator,
        arguments::{null, type_of},
        named::{Apply, Arguments, Signature, value},
    },
    value::Value,
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator {
        name: "$replaceOne",
        parse: |value, names| parse("$replaceOne", value, names, |given, env| replace("$replaceOne", given, env, 1)),
    },
    Operator {
        name: "$replaceAll",
        parse: |value, names| {
            parse("$replaceAll", value, names, |given, env| replace("$replaceAll", given, env, usize::MAX))
        },
    },
];

fn parse(operator: &'static str, value: RawBsonRef<'_>, names: &Names<'_>, apply: Apply<3>) -> Result<Expression> {
    let fields = [("input", Some(Code(51749))), ("find", Some(Code(51748))), ("replacement", Some(Code(51747)))];
    Signature { operator, fields, not_object: Code(51751), unknown: Code(51750) }.parse(value, names, apply)
}

fn replace<'a>(operator: &str, arguments: &'a Arguments<3>, env: &Env<'a>, most: usize) -> Result<Value<'a>> {
    let [input, find, replacement] = arguments;
    let input = text(operator, "input", Code(51746), value(input, env)?)?;
    let find = text(operator, "find", Code(51745), value(find, env)?)?;
    let replacement = text(operator, "replacement", Code(51744), value(replacement, env)?)?;
    let (Some(RawBsonRef::String(input)), Some(RawBsonRef::String(find)), Some(RawBsonRef::String(replacement))) =
        (input.get(), find.get(), replacement.get())
    else {
        return Ok(null());
    };
    // What it will come to is known before it is made.
    let times = if find.is_empty() { input.chars().count() + 1 } else { input.matches(find).count() }.min(most);
    check_length(
        (input.len() - find.len().saturating_mul(times)).saturating_add(replacement.len().saturating_mul(times)),
    )?;
    made(input.replacen(find, replacement, most))
}

/// A string or null.
fn text<'a>(operator: &str, name: &str, code: Code, value: Value<'a>) -> Result<Value<'a>> {
    if value.is_nullish() || matches!(value.get(), Some(RawBsonRef::String(_))) {
        return Ok(value);
    }
    let found = type_of(&value);
    refuse(code, format!("{operator} requires that '{name}' be a string, found: {found}"))
}
