//! Arithmetic: `$add`, `$subtract`, `$multiply`, `$divide`, `$mod`, and what takes one number.

mod powers;
mod rounding;
#[cfg(test)]
mod tests;

use bson::{DateTime, RawBson, RawBsonRef};

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Operator,
        arguments::{fixed, null, type_of, unary, variadic},
    },
    value::{Decimal, Number, Rounding, Value},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator { name: "$add", parse: |value, names| variadic("$add", value, names, 0..=usize::MAX, add) },
    Operator { name: "$subtract", parse: |value, names| fixed("$subtract", value, names, subtract) },
    Operator { name: "$multiply", parse: |value, names| variadic("$multiply", value, names, 0..=usize::MAX, multiply) },
    Operator { name: "$divide", parse: |value, names| fixed("$divide", value, names, divide) },
    Operator { name: "$mod", parse: |value, names| fixed("$mod", value, names, modulo) },
    Operator { name: "$abs", parse: |value, names| unary("$abs", value, names, |value, _| each(value, "$abs", abs)) },
];

pub(super) use powers::{OPERATORS as POWERS, real};
pub(super) use rounding::OPERATORS as ROUNDING;

/// Applies a function to a number; null yields null.
pub(super) fn each<'v>(
    value: Value<'v>,
    operator: &str,
    apply: impl FnOnce(Number) -> Result<Number>,
) -> Result<Value<'v>> {
    match value.get() {
        None | Some(RawBsonRef::Null | RawBsonRef::Undefined) => Ok(null()),
        Some(given) => match Number::of(given) {
            Some(number) => Ok(number_value(apply(number)?)),
            None => refuse(Code(28765), format!("{operator} only supports numeric types, not {}", type_of(&value))),
        },
    }
}

pub(super) fn number_value(number: Number) -> Value<'static> {
    Value::Owned(number.into_bson())
}

/// The number that a value is.
///
/// # Errors
/// `code` for another value.
pub(super) fn number_of(value: &Value<'_>, code: Code, message: &str) -> Result<Number> {
    match value.get().and_then(Number::of) {
        Some(number) => Ok(number),
        None => refuse(code, format!("{message}, not {}", type_of(value))),
    }
}

/// A sum of numbers, and of at most one date.
fn add<'v>(values: Vec<Value<'v>>, _: &Env<'_>) -> Result<Value<'v>> {
    let mut sum = Number::Int32(0);
    let mut date = None;
    let mut small = true;
    for value in &values {
        if value.is_nullish() {
            return Ok(null());
        }
        if let Some(RawBsonRef::DateTime(given)) = value.get() {
            if date.replace(given.timestamp_millis()).is_some() {
                return refuse(Code(16612), "only one date allowed in an $add expression");
            }
            continue;
        }
        let number = number_of(value, Code::TYPE_MISMATCH, "$add only supports numeric or date types")?;
        small &= matches!(number, Number::Int32(_));
        sum = sum.add(number);
    }
    match date {
        Some(date) => add_to_date(date, sum),
        None => Ok(number_value(narrowed(sum, small))),
    }
}

/// A result of 32-bit integers only is one again where it fits, though it was larger on the way.
fn narrowed(number: Number, small: bool) -> Number {
    match number {
        Number::Int64(value) if small => Number::smallest(value),
        number => number,
    }
}

fn add_to_date(date: i64, sum: Number) -> Result<Value<'static>> {
    match milliseconds(sum).and_then(|sum| date.checked_add(sum)) {
        Some(millis) => Ok(Value::Owned(RawBson::DateTime(DateTime::from_millis(millis)))),
        None => refuse(Code::OVERFLOW, "date overflow in $add"),
    }
}

/// A number as whole milliseconds: doubles are rounded away from zero, decimals to the even one.
fn milliseconds(number: Number) -> Option<i64> {
    match number {
        Number::Double(value) => Number::Double(value.round()).to_i64(),
        Number::Decimal(value) => value.round_to(0, Rounding::HalfEven).to_i64(),
        whole => whole.to_i64(),
    }
}

fn subtract<'v>([minuend, subtrahend]: [Value<'v>; 2], _: &Env<'_>) -> Result<Value<'v>> {
    let (Some(left), Some(right)) = (minuend.get(), subtrahend.get()) else { return Ok(null()) };
    if minuend.is_nullish() || subtrahend.is_nullish() {
        return Ok(null());
    }
    match (left, right) {
        (RawBsonRef::DateTime(left), RawBsonRef::DateTime(right)) => {
            match left.timestamp_millis().checked_sub(right.timestamp_millis()) {
                Some(difference) => Ok(number_value(Number::Int64(difference))),
                None => refuse(Code::OVERFLOW, "date overflow in $subtract"),
            }
        }
        (RawBsonRef::DateTime(left), right) if Number::of(right).is_some() => {
            let Some(offset) = Number::of(right).and_then(milliseconds) else {
                return refuse(Code(16006), "can't convert the number of milliseconds to a date's offset in $subtract");
            };
            match left.timestamp_millis().checked_sub(offset) {
                Some(millis) => Ok(Value::Owned(RawBson::DateTime(DateTime::from_millis(millis)))),
                None => refuse(Code::OVERFLOW, "date overflow in $subtract"),
            }
        }
        (left, right) => match (Number::of(left), Number::of(right)) {
            (Some(left), Some(right)) => Ok(number_value(left.subtract(right))),
            _ => refuse(
                Code::TYPE_MISMATCH,
                format!("can't $subtract {} from {}", type_of(&subtrahend), type_of(&minuend)),
            ),
        },
    }
}

fn multiply<'v>(values: Vec<Value<'v>>, _: &Env<'_>) -> Result<Value<'v>> {
    let mut product = Number::Int32(1);
    let mut small = true;
    for value in &values {
        if value.is_nullish() {
            return Ok(null());
        }
        let number = number_of(value, Code::TYPE_MISMATCH, "$multiply only supports numeric types")?;
        small &= matches!(number, Number::Int32(_));
        product = product.multiply(number);
    }
    Ok(number_value(narrowed(product, small)))
}

/// The two numbers of an operator, none where one is null.
fn pair(values: &[Value<'_>; 2], code: Code, message: &str) -> Result<Option<(Number, Number)>> {
    let [left, right] = values;
    match (left.get().and_then(Number::of), right.get().and_then(Number::of)) {
        (Some(left), Some(right)) => Ok(Some((left, right))),
        _ if left.is_nullish() || right.is_nullish() => Ok(None),
        _ => refuse(code, format!("{message}, not {} and {}", type_of(left), type_of(right))),
    }
}

fn divide<'v>(values: [Value<'v>; 2], _: &Env<'_>) -> Result<Value<'v>> {
    let Some((dividend, divisor)) = pair(&values, Code::TYPE_MISMATCH, "$divide only supports numeric types")? else {
        return Ok(null());
    };
    match dividend.divide(divisor) {
        Some(quotient) => Ok(number_value(quotient)),
        None => refuse(Code::BAD_VALUE, "can't $divide by zero"),
    }
}

fn modulo<'v>(values: [Value<'v>; 2], _: &Env<'_>) -> Result<Value<'v>> {
    let Some((dividend, divisor)) = pair(&values, Code(16611), "$mod only supports numeric types")? else {
        return Ok(null());
    };
    match dividend.remainder(divisor) {
        Some(remainder) => Ok(number_value(remainder)),
        None if matches!((dividend, divisor), (Number::Decimal(_), _) | (_, Number::Decimal(_))) => {
            refuse(Code(5_733_415), "can't $mod by zero")
        }
        None => refuse(Code(16610), "can't $mod by zero"),
    }
}

fn abs(number: Number) -> Result<Number> {
    match number {
        Number::Int64(i64::MIN) => refuse(Code(28680), "can't take $abs of long long min"),
        Number::Int64(value) => Ok(Number::Int64(value.abs())),
        Number::Int32(value) => Ok(Number::smallest(i64::from(value).abs())),
        Number::Double(value) => Ok(Number::Double(value.abs())),
        Number::Decimal(value) => Ok(Number::Decimal(Decimal::abs(value))),
    }
}
