//! What many operations look at in their members.

use std::{ops::RangeInclusive, time::Duration};

use super::failure::{invalid, missing};
use crate::aws::json::{Failure, Integer, List, Word};

/// A member that has to be there, and not empty.
///
/// # Errors
/// `MissingRequiredParameterException`.
pub(super) fn required(member: Option<Word>, parameter: &str) -> Result<String, Failure> {
    text(member).filter(|text| !text.is_empty()).ok_or_else(|| missing(parameter))
}

pub(super) fn text(member: Option<Word>) -> Option<String> {
    member.map(|word| word.0)
}

pub(super) fn texts(member: Option<List<Word>>) -> Vec<String> {
    member.unwrap_or_default().0.into_iter().map(|word| word.0).collect()
}

/// A number of seconds; what is out of range gets the failure that `refused` makes of it.
///
/// # Errors
/// What `refused` gives.
pub(super) fn seconds(
    member: Option<Integer>,
    allowed: RangeInclusive<i64>,
    refused: impl FnOnce(i64) -> Failure,
) -> Result<Option<Duration>, Failure> {
    let Some(Integer(seconds)) = member else { return Ok(None) };
    match u64::try_from(seconds) {
        Ok(seconds_given) if allowed.contains(&seconds) => Ok(Some(Duration::from_secs(seconds_given))),
        _ => Err(refused(seconds)),
    }
}

/// How many results a page has at most, where that is said.
///
/// # Errors
/// `InvalidParameterValueException`.
pub(super) fn max_results(member: Option<Integer>, most: usize, reason: &str) -> Result<Option<usize>, Failure> {
    let Some(Integer(given)) = member else { return Ok(None) };
    let given = usize::try_from(given).ok().filter(|given| (1..=most).contains(given));
    let refused = || invalid(format!("Value for parameter MaxResults is invalid. Reason: {reason}"));
    given.map(Some).ok_or_else(refused)
}
