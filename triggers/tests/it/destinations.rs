//! What is told of records that were given up.

use serde_json::json;

use crate::support::*;

#[test]
fn the_destination_is_told_where_the_records_are_as_the_service_tells_it() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let dead = world.queue("dead");
    append(&stream, "k", &["a"]);
    world.pass(2);
    append(&stream, "k", &["b"]);
    let numbers = Log::new();
    let seen = numbers.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().maximum_retry_attempts(1).on_failure(&dead);
    let _trigger = builder.run(move |batch| -> Result<(), _> {
        seen.add((batch.records()[0].id().to_owned(), batch.records()[1].id().to_owned()));
        Err("bad".into())
    });
    world.idle();
    assert_eq!(documents(&dead).len(), 0);
    world.pass(1);
    let told = documents(&dead).remove(0);
    let (first, last) = numbers.all().remove(0);
    assert!(told["requestContext"]["requestId"].as_str().unwrap().len() == 36);
    let mut context = told["requestContext"].clone();
    context.as_object_mut().unwrap().remove("requestId");
    let expected = json!({
        "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:t",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 2,
    });
    assert_eq!(context, expected);
    let expected = json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"});
    assert_eq!(told["responseContext"], expected);
    assert_eq!(told["version"], "1.0");
    assert_eq!(told["timestamp"], world.now().to_string());
    let expected = json!({
        "shardId": "shardId-000000000000",
        "startSequenceNumber": first,
        "endSequenceNumber": last,
        "approximateArrivalOfFirstRecord": START.to_string(),
        "approximateArrivalOfLastRecord": START.saturating_add(secs(2)).to_string(),
        "batchSize": 2,
        "streamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s",
    });
    assert_eq!(told["KinesisBatchInfo"], expected);
    assert_eq!(told.as_object().unwrap().len(), 5);
}

#[test]
fn of_a_table_it_is_told_under_the_name_of_that() {
    let world = World::new();
    world.table("orders");
    let dead = world.queue("dead");
    world.put("orders", "a", 1);
    let builder = world.triggers.on_table("t", &world.kv, "orders").unwrap().maximum_retry_attempts(0);
    builder.on_failure(&dead).run(|_| -> Result<(), _> { Err("bad".into()) }).unwrap();
    world.idle();
    let told = documents(&dead).remove(0);
    assert_eq!(told["DDBStreamBatchInfo"]["batchSize"], 1);
    let arn = told["DDBStreamBatchInfo"]["streamArn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/"), "{arn}");
    assert!(told.get("KinesisBatchInfo").is_none());
}

#[test]
fn a_destination_that_is_gone_holds_the_records_back() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let dead = world.queue("dead");
    append(&stream, "k", &["bad"]);
    let builder = world.triggers.on_stream("t", &stream).unwrap().maximum_retry_attempts(1).on_failure(&dead);
    let trigger = builder.run(|_| -> Result<(), _> { Err("bad".into()) }).unwrap();
    world.idle();
    world.queues.delete("dead").unwrap();
    world.pass(1);
    let status = trigger.status();
    assert_eq!(status.discarded, 0);
    assert!(status.last_result.contains("queue does not exist"), "{}", status.last_result);
    world.pass(60);
    let dead = world.queue("dead");
    world.pass_until(|| trigger.status().discarded == 1);
    assert_eq!(documents(&dead).len(), 1);
}
