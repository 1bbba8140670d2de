//! Decimal128: 34 digits and an exponent, as IEEE 754-2008 encodes them with a binary coefficient.

use std::cmp::Ordering;

use bson::Decimal128;

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
const MOST: u128 = 10_u128.pow(34) - 1;

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

    /// Orders against a double, exactly.
    #[must_use]
    pub fn compare_to_double(self, other: f64) -> Ordering {
        // TODO(decimal): exact, by the double's whole expansion.
        self.compare(other.to_string().parse::<Decimal128>().map_or(Decimal::NaN, Decimal::from_bson))
    }
}

/// The place of the first digit, and 34 digits from there.
fn magnitude(coefficient: u128, exponent: i32) -> (i32, u128) {
    #[allow(clippy::cast_possible_wrap, reason = "at most 34")]
    let digits = coefficient.ilog10() as i32;
    #[allow(clippy::cast_sign_loss, reason = "at most 33")]
    let scale = (33 - digits).max(0) as u32;
    (digits + exponent, coefficient * 10_u128.pow(scale))
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Decimal {
        Decimal::Finite { negative: value < 0, coefficient: value.unsigned_abs().into(), exponent: 0 }
    }
}
