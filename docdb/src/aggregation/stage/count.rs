//! `$count`.

use std::sync::Arc;

use bson::{RawBson, RawBsonRef};

use crate::{
    aggregation::{
        Row, Rows, Scope,
        rows::{self, AllRows, all},
        stage::{Stage, Stages, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    value::DocumentBuilder,
};

/// Counts documents.
#[derive(Debug)]
struct Count(Box<str>);

pub(super) fn parse(value: RawBsonRef<'_>, _: &Scope<'_>) -> Result<Stages> {
    match value {
        RawBsonRef::String("") => refuse(Code(40157), "the count field must be a non-empty string"),
        RawBsonRef::String(name) if name.starts_with('$') => {
            refuse(Code(40158), "the count field cannot be a $-prefixed path")
        }
        RawBsonRef::String(name) if name.contains('\0') => {
            refuse(Code(40159), "the count field cannot contain a null byte")
        }
        RawBsonRef::String(name) if name.contains('.') => refuse(Code(40160), "the count field cannot contain '.'"),
        RawBsonRef::String("_id") => refuse(Code(9_039_800), "the count field cannot be '_id'"),
        RawBsonRef::String(name) => one(Count(name.into())),
        _ => refuse(Code(40156), "the count field must be a non-empty string"),
    }
}

impl Stage for Count {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        all(self, input, context)
    }
}

impl AllRows for Count {
    fn all(&self, input: &mut dyn Rows, _: &Context, execution: &mut Execution<'_>) -> Result<Box<dyn Rows>> {
        let mut count = 0_i64;
        while input.next(execution)?.is_some() {
            count += 1;
        }
        // Nothing counted is no document, not a count of zero.
        let row = (count > 0).then(|| {
            let mut document = DocumentBuilder::new();
            document.append_owned(&self.0, &int_or_long(count));
            Row::new(document.finish())
        });
        Ok(rows::values(row))
    }
}

/// The smaller type of integers that holds a number.
pub(in crate::aggregation) fn int_or_long(value: i64) -> RawBson {
    i32::try_from(value).map_or(RawBson::Int64(value), RawBson::Int32)
}
