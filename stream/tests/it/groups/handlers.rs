//! Handlers that are given batches by threads.

use std::sync::{Mutex, atomic::AtomicUsize, mpsc};

use millpond_engine::Read;
use millpond_stream::{Error, kpl};

use super::*;
use crate::streams::stream;

#[test]
fn batches_are_handled_once_and_in_order() {
    let stream = stream(4);
    let group = stream.consumer_group("g").batch_records(7);
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let handler = {
        let seen = Arc::clone(&seen);
        move |batch: &Batch| {
            assert!(batch.records().len() <= 7);
            seen.lock().unwrap().extend(data(batch).into_iter().map(str::to_owned));
            Ok::<(), Error>(())
        }
    };
    let running = group.run(3, handler).unwrap();
    for nth in 0..200 {
        stream.append(at(of_shard(nth % 4, 4), &format!("{}-{nth:03}", nth % 4))).unwrap();
    }
    until(|| running.records() == 200);
    assert!(running.batches() >= 200 / 7 && running.failed() == 0);
    running.stop().unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 200);
    for shard in ["0-", "1-", "2-", "3-"] {
        assert!(seen.iter().filter(|text| text.starts_with(shard)).is_sorted());
    }
    assert_eq!(group.metrics().unwrap().members, [], "who has stopped has left");
}

#[test]
fn a_batch_whose_handler_fails_or_panics_comes_again_later_each_time() {
    let stream = stream(2);
    let second = Duration::from_secs(1);
    let group = stream.consumer_group("g").retry(second, 3 * second);
    let tries = Arc::new(AtomicUsize::new(0));
    let handler = {
        let tries = Arc::clone(&tries);
        move |batch: &Batch| match data(batch)[0] {
            "good" => Ok(()),
            _ => match tries.fetch_add(1, Ordering::SeqCst) {
                0 => Err("as told"),
                1..4 => panic!("as told"),
                _ => Ok(()),
            },
        }
    };
    stream.append(at(0, "bad")).unwrap();
    let running = group.run(1, handler).unwrap();
    for (failed, wait) in [(1, 1), (2, 2), (3, 3), (4, 3)] {
        until(|| running.failed() == failed);
        pass(&stream, second * wait - Duration::from_millis(1));
        stream.append(at(u128::MAX, "good")).unwrap();
        until(|| running.batches() == failed);
        assert_eq!(tries.load(Ordering::SeqCst) as u64, failed, "it rests");
        pass(&stream, Duration::from_millis(1));
    }
    until(|| running.batches() == 5);
}

#[test]
fn what_a_handler_writes_commits_with_the_checkpoint() {
    let stream = stream(2);
    let engine = stream.streams().engine().clone();
    let totals = engine.keyspace("totals").unwrap();
    stream.append_batch((0..20).map(|nth| at(of_shard(nth % 2, 2), &nth.to_string()))).unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let handler = {
        let (totals, runs) = (totals.clone(), Arc::clone(&runs));
        move |tx: &mut millpond_engine::Transaction, batch: &Batch| -> Result<(), Error> {
            tx.add(&totals, "handled", batch.records().len() as i64)?;
            match runs.fetch_add(1, Ordering::SeqCst) {
                0 => Err(Error::InvalidArgument("as told".to_owned())),
                1 => panic!("a handler may panic in its transaction"),
                _ => Ok(()),
            }
        }
    };
    let running = stream.consumer_group("g").batch_records(4).retry(NOW, NOW).run_in(2, handler).unwrap();
    until(|| running.records() == 20);
    running.stop().unwrap();
    assert_eq!(engine.snapshot().unwrap().counter(&totals, b"handled").unwrap(), 20);
}

#[test]
fn a_member_is_kept_in_its_group_while_its_handler_runs() {
    let stream = stream(1);
    let group = stream.consumer_group("g");
    stream.append(("k", "x")).unwrap();
    let (began, begins) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let ends = Mutex::new(ends);
    let handler = move |_: &Batch| {
        began.send(()).unwrap();
        ends.lock().unwrap().recv().map_err(|error| error.to_string())
    };
    let running = group.run(1, handler).unwrap();
    begins.recv().unwrap();
    let other = group.join("other").unwrap();
    let expiry = || group.metrics().unwrap().members.into_iter().find(|member| member.name != "other").unwrap().expires;
    for _ in 0..10 {
        let before = expiry();
        pass(&stream, LEASE / 3);
        until(|| expiry() > before);
        assert!(batch(&other).is_none());
    }
    end.send(()).unwrap();
    until(|| running.batches() == 1);
    assert_eq!(running.failed(), 0);
    drop(running);
    stream.append(("k", "y")).unwrap();
    assert_eq!(drain(&other), ["y"]);
}

#[test]
fn handlers_stop_when_they_are_idle_busy_dropped_or_their_stream_is_gone() {
    let stream = stream(4);
    let group = stream.consumer_group("g");
    let nothing = |_: &Batch| Ok::<(), Error>(());
    group.run(8, nothing).unwrap().stop().unwrap();
    drop(group.run(8, nothing).unwrap());
    stream.append_batch((0..400).map(|nth| at(of_shard(nth % 4, 4), "x"))).unwrap();
    let slow = |_: &Batch| {
        std::thread::sleep(Duration::from_millis(2));
        Ok::<(), Error>(())
    };
    let running = group.clone().batch_records(1).run(2, slow).unwrap();
    until(|| running.batches() > 0);
    running.stop().unwrap();
    assert!(!group.metrics().unwrap().is_caught_up());
    let running = group.run(2, nothing).unwrap();
    stream.streams().delete("clicks", false).unwrap();
    running.stop().unwrap();
}

#[test]
fn batches_are_taken_apart_into_user_records() {
    let stream = stream(1);
    stream.append(kpl::aggregate(&[("a", "1").into(), ("b", "2").into()]).unwrap()).unwrap();
    stream.append(("c", "3")).unwrap();
    let member = stream.consumer_group("g").join("m").unwrap();
    let held = batch(&member).unwrap();
    let users: Vec<_> = held.user_records().map(|user| (user.partition_key().to_owned(), user.is_aggregated)).collect();
    assert_eq!(users, [("a".to_owned(), true), ("b".to_owned(), true), ("c".to_owned(), false)]);
}
