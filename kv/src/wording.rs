//! The words in which malformed writes of single items are refused.

use crate::{Error, Result};

/// In June 2026 the service began to say some things about malformed `PutItem`, `UpdateItem` and `DeleteItem` requests in
/// other words, and most regions do by now. Other operations, and what depends on the table, sound as before.
///
/// Source: the captures in <https://github.com/paritysuite/dynamodb-conformance>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wording {
    /// That of most regions: what is found before the table is looked at begins with `1 validation error detected: `.
    #[default]
    Current,
    /// That of before, and of some regions still.
    Earlier,
}

const ENVELOPE: &str = "1 validation error detected: ";
const NO_EXPRESSION: &str = "ExpressionAttributeValues can only be specified when using expressions";
const NO_TABLE_NAME: &str = "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: Member must \
                             have length greater than or equal to 1";
const NO_TABLE_NAME_NOW: &str = "1 validation error detected: Value at 'TableName' failed to satisfy constraint: Member must have length greater than \
     or equal to 1";

impl Wording {
    /// What is said of a malformed write of an item.
    ///
    /// It is public for those who decode requests: some faults they notice themselves.
    #[must_use]
    pub fn of_malformed_write(self, message: String) -> String {
        match self {
            Wording::Earlier => message,
            Wording::Current if message == NO_TABLE_NAME => NO_TABLE_NAME_NOW.to_owned(),
            Wording::Current if is_counted(&message) => message,
            Wording::Current if message.starts_with(NO_EXPRESSION) => format!("{ENVELOPE}{NO_EXPRESSION}"),
            Wording::Current => format!("{ENVELOPE}{message}"),
        }
    }

    /// The outcome of checking a write of an item by itself.
    pub(crate) fn checked<T>(self, checked: Result<T>) -> Result<T> {
        checked.map_err(|error| match error {
            Error::Validation { message } => Error::Validation { message: self.of_malformed_write(message) },
            other => other,
        })
    }
}

/// Whether a text counts the faults that it tells.
fn is_counted(message: &str) -> bool {
    let rest = message.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < message.len()
        && (rest.starts_with(" validation error detected: ") || rest.starts_with(" validation errors detected: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_already_is_not_counted_again() {
        for (message, now) in [
            ("x", "1 validation error detected: x"),
            ("1 validation error detected: x", "1 validation error detected: x"),
            ("2 validation errors detected: x; y", "2 validation errors detected: x; y"),
            ("2 x", "1 validation error detected: 2 x"),
            (NO_TABLE_NAME, NO_TABLE_NAME_NOW),
            (
                "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
                "1 validation error detected: ExpressionAttributeValues can only be specified when using expressions",
            ),
        ] {
            assert_eq!(Wording::Current.of_malformed_write(message.to_owned()), now);
            assert_eq!(Wording::Earlier.of_malformed_write(message.to_owned()), message);
        }
    }
}
