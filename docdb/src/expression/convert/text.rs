//! Values as strings, and numbers and dates out of them.

use std::fmt::Write;

use bson::RawBsonRef;

use crate::{
    error::Result,
    expression::{
        convert::{binary, binary::Format, target::Target, unsupported},
        date::format_date,
    },
};

pub(super) fn to_string(value: RawBsonRef<'_>, target: Target, format: Option<Format>) -> Result<String> {
    match value {
        RawBsonRef::String(text) | RawBsonRef::Symbol(text) => Ok(text.to_owned()),
        RawBsonRef::Boolean(value) => Ok(value.to_string()),
        RawBsonRef::Int32(value) => Ok(value.to_string()),
        RawBsonRef::Int64(value) => Ok(value.to_string()),
        RawBsonRef::Double(value) => Ok(double_to_string(value)),
        RawBsonRef::Decimal128(value) => Ok(value.to_string()),
        RawBsonRef::ObjectId(id) => Ok(id.to_hex()),
        RawBsonRef::DateTime(date) => format_date(date.timestamp_millis()),
        RawBsonRef::Binary(bytes) => binary::encode(bytes, format),
        value => unsupported(value, target),
    }
}

/// What messages show of a string.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

/// The shortest digits that are the double, with an exponent from 1e16 on and below 1e-4: `3`, `0.1`, `1e+16`, `9e-05`.
pub(crate) fn double_to_string(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-Infinity" } else { "Infinity" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if value != 0.0 && !(-4..16).contains(&exponent) => {
            let mut text = digits.to_owned();
            let sign = if exponent < 0 { '-' } else { '+' };
            let _ = write!(text, "e{sign}{:02}", exponent.unsigned_abs());
            text
        }
        _ => value.to_string(),
    }
}

/// Reads a double as C does, without white space. Hexadecimal ones need a sign or capitals: a small `0x` in front is
/// refused. None too for numbers out of range.
pub(super) fn parse_double(text: &str) -> Option<f64> {
    if text.starts_with("0x") {
        return None;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.starts_with("0x") || unsigned.starts_with("0X") {
        let value = parse_hexadecimal(unsigned.get(2..)?)?;
        return Some(if text.starts_with('-') { -value } else { value });
    }
    let value: f64 = text.parse().ok()?;
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or("");
    let overflowed = value.is_infinite() && unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    let underflowed = value == 0.0 && mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    (!overflowed && !underflowed).then_some(value)
}

/// Digits with at most one point, and `p` with a binary exponent.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let (number, exponent) = match text.split_once(['p', 'P']) {
        Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 {
        return None;
    }
    let (mut significand, mut shift) = (0_u64, 0_i64);
    for (index, char) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u64::from(char.to_digit(16)?);
        let before_point = index < whole.len();
        if significand >> 59 == 0 {
            significand = significand << 4 | digit;
            shift -= if before_point { 0 } else { 4 };
        } else {
            // What is left out counts as being there.
            significand |= u64::from(digit != 0);
            shift += if before_point { 4 } else { 0 };
        }
    }
    let exponent = i32::try_from((i64::from(exponent) + shift).clamp(-5000, 5000)).ok()?;
    // In two steps, so that the first one stays in range where the result does.
    #[allow(clippy::cast_precision_loss, reason = "rounded to the nearest")]
    let value = significand as f64 * 2_f64.powi(exponent / 2) * 2_f64.powi(exponent - exponent / 2);
    (value.is_finite() && (value != 0.0 || significand == 0)).then_some(value)
}
