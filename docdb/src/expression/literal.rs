//! Values written in an expression: constants, arrays and objects of expressions, `$literal`.

use std::collections::BTreeSet;

use bson::{RawArray, RawBson, RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    expression::{
        Dependencies, Env, Evaluate, Expression, Names, Operator,
        arguments::{all_constant, finish},
        bounds::check_size,
        path,
    },
    value::{ArrayBuilder, DocumentBuilder, Value, fields, items},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator { name: "$literal", parse: |value, _| Ok(constant(value)) },
    Operator { name: "$const", parse: |value, _| Ok(constant(value)) },
];

/// The expression of a value as it is.
pub(crate) fn constant(value: impl Into<RawBson>) -> Expression {
    Expression::new(Constant(value.into()))
}

#[derive(Debug)]
struct Constant(RawBson);

impl Evaluate for Constant {
    fn evaluate<'a>(&'a self, _: &Env<'a>) -> Result<Value<'a>> {
        Ok(Value::Ref(self.0.as_raw_bson_ref()))
    }

    fn constant(&self) -> Option<RawBsonRef<'_>> {
        Some(self.0.as_raw_bson_ref())
    }

    fn dependencies(&self, _: &mut Dependencies) {}
}

pub(super) fn parse_array(array: &RawArray, names: &Names<'_>) -> Result<Expression> {
    let items: Vec<_> = items(array).map(|item| Expression::parse_within(item, names)).collect::<Result<_>>()?;
    let constant = all_constant(&items);
    finish(Array(items), constant, names)
}

#[derive(Debug)]
struct Array(Vec<Expression>);

impl Evaluate for Array {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let mut array = ArrayBuilder::new();
        for item in &self.0 {
            array.push(item.evaluate(env)?.get().unwrap_or(RawBsonRef::Null));
            check_size("an array", array.len_bytes())?;
        }
        Ok(RawBson::Array(array.finish()).into())
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(&self.0);
    }
}

pub(super) fn parse_object(document: &RawDocument, names: &Names<'_>) -> Result<Expression> {
    let mut seen = BTreeSet::new();
    let mut parsed = Vec::new();
    for (name, value) in fields(document) {
        path::check_field_name(name)?;
        if !seen.insert(name) {
            return refuse(Code(16406), format!("duplicate field name specified in object literal: {name}"));
        }
        parsed.push((name.into(), Expression::parse_within(value, names)?));
    }
    let constant = all_constant(parsed.iter().map(|(_, value)| value));
    finish(Object(parsed), constant, names)
}

#[derive(Debug)]
struct Object(Vec<(Box<str>, Expression)>);

impl Evaluate for Object {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let mut document = DocumentBuilder::new();
        for (name, field) in &self.0 {
            if let Some(value) = field.evaluate(env)?.get() {
                document.append(name, value);
                check_size("an object", document.len_bytes())?;
            }
        }
        Ok(RawBson::Document(document.finish()).into())
    }

    fn dependencies(&self, found: &mut Dependencies) {
        found.of_all(self.0.iter().map(|(_, value)| value));
    }
}

#[cfg(test)]
mod tests {

    use bson::{Bson, bson, doc};

    use crate::expression::testing::{check, fails, yields};

    #[test]
    fn literals_are_taken_as_they_are() {
        check(
            &doc! { "a": 1 },
            [
                yields(doc! { "$literal": "$a" }, "$a"),
                yields(doc! { "$const": { "$b": 1, "a.b": 2, "": 3 } }, bson!({ "$b": 1, "a.b": 2, "": 3 })),
                yields(doc! { "$literal": { "$eq": [1, 1] } }, bson!({ "$eq": [1, 1] })),
                yields(Bson::Null, Bson::Null),
                yields("a", "a"),
            ],
        );
    }

    #[test]
    fn objects_and_arrays_are_made_of_expressions() {
        check(
            &doc! { "a": 1 },
            [
                yields(
                    doc! { "x": "$a", "y": "$none", "z": { "w": ["$a", "$none"] } },
                    bson!({ "x": 1, "z": { "w": [1, null] } }),
                ),
                yields(doc! {}, bson!({})),
                fails(doc! { "": 1 }, 15998),
                fails(doc! { "a.b": 1 }, 16412),
                fails(doc! { "x": 1, "$eq": [1, 1] }, 16410),
                fails(doc! { "$eq": [1, 1], "x": 1 }, 15983),
                fails(doc! { "$nothing": 1 }, 168),
                fails(doc! { "x": { "$nothing": 1 } }, 168),
            ],
        );
    }

    #[test]
    fn expressions_are_not_nested_without_end() {
        let mut expression = bson!(1);
        for _ in 0..150 {
            expression = bson!({ "$not": expression });
        }
        check(&doc! {}, [yields(expression, true)]);
    }
}
