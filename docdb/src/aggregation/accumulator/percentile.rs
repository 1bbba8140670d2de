//! `$percentile`, `$median`.

use std::sync::Arc;

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::accumulator::{Accumulate, Fold},
    error::{Code, Result, refuse},
    expression::{Env, Expression, Names},
    value::{ArrayBuilder, Number, Value, fields, items},
};

/// Percentiles of numbers: for each fraction the least number that at least that part of the numbers does not exceed.
/// Other values and NaN do not count.
pub(crate) struct Percentile {
    fractions: Arc<[f64]>,
    /// Whether the result is the one value instead of an array of them.
    single: bool,
    numbers: Vec<f64>,
}

impl Percentile {
    pub(crate) fn new(fractions: Arc<[f64]>) -> Percentile {
        Percentile { fractions, single: false, numbers: Vec::new() }
    }

    pub(crate) fn median() -> Percentile {
        Percentile { fractions: Arc::new([0.5]), single: true, numbers: Vec::new() }
    }
}

impl Fold for Percentile {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        if let Some(number) = value.and_then(Number::of).map(Number::to_double).filter(|number| !number.is_nan()) {
            self.numbers.push(number);
        }
        super::bounded("$percentile", self.len_bytes())
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        self.numbers.sort_unstable_by(f64::total_cmp);
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank"
        )]
        let at = |fraction: f64| {
            let rank = (fraction * self.numbers.len() as f64).ceil() as usize;
            self.numbers.get(rank.saturating_sub(1)).map_or(RawBson::Null, |number| RawBson::Double(*number))
        };
        if self.single {
            return Ok(Some(at(0.5)));
        }
        let mut array = ArrayBuilder::new();
        self.fractions.iter().for_each(|fraction| array.push(at(*fraction).as_raw_bson_ref()));
        Ok(Some(RawBson::Array(array.finish())))
    }

    fn len_bytes(&self) -> usize {
        self.numbers.len() * size_of::<f64>()
    }
}

#[derive(Debug)]
struct Parsed {
    input: Expression,
    /// None for a median.
    fractions: Option<Arc<[f64]>>,
}

pub(super) fn parse_percentile(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    let [input, p, method] = arguments(name, value, ["input", "p", "method"])?;
    parse_method(method)?;
    let p = Expression::parse_within(p, names)?;
    let fractions = Some(parse_fractions(p.constant())?);
    Ok(Arc::new(Parsed { input: Expression::parse_within(input, names)?, fractions }))
}

pub(super) fn parse_median(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    let [input, method] = arguments(name, value, ["input", "method"])?;
    parse_method(method)?;
    Ok(Arc::new(Parsed { input: Expression::parse_within(input, names)?, fractions: None }))
}

/// The values of exactly these fields.
///
/// # Errors
/// 7429703 for what is no object (7436100 in a median), 40414 for a missing field and 40415 for an unknown one.
pub(crate) fn arguments<'v, const N: usize>(
    name: &str,
    value: RawBsonRef<'v>,
    wanted: [&str; N],
) -> Result<[RawBsonRef<'v>; N]> {
    let RawBsonRef::Document(document) = value else {
        let code = if name == "$median" { Code(7_436_100) } else { Code(7_429_703) };
        return refuse(code, format!("specification must be an object; found {name}: {value:?}"));
    };
    let mut found = [None; N];
    for (field, value) in fields(document) {
        match wanted.iter().zip(&mut found).find(|(wanted, _)| **wanted == field) {
            Some((_, place)) => *place = Some(value),
            None => return refuse(Code(40415), format!("BSON field '{name}.{field}' is an unknown field.")),
        }
    }
    let mut values = [RawBsonRef::Null; N];
    for ((wanted, found), value) in wanted.iter().zip(found).zip(&mut values) {
        match found {
            Some(found) => *value = found,
            None => {
                return refuse(Code(40414), format!("BSON field '{name}.{wanted}' is missing but a required field"));
            }
        }
    }
    Ok(values)
}

/// # Errors
/// [`Code::BAD_VALUE`] for another method than `approximate`, [`Code::TYPE_MISMATCH`] for what is no string.
pub(crate) fn parse_method(value: RawBsonRef<'_>) -> Result<()> {
    match value {
        RawBsonRef::String("approximate") => Ok(()),
        RawBsonRef::String(_) => {
            refuse(Code::BAD_VALUE, "Currently only 'approximate' can be used as percentile 'method'.")
        }
        _ => refuse(Code::TYPE_MISMATCH, "the percentile 'method' must be a string"),
    }
}

/// The fractions of `p`.
///
/// # Errors
/// 7750301 for what is no array with items, 7750302 for an item that is no number, 7750303 for one that is not from 0 to 1.
pub(crate) fn parse_fractions(value: Option<RawBsonRef<'_>>) -> Result<Arc<[f64]>> {
    let not_an_array = || refuse(Code(7_750_301), "The $percentile 'p' field must be an array of constant values");
    let Some(RawBsonRef::Array(array)) = value else { return not_an_array() };
    let fraction = |item: RawBsonRef<'_>| match Number::of(item).map(Number::to_double) {
        Some(fraction) if (0.0..=1.0).contains(&fraction) => Ok(fraction),
        Some(_) => {
            refuse(Code(7_750_303), "The $percentile 'p' field must be an array of numbers from [0.0, 1.0] range")
        }
        None => refuse(
            Code(7_750_302),
            format!("The $percentile 'p' field must be an array of numbers, but found {item:?}"),
        ),
    };
    let fractions = items(array).map(fraction).collect::<Result<Arc<[f64]>>>()?;
    if fractions.is_empty() {
        return not_an_array();
    }
    Ok(fractions)
}

impl Accumulate for Parsed {
    fn argument<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        self.input.evaluate(env)
    }

    fn start(&self, _: &Env<'_>) -> Result<Box<dyn Fold>> {
        Ok(Box::new(match &self.fractions {
            Some(fractions) => Percentile::new(Arc::clone(fractions)),
            None => Percentile::median(),
        }))
    }
}
