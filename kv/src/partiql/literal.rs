//! Values: literals, and parameters where they may stand. Messages say where in a value they are, as in `root.a[0]`.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::ast::{Expr, Node};
use super::fault::{self, Result};
use crate::Error;
use crate::value::{AttributeValue, Item, MAX_DEPTH, Number, ValueError};

/// Where in a value.
#[derive(Clone)]
struct Place {
    path: String,
    depth: usize,
}

impl Place {
    fn root() -> Place {
        Place { path: "root".to_owned(), depth: 0 }
    }

    fn member(&self, name: &str) -> Place {
        Place { path: format!("{}.{name}", self.path), depth: self.depth + 1 }
    }

    fn element(&self, index: usize) -> Place {
        let mut path = self.path.clone();
        // Writing to a string cannot fail.
        let _ = write!(path, "[{index}]");
        Place { path, depth: self.depth + 1 }
    }
}

/// The value of an expression that must have one by itself.
///
/// # Errors
/// It is no literal and no parameter, or breaks a rule of values.
pub(super) fn value(node: &Node, parameters: &[AttributeValue]) -> Result<AttributeValue> {
    match &node.expr {
        Expr::Parameter(number) => parameter(*number, parameters),
        _ => literal(node, &Place::root()),
    }
}

/// The value behind a `?`.
pub(super) fn parameter(number: usize, parameters: &[AttributeValue]) -> Result<AttributeValue> {
    parameters.get(number).cloned().ok_or_else(wrong_count)
}

/// Parameters and `?` are not of one number.
pub(super) fn wrong_count() -> Error {
    Error::validation("Number of parameters in request and statement don't match.")
}

/// The item of an `INSERT`, each of whose attributes may be a parameter.
pub(super) fn item(node: &Node, parameters: &[AttributeValue]) -> Result<Item> {
    let Expr::Struct(members) = &node.expr else { return Err(unsupported(node, &Place::root())) };
    members.iter().map(|(name, node)| Ok((name_of(name, &Place::root())?, value(node, parameters)?))).collect()
}

fn name_of(node: &Node, place: &Place) -> Result<String> {
    match &node.expr {
        Expr::Text(name) => Ok(name.clone()),
        _ => Err(unsupported(node, place)),
    }
}

fn unsupported(node: &Node, place: &Place) -> Error {
    let kind = match &node.expr {
        Expr::Call(name, _) => name,
        other => other.kind(),
    };
    fault::at(format_args!("Unsupported data type: {kind} under key {}", place.path), node.at)
}

fn literal(node: &Node, place: &Place) -> Result<AttributeValue> {
    if place.depth >= MAX_DEPTH {
        return Err(Error::validation(format!("Nesting Levels have exceeded supported limits under {}", place.path)));
    }
    match &node.expr {
        Expr::Text(text) => Ok(AttributeValue::S(text.clone())),
        Expr::Number(text) => number(text, place).map(AttributeValue::N),
        Expr::Bool(value) => Ok(AttributeValue::Bool(*value)),
        Expr::Null => Ok(AttributeValue::Null),
        Expr::List(elements) => {
            let element = |(index, node)| literal(node, &place.element(index));
            elements.iter().enumerate().map(element).collect::<Result<_>>().map(AttributeValue::L)
        }
        Expr::Struct(members) => {
            let member = |(name, node): &(Node, Node)| {
                let name = name_of(name, place)?;
                let value = literal(node, &place.member(&name))?;
                Ok((name, value))
            };
            members.iter().map(member).collect::<Result<_>>().map(AttributeValue::M)
        }
        Expr::Bag(members) => bag(members, place),
        _ => Err(unsupported(node, place)),
    }
}

fn number(text: &str, place: &Place) -> Result<Number> {
    text.parse().map_err(|error: ValueError| Error::validation(format!("{error} under {}", place.path)))
}

/// A set, of strings or of numbers.
fn bag(members: &[Node], place: &Place) -> Result<AttributeValue> {
    let mixed =
        || Error::validation("Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags");
    match members.first().map(|node| &node.expr) {
        None => Err(Error::validation("Empty bags are not supported")),
        Some(Expr::Text(_)) => {
            let text = |node: &Node| match &node.expr {
                Expr::Text(text) => Ok(text.clone()),
                _ => Err(mixed()),
            };
            let texts = members.iter().map(text).collect::<Result<Vec<_>>>()?;
            AttributeValue::string_set(texts).map_err(|error| Error::validation(error.to_string()))
        }
        Some(Expr::Number(_)) => {
            let text = |node: &Node| match &node.expr {
                Expr::Number(text) => Ok(text.clone()),
                _ => Err(mixed()),
            };
            numbers(&members.iter().map(text).collect::<Result<Vec<_>>>()?, place)
        }
        Some(_) => Err(mixed()),
    }
}

/// Unlike that of strings, the text on duplicates has the members as they are written, and the place.
fn numbers(texts: &[String], place: &Place) -> Result<AttributeValue> {
    let numbers = texts.iter().map(|text| number(text, place)).collect::<Result<BTreeSet<_>>>()?;
    if numbers.len() == texts.len() {
        return Ok(AttributeValue::Ns(numbers));
    }
    Err(Error::invalid_parameters(format_args!(
        "Input collection [{}] contains duplicates! under {}",
        texts.join(", "),
        place.path
    )))
}
