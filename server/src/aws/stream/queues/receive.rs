//! Receiving, with a wait that holds no thread.

use std::time::Duration;

use millpond::stream::{self, QueueRecord, RecordQueue};
use serde::Serialize;

use super::{QUEUE_ARN, VISIBILITY, find};
use crate::aws::{
    Answer, Later, Reply,
    json::Failure,
    stream::{
        Answered, Call,
        checks::Limits,
        failure,
        member::{Integer, Text},
        protocol::Protocol,
        record::as_text,
        request::request,
        shown::{Data, Time},
        whole,
    },
};

const DEFAULT_RECORDS: usize = 10;
const DEFAULT_WAIT_SECS: u32 = 9;

request! {
    Request<'a> {
        queue_arn: Text<'a> = "QueueARN" => QUEUE_ARN,
        limit: Integer = "Limit" => Limits::between(1, 10),
        wait_time_seconds: Integer = "WaitTimeSeconds" => Limits::between(1, 20),
        visibility_timeout_seconds: Integer = "VisibilityTimeoutSeconds" => VISIBILITY,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    queue_records: Vec<ShownRecord<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownRecord<'a> {
    #[serde(serialize_with = "as_text")]
    receipt_handle: stream::ReceiptHandle,
    record_id: &'a str,
    /// A stream that distributes records by itself takes some without.
    #[serde(skip_serializing_if = "str::is_empty")]
    partition_key: &'a str,
    data: Data<'a>,
    approximate_arrival_timestamp: Time,
    first_receive_timestamp: Time,
    receive_count: u32,
}

/// What is asked for.
struct Asked {
    queue: RecordQueue,
    max: usize,
    wait: Duration,
    visibility: Option<Duration>,
}

pub(super) fn live(call: &Call<'_>) -> Result<Reply, Failure> {
    let Asked { queue, max, wait, visibility } = read(call)?;
    Ok(later(call.protocol, async move { queue.receive_async(max, wait, visibility).await }))
}

pub(super) fn dead(call: &Call<'_>) -> Result<Reply, Failure> {
    let Asked { queue, max, wait, visibility } = read(call)?;
    Ok(later(call.protocol, async move { queue.receive_dead_async(max, wait, visibility).await }))
}

fn read(call: &Call<'_>) -> Result<Asked, Failure> {
    let given: Request<'_> = call.read()?;
    let secs = |secs: u32| Duration::from_secs(u64::from(secs));
    Ok(Asked {
        queue: find(call, given.queue_arn)?,
        max: given.limit.map_or(DEFAULT_RECORDS, Integer::size),
        wait: secs(given.wait_time_seconds.map_or(DEFAULT_WAIT_SECS, Integer::count)),
        visibility: given.visibility_timeout_seconds.map(|given| secs(given.count())),
    })
}

fn later(
    protocol: Protocol,
    received: impl Future<Output = stream::Result<Vec<QueueRecord>>> + Send + 'static,
) -> Reply {
    let otherwise = finish(protocol, show(protocol, Ok(Vec::new())));
    let answer = Box::pin(async move { finish(protocol, show(protocol, received.await)) });
    Reply::Later(Later { answer, otherwise })
}

fn show(protocol: Protocol, received: stream::Result<Vec<QueueRecord>>) -> Answered {
    let received = received?;
    protocol.write(&Output { queue_records: received.iter().map(ShownRecord::from).collect() })
}

fn finish(protocol: Protocol, answered: Answered) -> Answer {
    match answered {
        Ok(body) => whole(protocol, body),
        Err(refused) => failure::refuse(protocol, &refused),
    }
}

impl<'a> From<&'a QueueRecord> for ShownRecord<'a> {
    fn from(received: &'a QueueRecord) -> ShownRecord<'a> {
        ShownRecord {
            receipt_handle: received.receipt_handle,
            record_id: &received.id,
            partition_key: received.record.partition_key(),
            data: Data(received.data()),
            approximate_arrival_timestamp: Time(received.record.arrived),
            first_receive_timestamp: Time(received.first_received),
            receive_count: received.receive_count,
        }
    }
}
