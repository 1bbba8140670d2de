use std::{sync::Arc, time::Duration};

use millpond_engine::{Clock, Engine, Timestamp};
use millpond_queue::{MessageAttribute, Queues, SendMessage};
use millpond_stream::Streams;
use serde_json::{Value, json};

use crate::{Batch, Record, batch::WindowCall, event::Origin, source::Log, source::stream::StreamLog, window::Window};

const NOW: Timestamp = Timestamp::from_millis(1_545_084_650_987);

fn engine() -> Engine {
    Engine::options().clock(Clock::manual(NOW)).open().unwrap()
}

fn batch(arn: &str, records: Vec<Record>) -> Batch {
    let origin =
        Origin { trigger: "t".into(), region: "eu-west-1".into(), account: "123456789012".into(), arn: arn.into() };
    Batch { origin: Arc::new(origin), shard: None, records, window: None }
}

fn of_stream() -> Batch {
    let engine = engine();
    let streams = Streams::open(&engine).unwrap();
    let stream = streams.create("s", &millpond_stream::CreateOptions::shards(1)).unwrap();
    stream.append(("1", "Hello, this is a test.")).unwrap();
    let log = StreamLog::open(&stream).unwrap();
    let shard = millpond_stream::ShardId::new(0);
    let found = log.logs().follow(log.id(), shard, Default::default(), Default::default()).unwrap();
    let records = found.records.into_iter().map(|stored| log.record(shard, stored).unwrap().1).collect();
    Batch {
        shard: Some(log.shard_name(shard).into()),
        ..batch("arn:aws:kinesis:eu-west-1:123456789012:stream/s", records)
    }
}

#[test]
fn a_record_of_a_stream_is_as_the_service_writes_it() {
    let batch = of_stream();
    let number = batch.records[0].id().to_owned();
    let expected = json!({"Records": [{
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "1",
            "sequenceNumber": number,
            "data": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
            "approximateArrivalTimestamp": 1_545_084_650.987,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("shardId-000000000000:{number}"),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/t",
        "awsRegion": "eu-west-1",
        "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/s",
    }]});
    assert_eq!(batch.to_event(), expected);
}

#[test]
fn a_window_stands_beside_the_records() {
    let window = Window { start: Timestamp::from_secs(1_607_497_440), end: Timestamp::from_secs(1_607_497_560) };
    let call = |state: Option<&'static [u8]>| WindowCall {
        window,
        state: state.map(Into::into),
        is_final: true,
        is_terminated_early: false,
    };
    let mut batch = Batch { window: Some(call(Some(br#"{"1":282}"#))), ..of_stream() };
    let event = batch.to_event();
    assert_eq!(event["window"], json!({"start": "2020-12-09T07:04:00Z", "end": "2020-12-09T07:06:00Z"}));
    assert_eq!(event["state"], json!({"1": 282}));
    assert_eq!((&event["isFinalInvokeForWindow"], &event["isWindowTerminatedEarly"]), (&json!(true), &json!(false)));
    assert_eq!(event["shardId"], "shardId-000000000000");
    batch.window = Some(call(None));
    assert_eq!(batch.to_event()["state"], json!({}));
    batch.window = Some(call(Some(b"\xff")));
    assert_eq!(batch.to_event()["state"], "/w==");
}

#[test]
fn a_message_is_as_the_service_writes_it() {
    let engine = engine();
    let queues = Queues::open(&engine).unwrap();
    let queue = queues.create("q.fifo", &Default::default()).unwrap();
    let message = SendMessage::new("hello")
        .group("g")
        .deduplication("d")
        .attribute("lang", MessageAttribute::string("en"))
        .attribute("raw", MessageAttribute::binary(vec![1, 2]));
    queue.send(message).unwrap();
    let message = queue.receive(1, Duration::ZERO).unwrap().remove(0);
    let arn = "arn:aws:sqs:eu-west-1:123456789012:q.fifo";
    let event = batch(arn, vec![Record::of_message(message.clone())]).to_event();
    let record = &event["Records"][0];
    assert_eq!(record["messageId"], message.id().to_string());
    assert_eq!(record["receiptHandle"], message.receipt_handle().to_string());
    assert_eq!(record["body"], "hello");
    assert_eq!(record["md5OfBody"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(record["md5OfMessageAttributes"].as_str().unwrap().len(), 32);
    assert_eq!((&record["eventSource"], &record["eventSourceARN"]), (&json!("aws:sqs"), &json!(arn)));
    let attributes = &record["attributes"];
    assert_eq!(attributes["ApproximateReceiveCount"], "1");
    assert_eq!(attributes["SentTimestamp"], "1545084650987");
    assert_eq!((&attributes["MessageGroupId"], &attributes["MessageDeduplicationId"]), (&json!("g"), &json!("d")));
    assert_eq!(attributes["SequenceNumber"], message.sequence_number().unwrap().to_string());
    assert_eq!(attributes.get("AWSTraceHeader"), None);
    let expected = json!({"stringValue": "en", "stringListValues": [], "binaryListValues": [], "dataType": "String"});
    assert_eq!(record["messageAttributes"]["lang"], expected);
    assert_eq!(record["messageAttributes"]["raw"]["binaryValue"], "AQI=");
}

#[test]
fn what_the_limit_of_a_batch_counts_is_about_what_the_event_takes() {
    let batch = of_stream();
    let event = batch.to_event()["Records"][0].to_string().len();
    let counted = batch.records[0].event_bytes();
    assert!(counted.abs_diff(event) < 300, "{counted} {event}");
    assert_ne!(batch.to_event(), Value::Null);
}
