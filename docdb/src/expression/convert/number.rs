//! Conversions to numbers.

use bson::{Decimal128, RawBsonRef};

use crate::{
    error::Result,
    expression::convert::{
        binary::{ByteOrder, payload},
        failure,
        target::Target,
        text::{parse_double, shown},
        unsupported,
    },
    value::{Decimal, Number},
};

pub(super) fn to_double(value: RawBsonRef<'_>, target: Target, order: ByteOrder) -> Result<f64> {
    match value {
        RawBsonRef::Boolean(value) => Ok(if value { 1.0 } else { 0.0 }),
        RawBsonRef::DateTime(date) => Ok(Number::Int64(date.timestamp_millis()).to_double()),
        RawBsonRef::String(text) => {
            parse_double(text).ok_or_else(|| failure(format!("Failed to parse number '{}'", shown(text))))
        }
        RawBsonRef::Binary(binary) => {
            let bytes = payload(binary);
            if let Ok(bytes) = <[u8; 4]>::try_from(&*bytes) {
                return Ok(f32::from_le_bytes(order.to_little(bytes)).into());
            }
            let bytes = <[u8; 8]>::try_from(&*bytes).map_err(|_| wrong_length(bytes.len()))?;
            Ok(f64::from_le_bytes(order.to_little(bytes)))
        }
        value => match Number::of(value) {
            Some(Number::Decimal(decimal)) if !decimal.is_infinite() && decimal.to_double().is_infinite() => {
                Err(failure("Conversion would overflow target type"))
            }
            Some(number) => Ok(number.to_double()),
            None => unsupported(value, target),
        },
    }
}

pub(super) fn to_int(value: RawBsonRef<'_>, target: Target, order: ByteOrder) -> Result<i32> {
    match value {
        RawBsonRef::DateTime(_) => unsupported(value, target),
        RawBsonRef::Binary(binary) if payload(binary).len() == 8 => Err(wrong_length(8)),
        value => {
            let long = to_long(value, target, order)?;
            i32::try_from(long).map_err(|_| failure(format!("Conversion would overflow target type: {long}")))
        }
    }
}

pub(super) fn to_long(value: RawBsonRef<'_>, target: Target, order: ByteOrder) -> Result<i64> {
    match value {
        RawBsonRef::Boolean(value) => Ok(value.into()),
        RawBsonRef::DateTime(date) => Ok(date.timestamp_millis()),
        RawBsonRef::String(text) => {
            text.parse().map_err(|_| failure(format!("Failed to parse number '{}'", shown(text))))
        }
        RawBsonRef::Binary(binary) => {
            let bytes = payload(binary);
            match *bytes {
                [a] => Ok(i8::from_le_bytes([a]).into()),
                [a, b] => Ok(i16::from_le_bytes(order.to_little([a, b])).into()),
                [a, b, c, d] => Ok(i32::from_le_bytes(order.to_little([a, b, c, d])).into()),
                [a, b, c, d, e, f, g, h] => Ok(i64::from_le_bytes(order.to_little([a, b, c, d, e, f, g, h]))),
                _ => Err(wrong_length(bytes.len())),
            }
        }
        value if Number::of(value).is_some() => whole(value),
        value => unsupported(value, target),
    }
}

/// A number without its fraction.
pub(super) fn whole(value: RawBsonRef<'_>) -> Result<i64> {
    let number = Number::of(value);
    match number {
        Some(number) if number.is_nan() => Err(failure("Attempt to convert NaN value to integer type")),
        Some(number) if number.is_infinite() => Err(failure("Attempt to convert infinity value to integer type")),
        number => number.and_then(Number::to_i64).ok_or_else(|| failure("Conversion would overflow target type")),
    }
}

pub(super) fn to_decimal(value: RawBsonRef<'_>, target: Target) -> Result<Decimal128> {
    let decimal = match value {
        // As it is: not even the sign of NaN is lost.
        RawBsonRef::Decimal128(value) => return Ok(value),
        RawBsonRef::String(text) if text.eq_ignore_ascii_case("-nan") => return Ok(negative_nan()),
        RawBsonRef::Boolean(value) => Decimal::from(i32::from(value)),
        RawBsonRef::DateTime(date) => Decimal::from(date.timestamp_millis()),
        RawBsonRef::String(text) => {
            Decimal::parse(text).ok_or_else(|| failure(format!("Failed to parse number '{}'", shown(text))))?
        }
        value => match Number::of(value) {
            Some(number) => number.to_decimal(),
            None => return unsupported(value, target),
        },
    };
    Ok(decimal.to_bson())
}

/// Arithmetic knows one NaN only; a decimal read from text has its sign.
fn negative_nan() -> Decimal128 {
    let mut bytes = Decimal::NaN.to_bson().bytes();
    if let Some(last) = bytes.last_mut() {
        *last |= 0x80;
    }
    Decimal128::from_bytes(bytes)
}

fn wrong_length(length: usize) -> crate::error::Error {
    failure(format!("Failed to convert binary data of {length} bytes to a number"))
}
