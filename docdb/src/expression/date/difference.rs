//! `$dateDiff`: how many bounds of a unit are between two dates.

use bson::RawBsonRef;

use super::{
    millis_of,
    unit::{SUNDAY, Unit, start_of_week},
    zone::Zone,
};
use crate::{
    error::{Code, Error, Result},
    expression::{
        Env, Operator,
        arguments::{null, type_of},
        named::{Arguments, Signature, value},
    },
    value::Value,
};

const OPERATOR: &str = "$dateDiff";

pub(in crate::expression) const OPERATORS: &[Operator] = &[Operator {
    name: OPERATOR,
    parse: |value, names| {
        let signature = Signature {
            operator: OPERATOR,
            fields: [
                ("startDate", Some(Code(5_166_303))),
                ("endDate", Some(Code(5_166_304))),
                ("unit", Some(Code(5_166_305))),
                ("timezone", None),
                ("startOfWeek", None),
            ],
            not_object: Code(5_166_301),
            unknown: Code(5_166_302),
        };
        signature.parse(value, names, evaluate)
    },
}];

fn evaluate<'a>([start, end, unit, timezone, week]: &'a Arguments<5>, env: &Env<'a>) -> Result<Value<'a>> {
    let (start, end, unit) = (value(start, env)?, value(end, env)?, value(unit, env)?);
    if start.is_nullish() || end.is_nullish() || unit.is_nullish() {
        return Ok(null());
    }
    let unit = Unit::of(OPERATOR, &unit)?;
    let first_day = match week {
        Some(week) if unit == Unit::Days(7) => {
            let week = week.evaluate(env)?;
            if week.is_nullish() {
                return Ok(null());
            }
            start_of_week(OPERATOR, &week)?
        }
        _ => SUNDAY,
    };
    let Some(zone) = Zone::argument(timezone, env)? else { return Ok(null()) };
    let date = |name: &str, value: &Value<'_>| {
        let found = type_of(value);
        let wrong =
            || Error::new(Code(5_166_307), format!("{OPERATOR} requires '{name}' to be a date, but got {found}"));
        millis_of(value).ok_or_else(wrong)
    };
    let (start, end) = (date("startDate", &start)?, date("endDate", &end)?);
    let count = difference(start, end, unit, first_day, &zone);
    let count = count.ok_or_else(|| Error::new(Code(5_166_308), "dateDiff overflowed"))?;
    Ok(Value::Ref(RawBsonRef::Int64(count)))
}

fn difference(start: i64, end: i64, unit: Unit, first_day: i64, zone: &Zone) -> Option<i64> {
    match unit {
        Unit::Months(months) => {
            let number = |millis| {
                let local = zone.local(millis);
                (local.year * 12 + local.month - 1).div_euclid(months)
            };
            Some(number(end) - number(start))
        }
        Unit::Days(1) => Some(zone.local(end).days() - zone.local(start).days()),
        Unit::Days(length) => {
            // The first day of 1970 was a Thursday.
            let number = |millis| (zone.local(millis).days() + 4 - first_day).div_euclid(length);
            Some(number(end) - number(start))
        }
        Unit::Millis(1) => end.checked_sub(start),
        Unit::Millis(length) => {
            // Full hours are those of the zone, but their number is that of the time that passed.
            let (before, after) = (zone.offset_at(start), zone.offset_at(end));
            let number = |millis: i64, offset: i64| Some(millis.checked_add(offset)?.div_euclid(length));
            Some(number(end, after)? - number(start, before)? + (before - after) / length)
        }
    }
}
