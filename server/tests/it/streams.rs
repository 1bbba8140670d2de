//! Streams, by hand: what is sent and answered in JSON and in CBOR.

use std::collections::BTreeMap;

use bytes::Bytes;
use ciborium::Value as Cbor;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use crate::server::Server;

pub(crate) const JSON: &str = "application/x-amz-json-1.1";
pub(crate) const CBOR: &str = "application/x-amz-cbor-1.1";
const UNDER: &str = "under account 000000000000";

pub(crate) fn request(operation: &str, content_type: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post("/")
        .header("x-amz-target", format!("Kinesis_20131202.{operation}"))
        .header("content-type", content_type)
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-3/kinesis/aws4_request, Signature=ab",
        )
        .body(Full::new(body.into()))
        .unwrap()
}

pub(crate) async fn send(server: &Server, mut request: Request<Full<Bytes>>) -> Response<Incoming> {
    let stream = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    request.headers_mut().insert("host", server.addr.to_string().parse().unwrap());
    sender.send_request(request).await.unwrap()
}

async fn whole(response: Response<Incoming>) -> (u16, Bytes) {
    let status = response.status().as_u16();
    (status, response.into_body().collect().await.unwrap().to_bytes())
}

/// The answer to a request in JSON; nothing is null.
pub(crate) async fn ask(server: &Server, operation: &str, body: Value) -> Result<Value, (String, String)> {
    let response = send(server, request(operation, JSON, body.to_string())).await;
    assert_eq!(response.headers()["content-type"], JSON);
    let (status, body) = whole(response).await;
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    match status {
        200 => Ok(body),
        _ => Err((text("__type"), text("message") + &text("Message"))),
    }
}

/// As [`ask`], in CBOR.
async fn ask_cbor(server: &Server, operation: &str, body: &Cbor) -> (u16, BTreeMap<String, Cbor>) {
    let mut bytes = Vec::new();
    ciborium::into_writer(body, &mut bytes).unwrap();
    ask_cbor_bytes(server, operation, bytes).await
}

async fn ask_cbor_bytes(server: &Server, operation: &str, body: Vec<u8>) -> (u16, BTreeMap<String, Cbor>) {
    let response = send(server, request(operation, CBOR, body)).await;
    assert_eq!(response.headers()["content-type"], CBOR);
    let (status, body) = whole(response).await;
    (status, if body.is_empty() { BTreeMap::new() } else { members(ciborium::from_reader(&*body).unwrap()) })
}

pub(crate) fn members(map: Cbor) -> BTreeMap<String, Cbor> {
    map.into_map().unwrap().into_iter().map(|(name, value)| (name.into_text().unwrap(), value)).collect()
}

fn map(members: &[(&str, Cbor)]) -> Cbor {
    Cbor::Map(members.iter().map(|(name, value)| (Cbor::from(*name), value.clone())).collect())
}

pub(crate) async fn create(server: &Server, name: &str, shards: u32) {
    assert_eq!(ask(server, "CreateStream", json!({ "StreamName": name, "ShardCount": shards })).await, Ok(Value::Null));
}

async fn iterator(server: &Server, stream: &str, kind: &str) -> Value {
    let place = json!({ "StreamName": stream, "ShardId": "shardId-000000000000", "ShardIteratorType": kind });
    ask(server, "GetShardIterator", place).await.unwrap()["ShardIterator"].clone()
}

pub(crate) async fn moved(server: &Server, seconds: f64) {
    let body = json!({ "advance_seconds": seconds }).to_string();
    let moved = server.send(Request::post("/_millpond/clock").body(body).unwrap()).await;
    assert_eq!(moved.status(), StatusCode::OK, "{}", moved.body());
}

fn refused(code: &str, message: &str) -> Result<Value, (String, String)> {
    Err((format!("{code}Exception"), message.to_owned()))
}

#[tokio::test]
async fn records_are_put_and_read() {
    let server = Server::in_memory();
    create(&server, "orders", 1).await;
    let arn = "arn:aws:kinesis:eu-west-3:000000000000:stream/orders";
    let put = json!({ "StreamARN": arn, "PartitionKey": "a", "Data": "AQI=" });
    let first = ask(&server, "PutRecord", put).await.unwrap();
    assert_eq!((first["ShardId"].as_str(), first.as_object().unwrap().len()), (Some("shardId-000000000000"), 2));
    let after = json!({ "StreamName": "orders", "PartitionKey": "b", "Data": "",
        "SequenceNumberForOrdering": first["SequenceNumber"], "ExplicitHashKey": "340282366920938463463374607431768211455" });
    ask(&server, "PutRecord", after).await.unwrap();
    let records = json!([{ "PartitionKey": "c", "Data": "AAAA" }, { "PartitionKey": "d", "Data": "/+8=" }]);
    let put = ask(&server, "PutRecords", json!({ "StreamName": "orders", "Records": records })).await.unwrap();
    assert_eq!((&put["FailedRecordCount"], put.as_object().unwrap().len()), (&json!(0), 2));
    let last = &put["Records"][1];
    assert_eq!((last.as_object().unwrap().len(), &last["ShardId"]), (2, &first["ShardId"]));

    let start = iterator(&server, "orders", "TRIM_HORIZON").await;
    let got = ask(&server, "GetRecords", json!({ "ShardIterator": start, "Limit": 3 })).await.unwrap();
    let records = got["Records"].as_array().unwrap();
    let data: Vec<_> = records.iter().map(|record| record["Data"].as_str().unwrap()).collect();
    assert_eq!(data, ["AQI=", "", "AAAA"]);
    assert_eq!(records[0]["SequenceNumber"], first["SequenceNumber"]);
    assert!(records[0]["ApproximateArrivalTimestamp"].is_f64());
    let names: Vec<_> = records[0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["ApproximateArrivalTimestamp", "Data", "PartitionKey", "SequenceNumber"]);
    let next =
        json!({ "ShardIterator": format!("\"{}\"", got["NextShardIterator"].as_str().unwrap()), "StreamARN": arn });
    let got = ask(&server, "GetRecords", next).await.unwrap();
    assert_eq!(got["Records"][0]["SequenceNumber"], last["SequenceNumber"]);
    assert_eq!((&got["MillisBehindLatest"], got.get("ChildShards")), (&json!(0), None));
}

#[tokio::test]
async fn cbor_is_spoken_as_json_is() {
    let server = Server::in_memory();
    let stream = ("StreamName", Cbor::from("orders"));
    let made = ask_cbor(&server, "CreateStream", &map(&[stream.clone(), ("ShardCount", 1.into())])).await;
    assert_eq!(made, (200, BTreeMap::new()));
    let record = |byte: u8| map(&[("PartitionKey", "a".into()), ("Data", Cbor::Bytes(vec![byte; 2000]))]);
    let records = Cbor::Array(vec![record(0), record(255)]);
    let (status, put) = ask_cbor(&server, "PutRecords", &map(&[stream.clone(), ("Records", records)])).await;
    assert_eq!((status, put["FailedRecordCount"].clone()), (200, 0.into()));
    // As the SDK for Java writes it: {_ "StreamName": "orders", "PartitionKey": "b", "Data": h'07' }
    let put = b"\xbf\x6aStreamName\x66orders\x6cPartitionKey\x61b\x64Data\x41\x07\xff".to_vec();
    assert_eq!(ask_cbor_bytes(&server, "PutRecord", put).await.0, 200);

    let described = ask_cbor(&server, "DescribeStreamSummary", &map(std::slice::from_ref(&stream))).await.1;
    let Cbor::Tag(1, millis) =
        members(described["StreamDescriptionSummary"].clone())["StreamCreationTimestamp"].clone()
    else {
        panic!("a time has its tag")
    };
    let millis = millis.into_integer().unwrap();
    // Where times are whole they are milliseconds.
    let at = map(&[
        stream,
        ("ShardId", "0".into()),
        ("ShardIteratorType", "AT_TIMESTAMP".into()),
        ("Timestamp", Cbor::Tag(1, Box::new(millis.into()))),
    ]);
    let iterator = ask_cbor(&server, "GetShardIterator", &at).await.1["ShardIterator"].clone();
    let (_, got) = ask_cbor(&server, "GetRecords", &map(&[("ShardIterator", iterator)])).await;
    let records: Vec<_> = got["Records"].as_array().unwrap().iter().cloned().map(members).collect();
    let data: Vec<_> = records.iter().map(|record| record["Data"].as_bytes().unwrap()).collect();
    assert_eq!(data, [&vec![0; 2000], &vec![255; 2000], &vec![7]]);
    assert!(matches!(&records[0]["ApproximateArrivalTimestamp"], Cbor::Tag(1, millis) if millis.is_integer()));

    let (status, refused) = ask_cbor(&server, "DescribeStream", &map(&[("StreamName", "none".into())])).await;
    assert_eq!((status, refused["__type"].as_text()), (400, Some("ResourceNotFoundException")));
    assert_eq!(refused["message"].as_text(), Some(&*format!("Stream none {UNDER} not found.")));
    let deep = [&b"\xa1\x61x"[..], &[0x81; 5000]].concat();
    let (status, refused) = ask_cbor_bytes(&server, "DescribeStream", deep).await;
    assert_eq!((status, refused.len(), refused["__type"].as_text()), (400, 1, Some("SerializationException")));
}

#[tokio::test]
async fn the_head_of_a_request_is_looked_at_as_the_service_does() {
    let server = Server::in_memory();
    let listed = send(&server, request("ListStreams", "application/x-amz-json-1.1; charset=utf-8", "{}")).await;
    assert_eq!((listed.headers()["x-amzn-requestid"].len(), listed.headers()["x-amz-id-2"].len()), (36, 108));
    assert!(!listed.headers().contains_key("x-amz-crc32"));
    assert_eq!(whole(listed).await.1, r#"{"StreamNames":[],"HasMoreStreams":false,"StreamSummaries":[]}"#);
    let unknown = r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#;
    for (operation, content_type, body, status, answer) in [
        ("Juggle", JSON, "{}", 400, r#"{"__type":"UnknownOperationException"}"#),
        ("Juggle", JSON, "", 400, r#"{"__type":"UnknownOperationException"}"#),
        ("ListStreams", JSON, "", 400, r#"{"__type":"SerializationException"}"#),
        ("ListStreams", "", "", 400, "\u{0}"),
        ("ListStreams", JSON, "[]", 400, r#"{"__type":"SerializationException"}"#),
        ("ListStreams", JSON, "{", 400, r#"{"__type":"SerializationException"}"#),
        ("ListStreams", "application/x-amz-json-1.0", "{}", 404, "<UnknownOperationException/>\n"),
        ("ListStreams", "application/json", "{}", 404, unknown),
        ("ListStreams", CBOR, "{}", 400, "\u{0}"),
    ] {
        let (found, body) = whole(send(&server, request(operation, content_type, body)).await).await;
        assert_eq!(found, status, "{operation} {content_type}");
        match answer {
            "\u{0}" => assert_eq!(body, b"\xa1\x66__type\x76SerializationException"[..], "{operation} {content_type}"),
            answer => assert_eq!(body, answer, "{operation} {content_type}"),
        }
    }
    let signed = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-3/kinesis/aws4_request, Signature=ab";
    let nameless = Request::post("/").header("authorization", signed).body(Full::new("{}".into())).unwrap();
    let (status, body) = whole(send(&server, nameless).await).await;
    assert!(status == 403 && body.starts_with(b"<AccessDeniedException>"), "{body:?}");
}

#[tokio::test]
async fn what_is_wrong_is_told_in_the_services_words() {
    let server = Server::in_memory();
    create(&server, "orders", 2).await;
    let constraint = "failed to satisfy constraint: Member must";
    let read = |kind: &str, more: Value| {
        let mut asked = json!({ "StreamName": "orders", "ShardId": "0", "ShardIteratorType": kind });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    let either = "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) \
                  TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified";
    for (operation, body, code, message) in [
        (
            "CreateStream",
            json!({ "StreamName": "", "ShardCount": 0 }),
            "Validation",
            format!(
                "3 validation errors detected: Value '0' at 'shardCount' {constraint} have value greater than or equal to 1; \
                 Value '' at 'streamName' {constraint} satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value '' at \
                 'streamName' {constraint} have length greater than or equal to 1"
            ),
        ),
        (
            "CreateStream",
            json!({ "StreamName": "orders", "ShardCount": 1 }),
            "ResourceInUse",
            format!("Stream orders {UNDER} already exists."),
        ),
        ("CreateStream", json!({ "StreamName": 1 }), "Serialization", "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String".into()),
        ("DescribeStream", json!({ "StreamName": "none" }), "ResourceNotFound", format!("Stream none {UNDER} not found.")),
        ("DescribeStream", json!({}), "InvalidArgument", "Either StreamARN or StreamName should be provided.".into()),
        (
            "PutRecord",
            json!({ "StreamName": "orders", "PartitionKey": "", "Data": "" }),
            "Validation",
            format!("1 validation error detected: Value '' at 'partitionKey' {constraint} have length greater than or equal to 1"),
        ),
        (
            "PutRecord",
            json!({ "StreamName": "orders", "Data": "" }),
            "Validation",
            format!("1 validation error detected: Value null at 'partitionKey' {constraint} not be null"),
        ),
        (
            "PutRecord",
            json!({ "StreamName": "orders", "PartitionKey": "a", "Data": "", "ExplicitHashKey": "340282366920938463463374607431768211456" }),
            "InvalidArgument",
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was 340282366920938463463374607431768211456".into(),
        ),
        (
            "PutRecord",
            json!({ "StreamName": "orders", "PartitionKey": "a", "Data": "", "SequenceNumberForOrdering": "7" }),
            "InvalidArgument",
            format!("ExclusiveMinimumSequenceNumber 7 used in PutRecord on stream orders {UNDER} is invalid."),
        ),
        (
            "PutRecords",
            json!({ "StreamName": "orders", "Records": [{ "PartitionKey": "a", "Data": "" }, { "PartitionKey": "a" }] }),
            "Validation",
            format!("1 validation error detected: Value null at 'records.2.member.data' {constraint} not be null"),
        ),
        (
            "GetShardIterator",
            json!({ "StreamName": "none", "ShardId": "x", "ShardIteratorType": "LATEST" }),
            "ResourceNotFound",
            format!("Could not find shard x in stream none {UNDER}."),
        ),
        (
            "GetShardIterator",
            json!({ "StreamName": "none", "ShardId": "1", "ShardIteratorType": "LATEST" }),
            "ResourceNotFound",
            format!("Shard shardId-000000000001 in stream none {UNDER} does not exist"),
        ),
        (
            "GetShardIterator",
            json!({ "StreamName": "orders", "ShardId": "9", "ShardIteratorType": "LATEST" }),
            "ResourceNotFound",
            format!("Shard shardId-000000000009 in stream orders {UNDER} does not exist"),
        ),
        (
            "GetShardIterator",
            read("SOON", json!({})),
            "Validation",
            format!("1 validation error detected: Value 'SOON' at 'shardIteratorType' {constraint} satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]"),
        ),
        (
            "GetShardIterator",
            read("LATEST", json!({ "StartingSequenceNumber": "1" })),
            "InvalidArgument",
            format!("{either} LATEST and also a StartingSequenceNumber."),
        ),
        (
            "GetShardIterator",
            read("AT_SEQUENCE_NUMBER", json!({})),
            "InvalidArgument",
            format!("{either} AT_SEQUENCE_NUMBER and no StartingSequenceNumber."),
        ),
        (
            "GetShardIterator",
            read("AT_TIMESTAMP", json!({})),
            "InvalidArgument",
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.".into(),
        ),
        ("GetRecords", json!({ "ShardIterator": "AAAA" }), "InvalidArgument", "Invalid ShardIterator.".into()),
        ("ListShards", json!({}), "InvalidArgument", "Either NextToken or StreamName should be provided.".into()),
        (
            "ListShards",
            json!({ "StreamName": "orders", "NextToken": "x" }),
            "InvalidArgument",
            "NextToken and StreamName cannot be provided together.".into(),
        ),
        (
            "MergeShards",
            json!({ "StreamName": "orders", "ShardToMerge": "1", "AdjacentShardToMerge": "0" }),
            "InvalidArgument",
            format!("Shards shardId-000000000001 and shardId-000000000000 in stream orders {UNDER} are not an adjacent pair of shards eligible for merging"),
        ),
        (
            "IncreaseStreamRetentionPeriod",
            json!({ "StreamName": "orders", "RetentionPeriodHours": 3 }),
            "InvalidArgument",
            "Minimum allowed retention period is 24 hours. Requested retention period (3 hours) is too short.".into(),
        ),
        (
            "AddTagsToStream",
            json!({ "StreamName": "orders", "Tags": { "a": "\u{1}" } }),
            "InvalidArgument",
            "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.".into(),
        ),
    ] {
        assert_eq!(ask(&server, operation, body.clone()).await, refused(code, &message), "{operation} {body}");
    }
}

#[tokio::test]
async fn a_dry_run_says_that_all_is_well_and_does_nothing() {
    let server = Server::in_memory();
    create(&server, "orders", 1).await;
    let told = refused("DryRunOperation", "The request was rejected because the DryRun parameter was specified.");
    let start = iterator(&server, "orders", "TRIM_HORIZON").await;
    let place = json!({ "StreamName": "orders", "ShardId": "0", "ShardIteratorType": "LATEST", "DryRun": true });
    let record = json!({ "PartitionKey": "a", "Data": "" });
    for (operation, body) in [
        ("PutRecord", json!({ "StreamName": "orders", "PartitionKey": "a", "Data": "", "DryRun": true })),
        ("PutRecords", json!({ "StreamName": "orders", "Records": [record], "DryRun": true })),
        ("GetShardIterator", place),
        ("GetRecords", json!({ "ShardIterator": start, "DryRun": true })),
    ] {
        assert_eq!(ask(&server, operation, body).await, told, "{operation}");
    }
    let wrong = json!({ "StreamName": "none", "PartitionKey": "a", "Data": "", "DryRun": true });
    assert_eq!(ask(&server, "PutRecord", wrong).await.unwrap_err().0, "ResourceNotFoundException");
    let got = ask(&server, "GetRecords", json!({ "ShardIterator": start })).await.unwrap();
    assert_eq!(got["Records"], json!([]));
}

#[tokio::test]
async fn shards_are_split_merged_and_listed_in_pages() {
    let server = Server::with(&["--manual-clock"]);
    create(&server, "orders", 1).await;
    let half = "170141183460469231731687303715884105728";
    let split = json!({ "StreamName": "orders", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": half });
    let start = iterator(&server, "orders", "TRIM_HORIZON").await;
    assert_eq!(ask(&server, "SplitShard", split.clone()).await, Ok(Value::Null));
    let over = "has already been merged or split, and thus is not eligible for merging or splitting.";
    assert_eq!(
        ask(&server, "SplitShard", split).await,
        refused("InvalidArgument", &format!("Shard shardId-000000000000 in stream orders {UNDER} {over}"))
    );
    // The end of a shard names those that go on.
    let end = ask(&server, "GetRecords", json!({ "ShardIterator": start })).await.unwrap();
    assert_eq!((&end["NextShardIterator"], &end["Records"]), (&Value::Null, &json!([])));
    assert_eq!(
        end["ChildShards"][1],
        json!({ "ShardId": "shardId-000000000002", "ParentShards": ["shardId-000000000000"],
            "HashKeyRange": { "StartingHashKey": half, "EndingHashKey": "340282366920938463463374607431768211455" } })
    );
    let merge = json!({ "StreamName": "orders", "ShardToMerge": "1", "AdjacentShardToMerge": "2" });
    assert_eq!(ask(&server, "MergeShards", merge).await, Ok(Value::Null));
    let more = json!({ "StreamName": "orders", "TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING" });
    let arn = "arn:aws:kinesis:eu-west-3:000000000000:stream/orders";
    assert_eq!(
        ask(&server, "UpdateShardCount", more).await,
        Ok(json!({ "StreamName": "orders", "CurrentShardCount": 1, "TargetShardCount": 2, "StreamARN": arn }))
    );

    let first = ask(&server, "ListShards", json!({ "StreamName": "orders", "MaxResults": 4 })).await.unwrap();
    let ids = |page: &Value| -> Vec<String> {
        page["Shards"]
            .as_array()
            .unwrap()
            .iter()
            .map(|shard| shard["ShardId"].as_str().unwrap()[18..].to_owned())
            .collect()
    };
    assert_eq!(ids(&first), ["00", "01", "02", "03"]);
    assert_eq!(first["Shards"][3]["AdjacentParentShardId"], "shardId-000000000002");
    assert!(first["Shards"][3]["SequenceNumberRange"]["EndingSequenceNumber"].is_string());
    let token = json!({ "NextToken": first["NextToken"] });
    let second = ask(&server, "ListShards", token.clone()).await.unwrap();
    assert_eq!((ids(&second), second.get("NextToken")), (vec!["04".into(), "05".into()], None));
    let open = json!({ "StreamARN": arn, "ShardFilter": { "Type": "AT_LATEST" } });
    assert_eq!(ids(&ask(&server, "ListShards", open).await.unwrap()), ["04", "05"]);
    let described = json!({ "StreamName": "orders", "Limit": 1, "ExclusiveStartShardId": "4" });
    let described = ask(&server, "DescribeStream", described).await.unwrap()["StreamDescription"].clone();
    assert_eq!(
        (&described["HasMoreShards"], &described["Shards"][0]["ShardId"]),
        (&json!(false), &json!("shardId-000000000005"))
    );
    for (name, value) in [
        ("StreamName", json!("orders")),
        ("StreamARN", json!(arn)),
        ("StreamStatus", json!("ACTIVE")),
        ("StreamModeDetails", json!({ "StreamMode": "PROVISIONED" })),
        ("RetentionPeriodHours", json!(24)),
        ("EnhancedMonitoring", json!([{ "ShardLevelMetrics": [] }])),
        ("EncryptionType", json!("NONE")),
    ] {
        assert_eq!(described[name], value);
    }

    moved(&server, 301.0).await;
    assert_eq!(ask(&server, "ListShards", token).await.unwrap_err().0, "ExpiredNextTokenException");
    let (code, message) = ask(&server, "GetRecords", json!({ "ShardIterator": start })).await.unwrap_err();
    assert_eq!(code, "ExpiredIteratorException");
    assert!(message.starts_with("Iterator expired. The iterator was created at time ") && message.contains(" UTC 20"));
}

#[tokio::test]
async fn streams_are_described_and_listed() {
    let server = Server::in_memory();
    for name in ["a", "b", "c"] {
        ask(&server, "CreateStream", json!({ "StreamName": name, "StreamModeDetails": { "StreamMode": "ON_DEMAND" } }))
            .await
            .unwrap();
    }
    let page = ask(&server, "ListStreams", json!({ "Limit": 2 })).await.unwrap();
    assert_eq!((&page["StreamNames"], &page["HasMoreStreams"]), (&json!(["a", "b"]), &json!(true)));
    assert_eq!(page["StreamSummaries"][1]["StreamModeDetails"], json!({ "StreamMode": "ON_DEMAND" }));
    let rest = ask(&server, "ListStreams", json!({ "NextToken": page["NextToken"] })).await.unwrap();
    assert_eq!((&rest["StreamNames"], rest.get("NextToken")), (&json!(["c"]), None));
    let after = ask(&server, "ListStreams", json!({ "ExclusiveStartStreamName": "bb" })).await.unwrap();
    assert_eq!(after["StreamNames"], json!(["c"]));

    let arn = "arn:aws:kinesis:eu-west-3:000000000000:stream/a";
    for (operation, body) in [
        ("IncreaseStreamRetentionPeriod", json!({ "StreamName": "a", "RetentionPeriodHours": 48 })),
        ("UpdateMaxRecordSize", json!({ "StreamARN": arn, "MaxRecordSizeInKiB": 2048 })),
        ("UpdateStreamRecordDistributionStrategy", json!({ "StreamARN": arn, "RecordDistributionStrategy": "AUTO" })),
        ("StartStreamEncryption", json!({ "StreamName": "a", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis" })),
    ] {
        assert_eq!(ask(&server, operation, body).await, Ok(Value::Null), "{operation}");
    }
    let metrics = json!({ "StreamName": "a", "ShardLevelMetrics": ["IncomingBytes"] });
    assert_eq!(
        ask(&server, "EnableEnhancedMonitoring", metrics).await.unwrap(),
        json!({ "StreamName": "a", "StreamARN": arn, "CurrentShardLevelMetrics": [], "DesiredShardLevelMetrics": ["IncomingBytes"] })
    );
    let summary = ask(&server, "DescribeStreamSummary", json!({ "StreamARN": arn })).await.unwrap();
    let mut summary = summary["StreamDescriptionSummary"].clone();
    assert!(summary.as_object_mut().unwrap().remove("StreamCreationTimestamp").unwrap().is_f64());
    assert_eq!(
        summary,
        json!({ "StreamName": "a", "StreamARN": arn, "StreamStatus": "ACTIVE", "StreamModeDetails": { "StreamMode": "ON_DEMAND" },
            "RetentionPeriodHours": 48, "EnhancedMonitoring": [{ "ShardLevelMetrics": ["IncomingBytes"] }], "EncryptionType": "KMS",
            "KeyId": "alias/aws/kinesis", "OpenShardCount": 4, "ConsumerCount": 0, "MaxRecordSizeInKiB": 2048, "ChannelCount": 0,
            "QueueCount": 0, "RecordDistributionStrategy": "AUTO" })
    );
    // Nobody needs a key where the stream spreads records itself, and that a record is encrypted is told.
    let put = ask(&server, "PutRecord", json!({ "StreamName": "a", "Data": "AA==" })).await.unwrap();
    assert_eq!(put["EncryptionType"], "KMS");
    let limits = ask(&server, "DescribeLimits", json!({})).await.unwrap();
    assert_eq!((&limits["OpenShardCount"], &limits["OnDemandStreamCount"]), (&json!(12), &json!(3)));
    assert_eq!(ask(&server, "DeleteStream", json!({ "StreamName": "a" })).await, Ok(Value::Null));
}

#[tokio::test]
async fn tags_and_policies_are_kept_by_name_and_arn() {
    let server = Server::in_memory();
    create(&server, "orders", 1).await;
    let arn = "arn:aws:kinesis:eu-west-3:000000000000:stream/orders";
    let registered = json!({ "StreamARN": arn, "ConsumerName": "c", "Tags": { "x": "y" } });
    let consumer = ask(&server, "RegisterStreamConsumer", registered).await.unwrap()["Consumer"].clone();
    assert_eq!((&consumer["ConsumerStatus"], consumer.get("StreamARN")), (&json!("CREATING"), None));
    let of_consumer = json!({ "ResourceARN": consumer["ConsumerARN"] });
    let tags = ask(&server, "ListTagsForResource", of_consumer.clone()).await.unwrap();
    assert_eq!(tags, json!({ "Tags": [{ "Key": "x", "Value": "y" }] }));

    for (operation, body) in [
        ("AddTagsToStream", json!({ "StreamName": "orders", "Tags": { "b": "2", "a": "1" } })),
        ("TagResource", json!({ "ResourceARN": arn, "Tags": { "c": "3" } })),
        ("UntagResource", json!({ "ResourceARN": arn, "TagKeys": ["a"] })),
        ("RemoveTagsFromStream", json!({ "StreamName": "orders", "TagKeys": ["none"] })),
        ("PutResourcePolicy", json!({ "ResourceARN": arn, "Policy": "{\"Statement\":[]}" })),
    ] {
        assert_eq!(ask(&server, operation, body).await, Ok(Value::Null), "{operation}");
    }
    let page = ask(&server, "ListTagsForStream", json!({ "StreamName": "orders", "Limit": 1 })).await.unwrap();
    assert_eq!(page, json!({ "Tags": [{ "Key": "b", "Value": "2" }], "HasMoreTags": true }));
    let rest = json!({ "StreamName": "orders", "ExclusiveStartTagKey": "b" });
    let rest = ask(&server, "ListTagsForStream", rest).await.unwrap();
    assert_eq!(rest, json!({ "Tags": [{ "Key": "c", "Value": "3" }], "HasMoreTags": false }));
    let policy = ask(&server, "GetResourcePolicy", json!({ "ResourceARN": arn })).await;
    assert_eq!(policy, Ok(json!({ "Policy": "{\"Statement\":[]}" })));
    assert_eq!(ask(&server, "GetResourcePolicy", of_consumer.clone()).await, Ok(json!({ "Policy": "{}" })));
    let none = format!("No resource policy found for resource ARN {}.", consumer["ConsumerARN"].as_str().unwrap());
    assert_eq!(ask(&server, "DeleteResourcePolicy", of_consumer).await, refused("ResourceNotFound", &none));
    let kept = format!(
        "DeleteStream can't delete {arn} because there are consumers associated with this data stream. To delete orders anyway, \
         set the EnforceConsumerDeletion parameter to true to force the deletion of all the consumers that are associated with it."
    );
    assert_eq!(ask(&server, "DeleteStream", json!({ "StreamName": "orders" })).await, refused("ResourceInUse", &kept));
    let forced = json!({ "StreamName": "orders", "EnforceConsumerDeletion": true });
    assert_eq!(ask(&server, "DeleteStream", forced).await, Ok(Value::Null));
}

#[tokio::test]
async fn the_commitment_of_an_account_is_kept() {
    let server = Server::with(&["--manual-clock"]);
    let set = |status: &str| {
        ask(&server, "UpdateAccountSettings", json!({ "MinimumThroughputBillingCommitment": { "Status": status } }))
    };
    let status = |answer: Value| answer["MinimumThroughputBillingCommitment"]["Status"].clone();
    assert_eq!(status(ask(&server, "DescribeAccountSettings", json!({})).await.unwrap()), "DISABLED");
    assert_eq!(status(set("ENABLED").await.unwrap()), "ENABLED");
    assert_eq!(status(set("DISABLED").await.unwrap()), "ENABLED_UNTIL_EARLIEST_ALLOWED_END");
    moved(&server, 86_401.0).await;
    assert_eq!(status(ask(&server, "DescribeAccountSettings", json!({})).await.unwrap()), "DISABLED");
}

#[tokio::test]
async fn a_shard_that_is_written_too_fast_refuses_some() {
    let server = Server::with(&["--throttle", "--manual-clock"]);
    create(&server, "orders", 1).await;
    let records = vec![json!({ "PartitionKey": "a", "Data": "" }); 400];
    let mut failed = Vec::new();
    for _ in 0..3 {
        let put = ask(&server, "PutRecords", json!({ "StreamName": "orders", "Records": records })).await.unwrap();
        failed.push(put["FailedRecordCount"].as_u64().unwrap());
        if failed.len() == 3 {
            let message = format!("Rate exceeded for shard shardId-000000000000 in stream orders {UNDER}.");
            let told = json!({ "ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": message });
            assert_eq!(put["Records"][399], told);
        }
    }
    assert_eq!(failed, [0, 0, 200]);
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::on(directory.path());
    create(&server, "orders", 1).await;
    let start = iterator(&server, "orders", "TRIM_HORIZON").await;
    let put = json!({ "StreamName": "orders", "PartitionKey": "a", "Data": "AQI=" });
    let put = ask(&server, "PutRecord", put).await.unwrap();
    server.kill();
    let server = Server::on(directory.path());
    // The iterator of the run before is as good as any: nothing was kept for it.
    let got = ask(&server, "GetRecords", json!({ "ShardIterator": start })).await.unwrap();
    assert_eq!(got["Records"][0]["SequenceNumber"], put["SequenceNumber"]);
}
