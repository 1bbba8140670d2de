//! What names, tags and policies may be.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Error, Result,
    filter::{FilterPolicy, FilterScope, Forms},
};

const LONGEST_NAME: usize = 256;
const LONGEST_ARN: usize = 2048;
const MOST_SAID_BYTES: usize = 256;
/// The most tags of a topic.
pub(crate) const MOST_TAGS: usize = 50;
/// The most bytes of a policy document.
const MOST_POLICY_BYTES: usize = 30_720;

/// An error of an attribute, as it reads where the attribute came with others: when a topic or a subscription is made.
pub(crate) fn reason_attributes(error: Error) -> Error {
    match error {
        Error::InvalidParameter { message } => Error::parameter(format!("Attributes Reason: {message}")),
        other => other,
    }
}

/// The error of a value that an attribute cannot have.
pub(crate) fn invalid_value(name: &str, value: &str) -> Error {
    Error::parameter(format!("{name}: Invalid value [{}].", cut(value)))
}

/// As much of a value as is said again in an error.
pub(crate) fn cut(value: &str) -> &str {
    value.get(..value.floor_char_boundary(MOST_SAID_BYTES)).unwrap_or_default()
}

pub(crate) fn topic_name(name: &str, is_fifo: bool) -> Result<()> {
    let stem = if is_fifo { name.strip_suffix(".fifo") } else { Some(name) };
    let is_good = |stem: &str| {
        !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    match stem {
        Some(stem) if is_good(stem) && name.len() <= LONGEST_NAME => Ok(()),
        _ => Err(Error::parameter("Topic Name")),
    }
}

/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html>
pub(crate) fn tags(tags: &BTreeMap<String, String>) -> Result<()> {
    if tags.len() > MOST_TAGS {
        return Err(too_many_tags());
    }
    tags.iter().try_for_each(|(key, value)| tag(key, value))
}

pub(crate) fn too_many_tags() -> Error {
    Error::LimitExceeded {
        code: "TagLimitExceeded",
        message: "Could not complete request: tag quota of per resource exceeded".into(),
    }
}

fn tag(key: &str, value: &str) -> Result<()> {
    let length = key.chars().count();
    if !(1..=128).contains(&length) {
        return Err(Error::parameter("Tag keys must be between 1 and 128 characters long."));
    }
    if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        return Err(Error::parameter("Tag keys must not start with aws:"));
    }
    if value.chars().count() > 256 {
        return Err(Error::parameter("Tag values must be at most 256 characters long."));
    }
    let is_allowed = |character: char| character.is_alphanumeric() || " _.:/=+-@".contains(character);
    if !key.chars().chain(value.chars()).all(is_allowed) {
        return Err(Error::parameter("Tag keys and values may only have letters, digits, spaces and _.:/=+-@"));
    }
    Ok(())
}

pub(crate) fn data_protection_policy(text: &str) -> Result<()> {
    // An empty text takes the policy away.
    if text.is_empty() {
        return Ok(());
    }
    let refuse = |why: &str| Err(Error::parameter(format!("DataProtectionPolicy Reason: {why}")));
    let Some(policy) = object(text) else { return refuse("Policy document is not valid JSON") };
    let statements = policy.get("Statement").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut directions = statements.iter().filter_map(|statement| statement.get("DataDirection"));
    match directions.all(|direction| matches!(direction.as_str(), Some("Inbound" | "Outbound"))) {
        true => Ok(()),
        false => refuse("Statement DataDirection must be either Inbound or Outbound"),
    }
}

/// A JSON object, if the text is one of a length that policies may have.
pub(crate) fn object(text: &str) -> Option<serde_json::Map<String, Value>> {
    if text.len() > MOST_POLICY_BYTES {
        return None;
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// What the service says of a policy that is not JSON. The reader of filter policies knows where, and says it in the service's
/// words.
pub(crate) fn not_json(text: &str) -> String {
    const BEGINNING: &str = "failed to parse JSON.";
    let read = FilterPolicy::parse(text, FilterScope::MessageBody, Forms::All);
    let said = read.err().map(|error| error.message).filter(|said| said.starts_with(BEGINNING));
    said.unwrap_or_else(|| BEGINNING.into())
}

/// The parts of an ARN, from `arn` on: the sixth is all that is left.
pub(crate) fn arn(text: &str) -> Option<[&str; 6]> {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next();
    let parts = [next()?, next()?, next()?, next()?, next()?, next()?];
    (parts[0] == "arn" && !parts[5].is_empty()).then_some(parts)
}

/// Whether it is the ARN of a role.
pub(crate) fn is_role(text: &str) -> bool {
    text.len() <= LONGEST_ARN && arn(text).is_some_and(|arn| arn[2] == "iam" && arn[5].starts_with("role/"))
}

/// `true` or `false`, however they are written.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match () {
        () if text.eq_ignore_ascii_case("true") => Some(true),
        () if text.eq_ignore_ascii_case("false") => Some(false),
        () => None,
    }
}
