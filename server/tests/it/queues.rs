//! Queues, under the AWS SDK for Rust.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use aws_sdk_sqs::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::{
        DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
        SendMessageBatchRequestEntry,
    },
};
use hyper::{Request, StatusCode};
use serde_json::{Value, json};

use crate::server::Server;

pub(crate) async fn create(client: &Client, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
    let mut request = client.create_queue().queue_name(name);
    for (name, value) in attributes {
        request = request.attributes(name.clone(), *value);
    }
    request.send().await.unwrap().queue_url.unwrap()
}

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

async fn bodies(client: &Client, url: &str) -> Vec<String> {
    let received = client.receive_message().queue_url(url).max_number_of_messages(10).send().await.unwrap();
    received.messages().iter().map(|message| message.body().unwrap().to_owned()).collect()
}

async fn moved(server: &Server, seconds: f64) -> Value {
    let request = Request::post("/_millpond/clock").body(json!({ "advance_seconds": seconds }).to_string()).unwrap();
    let response = server.send(request).await;
    assert_eq!(response.status(), StatusCode::OK, "{}", response.body());
    serde_json::from_str(response.body()).unwrap()
}

/// The code of a refusal, its code in the Query protocol, its message and its status.
fn refusal<E: ProvideErrorMetadata + std::error::Error>(
    refused: SdkError<E, aws_sdk_sqs::config::http::HttpResponse>,
) -> (String, String, String, u16) {
    let response = refused.raw_response().unwrap();
    let (status, query) =
        (response.status().as_u16(), response.headers().get("x-amzn-query-error").unwrap().to_owned());
    let body: Value = serde_json::from_slice(response.body().bytes().unwrap()).unwrap();
    let kind = body["__type"].as_str().unwrap().to_owned();
    (kind, query, body["message"].as_str().unwrap().to_owned(), status)
}

#[tokio::test]
async fn a_message_is_sent_received_and_deleted() {
    let server = Server::in_memory();
    let client = server.sqs();
    let url = create(&client, "orders", &[]).await;
    assert_eq!(url, format!("http://{}/000000000000/orders", server.addr));
    let found = client.get_queue_url().queue_name("orders").send().await.unwrap();
    assert_eq!(found.queue_url(), Some(url.as_str()));
    // The SDK compares the checksums of body and attributes with its own.
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("\u{1f986} <&>\"\r\n")
        .message_attributes("Hello", text("There"))
        .message_attributes(
            "Blob",
            MessageAttributeValue::builder().data_type("Binary.x").binary_value(Blob::new([0, 255])).build().unwrap(),
        )
        .send()
        .await
        .unwrap();
    let received = client
        .receive_message()
        .queue_url(&url)
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .unwrap();
    let message = &received.messages()[0];
    assert_eq!((message.message_id(), message.body()), (sent.message_id(), Some("\u{1f986} <&>\"\r\n")));
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    let attributes = message.message_attributes().unwrap();
    assert_eq!(attributes["Hello"], text("There"));
    assert_eq!(attributes["Blob"].binary_value(), Some(&Blob::new([0, 255])));
    let system = message.attributes().unwrap();
    let mut names: Vec<_> = system.keys().map(MessageSystemAttributeName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "SenderId", "SentTimestamp"]);
    assert_eq!(system[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    let handle = message.receipt_handle().unwrap();
    client.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
    client.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
    assert!(bodies(&client, &url).await.is_empty());
}

#[tokio::test]
async fn attributes_are_set_shown_and_refused_as_the_service_does() {
    let server = Server::in_memory();
    let client = server.sqs();
    let url = create(&client, "plain", &[]).await;
    let all = client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All);
    let shown = all.clone().send().await.unwrap().attributes.unwrap();
    let value = |name| shown.get(&name).map(String::as_str);
    assert_eq!(shown.len(), 12);
    assert_eq!(value(QueueAttributeName::QueueArn), Some("arn:aws:sqs:eu-central-1:000000000000:plain"));
    assert_eq!(value(QueueAttributeName::VisibilityTimeout), Some("30"));
    assert_eq!(value(QueueAttributeName::MaximumMessageSize), Some("1048576"));
    assert_eq!(value(QueueAttributeName::SqsManagedSseEnabled), Some("true"));
    let none = client.get_queue_attributes().queue_url(&url).send().await.unwrap();
    assert_eq!(none.attributes, None);

    let fifo = create(&client, "o.fifo", &[(QueueAttributeName::FifoQueue, "true")]).await;
    let fifo = client.get_queue_attributes().queue_url(&fifo).attribute_names(QueueAttributeName::All).send().await;
    assert_eq!(fifo.unwrap().attributes.unwrap().len(), 16);

    let dead = create(&client, "dead", &[]).await;
    let set = |name: QueueAttributeName, value: &str| {
        client.set_queue_attributes().queue_url(&url).attributes(name, value).send()
    };
    let policy = r#"{"maxReceiveCount":"2","deadLetterTargetArn":"arn:aws:sqs:eu-central-1:000000000000:dead"}"#;
    set(QueueAttributeName::RedrivePolicy, policy).await.unwrap();
    let shown = all.clone().send().await.unwrap().attributes.unwrap();
    assert_eq!(
        shown[&QueueAttributeName::RedrivePolicy],
        r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:000000000000:dead","maxReceiveCount":2}"#
    );
    let sources = client.list_dead_letter_source_queues().queue_url(&dead).send().await.unwrap();
    assert_eq!(sources.queue_urls(), std::slice::from_ref(&url));
    set(QueueAttributeName::RedrivePolicy, "").await.unwrap();
    assert!(!all.send().await.unwrap().attributes.unwrap().contains_key(&QueueAttributeName::RedrivePolicy));

    for (name, value, kind, message) in [
        (
            QueueAttributeName::VisibilityTimeout,
            "43201",
            "com.amazonaws.sqs#InvalidAttributeValue",
            "Invalid value for the parameter VisibilityTimeout.",
        ),
        (QueueAttributeName::from("Other"), "1", "com.amazonaws.sqs#InvalidAttributeName", "Unknown Attribute Other."),
        (
            QueueAttributeName::FifoQueue,
            "false",
            "com.amazonaws.sqs#InvalidAttributeName",
            "Unknown Attribute FifoQueue.",
        ),
        (
            QueueAttributeName::Policy,
            "{",
            "com.amazonaws.sqs#InvalidAttributeValue",
            "Invalid value for the parameter Policy.",
        ),
        (
            QueueAttributeName::RedrivePolicy,
            r#"{"deadLetterTargetArn":"arn:aws:sqs:x:0:none","maxReceiveCount":1}"#,
            "com.amazon.coral.service#InvalidParameterValueException",
            r#"Value {"deadLetterTargetArn":"arn:aws:sqs:x:0:none","maxReceiveCount":1} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."#,
        ),
    ] {
        let (found, _, text, status) = refusal(set(name, value).await.unwrap_err());
        assert_eq!((found.as_str(), text.as_str(), status), (kind, message, 400));
    }
    let again =
        client.create_queue().queue_name("plain").attributes(QueueAttributeName::DelaySeconds, "9").send().await;
    assert_eq!(
        refusal(again.unwrap_err()),
        (
            "com.amazonaws.sqs#QueueNameExists".to_owned(),
            "QueueAlreadyExists;Sender".to_owned(),
            "A queue already exists with the same name and a different value for attribute DelaySeconds".to_owned(),
            400
        )
    );
}

#[tokio::test]
async fn a_batch_succeeds_and_fails_entry_by_entry() {
    let server = Server::in_memory();
    let client = server.sqs();
    let url = create(&client, "batch", &[(QueueAttributeName::MaximumMessageSize, "1024")]).await;
    let entry =
        |id: &str, body: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap();
    let sent = client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("a", "one"))
        .entries(entry("b", &"x".repeat(1025)))
        .entries(entry("c", "\u{13}"))
        .entries(entry("d", ""))
        .entries(entry("e", "two"))
        .send()
        .await
        .unwrap();
    let succeeded: Vec<_> = sent.successful().iter().map(aws_sdk_sqs::types::SendMessageBatchResultEntry::id).collect();
    assert_eq!(succeeded, ["a", "e"]);
    let failed: Vec<_> = sent.failed().iter().map(|entry| (entry.id(), entry.code(), entry.sender_fault())).collect();
    assert_eq!(
        failed,
        [("b", "InvalidParameterValue", true), ("c", "InvalidMessageContents", true), ("d", "MissingParameter", true)]
    );
    let long = "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.";
    assert_eq!(sent.failed()[0].message(), Some(long));
    for (entries, kind) in [
        (vec![], "EmptyBatchRequest"),
        (vec![entry("a", "x"), entry("a", "x")], "BatchEntryIdsNotDistinct"),
        (vec![entry("a b", "x")], "InvalidBatchEntryId"),
        ((0..11).map(|nth| entry(&nth.to_string(), "x")).collect(), "TooManyEntriesInBatchRequest"),
        ((0..2).map(|nth| entry(&nth.to_string(), &"x".repeat(600_000))).collect(), "BatchRequestTooLong"),
    ] {
        let refused = client.send_message_batch().queue_url(&url).set_entries(Some(entries)).send().await.unwrap_err();
        let (found, query, ..) = refusal(refused);
        assert_eq!(found, format!("com.amazonaws.sqs#{kind}"));
        assert_eq!(query, format!("AWS.SimpleQueueService.{kind};Sender"));
    }
    let received = client.receive_message().queue_url(&url).max_number_of_messages(10).send().await.unwrap();
    let handle = |nth: usize| received.messages()[nth].receipt_handle().unwrap();
    let delete = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let deleted = client
        .delete_message_batch()
        .queue_url(&url)
        .entries(delete("a", handle(0)))
        .entries(delete("b", "garbage"))
        .entries(delete("c", handle(1)))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.successful().len(), 2);
    assert_eq!(deleted.failed()[0].code(), "ReceiptHandleIsInvalid");
    let refused = client.delete_message().queue_url(&url).receipt_handle("garbage").send().await.unwrap_err();
    let (kind, _, message, status) = refusal(refused);
    assert_eq!((kind.as_str(), status), ("com.amazonaws.sqs#ReceiptHandleIsInvalid", 404));
    assert_eq!(message, "The input receipt handle \"garbage\" is not a valid receipt handle.");
}

#[tokio::test]
async fn a_first_in_first_out_queue_keeps_order_and_knows_duplicates() {
    let server = Server::in_memory();
    let client = server.sqs();
    let url = create(&client, "o.fifo", &[(QueueAttributeName::FifoQueue, "true")]).await;
    let send = |body: &str, id: &str| {
        let request = client.send_message().queue_url(&url).message_body(body).message_group_id("g");
        request.message_deduplication_id(id).send()
    };
    let first = send("one", "1").await.unwrap();
    assert_eq!(first.sequence_number().map(str::len), Some(20));
    assert_eq!(send("one again", "1").await.unwrap().message_id(), first.message_id());
    assert!(send("two", "2").await.unwrap().sequence_number() > first.sequence_number());
    assert_eq!(bodies(&client, &url).await, ["one", "two"]);
    let missing = client.send_message().queue_url(&url).message_body("x").send().await.unwrap_err();
    let (kind, _, message, _) = refusal(missing);
    assert_eq!(kind, "com.amazon.coral.service#MissingRequiredParameterException");
    assert_eq!(message, "The request must contain the parameter MessageGroupId.");
    let entry = SendMessageBatchRequestEntry::builder().id("a").message_body("x").build().unwrap();
    let missing = client.send_message_batch().queue_url(&url).entries(entry).send().await.unwrap_err();
    let (kind, _, message, _) = refusal(missing);
    assert_eq!(kind, "com.amazon.coral.service#InvalidParameterValueException");
    assert_eq!(message, "The request must contain the parameter MessageGroupId.");
}

#[tokio::test]
async fn a_receive_waits_for_a_message_and_no_longer_than_it_is_told() {
    let server = Server::with(&["--manual-clock"]);
    let client = server.sqs();
    let url = create(&client, "slow", &[]).await;
    let receive = client.receive_message().queue_url(&url).wait_time_seconds(20);
    let first = tokio::spawn(receive.clone().send());
    // It begins to wait at any of these moments, and not all of its time is over at the end.
    for _ in 0..19 {
        moved(&server, 1.0).await;
    }
    assert!(!first.is_finished());
    client.send_message().queue_url(&url).message_body("at last").send().await.unwrap();
    assert_eq!(first.await.unwrap().unwrap().messages()[0].body(), Some("at last"));
    let second = tokio::spawn(receive.send());
    while !second.is_finished() {
        moved(&server, 1.0).await;
    }
    assert!(second.await.unwrap().unwrap().messages.is_none());
}

#[tokio::test]
async fn requests_that_wait_hold_no_thread() {
    let server = Server::in_memory();
    let client = server.sqs();
    let url = create(&client, "many", &[]).await;
    let mut waiting = tokio::task::JoinSet::new();
    // Far more than there are threads.
    for _ in 0..100 {
        waiting.spawn(client.receive_message().queue_url(&url).wait_time_seconds(20).send());
    }
    for nth in 0..100 {
        client.send_message().queue_url(&url).message_body(nth.to_string()).send().await.unwrap();
    }
    let mut received = 0;
    while let Some(answer) = waiting.join_next().await {
        received += answer.unwrap().unwrap().messages().len();
    }
    assert_eq!(received, 100);
}

#[cfg(unix)]
#[tokio::test]
async fn the_end_of_the_server_answers_those_who_wait() {
    let mut server = Server::in_memory();
    let client = server.sqs();
    let url = create(&client, "end", &[]).await;
    let begun = Instant::now();
    let receive = tokio::spawn(client.receive_message().queue_url(&url).wait_time_seconds(20).send());
    // Nothing tells from outside that it has begun to wait. If it has not, it finds no server.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(server.end().success());
    assert!(receive.await.unwrap().unwrap().messages.is_none());
    assert!(begun.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn time_stands_still_until_it_is_moved() {
    let server = Server::with(&["--manual-clock", "--no-cooldowns"]);
    let client = server.sqs();
    let url = create(&client, "timed", &[(QueueAttributeName::MessageRetentionPeriod, "60")]).await;
    client.send_message().queue_url(&url).message_body("later").delay_seconds(900).send().await.unwrap();
    client.purge_queue().queue_url(&url).send().await.unwrap();
    client.purge_queue().queue_url(&url).send().await.unwrap();
    let count = |name: QueueAttributeName| {
        let request = client.get_queue_attributes().queue_url(&url).attribute_names(name.clone()).send();
        async move { request.await.unwrap().attributes.unwrap()[&name].clone() }
    };
    client.send_message().queue_url(&url).message_body("later").delay_seconds(10).send().await.unwrap();
    assert_eq!(count(QueueAttributeName::ApproximateNumberOfMessagesDelayed).await, "1");
    assert!(bodies(&client, &url).await.is_empty());
    let before = moved(&server, 0.0).await["now_millis"].as_u64().unwrap();
    let after = moved(&server, 10.5).await["now_millis"].as_u64().unwrap();
    assert_eq!(after - before, 10_500);
    assert_eq!(bodies(&client, &url).await, ["later"]);
    assert_eq!(count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible).await, "1");
    moved(&server, 30.0).await;
    let receive = client.receive_message().queue_url(&url).visibility_timeout(0).send().await.unwrap();
    assert_eq!(receive.messages().len(), 1);
    // Retention is over, and the counts say so at once.
    moved(&server, 60.0).await;
    assert_eq!(count(QueueAttributeName::ApproximateNumberOfMessages).await, "0");
    client.delete_queue().queue_url(&url).send().await.unwrap();
    create(&client, "timed", &[]).await;
    for (body, status) in [("{", 400), (r#"{"advance_seconds":-1}"#, 400), (r#"{"advance_seconds":1e300}"#, 400)] {
        let request = Request::post("/_millpond/clock").body(body.to_owned()).unwrap();
        assert_eq!(server.send(request).await.status(), status, "{body}");
    }
}

#[tokio::test]
async fn the_systems_clock_is_shown_and_not_moved() {
    let server = Server::in_memory();
    let shown = server.send(Request::get("/_millpond/clock").body(String::new()).unwrap()).await;
    let shown: Value = serde_json::from_str(shown.body()).unwrap();
    assert!(shown["now_millis"].as_u64().unwrap() > 1_600_000_000_000 && shown["manual"] == false);
    let request = Request::post("/_millpond/clock").body(r#"{"advance_seconds":1}"#.to_owned()).unwrap();
    let refused = server.send(request).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert!(refused.body().contains("--manual-clock"));
    let other = server.send(Request::get("/_millpond/other").body(String::new()).unwrap()).await;
    assert_eq!(other.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn dead_letters_are_moved_back_by_a_task() {
    let server = Server::with(&["--manual-clock"]);
    let client = server.sqs();
    let dead = create(&client, "dead", &[]).await;
    let dead_arn = "arn:aws:sqs:eu-central-1:000000000000:dead";
    let policy = json!({ "deadLetterTargetArn": dead_arn, "maxReceiveCount": 1 }).to_string();
    let url = create(&client, "source", &[(QueueAttributeName::RedrivePolicy, &policy)]).await;
    client.send_message().queue_url(&url).message_body("bad").send().await.unwrap();
    for expected in [1, 0] {
        let received = client.receive_message().queue_url(&url).visibility_timeout(0).send().await.unwrap();
        assert_eq!(received.messages().len(), expected);
    }
    let letter = client
        .receive_message()
        .queue_url(&dead)
        .visibility_timeout(0)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .unwrap();
    let attributes = letter.messages()[0].attributes().unwrap();
    let source = &attributes[&MessageSystemAttributeName::DeadLetterQueueSourceArn];
    assert_eq!(source, "arn:aws:sqs:eu-central-1:000000000000:source");
    assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], "2");
    let started = client.start_message_move_task().source_arn(dead_arn).send().await.unwrap();
    let handle = started.task_handle().unwrap();
    let again = client.start_message_move_task().source_arn(dead_arn).send().await;
    moved(&server, 1.0).await;
    moved(&server, 1.0).await;
    let listed = client.list_message_move_tasks().source_arn(dead_arn).send().await.unwrap();
    let task = &listed.results()[0];
    assert_eq!((task.status(), task.approximate_number_of_messages_moved()), (Some("COMPLETED"), 1));
    assert_eq!((task.task_handle(), task.source_arn()), (None, Some(dead_arn)));
    assert_eq!(bodies(&client, &url).await, ["bad"]);
    if let Err(refused) = again {
        let text =
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
        assert_eq!(refusal(refused).2, text);
    }
    assert!(client.cancel_message_move_task().task_handle(handle).send().await.is_err());
    let wrong = client.cancel_message_move_task().task_handle("x").send().await.unwrap_err();
    assert_eq!(refusal(wrong).2, "Value for parameter TaskHandle is invalid.");
    let missing = client.start_message_move_task().source_arn("arn:aws:sqs:x:0:none").send().await.unwrap_err();
    let (kind, _, message, status) = refusal(missing);
    assert_eq!((kind.as_str(), status), ("com.amazonaws.sqs#ResourceNotFoundException", 404));
    assert_eq!(message, "The resource that you specified for the SourceArn parameter doesn't exist.");
    let wrong = client.start_message_move_task().source_arn(url).send().await.unwrap_err();
    assert!(refusal(wrong).2.starts_with("You must use this format to specify the SourceArn: arn:<partition>"));
}

#[tokio::test]
async fn tags_permissions_and_lists_are_kept() {
    let server = Server::in_memory();
    let client = server.sqs();
    let url = client.create_queue().queue_name("b").tags("k", "v").send().await.unwrap().queue_url.unwrap();
    client.tag_queue().queue_url(&url).tags("l", "").send().await.unwrap();
    client.untag_queue().queue_url(&url).tag_keys("k").tag_keys("z").send().await.unwrap();
    let tags = client.list_queue_tags().queue_url(&url).send().await.unwrap().tags;
    assert_eq!(tags, Some(HashMap::from([("l".to_owned(), String::new())])));

    let add = |label: &str, action: &str| {
        client.add_permission().queue_url(&url).label(label).aws_account_ids("123456789012").actions(action).send()
    };
    add("mine", "ReceiveMessage").await.unwrap();
    add("mine", "ReceiveMessage").await.unwrap();
    let policy = client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::Policy);
    let shown = policy.clone().send().await.unwrap().attributes.unwrap();
    let arn = "arn:aws:sqs:eu-central-1:000000000000:b";
    assert_eq!(
        shown[&QueueAttributeName::Policy],
        format!(
            r#"{{"Version":"2008-10-17","Id":"{arn}/SQSDefaultPolicy","Statement":[{{"Sid":"mine","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::123456789012:root"}},"Action":"SQS:ReceiveMessage","Resource":"{arn}"}}]}}"#
        )
    );
    assert_eq!(
        refusal(add("mine", "*").await.unwrap_err()).2,
        "Value mine for parameter Label is invalid. Reason: Already exists."
    );
    assert_eq!(
        refusal(add("x", "CreateQueue").await.unwrap_err()).2,
        "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action."
    );
    client.remove_permission().queue_url(&url).label("mine").send().await.unwrap();
    assert_eq!(policy.send().await.unwrap().attributes, None);
    let gone = client.remove_permission().queue_url(&url).label("mine").send().await.unwrap_err();
    assert_eq!(refusal(gone).2, "Value mine for parameter Label is invalid. Reason: can't find label.");

    for name in ["a", "c", "bb"] {
        create(&client, name, &[]).await;
    }
    let list = client.list_queues().queue_name_prefix("b").send().await.unwrap();
    assert_eq!(list.queue_urls(), [url.clone(), format!("{url}b")]);
    let page = client.list_queues().max_results(3).send().await.unwrap();
    let rest = client.list_queues().max_results(3).next_token(page.next_token().unwrap()).send().await.unwrap();
    assert_eq!((page.queue_urls().len(), rest.queue_urls().len(), rest.next_token()), (3, 1, None));
    assert!(client.list_queues().queue_name_prefix("z").send().await.unwrap().queue_urls.is_none());
}

#[tokio::test]
async fn what_is_not_there_is_not_there() {
    let server = Server::in_memory();
    let client = server.sqs();
    let missing =
        client.send_message().queue_url(format!("http://{}/0/none", server.addr)).message_body("x").send().await;
    let missing = missing.unwrap_err();
    assert!(missing.as_service_error().unwrap().is_queue_does_not_exist());
    assert_eq!(
        refusal(missing),
        (
            "com.amazonaws.sqs#QueueDoesNotExist".to_owned(),
            "AWS.SimpleQueueService.NonExistentQueue;Sender".to_owned(),
            "The specified queue does not exist.".to_owned(),
            400
        )
    );
    // A bare name, and any account, are good enough.
    create(&client, "there", &[]).await;
    for url in ["there", "http://other.example/123456789012/there"] {
        client.send_message().queue_url(url).message_body("x").send().await.unwrap();
    }
    assert_eq!(bodies(&client, "there").await.len(), 2);
}
