//! Sums and products of numbers of the four types, as updates have them: the result is of the wider type; what does not
//! fit into 32 bits takes 64; what does not fit into 64 is refused.

use bigdecimal::{
    BigDecimal, RoundingMode,
    num_bigint::{BigInt, Sign},
};
use bson::Decimal128;

use crate::value::{Decimal, Number};

pub(super) fn add(a: Number, b: Number) -> Option<Number> {
    match (a, b) {
        (Number::Decimal(_), _) | (_, Number::Decimal(_)) => {
            Some(Number::Decimal(add_decimals(decimal(a), decimal(b))))
        }
        (Number::Double(_), _) | (_, Number::Double(_)) => Some(Number::Double(double(a) + double(b))),
        _ => whole(a, b, i64::checked_add),
    }
}

pub(super) fn multiply(a: Number, b: Number) -> Option<Number> {
    match (a, b) {
        (Number::Decimal(_), _) | (_, Number::Decimal(_)) => {
            Some(Number::Decimal(multiply_decimals(decimal(a), decimal(b))))
        }
        (Number::Double(_), _) | (_, Number::Double(_)) => Some(Number::Double(double(a) * double(b))),
        _ => whole(a, b, i64::checked_mul),
    }
}

fn whole(a: Number, b: Number, compute: fn(i64, i64) -> Option<i64>) -> Option<Number> {
    let result = compute(long(a), long(b))?;
    Some(match (a, b, i32::try_from(result)) {
        (Number::Int32(_), Number::Int32(_), Ok(small)) => Number::Int32(small),
        _ => Number::Int64(result),
    })
}

fn long(number: Number) -> i64 {
    match number {
        Number::Int32(value) => value.into(),
        Number::Int64(value) => value,
        Number::Double(_) | Number::Decimal(_) => 0,
    }
}

fn double(number: Number) -> f64 {
    match number {
        Number::Int32(value) => value.into(),
        #[allow(clippy::cast_precision_loss, reason = "as the server computes")]
        Number::Int64(value) => value as f64,
        Number::Double(value) => value,
        Number::Decimal(_) => f64::NAN,
    }
}

/// Doubles have 15 digits as decimals.
fn decimal(number: Number) -> Decimal {
    match number {
        Number::Int32(value) => i64::from(value).into(),
        Number::Int64(value) => value.into(),
        Number::Decimal(value) => value,
        Number::Double(value) if value.is_nan() => Decimal::NaN,
        Number::Double(value) if value.is_infinite() => Decimal::Infinity { negative: value < 0.0 },
        Number::Double(value) => format!("{value:.14e}").parse::<Decimal128>().map_or(Decimal::NaN, Decimal::from_bson),
    }
}

fn add_decimals(a: Decimal, b: Decimal) -> Decimal {
    match (a, b) {
        (Decimal::NaN, _) | (_, Decimal::NaN) => Decimal::NaN,
        (Decimal::Infinity { negative }, Decimal::Infinity { negative: other }) => {
            if negative == other {
                a
            } else {
                Decimal::NaN
            }
        }
        (Decimal::Infinity { .. }, _) => a,
        (_, Decimal::Infinity { .. }) => b,
        (Decimal::Finite { exponent: x, coefficient: c, .. }, Decimal::Finite { exponent: y, coefficient: d, .. }) => {
            // Far apart, the smaller one is only good for rounding, and expanding it would take thousands of digits.
            if c != 0 && d != 0 && x.abs_diff(y) > 80 { if x > y { a } else { b } } else { rounded(big(a) + big(b)) }
        }
    }
}

fn multiply_decimals(a: Decimal, b: Decimal) -> Decimal {
    let negative = |decimal: Decimal| match decimal {
        Decimal::NaN => false,
        Decimal::Infinity { negative } | Decimal::Finite { negative, .. } => negative,
    };
    let is_zero = |decimal: Decimal| matches!(decimal, Decimal::Finite { coefficient: 0, .. });
    match (a, b) {
        (Decimal::NaN, _) | (_, Decimal::NaN) => Decimal::NaN,
        (Decimal::Infinity { .. }, other) | (other, Decimal::Infinity { .. }) => {
            if is_zero(other) {
                Decimal::NaN
            } else {
                Decimal::Infinity { negative: negative(a) != negative(b) }
            }
        }
        _ => rounded(big(a) * big(b)),
    }
}

fn big(decimal: Decimal) -> BigDecimal {
    match decimal {
        Decimal::Finite { negative, coefficient, exponent } => {
            let sign = if negative { Sign::Minus } else { Sign::Plus };
            let digits = BigInt::from_biguint(sign, coefficient.into());
            BigDecimal::from_bigint(digits, (-exponent).into())
        }
        Decimal::NaN | Decimal::Infinity { .. } => BigDecimal::default(),
    }
}

/// The nearest decimal of 34 digits.
fn rounded(value: BigDecimal) -> Decimal {
    let value = if value.digits() > 34 {
        std::num::NonZeroU64::new(34)
            .map_or(value.clone(), |digits| value.with_precision_round(digits, RoundingMode::HalfEven))
    } else {
        value
    };
    let (digits, scale) = value.into_bigint_and_exponent();
    let (sign, digits) = digits.into_parts();
    let negative = sign == Sign::Minus;
    let text = format!("{}{digits}E{}", if negative { "-" } else { "" }, -scale);
    match text.parse::<Decimal128>() {
        Ok(value) => Decimal::from_bson(value),
        Err(_) if scale < 0 => Decimal::Infinity { negative },
        Err(_) => Decimal::Finite { negative, coefficient: 0, exponent: -6176 },
    }
}
