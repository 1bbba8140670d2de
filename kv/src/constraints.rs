//! Checks of single parameters. The service collects what they find and reports all of it at once.

use crate::value::Item;
use crate::{Error, Result};

/// What is broken beyond these the service does not report.
const MAX_REPORTED: usize = 10;

const LEAST_NAME_CHARACTERS: usize = 3;
const MAX_NAME_CHARACTERS: usize = 255;
const NAME_PATTERN: &str = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";

/// Constraints on single parameters that one request breaks; the service collects them and reports all at once.
///
/// It is public for those who decode requests: what is missing, or is no known name, they notice first.
#[derive(Debug, Default)]
pub struct Constraints {
    broken: Vec<String>,
}

impl Constraints {
    /// `field` is missing and must not be.
    pub fn is_null(&mut self, field: &str) {
        self.report(format_args!("Value null at '{field}'"), "Member must not be null");
    }

    /// `field` holds `value` and breaks `constraint`.
    pub fn breaks(&mut self, value: impl std::fmt::Display, field: &str, constraint: &str) {
        self.report(format_args!("Value '{value}' at '{field}'"), constraint);
    }

    /// A text of its own.
    pub fn says(&mut self, text: &str) {
        if self.broken.len() < MAX_REPORTED {
            self.broken.push(text.to_owned());
        }
    }

    /// As [`breaks`](Self::breaks), where the service does not repeat the value.
    pub(crate) fn breaks_at(&mut self, field: &str, constraint: &str) {
        self.report(format_args!("Value at '{field}'"), constraint);
    }

    fn report(&mut self, what: std::fmt::Arguments<'_>, constraint: &str) {
        if self.broken.len() < MAX_REPORTED {
            self.broken.push(format!("{what} failed to satisfy constraint: {constraint}"));
        }
    }

    /// `value` must have so many characters.
    pub(crate) fn length(&mut self, value: &str, field: &str, at_least: usize, at_most: usize) {
        let characters = value.chars().count();
        if characters < at_least {
            self.breaks(value, field, &format!("Member must have length greater than or equal to {at_least}"));
        } else if characters > at_most {
            self.breaks(value, field, &format!("Member must have length less than or equal to {at_most}"));
        }
    }

    /// `value` must lie between two bounds.
    pub fn between(&mut self, value: i64, field: &str, at_least: i64, at_most: i64) {
        if value < at_least {
            self.breaks(value, field, &format!("Member must have value greater than or equal to {at_least}"));
        } else if value > at_most {
            self.breaks(value, field, &format!("Member must have value less than or equal to {at_most}"));
        }
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// [`Error::Validation`] that lists all that was found.
    pub fn finish(self) -> Result<()> {
        let plural = match self.broken.len() {
            0 => return Ok(()),
            1 => "",
            _ => "s",
        };
        let (count, broken) = (self.broken.len(), self.broken.join("; "));
        Err(Error::validation(format!("{count} validation error{plural} detected: {broken}")))
    }
}

/// The table's name in a `TableName` parameter, which may be an ARN. A malformed name hides all other errors.
///
/// # Errors
/// [`Error::Validation`]
pub fn table_name(parameter: &str) -> Result<&str> {
    checked_table_name(parameter, 1)
}

/// As [`table_name`], in the operations on tables, which know how long a table's name is at least.
///
/// # Errors
/// [`Error::Validation`]
pub fn named_table(parameter: &str) -> Result<&str> {
    checked_table_name(parameter, LEAST_NAME_CHARACTERS)
}

fn checked_table_name(parameter: &str, at_least: usize) -> Result<&str> {
    let name = in_parameter(parameter);
    let mut constraints = Constraints::default();
    named(&mut constraints, name, "tableName", at_least);
    constraints.finish()?;
    Ok(name)
}

/// The table's name in a parameter of another place than `tableName`.
pub(crate) fn table_name_at(constraints: &mut Constraints, parameter: &str, field: &str) {
    named(constraints, in_parameter(parameter), field, 1);
}

/// The name in a parameter that may be an ARN.
fn in_parameter(parameter: &str) -> &str {
    match parameter.strip_prefix("arn:") {
        Some(rest) => rest.split_once(":table/").map_or(parameter, |(_, name)| name.split('/').next().unwrap_or(name)),
        None => parameter,
    }
}

fn named(constraints: &mut Constraints, name: &str, field: &str, at_least: usize) {
    constraints.length(name, field, at_least, MAX_NAME_CHARACTERS);
    // The operations on items say of an empty name only that it is empty.
    if !is_name(name) && (at_least > 1 || !name.is_empty()) {
        constraints.breaks(name, field, NAME_PATTERN);
    }
}

/// An index's name as a parameter.
pub(crate) fn index_name(constraints: &mut Constraints, name: &str, field: &str) {
    named(constraints, name, field, LEAST_NAME_CHARACTERS);
}

/// Batches and transactions say in their own way that an attribute of an item has no name.
pub(crate) fn check_names_in_batch(item: &Item) -> Result<()> {
    if item.contains_key("") { Err(Error::validation("Empty attribute name")) } else { Ok(()) }
}

/// The name of a table to go on after as a parameter, of which the service looks at the letters first.
pub(crate) fn start_name(constraints: &mut Constraints, name: &str, field: &str) {
    if !is_name(name) {
        constraints.breaks(name, field, NAME_PATTERN);
    }
    constraints.length(name, field, LEAST_NAME_CHARACTERS, MAX_NAME_CHARACTERS);
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_name_may_be_an_arn() {
        let arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/orders";
        assert_eq!(table_name(arn).unwrap(), "orders");
        assert_eq!(table_name(&format!("{arn}/index/by-day")).unwrap(), "orders");
        assert_eq!(table_name("orders").unwrap(), "orders");
    }

    #[test]
    fn malformed_table_names_are_refused_with_the_services_text() {
        let message = |name: &str| table_name(name).unwrap_err().to_string();
        assert_eq!(
            message(""),
            "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: \
             Member must have length greater than or equal to 1"
        );
        assert_eq!(
            message("bad table!@#"),
            "1 validation error detected: Value 'bad table!@#' at 'tableName' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        );
        let long = "a".repeat(256);
        assert_eq!(
            message(&long),
            format!(
                "1 validation error detected: Value '{long}' at 'tableName' failed to satisfy constraint: \
                 Member must have length less than or equal to 255"
            )
        );
    }

    #[test]
    fn at_most_ten_broken_constraints_are_reported() {
        let mut constraints = Constraints::default();
        (0..50).for_each(|nth| constraints.is_null(&format!("tags.{nth}.member.key")));
        let message = constraints.finish().unwrap_err().to_string();
        assert!(message.starts_with("10 validation errors detected: ") && message.matches(';').count() == 9);
    }

    #[test]
    fn broken_constraints_are_reported_together() {
        let mut constraints = Constraints::default();
        constraints.between(0, "limit", 1, 100);
        constraints.between(7, "segment", 0, 5);
        assert_eq!(
            constraints.finish().unwrap_err().to_string(),
            "2 validation errors detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value \
             greater than or equal to 1; Value '7' at 'segment' failed to satisfy constraint: Member must have value \
             less than or equal to 5"
        );
    }
}
