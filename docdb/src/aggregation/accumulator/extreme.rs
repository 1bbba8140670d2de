//! `$min`, `$max`, `$minN`, `$maxN`.

use std::{cmp::Ordering, sync::Arc};

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::accumulator::{Accumulate, Fold, is_nullish, unary, value_bytes, with_n},
    collation::Collation,
    context::Context,
    error::Result,
    expression::Names,
    value::{ArrayBuilder, Comparator},
};

pub(super) fn parse_min(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |context| Box::new(Extreme::new(Ordering::Less, context)))
}

pub(super) fn parse_max(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |context| Box::new(Extreme::new(Ordering::Greater, context)))
}

pub(super) fn parse_min_n(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    with_n::parse(name, value, names, |n, context| Box::new(ExtremeN::new(Ordering::Less, n, context)))
}

pub(super) fn parse_max_n(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    with_n::parse(name, value, names, |n, context| Box::new(ExtremeN::new(Ordering::Greater, n, context)))
}

/// The least or the greatest value; the first of equals. Null and missing values do not count.
pub(crate) struct Extreme {
    side: Ordering,
    collation: Option<Arc<Collation>>,
    best: Option<RawBson>,
}

impl Extreme {
    /// The least with [`Ordering::Less`], the greatest with [`Ordering::Greater`].
    pub(crate) fn new(side: Ordering, context: &Context) -> Extreme {
        Extreme { side, collation: context.collation.clone(), best: None }
    }
}

impl Fold for Extreme {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        let Some(value) = value.filter(|value| !is_nullish(Some(*value))) else { return Ok(()) };
        let comparator = Comparator::new(self.collation.as_deref());
        let better = |best: &RawBson| comparator.compare(value, best.as_raw_bson_ref()) == self.side;
        if self.best.as_ref().is_none_or(better) {
            self.best = Some(value.into());
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        Ok(Some(self.best.take().unwrap_or(RawBson::Null)))
    }

    fn len_bytes(&self) -> usize {
        self.best.as_ref().map_or(0, |best| value_bytes(best.as_raw_bson_ref()))
    }
}

/// The `n` least or greatest values, best first. Null and missing values do not count.
pub(crate) struct ExtremeN {
    side: Ordering,
    n: usize,
    collation: Option<Arc<Collation>>,
    /// In order, best first.
    best: Vec<RawBson>,
    bytes: usize,
}

impl ExtremeN {
    pub(crate) fn new(side: Ordering, n: usize, context: &Context) -> ExtremeN {
        ExtremeN { side, n, collation: context.collation.clone(), best: Vec::new(), bytes: 0 }
    }
}

impl Fold for ExtremeN {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        let Some(value) = value.filter(|value| !is_nullish(Some(*value))) else { return Ok(()) };
        let comparator = Comparator::new(self.collation.as_deref());
        let side = self.side;
        let place = self.best.partition_point(|best| comparator.compare(value, best.as_raw_bson_ref()) != side);
        if place >= self.n {
            return Ok(());
        }
        self.bytes += value_bytes(value);
        self.best.insert(place, value.into());
        if self.best.len() > self.n
            && let Some(worst) = self.best.pop()
        {
            self.bytes -= value_bytes(worst.as_raw_bson_ref());
        }
        super::bounded("$minN or $maxN", self.bytes)
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        let mut array = ArrayBuilder::new();
        self.best.iter().for_each(|value| array.push(value.as_raw_bson_ref()));
        Ok(Some(RawBson::Array(array.finish())))
    }

    fn len_bytes(&self) -> usize {
        self.bytes
    }
}
