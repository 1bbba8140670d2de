//! Triggers at work while others write, on the system's clock.

use std::sync::mpsc;
use std::time::Duration;

use millpond_engine::Engine;

use crate::support::*;

#[test]
fn nothing_is_missed_while_many_write() {
    let world = World::over(Engine::in_memory());
    let (stream, queue) = (world.stream("s", 3), world.queue("q"));
    world.table("orders");
    let (told, handled) = mpsc::channel();
    let tell = |source: &'static str| {
        let told = told.clone();
        move |batch: &millpond_triggers::Batch| {
            (0..batch.records().len()).for_each(|_| told.send(source).unwrap());
            Ok(())
        }
    };
    let lanes = world.triggers.on_stream("s", &stream).unwrap().parallelization_factor(3);
    lanes.run(tell("stream")).unwrap();
    let gathering = world.triggers.on_queue("q", &queue).unwrap().batching_window(Duration::from_millis(20));
    gathering.run(tell("queue")).unwrap();
    world.triggers.on_table("t", &world.kv, "orders").unwrap().run(tell("table")).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let (world, stream, queue) = (&world, &stream, &queue);
            scope.spawn(move || {
                for nth in 0..100 {
                    stream.append((format!("k{nth}"), "x")).unwrap();
                    queue.send("x").unwrap();
                    world.put("orders", &format!("o{writer}-{nth}"), nth);
                }
            });
        }
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for _ in 0..900 {
            *counts.entry(handled.recv_timeout(Duration::from_secs(60)).unwrap()).or_default() += 1;
        }
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("queue", 300), ("stream", 300), ("table", 300)]);
    });
    world.triggers.stop();
    assert!(handled.try_recv().is_err());
}

#[test]
fn a_retry_comes_by_the_systems_clock_too() {
    let world = World::over(Engine::in_memory());
    let stream = world.stream("s", 1);
    let (told, handled) = mpsc::channel();
    let builder = world.triggers.on_stream("t", &stream).unwrap();
    builder
        .run(move |_| {
            told.send(()).unwrap();
            Err::<(), _>("never".into())
        })
        .unwrap();
    append(&stream, "k", &["a"]);
    for _ in 0..2 {
        handled.recv_timeout(Duration::from_secs(60)).unwrap();
    }
}
