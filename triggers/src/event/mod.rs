//! Batches as the service's events: the JSON that a function of AWS Lambda would be called with.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>, <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

mod change;
mod message;
#[cfg(test)]
mod tests;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use millpond_engine::Timestamp;
use millpond_stream::Record as StreamRecord;
use serde_json::{Value, json};

use crate::{Batch, Record, record::Content, window::Window};

/// Where records come from, in the words of the service.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) trigger: String,
    pub(crate) region: String,
    pub(crate) account: String,
    /// The source's.
    pub(crate) arn: String,
}

impl Origin {
    pub(crate) fn queue_arn(&self, queue: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{queue}", self.region, self.account)
    }

    pub(crate) fn function_arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.trigger)
    }
}

impl Batch {
    /// The batch as the service would give it to a function: `{"Records": [...]}`, with data in Base64, and in a window what belongs
    /// to that. A state that is no JSON stands there as text in Base64.
    #[must_use]
    pub fn to_event(&self) -> Value {
        let shard = self.shard.as_deref().unwrap_or_default();
        let records: Vec<Value> = self.records.iter().map(|record| self.origin.record(record, shard)).collect();
        let mut event = json!({ "Records": records });
        if let (Some(call), Some(members)) = (&self.window, event.as_object_mut()) {
            let state = call.state.as_ref().map_or_else(|| json!({}), |state| state_value(state));
            members.insert("window".into(), window(call.window));
            members.insert("state".into(), state);
            members.insert("shardId".into(), shard.into());
            members.insert("eventSourceARN".into(), self.origin.arn.clone().into());
            members.insert("isFinalInvokeForWindow".into(), call.is_final.into());
            members.insert("isWindowTerminatedEarly".into(), call.is_terminated_early.into());
        }
        event
    }
}

fn state_value(state: &[u8]) -> Value {
    serde_json::from_slice(state).unwrap_or_else(|_| STANDARD.encode(state).into())
}

fn window(window: Window) -> Value {
    json!({ "start": format!("{:.0}", window.start), "end": format!("{:.0}", window.end) })
}

/// Seconds with a fraction.
fn seconds(at: Timestamp) -> f64 {
    // Whole milliseconds of any date are exact in a double.
    at.as_millis() as f64 / 1000.0
}

impl Origin {
    fn record(&self, record: &Record, shard: &str) -> Value {
        match record.content() {
            Content::Message(message) => self.message(message),
            Content::Stream(stream) => self.stream(stream, record.arrived(), shard),
            Content::Change(change) => self.change(change),
        }
    }

    fn stream(&self, record: &StreamRecord, arrived: Timestamp, shard: &str) -> Value {
        let sequence_number = record.sequence_number.to_string();
        json!({
            "eventID": format!("{shard}:{sequence_number}"),
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record.partition_key(),
                "sequenceNumber": sequence_number,
                "data": STANDARD.encode(&record.data),
                "approximateArrivalTimestamp": seconds(arrived),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": format!("arn:aws:iam::{}:role/{}", self.account, self.trigger),
            "awsRegion": self.region,
            "eventSourceARN": self.arn,
        })
    }
}

/// A record as filters see it: its data are JSON where they are some, and absent where they are not.
pub(crate) fn filtered(record: &Record) -> Value {
    match record.content() {
        Content::Message(message) => message::filtered(message),
        Content::Change(change) => json!({
            "eventName": change.event_name.as_str(),
            "eventSource": "aws:dynamodb",
            "dynamodb": change::dynamodb(change),
            "userIdentity": change::identity(change),
        }),
        Content::Stream(stream) => {
            let mut event = json!({
                "partitionKey": stream.partition_key(),
                "sequenceNumber": stream.sequence_number.to_string(),
                "approximateArrivalTimestamp": seconds(record.arrived()),
                "kinesisSchemaVersion": "1.0",
                "eventSource": "aws:kinesis",
                "eventName": "aws:kinesis:record",
            });
            if let (Ok(data), Some(members)) = (serde_json::from_slice::<Value>(&stream.data), event.as_object_mut()) {
                members.insert("data".into(), data);
            }
            event
        }
    }
}
