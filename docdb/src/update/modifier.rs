//! What an operator of an update is: what it does to a value, and what it puts where there is none.

use std::borrow::Cow;

use bson::{RawBsonRef, RawDocument};

use crate::{
    context::Context,
    error::{Code, Result, refuse},
    update::{
        array::{AddToSet, Pop},
        date::CurrentDate,
        number::{Arithmetic, Bit, Limit},
        pull::{Pull, PullAll},
        push::Push,
        set::{Set, Unset},
    },
    value::{Value, field},
};

/// What an operator does with the value at its path.
#[derive(Debug)]
pub(super) enum Change<'a> {
    /// It stays.
    Keep,
    /// It becomes another one. Whether that is the same is found out by the caller.
    Set(Value<'a>),
    /// The field goes away; an item of an array becomes null.
    Remove,
}

/// What an operator does where a scalar is in the way of its path, or a name that is not an index leads into an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocked {
    /// It would have to create a field.
    Create,
    /// It looks for a field.
    Traverse,
    /// Nothing.
    Ignore,
}

/// An operator with its operand.
pub(super) trait Modifier: Send + Sync + std::fmt::Debug {
    /// Where there is a value.
    fn existing<'a>(&'a self, value: RawBsonRef<'_>, scope: &Scope<'a>, at: At<'_>) -> Result<Change<'a>>;

    /// Where there is none: what to create, or [`Value::Missing`].
    fn missing<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>>;

    /// Where there can be none.
    fn blocked(&self, _scope: &Scope<'_>) -> Blocked {
        Blocked::Create
    }
}

/// What operators know of the update around them.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) context: &'a Context,
    /// The document before the update.
    pub(super) document: &'a RawDocument,
    /// What `$` stands for.
    pub(super) position: Option<String>,
    /// Whether an upsert inserts the document.
    pub(super) inserting: bool,
    /// The values that `$rename`s move, by their number.
    pub(super) moved: Vec<Option<RawBsonRef<'a>>>,
}

/// Where an operator is applied, for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'p>(pub(super) &'p [Cow<'p, str>]);

impl At<'_> {
    pub(super) fn path(self) -> String {
        self.0.join(".")
    }

    pub(super) fn name(self) -> String {
        self.0.last().map_or_else(String::new, |name| name.to_string())
    }
}

impl Scope<'_> {
    /// `{_id: 1}`, for messages.
    pub(super) fn id(&self) -> String {
        format!("{{_id: {}}}", field(self.document, "_id").map_or_else(|| "missing".to_owned(), show))
    }
}

/// A value, for messages.
pub(super) fn show(value: RawBsonRef<'_>) -> String {
    bson::Bson::try_from(value).map_or_else(|_| String::from("?"), |value| value.to_string())
}

type Parse = fn(&str, RawBsonRef<'_>, &Context) -> Result<Box<dyn Modifier>>;

/// All operators but `$rename`, which concerns two paths.
const MODIFIERS: &[(&str, Parse)] = &[
    ("$set", |_, value, _| Ok(Box::new(Set::new(value)))),
    ("$setOnInsert", |_, value, _| Ok(Box::new(Set::new(value)))),
    ("$unset", |_, _, _| Ok(Box::new(Unset))),
    ("$inc", |path, value, _| Arithmetic::parse_inc(path, value)),
    ("$mul", |path, value, _| Arithmetic::parse_mul(path, value)),
    ("$min", |_, value, _| Ok(Box::new(Limit::min(value)))),
    ("$max", |_, value, _| Ok(Box::new(Limit::max(value)))),
    ("$bit", Bit::parse),
    ("$currentDate", |path, value, _| CurrentDate::parse(path, value)),
    ("$push", |_, value, _| Push::parse(value)),
    ("$addToSet", |_, value, _| AddToSet::parse(value)),
    ("$pop", |path, value, _| Pop::parse(path, value)),
    ("$pull", |_, value, context| Pull::parse(value, context)),
    ("$pullAll", |_, value, _| PullAll::parse(value)),
];

/// Whether there is an operator of this name.
pub(super) fn is_known(name: &str) -> bool {
    name == "$rename" || MODIFIERS.iter().any(|(known, _)| *known == name)
}

/// Parses what an operator has for one path.
pub(super) fn parse(name: &str, path: &str, value: RawBsonRef<'_>, context: &Context) -> Result<Box<dyn Modifier>> {
    match MODIFIERS.iter().find(|(known, _)| *known == name) {
        Some((_, parse)) => parse(path, value, context),
        None => unknown(name),
    }
}

pub(super) fn unknown<T>(name: &str) -> Result<T> {
    let message = format!(
        "Unknown modifier: {name}. Expected a valid update modifier or pipeline-style update specified as an array"
    );
    refuse(Code::FAILED_TO_PARSE, message)
}
