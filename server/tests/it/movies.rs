//! Real rows, and a plain list as the judge.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, PutRequest, ScalarAttributeType, WriteRequest},
};
use serde_json::Value;

use crate::server::{Server, create_table, n, s};

type Row = HashMap<String, AttributeValue>;

/// The rows of the sample, under their genre and their title with the row's number: titles repeat.
fn movies() -> Vec<Row> {
    let text = include_str!("../../../tests/data/movies-sample.json");
    let rows: Vec<BTreeMap<String, Value>> = serde_json::from_str(text).unwrap();
    let rows = rows.into_iter().enumerate().map(|(number, row)| {
        let value = |value: &Value| match value {
            Value::Null => AttributeValue::Null(true),
            Value::Number(number) => n(number),
            Value::String(text) => s(text),
            other => panic!("no row has {other}"),
        };
        let mut item: Row = row.iter().map(|(name, given)| (name.clone(), value(given))).collect();
        item.insert("pk".into(), s(row["Major Genre"].as_str().unwrap_or("(none)")));
        item.insert("sk".into(), s(format!("{}#{number:04}", row["Title"])));
        item
    });
    rows.collect()
}

fn key(row: &Row) -> (String, String) {
    let text = |name: &str| row[name].as_s().unwrap().clone();
    (text("pk"), text("sk"))
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(key);
    rows
}

async fn load(client: &Client, rows: &[Row]) {
    create_table(client, "movies", Some(ScalarAttributeType::S)).await;
    for chunk in rows.chunks(25) {
        let writes = chunk.iter().map(|row| {
            let put = PutRequest::builder().set_item(Some(row.clone())).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        client.batch_write_item().request_items("movies", writes.collect()).send().await.unwrap();
    }
}

#[tokio::test]
async fn movies_are_queried_paged_updated_and_scanned_in_parallel() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::on(directory.path());
    let client = server.client();
    let rows = movies();
    load(&client, &rows).await;

    let genre = "Comedy";
    let expected = sorted(rows.iter().filter(|row| row["pk"] == s(genre)).cloned().collect());
    let query = client
        .query()
        .table_name("movies")
        .key_condition_expression("pk = :genre")
        .expression_attribute_values(":genre", s(genre));
    let found: Result<Vec<Row>, _> = query.clone().limit(7).into_paginator().items().send().collect().await;
    assert_eq!(found.unwrap(), expected);
    let backwards = query.scan_index_forward(false).send().await.unwrap().items.unwrap();
    assert_eq!(backwards, expected.iter().rev().cloned().collect::<Vec<_>>());

    let segments = (0..4).map(|segment| {
        let scan = client.scan().table_name("movies").segment(segment).total_segments(4).limit(13);
        tokio::spawn(async move { scan.into_paginator().items().send().collect::<Result<Vec<Row>, _>>().await })
    });
    let mut scanned = Vec::new();
    for segment in segments.collect::<Vec<_>>() {
        scanned.extend(segment.await.unwrap().unwrap());
    }
    assert_eq!(sorted(scanned), sorted(rows.clone()));

    let good = client
        .scan()
        .table_name("movies")
        .filter_expression("#rating >= :good")
        .expression_attribute_names("#rating", "IMDB Rating")
        .expression_attribute_values(":good", n("7.5"))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<Row>, _>>()
        .await
        .unwrap();
    let rated = |row: &&Row| row["IMDB Rating"].as_n().is_ok_and(|rating| rating.parse::<f64>().unwrap() >= 7.5);
    assert_eq!(good.len(), rows.iter().filter(rated).count());
    assert!(!good.is_empty());

    update_votes(&client, &expected[0]).await;
}

async fn update_votes(client: &Client, row: &Row) {
    let votes: u64 = row["IMDB Votes"].as_n().unwrap().parse().unwrap();
    let update = client
        .update_item()
        .table_name("movies")
        .key("pk", row["pk"].clone())
        .key("sk", row["sk"].clone())
        .update_expression("SET #votes = #votes + :one")
        .condition_expression("#votes = :votes")
        .expression_attribute_names("#votes", "IMDB Votes")
        .expression_attribute_values(":one", n(1))
        .expression_attribute_values(":votes", n(votes));
    update.clone().send().await.unwrap();
    let again = update.send().await.unwrap_err().into_service_error();
    assert!(again.is_conditional_check_failed_exception());
    let item = client.get_item().table_name("movies").key("pk", row["pk"].clone()).key("sk", row["sk"].clone());
    assert_eq!(item.send().await.unwrap().item.unwrap()["IMDB Votes"], n(votes + 1));
}
