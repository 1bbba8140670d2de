use std::{collections::BTreeMap, time::Duration};

use millpond::queue::{self, Message, Queue, Receive};
use serde::Serialize;

use super::{
    Answered, address, attributes, checks,
    failure::{invalid_value, unknown_attribute},
    finish,
    message_attributes::{Shown, Wanted, md5_of_attributes, md5_of_body},
};
use crate::aws::{
    Call, Later, Reply,
    json::{Failure, Integer, List, Word, members},
    query::{self, Dialect},
};

/// The sender of all messages: who sends is not known, as signatures are not verified. An id as IAM gives it to a user.
const SENDER_ID: &str = "AIDAMILLPONDQUEUES234";
const MAX_MESSAGES: usize = 10;

/// What is told of a message besides its body.
const SYSTEM_ATTRIBUTES: [&str; 9] = [
    "AWSTraceHeader",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
];

members! {
    Request {
        queue_url: Word = "QueueUrl",
        attribute_names: List<Word> = "AttributeNames",
        message_system_attribute_names: List<Word> = "MessageSystemAttributeNames",
        message_attribute_names: List<Word> = "MessageAttributeNames",
        max_number_of_messages: Integer = "MaxNumberOfMessages",
        visibility_timeout: Integer = "VisibilityTimeout",
        wait_time_seconds: Integer = "WaitTimeSeconds",
        receive_request_attempt_id: Word = "ReceiveRequestAttemptId",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<ShownMessage<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownMessage<'a> {
    message_id: String,
    receipt_handle: String,
    #[serde(rename = "MD5OfBody")]
    md5_of_body: String,
    body: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<&'a str, Shown<'a>>,
}

/// How messages are to be shown.
struct View {
    dialect: Option<Dialect>,
    region: String,
    system_attributes: Vec<&'static str>,
    attributes: Wanted,
}

/// Answers at once, or has the request wait for a message without holding a thread.
pub(super) fn answer(call: &Call<'_>) -> Reply {
    let dialect = call.dialect();
    let (queue, receive, view) = match read(call) {
        Ok(read) => read,
        Err(refused) => return finish(dialect, Err(refused)).into(),
    };
    if receive.wait == Some(Duration::ZERO) {
        return finish(dialect, view.show(queue.receive_with(&receive))).into();
    }
    let otherwise = finish(dialect, view.show(Ok(Vec::new())));
    let answer = async move { finish(dialect, view.show(queue.receive_with_async(&receive).await)) };
    Reply::Later(Later { answer: Box::pin(answer), otherwise })
}

fn read(call: &Call<'_>) -> Result<(Queue, Receive, View), Failure> {
    let given: Request = call.read()?;
    let queue = address::queue(call, given.queue_url)?;
    let count = given.max_number_of_messages.map_or(1, |count| count.0);
    let max_messages = usize::try_from(count).ok().filter(|count| (1..=MAX_MESSAGES).contains(count));
    let max_messages = max_messages
        .ok_or_else(|| invalid_value(count, "MaxNumberOfMessages", "Must be between 1 and 10, if provided."))?;
    let wait = checks::seconds(given.wait_time_seconds, 0..=20, |seconds| {
        invalid_value(seconds, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
    })?;
    let visibility_timeout = checks::seconds(given.visibility_timeout, 0..=43_200, |seconds| {
        invalid_value(seconds, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")
    })?;
    let system_attributes = system_attributes(
        call,
        &checks::texts(given.attribute_names),
        &checks::texts(given.message_system_attribute_names),
    )?;
    let view = View {
        dialect: call.dialect(),
        region: call.region.to_owned(),
        system_attributes,
        attributes: Wanted::new(checks::texts(given.message_attribute_names)),
    };
    let attempt_id = checks::text(given.receive_request_attempt_id);
    Ok((queue, Receive { max_messages, wait, visibility_timeout, attempt_id }, view))
}

/// The system attributes that are asked for, by their older and by their newer member.
fn system_attributes(call: &Call<'_>, older: &[String], newer: &[String]) -> Result<Vec<&'static str>, Failure> {
    // In the Query protocol the older member alone counts where there are both.
    let newer = if call.dialect().is_some() && !older.is_empty() { &[] } else { newer };
    let mut asked = Vec::new();
    for name in older.iter().chain(newer) {
        match SYSTEM_ATTRIBUTES.iter().find(|known| *known == name) {
            Some(known) => asked.push(*known),
            // Some clients write it in capitals.
            None if name.eq_ignore_ascii_case("All") => asked.extend(SYSTEM_ATTRIBUTES),
            // The older member was that of queues too, and messages have none of theirs.
            None if attributes::asked(std::slice::from_ref(name)).is_ok() => {}
            None => return Err(unknown_attribute(name)),
        }
    }
    Ok(asked)
}

impl View {
    fn show(&self, received: queue::Result<Vec<Message>>) -> Answered {
        let received = received?;
        query::write(self.dialect, &Output { messages: received.iter().map(|message| self.message(message)).collect() })
    }

    fn message<'a>(&self, message: &'a Message) -> ShownMessage<'a> {
        let attributes = || message.attributes().iter().filter(|(name, _)| self.attributes.has(name));
        let system =
            self.system_attributes.iter().filter_map(|name| Some((*name, self.system_attribute(message, name)?)));
        ShownMessage {
            message_id: message.id().to_string(),
            receipt_handle: message.receipt_handle().to_string(),
            md5_of_body: md5_of_body(message.body()),
            body: message.body(),
            attributes: system.collect(),
            md5_of_message_attributes: md5_of_attributes(attributes()),
            message_attributes: attributes().map(|(name, attribute)| (name.as_str(), attribute.into())).collect(),
        }
    }

    fn system_attribute(&self, message: &Message, name: &str) -> Option<String> {
        match name {
            "AWSTraceHeader" => message.trace_header().map(str::to_owned),
            "ApproximateFirstReceiveTimestamp" => Some(message.first_received().as_millis().to_string()),
            "ApproximateReceiveCount" => Some(message.receive_count().to_string()),
            "DeadLetterQueueSourceArn" => message.dead_letter_source().map(|name| address::arn(&self.region, name)),
            "MessageDeduplicationId" => message.deduplication_id().map(str::to_owned),
            "MessageGroupId" => message.group_id().map(str::to_owned),
            "SenderId" => Some(SENDER_ID.to_owned()),
            "SentTimestamp" => Some(message.sent().as_millis().to_string()),
            "SequenceNumber" => message.sequence_number().map(|number| number.to_string()),
            _ => None,
        }
    }
}
