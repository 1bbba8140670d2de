//! Decimals from and to the other types of numbers.

use crate::value::decimal::{Decimal, MIN_EXPONENT, round::Rounding};

/// Powers of ten that doubles have exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

impl From<i64> for Decimal {
    fn from(value: i64) -> Decimal {
        Decimal::Finite { negative: value < 0, coefficient: value.unsigned_abs().into(), exponent: 0 }
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Decimal {
        i64::from(value).into()
    }
}

impl Decimal {
    /// A double with the 15 digits that it has for certain, always all of them: `2.50000000000000`. So the server
    /// converts, and so it computes with a double beside a decimal.
    #[must_use]
    pub fn from_double(value: f64) -> Decimal {
        Self::from_digits(value, 14)
    }

    /// A double with 34 digits, without trailing zeros behind the point. So the server sums up doubles for a decimal.
    pub(crate) fn from_double_exactly(value: f64) -> Decimal {
        match Self::from_digits(value, 33) {
            Decimal::Finite { negative, mut coefficient, mut exponent } => {
                while exponent < 0 && coefficient % 10 == 0 && coefficient != 0 {
                    (coefficient, exponent) = (coefficient / 10, exponent + 1);
                }
                Decimal::Finite { negative, coefficient, exponent }
            }
            other => other,
        }
    }

    fn from_digits(value: f64, behind_point: usize) -> Decimal {
        let negative = value.is_sign_negative();
        if value.is_nan() {
            Decimal::NaN
        } else if value.is_infinite() {
            Decimal::Infinity { negative }
        } else if value == 0.0 {
            Decimal::Finite { negative, coefficient: 0, exponent: 0 }
        } else {
            Decimal::parse(&format!("{value:.behind_point$e}")).unwrap_or(Decimal::NaN)
        }
    }

    /// The nearest double; infinite, if it is too large for one.
    #[must_use]
    pub fn to_double(self) -> f64 {
        let sign = if self.is_negative() { -1.0 } else { 1.0 };
        match self {
            Decimal::NaN => f64::NAN,
            Decimal::Infinity { .. } => sign * f64::INFINITY,
            Decimal::Finite { coefficient, exponent, .. } => {
                let power = usize::try_from(exponent.unsigned_abs()).ok().and_then(|index| EXACT_POWERS.get(index));
                match power {
                    #[allow(clippy::cast_precision_loss, reason = "at most 53 bits")]
                    Some(power) if coefficient < 1 << 53 => {
                        sign * if exponent < 0 { coefficient as f64 / power } else { coefficient as f64 * power }
                    }
                    _ => sign * format!("{coefficient}e{exponent}").parse::<f64>().unwrap_or(f64::NAN),
                }
            }
        }
    }

    /// The number without its fraction, if that is a 64-bit integer.
    #[must_use]
    pub fn to_i64(self) -> Option<i64> {
        let Decimal::Finite { negative, coefficient, exponent } = self.round_to(0, Rounding::Truncate) else {
            return None;
        };
        let power = 10_u128.checked_pow(u32::try_from(exponent).ok()?);
        let magnitude = if coefficient == 0 { 0 } else { coefficient.checked_mul(power?)? };
        let value = i128::try_from(magnitude).ok()?;
        i64::try_from(if negative { -value } else { value }).ok()
    }

    /// Whether it is finite and has no fraction.
    pub(crate) fn is_whole(self) -> bool {
        match self {
            Decimal::Finite { coefficient: 0, .. } => true,
            Decimal::Finite { coefficient, exponent: exponent @ MIN_EXPONENT..0, .. } => {
                10_u128.checked_pow(exponent.unsigned_abs()).is_some_and(|power| coefficient % power == 0)
            }
            Decimal::Finite { .. } => true,
            _ => false,
        }
    }
}
