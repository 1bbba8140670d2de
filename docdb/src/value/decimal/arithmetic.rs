//! Arithmetic: results are exact and then rounded once, half to even, and have the exponent that IEEE 754 prefers.

use num_bigint::BigUint;

use crate::value::decimal::{
    Decimal, MIN_EXPONENT, PRECISION,
    round::{Exact, power_of_ten},
};

/// So far below the last of 34 digits that only its being there counts.
const FAR: i32 = 80;

impl Decimal {
    /// Zero, and one: `0` and `1`.
    pub(crate) const ZERO: Decimal = Decimal::Finite { negative: false, coefficient: 0, exponent: 0 };
    pub(crate) const ONE: Decimal = Decimal::Finite { negative: false, coefficient: 1, exponent: 0 };

    /// What a finite number divided by an infinite one is.
    fn nothing(negative: bool) -> Decimal {
        Decimal::Finite { negative, coefficient: 0, exponent: MIN_EXPONENT }
    }

    pub(crate) fn is_nan(self) -> bool {
        self == Decimal::NaN
    }

    pub(crate) fn is_infinite(self) -> bool {
        matches!(self, Decimal::Infinity { .. })
    }

    pub(crate) fn is_zero(self) -> bool {
        matches!(self, Decimal::Finite { coefficient: 0, .. })
    }

    /// Whether it has a minus sign; zeros may have one.
    pub(crate) fn is_negative(self) -> bool {
        matches!(self, Decimal::Finite { negative: true, .. } | Decimal::Infinity { negative: true })
    }

    fn with_sign(self, negative: bool) -> Decimal {
        match self {
            Decimal::NaN => Decimal::NaN,
            Decimal::Infinity { .. } => Decimal::Infinity { negative },
            Decimal::Finite { coefficient, exponent, .. } => Decimal::Finite { negative, coefficient, exponent },
        }
    }

    pub(crate) fn negate(self) -> Decimal {
        self.with_sign(!self.is_negative())
    }

    pub(crate) fn abs(self) -> Decimal {
        self.with_sign(false)
    }

    pub(crate) fn add(self, other: Decimal) -> Decimal {
        match (self, other) {
            (Decimal::NaN, _) | (_, Decimal::NaN) => Decimal::NaN,
            (Decimal::Infinity { negative: a }, Decimal::Infinity { negative: b }) if a != b => Decimal::NaN,
            (Decimal::Infinity { .. }, _) => self,
            (_, Decimal::Infinity { .. }) => other,
            (
                Decimal::Finite { negative: a, coefficient: x, exponent: e },
                Decimal::Finite { negative: b, coefficient: y, exponent: f },
            ) => add_finite((a, x, e), (b, y, f)),
        }
    }

    pub(crate) fn subtract(self, other: Decimal) -> Decimal {
        self.add(other.negate())
    }

    pub(crate) fn multiply(self, other: Decimal) -> Decimal {
        let negative = self.is_negative() != other.is_negative();
        match (self, other) {
            (Decimal::NaN, _) | (_, Decimal::NaN) => Decimal::NaN,
            (Decimal::Infinity { .. }, other) if other.is_zero() => Decimal::NaN,
            (this, Decimal::Infinity { .. }) if this.is_zero() => Decimal::NaN,
            (Decimal::Infinity { .. }, _) | (_, Decimal::Infinity { .. }) => Decimal::Infinity { negative },
            (
                Decimal::Finite { coefficient: x, exponent: e, .. },
                Decimal::Finite { coefficient: y, exponent: f, .. },
            ) => {
                let coefficient = match x.checked_mul(y) {
                    Some(product) => product.into(),
                    None => BigUint::from(x) * BigUint::from(y),
                };
                Exact { negative, coefficient, exponent: e + f, more: false, preferred: e + f }.round().0
            }
        }
    }

    /// By zero it is infinite, or not a number.
    pub(crate) fn divide(self, other: Decimal) -> Decimal {
        let negative = self.is_negative() != other.is_negative();
        match (self, other) {
            (Decimal::NaN, _) | (_, Decimal::NaN) => Decimal::NaN,
            (Decimal::Infinity { .. }, Decimal::Infinity { .. }) => Decimal::NaN,
            (Decimal::Infinity { .. }, _) => Decimal::Infinity { negative },
            (_, Decimal::Infinity { .. }) => Decimal::nothing(negative),
            (Decimal::Finite { coefficient: 0, .. }, Decimal::Finite { coefficient: 0, .. }) => Decimal::NaN,
            (_, Decimal::Finite { coefficient: 0, .. }) => Decimal::Infinity { negative },
            (
                Decimal::Finite { coefficient: x, exponent: e, .. },
                Decimal::Finite { coefficient: y, exponent: f, .. },
            ) => {
                let digits = |value: u128| value.checked_ilog10().map_or(0, |digits| digits + 1);
                let scale = (PRECISION + 2 + digits(y)).saturating_sub(digits(x));
                let (dividend, divisor) = (BigUint::from(x) * power_of_ten(scale), BigUint::from(y));
                let quotient = &dividend / &divisor;
                let more = &quotient * &divisor != dividend;
                #[allow(clippy::cast_possible_wrap, reason = "at most 70")]
                let exponent = e - f - scale as i32;
                Exact { negative, coefficient: quotient, exponent, more, preferred: e - f }.round().0
            }
        }
    }

    /// What a division leaves whose quotient is whole and rounded towards zero; it has the sign of the dividend.
    pub(crate) fn remainder(self, other: Decimal) -> Decimal {
        let (
            Decimal::Finite { negative, coefficient: x, exponent: e },
            Decimal::Finite { coefficient: y, exponent: f, .. },
        ) = (self, other)
        else {
            return match (self, other) {
                (Decimal::Finite { .. }, Decimal::Infinity { .. }) => self,
                _ => Decimal::NaN,
            };
        };
        if y == 0 {
            return Decimal::NaN;
        }
        let exponent = e.min(f);
        let coefficient = if e >= f {
            let modulus = BigUint::from(y);
            let power = BigUint::from(10_u8).modpow(&BigUint::from((e - f).unsigned_abs()), &modulus);
            (BigUint::from(x) * power) % modulus
        } else {
            match y.checked_mul(10_u128.checked_pow((f - e).unsigned_abs()).unwrap_or(u128::MAX)) {
                Some(modulus) => (x % modulus).into(),
                // The divisor has more digits than any dividend.
                None => x.into(),
            }
        };
        Exact { negative, coefficient, exponent, more: false, preferred: exponent }.round().0
    }

    /// Not a number below zero.
    pub(crate) fn sqrt(self) -> Decimal {
        let Decimal::Finite { negative, coefficient, exponent } = self else {
            return if self.is_negative() { Decimal::NaN } else { self };
        };
        let preferred = exponent.div_euclid(2);
        if coefficient == 0 {
            return Decimal::Finite { negative, coefficient: 0, exponent: preferred };
        }
        if negative {
            return Decimal::NaN;
        }
        // An even exponent, and enough digits for 36 of the root.
        let scale = 72 + exponent.rem_euclid(2).unsigned_abs();
        let radicand = BigUint::from(coefficient) * power_of_ten(scale);
        let root = radicand.sqrt();
        let more = &root * &root != radicand;
        #[allow(clippy::cast_possible_wrap, reason = "at most 73")]
        let exponent = (exponent - scale as i32) / 2;
        Exact { negative, coefficient: root, exponent, more, preferred }.round().0
    }
}

fn add_finite(a: (bool, u128, i32), b: (bool, u128, i32)) -> Decimal {
    let (high, low) = if a.2 >= b.2 { (a, b) } else { (b, a) };
    let preferred = low.2;
    if high.1 == 0 && low.1 == 0 {
        let negative = high.0 && low.0;
        return Decimal::Finite { negative, coefficient: 0, exponent: preferred };
    }
    let mut low = low;
    if high.1 == 0 || low.1 == 0 {
        let (negative, coefficient, exponent) = if high.1 == 0 { low } else { high };
        return Exact { negative, coefficient: coefficient.into(), exponent, more: false, preferred }.round().0;
    }
    if high.2 - low.2 > 2 * FAR {
        low = (low.0, 1, high.2 - FAR);
    }
    let (x, y) = (BigUint::from(high.1) * power_of_ten((high.2 - low.2).unsigned_abs()), BigUint::from(low.1));
    let (negative, coefficient) = match (high.0 == low.0, x.cmp(&y)) {
        (true, _) => (high.0, x + y),
        (false, std::cmp::Ordering::Equal) => (false, BigUint::ZERO),
        (false, std::cmp::Ordering::Greater) => (high.0, x - y),
        (false, std::cmp::Ordering::Less) => (low.0, y - x),
    };
    Exact { negative, coefficient, exponent: low.2, more: false, preferred }.round().0
}
