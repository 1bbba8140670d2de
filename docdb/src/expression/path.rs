//! Field paths and variables: `$a.b`, `$$ROOT`, `$$this.c`.

use bson::{RawBson, RawBsonRef, RawDocument};

use crate::{
    error::{Code, Result, refuse},
    expression::{Env, Evaluate, Expression, Names},
    value::{ArrayBuilder, Path, Value, field, items},
};

#[derive(Debug)]
enum Start {
    Root,
    Local(usize),
    Let(Box<str>),
    Now,
    Remove,
}

#[derive(Debug)]
struct FieldPath {
    start: Start,
    path: Option<Path>,
}

pub(super) fn parse(text: &str, names: &Names<'_>) -> Result<Expression> {
    let Some(variable) = text.strip_prefix("$$") else {
        let path = Path::parse(text.trim_start_matches('$'))?;
        let start = names.local("CURRENT").map_or(Start::Root, Start::Local);
        return Ok(Expression::new(FieldPath { start, path: Some(path) }));
    };
    let (name, path) = variable.split_once('.').map_or((variable, None), |(name, path)| (name, Some(path)));
    let start = match name {
        "ROOT" => Start::Root,
        "CURRENT" => names.local("CURRENT").map_or(Start::Root, Start::Local),
        "NOW" => Start::Now,
        "REMOVE" => Start::Remove,
        name => match names.local(name) {
            Some(distance) => Start::Local(distance),
            None if names.context.variable(name).is_some() => Start::Let(name.into()),
            None => return refuse(Code(17276), format!("Use of undefined variable: {name}")),
        },
    };
    Ok(Expression::new(FieldPath { start, path: path.map(Path::parse).transpose()? }))
}

impl Evaluate for FieldPath {
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        let start = match &self.start {
            Start::Root => Value::Ref(RawBsonRef::Document(env.root)),
            Start::Local(distance) => env.local(*distance),
            Start::Let(name) => Value::from(env.context.variable(name).map(RawBson::as_raw_bson_ref)),
            Start::Now => Value::Owned(RawBson::DateTime(env.context.now_bson())),
            Start::Remove => Value::Missing,
        };
        let Some(path) = &self.path else { return Ok(start) };
        match start {
            Value::Ref(value) => Ok(walk(value, path.parts())),
            Value::Owned(value) => {
                Ok(walk(value.as_raw_bson_ref(), path.parts()).into_owned().map_or(Value::Missing, Value::Owned))
            }
            Value::Missing => Ok(Value::Missing),
        }
    }
}

/// Follows a path into documents; in an array, into the documents among its items, which yields an array.
fn walk<'a>(value: RawBsonRef<'a>, parts: &[crate::value::Part]) -> Value<'a> {
    let Some((part, rest)) = parts.split_first() else { return Value::Ref(value) };
    match value {
        RawBsonRef::Document(document) => step(document, &part.name, rest),
        RawBsonRef::Array(array) => {
            let mut found = ArrayBuilder::new();
            for item in items(array) {
                if let Some(value) = walk_item(item, parts).get() {
                    found.push(value);
                }
            }
            Value::Owned(RawBson::Array(found.finish()))
        }
        _ => Value::Missing,
    }
}

/// Arrays directly within arrays are not looked into.
fn walk_item<'a>(item: RawBsonRef<'a>, parts: &[crate::value::Part]) -> Value<'a> {
    match item {
        RawBsonRef::Document(_) => walk(item, parts),
        _ => Value::Missing,
    }
}

fn step<'a>(document: &'a RawDocument, name: &str, rest: &[crate::value::Part]) -> Value<'a> {
    field(document, name).map_or(Value::Missing, |value| walk(value, rest))
}
