//! Angles: `$sin` and its kin, their inverses, the hyperbolic ones, and degrees.

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Env, Operator,
        arguments::{fixed, null, unary},
        arithmetic::{each, number_of, number_value, real},
    },
    value::{Decimal, Number, Pair, Value},
};

/// An operator of one number and the numbers that it takes.
macro_rules! function {
    ($name:literal, $decimal:expr, $double:expr, $domain:expr) => {
        Operator {
            name: $name,
            parse: |value, names| {
                unary($name, value, names, |value, _| {
                    each(value, $name, |number| {
                        $domain.check($name, number)?;
                        Ok(real(number, $decimal, $double))
                    })
                })
            },
        }
    };
}

pub(super) const OPERATORS: &[Operator] = &[
    function!("$sin", Decimal::sin, f64::sin, Domain::Finite),
    function!("$cos", Decimal::cos, f64::cos, Domain::Finite),
    function!("$tan", Decimal::tan, f64::tan, Domain::Finite),
    function!("$asin", Decimal::asin, f64::asin, Domain::Unit),
    function!("$acos", Decimal::acos, f64::acos, Domain::Unit),
    function!("$atan", Decimal::atan, f64::atan, Domain::All),
    function!("$sinh", Decimal::sinh, f64::sinh, Domain::All),
    function!("$cosh", Decimal::cosh, f64::cosh, Domain::All),
    function!("$tanh", Decimal::tanh, f64::tanh, Domain::All),
    function!("$asinh", Decimal::asinh, f64::asinh, Domain::All),
    function!("$acosh", Decimal::acosh, f64::acosh, Domain::FromOne),
    function!("$atanh", Decimal::atanh, f64::atanh, Domain::Unit),
    function!("$degreesToRadians", Decimal::degrees_to_radians, |value| value * RADIANS_PER_DEGREE, Domain::All),
    function!("$radiansToDegrees", Decimal::radians_to_degrees, |value| value * DEGREES_PER_RADIAN, Domain::All),
    Operator { name: "$atan2", parse: |value, names| fixed("$atan2", value, names, atan2) },
];

const RADIANS_PER_DEGREE: f64 = std::f64::consts::PI / 180.0;
const DEGREES_PER_RADIAN: f64 = 180.0 / std::f64::consts::PI;

/// The numbers that a function takes; all of them take NaN.
enum Domain {
    All,
    Finite,
    Unit,
    FromOne,
}

impl Domain {
    fn check(&self, operator: &str, number: Number) -> Result<()> {
        let least = |least: i32| number.compare(Number::Int32(least)).is_ge();
        let most = |most: i32| number.compare(Number::Int32(most)).is_le();
        let (inside, range) = match self {
            Domain::All => (true, ""),
            Domain::Finite => (!number.is_infinite(), "(-inf,inf)"),
            Domain::Unit => (least(-1) && most(1), "[-1,1]"),
            Domain::FromOne => (least(1), "[1,inf]"),
        };
        if inside || number.is_nan() {
            return Ok(());
        }
        let shown = number.into_bson();
        refuse(Code(50989), format!("cannot apply {operator} to {shown:?}, value must be in {range}"))
    }
}

fn atan2<'v>([y, x]: [Value<'v>; 2], _: &Env<'_>) -> Result<Value<'v>> {
    if y.is_nullish() || x.is_nullish() {
        return Ok(null());
    }
    let y = number_of(&y, Code(51044), "$atan2 only supports numeric types")?;
    let x = number_of(&x, Code(51045), "$atan2 only supports numeric types")?;
    Ok(number_value(match Pair::new(y, x) {
        Pair::Decimal(y, x) => Number::Decimal(y.atan2(x)),
        _ => Number::Double(y.to_double().atan2(x.to_double())),
    }))
}
