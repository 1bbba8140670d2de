//! Topics with queues, under the AWS SDK for Rust.

use std::collections::HashMap;

use aws_sdk_sns::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    primitives::Blob,
    types::{MessageAttributeValue, PublishBatchRequestEntry, Tag},
};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::{queues, server::Server};

const QUEUE_ARN: &str = "arn:aws:sqs:eu-central-1:000000000000:";

async fn create(client: &Client, name: &str, attributes: &[(&str, &str)]) -> String {
    let mut request = client.create_topic().name(name);
    for (name, value) in attributes {
        request = request.attributes(*name, *value);
    }
    request.send().await.unwrap().topic_arn.unwrap()
}

/// Makes a queue that is subscribed, and gives its URL.
async fn subscribe(server: &Server, topic: &str, queue: &str, attributes: &[(&str, &str)]) -> String {
    let fifo = [(QueueAttributeName::FifoQueue, "true")];
    let url = queues::create(&server.sqs(), queue, if queue.ends_with(".fifo") { &fifo } else { &[] }).await;
    let mut request = server.sns().subscribe().topic_arn(topic).protocol("sqs").endpoint(format!("{QUEUE_ARN}{queue}"));
    for (name, value) in attributes {
        request = request.attributes(*name, *value);
    }
    let subscription = request.send().await.unwrap().subscription_arn.unwrap();
    assert!(subscription.starts_with(&format!("{topic}:")), "{subscription}");
    url
}

/// Receives and deletes what a queue has.
async fn take(server: &Server, url: &str) -> Vec<aws_sdk_sqs::types::Message> {
    let client = server.sqs();
    let request = client.receive_message().queue_url(url).max_number_of_messages(10).message_attribute_names("All");
    let received = request.send().await.unwrap().messages.unwrap_or_default();
    for message in &received {
        let handle = message.receipt_handle().unwrap();
        client.delete_message().queue_url(url).receipt_handle(handle).send().await.unwrap();
    }
    received
}

async fn bodies(server: &Server, url: &str) -> Vec<String> {
    take(server, url).await.iter().map(|message| message.body().unwrap().to_owned()).collect()
}

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

/// The code of a refusal, its message and its status.
fn refusal<E: ProvideErrorMetadata + std::error::Error>(
    refused: &SdkError<E, aws_sdk_sns::config::http::HttpResponse>,
) -> (&str, &str, u16) {
    let meta = refused.as_service_error().unwrap().meta();
    assert_eq!(meta.request_id().unwrap().len(), 36);
    let status = refused.raw_response().unwrap().status().as_u16();
    (meta.code().unwrap(), meta.message().unwrap(), status)
}

#[tokio::test]
async fn a_message_reaches_all_queues_in_an_envelope_or_raw() {
    let server = Server::in_memory();
    let client = server.sns();
    let topic = create(&client, "orders", &[]).await;
    assert_eq!(topic, "arn:aws:sns:eu-central-1:000000000000:orders");
    let enveloped = subscribe(&server, &topic, "enveloped", &[]).await;
    let raw = subscribe(&server, &topic, "raw", &[("RawMessageDelivery", "true")]).await;
    let blob = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0, 255])).build().unwrap();
    let sent = client
        .publish()
        .topic_arn(&topic)
        .message("\u{1f986} <&>\"\r\n")
        .subject("a subject")
        .message_attributes("kind", text("paid"))
        .message_attributes("blob", blob)
        .send()
        .await
        .unwrap();

    let [message] = <[_; 1]>::try_from(bodies(&server, &enveloped).await).unwrap();
    let envelope: Value = serde_json::from_str(&message).unwrap();
    assert_eq!(envelope["Type"], "Notification");
    assert_eq!(envelope["MessageId"].as_str(), sent.message_id());
    assert_eq!(envelope["TopicArn"], topic);
    assert_eq!(envelope["Subject"], "a subject");
    assert_eq!(envelope["Message"], "\u{1f986} <&>\"\r\n");
    let attributes =
        json!({ "kind": { "Type": "String", "Value": "paid" }, "blob": { "Type": "Binary", "Value": "AP8=" } });
    assert_eq!(envelope["MessageAttributes"], attributes);

    let received = take(&server, &raw).await;
    let [message] = received.as_slice() else { panic!("{received:?}") };
    assert_eq!(message.body(), Some("\u{1f986} <&>\"\r\n"));
    let attributes = message.message_attributes().unwrap();
    assert_eq!(attributes["kind"].string_value(), Some("paid"));
    assert_eq!(attributes["blob"].binary_value().unwrap().as_ref(), [0, 255]);
}

#[tokio::test]
async fn a_filter_policy_keeps_messages_from_a_queue() {
    let server = Server::in_memory();
    let client = server.sns();
    let topic = create(&client, "events", &[]).await;
    let policy = json!({ "kind": ["paid", { "prefix": "re" }] }).to_string();
    let wanted =
        subscribe(&server, &topic, "wanted", &[("RawMessageDelivery", "true"), ("FilterPolicy", &policy)]).await;
    let policy = json!({ "amount": [{ "numeric": [">", 100] }] }).to_string();
    let attributes =
        [("RawMessageDelivery", "true"), ("FilterPolicy", policy.as_str()), ("FilterPolicyScope", "MessageBody")];
    let large = subscribe(&server, &topic, "large", &attributes).await;
    for (kind, amount) in [("paid", 1), ("refunded", 1000), ("sent", 500)] {
        let body = json!({ "amount": amount }).to_string();
        client.publish().topic_arn(&topic).message(body).message_attributes("kind", text(kind)).send().await.unwrap();
    }
    assert_eq!(bodies(&server, &wanted).await, [r#"{"amount":1}"#, r#"{"amount":1000}"#]);
    assert_eq!(bodies(&server, &large).await, [r#"{"amount":1000}"#, r#"{"amount":500}"#]);
}

#[tokio::test]
async fn a_fifo_topic_keeps_order_and_deduplicates() {
    let server = Server::in_memory();
    let client = server.sns();
    let attributes = [("FifoTopic", "true"), ("ContentBasedDeduplication", "true")];
    let topic = create(&client, "orders.fifo", &attributes).await;
    let url = subscribe(&server, &topic, "orders.fifo", &[("RawMessageDelivery", "true")]).await;
    let mut numbers = Vec::new();
    for body in ["a", "b", "a", "c"] {
        let sent = client.publish().topic_arn(&topic).message(body).message_group_id("g").send().await.unwrap();
        numbers.push(sent.sequence_number.unwrap());
    }
    assert_eq!(numbers[0], numbers[2]);
    assert!(numbers[0] < numbers[1] && numbers[1] < numbers[3], "{numbers:?}");
    assert_eq!(bodies(&server, &url).await, ["a", "b", "c"]);
    let refused = client.publish().topic_arn(&topic).message("d").send().await.unwrap_err();
    let said = "Invalid parameter: The MessageGroupId parameter is required for FIFO topics";
    assert_eq!(refusal(&refused), ("InvalidParameter", said, 400));
}

#[tokio::test]
async fn a_batch_is_published_whole_or_refused() {
    let server = Server::in_memory();
    let client = server.sns();
    let topic = create(&client, "batches", &[]).await;
    let url = subscribe(&server, &topic, "batches", &[("RawMessageDelivery", "true")]).await;
    let entry = |id: &str| PublishBatchRequestEntry::builder().id(id).message(format!("body {id}")).build().unwrap();
    let batch = |ids: &[&str]| {
        let entries = ids.iter().map(|id| entry(id)).collect();
        client.publish_batch().topic_arn(&topic).set_publish_batch_request_entries(Some(entries)).send()
    };
    let answer = batch(&["a", "b"]).await.unwrap();
    let ids: Vec<_> = answer.successful().iter().map(|each| each.id().unwrap()).collect();
    assert_eq!((ids, answer.failed().len()), (vec!["a", "b"], 0));
    let refused = batch(&["a", "b", "a"]).await.unwrap_err();
    let said = "Two or more batch entries in the request have the same Id.";
    assert_eq!(refusal(&refused), ("BatchEntryIdsNotDistinct", said, 400));
    assert!(refused.as_service_error().unwrap().is_batch_entry_ids_not_distinct_exception());
    let mut found = bodies(&server, &url).await;
    found.sort_unstable();
    assert_eq!(found, ["body a", "body b"]);
}

#[tokio::test]
async fn attributes_tags_and_permissions_are_kept_and_shown() {
    let server = Server::in_memory();
    let client = server.sns();
    let topic = create(&client, "kept", &[("DisplayName", "<A & B>")]).await;
    client
        .set_topic_attributes()
        .topic_arn(&topic)
        .attribute_name("SignatureVersion")
        .attribute_value("2")
        .send()
        .await
        .unwrap();
    let tag = Tag::builder().key("team").value("red blue").build().unwrap();
    client.tag_resource().resource_arn(&topic).tags(tag.clone()).send().await.unwrap();
    let permission = client.add_permission().topic_arn(&topic).label("one").aws_account_id("111122223333");
    permission.action_name("Publish").send().await.unwrap();

    let shown = client.get_topic_attributes().topic_arn(&topic).send().await.unwrap().attributes.unwrap();
    let expected = HashMap::from([
        ("DisplayName", "<A & B>"),
        ("SignatureVersion", "2"),
        ("Owner", "000000000000"),
        ("SubscriptionsConfirmed", "0"),
        ("TopicArn", topic.as_str()),
    ]);
    for (name, value) in expected {
        assert_eq!(shown.get(name).map(String::as_str), Some(value), "{name}");
    }
    let policy: Value = serde_json::from_str(&shown["Policy"]).unwrap();
    assert_eq!(policy["Statement"][1]["Sid"], "one");
    let tags = client.list_tags_for_resource().resource_arn(&topic).send().await.unwrap();
    assert_eq!(tags.tags(), [tag]);
    client.untag_resource().resource_arn(&topic).tag_keys("team").send().await.unwrap();
    assert!(client.list_tags_for_resource().resource_arn(&topic).send().await.unwrap().tags().is_empty());
}

#[tokio::test]
async fn lists_come_page_by_page() {
    let server = Server::in_memory();
    let client = server.sns();
    let topic = create(&client, "t-000", &[]).await;
    for nth in 1..150 {
        create(&client, &format!("t-{nth:03}"), &[]).await;
        let number = format!("+1555{nth:07}");
        client.subscribe().topic_arn(&topic).protocol("sms").endpoint(number).send().await.unwrap();
    }
    let topics: Vec<_> =
        client.list_topics().into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.unwrap();
    let mut arns: Vec<_> = topics.into_iter().filter_map(|topic| topic.topic_arn).collect();
    arns.sort_unstable();
    arns.dedup();
    assert_eq!(arns.len(), 150);
    let mut pages = client.list_subscriptions_by_topic().topic_arn(&topic).into_paginator().send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().subscriptions().len());
    }
    assert_eq!(sizes, [100, 49]);
}

#[tokio::test]
async fn failures_are_the_sdks_own() {
    let server = Server::in_memory();
    let client = server.sns();
    let topic = create(&client, "failing", &[]).await;
    let nowhere = client.get_topic_attributes().topic_arn(format!("{topic}-nowhere")).send().await.unwrap_err();
    assert_eq!(refusal(&nowhere), ("NotFound", "Topic does not exist", 404));
    assert!(nowhere.as_service_error().unwrap().is_not_found_exception());
    let empty = client.publish().topic_arn(&topic).message("").send().await.unwrap_err();
    assert_eq!(refusal(&empty), ("InvalidParameter", "Invalid parameter: Empty message", 400));
    let attribute = text("");
    let valueless =
        client.publish().topic_arn(&topic).message("a").message_attributes("a", attribute).send().await.unwrap_err();
    let said =
        "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.";
    assert_eq!(refusal(&valueless), ("ParameterValueInvalid", said, 400));
    assert!(valueless.as_service_error().unwrap().is_invalid_parameter_value_exception());
    let untagged = client.list_tags_for_resource().resource_arn(format!("{topic}-nowhere")).send().await.unwrap_err();
    assert_eq!(refusal(&untagged).0, "ResourceNotFound");
    assert!(untagged.as_service_error().unwrap().is_resource_not_found_exception());
}

#[tokio::test]
async fn topics_subscriptions_and_what_was_published_survive_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::on(directory.path());
    let topic = create(&server.sns(), "durable", &[]).await;
    let url = subscribe(&server, &topic, "durable", &[("RawMessageDelivery", "true")]).await;
    server.sns().publish().topic_arn(&topic).message("before").send().await.unwrap();
    server.kill();
    let server = Server::on(directory.path());
    let client = server.sns();
    client.publish().topic_arn(&topic).message("after").send().await.unwrap();
    let subscriptions = client.list_subscriptions_by_topic().topic_arn(&topic).send().await.unwrap();
    assert_eq!(subscriptions.subscriptions()[0].endpoint(), Some("arn:aws:sqs:eu-central-1:000000000000:durable"));
    let name = url.rsplit('/').next().unwrap();
    let url = server.sqs().get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap();
    assert_eq!(bodies(&server, &url).await, ["before", "after"]);
}
