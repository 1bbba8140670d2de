//! `$top`, `$bottom`, `$topN`, `$bottomN`.

use std::{cmp::Ordering, sync::Arc};

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::accumulator::{
        Accumulate, Fold, value_bytes,
        with_n::{check_constant, whole_n},
    },
    error::{Code, Result, refuse},
    expression::{Env, Expression, Names},
    sort::{SortKey, SortPattern},
    value::{ArrayBuilder, Value, fields, item, items},
};

pub(super) fn parse_top(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    parse(name, value, names, Side::Top, false)
}

pub(super) fn parse_bottom(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    parse(name, value, names, Side::Bottom, false)
}

pub(super) fn parse_top_n(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    parse(name, value, names, Side::Top, true)
}

pub(super) fn parse_bottom_n(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    parse(name, value, names, Side::Bottom, true)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Top,
    Bottom,
}

#[derive(Debug)]
struct Ordered {
    side: Side,
    /// None where there is one value, which is not in an array.
    n: Option<Expression>,
    pattern: Arc<SortPattern>,
    output: Expression,
}

fn parse(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
    side: Side,
    many: bool,
) -> Result<Arc<dyn Accumulate>> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(5_788_001), format!("specification must be an object; found {name}: {value:?}"));
    };
    let (mut n, mut pattern, mut output) = (None, None, None);
    for (field, value) in fields(document) {
        match (field, value) {
            ("n", value) if many => n = Some(Expression::parse_within(value, names)?),
            ("output", value) => output = Some(Expression::parse_within(value, names)?),
            ("sortBy", RawBsonRef::Document(document)) => {
                pattern = Some(SortPattern::parse(document, names.context)?);
            }
            ("sortBy", value) => {
                return refuse(Code(5_788_604), format!("expected 'sortBy' to already be an object, found {value:?}"));
            }
            _ => return refuse(Code(5_788_002), format!("Unknown argument for '{name}' operator: {field}")),
        }
    }
    if many && n.is_none() {
        return refuse(Code(5_788_003), "Missing value for 'n'");
    }
    let Some(output) = output else { return refuse(Code(5_788_004), "Missing value for 'output'") };
    let Some(pattern) = pattern else { return refuse(Code(5_788_005), "Missing value for 'sortBy'") };
    if pattern.is_empty() {
        return refuse(Code(15976), "$sort stage must have at least one sort key");
    }
    if let Some(n) = &n {
        check_constant(n)?;
    }
    Ok(Arc::new(Ordered { side, n, pattern: Arc::new(pattern), output }))
}

impl Accumulate for Ordered {
    /// The sort key and the output, as an array.
    fn argument<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let key = self.pattern.key(env.root, env.metadata)?.to_array();
        let mut pair = ArrayBuilder::new();
        pair.push(RawBsonRef::Array(&key));
        pair.push(self.output.evaluate(env)?.get().unwrap_or(RawBsonRef::Null));
        Ok(RawBson::Array(pair.finish()).into())
    }

    fn start(&self, env: &Env<'_>) -> Result<Box<dyn Fold>> {
        let n = match &self.n {
            Some(n) => whole_n(n.evaluate(env)?.get())?,
            None => 1,
        };
        Ok(Box::new(Best {
            side: self.side,
            n,
            single: self.n.is_none(),
            pattern: Arc::clone(&self.pattern),
            best: Vec::new(),
            bytes: 0,
        }))
    }
}

/// The first or the last `n` outputs in an order, in that order.
struct Best {
    side: Side,
    n: usize,
    single: bool,
    pattern: Arc<SortPattern>,
    best: Vec<(SortKey, RawBson)>,
    bytes: usize,
}

impl Fold for Best {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        let Some(RawBsonRef::Array(pair)) = value else { return Ok(()) };
        let (Some(RawBsonRef::Array(key)), Some(output)) = (item(pair, 0), item(pair, 1)) else { return Ok(()) };
        let key = SortKey::from_values(items(key).map(Into::into));
        // Behind its equals: the first of them are kept at the top, the last at the bottom.
        let place = self.best.partition_point(|(other, _)| self.pattern.compare(other, &key) != Ordering::Greater);
        let full = self.best.len() >= self.n;
        let (place, dropped) = match self.side {
            Side::Top if full && place == self.best.len() => return Ok(()),
            Side::Top => (place, full.then(|| self.best.pop()).flatten()),
            Side::Bottom if full && place == 0 => return Ok(()),
            Side::Bottom if full => (place - 1, Some(self.best.remove(0))),
            Side::Bottom => (place, None),
        };
        if let Some((key, output)) = dropped {
            self.bytes -= key.len_bytes() + value_bytes(output.as_raw_bson_ref());
        }
        self.bytes += key.len_bytes() + value_bytes(output);
        self.best.insert(place, (key, output.into()));
        super::bounded("$topN or $bottomN", self.bytes)
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        if self.single {
            return Ok(self.best.pop().map(|(_, output)| output));
        }
        let mut array = ArrayBuilder::new();
        self.best.iter().for_each(|(_, output)| array.push(output.as_raw_bson_ref()));
        Ok(Some(RawBson::Array(array.finish())))
    }

    fn len_bytes(&self) -> usize {
        self.bytes
    }
}
