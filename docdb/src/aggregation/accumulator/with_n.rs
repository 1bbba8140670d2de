//! Accumulators of a number of values: `{ n: 3, input: "$x" }`.

use std::{fmt::Debug, sync::Arc};

use bson::RawBsonRef;

use crate::{
    aggregation::{
        accumulator::{Accumulate, Fold},
        stage::limit::whole,
    },
    context::Context,
    error::{Code, Result, refuse},
    expression::{Env, Expression, Names},
    value::{Value, fields},
};

struct WithN {
    n: Expression,
    input: Expression,
    start: fn(usize, &Context) -> Box<dyn Fold>,
}

/// Parses `{ n: …, input: … }`.
///
/// # Errors
/// 5787900 for what is no object, 5787901 for an unknown field, 5787906 and 5787907 for a missing one.
pub(super) fn parse(
    name: &str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
    start: fn(usize, &Context) -> Box<dyn Fold>,
) -> Result<Arc<dyn Accumulate>> {
    let (n, input) = arguments(name, value)?;
    let (n, input) = (Expression::parse_within(n, names)?, Expression::parse_within(input, names)?);
    check_constant(&n)?;
    Ok(Arc::new(WithN { n, input, start }))
}

/// What `n` and `input` are given as.
pub(crate) fn arguments<'v>(name: &str, value: RawBsonRef<'v>) -> Result<(RawBsonRef<'v>, RawBsonRef<'v>)> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(5_787_900), format!("specification must be an object; found {name}: {value:?}"));
    };
    let (mut n, mut input) = (None, None);
    for (field, value) in fields(document) {
        match field {
            "n" => n = Some(value),
            "input" => input = Some(value),
            _ => return refuse(Code(5_787_901), format!("Unknown argument for '{name}' operator: {field}")),
        }
    }
    match (n, input) {
        (None, _) => refuse(Code(5_787_906), "Missing value for 'n'"),
        (_, None) => refuse(Code(5_787_907), "Missing value for 'input'"),
        (Some(n), Some(input)) => Ok((n, input)),
    }
}

/// Refuses a constant that is no number of values before anything is read.
pub(super) fn check_constant(n: &Expression) -> Result<()> {
    n.constant().map_or(Ok(()), |value| whole_n(Some(value)).map(|_| ()))
}

/// The number of values that `n` says.
///
/// # Errors
/// 7548606 for what is no positive whole number.
pub(crate) fn whole_n(value: Option<RawBsonRef<'_>>) -> Result<usize> {
    match value.and_then(whole) {
        Some(n) if n > 0 => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
        _ => refuse(Code(7_548_606), format!("Value for 'n' must be a positive integral type, but found {value:?}")),
    }
}

impl Debug for WithN {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WithN").field("n", &self.n).field("input", &self.input).finish()
    }
}

impl Accumulate for WithN {
    fn argument<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        self.input.evaluate(env)
    }

    fn start(&self, env: &Env<'_>) -> Result<Box<dyn Fold>> {
        Ok((self.start)(whole_n(self.n.evaluate(env)?.get())?, env.context))
    }
}
