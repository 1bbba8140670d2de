//! DynamoDB's expressions: conditions and filters, key conditions, projections and updates.
//!
//! An expression is read in two steps. Its text is parsed into a tree that keeps `#name` and `:value` references and is
//! cached by text; then the names and values of the request are put in, which gives a condition, a key condition, a
//! projection or an update that needs nothing more than an item. Names and values are copied once, however often the text
//! uses them.
//!
//! Every error is an [`ExpressionError`], whose text is the service's message; where an expression has several faults,
//! the one reported is the one the service reports. Texts and their order were taken from the service's public
//! documentation and from public suites that were checked against it.
//!
//! Bounds: 4,096 bytes of text, 2 MiB of names and values, 300 operators, 100 operands of `IN`, 32 levels of a path, 100 calls inside each other. So
//! no text can exhaust the stack.

mod apply;
mod ast;
mod cache;
mod condition;
mod error;
mod evaluate;
mod key_condition;
pub(crate) mod legacy;
mod lexer;
mod parameters;
mod parse;
mod parse_condition;
mod parse_update;
mod path;
mod projection;
mod reserved;
mod substitutions;
mod update;

#[cfg(test)]
mod tests;

pub(crate) use ast::Comparator;
pub(crate) use cache::Cache;
pub(crate) use condition::{Condition, Node, Term, between, compare, condition, function, one_of};
pub(crate) use error::{ExpressionError, Fault};
pub(crate) use evaluate::order;
pub(crate) use key_condition::{KeyCondition, KeySelection, SortCondition, key_condition};
pub(crate) use lexer::MAX_OPERATORS;
pub(crate) use parameters::check_parameters;
pub(crate) use path::{MAX_PATH_LEVELS, Path, PathElement};
pub(crate) use projection::{Projection, check_clashes, project, projection};
pub(crate) use substitutions::{Substitutions, hash_set_slot};
pub(crate) use update::{Change, Source, Update, update};

/// Which parameter of a request an expression was given in; messages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// `ConditionExpression`
    Condition,
    /// `FilterExpression`
    Filter,
    /// `KeyConditionExpression`
    KeyCondition,
    /// `ProjectionExpression`
    Projection,
    /// `UpdateExpression`
    Update,
}

impl Kind {
    /// The name of the parameter.
    pub(crate) fn parameter(self) -> &'static str {
        match self {
            Self::Condition => "ConditionExpression",
            Self::Filter => "FilterExpression",
            Self::KeyCondition => "KeyConditionExpression",
            Self::Projection => "ProjectionExpression",
            Self::Update => "UpdateExpression",
        }
    }
}
