//! Exponentials, logarithms and powers, to 34 digits.
//!
//! Results are computed with many more bits than that and rounded once. The exponents of zeros and ones are those that
//! the server's library gives: they differ from function to function.

use std::cmp::Ordering;

use num_bigint::BigUint;

use crate::value::decimal::{Decimal, MIN_EXPONENT, fixed::Fixed, round::Exact};

/// Bits of intermediate results: 34 digits are 113, and no function here loses more than 200.
pub(super) const BITS: u32 = 420;

impl Decimal {
    pub(super) const ONE_OF_34_DIGITS: Decimal =
        Decimal::Finite { negative: false, coefficient: 10_u128.pow(33), exponent: -33 };

    /// The power of ten of its first digit; none for zero and what is not finite.
    pub(super) fn magnitude(self) -> Option<i32> {
        match self {
            #[allow(clippy::cast_possible_wrap, reason = "at most 33")]
            Decimal::Finite { coefficient, exponent, .. } => Some(coefficient.checked_ilog10()? as i32 + exponent),
            _ => None,
        }
    }

    pub(super) fn fixed(self, bits: u32) -> Fixed {
        match self {
            Decimal::Finite { negative, coefficient, exponent } => {
                Fixed::decimal(negative, coefficient, exponent, bits)
            }
            _ => Fixed::whole(0, bits),
        }
    }

    pub(super) fn zero_of(self, exponent: i32) -> Decimal {
        Decimal::Finite { negative: self.is_negative(), coefficient: 0, exponent }
    }

    /// The number itself, as the rounded result of a function that is a hair off it.
    pub(super) fn as_rounded(self) -> Decimal {
        let Decimal::Finite { negative, coefficient, exponent } = self else { return self };
        Exact { negative, coefficient: BigUint::from(coefficient), exponent, more: false, preferred: MIN_EXPONENT }
            .round()
            .0
    }

    pub(crate) fn exp(self) -> Decimal {
        match self {
            Decimal::NaN => Decimal::NaN,
            Decimal::Infinity { negative: false } => self,
            Decimal::Infinity { negative: true } => Decimal::ZERO.zero_of(MIN_EXPONENT),
            _ => match self.magnitude() {
                None => Decimal::ONE,
                Some(magnitude) if magnitude < -40 => Decimal::ONE,
                Some(magnitude) if magnitude > 6 => Decimal::overflowed(false, self.is_negative()),
                _ => self.fixed(BITS).exp().round(),
            },
        }
    }

    /// The result of an exponential out of range: nothing, or infinity.
    pub(super) fn overflowed(negative: bool, below: bool) -> Decimal {
        if below {
            Decimal::Finite { negative, coefficient: 0, exponent: MIN_EXPONENT }
        } else {
            Decimal::Infinity { negative }
        }
    }

    /// The natural logarithm of a number above zero, with many bits.
    pub(super) fn ln_fixed(self) -> Fixed {
        let Decimal::Finite { coefficient, exponent, .. } = self else { return Fixed::whole(0, BITS) };
        if (-100..=100).contains(&exponent) {
            return self.fixed(BITS + 340).ln();
        }
        let bits = BITS + 340;
        Fixed::decimal(false, coefficient, 0, bits).ln().add(&Fixed::ln_10(bits).times(exponent.into()))
    }

    /// What the logarithms of zero, of negative numbers and of infinity are.
    fn ln_of_special(self) -> Option<Decimal> {
        match self {
            Decimal::NaN => Some(Decimal::NaN),
            Decimal::Finite { coefficient: 0, .. } => Some(Decimal::Infinity { negative: true }),
            Decimal::Finite { negative: true, .. } | Decimal::Infinity { negative: true } => Some(Decimal::NaN),
            Decimal::Infinity { negative: false } => Some(self),
            _ if self.compare(Decimal::ONE) == Ordering::Equal => Some(Decimal::ZERO),
            _ => None,
        }
    }

    pub(crate) fn ln(self) -> Decimal {
        self.ln_of_special().unwrap_or_else(|| self.ln_fixed().scaled().round())
    }

    /// Exact for powers of ten.
    pub(crate) fn log10(self) -> Decimal {
        if let Some(special) = self.ln_of_special() {
            return special;
        }
        match (self, self.magnitude()) {
            (Decimal::Finite { coefficient, .. }, Some(magnitude))
                if 10_u128.checked_pow(coefficient.ilog10()) == Some(coefficient) =>
            {
                magnitude.into()
            }
            _ => {
                let ln = self.ln_fixed();
                ln.divide(&Fixed::ln_10(BITS + 340)).scaled().round()
            }
        }
    }

    /// The logarithm to a base: two logarithms are rounded and divided, as the server does it.
    pub(crate) fn log(self, base: Decimal) -> Decimal {
        self.ln().divide(base.ln())
    }

    pub(crate) fn pow(self, power: Decimal) -> Decimal {
        let one = Decimal::ONE;
        if power.is_zero() || self.compare(one) == Ordering::Equal {
            return one;
        }
        if self.is_nan() || power.is_nan() {
            return Decimal::NaN;
        }
        let odd = power.is_whole() && !power.remainder(Decimal::from(2)).is_zero();
        let negative = self.is_negative() && odd;
        let grows = (self.abs().compare(one) == Ordering::Greater) != power.is_negative();
        if power.is_infinite() {
            return if self.abs().compare(one) == Ordering::Equal { one } else { Self::overflowed(false, !grows) };
        }
        if self.is_zero() || self.is_infinite() {
            // Signs of zeros are lost here.
            return Self::overflowed(negative && grows, !grows);
        }
        if self.is_negative() && !power.is_whole() {
            return Decimal::NaN;
        }
        let base = self.abs();
        if base.compare(one) == Ordering::Equal {
            return if negative { Self::ONE_OF_34_DIGITS.negate() } else { Self::ONE_OF_34_DIGITS };
        }
        let ln = base.ln_fixed();
        // Powers between 10^-40 and 10^40 say whether the result is one, in range, or out of it.
        match power.magnitude().unwrap_or(0) {
            magnitude if magnitude > 40 => Self::overflowed(negative, !grows),
            magnitude if magnitude < -40 => Self::ONE_OF_34_DIGITS,
            _ => {
                let exponent = ln.multiply(&power.fixed(BITS + 340));
                if exponent.magnitude() > 15 {
                    return Self::overflowed(negative, exponent.is_negative());
                }
                let result = exponent.exp().round();
                if negative { result.negate() } else { result }
            }
        }
    }
}
