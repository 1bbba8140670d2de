//! Whether a store holds what the operations have left.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use millpond_engine::{Keyspace, RangeRequest};
use millpond_pubsub::PublishMessage;
use millpond_queue::Message;

use crate::{
    Store,
    model::{Model, View},
    workload::{
        self, Operation, Own, SHARED, SHARED_ENVELOPED, SHARED_RAW, WAITING, WRITERS, number_of, operation, time_of,
    },
};

type Verdict = Result<(), String>;

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub(crate) fn check(store: &Store, acked: u64, attempted: u64, seed: u64) -> Verdict {
    let journal = rows(store, &store.journal)?;
    let mut published = BTreeSet::new();
    for writer in 0..WRITERS {
        let found = Found::read(store, writer, seed, &journal)
            .and_then(|found| check_writer(store, writer, (acked, attempted), seed, found))
            .map_err(|wrong| format!("writer {writer}: {wrong}"))?;
        published.extend(found);
    }
    check_functions(store, &published)?;
    check_shared(store, (acked, attempted), seed).map_err(|wrong| format!("{SHARED}: {wrong}"))?;
    store.topics.maintain().map(drop).map_err(said)
}

/// The keys of a keyspace, which are numbers, with the first byte of their values.
fn rows(store: &Store, keyspace: &Keyspace) -> Result<BTreeMap<u64, u8>, String> {
    let snapshot = store.engine.snapshot().map_err(said)?;
    let rows = snapshot.scan(keyspace, &RangeRequest::all()).map_err(said)?;
    let number = |key: &[u8]| u64::from_be_bytes(key.try_into().expect("eight bytes"));
    rows.map(|row| row.map(|(key, value)| (number(&key), value.first().copied().unwrap_or(0))).map_err(said)).collect()
}

/// A message in an envelope of a first-in-first-out topic.
#[derive(Debug, Clone)]
struct Numbered {
    number: u64,
    message_id: String,
    sequence_number: String,
}

/// What a writer's queues hold.
struct Found {
    view: View,
    numbered: Vec<Numbered>,
}

impl Found {
    fn read(store: &Store, writer: u64, seed: u64, journal: &BTreeMap<u64, u8>) -> Result<Found, String> {
        let raw = |own: Own| raw(store, &own.name(writer), seed);
        let sorted = |mut numbers: Vec<u64>| {
            numbers.sort_unstable();
            numbers
        };
        let each = sorted(raw(Own::Raw)?);
        let enveloped = enveloped(store, &Own::Enveloped.name(writer), seed)?;
        same("the queues of the standard topic", &each, &sorted(numbers(&enveloped)))?;
        let line = raw(Own::First)?;
        let numbered = self::enveloped(store, &Own::Second.name(writer), seed)?;
        same("the queues of the line", &line, &numbers(&numbered))?;
        same("the standard queue of the line", &sorted(line.clone()), &sorted(raw(Own::Loose)?))?;
        let side = sorted(raw(Own::Side)?);
        let journal = journal.keys().copied().filter(|index| index % WRITERS == writer).collect();
        Ok(Found { view: View { each, side, line, journal }, numbered })
    }
}

fn numbers(numbered: &[Numbered]) -> Vec<u64> {
    numbered.iter().map(|message| message.number).collect()
}

fn same(what: &str, one: &[u64], other: &[u64]) -> Verdict {
    match one == other {
        true => Ok(()),
        false => Err(format!("{what} differ: {one:?} and {other:?}")),
    }
}

fn raw(store: &Store, queue: &str, seed: u64) -> Result<Vec<u64>, String> {
    drain(store, queue)?.iter().map(|message| whole(queue, message.body(), seed)).collect()
}

fn enveloped(store: &Store, queue: &str, seed: u64) -> Result<Vec<Numbered>, String> {
    let read = |message: &Message| {
        let envelope: serde_json::Value = serde_json::from_str(message.body()).map_err(said)?;
        let member = |name: &str| envelope.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        Ok(Numbered {
            number: whole(queue, &member("Message"), seed)?,
            message_id: member("MessageId"),
            sequence_number: member("SequenceNumber"),
        })
    };
    drain(store, queue)?.iter().map(read).collect()
}

fn whole(queue: &str, text: &str, seed: u64) -> Result<u64, String> {
    let number = number_of(text).ok_or_else(|| format!("{queue}: a message without a number"))?;
    match text == workload::text(seed, number) {
        true => Ok(number),
        false => Err(format!("{queue}: {number} is not whole")),
    }
}

/// Receives and deletes all that a queue has.
fn drain(store: &Store, queue: &str) -> Result<Vec<Message>, String> {
    let wrong = |error| format!("{queue}: {error}");
    let queue = store.queues.get(queue).map_err(wrong)?;
    let mut drained = Vec::new();
    loop {
        let received = queue.receive(1000, Duration::ZERO).map_err(wrong)?;
        if received.is_empty() {
            return Ok(drained);
        }
        let receipts: Vec<_> = received.iter().map(Message::receipt_handle).collect();
        queue
            .delete_batch(&receipts)
            .and_then(|deleted| deleted.into_iter().collect::<Result<(), _>>())
            .map_err(wrong)?;
        drained.extend(received);
    }
}

/// Asks that a writer's queues hold what its operations have left, up to one after all that were acknowledged. Gives
/// the messages of its standard topic.
fn check_writer(
    store: &Store,
    writer: u64,
    (acked, attempted): (u64, u64),
    seed: u64,
    found: Found,
) -> Result<Vec<u64>, String> {
    let mut model = Model::default();
    let mut matching = (acked <= writer && model.view == found.view).then(|| model.clone());
    let (mut start, mut end) = (0, workload::group_end(seed, 0, attempted));
    for index in (0..attempted).filter(|index| index % WRITERS == writer) {
        while index >= end {
            (start, end) = (end, workload::group_end(seed, end, attempted));
        }
        model.apply(index, &operation(seed, index), time_of(start).as_millis());
        // All that the writer did before the end of the last group that was acknowledged is there.
        if index + WRITERS >= acked && model.view == found.view {
            matching = Some(model.clone());
        }
    }
    match matching {
        Some(model) => check_deduplication(store, writer, seed, &model, &found).map(|()| found.view.each),
        None => {
            Err(format!("acknowledged up to {acked} of {attempted}: found {:?}, expected {:?}", found.view, model.view))
        }
    }
}

/// An id that was used within five minutes names the message that was published then, by its id and its number; another
/// one is free.
fn check_deduplication(store: &Store, writer: u64, seed: u64, model: &Model, found: &Found) -> Verdict {
    let now = store.engine.clock().now().as_millis();
    let topic = store.topics.get(&Own::Line.name(writer)).map_err(said)?;
    let last = found.numbered.iter().map(|message| message.sequence_number.clone()).max().unwrap_or_default();
    let rising = found.numbered.windows(2).all(|pair| match pair {
        [one, other] => one.sequence_number < other.sequence_number,
        _ => true,
    });
    if !rising {
        return Err(format!("numbers do not rise: {:?}", found.numbered));
    }
    for (id, (until, first)) in &model.known {
        let again = PublishMessage::new(workload::text(seed, *first)).group("again").deduplication(id.to_string());
        let published = topic.publish(again).map_err(said)?;
        let number = published.sequence_number.map(|number| number.to_string()).unwrap_or_default();
        let is_known = now < *until;
        let first = found.numbered.iter().find(|message| message.number == *first);
        let is_first = first.is_some_and(|first| {
            first.message_id == published.message_id.to_string() && first.sequence_number == number
        });
        if is_known != is_first || (!is_known && number <= last) {
            return Err(format!("id {id}, known: {is_known}: {published:?} is told of {first:?}"));
        }
    }
    Ok(())
}

/// Asks that what was published to functions is delivered to each once.
fn check_functions(store: &Store, published: &BTreeSet<u64>) -> Verdict {
    let waiting = Arc::new(Mutex::new(Vec::new()));
    let of_function = Arc::clone(&waiting);
    let functions = (
        store.attach(),
        store.topics.attach(WAITING, move |message| -> Result<(), String> {
            let number = number_of(message.text()).ok_or("a message without a number")?;
            of_function.lock().map_err(said)?.push(number);
            Ok(())
        }),
    );
    store.topics.wait_until_idle();
    drop(functions);
    let mut waiting = waiting.lock().map_err(said)?.clone();
    waiting.sort_unstable();
    let expected: Vec<u64> = published.iter().copied().collect();
    same("what a function got late", &waiting, &expected)?;
    let handled = rows(store, &store.handled)?;
    same("what a function has handled", &handled.keys().copied().collect::<Vec<_>>(), &expected)?;
    match handled.iter().find(|(_, count)| **count != 1) {
        Some((number, count)) => Err(format!("{number} was handled {count} times")),
        None => Ok(()),
    }
}

/// Asks that both queues of the shared topic hold the same, all that was acknowledged among it, and of each operation
/// the first.
fn check_shared(store: &Store, (acked, attempted): (u64, u64), seed: u64) -> Verdict {
    let found = raw(store, SHARED_RAW, seed)?;
    let enveloped = enveloped(store, SHARED_ENVELOPED, seed)?;
    same("its queues", &found, &numbers(&enveloped))?;
    for (nth, message) in (1_u128..).zip(&enveloped) {
        if message.sequence_number != (10_000_000_000_000_000_000 + nth).to_string() {
            return Err(format!("message {nth} is {message:?}"));
        }
    }
    let is_found: BTreeSet<u64> = found.iter().copied().collect();
    if is_found.len() != found.len() {
        return Err(format!("a message came twice: {found:?}"));
    }
    let mut known = BTreeSet::new();
    for index in 0..attempted {
        let Operation::Share(numbers) = operation(seed, index) else { continue };
        let there = numbers.iter().take_while(|number| is_found.contains(number)).count();
        let all = numbers.iter().filter(|number| is_found.contains(number)).count();
        if there != all || (index < acked && all != numbers.len()) {
            return Err(format!("operation {index}, acknowledged up to {acked}: {all} of {numbers:?}"));
        }
        known.extend(numbers);
    }
    if let Some(number) = is_found.difference(&known).next() {
        return Err(format!("{number} was never published"));
    }
    let mut last = BTreeMap::new();
    for number in found {
        if last.insert(number / workload::MESSAGES % WRITERS, number).is_some_and(|before| before > number) {
            return Err(format!("{number} comes late"));
        }
    }
    Ok(())
}
