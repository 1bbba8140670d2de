//! `$substr`, `$substrBytes`, `$substrCP`.

use super::{coerce_to_string, integral_i32, made, to_long};
use crate::{
    error::{Code, Error, Result, refuse},
    expression::{
        Env, Operator,
        arguments::{fixed, type_of},
    },
    value::{Number, Value},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator { name: "$substr", parse: |value, names| fixed("$substrBytes", value, names, bytes) },
    Operator { name: "$substrBytes", parse: |value, names| fixed("$substrBytes", value, names, bytes) },
    Operator { name: "$substrCP", parse: |value, names| fixed("$substrCP", value, names, code_points) },
];

fn bytes<'v>([text, start, length]: [Value<'v>; 3], _: &Env<'_>) -> Result<Value<'v>> {
    let text = coerce_to_string(&text)?;
    let number = |code, place: &str, value: &Value<'_>| {
        value.get().and_then(Number::of).map(to_long).ok_or_else(|| {
            let found = type_of(value);
            Error::new(code, format!("$substrBytes: {place} must be a numeric type (is BSON type {found})"))
        })
    };
    let (start, length) = (number(Code(16034), "starting index", &start)?, number(Code(16035), "length", &length)?);
    let Ok(start) = usize::try_from(start) else {
        return refuse(Code(50752), format!("$substrBytes: starting index must be non-negative (got: {start})"));
    };
    // A negative length is that of the rest.
    let end = start.saturating_add(usize::try_from(length).unwrap_or(text.len())).min(text.len());
    if start >= text.len() {
        return made(String::new());
    }
    if !text.is_char_boundary(start) {
        return refuse(Code(28656), "$substrBytes: Invalid range, starting index is a UTF-8 continuation byte.");
    }
    if !text.is_char_boundary(end) {
        return refuse(Code(28657), "$substrBytes: Invalid range, ending index is in the middle of a UTF-8 character.");
    }
    made(text.get(start..end).unwrap_or_default().to_owned())
}

fn code_points<'v>([text, start, length]: [Value<'v>; 3], _: &Env<'_>) -> Result<Value<'v>> {
    let text = coerce_to_string(&text)?;
    let number = |no_number, not_whole, place: &str, value: &Value<'_>| {
        if value.get().and_then(Number::of).is_none() {
            let found = type_of(value);
            return refuse(no_number, format!("$substrCP: {place} must be a numeric type (is BSON type {found})"));
        }
        integral_i32(value).ok_or_else(|| {
            Error::new(not_whole, format!("$substrCP: {place} cannot be represented as a 32-bit integral value"))
        })
    };
    let start = number(Code(34450), Code(34451), "starting index", &start)?;
    let length = number(Code(34452), Code(34453), "length", &length)?;
    let Ok(length) = usize::try_from(length) else {
        return refuse(Code(34454), "$substrCP: length must be a nonnegative integer.");
    };
    let Ok(start) = usize::try_from(start) else {
        return refuse(Code(34455), "$substrCP: the starting index must be nonnegative integer.");
    };
    made(text.chars().skip(start).take(length).collect())
}
