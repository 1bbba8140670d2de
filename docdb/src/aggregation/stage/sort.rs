//! `$sort`.

use std::sync::Arc;

use bson::RawBsonRef;

use crate::{
    aggregation::{
        Rows, Scope,
        rows::{self, AllRows, all},
        stage::{Stage, Stages, View, one},
    },
    context::Context,
    error::{Code, Result, refuse},
    execution::Execution,
    sort::{SortPattern, Sorter},
};

/// Orders documents.
#[derive(Debug)]
pub(crate) struct Sort {
    pub(crate) pattern: Arc<SortPattern>,
    /// How many of them the stages after it look at.
    pub(crate) limit: Option<u64>,
}

pub(super) fn parse(value: RawBsonRef<'_>, scope: &Scope<'_>) -> Result<Stages> {
    let RawBsonRef::Document(document) = value else {
        return refuse(Code(15973), "the $sort key specification must be an object");
    };
    let pattern = SortPattern::parse(document, scope.context)?;
    if pattern.is_empty() {
        return refuse(Code(15976), "$sort stage must have at least one sort key");
    }
    one(Sort { pattern: Arc::new(pattern), limit: None })
}

impl Stage for Sort {
    fn open(self: Arc<Self>, input: Box<dyn Rows>, context: &Context) -> Box<dyn Rows> {
        all(self, input, context)
    }

    fn view(&self) -> View<'_> {
        View::Sort(self)
    }
}

impl AllRows for Sort {
    fn all(&self, input: &mut dyn Rows, _: &Context, execution: &mut Execution<'_>) -> Result<Box<dyn Rows>> {
        let mut sorter = Sorter::new(Arc::clone(&self.pattern), self.limit, execution.allow_disk_use);
        while let Some(row) = input.next(execution)? {
            sorter.push(row)?;
        }
        Ok(rows::values(sorter.finish()))
    }
}
