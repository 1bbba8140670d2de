//! What the batches have in common: checks of the whole request, then entries that succeed or fail each on its own.

use std::collections::HashSet;

use hyper::StatusCode;
use millpond::queue;
use serde::Serialize;

use super::failure::{self, failure, missing};
use crate::aws::{
    Call,
    json::{Failure, List},
};

const MAX_ENTRIES: usize = 10;
const MAX_ID_CHARACTERS: usize = 80;

/// The entries of a request, if it is a batch that can be looked at one by one. `kind` is what the service calls an entry.
///
/// # Errors
/// `MissingRequiredParameterException`, `EmptyBatchRequest`, `TooManyEntriesInBatchRequest`.
pub(super) fn entries<T>(call: &Call<'_>, given: Option<List<T>>, kind: &str) -> Result<Vec<T>, Failure> {
    // A form cannot tell a list that is empty from one that is not there.
    let list = given.or_else(|| call.dialect().map(|_| List::default()));
    let entries = list.ok_or_else(|| missing("Entries"))?.0;
    if entries.is_empty() {
        return Err(failure("EmptyBatchRequest", format!("There should be at least one {kind} in the request.")));
    }
    if entries.len() > MAX_ENTRIES {
        let (limit, entries) = (MAX_ENTRIES, entries.len());
        return Err(queue::Error::TooManyEntriesInBatchRequest { entries, limit }.into());
    }
    Ok(entries)
}

/// The ids of the entries.
///
/// # Errors
/// `MissingRequiredParameterException`, `InvalidBatchEntryId`, `BatchEntryIdsNotDistinct`.
pub(super) fn ids(given: impl Iterator<Item = Option<String>>, kind: &str) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    for (nth, id) in (1..).zip(given) {
        let id = id.ok_or_else(|| missing(&format!("{kind}.{nth}.Id")))?;
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=MAX_ID_CHARACTERS).contains(&id.len()) || !id.bytes().all(is_allowed) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
            return Err(failure("InvalidBatchEntryId", message));
        }
        ids.push(id);
    }
    let mut seen = HashSet::new();
    match ids.iter().find(|id| !seen.insert(id.as_str())) {
        Some(id) => Err(failure("BatchEntryIdsNotDistinct", format!("Id {id} repeated."))),
        None => Ok(ids),
    }
}

/// Does what can be read of the entries, in one call, and says of each what became of it.
///
/// # Errors
/// Those of the call as a whole.
pub(super) fn run<I, O>(
    entries: Vec<Result<I, Failure>>,
    call: impl FnOnce(Vec<I>) -> queue::Result<Vec<queue::Result<O>>>,
) -> Result<Vec<Result<O, Failure>>, Failure> {
    let mut inputs = Vec::new();
    let mut refused = Vec::new();
    for entry in entries {
        match entry {
            Ok(input) => {
                inputs.push(input);
                refused.push(None);
            }
            Err(failure) => refused.push(Some(failure)),
        }
    }
    let mut done = if inputs.is_empty() { Vec::new() } else { call(inputs)? }.into_iter();
    let outcome = |refused: Option<Failure>| match refused {
        Some(failure) => Some(Err(failure)),
        None => done.next().map(|done| done.map_err(Failure::from)),
    };
    Ok(refused.into_iter().filter_map(outcome).collect())
}

/// What became of the entries; a list that is empty is not there.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output<T> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successful: Vec<Succeeded<T>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failed>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Succeeded<T> {
    id: String,
    #[serde(flatten)]
    output: T,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    id: String,
    code: &'static str,
    message: String,
    sender_fault: bool,
}

impl<T> Output<T> {
    pub(super) fn new(outcomes: impl Iterator<Item = (String, Result<T, Failure>)>) -> Output<T> {
        let mut output = Output { successful: Vec::new(), failed: Vec::new() };
        for (id, outcome) in outcomes {
            match outcome {
                Ok(answer) => output.successful.push(Succeeded { id, output: answer }),
                Err(failure) => output.failed.push(Failed {
                    id,
                    code: failure::code(&failure),
                    message: failure.message().to_owned(),
                    sender_fault: failure.status() != StatusCode::INTERNAL_SERVER_ERROR,
                }),
            }
        }
        output
    }
}

/// Nothing is told of an entry that succeeded but its id.
#[derive(Serialize)]
pub(super) struct Nothing {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::queue::failure::invalid;

    fn read_ids(given: &[&str]) -> Result<usize, &'static str> {
        let given = given.iter().map(|id| Some((*id).to_owned()));
        ids(given, "Entry").map(|ids| ids.len()).map_err(|failure| failure.code())
    }

    #[test]
    fn ids_are_short_words_that_differ() {
        assert_eq!(read_ids(&["a", "B-_9", &"x".repeat(80)]), Ok(3));
        for id in ["", "a b", "ä", "a.b", &"x".repeat(81)] {
            assert_eq!(read_ids(&["a", id]), Err("InvalidBatchEntryId"));
        }
        assert_eq!(read_ids(&["a", "b", "a"]), Err("BatchEntryIdsNotDistinct"));
        let missing = ids([Some("a".to_owned()), None].into_iter(), "Entry").unwrap_err();
        assert_eq!(missing.message(), "The request must contain the parameter Entry.2.Id.");
    }

    #[test]
    fn outcomes_stand_in_the_order_of_the_entries() {
        let entries = vec![Ok(1), Err(invalid("x")), Ok(2)];
        let outcomes = run(entries, |inputs| {
            assert_eq!(inputs, [1, 2]);
            Ok(vec![Ok("one"), Err(queue::Error::MessageNotInflight)])
        });
        let outcomes: Vec<_> =
            outcomes.unwrap().into_iter().map(|outcome| outcome.map_err(|failure| failure.code())).collect();
        assert_eq!(outcomes, [Ok("one"), Err("InvalidParameterValueException"), Err("MessageNotInflight")]);
    }
}
