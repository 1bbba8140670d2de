use std::{cmp::Ordering, fmt, str::FromStr};

use bigdecimal::{BigDecimal, num_bigint::BigInt};

use super::ValueError;

/// The most significant digits a number has.
const MAX_DIGITS: u32 = 38;
/// The power of ten of the first digit: magnitudes from 1E-130 up to, but not including, 1E126.
const FIRST_DIGIT: std::ops::RangeInclusive<i32> = -130..=125;

/// A number as the service keeps it: exact, of up to 38 significant digits, with a magnitude from 1E-130 to below
/// 1E126, or zero. Equal values are equal however they were spelled (`1`, `1.0`, `10e-1`), and `-0` is `0`.
///
/// `Display` gives the service's form: plain decimal, without an exponent or needless zeros.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
///
/// ```
/// use millpond_kv::Number;
///
/// let price: Number = "19.90".parse()?;
/// assert_eq!(price.to_string(), "19.9");
/// assert_eq!(price.checked_add(&Number::from(5))?.to_string(), "24.9");
/// assert!("1e126".parse::<Number>().is_err());
/// # Ok::<(), millpond_kv::value::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
// The alignment of a u128 would make every value 8 bytes longer.
#[repr(Rust, packed(8))]
pub struct Number {
    negative: bool,
    /// Below 10^38, not divisible by ten unless zero.
    coefficient: u128,
    /// The value is `coefficient * 10^exponent`; 0 for zero.
    exponent: i16,
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number { negative: false, coefficient: 0, exponent: 0 };

    /// `±coefficient * 10^exponent`, checked against the limits.
    pub(super) fn new(negative: bool, mut coefficient: u128, mut exponent: i32) -> Result<Number, ValueError> {
        if coefficient == 0 {
            return Ok(Number::ZERO);
        }
        while coefficient.is_multiple_of(10) {
            coefficient /= 10;
            exponent += 1;
        }
        let digits = digits(coefficient);
        if digits > MAX_DIGITS {
            return Err(ValueError::NumberPrecision);
        }
        let first = exponent.saturating_add(digits as i32 - 1);
        if first > *FIRST_DIGIT.end() {
            return Err(ValueError::NumberOverflow);
        }
        if first < *FIRST_DIGIT.start() {
            return Err(ValueError::NumberUnderflow);
        }
        let exponent = i16::try_from(exponent).map_err(|_| ValueError::NumberOverflow)?;
        Ok(Number { negative, coefficient, exponent })
    }

    pub(super) fn parts(&self) -> (bool, u128, i32) {
        (self.negative, self.coefficient, i32::from(self.exponent))
    }

    /// The power of ten of the first digit.
    fn first_digit(&self) -> i32 {
        i32::from(self.exponent) + digits(self.coefficient) as i32 - 1
    }

    /// The exact sum.
    ///
    /// # Errors
    /// If it needs more than 38 digits or leaves the range of magnitudes.
    pub fn checked_add(&self, other: &Number) -> Result<Number, ValueError> {
        let (low, high) = if self.exponent <= other.exponent { (self, other) } else { (other, self) };
        let scale = (i32::from(high.exponent) - i32::from(low.exponent)).unsigned_abs();
        let scaled = 10_u128.checked_pow(scale).and_then(|power| high.coefficient.checked_mul(power));
        // Below 10^38 each, so that the sum fits.
        match scaled.filter(|scaled| digits(*scaled) <= MAX_DIGITS) {
            Some(scaled) => {
                let (negative, coefficient) = if low.negative == high.negative {
                    (low.negative, low.coefficient + scaled)
                } else if scaled >= low.coefficient {
                    (high.negative, scaled - low.coefficient)
                } else {
                    (low.negative, low.coefficient - scaled)
                };
                Number::new(negative, coefficient, i32::from(low.exponent))
            }
            None => from_decimal(&(self.to_decimal() + other.to_decimal())),
        }
    }

    /// The exact difference.
    ///
    /// # Errors
    /// As [`checked_add`](Number::checked_add).
    pub fn checked_sub(&self, other: &Number) -> Result<Number, ValueError> {
        self.checked_add(&other.negated())
    }

    fn negated(&self) -> Number {
        Number { negative: !self.negative && self.coefficient != 0, ..*self }
    }

    fn to_decimal(self) -> BigDecimal {
        let coefficient = BigInt::from(self.coefficient);
        BigDecimal::new(if self.negative { -coefficient } else { coefficient }, -i64::from(self.exponent))
    }

    /// The nearest `f64`.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        // The standard library rounds correctly; the text is at most 170 characters.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The value if it is whole and fits.
    #[must_use]
    pub fn to_i128(&self) -> Option<i128> {
        let magnitude = i128::try_from(self.whole_magnitude()?).ok()?;
        Some(if self.negative { -magnitude } else { magnitude })
    }

    /// The value if it is whole, not negative and fits.
    #[must_use]
    pub fn to_u128(&self) -> Option<u128> {
        self.whole_magnitude().filter(|_| !self.negative)
    }

    /// The greatest whole number that is not above it; `None` if it is negative or does not fit.
    pub(crate) fn floor_u64(&self) -> Option<u64> {
        let whole = match u32::try_from(self.exponent) {
            Ok(_) => self.whole_magnitude()?,
            // A power of ten that does not fit is more than any coefficient.
            Err(_) => {
                10_u128.checked_pow(self.exponent.unsigned_abs().into()).map_or(0, |power| self.coefficient / power)
            }
        };
        u64::try_from(whole).ok().filter(|_| !self.negative)
    }

    fn whole_magnitude(&self) -> Option<u128> {
        let power = 10_u128.checked_pow(u32::try_from(self.exponent).ok()?)?;
        self.coefficient.checked_mul(power)
    }
}

fn digits(coefficient: u128) -> u32 {
    coefficient.checked_ilog10().unwrap_or(0) + 1
}

fn from_decimal(value: &BigDecimal) -> Result<Number, ValueError> {
    let (coefficient, scale) = value.normalized().into_bigint_and_exponent();
    let negative = coefficient < BigInt::ZERO;
    let exponent = scale.checked_neg().and_then(|exponent| i32::try_from(exponent).ok());
    let coefficient = u128::try_from(coefficient.magnitude()).map_err(|_| ValueError::NumberPrecision)?;
    Number::new(negative, coefficient, exponent.ok_or(ValueError::NumberOverflow)?)
}

impl FromStr for Number {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        parse(text)?.ok_or_else(|| ValueError::NotANumber { text: text.chars().take(256).collect() })
    }
}

/// `Ok(None)` if the text is not a number at all.
fn parse(text: &str) -> Result<Option<Number>, ValueError> {
    let (negative, rest) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut coefficient: u128 = 0;
    // Digits after the first that is not zero; zeros are held back until another digit follows them.
    let (mut significant, mut held_zeros): (u32, i64) = (0, 0);
    let (mut seen_digit, mut seen_point) = (false, false);
    let mut fraction: i64 = 0;
    let mut bytes = rest.iter();
    let mut exponent_text = None;
    while let Some(&byte) = bytes.next() {
        match byte {
            b'0'..=b'9' => {
                seen_digit = true;
                fraction += i64::from(seen_point);
                let digit = u128::from(byte - b'0');
                if digit == 0 {
                    held_zeros += i64::from(significant > 0);
                    continue;
                }
                significant =
                    significant.saturating_add(u32::try_from(held_zeros).unwrap_or(u32::MAX).saturating_add(1));
                if significant > MAX_DIGITS {
                    // The rest still has to look like a number before the digits are what is wrong.
                    return match looks_like_a_number(bytes.as_slice(), seen_point) {
                        true => Err(ValueError::NumberPrecision),
                        false => Ok(None),
                    };
                }
                for _ in 0..=held_zeros {
                    coefficient *= 10;
                }
                coefficient += digit;
                held_zeros = 0;
            }
            b'.' if !seen_point => seen_point = true,
            b'e' | b'E' if seen_digit => {
                exponent_text = Some(bytes.as_slice());
                break;
            }
            _ => return Ok(None),
        }
    }
    if !seen_digit {
        return Ok(None);
    }
    let written = match exponent_text.map(parse_exponent) {
        None => 0,
        Some(Some(exponent)) => exponent,
        Some(None) => return Ok(None),
    };
    if coefficient == 0 {
        // The service looks at the exponent that a zero is written with, though it keeps none.
        let range = i64::from(*FIRST_DIGIT.start())..=i64::from(*FIRST_DIGIT.end());
        return match range.contains(&written) {
            true => Ok(Some(Number::ZERO)),
            false if written < 0 => Err(ValueError::NumberUnderflow),
            false => Err(ValueError::NumberOverflow),
        };
    }
    let exponent = written.saturating_add(held_zeros).saturating_sub(fraction).clamp(-1_000_000, 1_000_000);
    Number::new(negative, coefficient, exponent as i32).map(Some)
}

/// An exponent; the service reads those of 64 bits, and no others.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let push = |value: i64, digit: &u8| value.checked_mul(10)?.checked_add(i64::from(digit - b'0'));
    Some(sign * digits.iter().try_fold(0_i64, push)?)
}

fn looks_like_a_number(rest: &[u8], seen_point: bool) -> bool {
    let end = rest.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(rest.len());
    let (mantissa, exponent) = rest.split_at(end);
    let points = mantissa.iter().filter(|byte| **byte == b'.').count() + usize::from(seen_point);
    let digits = mantissa.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    digits && points <= 1 && exponent.get(1..).is_none_or(|text| parse_exponent(text).is_some())
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = { self.coefficient }.to_string();
        let sign = if self.negative { "-" } else { "" };
        let exponent = i32::from(self.exponent);
        if exponent >= 0 {
            return write!(f, "{sign}{digits}{:0<zeros$}", "", zeros = exponent.unsigned_abs() as usize);
        }
        let fraction = exponent.unsigned_abs() as usize;
        match digits.len().checked_sub(fraction).filter(|whole| *whole > 0) {
            Some(whole) => {
                let (whole, fraction) = digits.split_at(whole);
                write!(f, "{sign}{whole}.{fraction}")
            }
            None => write!(f, "{sign}0.{digits:0>fraction$}"),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({self})")
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Number| match (number.coefficient, number.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        let by_sign = sign(self).cmp(&sign(other));
        if by_sign != Ordering::Equal || self.coefficient == 0 {
            return by_sign;
        }
        // Both with 38 digits, so that equal first digits line up.
        let full = |number: &Number| number.coefficient * 10_u128.pow(MAX_DIGITS - digits(number.coefficient));
        let magnitude = self.first_digit().cmp(&other.first_digit()).then_with(|| full(self).cmp(&full(other)));
        if self.negative { magnitude.reverse() } else { magnitude }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Self {
                // At most 20 digits: always inside the limits.
                Number::new(value < 0 as $integer, u128::from(value.abs_diff(0)), 0).unwrap_or(Number::ZERO)
            }
        }
    )*};
}
from_integers!(i8, i16, i32, i64, u8, u16, u32, u64);

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn a_number_is_shown_in_plain_normal_form() {
        for (given, shown) in [
            ("0", "0"),
            ("-0", "0"),
            ("+0.000", "0"),
            ("0e125", "0"),
            ("-0e-130", "0"),
            ("1", "1"),
            ("+1.50", "1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("00.10", "0.1"),
            ("1e2", "100"),
            ("1E+2", "100"),
            ("12e-1", "1.2"),
            ("-120", "-120"),
            ("1000000000000000000000000000000000000000", "1000000000000000000000000000000000000000"),
            ("0.00001", "0.00001"),
            ("123.456e1", "1234.56"),
            ("-0.5e-3", "-0.0005"),
            ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
            ("1000000000000000000000000000000000000.1", "1000000000000000000000000000000000000.1"),
        ] {
            assert_eq!(number(given).to_string(), shown, "{given}");
        }
        assert_eq!(number("1e125").to_string(), format!("1{}", "0".repeat(125)));
        assert_eq!(number("1e-130").to_string(), format!("0.{}1", "0".repeat(129)));
    }

    #[test]
    fn what_is_no_number_or_outside_its_limits_is_refused_with_the_services_text() {
        let text = |given: &str| given.parse::<Number>().unwrap_err().to_string();
        for given in [
            "abc",
            "1a",
            "--1",
            "1e",
            "1e+",
            "e5",
            ".",
            "-",
            "1.2.3",
            " 1",
            "1 ",
            "0x10",
            "NaN",
            "Infinity",
            "1e1.5",
            "1e9223372036854775808",
            "0e-99999999999999999999999",
        ] {
            assert_eq!(text(given), format!("The parameter cannot be converted to a numeric value: {given}"));
        }
        assert_eq!(text(""), "The parameter cannot be converted to a numeric value");
        let digits = "Attempting to store more than 38 significant digits in a Number";
        for given in
            [&"1".repeat(39), &format!("1{}1", "0".repeat(37)), &format!("0.{}", "7".repeat(39)), &"9".repeat(100_000)]
        {
            assert_eq!(text(given), digits);
        }
        assert!(text(&format!("{}x", "1".repeat(39))).starts_with("The parameter cannot"));
        let overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range";
        let underflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
        for given in ["1e126", "-1e126", "1e1000000000", "1e9223372036854775807", "10e125", "0e126"] {
            assert_eq!(text(given), overflow);
        }
        for given in ["1e-131", "-1e-131", "0.1e-130", "1e-9223372036854775807", "0e-131"] {
            assert_eq!(text(given), underflow);
        }
    }

    #[test]
    fn sums_are_exact_or_refused() {
        for (a, b, sum) in [
            ("1", "2", "3"),
            ("0.1", "0.2", "0.3"),
            ("1", "-1", "0"),
            ("-5", "3", "-2"),
            ("3", "-5", "-2"),
            ("0", "-7", "-7"),
            ("1e37", "1", "10000000000000000000000000000000000001"),
            ("99999999999999999999999999999999999999", "1", &format!("1{}", "0".repeat(38))),
            ("1e40", "-9999999999999999999999999999999999999900", "100"),
            ("1e125", "1e125", &format!("2{}", "0".repeat(125))),
            ("1e-130", "1e-130", &format!("0.{}2", "0".repeat(129))),
        ] {
            assert_eq!(number(a).checked_add(&number(b)).unwrap(), number(sum), "{a} + {b}");
            assert_eq!(number(sum).checked_sub(&number(b)).unwrap_or(number(a)), number(a), "{sum} - {b}");
        }
        assert_eq!(number("1e38").checked_add(&number("1")), Err(ValueError::NumberPrecision));
        assert_eq!(number("1e125").checked_add(&number("1e-130")), Err(ValueError::NumberPrecision));
        assert_eq!(number("9e125").checked_add(&number("1e125")), Err(ValueError::NumberOverflow));
        assert_eq!(number("1.1e-130").checked_sub(&number("1e-130")), Err(ValueError::NumberUnderflow));
    }

    #[test]
    fn whole_numbers_convert_both_ways() {
        assert_eq!(Number::from(i64::MIN).to_string(), i64::MIN.to_string());
        assert_eq!(Number::from(u64::MAX).to_i128(), Some(i128::from(u64::MAX)));
        assert_eq!(number("-1200").to_i128(), Some(-1200));
        assert_eq!(number("1.5").to_i128(), None);
        assert_eq!(number("1e125").to_i128(), None);
        assert_eq!(number("2e38").to_i128(), None);
        assert_eq!(number("2e38").to_u128(), Some(2 * 10_u128.pow(38)));
        assert_eq!(number("-1").to_u128(), None);
        for (text, floor) in [("0", Some(0)), ("1.9", Some(1)), ("1e-130", Some(0)), ("17e8", Some(1_700_000_000))] {
            assert_eq!(number(text).floor_u64(), floor, "{text}");
        }
        assert_eq!((number("-0.5").floor_u64(), number("1e20").floor_u64()), (None, None));
        assert_eq!(number("0.1").to_f64(), 0.1);
    }

    pub(crate) fn any_number() -> impl Strategy<Value = Number> {
        let near = (any::<bool>(), 0..2000_u128, -5..5_i32);
        let far = (any::<bool>(), 0..10_u128.pow(38), -130..126_i32);
        prop_oneof![near, far].prop_filter_map("inside the limits", |(n, c, e)| Number::new(n, c, e).ok())
    }

    proptest! {
        #[test]
        fn a_shown_number_parses_to_itself(a in any_number()) {
            prop_assert_eq!(number(&a.to_string()), a);
        }

        #[test]
        fn order_is_that_of_exact_decimals(a in any_number(), b in any_number()) {
            prop_assert_eq!(a.cmp(&b), a.to_decimal().cmp(&b.to_decimal()));
        }

        #[test]
        fn addition_is_that_of_exact_decimals(a in any_number(), b in any_number()) {
            if let Ok(sum) = a.checked_add(&b) {
                prop_assert_eq!(sum.to_decimal(), a.to_decimal() + b.to_decimal());
            } else {
                prop_assert!(from_decimal(&(a.to_decimal() + b.to_decimal())).is_err());
            }
        }

        #[test]
        fn no_text_panics(text in "[-+.eE0-9a]{0,60}|.{0,20}") {
            let _ = text.parse::<Number>();
        }
    }
}
