//! Who has which shard.

use std::time::Duration;

use millpond_stream::{Error, ShardId, Streams};

use super::*;
use crate::streams::stream;

#[test]
fn one_alone_has_all_shards_and_is_given_their_records_in_turn() {
    let stream = stream(3);
    for nth in 0..3 {
        stream.append_batch([at(of_shard(nth, 3), "a"), at(of_shard(nth, 3), "b")]).unwrap();
    }
    let member = stream.consumer_group("g").join("one").unwrap();
    assert_eq!(member.shards().len(), 3);
    let batches: Vec<Batch> = std::iter::from_fn(|| batch(&member)).collect();
    let shards: Vec<u32> = batches.iter().map(|batch| batch.shard().get()).collect();
    assert_eq!(shards, [0, 1, 2], "one batch of each at a time");
    assert!(batches.iter().all(|batch| data(batch) == ["a", "b"] && !batch.is_end()));
    batches[1].checkpoint().unwrap();
    stream.append(at(of_shard(1, 3), "c")).unwrap();
    assert_eq!(data(&batch(&member).unwrap()), ["c"], "only of the shard that was checkpointed");
    drop(batches);
    assert_eq!(drain(&member), ["a", "a", "b", "b", "c"], "what was not is given again");
}

#[test]
fn shards_are_shared_fairly_as_members_come_and_go() {
    let stream = stream(7);
    let group = stream.consumer_group("g");
    let a = group.join("a").unwrap();
    assert_eq!(settle([&a]), [7]);
    // By another handle of the service.
    let other = Streams::open(stream.streams().engine()).unwrap().get("clicks").unwrap();
    let b = other.consumer_group("g").join("b").unwrap();
    assert_eq!(settle([&a, &b]), [4, 3]);
    let c = group.join("c").unwrap();
    let mut shares = settle([&a, &b, &c]);
    shares.sort_unstable();
    assert_eq!(shares, [2, 2, 3]);
    let own = [&a, &b, &c].map(Member::shards).concat();
    assert_eq!(own.iter().collect::<std::collections::BTreeSet<_>>().len(), 7, "no shard is shared");
    b.leave().unwrap();
    assert_eq!(settle([&a, &c]).iter().sum::<usize>(), 7);
    let more: Vec<_> = (0..8).map(|nth| group.join(&format!("m{nth}")).unwrap()).collect();
    for _ in 0..40 {
        more.iter().chain([&a, &c]).for_each(|member| member.renew().unwrap());
    }
    assert!(more.iter().chain([&a, &c]).all(|member| member.shards().len() <= 1));
}

#[test]
fn a_shard_changes_hands_only_between_batches() {
    let stream = stream(2);
    let group = stream.consumer_group("g");
    let a = group.join("a").unwrap();
    for nth in 0..2 {
        stream.append(at(of_shard(nth, 2), "first")).unwrap();
    }
    let held = [batch(&a).unwrap(), batch(&a).unwrap()];
    let b = group.join("b").unwrap();
    assert_eq!(settle([&a, &b]), [2, 0], "both are being worked on");
    assert!(batch(&b).is_none());
    held.iter().for_each(|batch| batch.checkpoint().unwrap());
    assert_eq!(settle([&a, &b]), [1, 1]);
    for nth in 0..2 {
        stream.append(at(of_shard(nth, 2), "second")).unwrap();
    }
    assert_eq!([drain(&a), drain(&b)], [["second"], ["second"]]);
}

#[test]
fn a_member_that_is_not_heard_of_loses_its_shards_and_what_it_has_not_checkpointed() {
    let stream = stream(1);
    let group = stream.consumer_group("g");
    let effects = stream.streams().engine().keyspace("effects").unwrap();
    stream.append(("k", "x")).unwrap();
    let slow = group.join("slow").unwrap();
    let held = batch(&slow).unwrap();
    let other = group.join("other").unwrap();
    pass(&stream, LEASE / 2);
    other.renew().unwrap();
    pass(&stream, LEASE / 2 - Duration::from_millis(1));
    assert!(batch(&other).is_none());
    pass(&stream, Duration::from_millis(1));
    assert_eq!(data(&batch(&other).unwrap()), ["x"]);
    let done = stream.streams().engine().transact(|tx| {
        tx.put(&effects, "x", "done")?;
        held.checkpoint_in(tx)
    });
    match done {
        Err(Error::LeaseLost { stream, group, shard, member, owner }) => {
            assert_eq!((&*stream, &*group, &*member), ("clicks", "g", "slow"));
            assert_eq!((shard, owner.as_deref()), (ShardId::new(0), Some("other")));
        }
        done => panic!("{done:?}"),
    }
    assert_eq!(stream.streams().engine().get(&effects, b"x").unwrap(), None);
    assert!(batch(&slow).is_none(), "it is in the group again, with nothing");
    assert_eq!(group.metrics().unwrap().members.len(), 2);
    assert_eq!(drain(&other), ["x"]);
}

#[test]
fn a_member_that_was_late_goes_on_where_nobody_has_taken_its_shards() {
    let stream = stream(1);
    let member = stream.consumer_group("g").join("late").unwrap();
    stream.append(("k", "x")).unwrap();
    let held = batch(&member).unwrap();
    pass(&stream, 10 * LEASE);
    held.checkpoint().unwrap();
    stream.append(("k", "y")).unwrap();
    assert_eq!(drain(&member), ["y"]);
}

#[test]
fn a_member_that_comes_back_under_its_name_has_its_shards_at_once() {
    let stream = stream(2);
    let group = stream.consumer_group("g");
    let before = group.join("worker").unwrap();
    stream.append(at(0, "x")).unwrap();
    let held = batch(&before).unwrap();
    let after = group.join("worker").unwrap();
    assert_eq!(after.shards().len(), 2);
    assert_eq!(drain(&after), ["x"]);
    assert!(matches!(held.checkpoint(), Err(Error::LeaseLost { owner: Some(owner), .. }) if &*owner == "worker"));
    assert!(matches!(before.poll(1, NOW), Err(Error::MemberReplaced { member, .. }) if member == "worker"));
    before.leave().unwrap();
    assert_eq!(settle([&after]), [2], "it takes nothing with it");
}

#[test]
fn those_who_wait_are_woken_by_records_by_leases_and_by_the_clock() {
    let stream = stream(2);
    let group = stream.consumer_group("g");
    let [a, b] = ["a", "b"].map(|name| group.join(name).unwrap());
    assert_eq!(settle([&a, &b]), [1, 1]);
    let hour = Duration::from_secs(3600);
    let (mut of_a, mut of_b) = (Task::new(a.poll_async(10, hour)), Task::new(b.poll_async(10, hour)));
    assert!(of_a.poll().is_none() && of_b.poll().is_none());
    let shard = a.shards()[0].get();
    stream.append(at(of_shard(shard, 2), "x")).unwrap();
    let held = of_a.woken().unwrap().unwrap().unwrap();
    assert_eq!(data(&held), ["x"]);
    held.checkpoint().unwrap();
    drop((of_a, held));
    stream.append(at(of_shard(shard, 2), "y")).unwrap();
    a.leave().unwrap();
    let taken = of_b.woken().unwrap().unwrap().unwrap();
    assert_eq!(data(&taken), ["y"], "its shard is free at once");
    drop(of_b);
    taken.checkpoint().unwrap();
    let mut waits = Task::new(b.poll_async(10, Duration::from_secs(5)));
    assert!(waits.poll().is_none());
    pass(&stream, Duration::from_secs(4));
    assert!(waits.woken().is_none());
    pass(&stream, Duration::from_secs(1));
    assert!(waits.woken().unwrap().unwrap().is_none());
}

#[test]
fn a_member_that_blocks_is_woken_by_a_record_and_by_a_member_that_is_gone() {
    let stream = stream(1);
    let group = stream.consumer_group("g");
    let [a, b] = ["a", "b"].map(|name| group.join(name).unwrap());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| b.poll(10, Duration::from_secs(3600)).unwrap().unwrap().records().len());
        stream.append(("k", "x")).unwrap();
        drop(a);
        pass(&stream, LEASE);
        assert_eq!(waiting.join().unwrap(), 1);
    });
}

#[test]
fn on_the_clock_of_the_system_leases_are_over_too() {
    let streams = Streams::open(&millpond_engine::Engine::in_memory()).unwrap();
    let stream = streams.create("clicks", &millpond_stream::CreateOptions::shards(1)).unwrap();
    let group = stream.consumer_group("g").lease_duration(Duration::from_millis(90));
    let [a, b] = ["a", "b"].map(|name| group.join(name).unwrap());
    stream.append(("k", "x")).unwrap();
    drop(a);
    let got = b.poll(10, Duration::from_secs(20)).unwrap().unwrap();
    assert_eq!(data(&got), ["x"]);
    assert!(b.poll(10, Duration::from_millis(20)).unwrap().is_none());
}
