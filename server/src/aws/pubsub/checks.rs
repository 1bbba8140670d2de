//! What many operations look at in their members.

use std::collections::BTreeMap;

use super::failure::{null, validation};
use crate::aws::json::{Failure, List, Map, Word};

/// Refuses a request that lacks some of the members that its model wants, by all their names.
///
/// # Errors
/// `ValidationError`.
pub(super) fn need<const COUNT: usize>(members: [(&str, bool); COUNT]) -> Result<(), Failure> {
    let absent: Vec<_> = members.iter().filter(|(_, is_there)| !is_there).map(|(path, _)| null(path)).collect();
    refuse_any(&absent)
}

/// Refuses a request of which something was found.
///
/// # Errors
/// `ValidationError`.
pub(super) fn refuse_any(errors: &[String]) -> Result<(), Failure> {
    match errors {
        [] => Ok(()),
        errors => Err(validation(errors)),
    }
}

pub(super) fn text(member: Option<Word>) -> String {
    member.map(|word| word.0).unwrap_or_default()
}

pub(super) fn texts(member: Option<List<Word>>) -> Vec<String> {
    member.unwrap_or_default().0.into_iter().map(|word| word.0).collect()
}

pub(super) fn map(member: Option<Map<Word>>) -> BTreeMap<String, String> {
    member.unwrap_or_default().0.into_iter().map(|(name, value)| (name, value.0)).collect()
}
