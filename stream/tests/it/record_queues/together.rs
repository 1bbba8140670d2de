//! Several receivers at a time, and stores that are opened again.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use millpond_engine::{Clock, Timestamp};
use parking_lot::Mutex;

use super::*;

/// Receivers and producers at a time: each record is handed out to one of them.
fn share(stream: &Stream, queue: &RecordQueue, receivers: usize, records: usize) {
    let (seen, done) = (Mutex::new(BTreeSet::new()), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..receivers {
            scope.spawn(|| {
                while done.load(Ordering::SeqCst) < records {
                    let received = queue.receive(10, NOW, Some(HOUR)).unwrap();
                    for text in texts(&received) {
                        assert!(seen.lock().insert(text.clone()), "{text} was handed out twice");
                    }
                    assert!(all_ok(queue.acknowledge(&handles(&received))));
                    done.fetch_add(received.len(), Ordering::SeqCst);
                }
            });
        }
        for producer in 0..2 {
            scope.spawn(move || {
                for nth in 0..records / 2 {
                    let text = format!("{producer}-{nth}");
                    stream.append((text.clone(), text)).unwrap();
                }
            });
        }
    });
    assert_eq!(seen.lock().len(), records);
    assert!(take(queue).is_empty());
}

#[test]
fn receivers_at_a_time_never_get_one_record_twice() {
    let (stream, queue) = queued();
    share(&stream, &queue, 6, 600);
}

#[test]
fn records_that_come_back_are_handed_out_once_each_time() {
    let (stream, queue) = queued_with(&engine(), |options| options.dead_letters(DeadLetters::Never));
    stream.append_batch((0..200).map(|nth| (nth.to_string(), nth.to_string()))).unwrap();
    for count in 1..=5 {
        let seen = Mutex::new(BTreeSet::new());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let received = queue.receive(7, NOW, None).unwrap();
                        if received.is_empty() && seen.lock().len() == 200 {
                            break;
                        }
                        for record in received {
                            assert_eq!(record.receive_count, count);
                            assert!(seen.lock().insert(record.id), "handed out twice");
                        }
                    }
                });
            }
        });
        advance(&stream, secs(30));
    }
}

#[test]
fn a_store_that_is_opened_again_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let start = Timestamp::from_secs(1_700_000_000);
    let mut expected = None;
    for opening in 0..4_u64 {
        let clock = Clock::manual(Timestamp::from_secs(start.as_secs() + opening * 100));
        let engine = Engine::options().path(dir.path()).clock(clock).open().unwrap();
        if opening == 0 {
            let (stream, queue) =
                queued_with(&engine, |options| options.dead_letters(DeadLetters::After { receives: 2 }));
            stream.append_batch([at(0, "a"), at(1, "b"), at(u128::MAX, "c"), at(2, "d")]).unwrap();
            let received = take(&queue);
            let done: Vec<_> = received.iter().filter(|record| record.data() == "a").cloned().collect();
            assert!(all_ok(queue.acknowledge(&handles(&done))));
            expected = Some((queue.id().to_owned(), received));
        }
        let (id, before) = expected.as_ref().unwrap();
        let streams = Streams::open(&engine).unwrap();
        let queue = streams.queue(id).unwrap();
        match opening {
            0 => assert!(take(&queue).is_empty(), "they are in flight"),
            1 => {
                streams.maintain().unwrap();
                assert_eq!(texts(&take(&queue)), set(&["b", "c", "d"]));
                assert!(codes(queue.acknowledge(&handles(before))).iter().all(|code| !code.is_empty()));
                streams.get("clicks").unwrap().append(("k", "e")).unwrap();
            }
            2 => {
                assert_eq!(texts(&take(&queue)), set(&["e"]));
                let dead = take_dead(&queue);
                assert_eq!(texts(&dead), set(&["b", "c", "d"]));
                let some: Vec<_> = dead.iter().filter(|record| record.data() != "d").cloned().collect();
                assert!(all_ok(queue.acknowledge_dead(&handles(&some))));
            }
            _ => {
                assert_eq!(texts(&take(&queue)), set(&["e"]));
                assert_eq!(texts(&take_dead(&queue)), set(&["d"]));
            }
        }
        engine.close().unwrap();
    }
}

#[test]
fn receivers_at_a_time_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp::from_secs(1_700_000_000));
    let engine = Engine::options().path(dir.path()).clock(clock).open().unwrap();
    let (stream, queue) = queued_with(&engine, |options| options);
    share(&stream, &queue, 4, 100);
}
