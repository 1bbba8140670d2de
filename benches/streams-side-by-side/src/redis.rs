//! Redis Streams: one stream, each XADD synced before it is answered.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use redis::{Connection, Value};

use crate::{
    Failure,
    record::Record,
    server::{self, Process},
    store::{AHEAD, PAGE, Pipeline, Producer, Promise, Reader, See, Store, Subject},
};

const STREAM: &str = "log";
const FIELD: &str = "r";
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn start(program: &Path, dir: &Path) -> Result<Subject, Failure> {
    let (data, port) = (dir.join("redis"), server::free_port()?);
    fs::create_dir(&data)?;
    let mut command = server::command(program);
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
    command.args(["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0", "--dir"]);
    let mut process = Process::start(command.arg(&data), dir.join("redis.log"))?;
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/"))?;
    process.wait(|| Ok(client.get_connection()?))?;
    let settings = format!(
        "{}; `appendonly yes`, `appendfsync always`, no snapshots, and no rewriting of its file but between rounds; a batch \
         is a pipeline of XADD, synced before it is answered; read by XREAD with COUNT {PAGE}",
        server::version(program, "--version")?
    );
    let store = Box::new(Redis { client, _process: process });
    Ok(Subject { name: "Redis Streams", promise: Promise::Synced, settings, store })
}

struct Redis {
    client: redis::Client,
    _process: Process,
}

impl Store for Redis {
    fn clear(&mut self) -> Result<(), Failure> {
        let mut connection = self.client.get_connection()?;
        redis::cmd("DEL").arg(STREAM).exec(&mut connection)?;
        redis::cmd("BGREWRITEAOF").exec(&mut connection)?;
        let asked = Instant::now();
        loop {
            let persistence: String = redis::cmd("INFO").arg("persistence").query(&mut connection)?;
            let is_over = ["aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0"];
            if is_over.iter().all(|line| persistence.contains(line)) {
                return Ok(());
            }
            if asked.elapsed() > PATIENCE {
                return Err("its file was not rewritten".into());
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn producer(&self, _number: usize) -> Result<Box<dyn Producer + '_>, Failure> {
        Ok(Box::new(self.client.get_connection()?))
    }

    fn pipeline(&self, _number: usize) -> Result<Option<Box<dyn Pipeline + '_>>, Failure> {
        Ok(Some(Box::new(Ahead { connection: self.client.get_connection()?, waiting: 0 })))
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, Failure> {
        Ok(Box::new(Pages { connection: self.client.get_connection()?, after: b"0".to_vec() }))
    }
}

impl Producer for Connection {
    fn append(&mut self, records: &[Record]) -> Result<(), Failure> {
        let mut pipeline = redis::pipe();
        for record in records {
            pipeline.cmd("XADD").arg(STREAM).arg("*").arg(FIELD).arg(record.as_slice()).ignore();
        }
        Ok(pipeline.exec(self)?)
    }
}

struct Ahead {
    connection: Connection,
    waiting: usize,
}

impl Ahead {
    fn receive(&mut self, most_waiting: usize) -> Result<usize, Failure> {
        let due = self.waiting.saturating_sub(most_waiting);
        for _ in 0..due {
            self.connection.recv_response()?.extract_error()?;
        }
        self.waiting -= due;
        Ok(due)
    }
}

impl Pipeline for Ahead {
    fn append(&mut self, record: &Record) -> Result<usize, Failure> {
        let command = redis::cmd("XADD").arg(STREAM).arg("*").arg(FIELD).arg(record.as_slice()).get_packed_command();
        self.connection.send_packed_command(&command)?;
        self.waiting += 1;
        self.receive(AHEAD)
    }

    fn settle(&mut self) -> Result<usize, Failure> {
        self.receive(0)
    }
}

struct Pages {
    connection: Connection,
    after: Vec<u8>,
}

impl Reader for Pages {
    fn page(&mut self, see: &mut See<'_>) -> Result<usize, Failure> {
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(PAGE).arg("STREAMS").arg(STREAM).arg(self.after.as_slice());
        // [[stream, [[id, [field, record]], ...]]], or nil if there are none.
        let answer: Value = command.query(&mut self.connection)?;
        let Value::Array(streams) = answer else { return Ok(0) };
        let Some(Value::Array(stream)) = streams.into_iter().next() else { return Err("XREAD: no stream".into()) };
        let Some(Value::Array(entries)) = stream.into_iter().nth(1) else { return Err("XREAD: no entries".into()) };
        let mut last = None;
        for entry in &entries {
            let (id, record) = parts(entry).ok_or("XREAD: an entry without a record")?;
            see(record)?;
            last = Some(id);
        }
        if let Some(id) = last {
            self.after = id.to_vec();
        }
        Ok(entries.len())
    }
}

fn parts(entry: &Value) -> Option<(&[u8], &[u8])> {
    let Value::Array(entry) = entry else { return None };
    let [Value::BulkString(id), Value::Array(fields)] = entry.as_slice() else { return None };
    let [_, Value::BulkString(record)] = fields.as_slice() else { return None };
    Some((id, record))
}
