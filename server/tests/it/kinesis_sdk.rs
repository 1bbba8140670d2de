//! Streams, under the AWS SDK for Rust, over HTTP/1.1 and HTTP/2.

use aws_sdk_kinesis::{
    Client,
    error::ProvideErrorMetadata,
    primitives::{Blob, DateTime},
    types::{
        ConsumerStatus, PutRecordsRequestEntry, Record, ScalingType, ShardFilter, ShardFilterType, ShardIteratorType,
        StartingPosition, StreamMode, StreamModeDetails, StreamStatus, SubscribeToShardEvent,
        SubscribeToShardEventStream,
    },
};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::TcpStream;

use crate::server::Server;

/// Where the second of two even shards begins.
const HALF: u128 = 1 << 127;

/// A client that speaks HTTP/2 from the first byte on, as the service's own clients do after TLS has agreed on it.
#[derive(Debug)]
struct Http2;

impl Http2 {
    fn client() -> SharedHttpClient {
        http_client_fn(|_, _| SharedHttpConnector::new(Http2))
    }

    async fn send(request: HttpRequest) -> Result<HttpResponse, Box<dyn std::error::Error + Send + Sync>> {
        let request: Request<SdkBody> = request.try_into_http1x()?;
        let stream = TcpStream::connect(request.uri().authority().unwrap().as_str()).await?;
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        Ok(HttpResponse::try_from(response.map(SdkBody::from_body_1_x))?)
    }
}

impl HttpConnector for Http2 {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(async { Http2::send(request).await.map_err(ConnectorError::io) })
    }
}

async fn create(client: &Client, name: &str, shards: i32) {
    client.create_stream().stream_name(name).shard_count(shards).send().await.unwrap();
}

async fn put(client: &Client, name: &str, hash_key: u128, data: &str) -> (String, String) {
    let put = client.put_record().stream_name(name).partition_key("key").explicit_hash_key(hash_key.to_string());
    let put = put.data(Blob::new(data)).send().await.unwrap();
    (put.shard_id, put.sequence_number)
}

async fn iterator(client: &Client, name: &str, shard: &str, kind: ShardIteratorType) -> String {
    let given = client.get_shard_iterator().stream_name(name).shard_id(shard).shard_iterator_type(kind);
    given.send().await.unwrap().shard_iterator.unwrap()
}

fn texts(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| str::from_utf8(record.data().as_ref()).unwrap()).collect()
}

async fn moved(server: &Server, seconds: u32) {
    let body = json!({ "advance_seconds": seconds }).to_string();
    let request = Request::post("/_millpond/clock").body(body).unwrap();
    assert_eq!(server.send(request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn records_are_put_and_read_through_a_split_and_a_merge() {
    let server = Server::in_memory();
    let client = server.kinesis();
    create(&client, "orders", 2).await;
    let summary = client.describe_stream_summary().stream_name("orders").send().await.unwrap();
    let summary = summary.stream_description_summary.unwrap();
    assert_eq!((summary.stream_status, summary.open_shard_count), (StreamStatus::Active, 2));
    assert_eq!(summary.stream_arn, "arn:aws:kinesis:eu-central-1:000000000000:stream/orders");

    let (shard, number) = put(&client, "orders", 0, "a").await;
    assert_eq!((shard.as_str(), number.len()), ("shardId-000000000000", 56));
    let entry = |data: &str| {
        PutRecordsRequestEntry::builder()
            .partition_key("k")
            .explicit_hash_key("1")
            .data(Blob::new(data))
            .build()
            .unwrap()
    };
    let many = client.put_records().stream_name("orders").records(entry("b")).records(entry("c")).send().await.unwrap();
    assert_eq!((many.failed_record_count, many.records.len()), (Some(0), 2));

    let split = client.split_shard().stream_name("orders").shard_to_split(&shard);
    split.new_starting_hash_key((HALF / 2).to_string()).send().await.unwrap();
    let (lower, _) = put(&client, "orders", 0, "d").await;
    let merge = client.merge_shards().stream_name("orders").shard_to_merge("shardId-000000000003");
    merge.adjacent_shard_to_merge("shardId-000000000001").send().await.unwrap();
    let (merged, _) = put(&client, "orders", HALF, "e").await;
    assert_eq!((lower.as_str(), merged.as_str()), ("shardId-000000000002", "shardId-000000000004"));

    let mut next = Some(iterator(&client, "orders", &shard, ShardIteratorType::TrimHorizon).await);
    let (mut found, mut children) = (Vec::new(), Vec::new());
    while let Some(at) = next {
        let got = client.get_records().shard_iterator(at).limit(2).send().await.unwrap();
        found.extend(texts(&got.records).into_iter().map(str::to_owned));
        children = got.child_shards().iter().map(|child| child.shard_id.clone()).collect();
        next = got.next_shard_iterator;
    }
    assert_eq!(found, ["a", "b", "c"]);
    assert_eq!(children, ["shardId-000000000002", "shardId-000000000003"]);
    let at = iterator(&client, "orders", &merged, ShardIteratorType::TrimHorizon).await;
    let got = client.get_records().shard_iterator(at).send().await.unwrap();
    assert_eq!((texts(&got.records), got.millis_behind_latest), (vec!["e"], Some(0)));
    assert!(got.records[0].approximate_arrival_timestamp.is_some());

    let open = ShardFilter::builder().r#type(ShardFilterType::AtLatest).build().unwrap();
    let open = client.list_shards().stream_name("orders").shard_filter(open).send().await.unwrap();
    let ranges: Vec<_> = open.shards().iter().map(|shard| shard.hash_key_range.clone().unwrap()).collect();
    assert_eq!((ranges.len(), ranges[0].ending_hash_key.clone()), (2, (HALF / 2 - 1).to_string()));

    let update = client.update_shard_count().stream_name("orders").target_shard_count(4);
    let update = update.scaling_type(ScalingType::UniformScaling).send().await.unwrap();
    assert_eq!((update.current_shard_count, update.target_shard_count), (Some(2), Some(4)));
    client.delete_stream().stream_name("orders").send().await.unwrap();
    assert!(client.list_streams().send().await.unwrap().stream_names.is_empty());
}

#[tokio::test]
async fn a_place_is_found_by_number_and_by_time() {
    let server = Server::with(&["--manual-clock"]);
    let client = server.kinesis();
    create(&client, "clicks", 1).await;
    let mut numbers = Vec::new();
    for data in ["0", "1", "2"] {
        numbers.push(put(&client, "clicks", 0, data).await.1);
        moved(&server, 10).await;
    }
    assert!(numbers.is_sorted());
    let ask = || client.get_shard_iterator().stream_name("clicks").shard_id("0");
    let read = async |at: Option<String>| {
        let got = client.get_records().shard_iterator(at.unwrap()).send().await.unwrap();
        texts(&got.records).join("")
    };
    let at = ask().shard_iterator_type(ShardIteratorType::AtSequenceNumber).starting_sequence_number(&numbers[1]);
    assert_eq!(read(at.send().await.unwrap().shard_iterator).await, "12");
    let after = ask().shard_iterator_type(ShardIteratorType::AfterSequenceNumber).starting_sequence_number(&numbers[1]);
    assert_eq!(read(after.send().await.unwrap().shard_iterator).await, "2");
    let everything = iterator(&client, "clicks", "0", ShardIteratorType::TrimHorizon).await;
    let got = client.get_records().shard_iterator(&everything).send().await.unwrap();
    let second = got.records[1].approximate_arrival_timestamp.unwrap();
    // The SDK cuts off what a float lacks of a millisecond.
    for (millis, expected) in [(0, "12"), (2, "2")] {
        let time = DateTime::from_millis(second.to_millis().unwrap() + millis);
        let at = ask().shard_iterator_type(ShardIteratorType::AtTimestamp).timestamp(time);
        assert_eq!(read(at.send().await.unwrap().shard_iterator).await, expected);
    }

    moved(&server, 301).await;
    let expired = client.get_records().shard_iterator(everything).send().await.unwrap_err();
    assert!(expired.as_service_error().unwrap().is_expired_iterator_exception());
    moved(&server, 86_400).await;
    let everything = iterator(&client, "clicks", "0", ShardIteratorType::TrimHorizon).await;
    assert_eq!(read(Some(everything)).await, "");
}

#[tokio::test]
async fn events_come_over_both_versions_of_http() {
    let server = Server::in_memory();
    for (name, client) in [("one", server.kinesis()), ("two", server.kinesis_over(Http2::client()))] {
        create(&client, name, 1).await;
        put(&client, name, 0, "before").await;
        let arn = format!("arn:aws:kinesis:eu-central-1:000000000000:stream/{name}");
        let registered =
            client.register_stream_consumer().stream_arn(&arn).consumer_name("reader").send().await.unwrap();
        let consumer = registered.consumer.unwrap();
        let described = client.describe_stream_consumer().consumer_arn(&consumer.consumer_arn).send().await.unwrap();
        assert_eq!(described.consumer_description.unwrap().consumer_status, ConsumerStatus::Active);

        let start = StartingPosition::builder().r#type(ShardIteratorType::TrimHorizon).build().unwrap();
        let subscribe =
            client.subscribe_to_shard().consumer_arn(&consumer.consumer_arn).shard_id("shardId-000000000000");
        let mut events = subscribe.clone().starting_position(start.clone()).send().await.unwrap().event_stream;
        let again = subscribe.starting_position(start).send().await.unwrap_err();
        assert!(again.as_service_error().unwrap().is_resource_in_use_exception());
        let mut next = async || -> Option<SubscribeToShardEvent> {
            match events.recv().await.unwrap()? {
                SubscribeToShardEventStream::SubscribeToShardEvent(event) => Some(event),
                other => panic!("{other:?}"),
            }
        };
        let event = next().await.unwrap();
        assert_eq!((texts(&event.records), event.continuation_sequence_number.len()), (vec!["before"], 56));
        for data in ["a", "b", "c"] {
            put(&client, name, 0, data).await;
            assert_eq!(texts(&next().await.unwrap().records), [data]);
        }
        let split = client.split_shard().stream_name(name).shard_to_split("0").new_starting_hash_key(HALF.to_string());
        split.send().await.unwrap();
        assert_eq!(next().await.unwrap().child_shards().len(), 2);
        assert!(next().await.is_none());
        client.deregister_stream_consumer().consumer_arn(consumer.consumer_arn).send().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_refused_has_its_type_and_its_text() {
    let server = Server::in_memory();
    let client = server.kinesis();
    let missing = client.describe_stream().stream_name("none").send().await.unwrap_err();
    assert!(missing.as_service_error().unwrap().is_resource_not_found_exception());
    assert_eq!(missing.message(), Some("Stream none under account 000000000000 not found."));
    create(&client, "a", 1).await;
    let taken = client.create_stream().stream_name("a").shard_count(1).send().await.unwrap_err();
    assert!(taken.as_service_error().unwrap().is_resource_in_use_exception());
    let invalid = client.get_records().shard_iterator("AAAA").send().await.unwrap_err();
    assert!(invalid.as_service_error().unwrap().is_invalid_argument_exception());
    let unreadable = client.describe_stream().stream_name("?").send().await.unwrap_err();
    assert_eq!(unreadable.code(), Some("ValidationException"));
    let on_demand = StreamModeDetails::builder().stream_mode(StreamMode::OnDemand).build().unwrap();
    client.create_stream().stream_name("b").stream_mode_details(on_demand).send().await.unwrap();
    let split = client.split_shard().stream_name("b").shard_to_split("0").new_starting_hash_key("9").send().await;
    let text = "Request is invalid. Stream b under account 000000000000 is in On-Demand mode.";
    let refused = split.unwrap_err();
    assert!(refused.as_service_error().unwrap().is_validation_exception());
    assert_eq!(refused.message(), Some(text));
}
