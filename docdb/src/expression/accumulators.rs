//! Accumulators as expressions: over the items of an array, or over several arguments.

use std::{cmp::Ordering, sync::Arc};

use bson::RawBsonRef;

use crate::{
    aggregation::accumulator::{
        Average, Extreme, Fold, Percentile, Spread, Sum, arguments, fold_items, parse_fractions, parse_method,
    },
    error::Result,
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{finish, variadic},
    },
    value::Value,
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "$avg",
        parse: |value, names| variadic("$avg", value, names, ANY, |values, _| fold(&mut Average::default(), &values)),
    },
    Operator {
        name: "$max",
        parse: |value, names| {
            variadic("$max", value, names, ANY, |values, env| {
                fold(&mut Extreme::new(Ordering::Greater, env.context), &values)
            })
        },
    },
    Operator {
        name: "$min",
        parse: |value, names| {
            variadic("$min", value, names, ANY, |values, env| {
                fold(&mut Extreme::new(Ordering::Less, env.context), &values)
            })
        },
    },
    Operator {
        name: "$stdDevPop",
        parse: |value, names| {
            variadic("$stdDevPop", value, names, ANY, |values, _| fold(&mut Spread::population(), &values))
        },
    },
    Operator {
        name: "$stdDevSamp",
        parse: |value, names| {
            variadic("$stdDevSamp", value, names, ANY, |values, _| fold(&mut Spread::sample(), &values))
        },
    },
    Operator {
        name: "$sum",
        parse: |value, names| variadic("$sum", value, names, ANY, |values, _| fold(&mut Sum::default(), &values)),
    },
    Operator { name: "$median", parse: parse_median },
    Operator { name: "$percentile", parse: parse_percentile },
];

const ANY: std::ops::RangeInclusive<usize> = 0..=usize::MAX;

/// Folds arguments; the items of the argument, if it is one array.
fn fold<'v>(fold: &mut impl Fold, values: &[Value<'v>]) -> Result<Value<'v>> {
    match values {
        [value] => match value.get() {
            Some(array @ RawBsonRef::Array(_)) => fold_items(fold, array)?,
            value => fold.add(value)?,
        },
        values => values.iter().try_for_each(|value| fold.add(value.get()))?,
    }
    Ok(fold.finish()?.map_or(Value::Missing, Value::Owned))
}

#[derive(Debug)]
struct Quantiles {
    input: Expression,
    /// None for a median.
    fractions: Option<Arc<[f64]>>,
}

fn parse_median(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let [input, method] = arguments("$median", value, ["input", "method"])?;
    parse_method(method)?;
    quantiles(input, None, names)
}

fn parse_percentile(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let [input, p, method] = arguments("$percentile", value, ["input", "p", "method"])?;
    parse_method(method)?;
    let p = Expression::parse_within(p, names)?;
    quantiles(input, Some(parse_fractions(p.constant())?), names)
}

fn quantiles(input: RawBsonRef<'_>, fractions: Option<Arc<[f64]>>, names: &Names<'_>) -> Result<Expression> {
    let input = Expression::parse_within(input, names)?;
    let constant = input.constant().is_some();
    finish(Quantiles { input, fractions }, constant, names)
}

impl Evaluate for Quantiles {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let mut percentile = match &self.fractions {
            Some(fractions) => Percentile::new(Arc::clone(fractions)),
            None => Percentile::median(),
        };
        let value = self.input.evaluate(env)?;
        fold(&mut percentile, &[value])
    }

    fn dependencies(&self, found: &mut Dependencies) {
        self.input.dependencies(found);
    }
}
