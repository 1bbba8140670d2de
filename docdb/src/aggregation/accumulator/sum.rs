//! `$sum`, `$avg`, `$count`.

use std::sync::Arc;

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::{
        accumulator::{Accumulate, Fold, Unary, unary},
        stage::count::int_or_long,
    },
    error::{Code, Result, refuse},
    expression::{Names, literal},
    value::{Decimal, Number},
};

pub(super) fn parse_sum(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |_| Box::new(Sum::default()))
}

pub(super) fn parse_avg(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |_| Box::new(Average::default()))
}

pub(super) fn parse_count(_: &'static str, value: RawBsonRef<'_>, _: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    match value {
        RawBsonRef::Document(document) if document.is_empty() => {
            Ok(Arc::new(Unary { argument: literal::constant(1), start: |_| Box::new(Sum::default()) }))
        }
        _ => refuse(Code::TYPE_MISMATCH, "$count takes no arguments, i.e. $count:{}"),
    }
}

/// The sum of numbers, of the widest type among them. Other values do not count.
#[derive(Default)]
pub(crate) struct Sum(Total);

impl Fold for Sum {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        if let Some(number) = value.and_then(Number::of) {
            self.0.add(number);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        Ok(Some(self.0.sum()))
    }
}

/// The mean of numbers: a decimal if there is one among them, or else a double; null of none. Other values do not count.
#[derive(Default)]
pub(crate) struct Average {
    total: Total,
    count: i64,
}

impl Fold for Average {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        if let Some(number) = value.and_then(Number::of) {
            self.total.add(number);
            self.count += 1;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        if self.count == 0 {
            return Ok(Some(RawBson::Null));
        }
        if self.total.widest == Widest::Decimal {
            let mean = self.total.decimal().divide(Decimal::from(self.count));
            return Ok(Some(Number::Decimal(mean).into_bson()));
        }
        #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        Ok(Some(RawBson::Double(self.total.double() / self.count as f64)))
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Widest {
    #[default]
    Int,
    Long,
    Double,
    Decimal,
}

/// A running sum. Whole numbers are summed exactly, doubles with what rounding loses carried along, decimals apart, so
/// that the result depends on the order of the numbers as little as possible.
#[derive(Debug)]
struct Total {
    widest: Widest,
    whole: i128,
    double: f64,
    /// What the sum of doubles lacks to the exact one.
    lost: f64,
    /// The sum of infinities and NaN.
    special: f64,
    decimal: Decimal,
}

impl Default for Total {
    fn default() -> Total {
        let decimal = Decimal::from(0);
        Total { widest: Widest::Int, whole: 0, double: 0.0, lost: 0.0, special: 0.0, decimal }
    }
}

impl Total {
    fn add(&mut self, number: Number) {
        let widest = match number {
            Number::Int32(value) => {
                self.whole += i128::from(value);
                Widest::Int
            }
            Number::Int64(value) => {
                self.whole += i128::from(value);
                Widest::Long
            }
            Number::Double(value) => {
                self.add_double(value);
                Widest::Double
            }
            Number::Decimal(value) => {
                self.decimal = self.decimal.add(value);
                Widest::Decimal
            }
        };
        self.widest = self.widest.max(widest);
    }

    fn add_double(&mut self, value: f64) {
        if value.is_finite() {
            (self.double, self.lost) = add_exactly(self.double, self.lost, value);
        } else {
            self.special += value;
        }
    }

    fn sum(&self) -> RawBson {
        match self.widest {
            Widest::Int => i64::try_from(self.whole).map_or_else(|_| RawBson::Double(self.double()), int_or_long),
            Widest::Long => i64::try_from(self.whole).map_or_else(|_| RawBson::Double(self.double()), RawBson::Int64),
            Widest::Double => RawBson::Double(self.double()),
            Widest::Decimal => Number::Decimal(self.decimal()).into_bson(),
        }
    }

    /// The sum without its decimals.
    #[allow(clippy::cast_precision_loss, reason = "what is lost is added after")]
    fn double(&self) -> f64 {
        if self.special != 0.0 {
            return self.special;
        }
        let high = self.whole as f64;
        #[allow(clippy::cast_possible_truncation, reason = "sums of longs are far from the ends of 128 bits")]
        let low = (self.whole - high as i128) as f64;
        let (sum, lost) = add_exactly(self.double, self.lost, high);
        let (sum, lost) = add_exactly(sum, lost, low);
        let total = sum + lost;
        // A sum that overflowed leaves NaN behind in what was lost.
        if total.is_nan() { sum } else { total }
    }

    fn decimal(&self) -> Decimal {
        let whole = match i64::try_from(self.whole) {
            Ok(whole) => Decimal::from(whole),
            Err(_) => Decimal::Finite { negative: self.whole < 0, coefficient: self.whole.unsigned_abs(), exponent: 0 },
        };
        let sum = self.decimal.add(whole);
        if self.special != 0.0 {
            return sum.add(Decimal::from_double(self.special));
        }
        if self.double == 0.0 {
            return sum;
        }
        // What an overflow lost is not a number.
        let lost = if self.lost.is_finite() { self.lost } else { 0.0 };
        sum.add(Decimal::from_double_exactly(self.double)).add(Decimal::from_double_exactly(lost))
    }
}

/// Adds a number to a sum and to what the sum lacks, without losing anything (Knuth's two-sum).
fn add_exactly(sum: f64, lost: f64, value: f64) -> (f64, f64) {
    let total = sum + value;
    let part = total - sum;
    (total, lost + ((sum - (total - part)) + (value - part)))
}
