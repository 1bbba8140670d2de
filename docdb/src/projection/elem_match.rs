//! `$elemMatch` in the projection of a `find`: the first item of an array that matches.

use bson::{RawArrayBuf, RawBson, RawBsonRef, RawDocument};

use crate::{
    context::Context,
    error::Result,
    expression::Env,
    filter::Filter,
    value::{ArrayBuilder, DocumentBuilder, Value, field, items},
};

/// The name under which an item is put into a document for the filter to look at it.
const ITEMS: &str = "items";

/// A filter with the condition on an array of one item.
#[derive(Debug)]
pub(super) struct ElemMatch(Filter);

impl ElemMatch {
    pub(super) fn parse(condition: &RawDocument, context: &Context) -> Result<ElemMatch> {
        let mut operator = DocumentBuilder::new();
        operator.append("$elemMatch", condition);
        let mut filter = DocumentBuilder::new();
        filter.append(ITEMS, RawBsonRef::Document(&operator.finish()));
        Ok(ElemMatch(Filter::parse(&filter.finish(), context)?))
    }

    /// The field of the whole document with its first matching item only; missing without one.
    pub(super) fn apply<'a>(&self, name: &str, env: &Env<'a>) -> Result<Value<'a>> {
        let Some(RawBsonRef::Array(array)) = field(env.root, name) else { return Ok(Value::Missing) };
        for item in items(array) {
            let alone = alone(item);
            let mut document = DocumentBuilder::new();
            document.append(ITEMS, RawBsonRef::Array(&alone));
            if self.0.matches(&document.finish(), env.context)? {
                return Ok(RawBson::Array(alone).into());
            }
        }
        Ok(Value::Missing)
    }
}

fn alone(item: RawBsonRef<'_>) -> RawArrayBuf {
    let mut array = ArrayBuilder::new();
    array.push(item);
    array.finish()
}
