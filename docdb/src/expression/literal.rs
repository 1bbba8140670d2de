//! Values written in an expression: constants, arrays and objects of expressions, `$literal`.

use bson::{RawArray, RawBson, RawBsonRef, RawDocument};

use crate::{
    error::Result,
    expression::{Env, Evaluate, Expression, Names, Operator},
    value::{ArrayBuilder, DocumentBuilder, Value, fields, items},
};

pub(super) const OPERATORS: &[Operator] = &[
    Operator { name: "$literal", parse: |value, _| Ok(constant(value)) },
    Operator { name: "$const", parse: |value, _| Ok(constant(value)) },
];

pub(super) fn constant(value: RawBsonRef<'_>) -> Expression {
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
}

pub(super) fn parse_array(array: &RawArray, names: &Names<'_>) -> Result<Expression> {
    let items = items(array).map(|item| Expression::parse_within(item, names)).collect::<Result<_>>()?;
    Ok(Expression::new(Array(items)))
}

#[derive(Debug)]
struct Array(Vec<Expression>);

impl Evaluate for Array {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let mut array = ArrayBuilder::new();
        for item in &self.0 {
            array.push(item.evaluate(env)?.get().unwrap_or(RawBsonRef::Null));
        }
        Ok(RawBson::Array(array.finish()).into())
    }
}

pub(super) fn parse_object(document: &RawDocument, names: &Names<'_>) -> Result<Expression> {
    let fields = fields(document)
        .map(|(name, value)| Ok((name.into(), Expression::parse_within(value, names)?)))
        .collect::<Result<_>>()?;
    Ok(Expression::new(Object(fields)))
}

#[derive(Debug)]
struct Object(Vec<(Box<str>, Expression)>);

impl Evaluate for Object {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let mut document = DocumentBuilder::new();
        for (name, field) in &self.0 {
            if let Some(value) = field.evaluate(env)?.get() {
                document.append(name, value);
            }
        }
        Ok(RawBson::Document(document.finish()).into())
    }
}
