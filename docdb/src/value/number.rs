//! Numbers of four types that compare and compute with each other.

use std::cmp::Ordering;

use bson::{RawBson, RawBsonRef};

use crate::value::Decimal;

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

fn compare_doubles(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

fn compare_long_to_double(a: i64, b: f64) -> Ordering {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
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
