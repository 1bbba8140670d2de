//! Tumbling windows.

use millpond_triggers::{MAX_STATE_BYTES, Outcome, Trigger};

use crate::support::*;

/// What a call had: the window's start, its texts, the state before, whether it was the last, and whether that came early.
type Call = (u64, Vec<String>, Option<String>, bool, bool);

/// Joins the texts of a window.
fn joining(world: &World, window: u64) -> (Trigger, Log<Call>) {
    let calls: Log<Call> = Log::new();
    let seen = calls.clone();
    let stream = world.streams.get("s").unwrap();
    let builder = world.triggers.on_stream("t", &stream).unwrap().tumbling_window(secs(window));
    let trigger = builder.run(move |batch| {
        let call = batch.window().unwrap();
        let state = batch.state().map(|state| String::from_utf8(state.to_vec()).unwrap());
        let texts = texts(batch);
        let start = call.window.start.as_secs() - START.as_secs();
        seen.add((start, texts.clone(), state.clone(), call.is_final, call.is_terminated_early));
        Ok(Outcome::done().with_state(state.unwrap_or_default() + &texts.concat()))
    });
    world.idle();
    (trigger.unwrap(), calls)
}

fn call(start: u64, texts: &[&str], state: Option<&str>, is_final: bool) -> Call {
    (start, strings(texts), state.map(str::to_owned), is_final, false)
}

#[test]
fn a_window_carries_its_state_and_ends_with_its_time() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let (_trigger, calls) = joining(&world, 60);
    append(&stream, "k", &["a"]);
    world.idle();
    world.pass(10);
    append(&stream, "k", &["b"]);
    world.idle();
    assert_eq!(calls.take(), [call(0, &["a"], None, false), call(0, &["b"], Some("a"), false)]);
    world.pass(49);
    assert_eq!(calls.len(), 0);
    world.pass(1);
    assert_eq!(calls.take(), [call(0, &[], Some("ab"), true)]);
    // A window without records is none.
    world.pass(120);
    assert_eq!(calls.len(), 0);
    append(&stream, "k", &["c"]);
    world.idle();
    assert_eq!(calls.take(), [call(180, &["c"], None, false)]);
}

#[test]
fn records_of_two_windows_are_in_two_batches_with_the_end_of_the_first_between() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a", "b"]);
    world.pass(60);
    append(&stream, "k", &["c"]);
    let (trigger, calls) = joining(&world, 60);
    let expected = [call(0, &["a", "b"], None, false), call(0, &[], Some("ab"), true), call(60, &["c"], None, false)];
    assert_eq!(calls.take(), expected);
    assert_eq!(trigger.status().records, 3);
}

#[test]
fn the_state_survives_a_restart() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let (_trigger, calls) = joining(&world, 60);
    assert_eq!(calls.take(), [call(0, &["a"], None, false)]);
    let world = world.restarted();
    let (_trigger, calls) = joining(&world, 60);
    let stream = world.streams.get("s").unwrap();
    append(&stream, "k", &["b"]);
    world.idle();
    world.pass(60);
    assert_eq!(calls.take(), [call(0, &["b"], Some("a"), false), call(0, &[], Some("ab"), true)]);
}

#[test]
fn a_window_ends_with_its_shard_and_the_children_begin_anew() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let (_trigger, calls) = joining(&world, 900);
    append(&stream, "k", &["a"]);
    world.idle();
    stream.update_shard_count(2).unwrap();
    append(&stream, "k", &["b"]);
    world.idle();
    let ended = calls.take();
    let start = ended[0].0;
    let expected =
        [call(start, &["a"], None, false), call(start, &[], Some("a"), true), call(start, &["b"], None, false)];
    assert_eq!(ended, expected);
}

#[test]
fn a_state_that_is_too_long_ends_the_window_early() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let calls: Log<(usize, bool, bool)> = Log::new();
    let seen = calls.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().tumbling_window(secs(60));
    let _trigger = builder.run(move |batch| {
        let call = batch.window().unwrap();
        let state = batch.state().map_or(0, |state| state.len());
        seen.add((state, call.is_final, call.is_terminated_early));
        Ok(Outcome::done().with_state(vec![0; MAX_STATE_BYTES + 1]))
    });
    append(&stream, "k", &["a"]);
    world.idle();
    assert_eq!(calls.take(), [(0, false, false), (MAX_STATE_BYTES + 1, true, true)]);
    append(&stream, "k", &["b"]);
    world.idle();
    assert_eq!(calls.take()[0], (0, false, false));
}

#[test]
fn a_handler_that_gives_no_state_has_failed() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let builder = world.triggers.on_stream("t", &stream).unwrap().tumbling_window(secs(60)).maximum_retry_attempts(0);
    let trigger = builder.run(|_| Ok(())).unwrap();
    world.idle();
    let status = trigger.status();
    assert_eq!(status.discarded, 1);
    assert!(status.last_result.contains("no state"), "{}", status.last_result);
}

#[test]
fn the_end_of_a_window_is_tried_again_and_given_up_as_a_batch_is() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let dead = world.queue("dead");
    append(&stream, "k", &["a"]);
    let calls: Log<(bool, Option<u64>)> = Log::new();
    let seen = calls.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().tumbling_window(secs(60));
    let _trigger = builder.maximum_retry_attempts(1).on_failure(&dead).run(move |batch| {
        seen.add((batch.is_final(), batch.json_state().unwrap()));
        if batch.is_final() { Err("not now".into()) } else { Ok(Outcome::done().with_json_state(&5).unwrap()) }
    });
    world.idle();
    world.pass(60);
    world.pass(1);
    assert_eq!(calls.take(), [(false, None), (true, Some(5)), (true, Some(5))]);
    let told = documents(&dead);
    assert_eq!(told[0]["KinesisBatchInfo"]["batchSize"], 0);
    append(&stream, "k", &["b"]);
    world.idle();
    assert_eq!(calls.take(), [(false, None)]);
}

#[test]
fn windows_and_their_effects_are_one_commit_each() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let sums = world.engine.keyspace("sums").unwrap();
    let written = sums.clone();
    let builder = world.triggers.on_stream("t", &stream).unwrap().tumbling_window(secs(10)).batch_size(2);
    let _trigger = builder.run_in(move |tx, batch| {
        let sum: u64 = batch.json_state()?;
        if batch.is_final() {
            let start = batch.window().unwrap().window.start.as_secs() - START.as_secs();
            tx.put(&written, format!("{start:02}"), sum.to_string())?;
        }
        let sum = sum + batch.records().iter().map(|record| record.json::<u64>().unwrap()).sum::<u64>();
        Ok(Outcome::done().with_json_state(&sum)?)
    });
    for second in 0..25 {
        append(&stream, "k", &[&second.to_string()]);
        world.pass(1);
    }
    world.pass(10);
    let expected = [("00", "45"), ("10", "145"), ("20", "110")];
    let expected: Vec<(String, String)> = expected.iter().map(|(at, sum)| ((*at).into(), (*sum).into())).collect();
    assert_eq!(rows(&world.engine, &sums).into_iter().collect::<Vec<_>>(), expected);
}
