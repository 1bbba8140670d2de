//! `$stdDevPop`, `$stdDevSamp`.

use std::sync::Arc;

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::accumulator::{Accumulate, Fold, unary},
    error::Result,
    expression::Names,
    value::Number,
};

pub(super) fn parse_population(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |_| Box::new(Spread::population()))
}

pub(super) fn parse_sample(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |_| Box::new(Spread::sample()))
}

/// The standard deviation of numbers, by Welford's method. Other values do not count.
pub(crate) struct Spread {
    sample: bool,
    count: u64,
    mean: f64,
    /// The sum of the squares of the differences from the mean.
    squares: f64,
}

impl Spread {
    pub(crate) fn population() -> Spread {
        Spread { sample: false, count: 0, mean: 0.0, squares: 0.0 }
    }

    pub(crate) fn sample() -> Spread {
        Spread { sample: true, ..Spread::population() }
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
impl Fold for Spread {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        let Some(number) = value.and_then(Number::of) else { return Ok(()) };
        let number = number.to_double();
        self.count += 1;
        let delta = number - self.mean;
        if delta != 0.0 {
            self.mean += delta / self.count as f64;
            self.squares += delta * (number - self.mean);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        let count = if self.sample { self.count.saturating_sub(1) } else { self.count };
        if count == 0 {
            return Ok(Some(RawBson::Null));
        }
        Ok(Some(RawBson::Double((self.squares / count as f64).sqrt())))
    }
}
