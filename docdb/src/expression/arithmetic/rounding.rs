//! `$ceil`, `$floor`, `$round`, `$trunc`.

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Operator,
        arguments::{null, unary, variadic},
        arithmetic::{each, number_of, number_value},
    },
    value::{Decimal, Number, Rounding, Value},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator {
        name: "$ceil",
        parse: |value, names| unary("$ceil", value, names, |value, _| each(value, "$ceil", ceil)),
    },
    Operator {
        name: "$floor",
        parse: |value, names| unary("$floor", value, names, |value, _| each(value, "$floor", floor)),
    },
    Operator {
        name: "$round",
        parse: |value, names| {
            variadic("$round", value, names, 1..=2, |values, _| to_places("$round", &values, Rounding::HalfEven))
        },
    },
    Operator {
        name: "$trunc",
        parse: |value, names| {
            variadic("$trunc", value, names, 1..=2, |values, _| to_places("$trunc", &values, Rounding::Truncate))
        },
    },
];

#[allow(clippy::unnecessary_wraps, reason = "the shape of a function of one number")]
fn ceil(number: Number) -> Result<Number> {
    Ok(match number {
        Number::Double(value) => Number::Double(value.ceil()),
        Number::Decimal(value) => Number::Decimal(value.ceil()),
        whole => whole,
    })
}

#[allow(clippy::unnecessary_wraps, reason = "the shape of a function of one number")]
fn floor(number: Number) -> Result<Number> {
    Ok(match number {
        Number::Double(value) => Number::Double(value.floor()),
        Number::Decimal(value) => Number::Decimal(value.floor()),
        whole => whole,
    })
}

fn to_places(operator: &str, values: &[Value<'_>], rounding: Rounding) -> Result<Value<'static>> {
    if values.iter().any(Value::is_nullish) {
        return Ok(null());
    }
    let [value, rest @ ..] = values else { return Ok(null()) };
    let number = number_of(value, Code(51081), &format!("{operator} only supports numeric types"))?;
    let places = rest.first().map_or(Ok(0), |places| read_places(operator, places))?;
    Ok(number_value(match number {
        Number::Int32(value) => Number::smallest(round_whole(value.into(), places, rounding)?),
        Number::Int64(value) => Number::Int64(round_whole(value, places, rounding)?),
        Number::Double(value) => Number::Double(round_double(value, places, rounding)),
        Number::Decimal(value) => Number::Decimal(value.round_to(places, rounding)),
    }))
}

fn round_whole(value: i64, places: i32, rounding: Rounding) -> Result<i64> {
    if places >= 0 {
        return Ok(value);
    }
    match Decimal::from(value).round_to(places, rounding).to_i64() {
        Some(rounded) => Ok(rounded),
        None => refuse(Code(51080), "invalid conversion from Decimal128 result to a 64-bit integer"),
    }
}

/// Through a decimal of 34 digits: `0.29`, which is a little less, has no 29 hundredths.
fn round_double(value: f64, places: i32, rounding: Rounding) -> f64 {
    match (places, rounding) {
        _ if !value.is_finite() => value,
        (0, Rounding::Truncate) => value.trunc(),
        (0, _) => value.round_ties_even(),
        _ => Decimal::from_double_exactly(value).round_to(places, rounding).to_double(),
    }
}

fn read_places(operator: &str, value: &Value<'_>) -> Result<i32> {
    let number = number_of(value, Code(16004), "can't convert the number of places to int")?;
    let places = match number {
        Number::Double(value) if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value) => {
            return refuse(Code(31109), "can't convert out-of-range double to int");
        }
        number => number.as_whole_i64(),
    };
    match places {
        Some(places @ -20..=100) => Ok(i32::try_from(places).unwrap_or(0)),
        Some(places) => refuse(
            Code(51083),
            format!("cannot apply {operator} with precision value {places}, it must be in [-20, 100]"),
        ),
        None => refuse(Code(51082), format!("precision argument to {operator} must be an integral value")),
    }
}
