//! `$exp`, `$ln`, `$log`, `$log10`, `$pow`, `$sqrt`, `$sigmoid`, `$rand`.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use bson::{RawBson, RawBsonRef};

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{all_constant, finish, fixed, null, type_of, unary},
        arithmetic::{each, number_of, number_value},
    },
    value::{Decimal, Number, Pair, Value},
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator { name: "$exp", parse: |value, names| unary("$exp", value, names, |value, _| each(value, "$exp", exp)) },
    Operator { name: "$ln", parse: |value, names| unary("$ln", value, names, |value, _| each(value, "$ln", ln)) },
    Operator { name: "$log", parse: |value, names| fixed("$log", value, names, log) },
    Operator {
        name: "$log10",
        parse: |value, names| unary("$log10", value, names, |value, _| each(value, "$log10", log10)),
    },
    Operator { name: "$pow", parse: |value, names| fixed("$pow", value, names, pow) },
    Operator {
        name: "$sqrt",
        parse: |value, names| unary("$sqrt", value, names, |value, _| each(value, "$sqrt", sqrt)),
    },
    Operator { name: "$sigmoid", parse: parse_sigmoid },
    Operator { name: "$rand", parse: parse_rand },
];

/// Applies the function of decimals to a decimal and that of doubles to any other number.
pub(in crate::expression) fn real(number: Number, decimal: fn(Decimal) -> Decimal, double: fn(f64) -> f64) -> Number {
    match number {
        Number::Decimal(value) => Number::Decimal(decimal(value)),
        number => Number::Double(double(number.to_double())),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the shape of a function of one number")]
fn exp(number: Number) -> Result<Number> {
    Ok(real(number, Decimal::exp, f64::exp))
}

/// Of NaN, it is a double's NaN, though it was a decimal's.
fn logarithm(number: Number, decimal: fn(Decimal) -> Decimal, double: fn(f64) -> f64) -> Number {
    if number.is_nan() { Number::Double(f64::NAN) } else { real(number, decimal, double) }
}

fn is_positive(number: Number) -> bool {
    number.is_nan() || !(number.is_zero() || number.is_negative())
}

fn ln(number: Number) -> Result<Number> {
    if !is_positive(number) {
        return refuse(Code(28766), "$ln's argument must be a positive number");
    }
    Ok(logarithm(number, Decimal::ln, f64::ln))
}

fn log10(number: Number) -> Result<Number> {
    if !is_positive(number) {
        return refuse(Code(28761), "$log10's argument must be a positive number");
    }
    Ok(logarithm(number, Decimal::log10, f64::log10))
}

fn sqrt(number: Number) -> Result<Number> {
    if number.is_negative() {
        return refuse(Code(28714), "$sqrt's argument must be greater than or equal to 0");
    }
    Ok(real(number, Decimal::sqrt, f64::sqrt))
}

fn log<'v>([value, base]: [Value<'v>; 2], _: &Env<'_>) -> Result<Value<'v>> {
    if value.is_nullish() || base.is_nullish() {
        return Ok(null());
    }
    let value = number_of(&value, Code(28756), "$log's argument must be numeric")?;
    let base = number_of(&base, Code(28757), "$log's base must be numeric")?;
    if !is_positive(value) {
        return refuse(Code(28758), "$log's argument must be a positive number");
    }
    if !is_positive(base) || base.compare(Number::Int32(1)).is_eq() {
        return refuse(Code(28759), "$log's base must be a positive number not equal to 1");
    }
    Ok(number_value(match Pair::new(value, base) {
        _ if value.is_nan() || base.is_nan() => Number::Double(f64::NAN),
        Pair::Decimal(value, base) => Number::Decimal(value.log(base)),
        _ => Number::Double(value.to_double().ln() / base.to_double().ln()),
    }))
}

fn pow<'v>([base, power]: [Value<'v>; 2], _: &Env<'_>) -> Result<Value<'v>> {
    if base.is_nullish() || power.is_nullish() {
        return Ok(null());
    }
    let base = number_of(&base, Code(28762), "$pow's base must be numeric")?;
    let power = number_of(&power, Code(28763), "$pow's exponent must be numeric")?;
    if base.is_zero() && power.is_negative() {
        return refuse(Code(28764), "$pow cannot take a base of 0 and a negative exponent");
    }
    Ok(number_value(match Pair::new(base, power) {
        Pair::Decimal(base, power) => Number::Decimal(base.pow(power)),
        Pair::Double(base, power) => Number::Double(base.powf(power)),
        Pair::Int32(base, power) => match whole_power(base.into(), power.into()) {
            Some(result) => Number::smallest(result),
            None => Number::Double(f64::from(base).powf(power.into())),
        },
        Pair::Int64(base, power) => match whole_power(base, power) {
            Some(result) => Number::Int64(result),
            None => Number::Double(Number::Int64(base).to_double().powf(Number::Int64(power).to_double())),
        },
    }))
}

/// A power of integers, if it is one of 64 bits.
fn whole_power(base: i64, power: i64) -> Option<i64> {
    match (base, power) {
        (1, _) | (_, 0) => Some(1),
        (-1, power) => Some(if power % 2 == 0 { 1 } else { -1 }),
        (0, _) => Some(0),
        (base, power) => base.checked_pow(u32::try_from(power).ok()?),
    }
}

#[derive(Debug)]
struct Sigmoid(Expression);

/// The one argument is not taken out of an array.
fn parse_sigmoid(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let argument = Expression::parse_within(value, names)?;
    let constant = all_constant([&argument]);
    finish(Sigmoid(argument), constant, names)
}

impl Evaluate for Sigmoid {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let value = self.0.evaluate(env)?;
        if value.is_nullish() {
            return Ok(null());
        }
        let Some(number) = value.get().and_then(Number::of) else {
            let found = type_of(&value);
            return refuse(Code::TYPE_MISMATCH, format!("$sigmoid only supports numeric types, not {found}"));
        };
        let of_decimal = |value: Decimal| Decimal::ONE.divide(Decimal::ONE.add(value.negate().exp()));
        Ok(number_value(real(number, of_decimal, |value| 1.0 / (1.0 + (-value).exp()))))
    }

    fn dependencies(&self, found: &mut Dependencies) {
        self.0.dependencies(found);
    }
}

#[derive(Debug)]
struct Rand;

fn parse_rand(value: RawBsonRef<'_>, _: &Names<'_>) -> Result<Expression> {
    let empty = match value {
        RawBsonRef::Document(document) => document.is_empty(),
        RawBsonRef::Array(array) => array.is_empty(),
        _ => false,
    };
    if !empty {
        return refuse(Code(3_040_501), "$rand does not currently accept arguments");
    }
    Ok(Expression::new(Rand))
}

impl Evaluate for Rand {
    fn evaluate<'a>(&'a self, _: &Env<'a>) -> Result<Value<'a>> {
        // A keyed hash of a counter: the keys are the process's own, and random.
        static KEYS: OnceLock<RandomState> = OnceLock::new();
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let bits = KEYS.get_or_init(RandomState::new).hash_one(COUNTER.fetch_add(1, Ordering::Relaxed));
        #[allow(clippy::cast_precision_loss, reason = "53 bits")]
        let value = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        Ok(Value::Owned(RawBson::Double(value)))
    }

    fn dependencies(&self, _: &mut Dependencies) {}
}
