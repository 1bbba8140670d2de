//! `$slice` in the projection of a `find`.

use bson::{RawArray, RawBson, RawBsonRef};

use crate::{
    error::{Code, Result, refuse},
    value::{ArrayBuilder, Number, Value, items},
};

#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    /// Counted from the end if negative.
    skip: Option<i64>,
    /// Without a skip, the last ones if negative.
    limit: i64,
}

impl Slice {
    /// Whether an operand is one of `find`, not one of the expression of the same name.
    pub(super) fn is_one(operand: RawBsonRef<'_>) -> bool {
        match operand {
            RawBsonRef::Array(array) => {
                items(array).count() == 2 && items(array).all(|item| Number::of(item).is_some())
            }
            operand => Number::of(operand).is_some(),
        }
    }

    pub(super) fn parse(operand: RawBsonRef<'_>) -> Result<Slice> {
        let RawBsonRef::Array(array) = operand else { return Ok(Slice { skip: None, limit: whole(operand) }) };
        let mut numbers = items(array).map(whole);
        let (skip, limit) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        if limit <= 0 {
            return refuse(Code(28724), "$slice limit must be positive");
        }
        Ok(Slice { skip: Some(skip), limit })
    }

    /// The slice of an array; other values stay as they are.
    pub(super) fn apply<'a>(&self, value: RawBsonRef<'a>) -> Value<'a> {
        match value {
            RawBsonRef::Array(array) => Value::Owned(RawBson::Array(self.take(array).finish())),
            value => Value::Ref(value),
        }
    }

    fn take(&self, array: &RawArray) -> ArrayBuilder {
        let count = items(array).count();
        let magnitude = |number: i64| usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
        let from = match self.skip {
            Some(skip) if skip < 0 => count.saturating_sub(magnitude(skip)),
            Some(skip) => magnitude(skip),
            None if self.limit < 0 => count.saturating_sub(magnitude(self.limit)),
            None => 0,
        };
        let mut result = ArrayBuilder::new();
        for item in items(array).skip(from).take(magnitude(self.limit)) {
            result.push(item);
        }
        result
    }
}

/// A number cut to 32 bits and to what is before its point.
fn whole(value: RawBsonRef<'_>) -> i64 {
    Number::of(value).map_or(0, |number| number.to_i64_saturating().clamp(i32::MIN.into(), i32::MAX.into()))
}
