//! Kinesis over HTTP: the same requests to each server.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use crate::{
    Failure,
    append::{self, BATCH},
    http::Connection,
    kinesis::Server,
    measure::{self, Figure, Plan, Work},
    record::Id,
    wire::{self, Encoding, Entry, GetRecords, Next, Page, PutRecord, PutRecords},
};

/// Shards of a stream that is written to: no server's clients should all want the same lock.
const SHARDS: usize = 4;
/// Records of a `GetRecords`.
const PAGE: usize = 1000;
/// How many pages there are to get, over and over. More would take ferrokinesis on disk too long to write.
const PAGES: usize = 3;
/// The most that a `PutRecords` may have: for what is not measured.
const LARGEST: usize = 500;
/// So many records are written down before the time begins, for each client.
const PREPARED_RECORDS: usize = 800;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    PutRecords,
    PutRecord,
    GetRecords,
}

impl fmt::Display for Operation {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::PutRecords => write!(to, "PutRecords of {BATCH}"),
            Operation::PutRecord => write!(to, "PutRecord"),
            Operation::GetRecords => write!(to, "GetRecords of {PAGE}"),
        }
    }
}

const SHAPES: [(Operation, usize); 5] = [
    (Operation::PutRecords, 1),
    (Operation::PutRecords, 8),
    (Operation::PutRecord, 8),
    (Operation::GetRecords, 1),
    (Operation::GetRecords, 8),
];

/// One operation, server by server.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) operation: Operation,
    pub(crate) clients: usize,
    pub(crate) figures: Vec<Option<Figure>>,
}

pub(crate) fn all(plan: Plan, encoding: Encoding, servers: &[Server]) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (operation, clients) in SHAPES {
        eprintln!("HTTP: {operation}, {clients} clients, {encoding:?}");
        let figures = measure::interleaved(plan, servers.len(), |at| {
            let server = servers.get(at).ok_or("no such server")?;
            let figure = round(plan, operation, clients, encoding, server);
            figure.map_err(|error| format!("{}, {operation}, {encoding:?}: {error}", server.name).into())
        })?;
        lines.push(Line { operation, clients, figures });
    }
    Ok(lines)
}

/// One round on a stream of its own, of which nothing is left. `None` if the server cannot do it.
fn round(
    plan: Plan,
    operation: Operation,
    clients: usize,
    encoding: Encoding,
    server: &Server,
) -> Result<Option<Figure>, Failure> {
    if operation == Operation::GetRecords && encoding == Encoding::Cbor && !server.reads_in_cbor {
        return Ok(None);
    }
    let round = append::next_round();
    let stream = format!("log-{round}");
    let figure = if operation == Operation::GetRecords {
        server.create(&stream, 1)?;
        fill(round, &stream, encoding, server)?;
        let iterators = look(round, &stream, encoding, server)?;
        measure::sync_disk()?;
        let reader = |_| Getter::open(encoding, server, &iterators);
        let mut readers: Vec<_> = (0..clients).map(reader).collect::<Result<_, _>>()?;
        measure::race(plan, &mut readers)?
    } else {
        server.create(&stream, SHARDS)?;
        measure::sync_disk()?;
        let acknowledged = AtomicUsize::new(0);
        let batch = if operation == Operation::PutRecords { BATCH } else { 1 };
        let writer =
            |producer| Putter::open(encoding, server, &stream, Id { round, producer, number: 0 }, batch, &acknowledged);
        let mut writers: Vec<_> = (0..u16::try_from(clients)?).map(writer).collect::<Result<_, _>>()?;
        let figure = measure::race(plan, &mut writers)?;
        drop(writers);
        check(&stream, acknowledged.into_inner(), server)?;
        figure
    };
    server.delete(&stream)?;
    Ok(Some(figure))
}

fn entry(id: Id) -> Entry {
    Entry { data: id.record().into(), partition_key: format!("{:04x}{:08x}", id.producer, id.number) }
}

/// That the stream has as many records as were acknowledged.
fn check(stream: &str, acknowledged: usize, server: &Server) -> Result<(), Failure> {
    let mut connection = Connection::open(server.address)?;
    let mut read = 0;
    for mut iterator in server.iterators(stream)? {
        loop {
            let body = Encoding::Json.write(&GetRecords { shard_iterator: &iterator, limit: 10_000 })?;
            let answer = connection.ask("GetRecords", Encoding::Json, &body)?;
            let count = wire::count(answer);
            read += count;
            match Encoding::Json.read::<Next>(answer)?.next_shard_iterator {
                Some(next) if count > 0 => iterator = next,
                _ => break,
            }
        }
    }
    if read == acknowledged {
        return Ok(());
    }
    Err(format!("{acknowledged} records were acknowledged, and {read} can be read").into())
}

/// A client that puts records which it has made before.
struct Putter<'a> {
    connection: Connection,
    encoding: Encoding,
    operation: &'static str,
    batch: usize,
    bodies: Vec<Vec<u8>>,
    next: usize,
    acknowledged: &'a AtomicUsize,
}

impl<'a> Putter<'a> {
    fn open(
        encoding: Encoding,
        server: &Server,
        stream_name: &str,
        mut next: Id,
        batch: usize,
        acknowledged: &'a AtomicUsize,
    ) -> Result<Box<dyn Work + 'a>, Failure> {
        let mut entry = || {
            next.number += 1;
            entry(next)
        };
        let body = |_| match batch {
            1 => encoding.write(&PutRecord { stream_name, entry: entry() }),
            _ => encoding.write(&PutRecords { stream_name, records: (0..batch).map(|_| entry()).collect() }),
        };
        let bodies = (0..PREPARED_RECORDS / batch).map(body).collect::<Result<_, _>>()?;
        let operation = if batch == 1 { "PutRecord" } else { "PutRecords" };
        let connection = Connection::open(server.address)?;
        Ok(Box::new(Putter { connection, encoding, operation, batch, bodies, next: 0, acknowledged }))
    }
}

impl Work for Putter<'_> {
    fn work(&mut self, took: &mut Vec<Duration>) -> Result<usize, Failure> {
        let body = self.bodies.get(self.next).ok_or("no requests")?;
        self.next = (self.next + 1) % self.bodies.len();
        let started = Instant::now();
        let answer = self.connection.ask(self.operation, self.encoding, body)?;
        took.push(started.elapsed());
        let count = wire::count(answer);
        if count != self.batch {
            return Err(format!("{count} of {} were put: {}", self.batch, String::from_utf8_lossy(answer)).into());
        }
        self.acknowledged.fetch_add(count, Relaxed);
        Ok(count)
    }
}

fn fill(round: u32, stream_name: &str, encoding: Encoding, server: &Server) -> Result<(), Failure> {
    let mut connection = Connection::open(server.address)?;
    for batch in 0..PAGES * PAGE / LARGEST {
        let numbers = batch * LARGEST..(batch + 1) * LARGEST;
        let entries = numbers.map(|number| Ok(entry(Id { round, producer: 0, number: u32::try_from(number)? })));
        let records = entries.collect::<Result<_, Failure>>()?;
        let body = encoding.write(&PutRecords { stream_name, records })?;
        let count = wire::count(connection.ask("PutRecords", encoding, &body)?);
        if count != LARGEST {
            return Err(format!("{count} of {LARGEST} were put").into());
        }
    }
    Ok(())
}

/// Looks at each record once, before the time begins. Gives the iterators of the pages.
fn look(round: u32, stream: &str, encoding: Encoding, server: &Server) -> Result<Vec<String>, Failure> {
    let mut connection = Connection::open(server.address)?;
    let mut iterators = server.iterators(stream)?;
    let mut seen = 0;
    for page in 0..PAGES {
        let shard_iterator = iterators.get(page).ok_or("no iterator for the next page")?;
        let body = encoding.write(&GetRecords { shard_iterator, limit: PAGE })?;
        let page: Page = encoding.read(connection.ask("GetRecords", encoding, &body)?)?;
        for record in &page.records {
            let (id, expected) = (Id::of(&record.data.0)?, Id { round, producer: 0, number: seen });
            if id != expected {
                return Err(format!("{id:?} where {expected:?} was to come").into());
            }
            seen += 1;
        }
        iterators.extend(page.next_shard_iterator);
    }
    iterators.truncate(PAGES);
    Ok(iterators)
}

/// A client that gets the same pages over and over.
struct Getter {
    connection: Connection,
    encoding: Encoding,
    bodies: Vec<Vec<u8>>,
    next: usize,
}

impl Getter {
    fn open(encoding: Encoding, server: &Server, iterators: &[String]) -> Result<Box<dyn Work>, Failure> {
        let body = |iterator: &String| encoding.write(&GetRecords { shard_iterator: iterator, limit: PAGE });
        let bodies = iterators.iter().map(body).collect::<Result<_, _>>()?;
        Ok(Box::new(Getter { connection: Connection::open(server.address)?, encoding, bodies, next: 0 }))
    }
}

impl Work for Getter {
    fn work(&mut self, took: &mut Vec<Duration>) -> Result<usize, Failure> {
        let body = self.bodies.get(self.next).ok_or("no requests")?;
        self.next = (self.next + 1) % self.bodies.len();
        let started = Instant::now();
        let answer = self.connection.ask("GetRecords", self.encoding, body)?;
        took.push(started.elapsed());
        match wire::count(answer) {
            PAGE => Ok(PAGE),
            count => Err(format!("{count} records in a page of {PAGE}").into()),
        }
    }
}
