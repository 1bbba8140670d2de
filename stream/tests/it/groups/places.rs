//! Where a group begins, and how it goes on at splits and merges.

use millpond_engine::Timestamp;
use millpond_stream::{CreateOptions, Error, SequenceNumber, ShardId, StartingPosition};

use super::*;
use crate::streams::stream;

fn ids(member: &Member) -> Vec<u32> {
    member.shards().into_iter().map(ShardId::get).collect()
}

#[test]
fn a_group_begins_where_it_was_told_to_when_it_was_made() {
    let stream = stream(2);
    let put = |text: &str| {
        for nth in 0..2 {
            stream.append(at(of_shard(nth, 2), text)).unwrap();
        }
        pass(&stream, Duration::from_secs(1));
    };
    put("0");
    put("1");
    let group = |name, start| stream.consumer_group(name).start_at(start);
    group("latest", StartingPosition::Latest).create().unwrap();
    put("2");
    group("latest", StartingPosition::TrimHorizon).create().unwrap();
    let time = Timestamp::from_secs(1_700_000_001);
    for (name, start, expected) in [
        ("all", StartingPosition::TrimHorizon, &["0", "0", "1", "1", "2", "2"][..]),
        ("time", StartingPosition::AtTimestamp(time), &["1", "1", "2", "2"]),
        ("latest", StartingPosition::TrimHorizon, &["2", "2"]),
    ] {
        assert_eq!(drain(&group(name, start).join("m").unwrap()), expected, "{name}");
    }
    assert_eq!(stream.consumer_groups().unwrap(), ["all", "latest", "time"]);
    let number: SequenceNumber = stream.shards(None).unwrap()[0].starting;
    for start in [
        StartingPosition::AtSequenceNumber(number),
        StartingPosition::AfterSequenceNumber(number),
        StartingPosition::AtTimestamp(Timestamp::from_secs(2_000_000_000)),
    ] {
        assert!(matches!(group("bad", start).create(), Err(Error::InvalidArgument(_))));
    }
    assert!(matches!(stream.consumer_group("no/name").create(), Err(Error::Validation(_))));
    assert!(matches!(group("all", StartingPosition::Latest).join(""), Err(Error::Validation(_))));
    assert!(matches!(stream.consumer_group("none").metrics(), Err(Error::GroupNotFound { .. })));
}

#[test]
fn with_latest_nothing_is_lost_that_is_put_before_the_first_member_comes() {
    let stream = stream(1);
    stream.append(at(0, "old")).unwrap();
    let group = stream.consumer_group("g").start_at(StartingPosition::Latest);
    stream
        .streams()
        .engine()
        .transact(|tx| {
            stream.append_in(tx, at(0, "with"))?;
            group.create_in(tx)
        })
        .unwrap();
    stream.append(at(0, "parent")).unwrap();
    stream.split_shard(ShardId::new(0), 1 << 127).unwrap();
    stream.append_batch([at(0, "low"), at(u128::MAX, "high")]).unwrap();
    let member = group.join("m").unwrap();
    assert_eq!(data(&batch(&member).unwrap()), ["with", "parent"]);
    assert_eq!(drain(&member), ["high", "low", "parent", "with"]);
}

#[test]
fn shards_that_were_over_before_the_group_began_are_passed_over() {
    let stream = stream(2);
    stream.append(at(0, "old")).unwrap();
    stream.merge_shards(ShardId::new(0), ShardId::new(1)).unwrap();
    let member = stream.consumer_group("g").start_at(StartingPosition::Latest).join("m").unwrap();
    assert_eq!(ids(&member), [2]);
    stream.append(at(0, "new")).unwrap();
    assert_eq!(drain(&member), ["new"]);
}

#[test]
fn children_are_read_once_all_their_parents_are_done_with() {
    let stream = stream(2);
    let group = stream.consumer_group("g");
    let member = group.join("m").unwrap();
    stream.append_batch([at(0, "low"), at(u128::MAX, "high")]).unwrap();
    let [low, high] = [(); 2].map(|()| batch(&member).unwrap());
    stream.merge_shards(ShardId::new(0), ShardId::new(1)).unwrap();
    stream.append(at(0, "merged")).unwrap();
    low.checkpoint().unwrap();
    assert!(batch(&member).is_none(), "one of the parents is not done with");
    assert_eq!(ids(&member), [1], "the other one is");
    high.checkpoint().unwrap();
    let merged = batch(&member).unwrap();
    assert_eq!((merged.shard().get(), data(&merged)), (2, vec!["merged"]));
    stream.split_shard(ShardId::new(2), 1 << 127).unwrap();
    stream.append_batch([at(0, "l"), at(u128::MAX, "h")]).unwrap();
    assert!(batch(&member).is_none());
    assert!(!merged.is_end(), "it was not closed when that was read");
    merged.checkpoint().unwrap();
    assert_eq!(drain(&member), ["h", "l"]);
    let shards: Vec<u32> = group.metrics().unwrap().shards.iter().map(|shard| shard.shard.get()).collect();
    assert_eq!(shards, [3, 4], "nothing is kept of those that are done with");
}

#[test]
fn the_last_batch_of_a_shard_says_so_and_opens_its_children() {
    let stream = stream(1);
    let group = stream.consumer_group("g");
    stream.append(at(0, "last")).unwrap();
    stream.split_shard(ShardId::new(0), 1 << 127).unwrap();
    let [a, b] = ["a", "b"].map(|name| group.join(name).unwrap());
    let last = batch(&a).unwrap();
    assert!(last.is_end());
    assert_eq!(last.hash_keys(), 0..=u128::MAX);
    last.checkpoint().unwrap();
    assert_eq!(settle([&a, &b]), [1, 1]);
    assert!(batch(&a).is_none() && batch(&b).is_none());
}

#[test]
fn a_long_lineage_is_read_in_its_order() {
    let stream = stream(1);
    let mut newest = 0;
    for nth in 0..6 {
        stream.append(at(0, &nth.to_string())).unwrap();
        stream.split_shard(ShardId::new(newest), 1 << 127).unwrap();
        stream.merge_shards(ShardId::new(newest + 1), ShardId::new(newest + 2)).unwrap();
        newest += 3;
    }
    let member = stream.consumer_group("g").join("m").unwrap();
    let mut read = Vec::new();
    while let Some(batch) = batch(&member) {
        read.extend(data(&batch).into_iter().map(str::to_owned));
        batch.checkpoint().unwrap();
    }
    assert_eq!(read, ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(ids(&member), [newest]);
}

#[test]
fn what_is_not_kept_any_more_holds_nothing_up() {
    let stream = stream(1);
    let group = stream.consumer_group("g");
    stream.append(at(0, "old")).unwrap();
    let gone = group.join("gone").unwrap();
    assert!(batch(&gone).is_some());
    stream.split_shard(ShardId::new(0), 1 << 127).unwrap();
    pass(&stream, Duration::from_secs(25 * 3600));
    stream.streams().maintain().unwrap();
    stream.append(at(0, "new")).unwrap();
    drop(gone);
    let member = group.join("m").unwrap();
    assert_eq!(drain(&member), ["new"]);
    assert_eq!(ids(&member), [1, 2]);
}

#[test]
fn a_group_ends_with_its_stream_or_when_it_is_deleted() {
    let stream = stream(1);
    let streams = stream.streams();
    let group = stream.consumer_group("g");
    stream.append(at(0, "x")).unwrap();
    let member = group.join("m").unwrap();
    let held = batch(&member).unwrap();
    group.delete().unwrap();
    assert!(matches!(held.checkpoint(), Err(Error::LeaseLost { owner: None, .. })));
    assert!(matches!(member.poll(1, NOW), Err(Error::GroupNotFound { .. })));
    assert!(matches!(group.delete(), Err(Error::GroupNotFound { .. })));
    let member = group.join("m").unwrap();
    assert_eq!(drain(&member), ["x"], "it is another one");
    streams.delete("clicks", false).unwrap();
    pass(&stream, LEASE);
    assert!(matches!(member.poll(1, NOW), Err(Error::StreamNotFound { .. })));
    assert!(matches!(group.join("m"), Err(Error::StreamNotFound { .. })));
    let again = streams.create("clicks", &CreateOptions::shards(1)).unwrap();
    again.consumer_group("h").create().unwrap();
    assert_eq!(again.consumer_groups().unwrap(), ["h"]);
    let rows = || streams.engine().keyspace("stream.groups").unwrap();
    let count = || streams.engine().snapshot().unwrap().range(&rows(), &millpond_engine::RangeRequest::all()).unwrap();
    assert!(count().entries.len() > 1);
    streams.maintain().unwrap();
    assert_eq!(count().entries.len(), 1);
}

#[test]
fn metrics_tell_who_has_what_and_how_far_it_has_come() {
    let stream = stream(2);
    let group = stream.consumer_group("g");
    let a = group.join("a").unwrap();
    stream.append_batch([at(0, "x"), at(u128::MAX, "y")]).unwrap();
    pass(&stream, Duration::from_secs(3));
    stream.append(at(0, "z")).unwrap();
    pass(&stream, Duration::from_secs(2));
    let metrics = group.metrics().unwrap();
    assert!(!metrics.is_caught_up());
    assert_eq!(metrics.millis_behind_latest(), 5000);
    assert_eq!((metrics.members[0].name.as_str(), metrics.members[0].shards), ("a", 2));
    let held = a.poll(1, NOW).unwrap().unwrap();
    assert_eq!(held.millis_behind_latest(), 2000);
    held.checkpoint().unwrap();
    let low = &group.metrics().unwrap().shards[0];
    assert_eq!((low.owner.as_deref(), low.millis_behind_latest, low.is_caught_up), (Some("a"), 2000, false));
    assert_eq!(low.checkpoint, Some(held.records()[0].sequence_number));
    assert_eq!(drain(&a), ["y", "z"]);
    let metrics = group.metrics().unwrap();
    assert!(metrics.is_caught_up());
    assert_eq!(metrics.millis_behind_latest(), 0);
    stream.merge_shards(ShardId::new(0), ShardId::new(1)).unwrap();
    stream.append(at(0, "w")).unwrap();
    let merged = group.metrics().unwrap();
    assert!(!merged.is_caught_up());
    assert_eq!((merged.shards.len(), merged.shards[2].owner.as_deref(), merged.shards[2].checkpoint), (3, None, None));
}
