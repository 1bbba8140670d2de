//! Operators on strings.

mod case;
mod coerce;
mod index;
mod join;
mod replace;
mod substring;
mod trim;

#[cfg(test)]
mod tests;

pub(crate) use coerce::{coerce_to_string, integral_i32, integral_i64, to_long};

use crate::{
    error::{Code, Result, refuse},
    expression::{Operator, arguments::string},
    value::Value,
};

pub(super) const FAMILIES: &[&[Operator]] =
    &[case::OPERATORS, index::OPERATORS, join::OPERATORS, replace::OPERATORS, substring::OPERATORS, trim::OPERATORS];

/// The shortest string that is too long for a value.
const TOO_LONG_BYTES: usize = 16 << 20;

/// A string that an operator made, within the limit.
pub(super) fn made(text: String) -> Result<Value<'static>> {
    check_length(text.len())?;
    Ok(string(text))
}

fn check_length(bytes: usize) -> Result<()> {
    if bytes >= TOO_LONG_BYTES {
        return refuse(Code(16493), "Tried to create string longer than 16MB");
    }
    Ok(())
}
