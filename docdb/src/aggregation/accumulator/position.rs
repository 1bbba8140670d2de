//! `$first`, `$last`, `$firstN`, `$lastN`.

use std::{collections::VecDeque, sync::Arc};

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::accumulator::{Accumulate, Fold, unary, value_bytes, with_n},
    error::Result,
    expression::Names,
    value::ArrayBuilder,
};

pub(super) fn parse_first(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |_| Box::new(First::default()))
}

pub(super) fn parse_last(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |_| Box::new(Last::default()))
}

pub(super) fn parse_first_n(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    with_n::parse(name, value, names, |n, _| Box::new(FirstN::new(n)))
}

pub(super) fn parse_last_n(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    with_n::parse(name, value, names, |n, _| Box::new(LastN::new(n)))
}

#[derive(Default)]
struct First {
    seen: bool,
    value: Option<RawBson>,
}

impl Fold for First {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        if !self.seen {
            (self.seen, self.value) = (true, value.map(Into::into));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        Ok(self.value.take())
    }

    fn len_bytes(&self) -> usize {
        self.value.as_ref().map_or(0, |value| value_bytes(value.as_raw_bson_ref()))
    }
}

#[derive(Default)]
struct Last(Option<RawBson>);

impl Fold for Last {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        self.0 = value.map(Into::into);
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        Ok(self.0.take())
    }

    fn len_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |value| value_bytes(value.as_raw_bson_ref()))
    }
}

/// The first `n` values, null for missing ones.
pub(crate) struct FirstN {
    n: usize,
    values: Vec<RawBson>,
    bytes: usize,
}

impl FirstN {
    pub(crate) fn new(n: usize) -> FirstN {
        FirstN { n, values: Vec::new(), bytes: 0 }
    }
}

impl Fold for FirstN {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        if self.values.len() < self.n {
            let value = value.unwrap_or(RawBsonRef::Null);
            self.bytes += value_bytes(value);
            self.values.push(value.into());
        }
        super::bounded("$firstN", self.bytes)
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        Ok(Some(array(&self.values)))
    }

    fn len_bytes(&self) -> usize {
        self.bytes
    }
}

/// The last `n` values, null for missing ones.
pub(crate) struct LastN {
    n: usize,
    values: VecDeque<RawBson>,
    bytes: usize,
}

impl LastN {
    pub(crate) fn new(n: usize) -> LastN {
        LastN { n, values: VecDeque::new(), bytes: 0 }
    }
}

impl Fold for LastN {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        if self.values.len() >= self.n
            && let Some(first) = self.values.pop_front()
        {
            self.bytes -= value_bytes(first.as_raw_bson_ref());
        }
        let value = value.unwrap_or(RawBsonRef::Null);
        self.bytes += value_bytes(value);
        self.values.push_back(value.into());
        super::bounded("$lastN", self.bytes)
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        Ok(Some(array(&self.values)))
    }

    fn len_bytes(&self) -> usize {
        self.bytes
    }
}

fn array<'v>(values: impl IntoIterator<Item = &'v RawBson>) -> RawBson {
    let mut array = ArrayBuilder::new();
    values.into_iter().for_each(|value| array.push(value.as_raw_bson_ref()));
    RawBson::Array(array.finish())
}
