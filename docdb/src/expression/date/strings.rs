//! `$dateToString`, `$dateFromString`.

use bson::RawBsonRef;

use super::{
    date,
    format::{READ, WRITTEN, check, default_format, write_date},
    made, parse,
    parse_format::read,
    zone::Zone,
};
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Operator,
        arguments::{null, string, type_of},
        named::{Arguments, Signature, value},
    },
    value::Value,
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator {
        name: "$dateToString",
        parse: |value, names| {
            let signature = Signature {
                operator: "$dateToString",
                fields: [("date", Some(Code(18628))), ("format", None), ("timezone", None), ("onNull", None)],
                not_object: Code(18629),
                unknown: Code(18534),
            };
            signature.parse(value, names, to_string)
        },
    },
    Operator {
        name: "$dateFromString",
        parse: |value, names| {
            let signature = Signature {
                operator: "$dateFromString",
                fields: [
                    ("dateString", Some(Code(40542))),
                    ("format", None),
                    ("timezone", None),
                    ("onNull", None),
                    ("onError", None),
                ],
                not_object: Code(40540),
                unknown: Code(40541),
            };
            signature.parse(value, names, from_string)
        },
    },
];

fn to_string<'a>([given, format, timezone, on_null]: &'a Arguments<4>, env: &Env<'a>) -> Result<Value<'a>> {
    let given = value(given, env)?;
    // What is wrong with the format or the zone is refused even for null.
    let format_value = value(format, env)?;
    let format_text = check_format(&format_value, WRITTEN, Code(18533), "$dateToString")?;
    let zone = Zone::argument(timezone, env)?;
    if given.is_nullish() {
        return on_null.as_ref().map_or(Ok(null()), |on_null| on_null.evaluate(env));
    }
    let Some(zone) = zone else { return Ok(null()) };
    let text = match (format, format_text) {
        (None, _) => write_date(default_format(&zone), date(&given)?, &zone)?,
        (Some(_), None) => return Ok(null()),
        (Some(_), Some(format)) => write_date(format, date(&given)?, &zone)?,
    };
    Ok(string(text))
}

fn from_string<'a>([given, format, timezone, on_null, on_error]: &'a Arguments<5>, env: &Env<'a>) -> Result<Value<'a>> {
    let given = value(given, env)?;
    let format_value = value(format, env)?;
    let format_text = check_format(&format_value, READ, Code(40684), "$dateFromString")?;
    let zone = Zone::argument(timezone, env)?;
    if given.is_nullish() {
        return on_null.as_ref().map_or(Ok(null()), |on_null| on_null.evaluate(env));
    }
    let millis = match given.get() {
        Some(RawBsonRef::String(text)) => {
            let Some(zone) = zone else { return Ok(null()) };
            let found = match (format, format_text) {
                (None, _) => parse::scan(text),
                (Some(_), None) => return Ok(null()),
                (Some(_), Some(format)) => read(text, format),
            };
            found.and_then(|found| found.instant(&zone)).or_else(|reason| parse::failure(text, reason))
        }
        _ => {
            let found = type_of(&given);
            refuse(
                Code::CONVERSION_FAILURE,
                format!("$dateFromString requires that 'dateString' be a string, found: {found}"),
            )
        }
    };
    match (millis, on_error) {
        (Ok(millis), _) => Ok(made(millis)),
        (Err(_), Some(on_error)) => on_error.evaluate(env),
        (Err(error), None) => Err(error),
    }
}

/// The text of a format, if it is not null.
fn check_format<'v>(value: &'v Value<'_>, known: &str, no_string: Code, operator: &str) -> Result<Option<&'v str>> {
    match value.get() {
        _ if value.is_nullish() => Ok(None),
        Some(RawBsonRef::String(format)) => check(format, known).map(|()| Some(format)),
        _ => {
            let found = type_of(value);
            refuse(no_string, format!("{operator} requires that 'format' be a string, found: {found}"))
        }
    }
}
