use millpond::queue::{SendMessage, Sent};
use serde::Serialize;

use super::{
    Answered, address, checks,
    failure::{invalid_value, missing},
    message_attributes::{self, Given, md5_of_attributes, md5_of_body, md5_of_trace_header},
};
use crate::aws::{
    Call,
    json::{Failure, Integer, Map, Word, members},
};

/// What X-Ray names a request by; a message takes it along.
const TRACE_ID: &str = "x-amzn-trace-id";

members! {
    /// The request of SendMessage, which names a queue, and an entry of SendMessageBatch, which has an id.
    Request {
        queue_url: Word = "QueueUrl",
        id: Word = "Id",
        message_body: Word = "MessageBody",
        delay_seconds: Integer = "DelaySeconds",
        message_attributes: Map<Given> = "MessageAttributes",
        message_system_attributes: Map<Given> = "MessageSystemAttributes",
        message_deduplication_id: Word = "MessageDeduplicationId",
        message_group_id: Word = "MessageGroupId",
    }
}

/// What is told of a message that was sent.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    message_id: String,
    #[serde(flatten)]
    checksums: Checksums,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

impl Output {
    pub(super) fn new(sent: &Sent, checksums: Checksums) -> Output {
        let sequence_number = sent.sequence_number().map(|number| number.to_string());
        Output { message_id: sent.message_id().to_string(), checksums, sequence_number }
    }
}

/// By what the client sees that its message came over whole.
#[derive(Serialize)]
pub(super) struct Checksums {
    #[serde(rename = "MD5OfMessageBody")]
    body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    attributes: Option<String>,
    #[serde(rename = "MD5OfMessageSystemAttributes", skip_serializing_if = "Option::is_none")]
    system_attributes: Option<String>,
}

pub(super) fn answer(call: &Call<'_>) -> Answered {
    let mut given: Request = call.read()?;
    let queue = address::queue(call, given.queue_url.take())?;
    let (message, checksums) = read(call, given, queue.is_fifo(), || missing("MessageBody"))?;
    let sent = queue.send(message)?;
    call.write(&Output::new(&sent, checksums))
}

/// A message, and its checksums.
///
/// # Errors
/// What `no_body` gives, `InvalidParameterValueException`, `UnsupportedOperation`.
pub(super) fn read(
    call: &Call<'_>,
    given: Request,
    is_fifo: bool,
    no_body: impl FnOnce() -> Failure,
) -> Result<(SendMessage, Checksums), Failure> {
    let body = checks::text(given.message_body).filter(|body| !body.is_empty()).ok_or_else(no_body)?;
    let delay = checks::seconds(given.delay_seconds, 0..=900, |seconds| {
        invalid_value(seconds, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
    })?;
    let trace_header = message_attributes::trace_header(given.message_system_attributes)?;
    let attributes = message_attributes::read(given.message_attributes)?;
    let checksums = Checksums {
        body: md5_of_body(&body),
        attributes: md5_of_attributes(&attributes),
        system_attributes: md5_of_trace_header(trace_header.as_deref()),
    };
    let message = SendMessage {
        body,
        // In a first-in-first-out queue that is no delay of the message's own: the queue's counts.
        delay: delay.filter(|delay| !(is_fifo && delay.is_zero())),
        attributes,
        group_id: checks::text(given.message_group_id),
        deduplication_id: checks::text(given.message_deduplication_id),
        trace_header: trace_header.or_else(|| call.header(TRACE_ID).map(str::to_owned)),
    };
    Ok((message, checksums))
}
