//! Decimal128: 34 digits and an exponent, as IEEE 754-2008 encodes them with a binary coefficient.

mod angles;
mod arithmetic;
mod convert;
mod fixed;
mod functions;
mod round;
mod text;

use std::cmp::Ordering;

use bson::Decimal128;
use num_bigint::BigUint;

pub(crate) use round::Rounding;

/// A decimal number of IEEE 754's decimal128 format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    /// Not a number.
    NaN,
    /// Infinity, with its sign.
    Infinity {
        /// Whether it is below all numbers.
        negative: bool,
    },
    /// `coefficient * 10^exponent`, with its sign; zeros have signs and exponents too.
    Finite {
        /// Whether it has a minus sign.
        negative: bool,
        /// At most 34 digits.
        coefficient: u128,
        /// From -6176 to 6111.
        exponent: i32,
    },
}

const EXPONENT_BIAS: i32 = 6176;
/// Digits of a coefficient.
const PRECISION: u32 = 34;
const MOST: u128 = 10_u128.pow(PRECISION) - 1;
const MIN_EXPONENT: i32 = -6176;
const MAX_EXPONENT: i32 = 6111;

impl Decimal {
    /// Reads the encoding. Coefficients that are too large are zero, as the standard has it.
    #[must_use]
    pub fn from_bson(value: Decimal128) -> Decimal {
        let bits = u128::from_le_bytes(value.bytes());
        let negative = bits >> 127 == 1;
        let combination = (bits >> 122) & 0x1F;
        if combination == 0x1F {
            return Decimal::NaN;
        }
        if combination == 0x1E {
            return Decimal::Infinity { negative };
        }
        let (exponent, coefficient) = if combination >> 3 == 3 {
            ((bits >> 111) & 0x3FFF, 0)
        } else {
            ((bits >> 113) & 0x3FFF, bits & ((1 << 113) - 1))
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "14 bits")]
        let exponent = exponent as i32 - EXPONENT_BIAS;
        Decimal::Finite { negative, coefficient: if coefficient > MOST { 0 } else { coefficient }, exponent }
    }

    /// Its encoding.
    #[must_use]
    pub fn to_bson(self) -> Decimal128 {
        let bits = match self {
            Decimal::NaN => 0x1F << 122,
            Decimal::Infinity { negative } => (u128::from(negative) << 127) | (0x1E << 122),
            Decimal::Finite { negative, coefficient, exponent } => {
                #[allow(clippy::cast_sign_loss, reason = "exponents are from -6176 on")]
                let biased = (exponent + EXPONENT_BIAS) as u128;
                (u128::from(negative) << 127) | (biased << 113) | coefficient
            }
        };
        Decimal128::from_bytes(bits.to_le_bytes())
    }

    /// Orders by value: NaN lowest, `1.0` equal to `1.00`.
    #[must_use]
    pub fn compare(self, other: Decimal) -> Ordering {
        let key = |decimal: Decimal| match decimal {
            Decimal::NaN => (0, 0),
            Decimal::Infinity { negative: true } => (1, 0),
            Decimal::Finite { coefficient: 0, .. } => (3, 0),
            Decimal::Finite { negative: true, .. } => (2, 0),
            Decimal::Finite { negative: false, .. } => (4, 0),
            Decimal::Infinity { negative: false } => (5, 0),
        };
        key(self).cmp(&key(other)).then_with(|| match (self, other) {
            (
                Decimal::Finite { negative, coefficient: a, exponent: x },
                Decimal::Finite { coefficient: b, exponent: y, .. },
            ) if a != 0 && b != 0 => {
                let order = magnitude(a, x).cmp(&magnitude(b, y));
                if negative { order.reverse() } else { order }
            }
            _ => Ordering::Equal,
        })
    }

    /// Orders against a double, exactly: `0.1` is not the double that is written so.
    #[must_use]
    pub fn compare_to_double(self, other: f64) -> Ordering {
        if other.is_nan() {
            return self.compare(Decimal::NaN);
        }
        if other.is_infinite() {
            return self.compare(Decimal::Infinity { negative: other < 0.0 });
        }
        let Decimal::Finite { negative, coefficient, exponent } = self else {
            return self.compare(Decimal::from(0));
        };
        let sign = |negative: bool, zero: bool| if zero { 0 } else { 1 - 2 * i8::from(negative) };
        let (left, right) = (sign(negative, coefficient == 0), sign(other < 0.0, other == 0.0));
        if left != right || left == 0 {
            return left.cmp(&right);
        }
        let order = compare_magnitudes(coefficient, exponent, other.abs());
        if negative { order.reverse() } else { order }
    }
}

/// `coefficient * 10^exponent` against a finite double; both are above zero.
#[allow(clippy::cast_precision_loss, reason = "the estimate allows for it")]
fn compare_magnitudes(coefficient: u128, exponent: i32, double: f64) -> Ordering {
    // Far from each other: by logarithms, whose error is much smaller than the margin.
    let estimate = (coefficient as f64).log2() + f64::from(exponent) * std::f64::consts::LOG2_10;
    let difference = estimate - double.log2();
    if difference.abs() > 1e-6 {
        return if difference > 0.0 { Ordering::Greater } else { Ordering::Less };
    }
    let (significand, power) = binary(double);
    let (tens, twos) = (exponent.unsigned_abs(), power.unsigned_abs());
    // c * 10^x against s * 2^p; each power stands on the side where it is whole.
    let scaled = |value: u128, ten: bool, two: bool| {
        let value = if ten { value.checked_mul(10_u128.checked_pow(tens)?)? } else { value };
        if two { (twos < value.leading_zeros()).then(|| value << twos) } else { Some(value) }
    };
    let left = scaled(coefficient, exponent > 0, power < 0);
    let right = scaled(significand.into(), exponent < 0, power > 0);
    if let (Some(left), Some(right)) = (left, right) {
        return left.cmp(&right);
    }
    let scaled = |value: BigUint, ten: bool, two: bool| {
        let value = if ten { value * BigUint::from(10_u8).pow(tens) } else { value };
        if two { value << twos } else { value }
    };
    let left = scaled(coefficient.into(), exponent > 0, power < 0);
    left.cmp(&scaled(significand.into(), exponent < 0, power > 0))
}

/// A finite double above zero as an odd number times a power of two.
fn binary(double: f64) -> (u64, i32) {
    let bits = double.to_bits();
    #[allow(clippy::cast_possible_truncation, reason = "11 bits")]
    let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7FF) as i32);
    let (significand, power) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let zeros = significand.trailing_zeros();
    #[allow(clippy::cast_possible_wrap, reason = "at most 52")]
    (significand >> zeros, power + zeros as i32)
}

/// The place of the first digit, and 34 digits from there.
fn magnitude(coefficient: u128, exponent: i32) -> (i32, u128) {
    #[allow(clippy::cast_possible_wrap, reason = "at most 34")]
    let digits = coefficient.ilog10() as i32;
    #[allow(clippy::cast_sign_loss, reason = "at most 33")]
    let scale = (33 - digits).max(0) as u32;
    (digits + exponent, coefficient * 10_u128.pow(scale))
}

#[cfg(test)]
mod tests;
