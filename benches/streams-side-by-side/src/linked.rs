//! Millpond in this process: no server, no protocol.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
};

use millpond_engine::{Engine, Ticket};
use millpond_stream::{CreateOptions, NewRecord, Placed, StartingPosition, Stream, Streams};

use crate::{
    Failure,
    record::Record,
    store::{AHEAD, PAGE, Pipeline, Producer, Promise, Reader, See, Store, Subject},
};

pub(crate) const LINKED: &str = "Millpond linked";

pub(crate) fn start(dir: &Path) -> Result<Subject, Failure> {
    let settings = "its defaults: `append` and `append_batch` return when they are synced; pipelined by `append_async`; one stream of \
                    one shard, a partition key for each producer; read by `Reader::try_read`"
        .to_owned();
    let dir = dir.join("millpond-linked");
    let store = Box::new(Linked { stream: Some(open(&dir)?), dir });
    Ok(Subject { name: LINKED, promise: Promise::Synced, settings, store })
}

fn open(dir: &Path) -> Result<Stream, Failure> {
    let streams = Streams::open(&Engine::open(dir)?)?;
    Ok(streams.create("log", &CreateOptions::shards(1))?)
}

struct Linked {
    dir: PathBuf,
    stream: Option<Stream>,
}

impl Linked {
    fn stream(&self) -> Result<&Stream, Failure> {
        self.stream.as_ref().ok_or_else(|| "the store is not open".into())
    }

    fn writer(&self, number: usize) -> Result<Writer<'_>, Failure> {
        Ok(Writer { stream: self.stream()?, key: format!("producer {number}") })
    }
}

impl Store for Linked {
    fn clear(&mut self) -> Result<(), Failure> {
        // A directory is open once.
        self.stream = None;
        fs::remove_dir_all(&self.dir)?;
        self.stream = Some(open(&self.dir)?);
        Ok(())
    }

    fn producer(&self, number: usize) -> Result<Box<dyn Producer + '_>, Failure> {
        Ok(Box::new(self.writer(number)?))
    }

    fn pipeline(&self, number: usize) -> Result<Option<Box<dyn Pipeline + '_>>, Failure> {
        Ok(Some(Box::new(Ahead { writer: self.writer(number)?, waiting: VecDeque::new() })))
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, Failure> {
        let stream = self.stream()?;
        let shard = stream.shards(None)?.first().ok_or("a stream without a shard")?.id;
        Ok(Box::new(stream.reader(shard, &StartingPosition::TrimHorizon)?))
    }
}

struct Writer<'a> {
    stream: &'a Stream,
    key: String,
}

impl Writer<'_> {
    fn record(&self, record: &Record) -> NewRecord {
        (self.key.as_str(), record.to_vec()).into()
    }
}

impl Producer for Writer<'_> {
    fn append(&mut self, records: &[Record]) -> Result<(), Failure> {
        if let [record] = records {
            self.stream.append(self.record(record))?;
        } else {
            let records = records.iter().map(|record| self.record(record));
            self.stream.append_batch(records)?.into_iter().collect::<Result<Vec<_>, _>>()?;
        }
        Ok(())
    }
}

struct Ahead<'a> {
    writer: Writer<'a>,
    waiting: VecDeque<Ticket<Placed>>,
}

impl Ahead<'_> {
    fn settle_down_to(&mut self, most: usize) -> Result<usize, Failure> {
        let due = self.waiting.len().saturating_sub(most);
        for ticket in self.waiting.drain(..due) {
            ticket.wait()?;
        }
        Ok(due)
    }
}

impl Pipeline for Ahead<'_> {
    fn append(&mut self, record: &Record) -> Result<usize, Failure> {
        self.waiting.push_back(self.writer.stream.append_async(self.writer.record(record))?);
        self.settle_down_to(AHEAD)
    }

    fn settle(&mut self) -> Result<usize, Failure> {
        self.settle_down_to(0)
    }
}

impl Reader for millpond_stream::Reader {
    fn page(&mut self, see: &mut See<'_>) -> Result<usize, Failure> {
        let read = self.try_read(PAGE)?;
        read.records.iter().try_for_each(|record| see(&record.data))?;
        Ok(read.records.len())
    }
}
