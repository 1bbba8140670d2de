//! `$indexOfBytes`, `$indexOfCP`.

use bson::RawBsonRef;

use super::{integral_i32, join::count};
use crate::{
    error::{Code, Error, Result, refuse},
    expression::{
        Env, Operator,
        arguments::{null, type_of, variadic},
    },
    value::Value,
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator { name: "$indexOfBytes", parse: |value, names| variadic("$indexOfBytes", value, names, 2..=4, bytes) },
    Operator { name: "$indexOfCP", parse: |value, names| variadic("$indexOfCP", value, names, 2..=4, code_points) },
];

const NOWHERE: Value<'static> = Value::Ref(RawBsonRef::Int32(-1));

fn bytes<'v>(arguments: Vec<Value<'v>>, _: &Env<'_>) -> Result<Value<'v>> {
    let Some(search) = Search::of("$indexOfBytes", &arguments, Code(40091), Code(40092))? else { return Ok(null()) };
    let end = search.end.unwrap_or(search.text.len()).min(search.text.len());
    if search.start > search.text.len() || end < search.start {
        return Ok(NOWHERE);
    }
    // The bounds may be within a character.
    let (text, token) = (search.text.as_bytes(), search.token.as_bytes());
    let within = text.get(search.start..end).unwrap_or_default();
    let found = if token.is_empty() {
        Some(0)
    } else {
        let first_after = search.text.char_indices().map(|(at, _)| at).filter(|at| (search.start..end).contains(at));
        first_after.map(|at| at - search.start).find(|at| within.get(*at..).is_some_and(|rest| rest.starts_with(token)))
    };
    Ok(found.map_or(NOWHERE, |at| count(search.start + at)))
}

fn code_points<'v>(arguments: Vec<Value<'v>>, _: &Env<'_>) -> Result<Value<'v>> {
    let Some(search) = Search::of("$indexOfCP", &arguments, Code(40093), Code(40094))? else { return Ok(null()) };
    if search.text.is_empty() && search.token.is_empty() {
        return Ok(count(0));
    }
    // The end bounds where a match begins, not where it ends.
    let end = search.end.unwrap_or(usize::MAX);
    let mut places = search.text.char_indices().enumerate().take(end).skip(search.start);
    let found = places.find(|(_, (at, _))| search.text.get(*at..).is_some_and(|rest| rest.starts_with(search.token)));
    Ok(found.map_or(NOWHERE, |(index, _)| count(index)))
}

struct Search<'v> {
    text: &'v str,
    token: &'v str,
    start: usize,
    end: Option<usize>,
}

impl<'v> Search<'v> {
    /// The arguments, or `None` where the text is null.
    fn of(operator: &str, arguments: &'v [Value<'_>], no_text: Code, no_token: Code) -> Result<Option<Self>> {
        let [text, token, bounds @ ..] = arguments else { return Ok(None) };
        if text.is_nullish() {
            return Ok(None);
        }
        let wrong = |code, place: &str, found: &Value<'_>| {
            let found = type_of(found);
            Error::new(code, format!("{operator} requires a string as the {place} argument, found: {found}"))
        };
        let Some(RawBsonRef::String(given)) = text.get() else { return Err(wrong(no_text, "first", text)) };
        let Some(RawBsonRef::String(looked_for)) = token.get() else { return Err(wrong(no_token, "second", token)) };
        let start = bounds.first().map(|bound| index(operator, "starting index", bound)).transpose()?;
        let end = bounds.get(1).map(|bound| index(operator, "ending index", bound)).transpose()?;
        Ok(Some(Search { text: given, token: looked_for, start: start.unwrap_or(0), end }))
    }
}

fn index(operator: &str, place: &str, value: &Value<'_>) -> Result<usize> {
    let Some(index) = integral_i32(value) else {
        let found = type_of(value);
        return refuse(Code(40096), format!("{operator} requires an integral {place}, found a value of type: {found}"));
    };
    usize::try_from(index)
        .map_err(|_| Error::new(Code(40097), format!("{operator} requires a nonnegative {place}, found: {index}")))
}
