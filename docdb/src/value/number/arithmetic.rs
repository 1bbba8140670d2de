//! Sums and products of numbers of all types. Expressions go over to doubles where 64-bit integers overflow; updates
//! refuse.

use crate::value::{Decimal, Number};

/// The two numbers of an operation as the wider of their types: 32-bit integer, 64-bit integer, double, decimal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pair {
    Int32(i32, i32),
    Int64(i64, i64),
    Double(f64, f64),
    Decimal(Decimal, Decimal),
}

impl Pair {
    pub(crate) fn new(a: Number, b: Number) -> Pair {
        use Number as N;
        match (a, b) {
            (N::Decimal(_), _) | (_, N::Decimal(_)) => Pair::Decimal(a.to_decimal(), b.to_decimal()),
            (N::Double(_), _) | (_, N::Double(_)) => Pair::Double(a.to_double(), b.to_double()),
            (N::Int32(a), N::Int32(b)) => Pair::Int32(a, b),
            (N::Int32(a), N::Int64(b)) => Pair::Int64(a.into(), b),
            (N::Int64(a), N::Int32(b)) => Pair::Int64(a, b.into()),
            (N::Int64(a), N::Int64(b)) => Pair::Int64(a, b),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a result of 64 bits that overflow is a double")]
impl Number {
    /// The sum, as `$add` computes it.
    pub(crate) fn add(self, other: Number) -> Number {
        self.checked_add(other).unwrap_or_else(|| Number::Double(self.to_double() + other.to_double()))
    }

    /// The sum, as `$inc` computes it: none where 64-bit integers overflow.
    pub(crate) fn checked_add(self, other: Number) -> Option<Number> {
        Some(match Pair::new(self, other) {
            Pair::Int32(a, b) => Number::smallest(i64::from(a) + i64::from(b)),
            Pair::Int64(a, b) => Number::Int64(a.checked_add(b)?),
            Pair::Double(a, b) => Number::Double(a + b),
            Pair::Decimal(a, b) => Number::Decimal(a.add(b)),
        })
    }

    /// The difference, as `$subtract` computes it.
    pub(crate) fn subtract(self, other: Number) -> Number {
        match Pair::new(self, other) {
            Pair::Int32(a, b) => Number::smallest(i64::from(a) - i64::from(b)),
            Pair::Int64(a, b) => a.checked_sub(b).map_or(Number::Double(a as f64 - b as f64), Number::Int64),
            Pair::Double(a, b) => Number::Double(a - b),
            Pair::Decimal(a, b) => Number::Decimal(a.subtract(b)),
        }
    }

    /// The product, as `$multiply` computes it.
    pub(crate) fn multiply(self, other: Number) -> Number {
        self.checked_multiply(other).unwrap_or_else(|| Number::Double(self.to_double() * other.to_double()))
    }

    /// The product, as `$mul` computes it: none where 64-bit integers overflow.
    pub(crate) fn checked_multiply(self, other: Number) -> Option<Number> {
        Some(match Pair::new(self, other) {
            Pair::Int32(a, b) => Number::smallest(i64::from(a) * i64::from(b)),
            Pair::Int64(a, b) => Number::Int64(a.checked_mul(b)?),
            Pair::Double(a, b) => Number::Double(a * b),
            Pair::Decimal(a, b) => Number::Decimal(a.multiply(b)),
        })
    }

    /// The quotient, as `$divide` computes it: a double or a decimal. None for a divisor of zero.
    pub(crate) fn divide(self, other: Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        Some(match Pair::new(self, other) {
            Pair::Int32(a, b) => Number::Double(f64::from(a) / f64::from(b)),
            Pair::Int64(a, b) => Number::Double(a as f64 / b as f64),
            Pair::Double(a, b) => Number::Double(a / b),
            Pair::Decimal(a, b) => Number::Decimal(a.divide(b)),
        })
    }

    /// What a division leaves, with the sign of the dividend, as `$mod` computes it. None for a divisor of zero.
    pub(crate) fn remainder(self, other: Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        Some(match Pair::new(self, other) {
            // The one quotient that does not fit leaves nothing.
            Pair::Int32(a, b) => Number::Int32(a.checked_rem(b).unwrap_or(0)),
            Pair::Int64(a, b) => Number::Int64(a.checked_rem(b).unwrap_or(0)),
            Pair::Double(a, b) => Number::Double(a % b),
            Pair::Decimal(a, b) => Number::Decimal(a.remainder(b)),
        })
    }

    /// With the other sign: the least 64-bit integer becomes a double.
    #[cfg(test)]
    pub(crate) fn negate(self) -> Number {
        match self {
            Number::Int32(value) => Number::smallest(-i64::from(value)),
            Number::Int64(value) => value.checked_neg().map_or(Number::Double(-(value as f64)), Number::Int64),
            Number::Double(value) => Number::Double(-value),
            Number::Decimal(value) => Number::Decimal(value.negate()),
        }
    }

    /// A 32-bit integer where it fits, else a 64-bit one.
    pub(crate) fn smallest(value: i64) -> Number {
        i32::try_from(value).map_or(Number::Int64(value), Number::Int32)
    }
}
