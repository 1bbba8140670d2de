//! Functions over HTTP, against a server of a few lines.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use millpond_triggers::Endpoint;
use serde_json::{Value, json};

use crate::support::*;

/// A server that answers each request as it is told; gives its address.
fn serve(
    requests: &Log<(String, Value)>,
    answer: impl Fn(usize, &Value) -> Option<(u16, String)> + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/function", listener.local_addr().unwrap());
    let requests = requests.clone();
    std::thread::spawn(move || {
        for (nth, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let event: Value = serde_json::from_slice(&body).unwrap();
            requests.add((head, event.clone()));
            match answer(nth, &event) {
                Some((status, body)) => {
                    let head =
                        format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                    stream.write_all((head + &body).as_bytes()).unwrap();
                }
                // Held open without an answer.
                None => std::mem::forget(stream),
            }
        }
    });
    address
}

#[test]
fn a_function_is_sent_the_events_of_the_service() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a", "b"]);
    let requests = Log::new();
    let url = serve(&requests, |_, _| Some((200, String::new())));
    let endpoint = Endpoint::new(url).header("authorization", "Bearer x");
    let trigger = world.triggers.on_stream("t", &stream).unwrap().run_http(endpoint).unwrap();
    world.idle();
    let (head, event) = requests.take().remove(0);
    assert!(head.starts_with("POST /function HTTP/1.1"), "{head}");
    assert!(head.to_lowercase().contains("authorization: bearer x"), "{head}");
    assert_eq!(event["Records"].as_array().unwrap().len(), 2);
    assert_eq!(event["Records"][0]["kinesis"]["data"], "YQ==");
    assert_eq!(trigger.status().records, 2);
}

#[test]
fn any_other_status_and_no_answer_in_time_are_failures() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let requests = Log::new();
    let url = serve(&requests, |nth, _| match nth {
        0 => Some((500, "{}".into())),
        1 => None,
        2 => Some((200, "no json".into())),
        _ => Some((204, String::new())),
    });
    let endpoint = Endpoint::new(url).timeout(Duration::from_millis(300));
    let trigger = world.triggers.on_stream("t", &stream).unwrap().run_http(endpoint).unwrap();
    world.idle();
    assert!(trigger.status().last_result.contains("status 500"), "{}", trigger.status().last_result);
    world.pass(1);
    assert!(trigger.status().last_result.contains("timeout"), "{}", trigger.status().last_result);
    world.pass(2);
    world.pass(4);
    let status = trigger.status();
    assert_eq!((status.errors, status.records, requests.len()), (3, 1, 4));
}

#[test]
fn a_function_names_what_has_failed() {
    let world = World::new();
    let queue = world.queue("q");
    queue.send_batch(["a", "b"]).unwrap();
    let requests = Log::new();
    let url = serve(&requests, |nth, event| {
        let records = event["Records"].as_array().unwrap();
        let bad = records.iter().find(|record| record["body"] == "b" && nth == 0);
        let failures: Vec<Value> = bad.iter().map(|it| json!({"itemIdentifier": it["messageId"]})).collect();
        Some((200, json!({ "batchItemFailures": failures }).to_string()))
    });
    let builder = world.triggers.on_queue("t", &queue).unwrap().report_batch_item_failures(true);
    let trigger = builder.run_http(Endpoint::new(url)).unwrap();
    world.idle();
    assert_eq!(trigger.status().records, 1);
    world.pass(30);
    let (_, event) = requests.all().remove(1);
    assert_eq!(event["Records"].as_array().unwrap().len(), 1);
    assert_eq!((&event["Records"][0]["body"], trigger.status().records), (&json!("b"), 2));
}

#[test]
fn a_function_carries_the_state_of_its_windows() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let requests = Log::new();
    let url = serve(&requests, |_, event| {
        let before = event["state"]["count"].as_u64().unwrap_or(0);
        let count = before + event["Records"].as_array().unwrap().len() as u64;
        Some((200, json!({"state": {"count": count}}).to_string()))
    });
    let builder = world.triggers.on_stream("t", &stream).unwrap().tumbling_window(secs(60));
    let _trigger = builder.run_http(Endpoint::new(url)).unwrap();
    append(&stream, "k", &["a", "b"]);
    world.idle();
    world.pass(60);
    let (_, last) = requests.take().pop().unwrap();
    assert_eq!((&last["isFinalInvokeForWindow"], &last["state"]), (&json!(true), &json!({"count": 2})));
    assert_eq!(last["Records"], json!([]));
}
