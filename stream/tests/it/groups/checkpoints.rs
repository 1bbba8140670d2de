//! Checkpoints, alone and in a transaction.

use millpond_stream::Error;

use super::*;
use crate::streams::stream;

#[test]
fn effects_and_checkpoint_are_one_commit() {
    let stream = stream(1);
    let engine = stream.streams().engine().clone();
    let effects = engine.keyspace("effects").unwrap();
    let member = stream.consumer_group("g").join("m").unwrap();
    stream.append(("k", "x")).unwrap();
    let held = batch(&member).unwrap();
    let failed = engine.transact(|tx| {
        tx.put(&effects, "x", "done")?;
        held.checkpoint_in(tx)?;
        Err::<(), _>(Error::InvalidArgument("no".to_owned()))
    });
    assert!(failed.is_err());
    assert!(batch(&member).is_none(), "it is still being worked on");
    engine
        .transact(|tx| {
            tx.put(&effects, "x", "done")?;
            held.checkpoint_in(tx)
        })
        .unwrap();
    stream.append(("k", "y")).unwrap();
    assert_eq!(data(&batch(&member).unwrap()), ["y"], "though the other batch is still there");
    let twice = engine.transact(|tx| {
        tx.put(&effects, "x", "again")?;
        held.checkpoint_in(tx)
    });
    assert!(matches!(twice, Err(Error::AlreadyCheckpointed { .. })));
    assert_eq!(engine.get(&effects, b"x").unwrap().as_deref(), Some(&b"done"[..]));
    assert!(matches!(held.checkpoint(), Err(Error::AlreadyCheckpointed { .. })));
}

#[test]
fn a_batch_whose_commit_is_under_way_is_not_given_again() {
    let stream = stream(1);
    let engine = stream.streams().engine().clone();
    let member = stream.consumer_group("g").join("m").unwrap();
    stream.append(("k", "x")).unwrap();
    let held = batch(&member).unwrap();
    let ticket = engine.submit(|tx| held.checkpoint_in(tx)).unwrap();
    drop(held);
    // It is being given up, or is checkpointed: in neither case are its records given twice.
    assert!(batch(&member).is_none());
    ticket.wait().unwrap();
    assert_eq!(drain(&member), [] as [&str; 0]);
}

#[test]
fn a_checkpoint_gives_a_shard_away_that_another_one_has_asked_for() {
    let stream = stream(2);
    let group = stream.consumer_group("g");
    let a = group.join("a").unwrap();
    stream.append_batch([at(0, "x"), at(u128::MAX, "y")]).unwrap();
    let held = [batch(&a).unwrap(), batch(&a).unwrap()];
    let b = group.join("b").unwrap();
    assert_eq!(b.shards(), []);
    held.iter().for_each(|batch| batch.checkpoint().unwrap());
    b.renew().unwrap();
    assert_eq!(b.shards().len(), 1, "without the other one having been asked");
}

#[test]
fn a_batch_that_is_given_back_rests_while_other_shards_go_on() {
    let stream = stream(2);
    let member = stream.consumer_group("g").join("m").unwrap();
    stream.append_batch([at(0, "bad"), at(u128::MAX, "good")]).unwrap();
    let bad = batch(&member).unwrap();
    assert_eq!(data(&bad), ["bad"]);
    bad.retry_after(Duration::from_secs(5));
    assert_eq!(drain(&member), ["good"]);
    let mut waits = Task::new(member.poll_async(10, Duration::from_secs(60)));
    assert!(waits.poll().is_none());
    pass(&stream, Duration::from_secs(5));
    assert_eq!(data(&waits.woken().unwrap().unwrap().unwrap()), ["bad"]);
}

#[test]
fn a_member_is_not_asked_inside_a_transaction() {
    let stream = stream(1);
    let member = stream.consumer_group("g").join("m").unwrap();
    let asked = stream.streams().engine().transact(|_| member.poll(1, NOW).map(drop));
    assert!(matches!(asked, Err(Error::Engine(millpond_engine::Error::Unsupported { .. }))));
}

#[test]
fn several_threads_of_one_member_are_given_different_shards() {
    let stream = stream(8);
    let member = stream.consumer_group("g").join("m").unwrap();
    let total = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let work = || {
            while let Some(batch) = member.poll(3, Duration::from_secs(1)).unwrap() {
                total.fetch_add(batch.records().len(), Ordering::SeqCst);
                batch.checkpoint().unwrap();
            }
        };
        let workers = [(); 4].map(|()| scope.spawn(work));
        for nth in 0..400 {
            stream.append(at(of_shard(nth % 8, 8), "x")).unwrap();
        }
        until(|| total.load(Ordering::SeqCst) == 400);
        while !workers.iter().all(|worker| worker.is_finished()) {
            pass(&stream, Duration::from_secs(1));
            std::thread::yield_now();
        }
    });
    assert_eq!(total.load(Ordering::SeqCst), 400);
}
