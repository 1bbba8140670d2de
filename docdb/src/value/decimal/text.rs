//! Decimals as text.

use num_bigint::BigUint;

use crate::value::decimal::{Decimal, MAX_EXPONENT, MIN_EXPONENT, MOST, PRECISION, round::Exact};

/// Digits that are kept of a text: what follows them only counts as being there.
const KEPT: usize = PRECISION as usize + 4;

impl Decimal {
    /// Reads a decimal as the server does: digits with at most one point, a sign, an exponent; `NaN`, `inf` and
    /// `infinity` in any case. More than 34 digits are rounded. None for other text and for numbers that are too large,
    /// or so small that digits are lost.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if unsigned.eq_ignore_ascii_case("nan") {
            return Some(Decimal::NaN);
        }
        if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
            return Some(Decimal::Infinity { negative });
        }
        let (number, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = whole.bytes().chain(fraction.bytes());
        if whole.len() + fraction.len() == 0 || !digits.clone().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let mut coefficient = 0_u128;
        let (mut kept, mut dropped, mut more) = (0, 0_i64, false);
        for digit in digits.skip_while(|digit| *digit == b'0') {
            if kept < KEPT {
                (coefficient, kept) = (coefficient * 10 + u128::from(digit - b'0'), kept + 1);
            } else {
                (dropped, more) = (dropped + 1, more || digit != b'0');
            }
        }
        let exponent = exponent + dropped - i64::try_from(fraction.len()).ok()?;
        let exponent = i32::try_from(exponent.clamp(-20_000_000, 20_000_000)).ok()?;
        if coefficient == 0 {
            let exponent = exponent.clamp(MIN_EXPONENT, MAX_EXPONENT);
            return Some(Decimal::Finite { negative, coefficient: 0, exponent });
        }
        let exact = Exact { negative, coefficient: BigUint::from(coefficient), exponent, more, preferred: exponent };
        match exact.round() {
            (Decimal::Finite { coefficient, exponent, .. }, true)
                if exponent == MIN_EXPONENT && coefficient <= MOST / 10 =>
            {
                None
            }
            (Decimal::Infinity { .. }, _) => None,
            (decimal, _) => Some(decimal),
        }
    }
}

/// Exponents that are out of all range are as good as any other such.
fn parse_exponent(text: &str) -> Option<i64> {
    const BEYOND: i64 = 40_000_000;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.trim_start_matches('0');
    let magnitude = if magnitude.len() > 8 { BEYOND } else { magnitude.parse().unwrap_or(0) };
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

impl std::fmt::Display for Decimal {
    /// The canonical text: `1.0`, `1E+3`, `Infinity`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_bson().fmt(f)
    }
}
