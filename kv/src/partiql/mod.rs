//! PartiQL, as far as the service speaks it: statements that stand for queries, scans and writes.
//!
//! A statement goes three steps. Its text is split into tokens ([`lexer`]) and read into a tree ([`parse`],
//! [`parse_statement`]) that is cached by text. Its parameters are put in ([`bind`]): `WHERE` becomes a condition, `SET` and
//! `REMOVE` an update, which are those of expressions; there is no second evaluator. When the table is known, what the
//! condition says of keys tells what to do: ranges or all rows to read ([`key_plan`], [`select`]), or the one item to
//! change ([`item_key`], [`write`]) by the operation that changes items.
//!
//! Bounds: 8,192 characters of text, 300 operators, 100 levels of nesting, 32 levels of a path or a value, 100 operands of
//! `IN`, 50 ranges of one read.
//!
//! Grammar and texts follow the service's documentation, the open parser of PartiQL that it uses, and public suites that were
//! checked against it. Statements that the grammar has and the service refuses with a text that is not known are refused
//! with `Unsupported operation: …` and the name of what it is.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html>

mod ast;
mod bind;
mod change;
mod condition;
mod fault;
mod item_key;
mod key_plan;
mod keywords;
mod lexer;
mod literal;
mod page_token;
mod parse;
mod parse_statement;
mod path;
mod select;
mod single_read;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use bind::{Bound, Read, Write};
pub(crate) use fault::of_update;
pub(crate) use page_token::Binding;
pub(crate) use select::Wanted;
pub(crate) use write::{Asked, Prepared};

use crate::constraints::Constraints;
use crate::value::AttributeValue;

/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html>
const MAX_STATEMENT_CHARACTERS: usize = 8192;

/// Checks the length of a statement and the number of its parameters; `field` is what it is a member of, with a dot.
pub(crate) fn constrain(broken: &mut Constraints, statement: &str, parameters: Option<&[AttributeValue]>, field: &str) {
    if statement.is_empty() {
        let constraint = "Member must have length greater than or equal to 1";
        broken.breaks(statement, &format!("{field}statement"), constraint);
    } else if statement.chars().nth(MAX_STATEMENT_CHARACTERS).is_some() {
        let constraint = "Member must have length less than or equal to 8192";
        broken.breaks_at(&format!("{field}statement"), constraint);
    }
    if parameters.is_some_and(<[AttributeValue]>::is_empty) {
        let constraint = "Member must have length greater than or equal to 1";
        broken.breaks("[]", &format!("{field}parameters"), constraint);
    }
}
