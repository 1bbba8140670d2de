//! What other types are as strings, and numbers as integers.

use std::borrow::Cow;

use bson::RawBsonRef;

use crate::{
    error::{Code, Result, refuse},
    expression::date::format_date,
    value::{Decimal, Number, Value, type_name},
};

/// The string that the operators that take more than strings see: nothing and null are empty, numbers, dates and
/// timestamps are written out. Doubles have six digits, as the server's streams write them.
pub(crate) fn coerce_to_string<'v>(value: &'v Value<'_>) -> Result<Cow<'v, str>> {
    Ok(match value.get() {
        None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => Cow::Borrowed(""),
        Some(RawBsonRef::String(text) | RawBsonRef::Symbol(text) | RawBsonRef::JavaScriptCode(text)) => text.into(),
        Some(RawBsonRef::Int32(number)) => number.to_string().into(),
        Some(RawBsonRef::Int64(number)) => number.to_string().into(),
        Some(RawBsonRef::Double(number)) => six_digits(number).into(),
        Some(RawBsonRef::Decimal128(number)) => number.to_string().into(),
        Some(RawBsonRef::DateTime(date)) => format_date(date.timestamp_millis())?.into(),
        Some(RawBsonRef::Timestamp(stamp)) => {
            crate::expression::date::format_timestamp(stamp.time, stamp.increment).into()
        }
        Some(value) => {
            return refuse(Code(16007), format!("can't convert from BSON type {} to String", type_name(value)));
        }
    })
}

/// A double as C's `%g` writes it.
fn six_digits(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:.5e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..6).contains(&exponent) {
        let places = usize::try_from(5 - exponent).unwrap_or(0);
        return trimmed(&format!("{number:.places$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trimmed(digits), exponent.unsigned_abs())
}

/// The number as an integer of 32 bits, if it is one, whatever its type.
pub(crate) fn integral_i32(value: &Value<'_>) -> Option<i32> {
    integral_i64(value).and_then(|number| i32::try_from(number).ok())
}

/// The number as an integer of 64 bits, if it is one, whatever its type.
pub(crate) fn integral_i64(value: &Value<'_>) -> Option<i64> {
    match Number::of(value.get()?)? {
        Number::Int32(number) => Some(number.into()),
        Number::Int64(number) => Some(number),
        #[allow(clippy::cast_possible_truncation, reason = "it is whole and within the range")]
        Number::Double(number) => {
            (number.trunc() == number && (-TWO_TO_63..TWO_TO_63).contains(&number)).then_some(number as i64)
        }
        Number::Decimal(decimal) => rounded(decimal).and_then(|(number, exact)| exact.then_some(number)),
    }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// A number as an integer: doubles lose their fraction, decimals are rounded half to even, and what is out of range is
/// the least integer.
pub(crate) fn to_long(number: Number) -> i64 {
    match number {
        Number::Int32(number) => number.into(),
        Number::Int64(number) => number,
        #[allow(clippy::cast_possible_truncation, reason = "it is within the range")]
        Number::Double(number) if (-TWO_TO_63..TWO_TO_63).contains(&number) => number as i64,
        Number::Double(_) => i64::MIN,
        Number::Decimal(decimal) => rounded(decimal).map_or(i64::MIN, |(number, _)| number),
    }
}

/// A decimal rounded half to even, and whether it was whole.
fn rounded(decimal: Decimal) -> Option<(i64, bool)> {
    let Decimal::Finite { negative, coefficient, exponent } = decimal else { return None };
    let (whole, exact) = if coefficient == 0 {
        (0, true)
    } else if exponent >= 0 {
        let scale = 10_u128.checked_pow(exponent.unsigned_abs())?;
        (coefficient.checked_mul(scale)?, true)
    } else {
        match 10_u128.checked_pow(exponent.unsigned_abs()) {
            None => (0, false),
            Some(scale) => {
                let (whole, rest) = (coefficient / scale, coefficient % scale);
                let half = scale / 2;
                let up = rest > half || (rest == half && whole % 2 == 1);
                (whole + u128::from(up), rest == 0)
            }
        }
    };
    let whole = i128::try_from(whole).ok()?;
    Some((i64::try_from(if negative { -whole } else { whole }).ok()?, exact))
}

#[cfg(test)]
mod tests {
    use super::six_digits;

    #[test]
    fn doubles_are_written_with_six_digits() {
        for (number, text) in [
            (3.0, "3"),
            (3.15, "3.15"),
            (-0.0, "-0"),
            (123_456.789, "123457"),
            (1e20, "1e+20"),
            (1_000_000.0, "1e+06"),
            (999_999.0, "999999"),
            (999_999.5, "1e+06"),
            (0.000_001, "1e-06"),
            (0.0001, "0.0001"),
            (0.000_09, "9e-05"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
            (5e-324, "4.94066e-324"),
            (f64::MAX, "1.79769e+308"),
        ] {
            assert_eq!(six_digits(number), text);
        }
    }
}
