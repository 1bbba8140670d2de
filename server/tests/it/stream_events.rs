//! Enhanced fan-out: event streams over HTTP/1.1 and HTTP/2, frame by frame.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::{Response, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

use crate::{
    server::Server,
    streams::{CBOR, JSON, ask, create, members, moved, request, send},
};

/// The frames of an answer that goes on.
struct Frames {
    body: Incoming,
    read: BytesMut,
}

/// A frame: its type of event or error, its content type, and what it holds.
type Frame = (String, String, Bytes);

impl Frames {
    fn of(response: Response<Incoming>) -> Frames {
        assert_eq!(response.headers()["content-type"], "application/vnd.amazon.eventstream");
        assert_eq!(response.status(), 200);
        Frames { body: response.into_body(), read: BytesMut::new() }
    }

    /// The next frame; `None` at the end.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.take() {
                return Some(frame);
            }
            let Some(part) = self.body.frame().await else {
                assert!(self.read.is_empty(), "no frame is cut off");
                return None;
            };
            self.read.extend_from_slice(&part.unwrap().into_data().unwrap());
        }
    }

    fn take(&mut self) -> Option<Frame> {
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        let total = number(self.read.get(..4)?) as usize;
        if self.read.len() < total {
            return None;
        }
        let frame = self.read.split_to(total).freeze();
        assert_eq!(crc32fast::hash(&frame[..8]), number(&frame[8..12]));
        assert_eq!(crc32fast::hash(&frame[..total - 4]), number(&frame[total - 4..]));
        let end = 12 + number(&frame[4..8]) as usize;
        let (mut headers, mut names) = (&frame[12..end], Vec::new());
        while let [length, rest @ ..] = headers {
            let (name, rest) = rest.split_at(usize::from(*length));
            assert_eq!(rest[0], 7);
            let (value, rest) = rest[3..].split_at(usize::from(u16::from_be_bytes([rest[1], rest[2]])));
            names.push((String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(value).into_owned()));
            headers = rest;
        }
        let value = |wanted: &str| names.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let kind = match value(":message-type").unwrap().as_str() {
            "exception" => value(":exception-type"),
            _ => value(":event-type"),
        };
        Some((kind.unwrap(), value(":content-type").unwrap(), frame.slice(end..total - 4)))
    }

    /// The next event in JSON.
    async fn event(&mut self) -> Value {
        let (kind, content_type, payload) = self.next().await.unwrap();
        assert_eq!((kind.as_str(), content_type.as_str()), ("SubscribeToShardEvent", JSON));
        serde_json::from_slice(&payload).unwrap()
    }

    /// What comes before all events.
    async fn begin(&mut self) {
        assert_eq!(self.next().await.unwrap(), ("initial-response".into(), JSON.into(), "{}".into()));
    }
}

async fn registered(server: &Server) -> String {
    create(server, "orders", 1).await;
    let arn = "arn:aws:kinesis:eu-west-3:000000000000:stream/orders";
    let registered = ask(server, "RegisterStreamConsumer", json!({ "StreamARN": arn, "ConsumerName": "c" })).await;
    registered.unwrap()["Consumer"]["ConsumerARN"].as_str().unwrap().to_owned()
}

fn start(consumer: &str, kind: &str) -> Value {
    json!({ "ConsumerARN": consumer, "ShardId": "shardId-000000000000", "StartingPosition": { "Type": kind } })
}

async fn subscribe(server: &Server, asked: &Value) -> Frames {
    Frames::of(send(server, request("SubscribeToShard", JSON, asked.to_string())).await)
}

async fn put(server: &Server, data: &str) -> Value {
    let put = json!({ "StreamName": "orders", "PartitionKey": "a", "Data": data });
    ask(server, "PutRecord", put).await.unwrap()["SequenceNumber"].clone()
}

#[tokio::test]
async fn records_are_sent_as_they_come() {
    let server = Server::in_memory();
    let consumer = registered(&server).await;
    let first = put(&server, "AQ==").await;
    let response = send(&server, request("SubscribeToShard", JSON, start(&consumer, "TRIM_HORIZON").to_string())).await;
    assert_eq!(response.headers()["transfer-encoding"], "chunked");
    let mut frames = Frames::of(response);
    frames.begin().await;
    let event = frames.event().await;
    assert_eq!((&event["Records"][0]["SequenceNumber"], &event["Records"][0]["Data"]), (&first, &json!("AQ==")));
    assert_eq!((&event["MillisBehindLatest"], event.get("ChildShards")), (&json!(0), None));
    assert!(event["ContinuationSequenceNumber"].is_string());
    let second = put(&server, "Ag==").await;
    assert_eq!(frames.event().await["Records"][0]["SequenceNumber"], second);

    // The end of a shard is the end of its events.
    let split = json!({ "StreamName": "orders", "ShardToSplit": "0", "NewStartingHashKey": "7" });
    ask(&server, "SplitShard", split).await.unwrap();
    let end = frames.event().await;
    assert_eq!(end.get("ContinuationSequenceNumber"), None);
    assert_eq!(end["ChildShards"].as_array().unwrap().len(), 2);
    assert_eq!(frames.next().await, None);
}

#[tokio::test]
async fn events_are_sent_over_http_2_and_in_cbor() {
    let server = Server::in_memory();
    let consumer = registered(&server).await;
    let stream = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut asked = Vec::new();
    ciborium::into_writer(&start(&consumer, "LATEST"), &mut asked).unwrap();
    let mut asked = request("SubscribeToShard", CBOR, asked);
    *asked.uri_mut() = "http://millpond/".parse().unwrap();
    let mut frames = Frames::of(sender.send_request(asked).await.unwrap());
    assert_eq!(frames.next().await.unwrap(), ("initial-response".into(), CBOR.into(), Bytes::from_static(b"\xa0")));
    put(&server, "AQ==").await;
    let (kind, content_type, payload) = frames.next().await.unwrap();
    assert_eq!((kind.as_str(), content_type.as_str()), ("SubscribeToShardEvent", CBOR));
    let event = members(ciborium::from_reader(&*payload).unwrap());
    let record = members(event["Records"].as_array().unwrap()[0].clone());
    assert_eq!(record["Data"].as_bytes(), Some(&vec![1]));
}

#[tokio::test]
async fn a_subscription_lasts_five_minutes_and_can_be_taken_over() {
    let server = Server::with(&["--manual-clock"]);
    let consumer = registered(&server).await;
    let latest = start(&consumer, "LATEST");
    let mut frames = subscribe(&server, &latest).await;
    frames.begin().await;
    let taken = "Another active subscription exists for this consumer: 000000000000:orders:shardId-000000000000:c";
    let refused = Err(("ResourceInUseException".to_owned(), taken.to_owned()));
    assert_eq!(ask(&server, "SubscribeToShard", latest.clone()).await, refused);
    moved(&server, 6.0).await;
    // Nothing has come; that is told too.
    assert_eq!(frames.event().await["Records"], json!([]));
    let mut later = subscribe(&server, &latest).await;
    later.begin().await;
    let (kind, _, payload) = frames.next().await.unwrap();
    assert_eq!(
        (kind.as_str(), payload),
        ("ResourceInUseException", Bytes::from(exception("ResourceInUseException", taken)))
    );
    assert_eq!(frames.next().await, None);
    moved(&server, 301.0).await;
    while let Some((kind, ..)) = later.next().await {
        assert_eq!(kind, "SubscribeToShardEvent");
    }
}

fn exception(code: &str, message: &str) -> String {
    format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}")
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_refused_before_there_are_events() {
    let server = Server::in_memory();
    let consumer = registered(&server).await;
    let with = |name: &str, value: Value| {
        let mut asked = start(&consumer, "LATEST");
        asked[name] = value;
        asked
    };
    for (asked, code) in [
        (with("ShardId", json!("x")), "ResourceNotFoundException"),
        (with("ShardId", json!("7")), "ResourceNotFoundException"),
        (with("ConsumerARN", json!(format!("{consumer}0"))), "ResourceNotFoundException"),
        (with("ConsumerARN", json!("c")), "ValidationException"),
        (with("StartingPosition", json!({})), "ValidationException"),
        (with("StartingPosition", json!({ "Type": "AT_TIMESTAMP" })), "InvalidArgumentException"),
        (with("DryRun", json!(true)), "DryRunOperationException"),
    ] {
        assert_eq!(ask(&server, "SubscribeToShard", asked.clone()).await.unwrap_err().0, code, "{asked}");
    }
    // None of it was a subscription.
    subscribe(&server, &start(&consumer, "LATEST")).await.begin().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_server_ends_events() {
    let mut server = Server::in_memory();
    let consumer = registered(&server).await;
    let mut frames = subscribe(&server, &start(&consumer, "LATEST")).await;
    frames.begin().await;
    let began = std::time::Instant::now();
    let status = tokio::task::block_in_place(|| server.end());
    assert!(status.success() && began.elapsed().as_secs() < 5, "{status} {:?}", began.elapsed());
    assert_eq!(frames.next().await, None);
}
