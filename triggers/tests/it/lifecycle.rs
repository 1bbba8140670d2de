//! Triggers that are stopped, started again, turned off and removed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use millpond_triggers::{Error, Result, StartingPosition, Trigger};

use crate::support::*;

fn start(world: &World) -> Result<(Trigger, Batches)> {
    let batches = Batches::new();
    let seen = batches.clone();
    let stream = world.streams.get("s").unwrap();
    let trigger = world.triggers.on_stream("t", &stream)?.run(move |batch| {
        seen.add(texts(batch));
        Ok(())
    })?;
    world.idle();
    Ok((trigger, batches))
}

#[test]
fn a_trigger_goes_on_where_it_was() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let (_trigger, batches) = start(&world).unwrap();
    assert_eq!(batches.take(), [["a"]]);
    append(&stream, "k", &["b"]);
    world.idle();
    let world = world.restarted();
    append(&world.streams.get("s").unwrap(), "k", &["c"]);
    let (trigger, batches) = start(&world).unwrap();
    assert_eq!(batches.take(), [["c"]]);
    trigger.stop();
    assert!(!trigger.status().is_running);
    append(&world.streams.get("s").unwrap(), "k", &["d"]);
    world.idle();
    assert_eq!(batches.len(), 0);
    let (_trigger, batches) = start(&world).unwrap();
    assert_eq!(batches.take(), [["d"]]);
}

#[test]
fn a_trigger_that_is_off_stays_so_and_keeps_its_checkpoint() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let (trigger, batches) = start(&world).unwrap();
    trigger.disable().unwrap();
    append(&stream, "k", &["b"]);
    world.idle();
    assert_eq!(batches.take(), [["a"]]);
    assert!(!trigger.status().is_enabled);
    let world = world.restarted();
    assert!(!world.triggers.list().unwrap()[0].is_enabled);
    let (trigger, batches) = start(&world).unwrap();
    assert_eq!(batches.len(), 0);
    trigger.enable().unwrap();
    world.idle();
    assert_eq!(batches.take(), [["b"]]);
    assert!(world.triggers.list().unwrap()[0].is_enabled);
}

#[test]
fn a_trigger_that_is_removed_leaves_nothing_and_begins_anew() {
    let world = World::new();
    let stream = world.stream("s", 3);
    append(&stream, "k", &["a"]);
    let (trigger, batches) = start(&world).unwrap();
    assert_eq!(batches.take(), [["a"]]);
    world.triggers.remove("t").unwrap();
    assert!(!trigger.status().is_running);
    assert!(matches!(trigger.enable(), Err(Error::TriggerNotFound { .. })));
    assert!(matches!(world.triggers.remove("t"), Err(Error::TriggerNotFound { .. })));
    assert!(matches!(world.triggers.get("t"), Err(Error::TriggerNotFound { .. })));
    assert!(world.triggers.list().unwrap().is_empty());
    let checkpoints = world.engine.keyspace("triggers.checkpoints").unwrap();
    let snapshot = world.engine.snapshot().unwrap();
    assert_eq!(snapshot.scan(&checkpoints, &millpond_engine::RangeRequest::all()).unwrap().count(), 0);
    let (_trigger, batches) = start(&world).unwrap();
    assert_eq!(batches.take(), [["a"]]);
}

#[test]
fn a_trigger_that_does_not_run_can_be_removed() {
    let world = World::new();
    world.stream("s", 1);
    start(&world).unwrap();
    let world = world.restarted();
    assert_eq!(world.triggers.list().unwrap().len(), 1);
    world.triggers.remove("t").unwrap();
    assert_eq!(world.triggers.list().unwrap().len(), 0);
}

#[test]
fn a_name_belongs_to_one_source_and_runs_once() {
    let world = World::new();
    let (stream, other, queue) = (world.stream("s", 1), world.stream("other", 1), world.queue("q"));
    let (trigger, _) = start(&world).unwrap();
    let again = start(&world).unwrap_err();
    assert!(matches!(again, Error::TriggerRuns { .. }), "{again}");
    assert_eq!(again.code(), "ResourceConflictException");
    trigger.stop();
    let run = |builder: millpond_triggers::TriggerBuilder| builder.run(|_| Ok(())).unwrap_err();
    for error in
        [run(world.triggers.on_stream("t", &other).unwrap()), run(world.triggers.on_queue("t", &queue).unwrap())]
    {
        assert!(matches!(error, Error::OtherSource { .. }), "{error}");
    }
    // A stream that is made again is another one, even under the same name.
    world.streams.delete("s", true).unwrap();
    world.stream("s", 1);
    let error = run(world.triggers.on_stream("t", &world.streams.get("s").unwrap()).unwrap());
    assert!(matches!(error, Error::OtherSource { .. }), "{error}");
    drop(stream);
}

#[test]
fn settings_are_those_of_the_last_start_and_the_beginning_that_of_the_first() {
    let world = World::new();
    let stream = world.stream("s", 1);
    let run = |size: u32, position| {
        let builder = world.triggers.on_stream("t", &stream).unwrap().batch_size(size).starting_position(position);
        builder.run(|_| Ok(())).unwrap().stop();
        world.triggers.list().unwrap().remove(0)
    };
    let first = run(5, StartingPosition::Latest);
    assert_eq!((first.config.batch_size, first.config.starting_position), (5, StartingPosition::Latest));
    assert_eq!((first.name.as_str(), first.created), ("t", START));
    world.pass(60);
    let second = run(6, StartingPosition::TrimHorizon);
    assert_eq!((second.config.batch_size, second.config.starting_position), (6, StartingPosition::Latest));
    assert_eq!(second.created, START);
}

#[test]
fn stopping_waits_for_the_batch_that_is_handled() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a"]);
    let (entered, has_entered) = mpsc::channel();
    let (leave, may_leave) = mpsc::channel::<()>();
    let may_leave = std::sync::Mutex::new(may_leave);
    let trigger = world.triggers.on_stream("t", &stream).unwrap().run(move |_| {
        entered.send(()).unwrap();
        may_leave.lock().unwrap().recv().unwrap();
        Ok(())
    });
    let trigger = trigger.unwrap();
    has_entered.recv().unwrap();
    std::thread::scope(|scope| {
        let stopping = scope.spawn(|| trigger.stop());
        assert!(!stopping.is_finished());
        leave.send(()).unwrap();
    });
    assert_eq!(trigger.status().records, 1);
    // It is marked, so it does not come again.
    let (_trigger, batches) = start(&world).unwrap();
    assert_eq!(batches.len(), 0);
}

#[test]
fn a_handler_can_stop_its_own_trigger() {
    let world = World::new();
    let stream = world.stream("s", 1);
    append(&stream, "k", &["a", "b"]);
    let (triggers, calls) = (world.triggers.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    let trigger = world.triggers.on_stream("t", &stream).unwrap().batch_size(1).run(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        triggers.get("t")?.stop();
        Ok(())
    });
    world.idle();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert!(!trigger.unwrap().status().is_running);
    world.triggers.stop();
}

#[test]
fn after_all_were_stopped_none_starts() {
    let world = World::new();
    world.stream("s", 1);
    let (trigger, _) = start(&world).unwrap();
    world.triggers.stop();
    assert!(matches!(start(&world), Err(Error::Stopped)));
    assert!(!trigger.status().is_running);
    world.triggers.stop();
}

#[test]
fn many_triggers_share_a_thread() {
    let engine = World::new().engine;
    let world = World::with(engine, millpond_triggers::Options::default().threads(1));
    let stream = world.stream("s", 4);
    let seen = Log::new();
    for nth in 0..10 {
        let seen = seen.clone();
        let builder = world.triggers.on_stream(&format!("t{nth}"), &stream).unwrap();
        builder
            .run(move |batch| {
                texts(batch).into_iter().for_each(|text| seen.add((nth, text)));
                Ok(())
            })
            .unwrap();
    }
    for nth in 0..20 {
        append(&stream, &format!("k{nth}"), &[&format!("{nth}")]);
    }
    world.idle();
    assert_eq!(seen.len(), 200);
}
