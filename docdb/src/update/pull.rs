//! `$pull` and `$pullAll`.

use std::collections::BTreeSet;

use bson::{RawArray, RawBson, RawBsonRef};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    filter::Filter,
    update::{
        array::{MANY, Ordered},
        array_filters::refuse_special,
        modifier::{At, Blocked, Change, Modifier, Scope},
    },
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
        if let RawBsonRef::Document(document) = value {
            refuse_special(document)?;
        }
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

/// Whether a condition is one on items themselves: its first name is an operator that goes beside a path. Others, such
/// as `$and`, begin a filter of documents, or are refused as one.
fn starts_with_operator(value: RawBsonRef<'_>) -> bool {
    const OPERATORS: &[&str] = &[
        "$eq",
        "$ne",
        "$gt",
        "$gte",
        "$lt",
        "$lte",
        "$in",
        "$nin",
        "$all",
        "$size",
        "$exists",
        "$mod",
        "$type",
        "$regex",
        "$options",
        "$elemMatch",
        "$within",
        "$geoWithin",
        "$geoIntersects",
        "$near",
        "$nearSphere",
        "$bitsAllSet",
        "$bitsAllClear",
        "$bitsAnySet",
        "$bitsAnyClear",
    ];
    let RawBsonRef::Document(document) = value else { return false };
    fields(document).next().is_some_and(|(name, _)| OPERATORS.contains(&name))
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
        let values = self.0.iter().map(RawBson::as_raw_bson_ref);
        if self.0.len() < MANY {
            return without(array, |item| Ok(values.clone().any(|value| comparator.equal(value, item))));
        }
        let values: BTreeSet<Ordered<'_>> = values.map(|value| Ordered { value, comparator }).collect();
        without(array, |item| Ok(values.contains(&Ordered { value: item, comparator })))
    }

    fn missing<'a>(&'a self, _: &Scope<'a>) -> Result<Value<'a>> {
        Ok(Value::Missing)
    }

    fn blocked(&self, _: &Scope<'_>) -> Blocked {
        Blocked::Traverse
    }
}
