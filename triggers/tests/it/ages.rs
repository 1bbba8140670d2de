//! Records that are too old to be handled.

use crate::support::*;

#[test]
fn records_beyond_the_age_are_given_up_before_they_are_handled() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let dead = world.queue("dead");
    append(&stream, "k", &["a", "b"]);
    world.pass(30);
    append(&stream, "k", &["c"]);
    world.pass(61);
    let batches = Batches::new();
    let seen = batches.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().maximum_record_age(secs(90)).on_failure(&dead);
    let trigger = builder.run(move |batch| {
        seen.add(texts(batch));
        Ok(())
    });
    world.idle();
    assert_eq!(batches.take(), [["c"]]);
    assert_eq!(trigger.unwrap().status().discarded, 2);
    let told = documents(&dead);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(told[0]["requestContext"]["approximateInvokeCount"], 0);
    assert_eq!(told[0]["responseContext"], serde_json::Value::Null);
    assert_eq!(told[0]["KinesisBatchInfo"]["batchSize"], 2);
}

#[test]
fn a_record_that_grows_too_old_between_attempts_is_given_up() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["bad"]);
    let batches = Batches::new();
    let seen = batches.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().maximum_record_age(secs(60));
    let trigger = builder.run(move |batch| {
        seen.add(texts(batch));
        if texts(batch)[0] == "bad" { Err("bad".into()) } else { Ok(()) }
    });
    let trigger = trigger.unwrap();
    world.idle();
    // 1, 2, 4, 8, 16 and 32 seconds: the sixth retry comes after 63.
    for _ in 0..62 {
        world.pass(1);
    }
    append(&stream, "k", &["good"]);
    world.idle();
    assert_eq!((batches.take().len(), trigger.status().discarded), (6, 0));
    world.pass(1);
    assert_eq!(batches.take(), [["good"]]);
    assert_eq!(trigger.status().discarded, 1);
}

#[test]
fn without_limits_a_batch_is_tried_until_its_records_are_not_kept_any_more() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let dead = world.queue("dead");
    append(&stream, "k", &["bad"]);
    let builder = world.triggers.on_stream("t", &stream).unwrap().on_failure(&dead);
    let trigger = builder.run(|batch| if texts(batch)[0] == "bad" { Err("bad".into()) } else { Ok(()) });
    let trigger = trigger.unwrap();
    world.idle();
    for _ in 0..23 {
        world.pass(3600);
    }
    assert_eq!((trigger.status().discarded, trigger.status().errors), (0, 24));
    append(&stream, "k", &["good"]);
    world.pass(3601);
    let status = trigger.status();
    assert_eq!((status.discarded, status.records), (1, 1));
    assert_eq!(documents(&dead)[0]["requestContext"]["approximateInvokeCount"], 24);
}
