//! `$push` with `$each`, `$position`, `$sort` and `$slice`.

use std::cmp::Ordering;

use bson::{RawArray, RawBson, RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    update::modifier::{At, Change, Modifier, Scope, show},
    value::{ArrayBuilder, Comparator, Number, Path, Value, as_whole_i64, field, fields, item, items, type_name},
};

#[derive(Debug)]
pub(super) struct Push {
    values: Vec<RawBson>,
    /// Counted from the end if negative.
    position: Option<i64>,
    sort: Option<Sort>,
    /// The last ones if negative.
    slice: Option<i64>,
}

#[derive(Debug)]
enum Sort {
    /// By the items themselves.
    Whole { descending: bool },
    /// By fields of the items.
    Fields(Vec<(Path, bool)>),
}

impl Push {
    pub(super) fn parse(value: RawBsonRef<'_>) -> Result<Box<dyn Modifier>> {
        let mut push = Push { values: Vec::new(), position: None, sort: None, slice: None };
        match value {
            RawBsonRef::Document(clauses) if field(clauses, "$each").is_some() => push.parse_clauses(clauses)?,
            value => push.values.push(value.into()),
        }
        Ok(Box::new(push))
    }

    fn parse_clauses(&mut self, clauses: &RawDocument) -> Result<()> {
        for (name, value) in fields(clauses) {
            match name {
                "$each" => match value {
                    RawBsonRef::Array(values) => self.values = items(values).map(Into::into).collect(),
                    other => {
                        let message = format!(
                            "The argument to $each in $push must be an array but it was of type: {}",
                            type_name(other)
                        );
                        return refuse(Code::BAD_VALUE, message);
                    }
                },
                "$position" => self.position = Some(integer("$position", value)?),
                "$slice" => self.slice = Some(integer("$slice", value)?),
                "$sort" => self.sort = Some(Sort::parse(value)?),
                name => return refuse(Code::BAD_VALUE, format!("Unrecognized clause in $push: {name}")),
            }
        }
        Ok(())
    }

    fn apply(&self, array: &RawArray, scope: &Scope<'_>) -> RawBson {
        let mut all: Vec<RawBsonRef<'_>> = items(array).collect();
        let at = self.position.map_or(all.len(), |position| {
            let distance = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
            if position < 0 { all.len().saturating_sub(distance) } else { distance.min(all.len()) }
        });
        all.splice(at..at, self.values.iter().map(RawBson::as_raw_bson_ref));
        if let Some(sort) = &self.sort {
            let comparator = Comparator::new(scope.context.collation.as_deref());
            all.sort_by(|a, b| sort.compare(*a, *b, comparator));
        }
        if let Some(slice) = self.slice {
            let most = usize::try_from(slice.unsigned_abs()).unwrap_or(usize::MAX);
            let surplus = all.len().saturating_sub(most);
            if slice < 0 {
                all.drain(..surplus);
            } else {
                all.truncate(most);
            }
        }
        let mut result = ArrayBuilder::new();
        for item in all {
            result.push(item);
        }
        RawBson::Array(result.finish())
    }
}

impl Modifier for Push {
    fn existing<'a>(&'a self, value: RawBsonRef<'_>, scope: &Scope<'a>, at: At<'_>) -> Result<Change<'a>> {
        let RawBsonRef::Array(array) = value else {
            let message = format!(
                "The field '{}' must be an array but is of type {} in document {}",
                at.path(),
                type_name(value),
                scope.id()
            );
            return refuse(Code::BAD_VALUE, message);
        };
        Ok(Change::Set(self.apply(array, scope).into()))
    }

    fn missing<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        Ok(self.apply(&ArrayBuilder::new().finish(), scope).into())
    }
}

/// An integer of any type of number.
fn integer(clause: &str, value: RawBsonRef<'_>) -> Result<i64> {
    match as_whole_i64(value) {
        Some(whole) => Ok(whole),
        None => {
            let message =
                format!("The value for {clause} must be an integer value but was given type: {}", type_name(value));
            refuse(Code::BAD_VALUE, message)
        }
    }
}

impl Sort {
    fn parse(value: RawBsonRef<'_>) -> Result<Sort> {
        let RawBsonRef::Document(pattern) = value else {
            return match direction(value) {
                Some(descending) => Ok(Sort::Whole { descending }),
                None => refuse(
                    Code::BAD_VALUE,
                    "The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields",
                ),
            };
        };
        let mut keys = Vec::new();
        for (name, value) in fields(pattern) {
            let Some(descending) = direction(value) else {
                return refuse(Code::BAD_VALUE, "The $sort element value must be either 1 or -1");
            };
            if name.is_empty() {
                return refuse(Code::BAD_VALUE, "The $sort field cannot be empty");
            }
            if name.split('.').any(str::is_empty) {
                let message = format!("The $sort field is a dotted field but has an empty part: {name}");
                return refuse(Code::BAD_VALUE, message);
            }
            keys.push((Path::parse(name)?, descending));
        }
        if keys.is_empty() {
            let message = format!("The $sort pattern is empty when it should be a set of fields: {}", show(value));
            return refuse(Code::BAD_VALUE, message);
        }
        Ok(Sort::Fields(keys))
    }

    fn compare(&self, a: RawBsonRef<'_>, b: RawBsonRef<'_>, comparator: Comparator<'_>) -> Ordering {
        let directed = |order: Ordering, descending: bool| if descending { order.reverse() } else { order };
        match self {
            Sort::Whole { descending } => directed(comparator.compare(a, b), *descending),
            Sort::Fields(keys) => keys
                .iter()
                .map(|(path, descending)| directed(comparator.compare(key(a, path), key(b, path)), *descending))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal),
        }
    }
}

fn direction(value: RawBsonRef<'_>) -> Option<bool> {
    let number = Number::of(value)?;
    if number.compare(Number::Int32(1)).is_eq() {
        Some(false)
    } else if number.compare(Number::Int32(-1)).is_eq() {
        Some(true)
    } else {
        None
    }
}

/// What an item is sorted by; null if the path leads nowhere. Arrays are entered by index only.
fn key<'a>(value: RawBsonRef<'a>, path: &Path) -> RawBsonRef<'a> {
    path.parts()
        .iter()
        .try_fold(value, |value, part| match value {
            RawBsonRef::Document(document) => field(document, &part.name),
            RawBsonRef::Array(array) => item(array, usize::try_from(part.index?).ok()?),
            _ => None,
        })
        .unwrap_or(RawBsonRef::Null)
}
