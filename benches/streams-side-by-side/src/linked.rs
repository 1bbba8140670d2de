//! Millpond in this process: no server, no protocol.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use millpond_engine::{Engine, Position, Ticket};
use millpond_stream::log::{Error, LogId, LogOptions, Logs, Most, ShardId};

use crate::{
    Failure,
    record::Record,
    store::{AHEAD, PAGE, Pipeline, Producer, Promise, Reader, See, Store, Subject},
};

pub(crate) const LINKED: &str = "Millpond linked";

pub(crate) fn start(dir: &Path) -> Result<Subject, Failure> {
    let settings = "its defaults: `append` returns when it is synced; one shard; read by `follow`".to_owned();
    let dir = dir.join("millpond-linked");
    let store = Box::new(Linked { log: Some(open(&dir)?), dir });
    Ok(Subject { name: LINKED, promise: Promise::Synced, settings, store })
}

fn open(dir: &Path) -> Result<Log, Failure> {
    let engine = Engine::open(dir)?;
    let logs = Logs::open(&engine)?;
    let options = LogOptions { shards: 1, retention: Duration::from_hours(24), roll_after: None };
    let id = engine.transact(|tx| logs.create_in(tx, &options))?;
    let shard = logs.shards(&mut engine.latest(), id)?.first().ok_or("a log without a shard")?.id;
    Ok(Log { engine, logs, id, shard })
}

struct Linked {
    dir: PathBuf,
    log: Option<Log>,
}

#[derive(Clone)]
struct Log {
    engine: Engine,
    logs: Logs,
    id: LogId,
    shard: ShardId,
}

impl Linked {
    fn log(&self) -> Result<Log, Failure> {
        Ok(self.log.clone().ok_or("the store is not open")?)
    }
}

impl Store for Linked {
    fn clear(&mut self) -> Result<(), Failure> {
        self.log = None;
        fs::remove_dir_all(&self.dir)?;
        self.log = Some(open(&self.dir)?);
        Ok(())
    }

    fn producer(&self, _number: usize) -> Result<Box<dyn Producer + '_>, Failure> {
        Ok(Box::new(Writer(self.log()?)))
    }

    fn pipeline(&self, _number: usize) -> Result<Option<Box<dyn Pipeline + '_>>, Failure> {
        Ok(Some(Box::new(Ahead { log: self.log()?, waiting: VecDeque::new() })))
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, Failure> {
        Ok(Box::new(Pages { log: self.log()?, from: Position::default() }))
    }
}

struct Writer(Log);

impl Producer for Writer {
    fn append(&mut self, records: &[Record]) -> Result<(), Failure> {
        let Log { engine, logs, id, .. } = &self.0;
        let records: Vec<_> = records.iter().map(|record| record.to_vec().into()).collect();
        engine.transact(|tx| logs.append_batch_in(tx, *id, 0, &records))?;
        Ok(())
    }
}

struct Ahead {
    log: Log,
    waiting: VecDeque<Ticket<()>>,
}

impl Ahead {
    fn settle_down_to(&mut self, most: usize) -> Result<usize, Failure> {
        let due = self.waiting.len().saturating_sub(most);
        for ticket in self.waiting.drain(..due) {
            ticket.wait()?;
        }
        Ok(due)
    }
}

impl Pipeline for Ahead {
    fn append(&mut self, record: &Record) -> Result<usize, Failure> {
        let Log { engine, logs, id, .. } = &self.log;
        let record = bytes::Bytes::copy_from_slice(record);
        let ticket = engine.submit(|tx| logs.append_in(tx, *id, 0, record.clone()).map_err(Error::from))?;
        self.waiting.push_back(ticket);
        self.settle_down_to(AHEAD)
    }

    fn settle(&mut self) -> Result<usize, Failure> {
        self.settle_down_to(0)
    }
}

struct Pages {
    log: Log,
    from: Position,
}

impl Reader for Pages {
    fn page(&mut self, see: &mut See<'_>) -> Result<usize, Failure> {
        let Log { logs, id, shard, .. } = &self.log;
        let most = Most { records: PAGE, ..Most::default() };
        let found = logs.follow(*id, *shard, self.from, most)?;
        self.from = found.next;
        found.records.iter().try_for_each(|record| see(&record.data))?;
        Ok(found.records.len())
    }
}
