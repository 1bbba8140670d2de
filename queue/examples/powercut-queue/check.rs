//! Whether a store holds what the operations have left.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use millpond_engine::{Keyspace, RangeRequest};
use millpond_queue::{Error, Message, Queue, SendMessage};

use crate::{
    Store,
    model::{self, Counted, Model, View},
    workload::{
        self, LONGEST_SECS, MESSAGES, Operation, Own, SHARED, WRITERS, body, group_of, number_of, operation, time_of,
    },
};

type Verdict = Result<(), String>;

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub(crate) fn check(store: &Store, acked: u64, attempted: u64, seed: u64) -> Verdict {
    let noted = Noted::read(store, attempted)?;
    let mut views = Vec::new();
    for writer in 0..WRITERS {
        views.push(View { counts: counts(store, writer).map_err(said)?, ..Default::default() });
    }
    let counted = store.engine.clock().now().as_millis();
    if counted != time_of(acked).as_millis() {
        return Err(format!("it is {counted}, not {}", time_of(acked)));
    }
    // Whatever was in flight or delayed can be received now.
    store.engine.clock().advance(Duration::from_secs(LONGEST_SECS + 1)).map_err(said)?;
    for (writer, view) in (0..).zip(&mut views) {
        for own in Own::ALL {
            let queue = store.queues.get(&own.name(writer)).map_err(said)?;
            let mut messages = drain(&queue, seed)?;
            model::sort(own, &mut messages);
            view.messages.insert(own, messages);
        }
    }
    for (writer, view) in (0..).zip(&views) {
        check_writer(store, writer, (acked, attempted), seed, &noted, view)
            .map_err(|wrong| format!("writer {writer}: {wrong}"))?;
    }
    for name in SHARED {
        check_shared(store, name, (acked, attempted), seed, &noted).map_err(|wrong| format!("{name}: {wrong}"))?;
    }
    store.queues.maintain().map(drop).map_err(said)
}

fn counts(store: &Store, writer: u64) -> Result<BTreeMap<Own, Counted>, Error> {
    let count = |own: Own| store.queues.get(&own.name(writer))?.metrics().map(|metrics| metrics.counts);
    let mut counted = BTreeMap::new();
    for own in [Own::Work, Own::Line, Own::Side] {
        let counts = count(own)?;
        let of_dead = own.dead_letters().map(|(dead, _)| count(dead)).transpose()?.unwrap_or_default();
        let sum =
            (counts.visible + of_dead.visible, counts.in_flight + of_dead.in_flight, counts.delayed + of_dead.delayed);
        counted.insert(own, sum);
    }
    Ok(counted)
}

/// What the operations have noted.
struct Noted {
    journal: BTreeMap<u64, Vec<u64>>,
    claims: BTreeMap<u64, Vec<u64>>,
    done: BTreeMap<u64, Vec<u64>>,
    /// By operation, the message that it handled.
    handled: BTreeMap<u64, u64>,
}

impl Noted {
    fn read(store: &Store, attempted: u64) -> Result<Noted, String> {
        let by_operation = |keyspace| -> Result<BTreeMap<_, _>, String> {
            let rows = rows(store, keyspace)?.into_iter();
            Ok(rows.map(|(index, numbers)| (index[0], numbers)).collect())
        };
        let effects = rows(store, &store.effects)?;
        let handled: BTreeMap<u64, u64> = effects.iter().map(|(number, index)| (index[0], number[0])).collect();
        if handled.len() != effects.len() {
            return Err("an operation has handled two messages".to_owned());
        }
        let noted = Noted {
            journal: by_operation(&store.journal)?,
            claims: by_operation(&store.claims)?,
            done: by_operation(&store.done)?,
            handled,
        };
        match noted.operations().max() {
            Some(last) if last >= attempted => Err(format!("operation {last} was not tried")),
            _ => Ok(noted),
        }
    }

    /// The operations that have noted something.
    fn operations(&self) -> impl Iterator<Item = u64> {
        self.journal.keys().chain(self.claims.keys()).chain(self.handled.keys()).copied()
    }

    /// Whether an operation that takes from a shared queue has come to its end.
    fn is_done(&self, index: u64) -> bool {
        self.claims.contains_key(&index) && self.done.contains_key(&index)
    }
}

/// A key and a value, each of numbers.
type NumbersRow = (Vec<u64>, Vec<u64>);

fn rows(store: &Store, keyspace: &Keyspace) -> Result<Vec<NumbersRow>, String> {
    let decode = |bytes: &[u8]| -> Vec<u64> {
        let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().expect("eight bytes"));
        bytes.chunks(8).map(number).collect()
    };
    let snapshot = store.engine.snapshot().map_err(said)?;
    let rows = snapshot.scan(keyspace, &RangeRequest::all()).map_err(said)?;
    rows.map(|row| row.map(|(key, value)| (decode(&key), decode(&value))).map_err(said)).collect()
}

/// Receives and deletes all that a queue has: the number of each message, and how often it was received.
fn drain(queue: &Queue, seed: u64) -> Result<Vec<(u64, u32)>, String> {
    let wrong = |what: String| format!("{}: {what}", queue.name());
    let counted = queue.metrics().map_err(said)?.counts;
    let mut drained = Vec::new();
    loop {
        let received = queue.receive(1000, Duration::ZERO).map_err(said)?;
        if received.is_empty() {
            break;
        }
        for message in &received {
            let number = number_of(message.body()).ok_or_else(|| wrong("a message without a number".to_owned()))?;
            if message.body() != body(seed, number) {
                return Err(wrong(format!("{number} is not whole: {} bytes", message.body().len())));
            }
            if queue.is_fifo() && message.group_id() != Some(&group_of(number)) {
                return Err(wrong(format!("{number} is of another group: {:?}", message.group_id())));
            }
            drained.push((number, message.receive_count()));
        }
        let receipts: Vec<_> = received.iter().map(Message::receipt_handle).collect();
        queue
            .delete_batch(&receipts)
            .and_then(|deleted| deleted.into_iter().collect::<Result<(), _>>())
            .map_err(said)?;
    }
    let numbers: BTreeSet<u64> = drained.iter().map(|(number, _)| *number).collect();
    if numbers.len() != drained.len() {
        return Err(wrong(format!("a message came twice: {drained:?}")));
    }
    // What was moved to the dead-letter queue was counted as well.
    let metrics = queue.metrics().map_err(said)?;
    let is_less = (drained.len() as u64) < counted.visible;
    if counted.in_flight + counted.delayed > 0
        || (is_less && !may_move(queue)?)
        || drained.len() as u64 > counted.visible
    {
        return Err(wrong(format!("counted {counted:?}, and {} came", drained.len())));
    }
    match metrics.counts == Default::default() && metrics.oldest_age.is_none() {
        true => Ok(drained),
        false => Err(wrong(format!("drained, and counts {metrics:?}"))),
    }
}

fn may_move(queue: &Queue) -> Result<bool, String> {
    Ok(queue.describe().map_err(said)?.settings.redrive_policy.is_some())
}

/// Asks that a writer's queues are what its steps have left, up to one after all that were acknowledged.
fn check_writer(
    store: &Store,
    writer: u64,
    (acked, attempted): (u64, u64),
    seed: u64,
    noted: &Noted,
    found: &View,
) -> Verdict {
    let own = |index: &u64| index % WRITERS == writer;
    let received = store.engine.clock().now().as_millis();
    let mut search = Search {
        found,
        counted: time_of(acked).as_millis(),
        received,
        // What has noted something was committed, and all that the writer did before.
        first: (0..acked).filter(own).max().max(noted.operations().filter(own).max()),
        differences: Vec::new(),
    };
    match search.run((0..attempted).filter(own), acked, attempted, seed, noted)? {
        Some(model) => check_deduplication(store, writer, &model, received),
        None => {
            search.differences.truncate(3);
            Err(format!("acknowledged up to {acked}, but {}", search.differences.join("; ")))
        }
    }
}

/// The search for the step of a writer that was the last.
struct Search<'a> {
    found: &'a View,
    /// When the messages were counted, and when they were received.
    counted: u64,
    received: u64,
    /// The first operation that may have been the last.
    first: Option<u64>,
    differences: Vec<String>,
}

impl Search<'_> {
    /// The model as it is after the last step.
    fn run(
        &mut self,
        operations: impl Iterator<Item = u64>,
        acked: u64,
        attempted: u64,
        seed: u64,
        noted: &Noted,
    ) -> Result<Option<Model>, String> {
        let mut model = Model::default();
        if self.first.is_none() && self.is_found(&model, "no operation") {
            return Ok(Some(model));
        }
        let (mut start, mut end) = (0, workload::group_end(seed, 0, attempted));
        for index in operations {
            while index >= end {
                (start, end) = (end, workload::group_end(seed, end, attempted));
            }
            let now = time_of(start).as_millis();
            let is_late = self.first.is_none_or(|first| index >= first);
            let at_operation = |wrong| format!("operation {index}: {wrong}");
            match operation(seed, index) {
                Operation::Send { to, messages } => model.send(to, &messages, now),
                Operation::Receive { from, visible_secs, then, .. } => {
                    let Some(numbers) = noted.journal.get(&index) else {
                        let is_missing = is_late && index >= acked;
                        return if is_missing { Ok(None) } else { Err(at_operation("it is not there".to_owned())) };
                    };
                    model.receive(from, numbers, now, now + visible_secs * 1000).map_err(at_operation)?;
                    for step in Model::steps(then, numbers) {
                        if is_late && index >= acked && self.is_found(&model, &format!("a part of {index}")) {
                            return Ok(Some(model));
                        }
                        model.step(from, step, now);
                    }
                }
                Operation::Handle { from } => {
                    if let Some(number) = noted.handled.get(&index) {
                        model.handle(from, *number, now).map_err(at_operation)?;
                    }
                }
                Operation::Purge => model.purge(),
                Operation::Maintain
                | Operation::Share { .. }
                | Operation::Take { .. }
                | Operation::HandleShared { .. } => {}
            }
            if is_late && self.is_found(&model, &index.to_string()) {
                return Ok(Some(model));
            }
        }
        Ok(None)
    }

    fn is_found(&mut self, model: &Model, up_to: &str) -> bool {
        let difference = self.found.difference(&model.view(self.counted, self.received));
        let is_found = difference.is_none();
        self.differences.extend(difference.map(|difference| format!("up to {up_to}: {difference}")));
        is_found
    }
}

/// An id that was used within five minutes names the message that was sent then, whether that is still there or not.
fn check_deduplication(store: &Store, writer: u64, model: &Model, now: u64) -> Verdict {
    let queue = store.queues.get(&Own::Line.name(writer)).map_err(said)?;
    let expected = model.ids.values().filter(|until| **until <= now).count() as u64;
    let ids: Vec<&String> = model.ids.keys().collect();
    for ids in ids.chunks(100) {
        let again = |id: &&String| SendMessage::new("again").group("again").deduplication((*id).clone());
        queue.send_batch(ids.iter().map(again)).map_err(said)?;
    }
    let counts = queue.metrics().map_err(said)?.counts;
    match counts.visible == expected && counts.in_flight + counts.delayed == 0 {
        true => Ok(()),
        false => Err(format!("{expected} of {} ids were free, and there are {counts:?}", model.ids.len())),
    }
}

/// Asks that each message that was sent to a shared queue is there, or was deleted or handled, and not two of these.
fn check_shared(
    store: &Store,
    name: &'static str,
    (acked, attempted): (u64, u64),
    seed: u64,
    noted: &Noted,
) -> Verdict {
    let queue = store.queues.get(name).map_err(said)?;
    let drained: Vec<u64> = drain(&queue, seed)?.into_iter().map(|(number, _)| number).collect();
    let found: BTreeSet<u64> = drained.iter().copied().collect();
    let handled: BTreeSet<u64> = noted.handled.values().copied().collect();
    let deleted: BTreeSet<u64> = noted.done.values().flatten().copied().collect();
    let mut sent = BTreeSet::new();
    for index in 0..attempted {
        match operation(seed, index) {
            Operation::Share { to, count } if to == name => {
                sent.extend(index * MESSAGES..index * MESSAGES + count);
            }
            Operation::Take { from, .. } if from == name && index < acked && !noted.is_done(index) => {
                return Err(format!("operation {index} was acknowledged, and is not there"));
            }
            _ => {}
        }
    }
    if let Some(number) = found.difference(&sent).next() {
        return Err(format!("{number} was never sent"));
    }
    // What was received by an operation that was under way may be deleted.
    let under_way: BTreeSet<u64> = noted.claims.range(acked..).flat_map(|(_, numbers)| numbers).copied().collect();
    for number in sent {
        let is = [found.contains(&number), handled.contains(&number), deleted.contains(&number)];
        let may_be_gone = under_way.contains(&number) || number / MESSAGES >= acked;
        let times = is.iter().filter(|is| **is).count();
        if times > 1 || (times == 0 && !may_be_gone) {
            return Err(format!("{number}: found, handled, deleted: {is:?}"));
        }
    }
    if queue.is_fifo() {
        let mut last: BTreeMap<(String, u64), u64> = BTreeMap::new();
        for number in drained {
            let before = last.insert((group_of(number), number / MESSAGES % WRITERS), number);
            if before.is_some_and(|before| before > number) {
                return Err(format!("{number} comes after {before:?} of the same group and writer"));
            }
        }
    }
    Ok(())
}
