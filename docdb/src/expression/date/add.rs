//! `$dateAdd`, `$dateSubtract`.

use bson::RawBsonRef;

use super::{
    civil::{Civil, days_in_month},
    made, millis_of,
    unit::Unit,
    zone::Zone,
};
use crate::{
    error::{Code, Error, Result, refuse},
    expression::{
        Env, Expression, Names, Operator,
        arguments::{null, type_of},
        named::{Apply, Arguments, Signature, value},
        string::integral_i64,
    },
    value::Value,
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator {
        name: "$dateAdd",
        parse: |value, names| parse("$dateAdd", value, names, |given, env| evaluate("$dateAdd", given, env)),
    },
    Operator {
        name: SUBTRACT,
        parse: |value, names| parse(SUBTRACT, value, names, |given, env| evaluate(SUBTRACT, given, env)),
    },
];

const SUBTRACT: &str = "$dateSubtract";

fn parse(operator: &'static str, value: RawBsonRef<'_>, names: &Names<'_>, apply: Apply<4>) -> Result<Expression> {
    let missing = Some(Code(5_166_402));
    let fields = [("startDate", missing), ("unit", missing), ("amount", missing), ("timezone", None)];
    Signature { operator, fields, not_object: Code(5_166_400), unknown: Code(5_166_401) }.parse(value, names, apply)
}

fn evaluate<'a>(operator: &str, [start, unit, amount, timezone]: &'a Arguments<4>, env: &Env<'a>) -> Result<Value<'a>> {
    let (start, unit, amount) = (value(start, env)?, value(unit, env)?, value(amount, env)?);
    if start.is_nullish() || unit.is_nullish() || amount.is_nullish() {
        return Ok(null());
    }
    let unit = Unit::of(operator, &unit)?;
    let Some(zone) = Zone::argument(timezone, env)? else { return Ok(null()) };
    let Some(millis) = millis_of(&start) else {
        let found = type_of(&start);
        return refuse(
            Code(5_166_403),
            format!("{operator} requires startDate to be convertible to a date, found {found}"),
        );
    };
    let Some(amount) = integral_i64(&amount) else {
        return refuse(Code(5_166_405), format!("{operator} expects integer amount of time units"));
    };
    let amount = match (operator == SUBTRACT, amount.checked_neg()) {
        (false, _) => amount,
        (true, Some(amount)) => amount,
        (true, None) => {
            return refuse(Code(6_045_000), format!("invalid {operator} 'amount' parameter value: {amount}"));
        }
    };
    add(millis, unit, amount, &zone).map(made)
}

/// The date so many units later, on the clocks of a time zone where the unit is a day or more.
///
/// # Errors
/// 5976500 for an amount that no date can bear, 5166406 for a result beyond what dates hold.
fn add(millis: i64, unit: Unit, amount: i64, zone: &Zone) -> Result<i64> {
    // What a unit comes to at least.
    let unit_ms = match unit {
        Unit::Months(months) => months * 28 * super::civil::DAY_MS,
        Unit::Days(days) => days * super::civil::DAY_MS,
        Unit::Millis(millis) => millis,
    };
    let Some(span) = amount.checked_mul(unit_ms) else {
        return refuse(Code(5_976_500), format!("invalid dateAdd 'amount' parameter value: {amount}"));
    };
    if amount == 0 {
        return Ok(millis);
    }
    let sum = match unit {
        Unit::Millis(_) => millis.checked_add(span),
        Unit::Days(days) => {
            let local = zone.local(millis);
            zone.instant(Civil { day: local.day + days * amount, ..local })
        }
        Unit::Months(months) => {
            let local = zone.local(millis);
            let months = local.year * 12 + local.month - 1 + months * amount;
            let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
            let day = local.day.min(days_in_month(year, month));
            zone.instant(Civil { year, month, day, ..local })
        }
    };
    sum.ok_or_else(|| Error::new(Code(5_166_406), "dateAdd overflowed"))
}
