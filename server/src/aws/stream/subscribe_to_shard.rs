use millpond::stream::{Subscription, SubscriptionEvent};
use serde::Serialize;

use super::{
    Call,
    checks::Limits,
    consumers, event_stream,
    failure::{self, dry_run},
    limits,
    member::{Flag, Moment, Text},
    names,
    protocol::Protocol,
    record::ShownRecord,
    request::request,
    shard::ShownChild,
    starting_position::{self, Given},
};
use crate::{
    aws::{Reply, json::Failure},
    body::{Events, NextEvent},
};

request! {
    Request<'a> {
        consumer_arn: Text<'a> = "ConsumerARN" => limits::CONSUMER_ARN.required(),
        stream_id: Text<'a> = "StreamId" => limits::STREAM_ID,
        shard_id: Text<'a> = "ShardId" => limits::SHARD_ID.required(),
        starting_position: Position<'a> = "StartingPosition" => Limits::ANY.required(),
        dry_run: Flag = "DryRun",
    }
    Position<'a> {
        kind: Text<'a> = "Type" => limits::ITERATOR_TYPE.required(),
        sequence_number: Text<'a> = "SequenceNumber" => limits::SEQUENCE_NUMBER,
        timestamp: Moment = "Timestamp",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    records: Vec<ShownRecord<'a>>,
    /// Absent where a shard has ended: there is nothing to go on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_sequence_number: Option<String>,
    millis_behind_latest: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    child_shards: Vec<ShownChild>,
}

/// What comes before all events.
#[derive(Serialize)]
struct Nothing {}

/// A subscription whose events go to a client.
enum Sender {
    Begin(Protocol, Subscription),
    Follow(Protocol, Subscription),
    End,
}

pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Failure> {
    let given: Request<'_> = call.read()?;
    let arn = given.consumer_arn.unwrap_or_default();
    let stream_name = names::consumer(&arn).map(|named| named.stream).unwrap_or_default();
    let shard = names::shard(&given.shard_id.unwrap_or_default(), stream_name)?;
    let (stream, consumer) = consumers::of_arn(call, &arn)?;
    let position = given.starting_position.unwrap_or_default();
    let start = Given {
        kind: position.kind.unwrap_or_default(),
        sequence_number: position.sequence_number,
        timestamp: position.timestamp,
    };
    let start = starting_position::read(&start, shard, stream.name(), call.now())?;
    if given.dry_run.unwrap_or_default().0 {
        stream.iterator(shard, &start)?;
        return Err(dry_run());
    }
    let subscription = stream.subscribe(&consumer.name, shard, &start)?;
    let events = Box::new(Sender::Begin(call.protocol, subscription));
    Ok(Reply::Events(failure::head(event_stream::CONTENT_TYPE), events))
}

impl Events for Sender {
    fn next(self: Box<Self>) -> NextEvent {
        Box::pin(async move {
            let (frame, next) = match *self {
                Sender::Begin(protocol, subscription) => {
                    let nothing = protocol.write(&Nothing {}).unwrap_or_default();
                    let frame = event_stream::event("initial-response", protocol.content_type(), &nothing);
                    (frame, Sender::Follow(protocol, subscription))
                }
                Sender::Follow(protocol, mut subscription) => {
                    let event = subscription.next().await?.map_err(Failure::from);
                    let shown = event.and_then(|event| show(protocol, &event));
                    match shown {
                        Ok(event) => {
                            let kind = "SubscribeToShardEvent";
                            let frame = event_stream::event(kind, protocol.content_type(), &event);
                            (frame, Sender::Follow(protocol, subscription))
                        }
                        Err(refused) => {
                            let body = failure::body(protocol, &refused);
                            let code = failure::code(&refused);
                            (event_stream::exception(code, protocol.content_type(), &body), Sender::End)
                        }
                    }
                }
                Sender::End => return None,
            };
            Some((frame, Box::new(next) as Box<dyn Events>))
        })
    }
}

fn show(protocol: Protocol, event: &SubscriptionEvent) -> Result<Vec<u8>, Failure> {
    protocol.write(&Event {
        records: event.records.iter().map(ShownRecord::from).collect(),
        continuation_sequence_number: event.continuation.map(|number| number.to_string()),
        millis_behind_latest: event.millis_behind_latest,
        child_shards: event.child_shards.iter().map(ShownChild::from).collect(),
    })
}
