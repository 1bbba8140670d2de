//! Publishing a message: to a topic, to the endpoint of a device, or to a phone number.

use std::collections::BTreeMap;

use millpond::pubsub::{Body, PublishMessage, Published};
use serde::Serialize;
use serde_json::Value;

use super::{
    Answered, arn, checks,
    failure::{invalid, missing, reason},
    message_attributes::{self, Given},
};
use crate::aws::{
    Call,
    json::{Failure, Map, Word, members},
};

const MAX_TRACE_BYTES: usize = 4096;

members! {
    Request {
        topic_arn: Word = "TopicArn",
        target_arn: Word = "TargetArn",
        phone_number: Word = "PhoneNumber",
        message: Word = "Message",
        subject: Word = "Subject",
        message_structure: Word = "MessageStructure",
        message_attributes: Map<Given> = "MessageAttributes",
        message_deduplication_id: Word = "MessageDeduplicationId",
        message_group_id: Word = "MessageGroupId",
    }
}

/// What is told of a message that was published.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

impl From<Published> for Output {
    fn from(published: Published) -> Output {
        Output {
            message_id: published.message_id.to_string(),
            sequence_number: published.sequence_number.map(|number| number.to_string()),
        }
    }
}

/// Where a message is published to.
enum Destination {
    Topic(String),
    Endpoint(String),
    Phone(String),
}

pub(super) fn publish(call: &Call<'_>) -> Answered {
    let given: Request = call.read()?;
    checks::need([("message", given.message.is_some())])?;
    let destination = destination(given.topic_arn, given.target_arn, given.phone_number)?;
    let message = PublishMessage {
        body: body(
            checks::text(given.message),
            given.message_structure.as_ref(),
            matches!(destination, Destination::Endpoint(_)),
        )?,
        subject: given.subject.map(|subject| subject.0),
        attributes: message_attributes::read(given.message_attributes, "")?,
        group_id: given.message_group_id.map(|id| id.0),
        deduplication_id: given.message_deduplication_id.map(|id| id.0),
        trace_header: trace_header(call),
    };
    let topics = call.pond.topics();
    let sent = |message_id: millpond::pubsub::MessageId| Published { message_id, sequence_number: None };
    let published = match destination {
        Destination::Topic(name) => topics.get(&name)?.publish(message)?,
        Destination::Endpoint(arn) => sent(topics.publish_to_endpoint(&arn, message)?),
        Destination::Phone(number) => sent(topics.publish_to_phone(&number, message)?),
    };
    call.write(&Output::from(published))
}

/// The trace that a request belongs to. It goes with the message, if queues can have it.
pub(super) fn trace_header(call: &Call<'_>) -> Option<String> {
    let is_good = |header: &&str| (1..=MAX_TRACE_BYTES).contains(&header.len()) && !header.contains(char::is_control);
    let header = call.header("x-amzn-trace-id").filter(is_good);
    header.map(str::to_owned)
}

fn destination(
    topic_arn: Option<Word>,
    target_arn: Option<Word>,
    phone_number: Option<Word>,
) -> Result<Destination, Failure> {
    match (topic_arn, target_arn, phone_number) {
        (None, None, None) => Err(missing("TopicArn or TargetArn")),
        (topic @ Some(_), None, None) => Ok(Destination::Topic(arn::topic(topic, "TopicArn")?)),
        (None, Some(Word(target)), None) => match arn::resource(&target, "TargetArn")? {
            resource if resource.contains('/') => Ok(Destination::Endpoint(target)),
            _ => Ok(Destination::Topic(arn::topic(Some(Word(target)), "TargetArn")?)),
        },
        (None, None, Some(number)) => Ok(Destination::Phone(number.0)),
        _ => Err(reason("TopicArn", "Only one of TopicArn, TargetArn and PhoneNumber may be given")),
    }
}

/// The text of a message, or one for each protocol.
///
/// # Errors
/// `InvalidParameter`.
pub(super) fn body(message: String, structure: Option<&Word>, is_for_endpoint: bool) -> Result<Body, Failure> {
    match structure.map(|structure| structure.0.as_str()) {
        None => Ok(Body::Text(message)),
        Some(_) if message.is_empty() => Err(invalid("Empty message")),
        Some("json") if is_for_endpoint => texts(&message),
        Some("json") => Ok(Body::structured(&message)?),
        Some(_) => Err(reason("MessageStructure", "Must be json")),
    }
}

/// Texts by platform: only a topic needs one for all others.
fn texts(json: &str) -> Result<Body, Failure> {
    let failed = |_| invalid("Message Structure - JSON message body failed to parse");
    let members: BTreeMap<String, Value> = serde_json::from_str(json).map_err(failed)?;
    let text = |(name, value)| match value {
        Value::String(text) => Some((name, text)),
        _ => None,
    };
    Ok(Body::Structured(members.into_iter().filter_map(text).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(resource: &str) -> Option<Word> {
        Some(Word(format!("arn:aws:sns:us-east-1:000000000000:{resource}")))
    }

    fn said(topic: Option<Word>, target: Option<Word>, phone: Option<&str>) -> String {
        match destination(topic, target, phone.map(|phone| Word(phone.to_owned()))) {
            Ok(Destination::Topic(name)) => format!("topic {name}"),
            Ok(Destination::Endpoint(arn)) => format!("endpoint {arn}"),
            Ok(Destination::Phone(number)) => format!("phone {number}"),
            Err(failure) => failure.message().to_owned(),
        }
    }

    #[test]
    fn a_message_has_one_destination() {
        assert_eq!(said(arn("orders"), None, None), "topic orders");
        assert_eq!(said(None, arn("orders"), None), "topic orders");
        let endpoint = "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/app/1";
        assert_eq!(said(None, arn("endpoint/GCM/app/1"), None), format!("endpoint {endpoint}"));
        assert_eq!(said(None, None, Some("+4912345")), "phone +4912345");
        assert_eq!(
            said(None, None, None),
            "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
        );
        for (target, phone) in [(arn("a"), None), (None, Some("+1")), (arn("a"), Some("+1"))] {
            assert!(said(arn("a"), target, phone).contains("Only one of"));
        }
    }

    #[test]
    fn a_structured_message_has_texts_by_protocol() {
        let read = |json: &str, is_for_endpoint| {
            let body = body(json.to_owned(), Some(&Word("json".to_owned())), is_for_endpoint);
            body.map_err(|failure| failure.message().to_owned())
        };
        let texts = |texts: &[(&str, &str)]| {
            Ok(Body::Structured(texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()))
        };
        assert_eq!(read(r#"{"default":"a","sqs":"b","n":1}"#, false), texts(&[("default", "a"), ("sqs", "b")]));
        assert_eq!(read(r#"{"GCM":"a"}"#, true), texts(&[("GCM", "a")]));
        let no_default = "Invalid parameter: Message Structure - No default entry in JSON message body";
        assert_eq!(read(r#"{"GCM":"a"}"#, false), Err(no_default.to_owned()));
        for is_for_endpoint in [false, true] {
            for bad in ["[]", "{", "x"] {
                let failed = "Invalid parameter: Message Structure - JSON message body failed to parse";
                assert_eq!(read(bad, is_for_endpoint), Err(failed.to_owned()), "{bad}");
            }
            assert_eq!(read("", is_for_endpoint), Err("Invalid parameter: Empty message".to_owned()));
        }
        assert!(body("a".to_owned(), Some(&Word("xml".to_owned())), false).is_err());
    }
}
