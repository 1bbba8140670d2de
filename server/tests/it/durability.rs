//! Many clients at once, and the server killed under them.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ScalarAttributeType};
use tokio::sync::Barrier;

use crate::server::{Server, create_table, n, s};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_clients_count_to_6400_together() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::on(directory.path());
    create_table(&server.client(), "counters", None).await;
    let start = Arc::new(Barrier::new(32));
    let clients = (0..32).map(|_| {
        let (client, start) = (server.client(), Arc::clone(&start));
        tokio::spawn(async move {
            start.wait().await;
            let mut seen = Vec::new();
            for _ in 0..200 {
                let update = client
                    .update_item()
                    .table_name("counters")
                    .key("pk", s("all"))
                    .update_expression("ADD tally :one")
                    .expression_attribute_values(":one", n(1))
                    .return_values(ReturnValue::UpdatedNew);
                let tally = update.send().await.unwrap().attributes.unwrap();
                seen.push(tally["tally"].as_n().unwrap().parse::<u32>().unwrap());
            }
            seen
        })
    });
    let mut seen = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        seen.extend(client.await.unwrap());
    }
    seen.sort_unstable();
    assert!(seen.into_iter().eq(1..=6400), "each increment was told a number of its own");
}

/// Writes rows of its own until the server is gone; how many were acknowledged.
async fn write_until_killed(
    client: aws_sdk_dynamodb::Client,
    name: String,
    acknowledged: Arc<tokio::sync::Semaphore>,
) -> u32 {
    for number in 0.. {
        let put = client
            .put_item()
            .table_name("load")
            .item("pk", s(&name))
            .item("sk", n(number))
            .item("v", s(text_of(number)));
        if put.send().await.is_err() {
            return number;
        }
        acknowledged.add_permits(1);
    }
    unreachable!("the server is killed before that")
}

/// Most rows are small; some are longer than a page.
fn text_of(number: u32) -> String {
    number.to_string().repeat(if number.is_multiple_of(20) { 20_000 } else { 10 })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill_under_load() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::on(directory.path());
    create_table(&server.client(), "load", Some(ScalarAttributeType::N)).await;
    let mut expected: HashMap<String, u32> = HashMap::new();
    for turn in 0..3 {
        let acknowledged = Arc::new(tokio::sync::Semaphore::new(0));
        let writers = (0..8).map(|writer| {
            let name = format!("turn {turn} writer {writer}");
            (name.clone(), tokio::spawn(write_until_killed(server.client(), name, Arc::clone(&acknowledged))))
        });
        let writers: Vec<_> = writers.collect();
        let _all = acknowledged.acquire_many(200 + 97 * turn).await.unwrap();
        server.kill();
        for (name, writer) in writers {
            expected.insert(name, writer.await.unwrap());
        }
        server = Server::on(directory.path());
        let client = server.client();
        for (name, acknowledged) in &expected {
            let found = client
                .query()
                .table_name("load")
                .key_condition_expression("pk = :name")
                .expression_attribute_values(":name", s(name))
                .into_paginator()
                .items()
                .send()
                .collect::<Result<Vec<HashMap<String, AttributeValue>>, _>>()
                .await
                .unwrap();
            let count = found.len() as u32;
            assert!(
                (*acknowledged..=acknowledged + 1).contains(&count),
                "{name}: {acknowledged} were acknowledged, {count} found"
            );
            for (number, row) in (0..).zip(&found) {
                assert_eq!((&row["sk"], &row["v"]), (&n(number), &s(text_of(number))), "{name}");
            }
        }
    }
}

#[test]
fn a_directory_serves_one_server_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = Server::on(directory.path());
    let said = Server::try_on(directory.path()).err().unwrap();
    assert!(said.contains("another process"), "{said}");
    assert!(first.is_alive());
    first.kill();
    Server::on(directory.path());
}

#[test]
fn a_directory_of_something_else_is_refused_with_a_reason() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("letter.txt"), "Dear").unwrap();
    let said = Server::try_on(directory.path()).err().unwrap();
    assert!(said.contains("not a store") || said.contains("not empty"), "{said}");
    assert_eq!(std::fs::read_to_string(directory.path().join("letter.txt")).unwrap(), "Dear");
}

#[tokio::test]
async fn settings_may_come_from_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let unused = directory.path().join("unused");
    for yes in ["1", "true", "yes"] {
        let server =
            Server::in_environment(&[("MILLPOND_MEMORY", yes), ("MILLPOND_DATA_DIR", unused.to_str().unwrap())]);
        server.client().list_tables().send().await.unwrap();
        assert!(!unused.exists(), "MILLPOND_MEMORY={yes} keeps all in memory");
    }
    let _server = Server::in_environment(&[("MILLPOND_MEMORY", "0"), ("MILLPOND_DATA_DIR", unused.to_str().unwrap())]);
    assert!(unused.exists(), "MILLPOND_MEMORY=0 is no");
}
