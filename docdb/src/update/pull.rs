//! `$pull` and `$pullAll`.

use bson::{RawArray, RawBson, RawBsonRef};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    filter::Filter,
    update::modifier::{At, Blocked, Change, Modifier, Scope},
    value::{ArrayBuilder, Comparator, DocumentBuilder, Value, fields, items, type_name},
};

/// The name under which an item is put into a document for a filter to look at it.
const ITEM: &str = "item";

#[derive(Debug)]
pub(super) enum Pull {
    /// Items equal to a value.
    Value(RawBson),
    /// Documents that match a filter.
    Documents(Filter),
    /// Items that match operators or a regular expression: a filter on the item under the name of [`ITEM`].
    Items(Filter),
}

impl Pull {
    pub(super) fn parse(value: RawBsonRef<'_>, context: &Context) -> Result<Box<dyn Modifier>> {
        let pull = match value {
            RawBsonRef::Document(document) if !starts_with_operator(value) => {
                Pull::Documents(Filter::parse(document, context)?)
            }
            RawBsonRef::Document(_) | RawBsonRef::RegularExpression(_) => {
                Pull::Items(Filter::parse(&wrap(value), context)?)
            }
            value => Pull::Value(value.into()),
        };
        Ok(Box::new(pull))
    }

    fn takes(&self, item: RawBsonRef<'_>, context: &Context) -> Result<bool> {
        match self {
            Pull::Value(value) => {
                Ok(Comparator::new(context.collation.as_deref()).equal(value.as_raw_bson_ref(), item))
            }
            Pull::Documents(filter) => match item {
                RawBsonRef::Document(document) => filter.matches(document, context),
                _ => Ok(false),
            },
            Pull::Items(filter) => filter.matches(&wrap(item), context),
        }
    }
}

/// Whether a condition is one on items themselves. Logical operators begin a filter of documents.
fn starts_with_operator(value: RawBsonRef<'_>) -> bool {
    let RawBsonRef::Document(document) = value else { return false };
    let first = fields(document).next().map_or("", |(name, _)| name);
    first.starts_with('$')
        && !matches!(first, "$and" | "$or" | "$nor" | "$expr" | "$jsonSchema" | "$comment" | "$where" | "$text")
}

fn wrap(value: RawBsonRef<'_>) -> bson::RawDocumentBuf {
    let mut document = DocumentBuilder::new();
    document.append(ITEM, value);
    document.finish()
}

/// The array without some items, if there were such.
fn without(array: &RawArray, mut takes: impl FnMut(RawBsonRef<'_>) -> Result<bool>) -> Result<Change<'static>> {
    let mut kept = ArrayBuilder::new();
    let mut took = false;
    for item in items(array) {
        if takes(item)? {
            took = true;
        } else {
            kept.push(item);
        }
    }
    Ok(if took { Change::Set(RawBson::Array(kept.finish()).into()) } else { Change::Keep })
}

fn not_an_array<T>(operator: &str) -> Result<T> {
    refuse(Code::BAD_VALUE, format!("Cannot apply {operator} to a non-array value"))
}

impl Modifier for Pull {
    fn existing<'a>(&'a self, value: RawBsonRef<'_>, scope: &Scope<'a>, _: At<'_>) -> Result<Change<'a>> {
        let RawBsonRef::Array(array) = value else { return not_an_array("$pull") };
        without(array, |item| self.takes(item, scope.context))
    }

    fn missing<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Ok(Value::Missing)
    }

    fn blocked(&self, _: &Scope<'_>) -> Blocked {
        Blocked::Traverse
    }
}

#[derive(Debug)]
pub(super) struct PullAll(Vec<RawBson>);

impl PullAll {
    pub(super) fn parse(value: RawBsonRef<'_>) -> Result<Box<dyn Modifier>> {
        match value {
            RawBsonRef::Array(values) => Ok(Box::new(PullAll(items(values).map(Into::into).collect()))),
            other => {
                let message = format!("$pullAll requires an array argument but was given a {}", type_name(other));
                refuse(Code::BAD_VALUE, message)
            }
        }
    }
}

impl Modifier for PullAll {
    fn existing<'a>(&'a self, value: RawBsonRef<'_>, scope: &Scope<'a>, _: At<'_>) -> Result<Change<'a>> {
        let RawBsonRef::Array(array) = value else { return not_an_array("$pullAll") };
        let comparator = Comparator::new(scope.context.collation.as_deref());
        without(array, |item| Ok(self.0.iter().any(|value| comparator.equal(value.as_raw_bson_ref(), item))))
    }

    fn missing<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Ok(Value::Missing)
    }

    fn blocked(&self, _: &Scope<'_>) -> Blocked {
        Blocked::Traverse
    }
}
