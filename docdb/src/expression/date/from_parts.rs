//! `$dateFromParts`.

use bson::RawBsonRef;

use super::{civil::Civil, made, zone::Zone};
use crate::{
    error::{Code, Error, Result, refuse},
    expression::{
        Env, Expression, Names, Operator,
        arguments::{null, type_of},
        named::{Arguments, Signature, call},
        string::integral_i64,
    },
    value::Value,
};

const OPERATOR: &str = "$dateFromParts";

pub(in crate::expression) const OPERATORS: &[Operator] = &[Operator { name: OPERATOR, parse }];

/// In the order of the arguments, with what they are if left out.
const FIELDS: [(&str, i64); 10] = [
    ("year", 1970),
    ("month", 1),
    ("day", 1),
    ("isoWeekYear", 1970),
    ("isoWeek", 1),
    ("isoDayOfWeek", 1),
    ("hour", 0),
    ("minute", 0),
    ("second", 0),
    ("millisecond", 0),
];

fn parse(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let mut fields = [("timezone", None); 11];
    for (field, (name, _)) in fields.iter_mut().zip(FIELDS) {
        *field = (name, None);
    }
    let signature = Signature { operator: OPERATOR, fields, not_object: Code(40519), unknown: Code(40518) };
    let given: Arguments<11> = signature.arguments(value, names)?;
    let [year, month, day, iso_year, iso_week, iso_day, ..] = &given;
    match (year, iso_year) {
        (None, None) => refuse(Code(40516), "$dateFromParts requires either 'year' or 'isoWeekYear' to be present"),
        (Some(_), _) if iso_year.is_some() || iso_week.is_some() || iso_day.is_some() => {
            refuse(Code(40489), "$dateFromParts does not allow mixing natural dates with ISO dates")
        }
        (None, Some(_)) if month.is_some() || day.is_some() => {
            refuse(Code(40525), "$dateFromParts does not allow mixing ISO dates with natural dates")
        }
        _ => call(OPERATOR, given, names, from_parts),
    }
}

fn from_parts<'a>(arguments: &'a Arguments<11>, env: &Env<'a>) -> Result<Value<'a>> {
    let [calendar_year, _, _, iso_year, .., timezone] = arguments;
    let Some(zone) = Zone::argument(timezone, env)? else { return Ok(null()) };
    let mut parts = [0; 10];
    for ((part, argument), field) in parts.iter_mut().zip(arguments).zip(FIELDS) {
        match number(argument, field, env)? {
            Some(number) => *part = number,
            None => return Ok(null()),
        }
    }
    let [year, month, day, iso_week_year, iso_week, iso_day_of_week, hour, minute, second, millisecond] = parts;
    let (name, given) = if calendar_year.is_some() { ("year", year) } else { ("isoWeekYear", iso_week_year) };
    if !(1..=9999).contains(&given) {
        return refuse(
            Code(40523),
            format!("'{name}' must evaluate to an integer in the range 1 to 9999, found {given}"),
        );
    }
    let date = if iso_year.is_some() {
        Civil::of_iso_week(iso_week_year, iso_week, iso_day_of_week)
    } else {
        Civil::midnight(year, month, day)
    };
    let millis = zone.instant(Civil { hour, minute, second, millisecond, ..date });
    millis.map(made).ok_or_else(|| Error::new(Code::DURATION_OVERFLOW, "the parts are of a date that is out of range"))
}

/// The value of a part, or `None` if it is null.
fn number<'a>(argument: &'a Option<Expression>, (name, default): (&str, i64), env: &Env<'a>) -> Result<Option<i64>> {
    let Some(argument) = argument else { return Ok(Some(default)) };
    let value = argument.evaluate(env)?;
    if value.is_nullish() {
        return Ok(None);
    }
    let Some(number) = integral_i64(&value) else {
        let found = type_of(&value);
        return refuse(Code(40515), format!("'{name}' must evaluate to an integer, found {found}"));
    };
    let bounded = !matches!(name, "year" | "isoWeekYear" | "second" | "millisecond");
    if bounded && i16::try_from(number).is_err() {
        return refuse(
            Code(31034),
            format!("'{name}' must evaluate to a value in the range [-32768, 32767]; value {number} is not in range"),
        );
    }
    Ok(Some(number))
}
