//! `$limit`.

use std::sync::Arc;

use bson::RawBsonRef;

use crate::{
    aggregation::{
        Row, Rows, Scope,
        stage::{Stage, Stages, View, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    value::as_whole_i64,
};

/// Lets the first documents pass.
#[derive(Debug)]
pub(super) struct Limit(pub(super) u64);

pub(super) fn parse(value: RawBsonRef<'_>, _: &Scope<'_>) -> Result<Stages> {
    match whole(value) {
        Some(0) => refuse(Code(15958), "the limit must be positive"),
        Some(limit) => one(Limit(limit)),
        None => refuse(
            Code(5_107_201),
            format!("invalid argument to $limit stage: Expected a non-negative number in: $limit: {value:?}"),
        ),
    }
}

/// A whole number from 0 on, of any type of numbers.
pub(in crate::aggregation) fn whole(value: RawBsonRef<'_>) -> Option<u64> {
    u64::try_from(as_whole_i64(value)?).ok()
}

impl Stage for Limit {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, _: &Context) -> Box<dyn Rows> {
        Box::new(Limited { input, left: self.0 })
    }

    fn view(&self) -> View<'_> {
        View::Limit(self.0)
    }
}

struct Limited {
    input: Box<dyn Rows>,
    left: u64,
}

impl Rows for Limited {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        self.input.next(execution)
    }
}
