//! `$push`, `$addToSet`, `$concatArrays`, `$setUnion`.

use std::{collections::HashSet, sync::Arc};

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::{
        accumulator::{Accumulate, Fold, unary, value_bytes},
        identity,
    },
    collation::Collation,
    context::Context,
    error::{Code, Result, refuse},
    expression::Names,
    value::{ArrayBuilder, items, type_name},
};

pub(super) fn parse_push(name: &'static str, value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |_| Box::new(Push::default()))
}

pub(super) fn parse_add_to_set(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |context| Box::new(AddToSet::new(context)))
}

pub(super) fn parse_concat_arrays(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |_| Box::new(ConcatArrays(Push::default())))
}

pub(super) fn parse_set_union(
    name: &'static str,
    value: RawBsonRef<'_>,
    names: &Names<'_>,
) -> Result<Arc<dyn Accumulate>> {
    unary(name, value, names, |context| Box::new(SetUnion(AddToSet::new(context))))
}

/// All values in their order. Missing ones do not count.
#[derive(Default)]
pub(crate) struct Push {
    array: ArrayBuilder,
    bytes: usize,
}

impl Fold for Push {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        if let Some(value) = value {
            self.bytes += value_bytes(value);
            super::bounded("$push", self.bytes)?;
            self.array.push(value);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        Ok(Some(RawBson::Array(std::mem::take(&mut self.array).finish())))
    }

    fn len_bytes(&self) -> usize {
        self.bytes
    }
}

/// All different values, each in the form in which it came first. Missing ones do not count.
pub(crate) struct AddToSet {
    collation: Option<Arc<Collation>>,
    seen: HashSet<Vec<u8>>,
    array: ArrayBuilder,
    bytes: usize,
}

impl AddToSet {
    pub(crate) fn new(context: &Context) -> AddToSet {
        AddToSet { collation: context.collation.clone(), seen: HashSet::new(), array: ArrayBuilder::new(), bytes: 0 }
    }
}

impl Fold for AddToSet {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        let Some(value) = value else { return Ok(()) };
        let key = identity(value, self.collation.as_deref());
        let key_bytes = key.len();
        if self.seen.insert(key) {
            self.bytes += value_bytes(value) + key_bytes;
            super::bounded("$addToSet", self.bytes)?;
            self.array.push(value);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        Ok(Some(RawBson::Array(std::mem::take(&mut self.array).finish())))
    }

    fn len_bytes(&self) -> usize {
        self.bytes
    }
}

/// The items of all arrays in their order.
#[derive(Default)]
pub(crate) struct ConcatArrays(Push);

impl Fold for ConcatArrays {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        add_items("$concatArrays", &mut self.0, value)
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        self.0.finish()
    }

    fn len_bytes(&self) -> usize {
        self.0.len_bytes()
    }
}

/// The different items of all arrays.
struct SetUnion(AddToSet);

impl Fold for SetUnion {
    fn add(&mut self, value: Option<RawBsonRef<'_>>) -> Result<()> {
        add_items("$setUnion", &mut self.0, value)
    }

    fn finish(&mut self) -> Result<Option<RawBson>> {
        self.0.finish()
    }

    fn len_bytes(&self) -> usize {
        self.0.len_bytes()
    }
}

fn add_items(name: &str, fold: &mut impl Fold, value: Option<RawBsonRef<'_>>) -> Result<()> {
    match value {
        None => Ok(()),
        Some(RawBsonRef::Array(array)) => items(array).try_for_each(|item| fold.add(Some(item))),
        Some(value) => refuse(
            Code::TYPE_MISMATCH,
            format!("{name} requires array inputs, but input {value:?} is of type {}", type_name(value)),
        ),
    }
}
