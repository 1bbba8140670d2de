//! `$addToSet` and `$pop`.

use std::{cmp::Ordering, collections::BTreeSet};

use bson::{RawArray, RawBson, RawBsonRef};

use crate::{
    error::{Code, Result, refuse},
    update::modifier::{At, Blocked, Change, Modifier, Scope, show},
    value::{ArrayBuilder, Comparator, Number, Value, fields, items, type_name},
};

/// From so many values on, they are found by their order instead of one by one.
pub(super) const MANY: usize = 8;

/// A value in an order, for sets.
pub(super) struct Ordered<'a> {
    pub(super) value: RawBsonRef<'a>,
    pub(super) comparator: Comparator<'a>,
}

impl Ord for Ordered<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.comparator.compare(self.value, other.value)
    }
}

impl PartialOrd for Ordered<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ordered<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered<'_> {}

#[derive(Debug)]
pub(super) struct AddToSet(Vec<RawBson>);

impl AddToSet {
    pub(super) fn parse(value: RawBsonRef<'_>) -> Result<Box<dyn Modifier>> {
        let RawBsonRef::Document(document) = value else { return Ok(Box::new(AddToSet(vec![value.into()]))) };
        let mut clauses = fields(document);
        let Some(("$each", each)) = clauses.next() else { return Ok(Box::new(AddToSet(vec![value.into()]))) };
        let RawBsonRef::Array(each) = each else {
            let message =
                format!("The argument to $each in $addToSet must be an array but it was of type {}", type_name(each));
            return refuse(Code::TYPE_MISMATCH, message);
        };
        if clauses.next().is_some() {
            let message = format!("Found unexpected fields after $each in $addToSet: {}", show(value));
            return refuse(Code::BAD_VALUE, message);
        }
        Ok(Box::new(AddToSet(items(each).map(Into::into).collect())))
    }

    /// The array with what it lacks; `None` if it lacks nothing.
    fn add(&self, array: &RawArray, scope: &Scope<'_>) -> Option<RawBson> {
        let comparator = Comparator::new(scope.context.collation.as_deref());
        let values = self.0.iter().map(RawBson::as_raw_bson_ref);
        let added: Vec<RawBsonRef<'_>> = if self.0.len() < MANY {
            let mut added: Vec<RawBsonRef<'_>> = Vec::new();
            for value in values {
                let known = |other: RawBsonRef<'_>| comparator.equal(value, other);
                if !added.iter().copied().any(known) && !items(array).any(known) {
                    added.push(value);
                }
            }
            added
        } else {
            let mut known: BTreeSet<Ordered<'_>> = items(array).map(|value| Ordered { value, comparator }).collect();
            values.filter(|value| known.insert(Ordered { value: *value, comparator })).collect()
        };
        if added.is_empty() {
            return None;
        }
        let mut result = ArrayBuilder::new();
        result.push_all(array);
        for value in added {
            result.push(value);
        }
        Some(RawBson::Array(result.finish()))
    }
}

impl Modifier for AddToSet {
    fn existing<'a>(&'a self, value: RawBsonRef<'_>, scope: &Scope<'a>, at: At<'_>) -> Result<Change<'a>> {
        let RawBsonRef::Array(array) = value else {
            let message = format!(
                "Cannot apply $addToSet to non-array field. Field named '{}' has non-array type {}",
                at.name(),
                type_name(value)
            );
            return refuse(Code::BAD_VALUE, message);
        };
        Ok(self.add(array, scope).map_or(Change::Keep, |array| Change::Set(array.into())))
    }

    fn missing<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let empty = ArrayBuilder::new().finish();
        Ok(self.add(&empty, scope).unwrap_or(RawBson::Array(empty)).into())
    }
}

#[derive(Debug)]
pub(super) enum Pop {
    First,
    Last,
}

impl Pop {
    pub(super) fn parse(path: &str, value: RawBsonRef<'_>) -> Result<Box<dyn Modifier>> {
        let Some(number) = Number::of(value) else {
            return refuse(Code::FAILED_TO_PARSE, format!("Expected a number in: {path}: {}", show(value)));
        };
        if number.compare(Number::Int32(1)).is_eq() {
            Ok(Box::new(Pop::Last))
        } else if number.compare(Number::Int32(-1)).is_eq() {
            Ok(Box::new(Pop::First))
        } else {
            refuse(Code::FAILED_TO_PARSE, format!("$pop expects 1 or -1, found: {}", show(value)))
        }
    }
}

impl Modifier for Pop {
    fn existing<'a>(&'a self, value: RawBsonRef<'_>, _: &Scope<'a>, at: At<'_>) -> Result<Change<'a>> {
        let RawBsonRef::Array(array) = value else {
            let message = format!("Path '{}' contains an element of non-array type '{}'", at.path(), type_name(value));
            return refuse(Code::TYPE_MISMATCH, message);
        };
        let count = items(array).count();
        if count == 0 {
            return Ok(Change::Keep);
        }
        let skip = if matches!(self, Pop::First) { 1 } else { 0 };
        let mut result = ArrayBuilder::new();
        for item in items(array).skip(skip).take(count - 1) {
            result.push(item);
        }
        Ok(Change::Set(RawBson::Array(result.finish()).into()))
    }

    fn missing<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Ok(Value::Missing)
    }

    fn blocked(&self, _: &Scope<'_>) -> Blocked {
        Blocked::Traverse
    }
}
