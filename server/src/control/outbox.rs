//! What topics would have sent: mails, text messages and messages to apps.

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{Method, http::request::Parts};
use millpond::{
    Pond,
    pubsub::{AttributeValue, Captured, CapturedFilter, MessageAttribute, OutboxEntry, Protocol},
};
use serde_json::{Map, Value, json};

use super::{Answered, Refused, broken, not_allowed, refused};
use crate::aws::query::Parameters;

/// Messages that a page has unless told otherwise, and at most.
const MOST: usize = 1000;
const PARAMETERS: [&str; 4] = ["kind", "address", "after", "max"];

/// Which messages are asked for, and which page of them.
struct Asked {
    which: CapturedFilter,
    after: Option<millpond::engine::Position>,
    max: usize,
}

/// Gives a page of messages, or removes all that are asked for.
pub(super) fn answer(pond: &Pond, head: &Parts) -> Answered {
    let Asked { which, after, max } = asked(head.uri.query())?;
    let outbox = pond.topics().outbox();
    match head.method {
        Method::GET => {
            let page = outbox.list(&which, after, max).map_err(|error| broken(&error))?;
            let messages: Vec<Value> = page.entries.iter().map(message).collect();
            // As text: there are clients to whom so large a number is another one.
            Ok(json!({ "messages": messages, "next": page.next.map(|next| next.to_string()) }))
        }
        Method::DELETE => Ok(json!({ "removed": outbox.clear(&which).map_err(|error| broken(&error))? })),
        _ => Err(not_allowed("what was captured is shown by GET and removed by DELETE")),
    }
}

fn asked(query: Option<&str>) -> Result<Asked, Refused> {
    let given = Parameters::parse(query, b"").map_err(|failure| refused(failure.message().to_owned()))?;
    if let Some((other, _)) = given.iter().find(|(name, _)| !PARAMETERS.contains(name)) {
        return Err(refused(format!("there is no parameter {other:?}; there are {}", PARAMETERS.join(", "))));
    }
    let number = |name: &str| -> Result<Option<u64>, Refused> {
        let read = |text: &str| text.parse().map_err(|_| refused(format!("{name} is a number, and not {text:?}")));
        given.get(name).map(read).transpose()
    };
    let mut which = match given.get("kind") {
        None => CapturedFilter::all(),
        Some(name) => {
            let names = Protocol::ALL.map(Protocol::name).join(", ");
            let kind = Protocol::of_name(name);
            CapturedFilter::of(kind.ok_or_else(|| refused(format!("kind is one of {names}, and not {name:?}")))?)
        }
    };
    if let Some(address) = given.get("address") {
        // A plus that nobody has written as %2B is a space.
        let number = address.strip_prefix(' ').map(|digits| format!("+{digits}"));
        which = which.address(number.unwrap_or_else(|| address.to_owned()));
    }
    let max = number("max")?.map_or(MOST, |max| usize::try_from(max).unwrap_or(MOST).clamp(1, MOST));
    Ok(Asked { which, after: number("after")?.map(millpond::engine::Position::new), max })
}

fn message(entry: &OutboxEntry) -> Value {
    let Captured {
        kind,
        address,
        subject,
        body,
        attributes,
        details,
        topic_arn,
        subscription_arn,
        message_id,
        failure,
        ..
    } = &entry.message;
    let attributes: Map<String, Value> =
        attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    json!({
        "position": entry.position.to_string(),
        "captured_at_millis": entry.captured_at.as_millis(),
        "kind": kind.name(),
        "address": address,
        "subject": subject,
        "body": body,
        "attributes": attributes,
        "details": details,
        "topic_arn": topic_arn,
        "subscription_arn": subscription_arn,
        "message_id": message_id.map(|id| id.to_string()),
        "failure": failure,
    })
}

fn attribute(attribute: &MessageAttribute) -> Value {
    let value = match &attribute.value {
        AttributeValue::Text(text) => text.clone(),
        AttributeValue::Binary(bytes) => STANDARD.encode(bytes),
    };
    json!({ "type": attribute.data_type, "value": value })
}
