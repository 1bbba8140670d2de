//! What the service's model says of single members, in its framework's words.

use super::failure::validation;
use crate::aws::json::{Failure, Integer};

/// Looks at one member after the other, and tells of all that are wrong.
#[derive(Default)]
pub(super) struct Constraints(Vec<String>);

impl Constraints {
    pub(super) fn wrong(&mut self, value: Option<&str>, path: &str, constraint: &str) {
        // What is sensitive is not shown again.
        let value = value.map_or_else(String::new, |value| format!("'{value}' "));
        self.0.push(format!("Value {value}at '{path}' failed to satisfy constraint: {constraint}"));
    }

    /// What was found, if anything was.
    ///
    /// # Errors
    /// `ValidationError`.
    pub(super) fn done(self) -> Result<(), Failure> {
        match &self.0[..] {
            [] => Ok(()),
            errors => Err(validation(errors)),
        }
    }
}

/// How many entries a page has: what is asked for, or the most.
///
/// # Errors
/// `ValidationError`.
pub(super) fn max_results(given: Option<Integer>, most: usize) -> Result<usize, Failure> {
    let Some(Integer(given)) = given else { return Ok(most) };
    let mut constraints = Constraints::default();
    let shown = given.to_string();
    let found = usize::try_from(given).unwrap_or(0);
    if found < 1 {
        constraints.wrong(Some(&shown), "maxResults", "Member must have value greater than or equal to 1");
    } else if found > most {
        let text = format!("Member must have value less than or equal to {most}");
        constraints.wrong(Some(&shown), "maxResults", &text);
    }
    constraints.done()?;
    Ok(found)
}
