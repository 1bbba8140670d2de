//! Messages of queues.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use millpond_queue::{AttributeValue, Message, MessageAttribute};
use serde_json::{Map, Value, json};

use super::Origin;

/// As the server gives it, which does not know who sends.
const SENDER_ID: &str = "AIDAMILLPONDQUEUES234";
const TEXT: u8 = 1;
const BINARY: u8 = 2;

impl Origin {
    pub(super) fn message(&self, message: &Message) -> Value {
        let mut record = json!({
            "messageId": message.id().to_string(),
            "receiptHandle": message.receipt_handle().to_string(),
            "body": message.body(),
            "attributes": self.system_attributes(message),
            "messageAttributes": attributes(message),
            "md5OfBody": hex(Md5::new_with_prefix(message.body())),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn,
            "awsRegion": self.region,
        });
        if let (Some(sum), Some(members)) = (sum_of_attributes(message), record.as_object_mut()) {
            members.insert("md5OfMessageAttributes".into(), sum.into());
        }
        record
    }

    fn system_attributes(&self, message: &Message) -> Value {
        let mut attributes = Map::new();
        let mut add = |name: &str, value: Option<String>| {
            attributes.extend(value.map(|value| (name.to_owned(), Value::String(value))));
        };
        add("ApproximateReceiveCount", Some(message.receive_count().to_string()));
        add("ApproximateFirstReceiveTimestamp", Some(message.first_received().as_millis().to_string()));
        add("SentTimestamp", Some(message.sent().as_millis().to_string()));
        add("SenderId", Some(SENDER_ID.to_owned()));
        add("AWSTraceHeader", message.trace_header().map(str::to_owned));
        add("MessageGroupId", message.group_id().map(str::to_owned));
        add("MessageDeduplicationId", message.deduplication_id().map(str::to_owned));
        add("SequenceNumber", message.sequence_number().map(|number| number.to_string()));
        add("DeadLetterQueueSourceArn", message.dead_letter_source().map(|queue| self.queue_arn(queue)));
        Value::Object(attributes)
    }
}

fn attributes(message: &Message) -> Value {
    let attributes = message.attributes().iter().map(|(name, attribute)| (name.clone(), attribute_value(attribute)));
    Value::Object(attributes.collect())
}

fn attribute_value(attribute: &MessageAttribute) -> Value {
    let (name, value) = match &attribute.value {
        AttributeValue::Text(text) => ("stringValue", text.clone()),
        AttributeValue::Binary(bytes) => ("binaryValue", STANDARD.encode(bytes)),
    };
    json!({ name: value, "stringListValues": [], "binaryListValues": [], "dataType": attribute.data_type })
}

/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation>
fn sum_of_attributes(message: &Message) -> Option<String> {
    let mut sum = Md5::new();
    for (name, attribute) in message.attributes() {
        add(&mut sum, name.as_bytes());
        add(&mut sum, attribute.data_type.as_bytes());
        sum.update([if matches!(attribute.value, AttributeValue::Binary(_)) { BINARY } else { TEXT }]);
        add(&mut sum, attribute.bytes());
    }
    (!message.attributes().is_empty()).then(|| hex(sum))
}

fn add(sum: &mut Md5, bytes: &[u8]) {
    // No message is as long as 4 GiB.
    sum.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    sum.update(bytes);
}

fn hex(sum: Md5) -> String {
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A message as filters see it.
pub(super) fn filtered(message: &Message) -> Value {
    json!({
        "messageId": message.id().to_string(),
        "body": json_body(message.body()).unwrap_or_else(|| message.body().into()),
        "messageAttributes": attributes(message),
        "eventSource": "aws:sqs",
    })
}

/// A body that is an object or a list in JSON. A number or a word is a plain string, however it may look.
fn json_body(body: &str) -> Option<Value> {
    serde_json::from_str(body).ok().filter(|body: &Value| body.is_object() || body.is_array())
}
