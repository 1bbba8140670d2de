//! Operators on strings.

pub(super) mod case;
mod coerce;
pub(super) mod index;
pub(super) mod join;
pub(super) mod replace;
pub(super) mod substring;
pub(super) mod trim;

#[cfg(test)]
mod tests;

pub(crate) use coerce::{coerce_to_string, integral_i32, integral_i64, to_long};

use crate::{
    error::{Code, Result, refuse},
    expression::arguments::string,
    value::Value,
};

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
