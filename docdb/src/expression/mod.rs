//! The expression language of aggregation: parsed once into a tree, evaluated on raw documents.
//!
//! An operator is added in one place: a line in its family's `OPERATORS` that names it and the function that parses its
//! arguments. What it yields is a [`Evaluate`].

mod accumulators;
pub(crate) mod arguments;
mod arithmetic;
mod array;
mod bits;
mod boolean;
pub(crate) mod bounds;
mod command_let;
pub(crate) mod comparison;
mod conditional;
pub(crate) mod convert;
pub(crate) mod date;
mod dependencies;
pub(crate) mod literal;
mod meta;
mod miscellaneous;
pub(crate) mod named;
mod object;
pub(crate) mod path;
mod regex;
mod scope;
mod set;
pub(crate) mod string;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod trigonometry;
pub(crate) mod truth;
mod variables;

use std::{collections::HashMap, sync::LazyLock};

use bson::{RawBsonRef, RawDocument};

pub(crate) use command_let::command_let;
pub(crate) use dependencies::Dependencies;
pub(crate) use meta::MetaKind;
pub(crate) use scope::{Env, Names};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    value::{Value, fields},
};

/// An operator of the language: its name and how its arguments are parsed.
pub(crate) struct Operator {
    /// With its `$`.
    pub(crate) name: &'static str,
    /// From the value beside the name.
    pub(crate) parse: fn(RawBsonRef<'_>, &Names<'_>) -> Result<Expression>,
}

/// All families of operators.
const FAMILIES: &[&[Operator]] = &[
    accumulators::OPERATORS,
    arithmetic::OPERATORS,
    arithmetic::POWERS,
    arithmetic::ROUNDING,
    array::convert::OPERATORS,
    array::element::OPERATORS,
    array::few::OPERATORS,
    array::iterate::OPERATORS,
    array::slice::OPERATORS,
    array::sort::OPERATORS,
    array::whole::OPERATORS,
    array::zip::OPERATORS,
    bits::OPERATORS,
    boolean::OPERATORS,
    comparison::OPERATORS,
    conditional::OPERATORS,
    convert::OPERATORS,
    date::add::OPERATORS,
    date::difference::OPERATORS,
    date::from_parts::OPERATORS,
    date::part::OPERATORS,
    date::strings::OPERATORS,
    date::to_parts::OPERATORS,
    date::truncate::OPERATORS,
    literal::OPERATORS,
    meta::OPERATORS,
    miscellaneous::OPERATORS,
    object::OPERATORS,
    regex::OPERATORS,
    set::OPERATORS,
    string::case::OPERATORS,
    string::index::OPERATORS,
    string::join::OPERATORS,
    string::replace::OPERATORS,
    string::substring::OPERATORS,
    string::trim::OPERATORS,
    trigonometry::OPERATORS,
    variables::OPERATORS,
];

/// All operators.
fn operators() -> impl Iterator<Item = &'static Operator> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The operator of a name.
fn find(name: &str) -> Option<&'static Operator> {
    static BY_NAME: LazyLock<HashMap<&str, &Operator>> =
        LazyLock::new(|| operators().map(|operator| (operator.name, operator)).collect());
    BY_NAME.get(name).copied()
}

/// A parsed expression.
pub(crate) struct Expression(Box<dyn Evaluate>);

/// What an operator does once its arguments are parsed.
pub(crate) trait Evaluate: Send + Sync + std::fmt::Debug {
    /// The value for one document.
    fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>>;

    /// The value, if it is the same for all documents and known now.
    fn constant(&self) -> Option<RawBsonRef<'_>> {
        None
    }

    /// Adds what it reads of the document. Whoever does not say reads everything.
    fn dependencies(&self, found: &mut Dependencies) {
        found.everything();
    }
}

impl Expression {
    pub(crate) fn new(evaluate: impl Evaluate + 'static) -> Self {
        Expression(Box::new(evaluate))
    }

    /// Parses an expression in which the variables of `context` may be used.
    pub(crate) fn parse(value: RawBsonRef<'_>, context: &Context) -> Result<Expression> {
        Self::parse_within(value, &Names::new(context))
    }

    /// Parses an expression within another one.
    pub(crate) fn parse_within(value: RawBsonRef<'_>, names: &Names<'_>) -> Result<Expression> {
        let names = &names.deeper()?;
        match value {
            RawBsonRef::String(text) if text.starts_with('$') => path::parse(text, names),
            RawBsonRef::Document(document) => Self::parse_document(document, names),
            RawBsonRef::Array(array) => literal::parse_array(array, names),
            value => Ok(literal::constant(value)),
        }
    }

    fn parse_document(document: &RawDocument, names: &Names<'_>) -> Result<Expression> {
        let mut all = fields(document);
        let Some((name, argument)) = all.next().filter(|(name, _)| name.starts_with('$')) else {
            return literal::parse_object(document, names);
        };
        if all.next().is_some() {
            return refuse(Code(15983), "an object representing an expression must have exactly one field");
        }
        match find(name) {
            Some(operator) => (operator.parse)(argument, names),
            None => refuse(Code::INVALID_PIPELINE_OPERATOR, format!("Unrecognized expression '{name}'")),
        }
    }

    pub(crate) fn evaluate<'a>(&'a self, env: &Env<'a>) -> Result<Value<'a>> {
        self.0.evaluate(env)
    }

    /// The value, if it is the same for all documents and known now.
    pub(crate) fn constant(&self) -> Option<RawBsonRef<'_>> {
        self.0.constant()
    }

    /// What it reads of the document.
    pub(crate) fn fields(&self) -> Dependencies {
        let mut found = Dependencies::default();
        self.dependencies(&mut found);
        found
    }

    /// Adds what it reads of the document.
    pub(crate) fn dependencies(&self, found: &mut Dependencies) {
        self.0.dependencies(found);
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
