//! `$limit`.

use std::sync::Arc;

use bson::RawBsonRef;

use crate::{
    aggregation::{
        Row, Rows, Scope,
        stage::{Stage, View, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    value::{Decimal, Number},
};

/// Lets the first documents pass.
#[derive(Debug)]
pub(super) struct Limit(pub(super) u64);

pub(super) fn parse(value: RawBsonRef<'_>, _: &Scope<'_>) -> Result<Vec<Arc<dyn Stage>>> {
    match whole(value) {
        Some(0) => refuse(Code(15958), "the limit must be positive"),
        Some(limit) => one(Limit(limit)),
        None => refuse(
            Code(5_107_201),
            format!("invalid argument to $limit stage: Expected a non-negative number in: $limit: {value:?}"),
        ),
    }
}

/// A whole number from 0 to the largest long, of any type of numbers.
pub(super) fn whole(value: RawBsonRef<'_>) -> Option<u64> {
    let number = Number::of(value)?;
    #[allow(clippy::cast_possible_truncation, reason = "it saturates, and is compared then")]
    let long = match number {
        Number::Int32(value) => value.into(),
        Number::Int64(value) => value,
        Number::Double(value) => value as i64,
        Number::Decimal(value) => whole_decimal(value)?,
    };
    // Doubles beyond the longs are cut off at the largest, which is not equal to them.
    (Number::Int64(long).compare(number).is_eq()).then(|| u64::try_from(long).ok()).flatten()
}

fn whole_decimal(value: Decimal) -> Option<i64> {
    let Decimal::Finite { negative, coefficient, exponent } = value else { return None };
    let power = |exponent: u32| 10_u128.checked_pow(exponent);
    let magnitude = match u32::try_from(exponent) {
        _ if coefficient == 0 => 0,
        Ok(exponent) => coefficient.checked_mul(power(exponent)?)?,
        Err(_) => {
            let divisor = power(exponent.unsigned_abs())?;
            (coefficient % divisor == 0).then_some(coefficient / divisor)?
        }
    };
    let magnitude = i64::try_from(magnitude).ok()?;
    Some(if negative { -magnitude } else { magnitude })
}

impl Stage for Limit {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, _: &Context) -> Box<dyn Rows> {
        Box::new(Limited { input, left: self.0 })
    }

    fn view(&self) -> View<'_> {
        View::Limit(self.0)
    }
}

struct Limited {
    input: Box<dyn Rows>,
    left: u64,
}

impl Rows for Limited {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        self.input.next(execution)
    }
}
