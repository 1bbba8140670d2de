//! Appends with 1, 4 and 16 producers, beside what the disk gives to a plain file in the same round.

use std::{
    collections::VecDeque,
    fmt,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::{Duration, Instant},
};

use crate::{
    Failure,
    measure::{self, Figure, Plan, Work},
    record::{Id, Record},
    store::{AHEAD, Pipeline, Producer, Store, Subject},
};

/// Records in a batch.
pub(crate) const BATCH: usize = 100;

/// How records are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// One a call, acknowledged before the next.
    Single,
    /// So many a call, acknowledged before the next.
    Batch(usize),
    /// One a call, with [`AHEAD`] of them not acknowledged.
    Pipelined,
}

impl fmt::Display for How {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Single => write!(to, "single"),
            How::Batch(records) => write!(to, "batch of {records}"),
            How::Pipelined => write!(to, "pipelined, {AHEAD}"),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) producers: usize,
    pub(crate) how: How,
}

/// As many records as 16 producers of batches wait for together.
pub(crate) const LARGE: usize = 16 * BATCH;

/// Whatever the line's shape is, the file is written in batches: it says what the disk can do. With many writers, which take
/// turns, one has its next batch ready while another waits for the disk. The last is what the disk gives to those who sync as much at
/// once as a group of many producers: where a sync takes long, the others measure that and not how much can be written.
const YARDSTICK: [Shape; 3] = [
    Shape { producers: 1, how: How::Batch(BATCH) },
    Shape { producers: 16, how: How::Batch(BATCH) },
    Shape { producers: 1, how: How::Batch(LARGE) },
];

/// One shape, store by store.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) shape: Shape,
    /// The better one of the file's two with [`BATCH`] records a sync.
    pub(crate) raw: Option<Figure>,
    /// The file with [`LARGE`] records a sync.
    pub(crate) raw_large: Option<Figure>,
    pub(crate) figures: Vec<Option<Figure>>,
}

pub(crate) fn all(plan: Plan, raw: &mut Subject, subjects: &mut [Subject]) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for producers in [1, 4, 16] {
        for how in [How::Single, How::Batch(BATCH), How::Pipelined] {
            let shape = Shape { producers, how };
            eprintln!("append: {shape:?}");
            let mut figures = measure::interleaved(plan, YARDSTICK.len() + subjects.len(), |at| {
                let (subject, shape) = match YARDSTICK.get(at) {
                    Some(shape) => (&mut *raw, *shape),
                    None => (subjects.get_mut(at - YARDSTICK.len()).ok_or("no such subject")?, shape),
                };
                let figure = round(plan, shape, subject.store.as_mut());
                figure.map_err(|error| format!("{}, {shape:?}: {error}", subject.name).into())
            })?;
            let stores = figures.split_off(YARDSTICK.len());
            let raw_large = figures.pop().flatten();
            let raw = figures.into_iter().flatten().max_by(|one, other| one.rate.total_cmp(&other.rate));
            lines.push(Line { shape, raw, raw_large, figures: stores });
        }
    }
    Ok(lines)
}

/// `None` if the store cannot do it.
fn round(plan: Plan, shape: Shape, store: &mut dyn Store) -> Result<Option<Figure>, Failure> {
    store.clear()?;
    measure::sync_disk()?;
    let number = next_round();
    let appended: Vec<_> = (0..shape.producers).map(|_| AtomicU32::new(0)).collect();
    let mut workers: Vec<Box<dyn Work + '_>> = Vec::new();
    for (producer, appended) in appended.iter().enumerate() {
        let next = Id { round: number, producer: u16::try_from(producer)?, number: 0 };
        let numbers = Numbers { next, appended };
        workers.push(match shape.how {
            How::Pipelined => match store.pipeline(producer)? {
                Some(client) => Box::new(Pipelined { client, numbers, waiting: VecDeque::new() }),
                None => return Ok(None),
            },
            how => {
                let batch = if let How::Batch(records) = how { records } else { 1 };
                Box::new(Waiting { client: store.producer(producer)?, numbers, batch, records: Vec::new() })
            }
        });
    }
    let figure = measure::race(plan, &mut workers)?;
    drop(workers);
    let appended: Vec<_> = appended.into_iter().map(AtomicU32::into_inner).collect();
    check(number, &appended, store)?;
    Ok(Some(figure))
}

/// No two rounds of a run have the same.
pub(crate) fn next_round() -> u32 {
    static ROUNDS: AtomicU32 = AtomicU32::new(1);
    ROUNDS.fetch_add(1, Relaxed)
}

/// That the log has each record of each producer once, in the producer's order, and whole.
fn check(round: u32, appended: &[u32], store: &dyn Store) -> Result<(), Failure> {
    let mut seen = vec![0; appended.len()];
    let mut reader = store.reader()?;
    while reader.page(&mut |record| {
        let id = Id::of(record)?;
        let next = seen.get_mut(usize::from(id.producer)).ok_or_else(|| format!("{id:?} of nobody"))?;
        if id != (Id { round, number: *next, ..id }) {
            return Err(format!("{id:?} where {next} of round {round} was to come").into());
        }
        *next += 1;
        Ok(())
    })? > 0
    {}
    if seen == appended { Ok(()) } else { Err(format!("acknowledged: {appended:?}, read: {seen:?}").into()) }
}

/// The numbers of one producer's records.
struct Numbers<'a> {
    next: Id,
    /// How many were given.
    appended: &'a AtomicU32,
}

impl Numbers<'_> {
    fn record(&mut self) -> Record {
        let record = self.next.record();
        self.next.number += 1;
        self.appended.store(self.next.number, Relaxed);
        record
    }
}

struct Waiting<'a> {
    client: Box<dyn Producer + 'a>,
    numbers: Numbers<'a>,
    batch: usize,
    records: Vec<Record>,
}

impl Work for Waiting<'_> {
    fn work(&mut self, took: &mut Vec<Duration>) -> Result<usize, Failure> {
        let numbers = &mut self.numbers;
        self.records.clear();
        self.records.extend((0..self.batch).map(|_| numbers.record()));
        let started = Instant::now();
        self.client.append(&self.records)?;
        took.push(started.elapsed());
        Ok(self.batch)
    }
}

struct Pipelined<'a> {
    client: Box<dyn Pipeline + 'a>,
    numbers: Numbers<'a>,
    /// When the records began that are not acknowledged.
    waiting: VecDeque<Instant>,
}

impl Work for Pipelined<'_> {
    fn work(&mut self, took: &mut Vec<Duration>) -> Result<usize, Failure> {
        let record = self.numbers.record();
        self.waiting.push_back(Instant::now());
        let acknowledged = self.client.append(&record)?;
        if acknowledged > 0 {
            let now = Instant::now();
            let all = self.waiting.len();
            took.extend(self.waiting.drain(..acknowledged.min(all)).map(|started| now - started));
        }
        Ok(acknowledged)
    }

    fn finish(&mut self) -> Result<(), Failure> {
        let settled = self.client.settle()?;
        let expected = self.waiting.len();
        if settled == expected { Ok(()) } else { Err(format!("{settled} of {expected} were acknowledged").into()) }
    }
}
