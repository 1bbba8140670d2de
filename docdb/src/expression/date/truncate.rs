//! `$dateTrunc`: the beginning of the bin that a date is in, counted from the beginning of 2000.

use bson::RawBsonRef;

use super::{
    civil::{Civil, DAY_MS},
    made, millis_of,
    unit::{SUNDAY, Unit, start_of_week},
    zone::Zone,
};
use crate::{
    error::{Code, Error, Result, refuse},
    expression::{
        Env, Expression, Operator,
        arguments::{all_constant, null, type_of},
        named::{Arguments, Signature, value},
        string::integral_i64,
    },
    value::Value,
};

const OPERATOR: &str = "$dateTrunc";

pub(in crate::expression) const OPERATORS: &[Operator] = &[Operator {
    name: OPERATOR,
    parse: |value, names| {
        let signature = Signature {
            operator: OPERATOR,
            fields: [
                ("date", Some(Code(5_439_009))),
                ("unit", Some(Code(5_439_010))),
                ("binSize", None),
                ("timezone", None),
                ("startOfWeek", None),
            ],
            not_object: Code(5_439_007),
            unknown: Code(5_439_008),
        };
        signature.parse(value, names, evaluate)
    },
}];

fn evaluate<'a>([given, unit, bin, timezone, week]: &'a Arguments<5>, env: &Env<'a>) -> Result<Value<'a>> {
    let others = [unit, bin, timezone].into_iter().flatten();
    let open_date = given.as_ref().is_some_and(|given| given.constant().is_none()) && all_constant(others);
    let (given, unit) = (value(given, env)?, value(unit, env)?);
    if given.is_nullish() || unit.is_nullish() {
        return Ok(null());
    }
    let bin = match bin {
        None => None,
        Some(bin) => Some(bin.evaluate(env)?),
    };
    if bin.as_ref().is_some_and(Value::is_nullish) {
        return Ok(null());
    }
    let Some(zone) = Zone::argument(timezone, env)? else { return Ok(null()) };
    let unit = Unit::of(OPERATOR, &unit)?;
    let first_day = match week {
        Some(week) if unit == Unit::Days(7) => {
            let week = week.evaluate(env)?;
            if week.is_nullish() {
                return Ok(null());
            }
            start_of_week(OPERATOR, &week)?
        }
        // Where only the date is still open, a null among the others makes an end of it even if it is of no use.
        Some(other) if unit != Unit::Days(7) && is_null(other) && open_date => return Ok(null()),
        _ => SUNDAY,
    };
    let Some(millis) = millis_of(&given) else {
        let found = type_of(&given);
        return refuse(Code(5_166_307), format!("{OPERATOR} requires 'date' to be a date, but got {found}"));
    };
    let bin = bin.map_or(Ok(1), |bin| bin_size(&bin))?;
    truncate(millis, unit, bin, first_day, &zone).map(made)
}

fn is_null(argument: &Expression) -> bool {
    matches!(argument.constant(), Some(RawBsonRef::Null | RawBsonRef::Undefined))
}

fn bin_size(value: &Value<'_>) -> Result<i64> {
    let Some(bin) = integral_i64(value) else {
        let found = type_of(value);
        return refuse(
            Code(5_439_017),
            format!("{OPERATOR} requires 'binSize' to be a 64-bit integer, but got value of type {found}"),
        );
    };
    if bin <= 0 {
        return refuse(
            Code(5_439_018),
            format!("{OPERATOR} requires 'binSize' to be greater than 0, but got value {bin}"),
        );
    }
    Ok(bin)
}

/// The largest number of years in a bin; that of other units of the calendar is as much time.
const MAX_YEARS: i64 = 100_000_000_000;

fn truncate(millis: i64, unit: Unit, bin: i64, first_day: i64, zone: &Zone) -> Result<i64> {
    let overflow = || Error::new(Code(5_439_005), "dateTrunc overflowed");
    let reference = Civil::midnight(2000, 1, 1);
    match unit {
        Unit::Months(months) => {
            if bin > MAX_YEARS * 12 / months {
                return refuse(Code(5_439_006), format!("dateTrunc unsupported binSize value {bin}"));
            }
            let local = zone.local(millis);
            let bin = bin * months;
            let number = (local.year - reference.year) * 12 + local.month - 1;
            let first = number.div_euclid(bin).checked_mul(bin).ok_or_else(overflow)?;
            zone.instant(Civil { month: first + 1, ..reference }).ok_or_else(overflow)
        }
        Unit::Days(days) => {
            let length = bin.checked_mul(days).filter(|length| length.checked_mul(DAY_MS).is_some());
            let Some(length) = length else {
                return refuse(Code(5_439_002), format!("dateTrunc unsupported binSize value {bin}"));
            };
            // The first day of 2000 was a Saturday.
            let first = reference.days() + if days == 7 { (first_day - 6).rem_euclid(7) } else { 0 };
            let number = zone.local(millis).days() - first;
            let day = number.div_euclid(length).checked_mul(length).ok_or_else(overflow)?;
            let day = first.checked_add(day).and_then(|day| day.checked_add(1)).ok_or_else(overflow)?;
            zone.instant(Civil { day, ..Civil::midnight(1970, 1, 1) }).ok_or_else(overflow)
        }
        Unit::Millis(length) => {
            let Some(length) = bin.checked_mul(length) else {
                return refuse(Code(5_439_002), format!("dateTrunc unsupported binSize value {bin}"));
            };
            let reference = zone.instant(reference).ok_or_else(overflow)?;
            let since = millis.checked_sub(reference).ok_or_else(overflow)?;
            let first = since.div_euclid(length).checked_mul(length).ok_or_else(overflow)?;
            first.checked_add(reference).ok_or_else(overflow)
        }
    }
}
