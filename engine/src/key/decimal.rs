use std::{cmp::Ordering, fmt};

use thiserror::Error;

use super::KeyError;

/// One above the largest coefficient.
const COEFFICIENT_END: u128 = 10_u128.pow(Decimal::MAX_DIGITS);
/// Most pairs of digits that 38 digits take: 20 when the first pair holds one digit.
const MAX_PAIRS: usize = 20;
/// Of the first byte: what stands for a power of 100 of zero, by sign.
const POSITIVE_BIAS: i32 = 0xC1;
const NEGATIVE_BIAS: i32 = 0x3E;
const ZERO: u8 = 0x80;
/// Ends the digits of a positive number: below every digit.
const POSITIVE_END: u8 = 0;
/// Ends the digits of a negative number: above every digit.
const NEGATIVE_END: u8 = 102;

/// A decimal number of at most 38 significant digits: zero, or of a magnitude from 1E-130 to below 1E126.
///
/// There is one `Decimal` for each value: trailing zeros are moved into the exponent, and there is no negative zero. So
/// `1`, `1.0` and `0.1E1` are equal, hash alike and make the same key.
///
/// # Bytes in a key
/// `80 00` is zero. Other numbers are `mantissa · 100^power` with `1 ≤ mantissa < 100`: a byte for sign and power (`C1` +
/// power, for negative numbers `3E` - power), then the digits by twos (the pair + 1, for negative numbers 101 - the
/// pair), then `00` (for negative numbers `66`), which the longest numbers of 20 pairs do without: never more than 21
/// bytes. The positive number of the lowest power begins with `80` too, but its digits are above zero's `00`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    negative: bool,
    coefficient: u128,
    exponent: i32,
}

/// Why a number is not a [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// More than 38 significant digits.
    #[error("a number has at most 38 significant digits")]
    TooManyDigits,
    /// A magnitude of 1E126 or more.
    #[error("the magnitude of a number is below 1E126")]
    Overflow,
    /// A magnitude below 1E-130 that is not zero.
    #[error("the magnitude of a number other than zero is at least 1E-130")]
    Underflow,
}

impl Decimal {
    /// Most significant digits.
    pub const MAX_DIGITS: u32 = 38;
    /// Power of ten of the first digit of the largest numbers.
    pub const MAX_POWER: i32 = 125;
    /// Power of ten of the first digit of the smallest numbers.
    pub const MIN_POWER: i32 = -130;
    /// Zero.
    pub const ZERO: Decimal = Decimal { negative: false, coefficient: 0, exponent: 0 };

    /// `coefficient · 10^exponent`, negated if `negative`.
    ///
    /// # Errors
    /// [`DecimalError`] for a number outside the limits of the type.
    pub fn new(negative: bool, mut coefficient: u128, exponent: i32) -> Result<Self, DecimalError> {
        if coefficient == 0 {
            return Ok(Decimal::ZERO);
        }
        let mut exponent = i64::from(exponent);
        while coefficient.is_multiple_of(10) {
            coefficient /= 10;
            exponent += 1;
        }
        if coefficient >= COEFFICIENT_END {
            return Err(DecimalError::TooManyDigits);
        }
        let power = exponent + i64::from(coefficient.ilog10());
        if power > i64::from(Self::MAX_POWER) {
            return Err(DecimalError::Overflow);
        }
        match i32::try_from(exponent) {
            Ok(exponent) if power >= i64::from(Self::MIN_POWER) => Ok(Decimal { negative, coefficient, exponent }),
            _ => Err(DecimalError::Underflow),
        }
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Its digits as an integer: 0 for zero, else not a multiple of 10, and below 10^38.
    #[must_use]
    pub fn coefficient(&self) -> u128 {
        self.coefficient
    }

    /// The power of ten that the coefficient is multiplied with; 0 for zero.
    #[must_use]
    pub fn exponent(&self) -> i32 {
        self.exponent
    }

    /// Power of ten of the first digit.
    fn power(&self) -> i32 {
        // Below 39, so the conversion always fits.
        self.exponent + i32::try_from(self.coefficient.checked_ilog10().unwrap_or(0)).unwrap_or(0)
    }

    pub(super) fn encode(self, key: &mut Vec<u8>) {
        if self.coefficient == 0 {
            key.extend_from_slice(&[ZERO, POSITIVE_END]);
            return;
        }
        let power = self.power().div_euclid(2);
        let first = if self.negative { NEGATIVE_BIAS - power } else { POSITIVE_BIAS + power };
        // From -65 to 62 by the limits of the type, so `first` is a byte.
        key.push(u8::try_from(first).unwrap_or(ZERO));

        // Pairs stand at even powers of ten, so at an odd exponent the last pair is the last digit and a zero.
        let odd = self.exponent.rem_euclid(2) == 1;
        let mut left = self.coefficient;
        let mut pairs = [0_u8; MAX_PAIRS];
        let mut count = 0;
        for slot in pairs.iter_mut().rev() {
            if left == 0 {
                break;
            }
            let (rest, pair) = if odd && count == 0 { (left / 10, left % 10 * 10) } else { (left / 100, left % 100) };
            let pair = pair.to_le_bytes()[0];
            *slot = if self.negative { 101 - pair } else { pair + 1 };
            left = rest;
            count += 1;
        }
        key.extend(pairs.iter().skip(MAX_PAIRS - count));
        if count < MAX_PAIRS {
            key.push(if self.negative { NEGATIVE_END } else { POSITIVE_END });
        }
    }

    /// Takes a number from the bytes and leaves what follows it.
    pub(super) fn decode(bytes: &mut impl Iterator<Item = u8>) -> Result<Self, KeyError> {
        const TRUNCATED: KeyError = KeyError::Truncated { element: "decimal" };
        const MALFORMED: KeyError = KeyError::Malformed { element: "decimal" };

        let first = bytes.next().ok_or(TRUNCATED)?;
        let negative = first < ZERO;
        // `last` is the pair that is not yet in the coefficient.
        let (mut coefficient, mut last, mut count) = (0_u128, 0_u8, 0_usize);
        while count < MAX_PAIRS {
            let byte = bytes.next().ok_or(TRUNCATED)?;
            let pair = match (negative, byte) {
                (false, POSITIVE_END) | (true, NEGATIVE_END) => break,
                (false, 1..=100) => byte - 1,
                (true, 2..=101) => 101 - byte,
                _ => return Err(MALFORMED),
            };
            if count == 0 && pair == 0 {
                return Err(MALFORMED);
            }
            // At most 19 pairs are in it.
            coefficient = coefficient * 100 + u128::from(last);
            last = pair;
            count += 1;
        }
        if count == 0 {
            return if first == ZERO { Ok(Decimal::ZERO) } else { Err(MALFORMED) };
        }
        if last == 0 {
            return Err(MALFORMED);
        }
        let (scale, digits, odd) = if last % 10 == 0 { (10, last / 10, 1) } else { (100, last, 0) };
        coefficient =
            coefficient.checked_mul(scale).and_then(|c| c.checked_add(u128::from(digits))).ok_or(MALFORMED)?;
        let first = i32::from(first);
        let power = if negative { NEGATIVE_BIAS - first } else { first - POSITIVE_BIAS };
        let pairs_after_first = i32::try_from(count - 1).map_err(|_| MALFORMED)?;
        Decimal::new(negative, coefficient, 2 * (power - pairs_after_first) + odd).map_err(|_| MALFORMED)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // The signed power of the first digit decides first, and zero lies between the signs.
        let class = |value: &Decimal| match (value.coefficient, value.negative) {
            (0, _) => (0, 0),
            (_, true) => (-1, -value.power()),
            (_, false) => (1, value.power()),
        };
        class(self).cmp(&class(other)).then_with(|| {
            let aligned = |value: &Decimal| {
                let digits = value.coefficient.checked_ilog10().unwrap_or(0);
                value.coefficient * 10_u128.pow((Self::MAX_DIGITS - 1).saturating_sub(digits))
            };
            let order = aligned(self).cmp(&aligned(other));
            if self.negative { order.reverse() } else { order }
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As `-12E-3`: coefficient and exponent as they are kept.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        match self.exponent {
            0 => write!(f, "{sign}{}", self.coefficient),
            exponent => write!(f, "{sign}{}E{exponent}", self.coefficient),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(negative: bool, coefficient: u128, exponent: i32) -> Vec<u8> {
        let mut key = Vec::new();
        Decimal::new(negative, coefficient, exponent).unwrap().encode(&mut key);
        key
    }

    #[test]
    fn equal_numbers_are_one_decimal() {
        let one = Decimal::new(false, 1, 0).unwrap();
        assert_eq!(Decimal::new(false, 100, -2).unwrap(), one);
        assert_eq!(Decimal::new(true, 0, 77).unwrap(), Decimal::ZERO);
        assert_eq!(Decimal::new(false, 10_u128.pow(38), -38).unwrap(), one);
        assert_eq!(Decimal::new(true, 120, -3).unwrap().to_string(), "-12E-2");
    }

    #[test]
    fn the_limits_are_those_of_the_type() {
        assert_eq!(Decimal::new(false, 10_u128.pow(38) + 1, 0), Err(DecimalError::TooManyDigits));
        assert_eq!(Decimal::new(false, u128::MAX, 0), Err(DecimalError::TooManyDigits));
        assert!(Decimal::new(false, 10_u128.pow(38) - 1, 88).is_ok());
        assert_eq!(Decimal::new(true, 10_u128.pow(38) - 1, 89), Err(DecimalError::Overflow));
        assert_eq!(Decimal::new(false, 1, 126), Err(DecimalError::Overflow));
        assert!(Decimal::new(false, 1, -130).is_ok());
        assert_eq!(Decimal::new(false, 1, -131), Err(DecimalError::Underflow));
        assert_eq!(Decimal::new(true, 9, i32::MIN), Err(DecimalError::Underflow));
        assert_eq!(Decimal::new(true, 10, i32::MAX), Err(DecimalError::Overflow));
        assert_eq!(Decimal::new(false, 10_u128.pow(38), i32::MIN), Err(DecimalError::Underflow));
    }

    #[test]
    fn numbers_have_the_documented_bytes() {
        assert_eq!(bytes(false, 0, 0), [0x80, 0]);
        assert_eq!(bytes(false, 1, 0), [0xC1, 2, 0]);
        assert_eq!(bytes(false, 100, 0), [0xC2, 2, 0]);
        assert_eq!(bytes(false, 12345, -2), [0xC2, 2, 24, 46, 0]);
        assert_eq!(bytes(false, 5, -1), [0xC0, 51, 0]);
        assert_eq!(bytes(true, 1, 0), [0x3E, 100, 102]);
        assert_eq!(bytes(true, 12345, -2), [0x3D, 100, 78, 56, 102]);
        assert_eq!(bytes(false, 1, -130), [0x80, 2, 0]);
        assert_eq!(bytes(true, 1, -130), [0x7F, 100, 102]);
        assert_eq!(bytes(false, 9, 125), [0xFF, 91, 0]);
        assert_eq!(bytes(true, 9, 125), [0x00, 11, 102]);
    }

    #[test]
    fn the_longest_numbers_take_21_bytes() {
        let all_nines = 10_u128.pow(38) - 1;
        assert_eq!(bytes(false, all_nines, 0).len(), 21);
        assert_eq!(bytes(false, all_nines, 1).len(), 21);
        assert_eq!(bytes(true, all_nines, -1).len(), 21);
    }

    #[test]
    fn only_the_written_form_of_a_number_is_read() {
        let malformed: [&[u8]; 7] = [
            &[0xC1, 0],       // no digits
            &[0xC1, 1, 2, 0], // a leading pair of zeros
            &[0xC1, 2, 1, 0], // a trailing pair of zeros
            &[0xC1, 101, 0],  // a pair above 99
            &[0x3E, 1, 102],  // a pair above 99
            &[0x3E, 100, 0],  // the other sign's end
            &[0x7F, 102],     // negative without digits
        ];
        for bytes in malformed {
            let read = Decimal::decode(&mut bytes.iter().copied());
            assert_eq!(read, Err(KeyError::Malformed { element: "decimal" }), "{bytes:?}");
        }
        // 40 digits, and 39 of which the last is not zero.
        for first in [100, 10] {
            let long = [&[0xC1, first][..], &[100; 19]].concat();
            let read = Decimal::decode(&mut long.iter().copied());
            assert_eq!(read, Err(KeyError::Malformed { element: "decimal" }));
        }
        let cut = Decimal::decode(&mut [0xC1, 2].into_iter());
        assert_eq!(cut, Err(KeyError::Truncated { element: "decimal" }));
    }
}
