//! Numbers of four types that compare and compute with each other.

mod arithmetic;

use std::cmp::Ordering;

use bson::{RawBson, RawBsonRef};

use crate::value::Decimal;

pub(crate) use arithmetic::Pair;

/// A number, of the type that it is stored as.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Int32(i32),
    Int64(i64),
    Double(f64),
    Decimal(Decimal),
}

impl Number {
    /// The number that a value is, if it is one.
    pub(crate) fn of(value: RawBsonRef<'_>) -> Option<Number> {
        match value {
            RawBsonRef::Int32(value) => Some(Number::Int32(value)),
            RawBsonRef::Int64(value) => Some(Number::Int64(value)),
            RawBsonRef::Double(value) => Some(Number::Double(value)),
            RawBsonRef::Decimal128(value) => Some(Number::Decimal(Decimal::from_bson(value))),
            _ => None,
        }
    }

    pub(crate) fn into_bson(self) -> RawBson {
        match self {
            Number::Int32(value) => RawBson::Int32(value),
            Number::Int64(value) => RawBson::Int64(value),
            Number::Double(value) => RawBson::Double(value),
            Number::Decimal(value) => RawBson::Decimal128(value.to_bson()),
        }
    }

    /// As a double: the nearest one, or an infinite one.
    #[allow(clippy::cast_precision_loss, reason = "the nearest double is asked for")]
    pub(crate) fn to_double(self) -> f64 {
        match self {
            Number::Int32(value) => value.into(),
            Number::Int64(value) => value as f64,
            Number::Double(value) => value,
            Number::Decimal(value) => value.to_double(),
        }
    }

    /// As a decimal: doubles with 15 digits.
    pub(crate) fn to_decimal(self) -> Decimal {
        match self {
            Number::Int32(value) => value.into(),
            Number::Int64(value) => value.into(),
            Number::Double(value) => Decimal::from_double(value),
            Number::Decimal(value) => value,
        }
    }

    pub(crate) fn is_nan(self) -> bool {
        match self {
            Number::Double(value) => value.is_nan(),
            Number::Decimal(value) => value.is_nan(),
            _ => false,
        }
    }

    pub(crate) fn is_zero(self) -> bool {
        match self {
            Number::Int32(value) => value == 0,
            Number::Int64(value) => value == 0,
            Number::Double(value) => value == 0.0,
            Number::Decimal(value) => value.is_zero(),
        }
    }

    /// Below zero; zeros with a sign are not.
    pub(crate) fn is_negative(self) -> bool {
        self.compare(Number::Int32(0)) == Ordering::Less && !self.is_nan()
    }

    pub(crate) fn is_infinite(self) -> bool {
        match self {
            Number::Double(value) => value.is_infinite(),
            Number::Decimal(value) => value.is_infinite(),
            _ => false,
        }
    }

    /// The number as a 64-bit integer, if it is one: `2.0` is, `2.5` and `1e300` are not.
    pub(crate) fn as_whole_i64(self) -> Option<i64> {
        match self {
            Number::Int32(value) => Some(value.into()),
            Number::Int64(value) => Some(value),
            Number::Double(value) if value.fract() == 0.0 => self.to_i64(),
            Number::Decimal(value) if value.is_whole() => value.to_i64(),
            _ => None,
        }
    }

    /// The number without its fraction, if that is a 64-bit integer.
    pub(crate) fn to_i64(self) -> Option<i64> {
        match self {
            Number::Int32(value) => Some(value.into()),
            Number::Int64(value) => Some(value),
            #[allow(clippy::cast_possible_truncation, reason = "it was just found to be in range")]
            Number::Double(value) => (-TWO_TO_63..TWO_TO_63).contains(&value).then_some(value as i64),
            Number::Decimal(value) => value.to_i64(),
        }
    }

    /// The number without its fraction; the nearest 64-bit integer where it is out of their range, zero for NaN.
    pub(crate) fn to_i64_saturating(self) -> i64 {
        #[allow(clippy::cast_possible_truncation, reason = "saturating is what is asked for")]
        self.to_i64().unwrap_or_else(|| self.to_double() as i64)
    }

    /// Orders by value, whatever the types, exactly. NaN is below all others and equal to itself; -0 is 0.
    pub(crate) fn compare(self, other: Number) -> Ordering {
        use Number::{Decimal as D, Double, Int32, Int64};
        match (self, other) {
            (Int32(a), Int32(b)) => a.cmp(&b),
            (Int32(a), Int64(b)) => i64::from(a).cmp(&b),
            (Int64(a), Int32(b)) => a.cmp(&i64::from(b)),
            (Int64(a), Int64(b)) => a.cmp(&b),
            (Double(a), Double(b)) => compare_doubles(a, b),
            (Int32(a), Double(b)) => compare_doubles(f64::from(a), b),
            (Double(a), Int32(b)) => compare_doubles(a, f64::from(b)),
            (Int64(a), Double(b)) => compare_long_to_double(a, b),
            (Double(a), Int64(b)) => compare_long_to_double(b, a).reverse(),
            (D(a), D(b)) => a.compare(b),
            (D(a), Int32(b)) => a.compare(Decimal::from(i64::from(b))),
            (Int32(a), D(b)) => Decimal::from(i64::from(a)).compare(b),
            (D(a), Int64(b)) => a.compare(Decimal::from(b)),
            (Int64(a), D(b)) => Decimal::from(a).compare(b),
            (D(a), Double(b)) => a.compare_to_double(b),
            (Double(a), D(b)) => b.compare_to_double(a).reverse(),
        }
    }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// A value as a 64-bit integer, if it is a number that is one, as options of commands take them.
pub(crate) fn as_whole_i64(value: RawBsonRef<'_>) -> Option<i64> {
    Number::of(value)?.as_whole_i64()
}

fn compare_doubles(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

fn compare_long_to_double(a: i64, b: f64) -> Ordering {
    if b.is_nan() {
        return Ordering::Greater;
    }
    if b >= TWO_TO_63 {
        return Ordering::Less;
    }
    if b < -TWO_TO_63 {
        return Ordering::Greater;
    }
    #[allow(clippy::cast_possible_truncation, reason = "it was just found to be in range")]
    let whole = b.trunc() as i64;
    a.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&b.fract()).unwrap_or(Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(number: Number) -> String {
        format!("{number:?}")
    }

    #[test]
    fn results_take_the_wider_type_and_grow_where_they_overflow() {
        use Number::{Double, Int32, Int64};
        let decimal = |text: &str| Number::Decimal(Decimal::parse(text).unwrap());
        for (result, expected) in [
            (Int32(1).add(Int32(2)), Int32(3)),
            (Int32(i32::MAX).add(Int32(1)), Int64(1 << 31)),
            (Int64(1).add(Int32(2)), Int64(3)),
            (Int64(i64::MAX).add(Int32(1)), Double(9_223_372_036_854_775_808.0)),
            (Int32(i32::MIN).subtract(Int32(1)), Int64(-(1 << 31) - 1)),
            (Int32(1 << 20).multiply(Int32(1 << 20)), Int64(1 << 40)),
            (Int64(1 << 40).multiply(Int64(1 << 40)), Double((1_u128 << 80) as f64)),
            (Int32(10).divide(Int64(4)).unwrap(), Double(2.5)),
            (Int32(-7).remainder(Int32(3)).unwrap(), Int32(-1)),
            (Int32(i32::MIN).remainder(Int32(-1)).unwrap(), Int32(0)),
            (Double(1.5).multiply(decimal("2.0")), decimal("3.000000000000000")),
            (Double(10.5).remainder(decimal("3")).unwrap(), decimal("1.5000000000000")),
            (Int64(i64::MIN).negate(), Double(9_223_372_036_854_775_808.0)),
        ] {
            assert_eq!(shown(result), shown(expected));
        }
        assert!(Int64(i64::MAX).checked_add(Int32(1)).is_none());
        assert!(Int64(i64::MAX).checked_multiply(Int32(2)).is_none());
        assert!(Int32(1).divide(Double(-0.0)).is_none());
        assert!(Int32(1).remainder(decimal("0.00")).is_none());
    }

    #[test]
    fn only_whole_numbers_in_range_are_integers() {
        for (number, expected) in [
            (Number::Double(2.0), Some(2)),
            (Number::Double(2.5), None),
            (Number::Double(f64::NAN), None),
            (Number::Double(1e300), None),
            (Number::Double(-TWO_TO_63), Some(i64::MIN)),
            (Number::Double(TWO_TO_63), None),
            (Number::Decimal(Decimal::parse("3.00").unwrap()), Some(3)),
            (Number::Decimal(Decimal::parse("3.01").unwrap()), None),
        ] {
            assert_eq!(number.as_whole_i64(), expected, "{number:?}");
        }
    }
}
