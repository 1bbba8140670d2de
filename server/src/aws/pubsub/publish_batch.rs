//! Publishing several messages at once: all of them, or none.

use std::collections::HashSet;

use millpond::pubsub::{PublishMessage, Published};
use serde::Serialize;

use super::{
    Answered, arn, checks,
    failure::{failure, null},
    message_attributes::{self, Given},
    publish::{self, Output},
};
use crate::aws::{
    Call,
    json::{Failure, List, Map, Word, members},
};

const MAX_ENTRIES: usize = 10;
const MAX_ID_CHARACTERS: usize = 80;

members! {
    Request { topic_arn: Word = "TopicArn", entries: List<Entry> = "PublishBatchRequestEntries" }
}
members! {
    Entry {
        id: Word = "Id",
        message: Word = "Message",
        subject: Word = "Subject",
        message_structure: Word = "MessageStructure",
        message_attributes: Map<Given> = "MessageAttributes",
        message_deduplication_id: Word = "MessageDeduplicationId",
        message_group_id: Word = "MessageGroupId",
    }
}

/// What became of the entries. What is wrong with one is wrong with the request, so none fails alone.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Outcomes {
    successful: Vec<Succeeded>,
    failed: [(); 0],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Succeeded {
    id: String,
    #[serde(flatten)]
    output: Output,
}

pub(super) fn publish_batch(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    checks::need([("publishBatchRequestEntries", given.entries.is_some())])?;
    let mut entries = given.entries.unwrap_or_default().0;
    check_members(&entries)?;
    check_count(entries.len())?;
    let topic = arn::find_topic(call, given.topic_arn, "TopicArn")?;
    let ids: Vec<String> = entries.iter_mut().map(|entry| checks::text(entry.id.take())).collect();
    check_ids(&ids)?;
    let messages = (1..).zip(entries).map(|(nth, entry)| message(nth, entry)).collect::<Result<Vec<_>, _>>()?;
    let trace_header = publish::trace_header(call);
    let traced = messages.into_iter().map(|message| PublishMessage { trace_header: trace_header.clone(), ..message });
    let published = topic.publish_all(traced)?;
    let succeeded = |(id, published): (String, Published)| Succeeded { id, output: published.into() };
    call.write(&Outcomes { successful: ids.into_iter().zip(published).map(succeeded).collect(), failed: [] })
}

fn message(nth: usize, entry: Entry) -> Result<PublishMessage, Failure> {
    let path = format!("publishBatchRequestEntries.{nth}.member.");
    Ok(PublishMessage {
        attributes: message_attributes::read(entry.message_attributes, &path)?,
        body: publish::body(checks::text(entry.message), entry.message_structure.as_ref(), false)?,
        subject: entry.subject.map(|subject| subject.0),
        group_id: entry.message_group_id.map(|id| id.0),
        deduplication_id: entry.message_deduplication_id.map(|id| id.0),
        trace_header: None,
    })
}

fn check_members(entries: &[Entry]) -> Result<(), Failure> {
    let absent = |(nth, entry): (usize, &Entry)| {
        let members = [("id", entry.id.is_none()), ("message", entry.message.is_none())];
        let absent = members.into_iter().filter(|(_, is_absent)| *is_absent);
        absent.map(move |(name, _)| null(&format!("publishBatchRequestEntries.{nth}.member.{name}")))
    };
    let errors: Vec<_> = (1..).zip(entries).flat_map(absent).collect();
    checks::refuse_any(&errors)
}

fn check_count(entries: usize) -> Result<(), Failure> {
    match entries {
        0 => Err(failure("EmptyBatchRequest", "The batch request doesn't contain any entries.")),
        1..=MAX_ENTRIES => Ok(()),
        _ => {
            let message = "The batch request contains more entries than permissible.";
            Err(failure("TooManyEntriesInBatchRequest", message))
        }
    }
}

fn check_ids(ids: &[String]) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    if !ids.iter().all(|id| seen.insert(id)) {
        let message = "Two or more batch entries in the request have the same Id.";
        return Err(failure("BatchEntryIdsNotDistinct", message));
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let wrong = ids.iter().find_map(|id| match id.len() {
        1..=MAX_ID_CHARACTERS if id.bytes().all(is_allowed) => None,
        0..=MAX_ID_CHARACTERS => Some(format!("contains an impermissible character: {id}")),
        _ => Some(format!("is too long: {id}")),
    });
    match wrong {
        Some(wrong) => {
            let message = format!("The Id of a batch entry in the batch request {wrong}");
            Err(failure("InvalidBatchEntryId", message))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn ids_are_short_words_that_differ() {
        let said = |ids: &[&str]| {
            let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
            check_ids(&ids).map_err(|failure| failure.code())
        };
        assert_eq!(said(&["a", "B-_9", &"x".repeat(80)]), Ok(()));
        for id in ["", "a b", "ä", "a.b", &"x".repeat(81)] {
            assert_eq!(said(&["a", id]), Err("InvalidBatchEntryId"), "{id}");
        }
        assert_eq!(said(&["a", "b", "a"]), Err("BatchEntryIdsNotDistinct"));
    }

    #[test]
    fn a_batch_has_one_to_ten_entries() {
        let said = |count| check_count(count).map_err(|failure| failure.code());
        assert_eq!((said(0), said(11)), (Err("EmptyBatchRequest"), Err("TooManyEntriesInBatchRequest")));
        assert_eq!((said(1), said(10)), (Ok(()), Ok(())));
    }

    #[test]
    fn what_an_entry_lacks_is_said_with_its_place() {
        let entries = |json: Value| serde_json::from_value::<List<Entry>>(json).unwrap().0;
        let refused = check_members(&entries(json!([{ "Id": "a", "Message": "m" }, { "Id": "b" }]))).unwrap_err();
        assert_eq!(
            refused.message(),
            "1 validation error detected: Value null at 'publishBatchRequestEntries.2.member.message' failed to satisfy \
             constraint: Member must not be null"
        );
        let attribute = json!([{ "Id": "a", "Message": "m", "MessageAttributes": { "x": { "StringValue": "v" } } }]);
        let refused = message(1, entries(attribute).remove(0)).unwrap_err();
        assert_eq!(
            refused.message(),
            "1 validation error detected: Value null at 'publishBatchRequestEntries.1.member.messageAttributes.x.member.dataType' \
             failed to satisfy constraint: Member must not be null"
        );
    }
}
