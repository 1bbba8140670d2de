//! The protocol below the SDK.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

use crate::server::{Server, create_table, s};

const TARGET: &str = "DynamoDB_20120810.";

fn request(operation: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post("http://millpond/")
        .header("x-amz-target", format!("{TARGET}{operation}"))
        .header("content-type", "application/x-amz-json-1.0")
        .body(Full::new(body.into()))
        .unwrap()
}

/// Over HTTP/2 without TLS, as a client that knows what it talks to begins.
async fn send(server: &Server, request: Request<Full<Bytes>>) -> (StatusCode, Value) {
    let stream = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let response = sender.send_request(request).await.unwrap();
    let status = response.status();
    assert_eq!(response.headers()["x-amzn-requestid"].len(), 52);
    let checksum: u32 = response.headers()["x-amz-crc32"].to_str().unwrap().parse().unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(crc32fast::hash(&body), checksum);
    (status, serde_json::from_slice(&body).unwrap())
}

fn code(body: &Value) -> &str {
    body["__type"].as_str().unwrap().rsplit('#').next().unwrap()
}

#[tokio::test]
async fn http2_without_tls_is_spoken() {
    let server = Server::in_memory();
    assert_eq!(send(&server, request("ListTables", "{}")).await, (StatusCode::OK, json!({ "TableNames": [] })));
}

#[tokio::test]
async fn hostile_requests_get_the_services_errors_and_the_server_lives() {
    let mut server = Server::in_memory();
    create_table(&server.client(), "things", None).await;
    let scan = |filter: String| json!({ "TableName": "things", "FilterExpression": filter }).to_string();
    let put = |value: Value| json!({ "TableName": "things", "Item": { "pk": { "S": "a" }, "v": value } }).to_string();
    let nested = |levels: usize| {
        let value = format!("{}{{\"S\":\"x\"}}{}", "{\"L\":[".repeat(levels), "]}".repeat(levels));
        format!("{{\"TableName\":\"things\",\"Item\":{{\"pk\":{{\"S\":\"a\"}},\"v\":{value}}}}}")
    };
    for (operation, body, expected) in [
        ("Scan", scan("(".repeat(4096)), "ValidationException"),
        ("Scan", scan("NOT ".repeat(1000) + "a = b"), "ValidationException"),
        ("Scan", scan("(".repeat(2000) + "a = b" + &")".repeat(2000)), "ValidationException"),
        ("PutItem", put(json!({ "N": "9".repeat(39) })), "ValidationException"),
        ("PutItem", put(json!({ "N": "1e1000000000" })), "ValidationException"),
        ("PutItem", put(json!({ "N": "1".repeat(1_000_000) })), "ValidationException"),
        ("PutItem", nested(40), "ValidationException"),
        ("PutItem", nested(10_000), "ValidationException"),
        ("PutItem", "{".into(), "SerializationException"),
        ("PutItem", String::new(), "SerializationException"),
        ("PutItem", "[".repeat(1 << 20), "SerializationException"),
        ("PutItem", "[1]".into(), "SerializationException"),
        ("Juggle", "{}".into(), "UnknownOperationException"),
    ] {
        let shown: String = body.chars().take(80).collect();
        let (status, answer) = send(&server, request(operation, body)).await;
        assert_eq!((status, code(&answer)), (StatusCode::BAD_REQUEST, expected), "{operation} {shown}");
    }
    let (status, _) = send(&server, request("PutItem", vec![b' '; 17_000_000])).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(server.is_alive());
    assert_eq!(send(&server, request("Scan", r#"{"TableName":"things"}"#)).await.1["Count"], 0);
}

#[test]
fn a_body_is_refused_by_its_announced_length_alone() {
    let server = Server::in_memory();
    let mut stream = TcpStream::connect(server.addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 17000000\r\n\r\n").unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 413");
}

#[test]
fn noise_on_the_port_is_survived() {
    let mut server = Server::in_memory();
    for noise in [
        &b"\0\0\0\0\0\0\0\0"[..],
        b"GET",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
    ] {
        let mut stream = TcpStream::connect(server.addr).unwrap();
        stream.write_all(noise).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{answer:?}");
    }
    assert!(server.is_alive());
}

#[tokio::test]
async fn errors_are_what_the_sdk_expects() {
    let server = Server::in_memory();
    let client = server.client();
    let missing = client.get_item().table_name("none").key("pk", s("a")).send().await.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception());
    assert_eq!(missing.message(), Some("Requested resource not found"));
    create_table(&client, "things", None).await;
    let wrong =
        client.get_item().table_name("things").key("other", s("a")).send().await.unwrap_err().into_service_error();
    assert_eq!(wrong.code(), Some("ValidationException"));
    assert_eq!(wrong.message(), Some("The provided key element does not match the schema"));
}
