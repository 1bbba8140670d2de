//! Numbers as bytes that sort like the numbers, whatever their types.
//!
//! A number is a tag, which says its sign and size, and then its magnitude, whose bytes are inverted if it is negative:
//!
//! - from 1 below 2^63: the whole part shifted left by a bit that says whether a fraction follows, in as many bytes as
//!   it needs (the tag says how many), and the fraction;
//! - any other: the binary exponent in two bytes, and the fraction of the significand;
//! - a fraction is binary, seven bits a byte, the eighth says whether more follows. After 56 bits only decimals have
//!   more; those end in the place of their first digit and in their digits, two a byte, again with a bit for more.
//!
//! So equal numbers have equal bytes, no encoding is the beginning of another one, and every double and decimal is
//! exact: doubles have at most 52 bits of fraction either way, and decimals that share 56 bits differ in their digits.

use num_bigint::BigUint;

use crate::value::{Decimal, Number};

const NAN: u8 = 0x00;
const ZERO: u8 = 0x0C;
const SMALL: u8 = 0x0D;
/// Whole part of one byte; each further byte counts one more.
const WHOLE: u8 = 0x0E;
const LARGE: u8 = 0x16;
const INFINITY: u8 = 0x17;
/// The tag of a negative number is this less the tag of its magnitude.
const MIRROR: u8 = 0x18;

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
/// Bits of a fraction before a decimal's digits.
const FRACTION_BITS: u32 = 56;

/// Appends the bytes of a number. Their order is [`Number::compare`]; they tell their own end.
pub(crate) fn encode_number(out: &mut Vec<u8>, number: Number) {
    match number {
        Number::Int32(value) => signed(out, value < 0, |out| encode_long(out, value.unsigned_abs().into())),
        Number::Int64(value) => signed(out, value < 0, |out| encode_long(out, value.unsigned_abs())),
        Number::Double(value) if value.is_nan() => out.push(NAN),
        Number::Double(value) => signed(out, value < 0.0, |out| encode_double(out, value.abs())),
        Number::Decimal(Decimal::NaN) => out.push(NAN),
        Number::Decimal(Decimal::Infinity { negative }) => signed(out, negative, |out| out.push(INFINITY)),
        Number::Decimal(Decimal::Finite { coefficient: 0, .. }) => out.push(ZERO),
        Number::Decimal(Decimal::Finite { negative, coefficient, exponent }) => {
            signed(out, negative, |out| encode_decimal(out, coefficient, exponent));
        }
    }
}

fn signed(out: &mut Vec<u8>, negative: bool, magnitude: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    magnitude(out);
    if negative && let Some((tag, rest)) = out.get_mut(start..).and_then(<[u8]>::split_first_mut) {
        *tag = MIRROR - *tag;
        rest.iter_mut().for_each(|byte| *byte = !*byte);
    }
}

fn encode_long(out: &mut Vec<u8>, value: u64) {
    match value {
        0 => out.push(ZERO),
        value if value < 1 << 63 => encode_whole(out, value, false),
        _ => encode_scaled(out, 63, 0, None),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "in range")]
fn encode_double(out: &mut Vec<u8>, value: f64) {
    if value == 0.0 {
        return out.push(ZERO);
    }
    if value.is_infinite() {
        return out.push(INFINITY);
    }
    if (1.0..TWO_TO_63).contains(&value) {
        let fraction = (value.fract() * (1_u64 << FRACTION_BITS) as f64) as u64;
        encode_whole(out, value as u64, fraction != 0);
        if fraction != 0 {
            encode_fraction(out, fraction, None);
        }
        return;
    }
    let (mut significand, mut exponent) = (value.to_bits() & ((1 << 52) - 1), (value.to_bits() >> 52) as i32 - 1023);
    if exponent == -1023 {
        let shift = significand.leading_zeros() as i32 - 11;
        (significand, exponent) = ((significand << shift) & ((1 << 52) - 1), -1022 - shift);
    }
    encode_scaled(out, exponent, significand << (FRACTION_BITS - 52), None);
}

#[allow(clippy::cast_possible_truncation, reason = "in range")]
fn encode_decimal(out: &mut Vec<u8>, mut coefficient: u128, mut exponent: i32) {
    while coefficient.is_multiple_of(10) {
        (coefficient, exponent) = (coefficient / 10, exponent + 1);
    }
    let digits = Digits { coefficient, exponent };
    let power = if exponent.unsigned_abs() <= 38 { 10_u128.checked_pow(exponent.unsigned_abs()) } else { None };
    let (whole, rest, divisor) = match power {
        Some(power) if exponent < 0 => (coefficient / power, coefficient % power, power),
        Some(power) => (coefficient.saturating_mul(power), 0, 1),
        None => (0, 0, 1),
    };
    if whole == 0 || whole >= 1 << 63 {
        return encode_any_decimal(out, digits);
    }
    encode_whole(out, whole as u64, rest != 0);
    if rest != 0 {
        // A rest is below 10^34, hence seven bits more still fit.
        let (mut fraction, mut rest) = (0, rest);
        for _ in 0..FRACTION_BITS / 7 {
            fraction = fraction << 7 | (rest * 128 / divisor) as u64;
            rest = rest * 128 % divisor;
        }
        encode_fraction(out, fraction, (rest != 0).then_some(digits));
    }
}

/// A decimal that is below 1 or from 2^63 on.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "decimals are between 2^-20600 and 2^20500"
)]
fn encode_any_decimal(out: &mut Vec<u8>, digits: Digits) {
    let power = BigUint::from(10_u8).pow(digits.exponent.unsigned_abs());
    let coefficient = BigUint::from(digits.coefficient);
    let (numerator, denominator) =
        if digits.exponent < 0 { (coefficient, power) } else { (coefficient * power, BigUint::from(1_u8)) };
    let mut exponent = numerator.bits() as i32 - denominator.bits() as i32;
    if shifted(&numerator, -exponent) < shifted(&denominator, exponent) {
        exponent -= 1;
    }
    let shift = FRACTION_BITS as i32 - exponent;
    let (numerator, denominator) = (shifted(&numerator, shift), shifted(&denominator, -shift));
    let quotient = &numerator / &denominator;
    let exact = &quotient * &denominator == numerator;
    let significand = u64::try_from(&quotient).unwrap_or(u64::MAX);
    encode_scaled(out, exponent, significand & ((1 << FRACTION_BITS) - 1), (!exact).then_some(digits));
}

/// Shifted left, where the shift is positive.
fn shifted(value: &BigUint, shift: i32) -> BigUint {
    value << u32::try_from(shift).unwrap_or(0)
}

fn encode_whole(out: &mut Vec<u8>, whole: u64, fraction: bool) {
    let bytes = (whole << 1 | u64::from(fraction)).to_be_bytes();
    let leading = bytes.iter().take_while(|byte| **byte == 0).count().min(7);
    #[allow(clippy::cast_possible_truncation, reason = "at most 7")]
    out.push(WHOLE + (7 - leading) as u8);
    out.extend(bytes.iter().skip(leading));
}

fn encode_scaled(out: &mut Vec<u8>, exponent: i32, fraction: u64, rest: Option<Digits>) {
    out.push(if exponent < 0 { SMALL } else { LARGE });
    encode_exponent(out, exponent);
    encode_fraction(out, fraction, rest);
}

fn encode_exponent(out: &mut Vec<u8>, exponent: i32) {
    let biased = u16::try_from(exponent + 0x8000).unwrap_or(u16::MAX);
    out.extend(biased.to_be_bytes());
}

#[allow(clippy::cast_possible_truncation, reason = "seven bits")]
fn encode_fraction(out: &mut Vec<u8>, fraction: u64, rest: Option<Digits>) {
    let mut left = FRACTION_BITS;
    while left > 0 {
        left -= 7;
        let group = (fraction >> left & 0x7F) as u8;
        let more = rest.is_some() || fraction & ((1 << left) - 1) != 0;
        out.push(group << 1 | u8::from(more));
        if !more {
            return;
        }
    }
    if let Some(digits) = rest {
        digits.encode(out);
    }
}

/// A decimal without trailing zeros.
#[derive(Clone, Copy)]
struct Digits {
    coefficient: u128,
    exponent: i32,
}

impl Digits {
    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "at most 34 digits, two a byte")]
    fn encode(self, out: &mut Vec<u8>) {
        let places = self.coefficient.checked_ilog10().unwrap_or(0);
        encode_exponent(out, self.exponent + places as i32);
        // Digits from the left, as a fraction of 10^34.
        let mut rest = self.coefficient * 10_u128.pow(33_u32.saturating_sub(places));
        let mut divisor = 10_u128.pow(32);
        loop {
            let pair = (rest / divisor) as u8;
            rest %= divisor;
            out.push(pair << 1 | u8::from(rest != 0));
            if rest == 0 {
                return;
            }
            divisor = (divisor / 100).max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;

    fn key(number: Number) -> Vec<u8> {
        let mut out = Vec::new();
        encode_number(&mut out, number);
        out
    }

    fn decimal(negative: bool, coefficient: u128, exponent: i32) -> Number {
        Number::Decimal(Decimal::Finite { negative, coefficient, exponent })
    }

    /// The decimal of a double's shortest text: next to the double, mostly not it.
    fn near(value: f64) -> Number {
        let text = format!("{value:e}");
        Number::Decimal(text.parse::<bson::Decimal128>().map_or(Decimal::NaN, Decimal::from_bson))
    }

    fn edges() -> Vec<Number> {
        let mut all = vec![Number::Decimal(Decimal::NaN)];
        for negative in [true, false] {
            all.push(Number::Decimal(Decimal::Infinity { negative }));
            for coefficient in
                [0, 1, 5, 10, 99, 10_u128.pow(33), 10_u128.pow(34) - 1, 1 << 63, (1 << 63) + 1, (1 << 64) - 1]
            {
                for exponent in [-6176, -400, -40, -39, -34, -33, -20, -2, -1, 0, 1, 2, 18, 33, 38, 39, 300, 6111] {
                    all.push(decimal(negative, coefficient, exponent));
                }
            }
        }
        for value in [0, 1, 2, 127, 128, 255, 256, i64::from(i32::MAX), 1 << 53, (1 << 53) + 1, i64::MAX] {
            all.extend([
                Number::Int64(value),
                Number::Int64(-value),
                Number::Double(value as f64),
                Number::Double(-value as f64),
            ]);
        }
        all.extend([Number::Int64(i64::MIN), Number::Int32(i32::MIN), Number::Int32(i32::MAX)]);
        for value in [
            0.1,
            0.5,
            0.75,
            1.1,
            1.5,
            2.5,
            1e-5,
            5e-324,
            f64::MIN_POSITIVE,
            1e300,
            f64::MAX,
            TWO_TO_63,
            f64::INFINITY,
            0.3,
        ] {
            all.extend([Number::Double(value), Number::Double(-value), near(value), near(-value)]);
        }
        all
    }

    fn check(a: Number, b: Number) {
        let (left, right) = (key(a), key(b));
        assert_eq!(left.cmp(&right), a.compare(b), "{a:?} {left:02x?}, {b:?} {right:02x?}");
        assert!(left == right || !right.starts_with(&left), "{a:?} {left:02x?} begins {b:?} {right:02x?}");
    }

    fn numbers() -> impl Strategy<Value = Number> {
        prop_oneof![
            any::<i32>().prop_map(Number::Int32),
            any::<i64>().prop_map(Number::Int64),
            (-300_i64..300).prop_map(Number::Int64),
            any::<f64>().prop_map(Number::Double),
            (-300_i32..300, 0_i32..12).prop_map(|(n, shift)| Number::Double(f64::from(n) / f64::from(1 << shift))),
            any::<f64>().prop_map(near),
            (any::<bool>(), 0..10_u128.pow(34), -6176..6112_i32).prop_map(|(n, c, e)| decimal(n, c, e)),
            (any::<bool>(), 0..1000_u128, -6..4_i32).prop_map(|(n, c, e)| decimal(n, c, e)),
            (any::<bool>(), 0..10_u128.pow(34), -40..10_i32).prop_map(|(n, c, e)| decimal(n, c, e)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn bytes_sort_like_numbers(a in numbers(), b in numbers()) {
            check(a, b);
        }

        #[test]
        fn a_double_and_the_decimals_beside_it_differ(value in any::<f64>()) {
            check(Number::Double(value), near(value));
        }
    }

    #[test]
    fn edges_sort_like_numbers() {
        let edges = edges();
        for a in &edges {
            for b in &edges {
                check(*a, *b);
            }
        }
    }

    #[test]
    fn equal_numbers_have_equal_bytes() {
        for (a, b) in [
            (Number::Int32(1), Number::Double(1.0)),
            (Number::Int64(1), decimal(false, 100, -2)),
            (Number::Double(-0.0), Number::Int32(0)),
            (decimal(true, 0, 7), Number::Int32(0)),
            (Number::Double(0.5), decimal(false, 5, -1)),
            (Number::Double(f64::NAN), Number::Decimal(Decimal::NaN)),
            (Number::Double(TWO_TO_63), decimal(false, 1 << 63, 0)),
            (Number::Double(-TWO_TO_63), Number::Int64(i64::MIN)),
        ] {
            assert_eq!(key(a), key(b), "{a:?} {b:?}");
            assert_eq!(a.compare(b), Ordering::Equal);
        }
        assert_ne!(key(Number::Double(0.1)), key(decimal(false, 1, -1)));
    }

    #[test]
    fn small_integers_are_short() {
        for (value, length) in [(0, 1), (1, 2), (127, 2), (128, 3), (-1, 2), (i32::MAX, 5), (i32::MIN, 6)] {
            assert_eq!(key(Number::Int32(value)).len(), length, "{value}");
        }
    }
}
