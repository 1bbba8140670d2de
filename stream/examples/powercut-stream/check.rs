//! Whether a store holds what the operations have left.

use std::collections::{BTreeMap, BTreeSet};

use millpond_engine::{RangeRequest, Timestamp};
use millpond_stream::{Error, Record, SequenceNumber, Shard, ShardId, StartingPosition, Stream, hash_key};

use crate::{
    Store,
    model::{self, Model, ShardView, View, Views},
    run::open_shards,
    workload::{
        self, Operation, Own, RECORDS, SHARED, WRITERS, body, key_of, number_of, operation, time_of, writer_of,
    },
};

type Verdict = Result<(), String>;

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub(crate) fn check(store: &Store, acked: u64, attempted: u64, seed: u64) -> Verdict {
    let now = store.engine.clock().now();
    if now != time_of(acked) {
        return Err(format!("it is {now}, not {}", time_of(acked)));
    }
    let shared = store.streams.get(SHARED).map_err(said)?;
    let (in_shared, _) = read_stream(&shared, seed).map_err(|wrong| format!("shared: {wrong}"))?;
    let mut kept = in_shared.len();
    for writer in 0..WRITERS {
        let of_writer = |wrong| format!("writer {writer}: {wrong}");
        let (views, in_own) = read_own(store, writer, seed).map_err(of_writer)?;
        check_writer(writer, (acked, attempted), seed, &views, now).map_err(of_writer)?;
        check_shared(&in_shared, &in_own, writer, (acked, attempted), seed, now).map_err(of_writer)?;
        check_numbers(store, writer, acked, seed, &in_own, &in_shared).map_err(of_writer)?;
        kept += in_own.len();
    }
    check_space(store, kept)?;
    check_goes_on(store, seed)
}

/// Where each record is that was found, by its number.
type Found = BTreeMap<u64, SequenceNumber>;

/// Reads each shard of a stream: by pages, from each record on, and asks that what is known of a stream by itself holds.
fn read_stream(stream: &Stream, seed: u64) -> Result<(Found, Vec<ShardView>), String> {
    let (mut found, mut views) = (Found::new(), Vec::new());
    let mut last = BTreeMap::new();
    let shards = stream.shards(None).map_err(said)?;
    // By number, so a parent comes before its children, and the records of a key in their order.
    for shard in &shards {
        let records = read_shard(stream, shard)?;
        let wrong = |what: String| format!("{} {}: {what}", stream.name(), shard.id);
        let mut numbers = Vec::new();
        for record in &records {
            let number = number_of(&record.data).ok_or_else(|| wrong("a record without a number".to_owned()))?;
            if record.data != body(seed, number) || record.partition_key() != key_of(number) {
                return Err(wrong(format!("{number} is not whole: {} bytes", record.data.len())));
            }
            if !shard.hash_keys.contains(&hash_key(record.partition_key())) {
                return Err(wrong(format!("{number} is in the wrong shard")));
            }
            if let Some(before) = last.insert(record.partition_key().to_owned(), number)
                && before >= number
            {
                return Err(wrong(format!("{number} comes after {before} of the same key")));
            }
            found.insert(number, record.sequence_number);
            numbers.push(number);
        }
        check_numbering(shard, &shards, &records).map_err(wrong)?;
        check_places(stream, shard.id, &records).map_err(wrong)?;
        let parents = shard.parent.into_iter().chain(shard.adjacent_parent).map(ShardId::get).collect();
        let hash_keys = (*shard.hash_keys.start(), *shard.hash_keys.end());
        views.push(ShardView {
            id: shard.id.get(),
            parents,
            hash_keys,
            is_closed: shard.closed.is_some(),
            records: numbers,
        });
    }
    let open = open_shards(stream).map_err(said)?;
    let covers = open.first().map(|shard| *shard.hash_keys.start()) == Some(0)
        && open.last().map(|shard| *shard.hash_keys.end()) == Some(u128::MAX)
        && open.windows(2).all(|pair| pair[0].hash_keys.end() + 1 == *pair[1].hash_keys.start());
    if covers { Ok((found, views)) } else { Err(format!("{}: not all hash keys have a shard", stream.name())) }
}

fn read_shard(stream: &Stream, shard: &Shard) -> Result<Vec<Record>, String> {
    let mut iterator = stream.iterator(shard.id, &StartingPosition::TrimHorizon).map_err(said)?;
    let mut records: Vec<Record> = Vec::new();
    loop {
        let got = stream.streams().get_records(&iterator, 7).map_err(said)?;
        let is_empty = got.records.is_empty();
        records.extend(got.records);
        match got.next {
            Some(next) if !is_empty => iterator = next,
            next if next.is_none() != shard.closed.is_some() => return Err(format!("{} ends wrongly", shard.id)),
            _ => return Ok(records),
        }
    }
}

/// Numbers rise within a shard, and from its parents to it.
fn check_numbering(shard: &Shard, shards: &[Shard], records: &[Record]) -> Verdict {
    let numbers: Vec<SequenceNumber> = records.iter().map(|record| record.sequence_number).collect();
    let is_within = |number: &SequenceNumber| {
        *number >= shard.starting && shard.ending.is_none_or(|ending| *number <= ending) && number.shard() == shard.id
    };
    let parents = shards.iter().filter(|parent| [shard.parent, shard.adjacent_parent].contains(&Some(parent.id)));
    for parent in parents {
        if parent.ending.is_none_or(|ending| ending >= shard.starting) || parent.closed != Some(shard.created) {
            return Err(format!("it goes on from {}, which has not ended before it", parent.id));
        }
    }
    if !numbers.is_sorted_by(|a, b| a < b) || !numbers.iter().all(is_within) {
        return Err(format!("numbers do not rise: {numbers:?}"));
    }
    Ok(())
}

/// From the number of a record on, and after it, is what stands there.
fn check_places(stream: &Stream, shard: ShardId, records: &[Record]) -> Verdict {
    let first = |start: StartingPosition| -> Result<Option<SequenceNumber>, Error> {
        let iterator = stream.iterator(shard, &start)?;
        let got = stream.streams().get_records(&iterator, 1)?;
        Ok(got.records.first().map(|record| record.sequence_number))
    };
    for (nth, record) in records.iter().enumerate().step_by(1 + records.len() / 10) {
        let number: SequenceNumber = record.sequence_number.to_string().parse().map_err(said)?;
        let at = first(StartingPosition::AtSequenceNumber(number)).map_err(said)?;
        let after = first(StartingPosition::AfterSequenceNumber(number)).map_err(said)?;
        if at != Some(number) || after != records.get(nth + 1).map(|record| record.sequence_number) {
            return Err(format!("from {number} on is {at:?}, and after it {after:?}"));
        }
    }
    Ok(())
}

fn read_own(store: &Store, writer: u64, seed: u64) -> Result<(Views, Found), String> {
    let (mut views, mut all) = (Views::new(), Found::new());
    for own in Own::ALL {
        let stream = match store.streams.get(&own.name(writer)) {
            Err(Error::StreamNotFound { .. }) => continue,
            stream => stream.map_err(said)?,
        };
        let (found, shards) = read_stream(&stream, seed)?;
        all.extend(found);
        let consumers: Vec<String> = stream.consumers().map_err(said)?.into_iter().map(|it| it.name).collect();
        let description = stream.describe().map_err(said)?;
        if description.consumers as usize != consumers.len() {
            return Err(format!("{own:?} counts {} consumers, and has {consumers:?}", description.consumers));
        }
        views.insert(own, View { hours: description.retention_hours, consumers, shards });
    }
    Ok((views, all))
}

/// Asks that a writer's streams are what its operations have left, up to one after all that were acknowledged.
fn check_writer(writer: u64, (acked, attempted): (u64, u64), seed: u64, found: &Views, now: Timestamp) -> Verdict {
    let mut model = Model::new();
    let mut differences = Vec::new();
    let mut is_found = |model: &Model, up_to: &str| {
        let difference = model::difference(found, &model.views(now.as_millis()));
        differences.extend(difference.iter().map(|difference| format!("up to {up_to}: {difference}")));
        difference.is_none()
    };
    let last = (0..acked).rfind(|index| index % WRITERS == writer);
    if last.is_none() && is_found(&model, "no operation") {
        return Ok(());
    }
    let (mut start, mut end) = (0, workload::group_end(seed, 0, attempted));
    for index in (0..attempted).filter(|index| index % WRITERS == writer) {
        while index >= end {
            (start, end) = (end, workload::group_end(seed, end, attempted));
        }
        model.apply(&operation(seed, index), time_of(start).as_millis());
        if last.is_none_or(|last| index >= last) && is_found(&model, &index.to_string()) {
            return Ok(());
        }
    }
    differences.truncate(3);
    Err(format!("acknowledged up to {acked}, but {}", differences.join("; ")))
}

/// Asks that each record that was put into the shared stream is there, and what is put in one commit all or not at all.
fn check_shared(
    shared: &Found,
    own: &Found,
    writer: u64,
    (acked, attempted): (u64, u64),
    seed: u64,
    now: Timestamp,
) -> Verdict {
    let horizon = now.as_millis() - 24 * 3_600_000;
    let mut put = BTreeSet::new();
    let (mut start, mut end) = (0, workload::group_end(seed, 0, attempted));
    for index in 0..attempted {
        while index >= end {
            (start, end) = (end, workload::group_end(seed, end, attempted));
        }
        if index % WRITERS != writer || time_of(start).as_millis() < horizon {
            continue;
        }
        let are = |records: &[u64], found: &Found| -> Vec<bool> {
            records.iter().map(|record| found.contains_key(record)).collect()
        };
        let (is_one_commit, expected, there) = match operation(seed, index) {
            Operation::Share { records } => (true, records.clone(), are(&records, shared)),
            Operation::ShareEach { records } => (false, records.clone(), are(&records, shared)),
            Operation::BothShared { records, left } => {
                let there = [are(&records[..left], own), are(&records[left..], shared)].concat();
                (true, records[left..].to_vec(), there)
            }
            _ => continue,
        };
        let is_none = there.iter().all(|is| !is);
        let is_all = there.iter().all(|is| *is);
        // Those that are on their way at the same time are committed in their order.
        let is_part = !is_one_commit && there.is_sorted_by(|a, b| a >= b);
        if !is_all && (index < acked || !(is_none || is_part)) {
            return Err(format!("of operation {index} is there: {there:?}"));
        }
        put.extend(expected);
    }
    let of_writer = shared.keys().filter(|number| writer_of(**number) == writer);
    let mut unexpected = of_writer.filter(|number| !put.contains(number));
    unexpected.next().map_or(Ok(()), |number| Err(format!("{number} is in the shared stream")))
}

/// Asks that records have the numbers that were told of them, if they are kept.
fn check_numbers(store: &Store, writer: u64, acked: u64, seed: u64, own: &Found, shared: &Found) -> Verdict {
    let snapshot = store.engine.snapshot().map_err(said)?;
    let mut told = BTreeMap::new();
    for row in snapshot.scan(&store.numbers, &RangeRequest::all()).map_err(said)? {
        let (key, value) = row.map_err(said)?;
        let number = number_of(&key).ok_or("a note without a number")?;
        let given: SequenceNumber = String::from_utf8_lossy(&value).parse().map_err(said)?;
        told.insert(number, given);
    }
    for (record, number) in own.iter().chain(shared.iter().filter(|(record, _)| writer_of(**record) == writer)) {
        match told.get(record) {
            Some(given) if given != number => return Err(format!("{record} was {given}, and is {number}")),
            None if record / RECORDS < acked => {
                return Err(format!("the number of {record} was noted, of {:?}", operation(seed, record / RECORDS)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Asks that nothing is stored that nobody can read, once that was freed.
fn check_space(store: &Store, kept: usize) -> Verdict {
    store.streams.maintain().map_err(said)?;
    if store.streams.maintain().map_err(said)? != 0 {
        return Err("what is freed is freed twice".to_owned());
    }
    let records = store.engine.keyspace("stream.records").map_err(said)?;
    let snapshot = store.engine.snapshot().map_err(said)?;
    let mut stored = 0;
    for row in snapshot.scan(&records, &RangeRequest::all()).map_err(said)? {
        let (_, row) = row.map_err(said)?;
        // A version byte, then each record after its length.
        let mut rest = row.get(1..).unwrap_or_default();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            rest = after.get(u32::from_be_bytes(*length) as usize..).unwrap_or_default();
            stored += 1;
        }
    }
    if stored == kept { Ok(()) } else { Err(format!("{stored} records are stored, and {kept} can be read")) }
}

/// Asks that the store takes records as before.
fn check_goes_on(store: &Store, seed: u64) -> Verdict {
    for writer in 0..WRITERS {
        let stream = store.streams.get(&Own::Left.name(writer)).map_err(said)?;
        let number = u64::MAX / RECORDS / WRITERS * RECORDS * WRITERS - RECORDS * (WRITERS - writer);
        let placed = stream.append(workload::record(seed, number)).map_err(said)?;
        let shard = stream.shards(None).map_err(said)?.into_iter().find(|shard| shard.id == placed.shard());
        let records = read_shard(&stream, &shard.ok_or("its shard is not shown")?)?;
        let last = records.last().map(|record| record.sequence_number);
        if last != placed.sequence_number() || records.last().is_none_or(|record| record.data != body(seed, number)) {
            return Err(format!("writer {writer}: after a new record comes {last:?}"));
        }
    }
    Ok(())
}
