//! `$sortArray`.

use std::cmp::Ordering;

use bson::{RawBson, RawBsonRef};

use super::wrong_type;
use crate::{
    error::{Code, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{Named, array_of, finish, null},
    },
    value::{
        ArrayBuilder, Comparator, Number, Path, Value, as_document, as_whole_i64, field, fields, items, type_name,
    },
};

pub(in crate::expression) const OPERATORS: &[Operator] = &[Operator { name: "$sortArray", parse }];

#[derive(Debug)]
enum By {
    Value { descending: bool },
    Paths(Vec<(Path, bool)>),
}

#[derive(Debug)]
struct SortArray {
    input: Expression,
    by: By,
}

fn parse(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
    let named = Named::of("$sortArray", value, &["input", "sortBy"], Code(2_942_500), Code(2_942_501))?;
    let input = named.required("input", Code(2_942_502), names)?;
    let by = parse_by(named.raw_required("sortBy", Code(2_942_503))?)?;
    let constant = input.constant().is_some();
    finish(SortArray { input, by }, constant, names)
}

fn direction(value: RawBsonRef<'_>) -> Option<bool> {
    match as_whole_i64(value) {
        Some(1) => Some(false),
        Some(-1) => Some(true),
        _ => None,
    }
}

fn parse_by(value: RawBsonRef<'_>) -> Result<By> {
    let RawBsonRef::Document(document) = value else {
        if Number::of(value).is_none() {
            return refuse(
                Code(2_942_507),
                format!("$sortArray requires 'sortBy' to be a number or an object, not {}", type_name(value)),
            );
        }
        return match direction(value) {
            Some(descending) => Ok(By::Value { descending }),
            None => refuse(Code(2_942_506), "The $sort element value must be either 1 or -1"),
        };
    };
    let mut paths = Vec::new();
    for (name, value) in fields(document) {
        let Some(descending) = direction(value) else {
            return refuse(Code(2_942_505), "The $sort element value must be either 1 or -1");
        };
        if name.starts_with('$') || name.split('.').any(str::is_empty) {
            return refuse(Code(2_942_505), format!("The dotted field '{name}' may not be sorted by"));
        }
        paths.push((Path::parse(name)?, descending));
    }
    if paths.is_empty() {
        return refuse(Code(2_942_505), "The sort pattern is empty when it should be a set of fields");
    }
    Ok(By::Paths(paths))
}

/// What a path leads to. Here, unlike elsewhere in expressions, an array is a document whose names are its indexes.
fn key<'a>(item: RawBsonRef<'a>, path: &Path) -> RawBsonRef<'a> {
    let RawBsonRef::Document(_) = item else { return RawBsonRef::Null };
    let mut value = item;
    for part in path.parts() {
        let document = match value {
            RawBsonRef::Document(document) => document,
            RawBsonRef::Array(array) => as_document(array),
            _ => return RawBsonRef::Null,
        };
        let Some(found) = field(document, &part.name) else { return RawBsonRef::Null };
        value = found;
    }
    value
}

impl By {
    fn compare(&self, a: RawBsonRef<'_>, b: RawBsonRef<'_>, comparator: Comparator<'_>) -> Ordering {
        let directed = |order: Ordering, descending| if descending { order.reverse() } else { order };
        match self {
            By::Value { descending } => directed(comparator.compare(a, b), *descending),
            By::Paths(paths) => paths
                .iter()
                .map(|(path, descending)| directed(comparator.compare(key(a, path), key(b, path)), *descending))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal),
        }
    }
}

impl Evaluate for SortArray {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let input = self.input.evaluate(env)?;
        if input.is_nullish() {
            return Ok(null());
        }
        let Some(array) = array_of(&input) else {
            return wrong_type(2_942_504, "The input argument to $sortArray must be an array", &input);
        };
        let mut all: Vec<RawBsonRef<'_>> = items(array).collect();
        let comparator = env.comparator();
        all.sort_by(|a, b| self.by.compare(*a, *b, comparator));
        let mut sorted = ArrayBuilder::new();
        for item in all {
            sorted.push(item);
        }
        Ok(RawBson::Array(sorted.finish()).into())
    }

    fn dependencies(&self, found: &mut Dependencies) {
        self.input.dependencies(found);
    }
}

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, fails, yields};

    #[test]
    fn items_are_sorted_by_value_or_by_fields() {
        let sort = |by: Bson| doc! { "$sortArray": { "input": "$a", "sortBy": by } };
        let documents = |by: Bson| doc! { "$sortArray": { "input": "$d", "sortBy": by } };
        let document = doc! {
            "a": [3, "x", 1, null, [0]],
            "d": [{ "x": 2, "y": { "z": 1 } }, 7, { "x": 1, "y": { "z": 3 } }, { "x": 2, "y": { "z": 0 } }],
        };
        check(
            &document,
            [
                yields(sort(bson!(1)), bson!([null, 1, 3, "x", [0]])),
                yields(sort(bson!(-1.0)), bson!([[0], "x", 3, 1, null])),
                yields(
                    documents(bson!({ "x": -1, "y.z": 1 })),
                    bson!([
                        { "x": 2, "y": { "z": 0 } }, { "x": 2, "y": { "z": 1 } }, { "x": 1, "y": { "z": 3 } }, 7,
                    ]),
                ),
                yields(doc! { "$sortArray": { "input": "$none", "sortBy": 1 } }, Bson::Null),
                fails(doc! { "$sortArray": 1 }, 2_942_500),
                fails(doc! { "$sortArray": { "also": 1 } }, 2_942_501),
                fails(doc! { "$sortArray": { "sortBy": 1 } }, 2_942_502),
                fails(doc! { "$sortArray": { "input": [] } }, 2_942_503),
                fails(doc! { "$sortArray": { "input": "x", "sortBy": 1 } }, 2_942_504),
                fails(sort(bson!({})), 2_942_505),
                fails(sort(bson!({ "a": 2 })), 2_942_505),
                fails(sort(bson!({ "a": "asc" })), 2_942_505),
                fails(sort(bson!({ "a..b": 1 })), 2_942_505),
                fails(sort(bson!(0)), 2_942_506),
                fails(sort(bson!(1.5)), 2_942_506),
                fails(sort(bson!("x")), 2_942_507),
                fails(sort(Bson::Null), 2_942_507),
                fails(sort(bson!(true)), 2_942_507),
                fails(sort(bson!([1])), 2_942_507),
            ],
        );
    }
}
