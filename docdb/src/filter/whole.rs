//! Whole numbers out of numbers of all types.

use bson::RawBsonRef;

use crate::value::{Decimal, Number};

/// A number without its fraction, and whether it had none. `None` for what is no number, not finite, or not within 64
/// bits.
pub(super) fn truncated(value: RawBsonRef<'_>) -> Option<(i64, bool)> {
    match Number::of(value)? {
        Number::Int32(value) => Some((value.into(), true)),
        Number::Int64(value) => Some((value, true)),
        Number::Double(value) => truncated_double(value),
        Number::Decimal(value) => truncated_decimal(value),
    }
}

/// A number that has no fraction and fits into 64 bits.
pub(super) fn whole(value: RawBsonRef<'_>) -> Option<i64> {
    truncated(value).and_then(|(whole, exact)| exact.then_some(whole))
}

fn truncated_double(value: f64) -> Option<(i64, bool)> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if !(-TWO_TO_63..TWO_TO_63).contains(&value) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "it was just found to be in range")]
    let whole = value.trunc() as i64;
    Some((whole, value.fract() == 0.0))
}

fn truncated_decimal(value: Decimal) -> Option<(i64, bool)> {
    let Decimal::Finite { negative, coefficient, exponent } = value else { return None };
    if coefficient == 0 {
        return Some((0, true));
    }
    let scale = 10_u128.checked_pow(exponent.unsigned_abs());
    let (whole, exact) = match (exponent >= 0, scale) {
        (true, scale) => (coefficient.checked_mul(scale?)?, true),
        (false, Some(scale)) => (coefficient / scale, coefficient % scale == 0),
        (false, None) => (0, false),
    };
    let whole = i128::try_from(whole).ok()?;
    let whole = if negative { -whole } else { whole };
    Some((whole.try_into().ok()?, exact))
}
