//! Accumulators: what `$group` and its kin make of the documents of a group.
//!
//! An accumulator is a line in the table: its name and how its argument is parsed. What it is given of each document and
//! how it folds that are an [`Accumulate`] and a [`Fold`].

mod collect;
mod extreme;
mod merge_objects;
mod ordered;
mod percentile;
mod position;
mod spread;
mod sum;
mod with_n;

#[cfg(test)]
mod tests;

use std::{fmt::Debug, sync::Arc};

use bson::{RawBson, RawBsonRef};

pub(crate) use extreme::Extreme;
pub(crate) use percentile::{Percentile, arguments, parse_fractions, parse_method};
pub(crate) use spread::Spread;
pub(crate) use sum::{Average, Sum};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    expression::{Env, Expression, Names},
    sort::MEMORY_BYTES,
    value::{Value, fields, items},
};

/// What folds values into one.
pub(crate) trait Fold: Send {
    /// Takes the next value; none where it is missing.
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()>;

    /// What has become of the values; `None` is a missing value.
    fn finish(&mut self) -> Result<Option<RawBson>>;

    /// How much memory it takes beside itself.
    fn len_bytes(&self) -> usize {
        0
    }
}

/// A parsed accumulator.
pub(crate) trait Accumulate: Send + Sync + Debug {
    /// What of a document is folded.
    fn argument<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>>;

    /// What folds the values of one group. The document of `env` is the group's `_id`, if that is one.
    fn start(&self, env: &Env<'_>) -> Result<Box<dyn Fold>>;
}

struct Operator {
    /// With its `$`.
    name: &'static str,
    parse: fn(&'static str, RawBsonRef<'_>, &Names<'_>) -> Result<Arc<dyn Accumulate>>,
}

/// All accumulators.
const OPERATORS: &[Operator] = &[
    Operator { name: "$addToSet", parse: collect::parse_add_to_set },
    Operator { name: "$avg", parse: sum::parse_avg },
    Operator { name: "$bottom", parse: ordered::parse_bottom },
    Operator { name: "$bottomN", parse: ordered::parse_bottom_n },
    Operator { name: "$concatArrays", parse: collect::parse_concat_arrays },
    Operator { name: "$count", parse: sum::parse_count },
    Operator { name: "$first", parse: position::parse_first },
    Operator { name: "$firstN", parse: position::parse_first_n },
    Operator { name: "$last", parse: position::parse_last },
    Operator { name: "$lastN", parse: position::parse_last_n },
    Operator { name: "$max", parse: extreme::parse_max },
    Operator { name: "$maxN", parse: extreme::parse_max_n },
    Operator { name: "$median", parse: percentile::parse_median },
    Operator { name: "$mergeObjects", parse: merge_objects::parse },
    Operator { name: "$min", parse: extreme::parse_min },
    Operator { name: "$minN", parse: extreme::parse_min_n },
    Operator { name: "$percentile", parse: percentile::parse_percentile },
    Operator { name: "$push", parse: collect::parse_push },
    Operator { name: "$setUnion", parse: collect::parse_set_union },
    Operator { name: "$stdDevPop", parse: spread::parse_population },
    Operator { name: "$stdDevSamp", parse: spread::parse_sample },
    Operator { name: "$sum", parse: sum::parse_sum },
    Operator { name: "$top", parse: ordered::parse_top },
    Operator { name: "$topN", parse: ordered::parse_top_n },
];

/// Parses the accumulator of a field: `{ $sum: "$x" }`.
///
/// # Errors
/// 40234 where there is none, 40238 for more than one, 15952 for an unknown one, 40237 for an array as its argument.
pub(crate) fn parse(field: &str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(40234), format!("The field '{field}' must be an accumulator object"));
    };
    let mut all = fields(document);
    let Some((name, argument)) = all.next().filter(|(name, _)| name.starts_with('$')) else {
        return refuse(Code(40234), format!("The field '{field}' must be an accumulator object"));
    };
    if all.next().is_some() {
        return refuse(Code(40238), format!("The field '{field}' must specify one accumulator"));
    }
    match OPERATORS.iter().find(|operator| operator.name == name) {
        Some(operator) => (operator.parse)(operator.name, argument, names),
        None if name == "$accumulator" => {
            refuse(Code::COMMAND_NOT_SUPPORTED, "$accumulator needs server-side JavaScript, which is not supported")
        }
        None => refuse(Code(15952), format!("unknown group operator '{name}'")),
    }
}

/// An accumulator of one expression.
struct Unary {
    argument: Expression,
    start: fn(&Context) -> Box<dyn Fold>,
}

fn unary(
    name: &str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
    start: fn(&Context) -> Box<dyn Fold>,
) -> Result<Arc<dyn Accumulate>> {
    if matches!(value, RawBsonRef::Array(_)) {
        return refuse(Code(40237), format!("The {name} accumulator is a unary operator"));
    }
    Ok(Arc::new(Unary { argument: Expression::parse_within(value, names)?, start }))
}

impl Debug for Unary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.argument.fmt(f)
    }
}

impl Accumulate for Unary {
    fn argument<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        self.argument.evaluate(env)
    }

    fn start(&self, env: &Env<'_>) -> Result<Box<dyn Fold>> {
        Ok((self.start)(env.context))
    }
}

/// Folds all items of an array.
pub(crate) fn fold_items(fold: &mut dyn Fold, value: RawBsonRef<'_>) -> Result<()> {
    if let RawBsonRef::Array(array) = value {
        for item in items(array) {
            fold.add(Some(item))?;
        }
    }
    Ok(())
}

/// About how much memory an owned value takes.
fn value_bytes(value: RawBsonRef<'_>) -> usize {
    size_of::<RawBson>()
        + match value {
            RawBsonRef::String(text) | RawBsonRef::Symbol(text) | RawBsonRef::JavaScriptCode(text) => text.len(),
            RawBsonRef::Document(document) => document.as_bytes().len(),
            RawBsonRef::Array(array) => array.as_bytes().len(),
            RawBsonRef::Binary(binary) => binary.bytes.len(),
            _ => 0,
        }
}

/// Whether a value is none, null or undefined.
fn is_nullish(value: Option<RawBsonRef<'_>>) -> bool {
    matches!(value, None | Some(RawBsonRef::Null | RawBsonRef::Undefined))
}

/// Refuses to hold more than a stage may: these accumulators cannot do with less.
fn bounded(name: &str, bytes: usize) -> Result<()> {
    if bytes > MEMORY_BYTES {
        return refuse(
            Code::EXCEEDED_MEMORY_LIMIT,
            format!("{name} used too much memory and cannot spill to disk. Memory limit: {MEMORY_BYTES} bytes"),
        );
    }
    Ok(())
}
