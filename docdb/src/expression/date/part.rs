//! The parts of a date: `$year`, `$month`, `$isoWeek` and their kin.

use bson::RawBsonRef;

use super::{civil::Civil, date, zone::Zone};
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{all_constant, finish, null},
        named::Signature,
    },
    value::{Value, fields, items},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator { name: "$dayOfMonth", parse: |value, names| parse("$dayOfMonth", value, names, |at| at.day) },
    Operator { name: "$dayOfWeek", parse: |value, names| parse("$dayOfWeek", value, names, Civil::day_of_week) },
    Operator { name: "$dayOfYear", parse: |value, names| parse("$dayOfYear", value, names, Civil::day_of_year) },
    Operator { name: "$hour", parse: |value, names| parse("$hour", value, names, |at| at.hour) },
    Operator {
        name: "$isoDayOfWeek",
        parse: |value, names| parse("$isoDayOfWeek", value, names, Civil::iso_day_of_week),
    },
    Operator { name: "$isoWeek", parse: |value, names| parse("$isoWeek", value, names, |at| at.iso_week().1) },
    Operator { name: "$isoWeekYear", parse: |value, names| parse(ISO_WEEK_YEAR, value, names, |at| at.iso_week().0) },
    Operator { name: "$millisecond", parse: |value, names| parse("$millisecond", value, names, |at| at.millisecond) },
    Operator { name: "$minute", parse: |value, names| parse("$minute", value, names, |at| at.minute) },
    Operator { name: "$month", parse: |value, names| parse("$month", value, names, |at| at.month) },
    Operator { name: "$second", parse: |value, names| parse("$second", value, names, |at| at.second) },
    Operator { name: "$week", parse: |value, names| parse("$week", value, names, Civil::week) },
    Operator { name: "$year", parse: |value, names| parse("$year", value, names, |at| at.year) },
];

/// The one whose result is of 64 bits.
const ISO_WEEK_YEAR: &str = "$isoWeekYear";

struct Part {
    operator: &'static str,
    date: Expression,
    timezone: Option<Expression>,
    of: fn(Civil) -> i64,
}

fn parse(operator: &'static str, value: RawBsonRef<'_>, names: &Names<'_>, of: fn(Civil) -> i64) -> Result<Expression> {
    let (date, timezone) = match value {
        // An object is one with the arguments, unless it is an expression.
        RawBsonRef::Document(document) if fields(document).next().is_none_or(|(name, _)| !name.starts_with('$')) => {
            let signature = Signature {
                operator,
                fields: [("date", Some(Code(40539))), ("timezone", None)],
                not_object: Code(40535),
                unknown: Code(40535),
            };
            let [date, timezone] = signature.arguments(value, names)?;
            (date, timezone)
        }
        RawBsonRef::Array(array) => {
            let count = items(array).count();
            let mut items = items(array);
            match (items.next(), items.next()) {
                (Some(date), None) => (Some(Expression::parse_within(date, names)?), None),
                _ => {
                    return refuse(
                        Code(40536),
                        format!("{operator} accepts exactly one argument if given an array, but was given {count}"),
                    );
                }
            }
        }
        date => (Some(Expression::parse_within(date, names)?), None),
    };
    let Some(date) = date else { return refuse(Code(40539), format!("missing 'date' argument to {operator}")) };
    let constant = all_constant([&date].into_iter().chain(&timezone));
    finish(Part { operator, date, timezone, of }, constant, names)
}

impl Evaluate for Part {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let value = self.date.evaluate(env)?;
        if value.is_nullish() {
            return Ok(null());
        }
        let millis = date(&value)?;
        let Some(zone) = Zone::argument(&self.timezone, env)? else { return Ok(null()) };
        let part = (self.of)(zone.local(millis));
        Ok(Value::Ref(match i32::try_from(part) {
            Ok(part) if self.operator != ISO_WEEK_YEAR => RawBsonRef::Int32(part),
            _ => RawBsonRef::Int64(part),
        }))
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all([&self.date].into_iter().chain(&self.timezone));
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple(self.operator).field(&self.date).field(&self.timezone).finish()
    }
}
