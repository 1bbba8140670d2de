//! Redis Streams: one stream, one consumer group, each command that writes synced before it is answered.

use std::{fs, path::Path};

use redis::{
    Commands as _, Connection,
    streams::{StreamReadOptions, StreamReadReply},
};

use crate::{
    Failure,
    queue::{Consumer, Producer, Promise, Store, Subject, WAIT},
    server::{self, Server},
};

const STREAM: &str = "jobs";
const GROUP: &str = "workers";

pub(crate) fn start(program: &Path, dir: &Path) -> Result<Vec<Subject>, Failure> {
    let (data, port) = (dir.join("redis"), server::free_port()?);
    fs::create_dir(&data)?;
    let mut command = server::command(program);
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
    command.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(&data);
    let mut server = Server::start(&mut command, dir.join("redis.log"))?;
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/"))?;
    let mut connection = server.wait(|| Ok(client.get_connection()?))?;
    let _: () = connection.xgroup_create_mkstream(STREAM, GROUP, "0")?;
    let settings = format!(
        "{}; `appendonly yes`, `appendfsync always`, no snapshots; XADD, XREADGROUP, XACK and XDEL in one pipeline, all \
         of them synced before they are answered",
        server::version(program, "--version")?
    );
    let store = Box::new(Redis { client, _server: server });
    Ok(vec![Subject { name: "Redis Streams", promise: Promise::Synced, repeats: false, settings, store }])
}

struct Redis {
    client: redis::Client,
    _server: Server,
}

impl Store for Redis {
    fn producer(&self) -> Result<Box<dyn Producer + '_>, Failure> {
        Ok(Box::new(self.client.get_connection()?))
    }

    fn consumer(&self) -> Result<Box<dyn Consumer + '_>, Failure> {
        let mut connection = self.client.get_connection()?;
        let name: u64 = redis::cmd("CLIENT").arg("ID").query(&mut connection)?;
        Ok(Box::new(Worker { connection, name: name.to_string(), received: Vec::new() }))
    }
}

impl Producer for Connection {
    fn send(&mut self, bodies: &[String]) -> Result<(), Failure> {
        let mut pipeline = redis::pipe();
        for body in bodies {
            pipeline.xadd(STREAM, "*", &[("body", body)]).ignore();
        }
        Ok(pipeline.exec(self)?)
    }
}

struct Worker {
    connection: Connection,
    name: String,
    received: Vec<String>,
}

impl Consumer for Worker {
    fn receive(&mut self, most: usize) -> Result<Vec<String>, Failure> {
        let options =
            StreamReadOptions::default().group(GROUP, &self.name).count(most).block(WAIT.as_millis() as usize);
        let reply: Option<StreamReadReply> = self.connection.xread_options(&[STREAM], &[">"], &options)?;
        self.received.clear();
        let mut bodies = Vec::new();
        for entry in reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids) {
            bodies.push(entry.get("body").ok_or("an entry without a body")?);
            self.received.push(entry.id);
        }
        Ok(bodies)
    }

    fn acknowledge(&mut self) -> Result<(), Failure> {
        let mut pipeline = redis::pipe();
        pipeline.xack(STREAM, GROUP, &self.received).xdel(STREAM, &self.received);
        let (acknowledged, deleted): (usize, usize) = pipeline.query(&mut self.connection)?;
        if acknowledged != self.received.len() || deleted != self.received.len() {
            return Err(format!("{acknowledged} acknowledged, {deleted} deleted of {}", self.received.len()).into());
        }
        Ok(())
    }
}
