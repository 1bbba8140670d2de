//! `$dateToParts`.

use bson::{RawBson, RawBsonRef};

use super::{date, zone::Zone};
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Operator,
        arguments::{null, type_of},
        named::{Arguments, Signature, value},
    },
    value::{DocumentBuilder, Value},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[Operator {
    name: "$dateToParts",
    parse: |value, names| {
        let signature = Signature {
            operator: "$dateToParts",
            fields: [("date", Some(Code(40522))), ("timezone", None), ("iso8601", None)],
            not_object: Code(40524),
            unknown: Code(40520),
        };
        signature.parse(value, names, to_parts)
    },
}];

fn to_parts<'a>([given, timezone, iso]: &'a Arguments<3>, env: &Env<'a>) -> Result<Value<'a>> {
    let given = value(given, env)?;
    let Some(zone) = Zone::argument(timezone, env)? else { return Ok(null()) };
    let iso = match iso {
        None => false,
        Some(iso) => {
            let flag = iso.evaluate(env)?;
            match flag.get() {
                _ if flag.is_nullish() => return Ok(null()),
                Some(RawBsonRef::Boolean(flag)) => flag,
                _ => {
                    let found = type_of(&flag);
                    return refuse(Code(40521), format!("iso8601 must evaluate to a bool, found {found}"));
                }
            }
        }
    };
    if given.is_nullish() {
        return Ok(null());
    }
    let local = zone.local(date(&given)?);
    let first = if iso {
        let (year, week) = local.iso_week();
        [("isoWeekYear", year), ("isoWeek", week), ("isoDayOfWeek", local.iso_day_of_week())]
    } else {
        [("year", local.year), ("month", local.month), ("day", local.day)]
    };
    let mut parts = DocumentBuilder::new();
    let time =
        [("hour", local.hour), ("minute", local.minute), ("second", local.second), ("millisecond", local.millisecond)];
    for (name, part) in first.into_iter().chain(time) {
        parts.append(name, i32::try_from(part).unwrap_or(i32::MAX));
    }
    Ok(RawBson::Document(parts.finish()).into())
}
