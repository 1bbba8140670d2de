//! `$skip`.

use std::sync::Arc;

use bson::RawBsonRef;

use crate::{
    aggregation::{
        Row, Rows, Scope,
        stage::{Stage, Stages, View, limit::whole, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
};

/// Leaves the first documents out.
#[derive(Debug)]
struct Skip(u64);

pub(super) fn parse(value: RawBsonRef<'_>, _: &Scope<'_>) -> Result<Stages> {
    match whole(value) {
        Some(skip) => one(Skip(skip)),
        None => refuse(
            Code(5_107_200),
            format!("invalid argument to $skip stage: Expected a non-negative number in: $skip: {value:?}"),
        ),
    }
}

impl Stage for Skip {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, _: &Context) -> Box<dyn Rows> {
        Box::new(Skipped { input, left: self.0 })
    }

    fn view(&self) -> View<'_> {
        View::Skip(self.0)
    }
}

struct Skipped {
    input: Box<dyn Rows>,
    left: u64,
}

impl Rows for Skipped {
    fn next(&mut self, execution: &mut Execution<'_>) -> Result<Option<Row>> {
        while self.left > 0 {
            self.left -= 1;
            if self.input.next(execution)?.is_none() {
                self.left = 0;
            }
        }
        self.input.next(execution)
    }
}
