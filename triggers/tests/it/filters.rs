//! Which records a handler sees.

use serde_json::json;

use millpond_triggers::{Content, Trigger};

use crate::support::*;

fn stream_with(world: &World, patterns: &[serde_json::Value]) -> (Trigger, Batches) {
    let batches = Batches::new();
    let seen = batches.clone();
    let stream = world.streams.get("s").unwrap();
    let mut builder = world.triggers.on_stream("t", &stream).unwrap();
    for pattern in patterns {
        builder = builder.filter(pattern.to_string());
    }
    let trigger = builder.run(move |batch| {
        seen.add(texts(batch));
        Ok(())
    });
    world.idle();
    (trigger.unwrap(), batches)
}

#[test]
fn records_of_a_stream_are_filtered_by_their_data_and_by_what_is_known_of_them() {
    let world = World::new();
    let stream = world.stream("s", 1);
    for (key, data) in [
        ("a", r#"{"city":"Rome","t":20}"#),
        ("a", r#"{"city":"Oslo","t":-3}"#),
        ("b", r#"{"city":"Rome","t":31}"#),
        ("a", "Rome"),
        ("c", r#"[{"city":"Rome"}]"#),
    ] {
        append(&stream, key, &[data]);
    }
    let pattern = json!({"partitionKey": ["a"], "data": {"city": ["Rome"]}});
    let (trigger, batches) = stream_with(&world, &[pattern]);
    assert_eq!(batches.take(), [[r#"{"city":"Rome","t":20}"#]]);
    assert_eq!(trigger.status().filtered, 4);
    trigger.stop();
    world.triggers.remove("t").unwrap();
    // Either of two; data that are no JSON match no pattern for them.
    let warm = json!({"data": {"t": [{"numeric": [">", 30]}]}});
    let cold = json!({"data": {"t": [{"numeric": ["<", 0]}]}});
    let (_trigger, batches) = stream_with(&world, &[warm, cold]);
    assert_eq!(batches.take().concat(), [r#"{"city":"Oslo","t":-3}"#, r#"{"city":"Rome","t":31}"#]);
}

#[test]
fn data_that_are_no_json_pass_a_filter_that_does_not_ask_for_them() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "a", &["x"]);
    append(&stream, "b", &["y"]);
    let (_trigger, batches) = stream_with(&world, &[json!({"partitionKey": [{"prefix": "b"}]})]);
    assert_eq!(batches.take(), [["y"]]);
}

#[test]
fn what_asks_for_something_to_be_absent_does_not_pass_what_is_no_json() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["plain", r#"{"x":1}"#, r#"{"y":1}"#]);
    let (_trigger, batches) = stream_with(&world, &[json!({"data": {"x": [{"exists": false}]}})]);
    assert_eq!(batches.take(), [[r#"{"y":1}"#]]);
}

#[test]
fn what_is_passed_over_is_not_read_again_after_a_restart() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append_all(&stream, "k", &numbered(50));
    let pattern = json!({"partitionKey": ["other"]});
    let (trigger, _) = stream_with(&world, std::slice::from_ref(&pattern));
    assert_eq!(trigger.status().filtered, 50);
    let world = world.restarted();
    let (trigger, batches) = stream_with(&world, &[pattern]);
    assert_eq!((trigger.status().filtered, batches.len()), (0, 0));
}

#[test]
fn messages_that_do_not_match_are_deleted() {
    let world = World::new();
    let queue = world.queue("q");
    for body in [r#"{"kind":"a"}"#, r#"{"kind":"b"}"#, "a", "plain"] {
        queue.send(body).unwrap();
    }
    let batches = Batches::new();
    let seen = batches.clone();
    let builder = world.triggers.on_queue("t", &queue).unwrap().filter(r#"{"body":{"kind":["a"]}}"#);
    let trigger = builder.filter(r#"{"body":["plain"]}"#).run(move |batch| {
        seen.add(texts(batch));
        Ok(())
    });
    world.idle();
    let mut passed = batches.take().concat();
    passed.sort();
    assert_eq!(passed, ["plain", r#"{"kind":"a"}"#]);
    let status = trigger.unwrap().status();
    assert_eq!((status.filtered, status.records), (2, 2));
    world.pass(3600);
    assert_eq!(bodies(&queue), [""; 0]);
}

#[test]
fn a_body_that_is_json_is_no_plain_string() {
    let world = World::new();
    let queue = world.queue("q");
    queue.send(r#"["plain"]"#).unwrap();
    queue.send("12").unwrap();
    let batches = Batches::new();
    let seen = batches.clone();
    let builder = world.triggers.on_queue("t", &queue).unwrap().filter(r#"{"body":["plain", "12"]}"#);
    builder
        .run(move |batch| {
            seen.add(texts(batch));
            Ok(())
        })
        .unwrap();
    world.idle();
    assert_eq!(batches.take(), [["12"]]);
}

#[test]
fn changes_are_filtered_by_what_happened_and_by_their_images() {
    let world = World::new();
    world.table("orders");
    world.put("orders", "a", 1);
    world.put("orders", "a", 2);
    world.put("orders", "b", 5);
    let seen = Log::new();
    let changes = seen.clone();
    let pattern = json!({"$or": [
        {"eventName": ["MODIFY"]},
        {"dynamodb": {"NewImage": {"value": {"N": [{"prefix": "5"}]}}}},
    ]});
    let builder = world.triggers.on_table("t", &world.kv, "orders").unwrap().filter(pattern.to_string());
    builder
        .run(move |batch| {
            for record in batch {
                let Content::Change(change) = record.content() else { panic!("no change") };
                changes.add((change.event_name.as_str(), format!("{:?}", change.keys["pk"])));
            }
            Ok(())
        })
        .unwrap();
    world.idle();
    let mut passed = seen.take();
    passed.sort();
    assert_eq!(passed, [("INSERT", r#"S("b")"#.to_owned()), ("MODIFY", r#"S("a")"#.to_owned())]);
}
