//! The tags of topics.

use std::collections::BTreeMap;

use millpond::pubsub::{Error, Topic};
use serde::Serialize;

use super::{
    Answered, arn, checks,
    failure::{failure, invalid, null},
};
use crate::aws::{
    Call,
    json::{Failure, List, Word, members},
};

const MAX_KEY_CHARACTERS: usize = 128;
const MAX_VALUE_CHARACTERS: usize = 256;

members! {
    Tag { key: Word = "Key", value: Word = "Value" }
}
members! {
    TagRequest { resource_arn: Word = "ResourceArn", tags: List<Tag> = "Tags" }
}
members! {
    UntagRequest { resource_arn: Word = "ResourceArn", tag_keys: List<Word> = "TagKeys" }
}
members! {
    ListRequest { resource_arn: Word = "ResourceArn" }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    tags: Vec<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    key: String,
    value: String,
}

#[derive(Serialize)]
struct Nothing {}

pub(super) fn tag_resource(call: &Call<'_>) -> Answered {
    let given: TagRequest = call.read()?;
    checks::need([("resourceArn", given.resource_arn.is_some()), ("tags", given.tags.is_some())])?;
    let tags = read(given.tags)?;
    topic(call, given.resource_arn)?.tag(&tags)?;
    call.write(&Nothing {})
}

pub(super) fn untag_resource(call: &Call<'_>) -> Answered {
    let given: UntagRequest = call.read()?;
    checks::need([("resourceArn", given.resource_arn.is_some()), ("tagKeys", given.tag_keys.is_some())])?;
    topic(call, given.resource_arn)?.untag(&checks::texts(given.tag_keys))?;
    call.write(&Nothing {})
}

pub(super) fn list_tags_for_resource(call: &Call<'_>) -> Answered {
    let given: ListRequest = call.read()?;
    checks::need([("resourceArn", given.resource_arn.is_some())])?;
    let tags = topic(call, given.resource_arn)?.tags()?;
    call.write(&Listed { tags: tags.into_iter().map(|(key, value)| Shown { key, value }).collect() })
}

/// The topic that has the tags. One that is not there is another error here than elsewhere.
fn topic(call: &Call<'_>, given: Option<Word>) -> Result<Topic, Failure> {
    let found = call.pond.topics().get(&arn::topic(given, "ResourceArn")?);
    found.map_err(|error| match error {
        Error::NotFound { .. } => failure("ResourceNotFound", "Resource does not exist"),
        error => error.into(),
    })
}

/// Tags by their keys.
///
/// # Errors
/// `ValidationError`, and `InvalidParameter` for a key that is there twice.
pub(super) fn read(given: Option<List<Tag>>) -> Result<BTreeMap<String, String>, Failure> {
    let given = given.unwrap_or_default().0;
    let errors: Vec<_> = (1..).zip(&given).flat_map(|(nth, tag)| wrong(nth, tag)).collect();
    checks::refuse_any(&errors)?;
    let mut tags = BTreeMap::new();
    for tag in given {
        if tags.insert(checks::text(tag.key), checks::text(tag.value)).is_some() {
            return Err(invalid("Duplicated keys are not allowed."));
        }
    }
    Ok(tags)
}

/// What the service's framework finds wrong with the nth tag.
fn wrong(nth: usize, tag: &Tag) -> Vec<String> {
    let key = length(tag.key.as_ref(), &format!("tags.{nth}.member.key"), 1, MAX_KEY_CHARACTERS);
    let value = length(tag.value.as_ref(), &format!("tags.{nth}.member.value"), 0, MAX_VALUE_CHARACTERS);
    key.into_iter().chain(value).collect()
}

fn length(given: Option<&Word>, path: &str, least: usize, most: usize) -> Option<String> {
    let Some(Word(text)) = given else { return Some(null(path)) };
    let (bound, limit) = match text.chars().count() {
        count if count < least => ("greater", least),
        count if count > most => ("less", most),
        _ => return None,
    };
    let constraint = format!("Member must have length {bound} than or equal to {limit}");
    Some(format!("Value '{text}' at '{path}' failed to satisfy constraint: {constraint}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(tags: Value) -> String {
        let tags: List<Tag> = serde_json::from_value(tags).unwrap();
        read(Some(tags)).map_or_else(|failure| failure.message().to_owned(), |tags| format!("{tags:?}"))
    }

    #[test]
    fn tags_are_read_by_their_keys() {
        let given = json!([{ "Key": "b", "Value": "" }, { "Key": "a", "Value": "1" }]);
        assert_eq!(said(given), r#"{"a": "1", "b": ""}"#);
        let twice = json!([{ "Key": "a", "Value": "1" }, { "Key": "a", "Value": "2" }]);
        assert_eq!(said(twice), "Invalid parameter: Duplicated keys are not allowed.");
    }

    #[test]
    fn tags_are_of_the_models_lengths() {
        assert_eq!(
            said(json!([{ "Value": "1" }, { "Key": "", "Value": "x".repeat(257) }])),
            format!(
                "3 validation errors detected: Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not \
                 be null; Value '' at 'tags.2.member.key' failed to satisfy constraint: Member must have length greater than or \
                 equal to 1; Value '{}' at 'tags.2.member.value' failed to satisfy constraint: Member must have length less than \
                 or equal to 256",
                "x".repeat(257)
            )
        );
    }
}
